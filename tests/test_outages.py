"""Whom a fault of ours is told to, and when: at once, each hour while it lasts, once when it is over."""

from datetime import UTC, datetime, timedelta

from mss_guard.outages import Cause, Outages

START = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def told(outages: Outages, minutes: float) -> list[tuple[str, int, bool]]:
    return [(one.cause.value, one.count, one.over) for one in outages.due(at(minutes))]


def test_the_first_failure_is_told_at_once_then_hourly_while_it_fails() -> None:
    """Nothing in between, however many messages wait; an hour without a message has nothing new to tell."""
    outages = Outages()
    outages.failed(Cause.JOURNAL, at(0))
    assert told(outages, 0) == [("journal", 1, False)]
    for minute in range(1, 60):
        outages.failed(Cause.JOURNAL, at(minute))
        assert told(outages, minute) == []
    outages.failed(Cause.JOURNAL, at(60))
    assert told(outages, 60) == [("journal", 61, False)]
    assert told(outages, 121) == []


def test_it_is_over_after_a_success_and_a_quiet_minute() -> None:
    """One letter says so; what never was told is not told to be over either."""
    outages = Outages()
    outages.failed(Cause.INSPECTION, at(0))
    assert told(outages, 0) == [("inspection", 1, False)]
    outages.worked(Cause.INSPECTION)
    assert told(outages, 0.5) == []
    assert told(outages, 1) == [("inspection", 1, True)]
    assert told(outages, 2) == []
    assert outages.open() == ()


def test_a_fault_that_comes_and_goes_is_told_once_an_hour() -> None:
    """A worker that dies each ten minutes costs its contact one letter an hour, not six."""
    outages, letters = Outages(), []
    for minute in range(0, 120, 10):
        outages.failed(Cause.INSPECTION, at(minute))
        letters += told(outages, minute)
        outages.worked(Cause.INSPECTION)
        letters += told(outages, minute + 5)
    assert [over for _, _, over in letters] == [False, True, False, True]


def test_only_an_unbroken_row_of_failures_lasts() -> None:
    """One success begins the time anew: a single poisoned message among good ones never lasts."""
    outages = Outages()
    outages.failed(Cause.INSPECTION, at(0))
    outages.failed(Cause.INSPECTION, at(40))
    assert outages.lasting(Cause.INSPECTION, at(40)) == timedelta(minutes=40)
    outages.worked(Cause.INSPECTION)
    assert outages.lasting(Cause.INSPECTION, at(41)) == timedelta()
    outages.failed(Cause.INSPECTION, at(42))
    assert outages.lasting(Cause.INSPECTION, at(50)) == timedelta(minutes=8)
