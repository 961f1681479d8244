"""The journal into the index: from where the last batch ended, batch by batch, each with its cursor in one transaction.

Killed at any instant, a batch is in with its cursor or not at all; feeding again goes on from there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from mss_guard.edge.audit_index import tables
from mss_guard.edge.audit_index.rows import Row, rows
from mss_guard.edge.audit_index.store import IndexBroken, Store

BATCH = 2_000


class Line(Protocol):
    """A record and where it stands, as the journal's reader gives it."""

    @property
    def node(self) -> str: ...
    @property
    def writer(self) -> str: ...
    @property
    def segment(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def record(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Fed:
    """What one feeding brought in."""

    records: int


class Feeder:
    """Feeds one index. Writers are known by (node, name)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def cursors(self) -> Mapping[tuple[str, str], int]:
        """(node, writer) → the sequence number of the last record that is in."""
        w, c = tables.writers, tables.cursors
        asked = select(w.c.node, w.c.name, func.max(c.c.seq)).join(c, c.c.writer == w.c.id).group_by(w.c.node, w.c.name)
        with self._store.engine.connect() as connection:
            return {(node, name): seq for node, name, seq in connection.execute(asked)}

    def clear(self) -> None:
        """Everything out, for a rebuild."""
        with self._store.engine.begin() as connection:
            for table in (*tables.DATED, tables.cursors, tables.writers):
                connection.execute(delete(table))

    def forget(self, before: str) -> None:
        """What is older than the journal itself: its segments were purged, and the index keeps no longer than they (RGPD art. 5)."""
        with self._store.engine.begin() as connection:
            for table in tables.DATED:
                connection.execute(delete(table).where(table.c.at < before))

    def feed(self, lines: Iterable[Line]) -> Fed:
        """Records that stand behind the cursors, each writer's in order. Raises IndexBroken when another process feeds them too."""
        count, batch = 0, list[Line]()
        for line in lines:
            batch.append(line)
            if len(batch) == BATCH:
                self._write(batch)
                count, batch = count + len(batch), []
        if batch:
            self._write(batch)
        return Fed(count + len(batch))

    def _write(self, batch: list[Line]) -> None:
        made: dict[str, list[Row]] = defaultdict(list)
        last: dict[int, Line] = {}
        try:
            with self._store.engine.begin() as connection:
                ids = {(b.node, b.writer): self._id(connection, b.node, b.writer) for b in batch}
                for one in batch:
                    number = ids[one.node, one.writer]
                    for table, row in rows(one.record, number, one.segment, one.line):
                        made[table.name].append(row)
                    last[number] = one
                for name, some in made.items():
                    connection.execute(insert(tables.meta.tables[name]), some)
                connection.execute(
                    insert(tables.cursors),
                    [
                        {"writer": w, "seq": x.record["seq"], "segment": x.segment, "line": x.line}
                        for w, x in last.items()
                    ],
                )
        except IntegrityError as clash:
            raise IndexBroken("un autre processus alimente déjà cet index avec ce journal") from clash

    @staticmethod
    def _id(connection: Connection, node: str, name: str) -> int:
        w = tables.writers
        known = connection.execute(select(w.c.id).where(w.c.node == node, w.c.name == name)).scalar()
        if known is None:
            known = connection.execute(insert(w).values(node=node, name=name).returning(w.c.id)).scalar_one()
        return int(known)
