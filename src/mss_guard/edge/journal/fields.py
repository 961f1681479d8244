"""Which fields each kind of record may hold. The names are part of the journal's format: add, never
change.

No shape here admits free text but `reason`, which an officer types, and none is narrower than what may be said: whatever core/addresses reads and core/wire
lets through has a record, and their shapes are taken from there (a media type is the sender's own word: `media_type`).
Addresses stand as domain and keyed pseudonym, places as number and kind, rules by id, times as whole milliseconds,
scores as whole thousandths. `HEADER` stands in every record and is written by the chain itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from mss_guard.core.addresses import DOMAIN
from mss_guard.core.model import (
    Action,
    Category,
    How,
    Level,
    Measure,
    Mode,
    Reason,
    SenderKind,
    Standing,
    State,
    Why,
)
from mss_guard.core.wire import checks

from .errors import FieldError
from .shapes import Shape, address, boolean, fields, integer, many, matching, maybe, one_of, reason

VERSION = 1
HEADER = ("v", "kind", "seq", "prev", "at", "structure", "knowledge", "ref", "event_at")
"""`at`: when it was written. `event_at`: when it happened, only where a full disk held the record back."""

KINDS = frozenset(
    {
        "segment-open",
        "segment-close",
        "decision",
        "outcome",
        "notice",
        "reload",
        "purge",
        "exception",
        "consult",
        "open-identity",
        "checkpoint",
        "clock-jump",
        "bypass",
        "recovered",
    }
)
OUTCOMES = (
    "relayed",
    "partly-relayed",
    "refused",
    "bounced",
    "deferred",
    "hop-refused",
    "hop-deferred",
    "unknown",
    "unknown-after-crash",
    "abandoned",
)

_hash = matching(r"[0-9a-f]{64}")
_token = matching(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_reference = matching(r"MSSG-[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}")
_domain = matching(rf"{DOMAIN}|")
_rule = matching(checks.RULE)
_part = matching(rf"(?=.{{1,{checks.PART_MOST}}}\Z)(?:{checks.PART})|header|subject|name|")
_place = matching(rf"{checks.PLACE_WORD}|attachment")
_media_type = matching(r"[a-z0-9][a-z0-9.+-]{0,30}/[a-z0-9][a-z0-9.+_-]{0,100}|")
_code, _enhanced = integer(200, 599), matching(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}|")
_queue_id = matching(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}")
_moment = matching(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{6})?Z")
_segment = matching(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{3,9}\.jsonl")
_errno = matching(r"E[A-Z0-9]{1,20}")
_count, _milliseconds = integer(), integer()
_key = matching(r"[0-9]{4}-[0-9a-f]{8}")
_pseudonym = fields({"key": _key, "id": matching(r"[0-9a-f]{16}")}, ("key", "id"))
_base64 = matching(r"[A-Za-z0-9+/]{1,120}={0,2}")
_public = fields({"id": _key, "public": _base64}, ("id", "public"))
_gone = fields(
    {"segment": _segment, "first": _count, "last": _count, "records": _count, "root": _hash, "head": _hash},
    ("segment", "first", "last", "records", "root", "head"),
)
_dpo_key = matching(r"dpo-[0-9a-f]{8}")
_signed = {"records": _count, "root": _hash, "key": _key, "signature": _base64}
_score = integer(0, 1000)
_road = one_of(("relay", "route"))

_verdict: dict[str, Shape] = {
    "action": one_of(Action),
    "measure": one_of(Measure),
    "reason": maybe(one_of(Reason)),
    "would": maybe(one_of(Action)),
}
_recipient = fields(
    {
        "domain": _domain,
        "who": maybe(_pseudonym),
        "standing": one_of(Standing),
        "row": integer(0, 99),
        "reply": maybe(_code),
        "road": _road,
        **_verdict,
    },
    ("domain", "standing", "action"),
)
_finding = fields(
    {
        "rule": _rule,
        "part": _part,
        "place": _place,
        "count": _count,
        "category": one_of(Category),
        "level": one_of(Level),
        "mode": one_of(Mode),
        "score": _score,
    },
    ("rule",),
)
_looked_at = fields(
    {
        "part": _part,
        "type": _media_type,
        "how": one_of(How),
        "state": one_of(State),
        "why": maybe(one_of(Why)),
        "size": _count,
        "unlocked": boolean,
    },
    ("part", "state"),
)
_hop_reply = fields({"code": integer(0, 599), "enhanced": _enhanced, "queue_id": maybe(_queue_id)}, ("code",))
_times = fields(
    {
        "wait": _milliseconds,
        "inspection": _milliseconds,
        "policy": _milliseconds,
        "hop": _milliseconds,
        "total": _milliseconds,
    }
)
_sources = fields(
    {
        "rules": _token,
        "rule_count": _count,
        "list": maybe(_token),
        "list_size": maybe(_count),
        "list_date": maybe(_moment),
        "list_confirmed": maybe(_moment),
        "dirty": _count,
        "partners": _count,
    }
)

SCHEMAS: Mapping[str, Shape] = {
    "segment-open": fields(
        {
            "segment": _segment,
            "keys": many(_key, 100),
            "signer": maybe(_public),
            "open": many(_reference, 100_000),
            "previous": maybe(
                fields({"segment": _segment, "records": _count, "root": _hash}, ("segment", "records", "root"))
            ),
        },
        ("segment", "keys", "open", "previous"),
    ),
    "segment-close": fields({**_signed, "successor": maybe(_public)}, ("records", "root")),
    "checkpoint": fields(_signed, tuple(_signed)),
    "decision": fields(
        {
            "listener": _token,
            "front": one_of(("smtp", "lmtp", "milter")),
            "client": maybe(address),
            "mode": one_of(("observe", "enforce")),
            "sender": fields(
                {"kind": one_of(SenderKind), "domain": maybe(_domain), "who": maybe(_pseudonym)}, ("kind",)
            ),
            "message_id": maybe(_pseudonym),
            "content": maybe(_pseudonym),
            "approved": maybe(_reference),
            "declared": maybe(_reference),
            "exceptions": many(_token, 1000),
            "size": _count,
            "bare_line_ends": boolean,
            "automatic": boolean,
            "inspected": boolean,
            "uninspected": maybe(one_of(("not-needed", "inbound", "bypass", "fault"))),
            "fault": maybe(_token),
            "level": one_of(Level),
            "score": _score,
            "health": boolean,
            "quoted_only": boolean,
            "recipients": many(_recipient, 10_000),
            "findings": many(_finding, 10_000),
            "places": many(_looked_at, 10_000),
            "nearly": many(_rule, 1000),
            "road": maybe(_road),
            "has_list": boolean,
            "reply": maybe(fields({"code": _code, "enhanced": _enhanced}, ("code",))),
            "ms": _times,
            "sealed": fields({"key": _dpo_key, "box": matching(r"[A-Za-z0-9+/]{4,4000000}={0,2}")}, ("key", "box")),
            "confidential": boolean,
            "counts": fields({"recipients": _count, "findings": _count, "places": _count}),
            **_verdict,
        },
        ("action", "sender", "recipients"),
    ),
    "outcome": fields(
        {
            "outcome": one_of(OUTCOMES),
            "replies": many(_hop_reply, 10_000),
            "replayed": boolean,
            "ms": _times,
            "fault": maybe(_token),
        },
        ("outcome",),
    ),
    "notice": fields(
        {
            "outcome": one_of(("sent", "lost", "suppressed")),
            "why": maybe(_token),
            "notice": _token,
            "code": maybe(integer(0, 599)),
            "enhanced": _enhanced,
            "recipients": _count,
            "queue_id": maybe(_queue_id),
        },
        ("outcome",),
    ),
    "reload": fields(
        {
            "what": one_of(("start", "reload", "list", "stop")),
            "result": one_of(("applied", "kept")),
            "mistakes": _count,
            "why": maybe(_token),
            "version": _token,
            "mode": one_of(("observe", "enforce")),
            "sources": _sources,
        },
        ("what", "result"),
    ),
    "purge": fields(
        {
            "before": _moment,
            "retention_days": _count,
            "segments": many(_gone, 20_000),
            "keys": many(matching(r"(?:pseudonym|signing)-[0-9]{4}-[0-9a-f]{8}"), 200),
        },
        ("before", "retention_days", "segments", "keys"),
    ),
    "open-identity": fields({"key": _dpo_key, "reason": reason, "by": _token}, ("key", "reason", "by")),
    "consult": fields(
        {
            "what": one_of(("subject", "decision", "export", "report")),
            "who": many(_pseudonym, 100),
            "found": _count,
            "by": _token,
            "reason": maybe(reason),
        },
        ("what", "by"),
    ),
    "exception": fields(
        {
            "what": one_of(
                (
                    "approved",
                    "revoked",
                    "used",
                    "given-back",
                    "spoilt",
                    "not-matching",
                    "declared",
                    "declaration-refused",
                    "added",
                    "removed",
                    "false-positive",
                )
            ),
            "why": maybe(_token),
            "until": _moment,
            "domains": many(_domain, 10_000),
            "recipients": _count,
            "id": _token,
            "category": maybe(one_of(Category)),
            "rule": maybe(_rule),
            "level": one_of(Level),
            "action": one_of(Measure),
            "by": reason,
            "reason": reason,
        },
        ("what",),
    ),
    "clock-jump": fields(
        {"before": _moment, "back_ms": _milliseconds, "ahead_ms": _milliseconds}, ("before", "back_ms")
    ),
    "bypass": fields(
        {
            "what": one_of(("on", "off", "ended")),
            "since": _moment,
            "until": _moment,
            "by": reason,
            "reason": reason,
            "uninspected": _count,
        },
        ("what", "since", "until"),
    ),
    "recovered": fields(
        {
            "segment": maybe(_segment),
            "why": one_of(("torn", "damaged", "sync-failed", "head-mismatch")),
            "line": _count,
            "cut": _count,
            "errno": maybe(_errno),
        },
        ("segment", "why"),
    ),
}
"""Kinds of KINDS without a schema belong to commands that are not there yet; nothing writes them."""

_knowledge, _structure = maybe(_token), matching(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_ref = maybe(_reference)


def media_type(said: str) -> str:
    """As it is written: in lower case, and any bytes where it is none of the usual shape, which would leave room for a text."""
    lower = said.lower()
    return lower if _media_type(lower) is None else "application/octet-stream"


def domain(said: str) -> str:
    """As it is written; nothing where it is no domain."""
    return said if _domain(said) is None else ""


def check(kind: str, ref: str | None, values: Mapping[str, object], knowledge: str | None) -> None:
    """Raise FieldError unless a record of this kind may hold these values."""
    schema = SCHEMAS.get(kind)
    if schema is None:
        raise FieldError("unknown kind of record")
    for wrong, place in ((_ref(ref), ".ref"), (_knowledge(knowledge), ".knowledge"), (schema(values), "")):
        if wrong is not None:
            raise FieldError(f"{kind}{place}{wrong}")


def check_structure(identifier: str) -> None:
    """Raise FieldError unless this can stand as `structure` in every record."""
    if _structure(identifier) is not None:
        raise FieldError("structure")
