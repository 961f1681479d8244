"""What crosses the line between the front and an inspection worker, and nothing else.

Both ways it is JSON in UTF-8. The front trusts nothing that a worker says: `decode_assessment` checks every field of
every record against the tables below (type, length, alphabet) and builds the words of `model` itself; what does not fit
is a `WireError`. So even a worker taken over by a hostile message can lie about that message only, in words that we
know: no name, no text, no pickle gets through.

Records travel as arrays in the order of their table, so that 1,500 places fit the bound of 256 kB.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from mss_guard.core.model import (
    MOST_NAMED,
    Assessment,
    Category,
    Evidence,
    Finding,
    How,
    Level,
    Mode,
    Place,
    State,
    Why,
)
from mss_guard.core.wire import checks
from mss_guard.core.wire.checks import Record, WireError, many, maybe, one_of, pair, real, shaped, spelled, text, whole

__all__ = [
    "MAX_ASSESSMENT",
    "RECORDS",
    "Request",
    "WireError",
    "decode_assessment",
    "decode_request",
    "encode_assessment",
    "encode_request",
    "unreadable",
]

MAX_ASSESSMENT: Final = 256 * 1024
"""Most bytes of one encoded Assessment, frame header excluded."""

_PLACES_LEFT: Final = 700  # of the shortened form, as are the next two
_FINDINGS_LEFT: Final = 200
_TITLE_LEFT: Final = 80

_DISPLAY_MOST = 80
_SAID_MOST = 80
_NAME_MOST, _TITLE_MOST, _ADDRESS_MOST, _RECIPIENTS_MOST = 4000, 300, 1000, 100_000


@dataclass(frozen=True, slots=True)
class Request:
    """What the front asks of a worker, beside the raw bytes.

    `kind`: "message" (RFC 5322) or "document" (any file, looked at as an attachment called `name`). `recipients`:
    lower-case addresses of the envelope, to tell whether the author of a quotation is among them. `show_text` lets
    matched text and names come back (`scan --show-text`).
    """

    kind: str = "message"
    name: str = ""
    recipients: tuple[str, ...] = ()
    explain: bool = False
    show_text: bool = False


# --- the records ------------------------------------------------------------------------------------------------------

_WEIGHT = real(-1e6, 1e6)
_WEIGHTS = many(pair(checks.rule, _WEIGHT), 2000)
_PART = checks.mended_part
_MEDIA = checks.or_else(checks.media, "")
_PLACE = Record(
    Place,
    {
        "part": checks.part,
        "declared": checks.media,
        "type": checks.media,
        "how": one_of(How),
        "state": one_of(State),
        "why": maybe(one_of(Why)),
        "size": whole(1 << 48),
        "name": text(_NAME_MOST),
        "inline": checks.flag,
        "unlocked": checks.flag,
        "attachment": whole(1 << 20),
    },
    {"part": _PART, "declared": _MEDIA, "type": _MEDIA, "name": spelled(_NAME_MOST)},
)
_FINDING = Record(
    Finding,
    {
        "rule": checks.rule,
        "title": text(_TITLE_MOST),
        "part": checks.part,
        "count": whole(1 << 31),
        "category": one_of(Category),
        "place": checks.place_word,
        "level": one_of(Level),
        "mode": one_of(Mode),
        "score": real(0.0, 1e6),
        "shown": text(_NAME_MOST),
        "page": whole(1 << 20),
    },
    {"part": _PART, "title": spelled(_TITLE_MOST), "shown": spelled(_NAME_MOST)},
)
_EVIDENCE = Record(
    Evidence,
    {
        "part": checks.part,
        "place": checks.place_word,
        "start": whole(1 << 31),
        "end": whole(1 << 31),
        "what": _WEIGHTS,
        "who": _WEIGHTS,
        "impersonal": _WEIGHTS,
        "score": _WEIGHT,
    },
    {"part": _PART},
)
_ASSESSMENT = Record(
    Assessment,
    {
        "level": one_of(Level),
        "score": real(0.0, 1.0),
        "health": checks.flag,
        "findings": many(_FINDING, 20_000),
        "places": many(_PLACE, 20_000),
        "quoted_only": checks.flag,
        "message_id": checks.message_id,
        "date": checks.date,
        "automatic": checks.flag,
        "evidence": many(_EVIDENCE, 5000),
        "nearly": many(checks.rule, 5000),
        "whom": many(text(_SAID_MOST), 4),
        "what": many(text(_TITLE_MOST), 4),
        "named": many(pair(text(_ADDRESS_MOST), text(_DISPLAY_MOST)), MOST_NAMED),
        "content": checks.content,
        "declared": checks.declared,
    },
    {
        "named": lambda pairs: [(address, spelled(_DISPLAY_MOST)(name)) for address, name in pairs[:MOST_NAMED]],
        "findings": lambda items: [_FINDING.lower(item) for item in items],
        "places": lambda items: [_PLACE.lower(item) for item in items],
        "evidence": lambda items: [_EVIDENCE.lower(item) for item in items],
        "message_id": checks.or_else(checks.message_id, ""),
        "date": checks.or_else(checks.date, ""),
    },
)
_REQUEST = Record(
    Request,
    {
        "kind": shaped("message|document"),
        "name": text(_NAME_MOST),
        "recipients": many(text(_ADDRESS_MOST), _RECIPIENTS_MOST),
        "explain": checks.flag,
        "show_text": checks.flag,
    },
    {
        "name": spelled(_NAME_MOST),
        "recipients": lambda items: [spelled(_ADDRESS_MOST)(item) for item in items[:_RECIPIENTS_MOST]],
    },
)
RECORDS: Final = (_PLACE, _FINDING, _EVIDENCE, _ASSESSMENT, _REQUEST)


# --- the front asks ---------------------------------------------------------------------------------------------------


def encode_request(request: Request) -> bytes:
    """A Request as JSON. A file name that UTF-8 cannot carry is spelled out with backslashes."""
    return checks.dump(_REQUEST.lower(request))


def decode_request(data: bytes) -> Request:
    """The Request in `data`; raises WireError."""
    request: Request = _REQUEST(checks.load(data))
    return request


# --- the worker answers -----------------------------------------------------------------------------------------------


def encode_assessment(assessment: Assessment, request: Request) -> bytes:
    """An Assessment as JSON of at most MAX_ASSESSMENT bytes.

    Names and matched text stay behind unless `request.show_text`. What the sender of the message wrote and has not the
    shape it should have (a Content-Type, a Message-ID) is left out. Too much for the bound: evidence goes first, then
    names and matched text, then all but the gravest findings and the first places, unreadable ones before others; the
    cut itself stands there as a place, `0` unreadable `too-many`.
    """
    form = assessment if request.show_text else _without_text(assessment)
    for lighter in (_without_evidence, _without_text, _shortened):
        data = checks.dump(_ASSESSMENT.lower(form))
        if len(data) <= MAX_ASSESSMENT:
            return data
        form = lighter(form)
    return checks.dump(_ASSESSMENT.lower(form))


def decode_assessment(data: bytes, request: Request) -> Assessment:
    """The Assessment in `data`, every field checked; raises WireError. `request` is the one that was asked."""
    if len(data) > MAX_ASSESSMENT:
        checks.bad("over the bound")
    found: Assessment = _ASSESSMENT(checks.load(data))
    if not request.show_text and (any(p.name for p in found.places) or any(f.shown for f in found.findings)):
        checks.bad("text that nobody asked for")
    if not {address for address, _ in found.named} <= set(request.recipients):
        checks.bad("a name of somebody else")
    if found.health and found.level.rank < Level.LIKELY.rank:
        checks.bad("health below likely")
    if any(p.why is None for p in found.unreadable):
        checks.bad("an unreadable place without a reason")
    return found


def unreadable(why: Why) -> Assessment:
    """The Assessment of a message of which nothing could be read: its one place is `0`, the whole."""
    whole_message = Place(part="0", declared="", type="", how=How.MIME, state=State.UNREADABLE, why=why)
    return Assessment(level=Level.NONE, score=0.0, health=False, findings=(), places=(whole_message,))


def _without_evidence(assessment: Assessment) -> Assessment:
    return replace(assessment, evidence=(), nearly=())


def _without_text(assessment: Assessment) -> Assessment:
    return replace(
        assessment,
        findings=tuple(replace(finding, shown="") if finding.shown else finding for finding in assessment.findings),
        places=tuple(replace(place, name="") if place.name else place for place in assessment.places),
    )


def _shortened(assessment: Assessment) -> Assessment:
    gravest = sorted(assessment.findings, key=lambda f: (-f.level.rank, -f.score))[:_FINDINGS_LEFT]
    places = sorted(assessment.places, key=lambda p: p.state is not State.UNREADABLE)[:_PLACES_LEFT]
    return replace(
        assessment,
        findings=tuple(replace(f, part=_brief(f.part, "0"), title=f.title[:_TITLE_LEFT]) for f in gravest),
        places=(
            *unreadable(Why.TOO_MANY).places,
            *(replace(p, part=_brief(p.part, "0"), declared="", type=_brief(p.type, "")) for p in places),
        ),
    )


def _brief(word: str, otherwise: str) -> str:
    return word if len(word) <= 60 else otherwise
