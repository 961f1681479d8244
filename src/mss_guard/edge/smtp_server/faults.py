"""A fault is written down by its kind and place, never by its text: that may hold what a citizen wrote."""

from __future__ import annotations

import logging
import traceback

import structlog

_log = structlog.get_logger("mss_guard.front")


def report(fault: BaseException, during: str) -> None:
    """One line for the log: class of the exception and the innermost frame."""
    frames = traceback.extract_tb(fault.__traceback__)
    place = f"{frames[-1].name}:{frames[-1].lineno}" if frames else ""
    _log.error("front.fault", during=during, error=type(fault).__name__, place=place)


def silence_aiosmtpd() -> None:
    """Pin the logger of aiosmtpd shut, whatever the operator's log level.

    It writes every command, hence addresses, at INFO and every line of the message at DEBUG. The filter holds even when
    a logging configuration wakes the logger again.
    """
    logger = logging.getLogger("mail.log")
    logger.disabled = True
    if _nothing not in logger.filters:
        logger.addFilter(_nothing)


def _nothing(_: logging.LogRecord) -> bool:
    return False
