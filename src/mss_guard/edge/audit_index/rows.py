"""A record of the journal → the rows that find it again. Pure: the same record always gives the same rows.

A field of another shape than the journal writes (a newer version, a damaged line) becomes NULL, never an error: the journal
is the truth, and `audit verify` is who speaks of damage.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Table

from mss_guard.edge.audit_index import tables

Row = dict[str, Any]


def rows(record: Mapping[str, Any], writer: int, segment: str, line: int) -> Iterator[tuple[Table, Row]]:
    """(table, row) for each row of a record; none for the chain's own records (segment-open, segment-close)."""
    kind, key = record.get("kind"), {"at": str(record.get("at")), "writer": writer, "seq": record.get("seq")}
    if kind == "decision":
        yield from _decision(record, key, segment, line)
    elif kind == "outcome":
        yield (
            tables.outcomes,
            {**key, "ref": _text(record, "ref") or "", "outcome": _text(record, "outcome") or "", **_reply(record)},
        )
    elif kind not in ("segment-open", "segment-close"):
        whole = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        yield (
            tables.events,
            {
                **key,
                "kind": str(kind)[:20],
                "ref": _text(record, "ref"),
                "structure": _text(record, "structure") or "",
                "record": whole,
            },
        )


_PLAIN = (
    "ref",
    "structure",
    "knowledge",
    "mode",
    "front",
    "action",
    "would",
    "measure",
    "reason",
    "level",
    "fault",
    "uninspected",
    "approved",
    "declared",
)


def _decision(record: Mapping[str, Any], key: Row, segment: str, line: int) -> Iterator[tuple[Table, Row]]:
    sender = record.get("sender")
    sender = sender if isinstance(sender, dict) else {}
    row = {**key, **{name: _text(record, name) for name in _PLAIN}, "segment": segment, "line": line}
    row |= {name: _number(record, name) for name in ("score", "size")}
    row |= {name: record[name] if isinstance(record.get(name), bool) else None for name in ("health", "inspected")}
    row["exempted"] = bool(record.get("exceptions"))
    row |= {"sender_kind": _text(sender, "kind"), "sender_domain": _text(sender, "domain"), "sender_who": _who(sender)}
    yield tables.decisions, row
    for n, one in enumerate(_listed(record, "recipients")):
        told = {name: _text(one, name) for name in ("domain", "would", "reason")}
        told |= {name: _text(one, name) or "" for name in ("standing", "action")}
        yield tables.recipients, {**key, "n": n, **told, "who": _who(one)}
    for n, one in enumerate(_listed(record, "findings")):
        yield (
            tables.findings,
            {
                **key,
                "n": n,
                "rule": _text(one, "rule") or "",
                **{k: _text(one, k) for k in ("category", "level", "place")},
            },
        )
    for n, one in enumerate(_listed(record, "places")):
        if one.get("state") == "unreadable":
            yield tables.unreadable, {**key, "n": n, "why": _text(one, "why") or "", "type": _text(one, "type")}


def _reply(record: Mapping[str, Any]) -> Row:
    """The hop's last word."""
    told = _listed(record, "replies")
    last = told[-1] if told else {}
    return {"code": _number(last, "code"), "enhanced": _text(last, "enhanced"), "queue_id": _text(last, "queue_id")}


def _listed(record: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = record.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _who(person: Mapping[str, Any]) -> str | None:
    who = person.get("who")
    return _text(who, "id") if isinstance(who, dict) else None


def _text(record: Mapping[str, Any], name: str) -> str | None:
    value = record.get(name)
    return value if isinstance(value, str) else None


def _number(record: Mapping[str, Any], name: str) -> int | None:
    value = record.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
