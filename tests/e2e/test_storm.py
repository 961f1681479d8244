"""kill -9 of random workers while large messages flow (`python -m tests.e2e.storm` is the long run)."""

from __future__ import annotations

import pytest

from tests.e2e.storm import storm

WHOLE_WITHIN = 5.0
"""Seconds. On a machine of its own it is one; here the tests share their processors with whatever else runs."""


@pytest.mark.slow
def test_kill_9_of_random_workers_defers_mail_and_loses_none() -> None:
    """Every message is answered 451 or its verdict in time, nothing is lost or leaked, and the pool is whole again."""
    report = storm(seconds=3.0, sessions=3)
    print(report.table())
    ledger = report.ledger
    assert report.kills >= 10
    assert report.whole_after < WHOLE_WITHIN
    assert report.slowest < 80
    assert set(ledger.deferred) <= {"451 4.3.0"}
    assert ledger.finished == ledger.messages > 0
    assert (len(ledger.lost), ledger.duplicates, ledger.leaked, ledger.misjudged, ledger.altered) == (0, 0, 0, 0, 0)
    assert ledger.unanswered == 0
