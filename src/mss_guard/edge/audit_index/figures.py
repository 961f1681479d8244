"""A period of the index in numbers (core/report): grouped by the database, added up here. No question of a person."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, distinct, func, or_, select, tuple_

from mss_guard.core import report
from mss_guard.core.report import FOLLOWED_WITHIN, INTO, OUTSIDE, UNREAD, Act, Count, Figures, Gone, Period
from mss_guard.core.report.figures import top
from mss_guard.edge.audit_index import tables
from mss_guard.edge.audit_index.store import Store

_d, _r, _f, _u, _o, _e = (
    tables.decisions, tables.recipients, tables.findings, tables.unreadable, tables.outcomes, tables.events,
)  # fmt: skip
_SPARED = and_(_d.c.action == "relay", or_(_d.c.would == "refuse", _d.c.measure == "advise"))
_STOPPED = or_(_d.c.action == "refuse", _SPARED)
_LEFT = ("relayed", "partly-relayed", "unknown", "unknown-after-crash")
"""Outcomes after which a message may have left."""


def figures(store: Store, period: Period, structures: Collection[str] | None = None) -> Figures:
    """Everything of a period. `structures`: only theirs; None: all. Raises IndexBroken by `opened`."""
    within = _within(period, structures, _d)
    with store.engine.connect() as connection:
        refusals, followed, unfollowed = _followed(connection, period, structures)
        acts = tuple(_acts(connection, period, structures))
        tort = wrongly([act for _, act in acts])
        return Figures(
            period,
            days=_days(connection, within, period),
            modes=_counted(connection, _d.c.mode, within),
            reasons=_counted(connection, _d.c.reason, and_(within, _d.c.action == "refuse")),
            unreadable=_beside(connection, _u, _u.c.why, within),
            uninspected=_counted(connection, _d.c.uninspected, and_(within, _d.c.uninspected.is_not(None))),
            rules=_beside(connection, _f, _f.c.rule, and_(within, _STOPPED)),
            domains=_domains(connection, within),
            weeks=_weeks(connection, within),
            refusals=refusals,
            followed=followed,
            unfollowed=unfollowed,
            false_positives=tuple(tort),
            unclassed=len({act.ref for act in tort} - _classed(connection, period, structures)),
            false_rules=_rules_of(connection, sorted({act.ref for act in tort}), structures),
            exceptions=tuple(act for kind, act in acts if kind == "exception" and act.what in _SHOWN),
            bypasses=tuple(act for kind, act in acts if kind == "bypass"),
            openings=tuple(act for kind, act in acts if kind == "open-identity"),
            consultations=sum(kind == "consult" and act.what == "decision" for kind, act in acts),
            gone=tuple(sorted((*_gone(connection, within), *_gone_unread(connection, within)))),
            unseen=_unseen(connection, within),
        )


_SHOWN = ("approved", "revoked", "used", "declared", "added", "removed")


def _within(period: Period, structures: Collection[str] | None, table: Any) -> ColumnElement[bool]:
    of = (table.c.structure.in_(sorted(structures)),) if structures is not None else ()
    return and_(table.c.at >= period.first.isoformat(), table.c.at < period.after.isoformat(), *of)


def _joined(table: Any) -> ColumnElement[bool]:
    return and_(table.c.at == _d.c.at, table.c.writer == _d.c.writer, table.c.seq == _d.c.seq)


_day = func.substr(_d.c.at, 1, 10)


def _days(connection: Connection, within: ColumnElement[bool], period: Period) -> tuple[report.Day, ...]:
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    spared = func.sum(case((_SPARED, 1), else_=0))
    asked = select(_day, _d.c.action, func.count(), spared).where(within).group_by(_day, _d.c.action)
    for day, action, number, of_those in connection.execute(asked):
        counted[day][action] += number
        counted[day]["spared"] += int(of_those or 0)
    made = ((day, counted[day.isoformat()]) for day in period.days)
    return tuple(report.Day(day, n["relay"], n["refuse"], n["defer"], n["spared"]) for day, n in made)


def _counted(connection: Connection, column: Any, where: ColumnElement[bool]) -> tuple[Count, ...]:
    asked = select(column, func.count()).where(where, column.is_not(None)).group_by(column)
    return top({str(name): number for name, number in connection.execute(asked)})


def _beside(connection: Connection, table: Any, column: Any, where: ColumnElement[bool]) -> tuple[Count, ...]:
    """Decisions that have such a row beside them, each counted once for a word."""
    asked = (
        select(column, func.count(distinct(_d.c.ref)))
        .select_from(_d.join(table, _joined(table)))
        .where(where)
        .group_by(column)
    )
    return top({str(name): number for name, number in connection.execute(asked)})


def _domains(connection: Connection, within: ColumnElement[bool]) -> tuple[report.Domain, ...]:
    """Recipients outside for whom a message was refused or spared for what it holds, by domain and week."""
    told = or_(_r.c.reason.in_(("health-data", "quoted-only", "unreadable")), _d.c.measure == "advise")
    refused = func.sum(case((_r.c.action == "refuse", 1), else_=0))
    asked = (
        select(_day, _r.c.domain, func.count(), refused)
        .select_from(_d.join(_r, _joined(_r)))
        .where(within, _STOPPED, told, _r.c.standing.in_(OUTSIDE), _r.c.domain.is_not(None))
        .where(or_(_r.c.action == "refuse", _r.c.would == "refuse", _d.c.measure == "advise"))
        .group_by(_day, _r.c.domain)
    )
    counted: dict[tuple[date, str], list[int]] = defaultdict(lambda: [0, 0])
    for day, domain, number, stopped in connection.execute(asked):
        both = counted[report.monday(date.fromisoformat(day)), domain]
        both[0] += int(stopped or 0)
        both[1] += number - int(stopped or 0)
    return tuple(report.Domain(week, domain, *both) for (week, domain), both in sorted(counted.items()))


def _weeks(connection: Connection, within: ColumnElement[bool]) -> tuple[report.Week, ...]:
    """Recipients that a message may have reached: of one that was refused whole nobody got anything."""
    asked = (
        select(_day, _r.c.standing, func.count())
        .select_from(_d.join(_r, _joined(_r)))
        .where(within, _r.c.standing.in_((*INTO, *OUTSIDE)), _r.c.action == "relay", _left)
        .group_by(_day, _r.c.standing)
    )
    counted: dict[date, Counter[bool]] = defaultdict(Counter)
    for day, standing, number in connection.execute(asked):
        counted[report.monday(date.fromisoformat(day))][standing in INTO] += number
    return tuple(report.Week(week, n[True], n[False]) for week, n in sorted(counted.items()))


def _followed(connection: Connection, period: Period, structures: Collection[str] | None) -> tuple[int, int, int]:
    """(refusals for health data with a known sender, those after which the same sender reached the trust space in time, those whose
    sender is not kept).
    """
    own = _within(period, structures, _d)
    refused = select(_d.c.at, _d.c.sender_who).where(
        own, _d.c.action == "refuse", _d.c.reason.in_(("health-data", "quoted-only"))
    )
    later = Period(period.first, period.after + FOLLOWED_WITHIN)
    asked = (
        select(_d.c.at, _d.c.sender_who)
        .select_from(_d.join(_r, _joined(_r)))
        .where(_within(later, structures, _d), _r.c.standing.in_(INTO), _r.c.action == "relay", _left)
        .where(_d.c.sender_who.is_not(None))
        .order_by(_d.c.at)
    )
    sent: dict[str, list[datetime]] = defaultdict(list)
    for at, who in connection.execute(asked):
        sent[who].append(datetime.fromisoformat(at))
    whole = good = nameless = 0
    for at, who in connection.execute(refused):
        if who is None:
            nameless += 1
            continue
        whole += 1
        when, moments = datetime.fromisoformat(at), sent[who]
        after = bisect_right(moments, when)
        good += after < len(moments) and moments[after] - when <= FOLLOWED_WITHIN
    return whole, good, nameless


def _acts(connection: Connection, period: Period, structures: Collection[str] | None) -> Iterator[tuple[str, Act]]:
    kinds = ("exception", "bypass", "open-identity", "consult")
    asked = (
        select(_e.c.kind, _e.c.record).where(_within(period, structures, _e), _e.c.kind.in_(kinds)).order_by(_e.c.at)
    )
    for kind, text in connection.execute(asked):
        record = json.loads(text)
        yield kind, act(kind, record)


def wrongly(acts: Iterable[Act]) -> list[Act]:
    """Refusals called wrong, each once, without those that an officer has found justified since."""
    told = [one for one in acts if one.what == "false-positive"]
    justified = {one.ref for one in told if one.why == "justified"}
    return list({one.ref: one for one in reversed(told) if one.ref not in justified}.values())[::-1]


def _classed(connection: Connection, period: Period, structures: Collection[str] | None) -> set[str]:
    """References that an officer has judged, in the period or since."""
    of = (_e.c.structure.in_(sorted(structures)),) if structures is not None else ()
    asked = select(_e.c.record).where(_e.c.kind == "exception", _e.c.at >= period.first.isoformat(), *of)
    told = (json.loads(text) for (text,) in connection.execute(asked))
    return {str(one.get("ref")) for one in told if one.get("why") in ("confirmed", "justified")}


def act(kind: str, record: dict[str, Any]) -> Act:
    """One record of somebody's doing."""
    about = record.get("rule") or record.get("category") or ", ".join(map(str, record.get("domains") or ())) or ""
    words = {key: str(record.get(key) or "") for key in ("ref", "by", "reason", "until", "why")}
    return Act(str(record.get("at")), str(record.get("what") or kind), about=str(about), **words)


def _rules_of(connection: Connection, refs: list[str], structures: Collection[str] | None) -> tuple[Count, ...]:
    if not refs:
        return ()
    of = (_d.c.structure.in_(sorted(structures)),) if structures is not None else ()
    return _beside(connection, _f, _f.c.rule, and_(_d.c.ref.in_(refs), *of))


def _gone(connection: Connection, within: ColumnElement[bool]) -> tuple[Gone, ...]:
    """What was relayed beyond the trust space although it was held for health data, and whose outcome does not say that it stayed."""
    found = _beyond(connection, and_(within, _d.c.health.is_(True)))
    categories = _categories(connection, [row[:3] for row in found])
    counted = Counter((row[3], categories.get(row[:3], "care"), row[4] or "") for row in found)
    return tuple(Gone(*key, n) for key, n in sorted(counted.items()))


def _gone_unread(connection: Connection, within: ColumnElement[bool]) -> tuple[Gone, ...]:
    """What nobody could read and what was let out by somebody's word, in observation or with a warning: perhaps health data, perhaps not."""
    unread = select(_u.c.at).where(_joined(_u)).exists()
    rest = and_(within, _d.c.health.is_not(True), unread, _ground != "relay")
    counted = Counter((row[3], UNREAD, row[4] or "") for row in _beyond(connection, rest))
    return tuple(Gone(*key, n) for key, n in counted.items())


def _unseen(connection: Connection, within: ColumnElement[bool]) -> tuple[Count, ...]:
    """What nobody looked at and may have left, by cause, as what is gone is counted; a message whose recipients are not kept, once."""
    passed = and_(within, _d.c.uninspected.in_(("bypass", "fault")), _d.c.action == "relay")
    kept = select(_r.c.at).where(_joined(_r)).exists()
    nameless = select(_d.c.uninspected).where(
        passed, ~kept, _left
    )  # of a confidential sender: it may have gone anywhere
    counted = Counter(row[3] for row in _beyond(connection, passed, _d.c.uninspected))
    counted.update(connection.scalars(nameless))
    return top(counted)


def _beyond(connection: Connection, where: ColumnElement[bool], ground: Any = None) -> list[tuple[Any, ...]]:
    """(at, writer, seq, ground, domain) of fitting messages that may have left, once for each domain outside."""
    asked = (
        select(_d.c.at, _d.c.writer, _d.c.seq, _ground if ground is None else ground, _r.c.domain)
        .distinct()
        .select_from(_d.join(_r, _joined(_r)))
        .where(where, _r.c.action == "relay", _r.c.standing.in_(OUTSIDE), _left)
    )
    return [tuple(row) for row in connection.execute(asked)]


_ground = case(
    (_d.c.approved.is_not(None), "approved"),
    (_d.c.declared.is_not(None), "declared"),
    (_d.c.exempted.is_(True), "exception"),
    (_d.c.would == "refuse", "observe"),
    (_d.c.measure.in_(("advise", "note")), _d.c.measure),
    else_="relay",
)
_left = select(_o.c.ref).where(_o.c.outcome.in_(_LEFT), _o.c.ref == _d.c.ref).exists()
_PIECE = 500


def _categories(connection: Connection, keys: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], str]:
    """The category of the strongest finding of each decision."""
    rank = {"certain": 3, "likely": 2, "possible": 1}
    best: dict[tuple[Any, ...], tuple[int, str]] = {}
    for start in range(0, len(keys), _PIECE):
        asked = select(_f.c.at, _f.c.writer, _f.c.seq, _f.c.level, _f.c.category).where(
            tuple_(_f.c.at, _f.c.writer, _f.c.seq).in_(keys[start : start + _PIECE])
        )
        for at, writer, seq, level, category in connection.execute(asked):
            key, mine = (at, writer, seq), (rank.get(level, 0), category or "care")
            best[key] = max(best.get(key, mine), mine)
    return {key: category for key, (_, category) in best.items()}


@dataclass(frozen=True, slots=True)
class Traffic:
    """Messages with one domain: `sent` to it, `received` from it, `health`: of those sent, with health data."""

    domain: str
    sent: int
    received: int
    health: int


def traffic(store: Store, since: str, structures: Collection[str] | None) -> tuple[Traffic, ...]:
    """Each outside domain of these structures' mail (None: of all) from a UTC day on, the busiest first."""
    within = _d.c.at >= since
    if structures is not None:
        within = and_(within, _d.c.structure.in_(sorted(structures)))
    health = func.count(distinct(case((_d.c.health.is_(True), _d.c.ref))))
    sent = (
        select(_r.c.domain, func.count(distinct(_d.c.ref)), health)
        .select_from(_d.join(_r, _joined(_r)))
        .where(within, _r.c.standing.in_(OUTSIDE), _r.c.domain.is_not(None))
        .group_by(_r.c.domain)
    )
    got = (
        select(_d.c.sender_domain, func.count())
        .where(within, _d.c.sender_kind.in_(("foreign", "commercial")), _d.c.sender_domain.is_not(None))
        .group_by(_d.c.sender_domain)
    )
    with store.engine.connect() as connection:
        to = {domain: (number, with_health) for domain, number, with_health in connection.execute(sent)}
        of = {row[0]: row[1] for row in connection.execute(got)}
    every = (
        Traffic(name, to.get(name, (0, 0))[0], of.get(name, 0), to.get(name, (0, 0))[1])
        for name in to.keys() | of.keys()
    )
    return tuple(sorted(every, key=lambda one: (-one.sent - one.received, one.domain)))
