"""The decision table as data: sixteen rows for the fourteen of the design, two of which have two halves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mss_guard.core.model import Measure, Reason, Standing
from mss_guard.core.policy.facets import ContentKind
from mss_guard.core.policy.knowledge import Senders


class Party(StrEnum):
    """The sender column: sender kinds, foreign ones told apart by the list."""

    NULL = "null"
    SECURE = "secure"
    COMMERCIAL = "commercial"
    OWN = "own"
    LISTED = "foreign, listed or citizen"
    UNLISTED = "foreign, not listed"


class Setting(StrEnum):
    """A verdict that the settings hold."""

    CONTENT = "levels, categories, unreadable, possible"
    INSIDE = "inside"
    TO_MSSANTE = "to_mssante"


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `contents` None: this row does not look at the content."""

    number: int
    senders: frozenset[Party]
    recipients: frozenset[Standing]
    contents: frozenset[ContentKind] | None
    verdict: Measure | Setting
    reason: Reason | None = None
    to_postmaster: bool = False  # only for a recipient called postmaster
    listener: Senders | None = None  # only on such a listener


_ANYBODY = frozenset(Party)
_STRANGERS = frozenset({Party.LISTED, Party.UNLISTED, Party.COMMERCIAL})
_S, _C = Standing, ContentKind
_WELCOME = frozenset({_S.SECURE, _S.INSIDE, _S.TRUSTED, _S.CITIZEN})
_ELSEWHERE = frozenset({_S.OUTSIDE, _S.COMMERCIAL})
_INSIDE = frozenset({_S.INSIDE})
_SECURE = frozenset({_S.SECURE})

TABLE = (
    Row(1, _ANYBODY, frozenset({_S.MALFORMED}), None, Measure.REFUSE, Reason.MALFORMED),
    Row(2, frozenset({Party.NULL}), _WELCOME, None, Measure.RELAY),
    Row(2, _ANYBODY, _WELCOME, None, Measure.RELAY, to_postmaster=True),
    Row(3, frozenset({Party.SECURE}), frozenset({_S.COMMERCIAL}), None, Measure.REFUSE, Reason.COMMERCIAL),
    Row(4, frozenset({Party.COMMERCIAL}), _SECURE, None, Measure.REFUSE, Reason.COMMERCIAL),
    Row(5, frozenset({Party.SECURE}), frozenset({_S.INSIDE, _S.OUTSIDE}), None, Measure.REFUSE, Reason.SECURE_BOX),
    Row(6, frozenset({Party.OWN, Party.UNLISTED}), _SECURE, None, Measure.REFUSE, Reason.SECURE_BOX),
    Row(
        7, frozenset({Party.OWN}), frozenset({_S.TRUSTED, _S.CITIZEN}), None, Setting.TO_MSSANTE, Reason.USE_SECURE_BOX
    ),
    Row(7, _ANYBODY, frozenset({_S.TRUSTED, _S.CITIZEN, _S.SECURE}), None, Measure.RELAY),
    Row(8, _STRANGERS, _INSIDE, None, Measure.RELAY, listener="any"),
    Row(9, _STRANGERS | {Party.OWN}, _INSIDE, frozenset({_C.HEALTH}), Setting.INSIDE),
    Row(10, _STRANGERS | {Party.OWN}, _INSIDE, frozenset({_C.UNREADABLE, _C.POSSIBLE, _C.NONE}), Measure.RELAY),
    Row(11, _ANYBODY, _ELSEWHERE, frozenset({_C.HEALTH}), Setting.CONTENT),
    Row(12, _ANYBODY, _ELSEWHERE, frozenset({_C.UNREADABLE}), Setting.CONTENT),
    Row(13, _ANYBODY, _ELSEWHERE, frozenset({_C.POSSIBLE}), Setting.CONTENT),
    Row(14, _ANYBODY, _ELSEWHERE, frozenset({_C.NONE}), Measure.RELAY),
)
"""First match wins, top to bottom. On a listener for own mail strangers are treated as own from row 9 on (row 8 is not
for it).
"""
