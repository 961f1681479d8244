"""Questions to the index, all with bound values: what an officer types is never part of a statement."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select, tuple_, union

from mss_guard.edge.audit_index import tables
from mss_guard.edge.audit_index.store import Store

MOST = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """All that is given must hold; what is empty or None asks nothing.

    `who`: pseudonyms of one address, one for each key held; sender or recipient. `rule`: an id or a family. `since` (included)
    and `until` (excluded): beginnings of UTC times ("2026-11", "2026-11-25T08:00"). `structures`: whose rows may be seen at all; None: all.
    """

    ref: str | None = None
    since: str | None = None
    until: str | None = None
    structure: str | None = None
    structures: frozenset[str] | None = None
    action: str | None = None
    would: str | None = None
    reason: str | None = None
    standing: str | None = None
    domain: str | None = None
    rule: str | None = None
    why: str | None = None
    who: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision as a line of a list: what the record says of it, its recipients and rules, and its outcome."""

    fields: Mapping[str, Any]
    recipients: tuple[Mapping[str, Any], ...]
    rules: tuple[str, ...]
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first. `more`: there are older ones."""

    decisions: tuple[Decision, ...]
    more: bool


def find(store: Store, asked: Asked, *, most: int = 100, skip: int = 0) -> Page:
    """The newest fitting decisions."""
    d = tables.decisions
    statement = (
        _where(select(d), asked)
        .order_by(d.c.at.desc(), d.c.writer.desc(), d.c.seq.desc())
        .limit(min(most, MOST) + 1)
        .offset(skip)
    )
    with store.engine.connect() as connection:
        found = [dict(row) for row in connection.execute(statement).mappings()]
        kept = found[: min(most, MOST)]
        return Page(_told(connection, kept), len(found) > len(kept))


def one(store: Store, ref: str) -> Decision | None:
    """The decision of a reference."""
    page = find(store, Asked(ref=ref), most=1)
    return page.decisions[0] if page.decisions else None


@dataclass(frozen=True, slots=True)
class Located:
    """Where a decision's record stands in the journal."""

    node: str
    writer: str
    segment: str
    line: int


def located(store: Store, found: Decision) -> Located:
    w = tables.writers
    with store.engine.connect() as connection:
        node, name = connection.execute(select(w.c.node, w.c.name).where(w.c.id == found.fields["writer"])).one()
    return Located(node, name, found.fields["segment"], found.fields["line"])


def after(store: Store, ref: str, structures: Collection[str] | None = None) -> tuple[dict[str, Any], ...]:
    """What stands under a reference beside its decision, oldest first: outcomes as their columns, every other record whole."""
    o, e = tables.outcomes, tables.events
    of = (e.c.structure.in_(sorted(structures)),) if structures is not None else ()
    with store.engine.connect() as connection:
        ends = [
            {
                "kind": "outcome",
                "at": r.at,
                "outcome": r.outcome,
                "replies": [{"code": r.code, "enhanced": r.enhanced}] if r.code else [],
            }
            for r in connection.execute(select(o).where(o.c.ref == ref))
        ]
        others = [
            json.loads(text) for text in connection.execute(select(e.c.record).where(e.c.ref == ref, *of)).scalars()
        ]
    return tuple(sorted([*ends, *others], key=lambda one: str(one.get("at"))))


def events(
    store: Store, kind: str, since: str, structures: Collection[str] | None = None
) -> tuple[dict[str, Any], ...]:
    """Records of a kind from a UTC time on, oldest first."""
    e = tables.events
    of = (e.c.structure.in_(sorted(structures)),) if structures is not None else ()
    asked = select(e.c.record).where(e.c.kind == kind, e.c.at >= since, *of).order_by(e.c.at)
    with store.engine.connect() as connection:
        return tuple(json.loads(text) for text in connection.execute(asked).scalars())


def _where(statement: Select[Any], asked: Asked) -> Select[Any]:
    d, r, f, u = tables.decisions, tables.recipients, tables.findings, tables.unreadable
    asks: tuple[tuple[object, Callable[[], ColumnElement[bool]]], ...] = (
        (asked.ref, lambda: d.c.ref == asked.ref),
        (asked.since, lambda: d.c.at >= asked.since),
        (asked.until, lambda: d.c.at < asked.until),
        (asked.structure, lambda: d.c.structure == asked.structure),
        (asked.action, lambda: d.c.action == asked.action),
        (asked.would, lambda: d.c.would == asked.would),
        (asked.reason, lambda: _among(_keys(d, d.c.reason == asked.reason), _keys(r, r.c.reason == asked.reason))),
        (asked.standing, lambda: _among(_keys(r, r.c.standing == asked.standing))),
        (
            asked.domain,
            lambda: _among(_keys(d, d.c.sender_domain == asked.domain), _keys(r, r.c.domain == asked.domain)),
        ),
        (asked.who, lambda: _among(_keys(d, d.c.sender_who.in_(asked.who)), _keys(r, r.c.who.in_(asked.who)))),
        (asked.rule, lambda: _among(_keys(f, f.c.rule == asked.rule), _keys(f, *_below(f.c.rule, asked.rule)))),
        (asked.why, lambda: _among(_keys(u, u.c.why == asked.why))),
    )
    given = [condition() for value, condition in asks if value]
    if asked.structures is not None:
        given.append(d.c.structure.in_(sorted(asked.structures)))
    return statement.where(*given) if given else statement


def _keys(table: Any, *conditions: ColumnElement[bool]) -> Select[Any]:
    """The keys of the decisions to which a fitting row belongs: found by that table's own index, however rare it is."""
    return select(table.c.at, table.c.writer, table.c.seq).where(*conditions)


def _below(column: Any, family: str | None) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """`document.` and all that begins so, as a range an index answers; "/" follows "." in every collation of bytes."""
    return column >= f"{family}.", column < f"{family}/"


def _among(*keys: Select[Any]) -> ColumnElement[bool]:
    d = tables.decisions
    return tuple_(d.c.at, d.c.writer, d.c.seq).in_(union(*keys) if len(keys) > 1 else keys[0])


def _told(connection: Connection, found: Sequence[dict[str, Any]]) -> tuple[Decision, ...]:
    keys = [(row["at"], row["writer"], row["seq"]) for row in found]
    people = _grouped(connection, tables.recipients, keys)
    rules = _grouped(connection, tables.findings, keys)
    ends = _outcomes(connection, [row["ref"] for row in found])
    return tuple(
        Decision(
            row,
            tuple(people.get(key, ())),
            tuple(dict.fromkeys(f["rule"] for f in rules.get(key, ()))),
            ends.get(row["ref"]),
        )
        for key, row in zip(keys, found, strict=True)
    )


_PIECE = 500  # keys in one statement: SQLite takes 32,766 bound values


def _grouped(
    connection: Connection, table: Any, keys: Sequence[tuple[Any, ...]]
) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for start in range(0, len(keys), _PIECE):
        some = keys[start : start + _PIECE]
        asked = select(table).where(tuple_(table.c.at, table.c.writer, table.c.seq).in_(some)).order_by(table.c.n)
        for row in connection.execute(asked).mappings():
            found.setdefault((row["at"], row["writer"], row["seq"]), []).append(dict(row))
    return found


def _outcomes(connection: Connection, refs: Sequence[str]) -> dict[str, str]:
    o, found = tables.outcomes, dict[str, str]()
    for start in range(0, len(refs), _PIECE):
        asked = select(o.c.ref, o.c.outcome).where(o.c.ref.in_(refs[start : start + _PIECE])).order_by(o.c.at)
        found |= {row.ref: row.outcome for row in connection.execute(asked)}
    return found
