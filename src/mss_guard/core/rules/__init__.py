"""Rules as data: YAML files and word lists in, a checked Ruleset out; every mistake at once."""

from mss_guard.core.rules.lint import Lint, lint
from mss_guard.core.rules.loading import Ruleset, load, select
from mss_guard.core.rules.schema import (
    OF_EMPLOYEES,
    Attachment,
    Combination,
    Condition,
    Entry,
    EvidenceRule,
    Keywords,
    Rule,
    Scoring,
    Thresholds,
)

__all__ = [
    "OF_EMPLOYEES",
    "Attachment",
    "Combination",
    "Condition",
    "Entry",
    "EvidenceRule",
    "Keywords",
    "Lint",
    "Rule",
    "Ruleset",
    "Scoring",
    "Thresholds",
    "lint",
    "load",
    "select",
]
