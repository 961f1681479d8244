"""The log holds known fields only, and of an exception its class and place."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from mss_guard.edge import logs

CANARY = "Jeanne Durand VIH 184127645108946"


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    """Leave structlog and the root logger as the other tests know them: a captured stream is closed when the test ends."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = before


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_field_that_is_not_on_the_list_is_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    """A caller who hands the log a subject finds no subject there."""
    logs.configure("debug")
    structlog.get_logger().info("message.refused", reference="MSSG-2222-3333", subject=CANARY, size=3)
    (line,) = lines(capsys)
    assert line["reference"] == "MSSG-2222-3333"
    assert line["size"] == 3
    assert CANARY not in json.dumps(line)


def test_an_exception_is_told_by_its_class_and_place_only(capsys: pytest.CaptureFixture[str]) -> None:
    """The words of an exception may quote what was being read."""
    logs.configure("debug")
    try:
        raise ValueError(CANARY)
    except ValueError:
        structlog.get_logger().exception("message.failed")
    (line,) = lines(capsys)
    assert line["error"] == "ValueError"
    assert "test_logs.py" in str(line["at"])
    assert CANARY not in json.dumps(line)


@pytest.mark.parametrize("name", ["mail.log", "asyncio", "aiosmtpd", "anything.else"])
def test_other_libraries_lines_keep_their_place_and_lose_their_words(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """mail.log prints bodies, asyncio prints exceptions: neither reaches the log, at any level."""
    logs.configure("debug")
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        logging.getLogger(name).log(level, "DATA: %s", CANARY)
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger(name).exception(CANARY)
    out = lines(capsys)
    assert CANARY not in json.dumps(out)
    if name == "anything.else":  # the others may be switched off altogether by the rooms that use them
        assert any(line["logger"] == name for line in out)


def test_mail_log_is_pinned_above_info(capsys: pytest.CaptureFixture[str]) -> None:
    """aiosmtpd writes every recipient at INFO and every body line at DEBUG."""
    logs.configure("debug")
    assert logging.getLogger("mail.log").getEffectiveLevel() == logging.WARNING
