"""What a text is about besides care: an employee's health, an appointment, rights. Its findings take that category.

The words are `topic` evidence (rules/evidence/sujets.yaml). Only towards categories that are treated as care is, never
towards a stay or a payroll number: a mistake here changes a word in the journal, not what happens to the mail.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable

from mss_guard.core.detect.ledgers import Scorer
from mss_guard.core.detect.matcher import Hit
from mss_guard.core.detect.scenes import Keep, Scene, kept
from mss_guard.core.model import Category

RENAMED = frozenset({Category.CARE, Category.SOCIAL})
_SUBJECTS: tuple[tuple[Category, float, float], ...] = (
    (Category.EMPLOYEE, 1.2, math.inf),
    (Category.APPOINTMENT, 1.8, 6.0),
    (Category.APPOINTMENT, 1.2, 2.0),
)
"""A category, the weight of its topic from which a text is about it, and the weight of care beside it up to which it is."""
_CARED_FOR = frozenset({"resident", "resident-surname", "ipp"})


def subject(scene: Scene, keep: Keep, scorer: Scorer) -> Category | None:
    """The category that findings of care in this scene take; None: their own."""
    hits = [
        pair for spot in (scene.spot, *scene.headings) if spot is not None for pair in _hits(kept(spot, keep).items())
    ]
    counts = Counter(entry_id for entry_id, _ in {(i, h.value) for i, h in hits})
    topics: dict[Category, float] = defaultdict(float)
    told: dict[Category, float] = defaultdict(float)
    cared_for = False
    for entry_id, count in counts.items():
        entry, weight = scorer.entries[entry_id], scorer.contribution(entry_id, count)
        if entry.ledger == "topic":
            topics[entry.category] += weight
        elif entry.ledger == "what" and entry.category is not Category.APPOINTMENT:
            told[entry.category] += weight
        cared_for = cared_for or entry.detector in _CARED_FOR
    if cared_for:
        topics[Category.EMPLOYEE] = 0
    care = sum(told.values())
    said = next((c for c, least, most in _SUBJECTS if topics[c] >= least and care <= most), None)
    if said is None and told[Category.SOCIAL] + topics[Category.SOCIAL] > told[Category.CARE]:
        return Category.SOCIAL
    return said


def _hits(evidence: Iterable[tuple[str, list[Hit]]]) -> Iterable[tuple[str, Hit]]:
    return ((entry_id, hit) for entry_id, hits in evidence for hit in hits)
