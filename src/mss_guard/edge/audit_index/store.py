"""Opening the index: SQLite or PostgreSQL, brought to the newest schema, and its months made ready."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from mss_guard.edge.audit_index import tables

MONTHS_AHEAD = 2
_MIGRATIONS = Path(__file__).parent / "migrations"


class IndexBroken(Exception):  # noqa: N818
    """The index cannot be used. French, for the administrator; it never holds a password."""


@dataclass(frozen=True, slots=True)
class Store:
    """An open index. `postgres`: several nodes may write to it at once."""

    engine: Engine
    postgres: bool


@contextmanager
def opened(url: str, *, create: bool = False) -> Iterator[Store]:
    """The index at a SQLAlchemy URL (sqlite:////path, postgresql://…). `create`: makes it, or brings its schema up to date.

    Raises IndexBroken for whatever the database says.
    """
    engine = _engine(url)
    store = Store(engine, engine.dialect.name == "postgresql")
    try:
        if create:
            _upgrade(engine)
            if store.postgres:
                with engine.begin() as connection:
                    prepare_months(connection, date.today())  # noqa: DTZ011 - a month early or late is the same here
        yield store
    except SQLAlchemyError as problem:
        raise IndexBroken(f"l'index {shown(url)} ne répond pas : {type(problem).__name__}") from problem
    finally:
        engine.dispose()


@contextmanager
def asking(store: Store) -> Iterator[None]:
    """What the database says while an open index is asked becomes IndexBroken."""
    try:
        yield
    except SQLAlchemyError as problem:
        raise IndexBroken(
            f"l'index {shown(str(store.engine.url))} ne répond pas : {type(problem).__name__}"
        ) from problem


def shown(url: str) -> str:
    """A URL for people: without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "audit.index"


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise IndexBroken("audit.index n'est pas une adresse : sqlite:////chemin ou postgresql://hôte/base") from None
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
        raise IndexBroken("audit.index : seules sqlite:// et postgresql:// sont connues")
    if parsed.drivername == "sqlite" and parsed.database:
        file = Path(parsed.database)
        file.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        if not file.exists() and parsed.database != ":memory:":
            file.touch(mode=0o600)  # SQLite would ask the umask; its -wal and -shm take after the file
    engine = create_engine(parsed)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune)
    return engine


def _tune(connection: Any, _: Any) -> None:
    """The index can be made again, so that a commit need not wait for the disk; readers are not held up by the feeder."""
    connection.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -32768;"
    )


def _upgrade(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def prepare_months(connection: Connection, today: date) -> None:
    """The partitions of this month and the next ones; what falls outside goes into each table's default partition."""
    for table in tables.DATED:
        for ahead in range(MONTHS_AHEAD + 1):
            first, after = month(today, ahead), month(today, ahead + 1)
            name = f"{table.name}_{first.replace('-', '_')}"
            connection.execute(
                text(
                    f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table.name} FOR VALUES FROM ('{first}') TO ('{after}')"
                )
            )


def month(today: date, ahead: int) -> str:
    """ "2026-11" and so many months after it."""
    years, number = divmod(today.year * 12 + today.month - 1 + ahead, 12)
    return f"{years:04}-{number + 1:02}"
