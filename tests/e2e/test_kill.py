"""kill -9 of the guard at any stage loses no mail (`python -m tests.e2e.kill` is the long run)."""

from __future__ import annotations

import pytest

from tests.e2e.kill import STAGES, torture


@pytest.mark.slow
def test_kill_9_of_the_guard_loses_nothing() -> None:
    """Two kills in each stage: every 2xx is at the sink, no health data is, and the journal is whole and knows every message."""
    report = torture(kills=10, messages=500, seconds=150)
    print(report.table())
    assert report.kills == dict.fromkeys(STAGES, 2)
    assert report.ledger.finished == 500
    assert not report.ledger.lost
    assert (report.ledger.leaked, report.ledger.misjudged, report.ledger.altered) == (0, 0, 0)
    assert (report.unrecorded, report.orphans) == (0, 0)
    assert report.verified
    assert report.status == 0


@pytest.mark.slow
def test_kill_9_of_the_guard_loses_nothing_on_two_roads() -> None:
    """Listed recipients by the route, the others by the hop: every 2xx is at one of them, and the health data at the operator alone."""
    report = torture(kills=5, messages=150, seconds=150, policy="route")
    print(report.table())
    assert report.ledger.finished == 150
    assert not report.ledger.lost
    assert (report.ledger.leaked, report.ledger.misjudged, report.ledger.altered) == (0, 0, 0)
    assert (report.unrecorded, report.orphans, report.status) == (0, 0, 0)
    assert report.verified


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["bounce", "split"])
def test_kill_9_of_the_guard_loses_no_report_either(policy: str) -> None:
    """Every 2xx is a message at the sink, or a report there that says to whom it did not go."""
    report = torture(kills=5, messages=150, seconds=150, policy=policy)
    print(report.table())
    assert report.ledger.finished == 150
    assert report.ledger.reported
    assert not report.ledger.lost
    assert (report.ledger.leaked, report.ledger.misjudged, report.ledger.altered) == (0, 0, 0)
    assert (report.unrecorded, report.orphans, report.status) == (0, 0, 0)
    assert report.verified
