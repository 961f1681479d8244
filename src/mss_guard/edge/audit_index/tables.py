"""The tables. Each row is keyed by its record: month by month (`at`, UTC text that sorts), writer and sequence number.

Rows are only ever inserted, so that the role of a node needs no more than INSERT and SELECT; on PostgreSQL the dated tables are
partitioned by month, and retention drops whole partitions.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, String, Table, Text

meta = MetaData()
_MONTHS = "RANGE (at)"


def _key() -> tuple[Column[str], Column[int], Column[int]]:
    return (
        Column("at", String(27), primary_key=True),
        Column("writer", Integer, primary_key=True, autoincrement=False),
        Column("seq", Integer, primary_key=True, autoincrement=False),
    )


writers = Table(
    "writers",
    meta,
    Column("id", Integer, primary_key=True),
    Column("node", String(63), nullable=False),
    Column("name", String(64), nullable=False),
    Index("one_writer", "node", "name", unique=True),
)

cursors = Table(  # one row a batch: the last one is how far a writer's journal has been read
    "cursors",
    meta,
    Column("writer", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("segment", String(32), nullable=False),
    Column("line", Integer, nullable=False),
)

decisions = Table(
    "decisions",
    meta,
    *_key(),
    Column("ref", String(14), nullable=False),
    Column("structure", String(63), nullable=False),
    Column("knowledge", String(64)),
    Column("segment", String(32), nullable=False),
    Column("line", Integer, nullable=False),
    Column("mode", String(8)),
    Column("front", String(8)),
    Column("action", String(8), nullable=False),
    Column("would", String(8)),
    Column("measure", String(8)),
    Column("reason", String(20)),
    Column("level", String(8)),
    Column("score", Integer),
    Column("health", Boolean),
    Column("size", Integer),
    Column("inspected", Boolean),
    Column("uninspected", String(12)),
    Column("approved", String(14)),
    Column("declared", String(14)),
    Column("exempted", Boolean),
    Column("fault", String(64)),
    Column("sender_kind", String(12)),
    Column("sender_domain", String(255)),
    Column("sender_who", String(16)),
    Index("decisions_by_ref", "ref"),
    Index("decisions_by_action", "action", "at"),
    Index("decisions_by_reason", "reason", "at"),
    Index("decisions_by_sender", "sender_who"),
    Index("decisions_by_sender_domain", "sender_domain"),
    postgresql_partition_by=_MONTHS,
)

recipients = Table(
    "recipients",
    meta,
    *_key(),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("domain", String(255)),
    Column("who", String(16)),
    Column("standing", String(12), nullable=False),
    Column("action", String(8), nullable=False),
    Column("would", String(8)),
    Column("reason", String(20)),
    Index("recipients_by_domain", "domain", "at"),
    Index("recipients_by_who", "who"),
    Index("recipients_by_standing", "standing", "at"),
    postgresql_partition_by=_MONTHS,
)

findings = Table(
    "findings",
    meta,
    *_key(),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("rule", String(120, collation="C").with_variant(String(120), "sqlite"), nullable=False),
    Column("category", String(12)),
    Column("level", String(8)),
    Column("place", String(24)),
    Index("findings_by_rule", "rule", "at"),
    postgresql_partition_by=_MONTHS,
)

unreadable = Table(
    "unreadable",
    meta,
    *_key(),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("why", String(12), nullable=False),
    Column("type", String(132)),
    Index("unreadable_by_why", "why", "at"),
    postgresql_partition_by=_MONTHS,
)

outcomes = Table(
    "outcomes",
    meta,
    *_key(),
    Column("ref", String(14), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("code", Integer),
    Column("enhanced", String(10)),
    Column("queue_id", String(64)),
    Index("outcomes_by_ref", "ref"),
    postgresql_partition_by=_MONTHS,
)

events = Table(  # every other kind of record, whole, as it stands in the journal
    "events",
    meta,
    *_key(),
    Column("kind", String(20), nullable=False),
    Column("ref", String(14)),
    Column("structure", String(63), nullable=False),
    Column("record", Text, nullable=False),
    Index("events_by_kind", "kind", "at"),
    Index("events_by_ref", "ref"),
    postgresql_partition_by=_MONTHS,
)

DATED = (decisions, recipients, findings, unreadable, outcomes, events)
