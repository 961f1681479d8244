"""The log: one JSON line an event on standard output, and nothing in it that a message held.

Two rules make promise 4 hold whatever a caller does: only the field names below pass, and an exception is told by its class and its place in
our code, never by its words (they may quote what was being read). Lines of other libraries keep their logger, level and place alone.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import structlog

FIELDS: Final = frozenset(
    (
        "event level timestamp logger error at reference listener mode action "
        "reason row code enhanced queue_id size recipients findings unreadable knowledge "
        "seconds count fault host port version state hop stage end "
        "segment_file written pending place ref why address_family problem age_hours domains "
        "workers segment seq kept failed records month account role right client address "
    ).split()
)

_QUIET: Final = (
    "mail.log",
    "mail.error",
    "mail.debug",
    "aiosmtpd",
    "aiosmtplib",
    "asyncio",
    "dns",
    "alembic",
    "uvicorn",
)
"""Loggers that print commands, bodies or exception texts; never let below WARNING, and even then only their place is shown."""


def only_known_fields(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drops every field that is not on the list, and turns `exc_info` into class and place."""
    failure = event.pop("exc_info", None)
    if failure is True:
        failure = sys.exc_info()[1]
    elif isinstance(failure, tuple):
        failure = failure[1]
    if isinstance(failure, BaseException):
        event["error"], event["at"] = type(failure).__name__, place(failure)
    return {key: value for key, value in event.items() if key in FIELDS}


def place(failure: BaseException) -> str:
    """`file.py:12 function` of the innermost frame, without any value."""
    frames = traceback.extract_tb(failure.__traceback__)
    return f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno} {frames[-1].name}" if frames else ""


class _PlaceOnly(logging.Handler):
    """Other libraries' lines: who spoke, how loud, from where; not what was said."""

    def emit(self, record: logging.LogRecord) -> None:
        error = type(record.exc_info[1]).__name__ if record.exc_info and record.exc_info[1] else None
        structlog.get_logger().log(
            record.levelno,
            "library",
            logger=record.name,
            at=f"{record.filename}:{record.lineno} {record.funcName}",
            error=error,
        )


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Called once, first thing in `run`. `level` is ours; the quiet loggers stay at WARNING whatever it says.

    `stream`: where the lines go; commands whose standard output is their answer give standard error.
    """
    numeric = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            only_known_fields,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        logger_factory=structlog.WriteLoggerFactory(file=stream or sys.stdout),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_PlaceOnly()], level=max(numeric, logging.INFO), force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
