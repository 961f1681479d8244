"""The production pool with the shipped rules, as `mss-guard scan` starts it."""

from __future__ import annotations

from pathlib import Path

from mss_guard import errands

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
BUDGET = 5.0  # seconds for one message: issue 3, bombs


def payload() -> bytes:
    """What the workers load: the rules and settings that are shipped."""
    return errands.read_for_scan(None).payload
