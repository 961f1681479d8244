"""The poison rule: which deaths count, for which body, how long."""

from __future__ import annotations

import signal

import pytest

from mss_guard.core.model import Why
from mss_guard.edge.inspector import poison
from mss_guard.edge.inspector.worker import Exit

BODY = b"Subject: x\r\n\r\nbody\r\n"
DAY = 24 * 3600.0

COUNTED = [
    (-signal.SIGSEGV, Why.DAMAGED),
    (-signal.SIGBUS, Why.DAMAGED),
    (-signal.SIGILL, Why.DAMAGED),
    (-signal.SIGFPE, Why.DAMAGED),
    (-signal.SIGABRT, Why.DAMAGED),
    (-signal.SIGXCPU, Why.TIMEOUT),
    (Exit.MEMORY, Why.TOO_LARGE),
]
NOT_COUNTED = [-signal.SIGKILL, -signal.SIGTERM, Exit.FINE, Exit.SOFTWARE, Exit.KNOWLEDGE, 1, 255, None]


@pytest.mark.parametrize(("code", "why"), COUNTED)
def test_the_second_death_by_its_own_doing_makes_a_body_unreadable(code: int, why: Why) -> None:
    """Once can be chance; from the second on the body is not tried again, and the reason is told."""
    table = poison.Poison()
    assert table.died(BODY, code, 0.0) is None
    assert table.known(BODY, 1.0) is None
    assert table.died(BODY, code, 2.0) is why
    assert table.known(BODY, 3.0) is why
    assert table.known(BODY + b"x", 3.0) is None


@pytest.mark.parametrize("code", NOT_COUNTED)
def test_other_ends_never_count(code: int | None) -> None:
    """SIGKILL can come from anywhere, and an exception is a fault of ours."""
    table = poison.Poison()
    for second in range(5):
        assert table.died(BODY, code, float(second)) is None
    assert len(table) == 0


def test_deaths_are_forgotten_after_a_day() -> None:
    """Two deaths more than 24 h apart are not two; a body known as poison is tried again a day after the last."""
    table = poison.Poison()
    table.died(BODY, -signal.SIGSEGV, 0.0)
    assert table.died(BODY, -signal.SIGSEGV, DAY + 1) is None
    assert table.died(BODY, -signal.SIGSEGV, 2 * DAY) is Why.DAMAGED
    assert table.known(BODY, 3 * DAY - 1) is Why.DAMAGED
    assert table.known(BODY, 3 * DAY + 1) is None
    assert len(table) == 0


TRACES = [
    b"Received: from a by b; Mon, 5 Jan 2026 10:00:00 +0100\r\n",
    b"Received: from a\r\n\tby b\r\n with SMTP;\r\n Mon, 5 Jan 2026\r\nX-MSS-Guard-Id: MSSG-7K3F-92QX\r\n",
    b"RECEIVED: from a\nreceived: from b\n",
]


@pytest.mark.parametrize("trace", TRACES)
def test_leading_trace_headers_do_not_make_it_another_body(trace: bytes) -> None:
    """A retry comes with new Received lines and is the same body; Received further down is part of it."""
    table = poison.Poison()
    table.died(BODY, -signal.SIGSEGV, 0.0)
    assert table.died(trace + BODY, -signal.SIGSEGV, 1.0) is Why.DAMAGED
    assert table.known(b"Subject: y\r\n" + trace + BODY, 2.0) is None


def test_the_table_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is forgotten first, whoever sends however many."""
    monkeypatch.setattr(poison, "MOST", 3)
    table = poison.Poison()
    for number in range(10):
        table.died(b"%d" % number, -signal.SIGSEGV, float(number))
    assert len(table) == 3
    assert table.died(b"9", -signal.SIGSEGV, 11.0) is Why.DAMAGED
    assert table.died(b"0", -signal.SIGSEGV, 12.0) is None


def test_two_fronts_have_nothing_in_common() -> None:
    """The key is of this start: what one writes down says nothing to another."""
    assert poison.Poison()._digest(BODY) != poison.Poison()._digest(BODY)


def test_a_million_trace_lines_are_skipped_in_time() -> None:
    """Trace headers are found in linear time."""
    table = poison.Poison()
    flood = b"Received: x\r\n y\r\n" * 300_000
    table.died(flood + BODY, -signal.SIGSEGV, 0.0)
    assert table.died(BODY, -signal.SIGSEGV, 1.0) is Why.DAMAGED
