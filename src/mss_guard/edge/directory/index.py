"""The local index of the directory: one SQLite file, built beside the old one and put in its place whole.

Read-only for whoever looks: a new index is a new file, and the next look opens it.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from pathlib import Path

from mss_guard.core.boxes import Box, house_keys, letters, plain, title, words
from mss_guard.edge.directory.extraction import Extraction

VERSION = 1
SHRINK_GUARD = 0.10
"""An extraction that lost more than this share of its boxes is taken for an accident."""
_BATCH = 5_000
_NAMES = tuple(f.name for f in fields(Box))
_values = attrgetter(*_NAMES)
_COLUMNS = ", ".join(f"b.{name}" for name in _NAMES)
_SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE boxes (id INTEGER PRIMARY KEY, {", ".join(f"{n} TEXT NOT NULL" for n in _NAMES)},
  domain TEXT NOT NULL, surname_key TEXT, given_key TEXT);
CREATE TABLE houses (key TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (key, id)) WITHOUT ROWID;
CREATE VIRTUAL TABLE found USING fts5(who, house, place, content='', detail=column, tokenize="unicode61 remove_diacritics 2");
"""
_INDEXES = """
CREATE UNIQUE INDEX by_address ON boxes (address);
CREATE INDEX by_domain ON boxes (domain);
CREATE INDEX by_name ON boxes (surname_key, given_key) WHERE surname_key IS NOT NULL;
"""


class IndexUnavailableError(Exception):
    """There is no index, or it is not one of ours. French, for the administrator."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What an index was made of. `dated`: when the directory wrote its extraction."""

    dated: datetime
    boxes: int
    lines: int
    dropped: int


def build(
    extraction: Extraction, target: Path, tick: Callable[[float], object], *, accept_shrunken: bool = False
) -> Facts:
    """Make a new index and put it in the place of `target`. `tick` is told the share done, now and then.

    Raises ExtractionRefusedError, UnicodeDecodeError, OSError, IndexUnavailableError; the old index then stays as it was.
    """
    target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".annuaire-", dir=target.parent)
    os.close(handle)
    try:
        facts = _fill(Path(name), extraction, tick)
        _guard(facts, target, accept_shrunken)
        owner = target.parent.stat()
        if os.geteuid() == 0:
            os.chown(name, owner.st_uid, owner.st_gid)
        Path(name).chmod(0o640)
        Path(name).replace(target)
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()
    return facts


def _guard(facts: Facts, target: Path, accept_shrunken: bool) -> None:
    if not facts.boxes:
        raise IndexUnavailableError("l'extraction ne contient aucune boîte")
    if accept_shrunken:
        return
    try:
        with closing(Directory(target)) as old:
            before = old.facts.boxes
    except IndexUnavailableError:
        return
    if facts.boxes < before * (1 - SHRINK_GUARD):
        raise IndexUnavailableError(
            f"{facts.boxes} boîtes au lieu de {before} (baisse de plus de {SHRINK_GUARD:.0%}) ; si elle est voulue : --accept-shrunken"
        )


def _fill(path: Path, extraction: Extraction, tick: Callable[[float], object]) -> Facts:
    with closing(sqlite3.connect(path)) as base:
        # Not durable while it is being made: a crash leaves a nameless file, and the old index in its place.
        base.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 8192; PRAGMA cache_size = -65536;"
        )
        base.executescript(_SCHEMA)
        seen: set[int] = set()
        count = 0
        marks = ", ".join("?" * (len(_NAMES) + 4))
        for batch in _batches(_fresh(extraction.boxes(), seen)):
            rows = [_row(count + n, box) for n, box in enumerate(batch, 1)]
            base.executemany(f"INSERT INTO boxes VALUES ({marks})", rows)  # noqa: S608 - question marks alone
            base.executemany(
                "INSERT INTO found (rowid, who, house, place) VALUES (?, ?, ?, ?)",
                [(count + n, *_found(box)) for n, box in enumerate(batch, 1)],
            )
            base.executemany("INSERT INTO houses VALUES (?, ?)", _houses(count, batch))
            count += len(batch)
            tick(extraction.done)
        base.executescript(_INDEXES)
        facts = Facts(extraction.dated, count, extraction.lines, extraction.dropped)
        told = {
            "version": VERSION,
            "dated": facts.dated.isoformat(),
            "boxes": count,
            "lines": facts.lines,
            "dropped": facts.dropped,
        }
        base.executemany("INSERT INTO meta VALUES (?, ?)", [(k, str(v)) for k, v in told.items()])
        base.commit()
        tick(1.0)
    return facts


def _fresh(boxes: Iterable[Box], seen: set[int]) -> Iterator[Box]:
    """Each address once, as it comes first."""
    for box in boxes:
        key = hash(box.address)
        if key not in seen:
            seen.add(key)
            yield box


def _batches(boxes: Iterable[Box]) -> Iterator[list[Box]]:
    batch: list[Box] = []
    for box in boxes:
        batch.append(box)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _row(number: int, box: Box) -> tuple[object, ...]:
    person = box.kind == "nominative"
    return (
        number,
        *_values(box),
        box.domain,
        letters(box.surname) if person else None,
        letters(box.given) if person else None,
    )


def _houses(before: int, batch: Sequence[Box]) -> Iterator[tuple[str, int]]:
    for number, box in enumerate(batch, before + 1):
        if box.kind == "organisationnelle":
            yield from ((key, number) for key in sorted(house_keys(box.structure, box.sign, box.town)))


def _found(box: Box) -> tuple[str, str, str]:
    """The words a box is found by. Structures also under their short names: ehpad, ch …"""
    house = f"{box.structure} {box.sign}"
    if box.kind == "organisationnelle":
        house = " ".join((house, *title(box.structure), *title(box.sign)))
    who = f"{box.given} {box.surname} {box.profession} {box.skill} {box.service}"
    return plain(who), plain(house), plain(f"{box.town} {box.postcode} {box.department}")


class Directory:
    """An open index. Raises IndexUnavailableError when there is none, or none of this version. Not for two threads at once."""

    def __init__(self, path: Path) -> None:
        try:
            self._base = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True, check_same_thread=False)
            told = dict(self._base.execute("SELECT key, value FROM meta"))
            if told.get("version") != str(VERSION):
                raise IndexUnavailableError(
                    "l'index de l'annuaire est d'une autre version : mss-guard directory update"
                )
            self.facts = Facts(
                datetime.fromisoformat(told["dated"]), *(int(told[k]) for k in ("boxes", "lines", "dropped"))
            )
        except (sqlite3.Error, KeyError, ValueError):
            raise IndexUnavailableError("pas d'index de l'annuaire : mss-guard directory update") from None

    def close(self) -> None:
        self._base.close()

    def box(self, address: str) -> Box | None:
        """The box of exactly this address (domain in lower case)."""
        rows = self._boxes("FROM boxes b WHERE b.address = ?", (address,))
        return rows[0] if rows else None

    def named(self, surname: str, given: str, most: int) -> list[Box]:
        """Persons of this surname whose given name begins with `given`; both as one word (`letters`)."""
        return self._boxes(
            "FROM boxes b WHERE b.surname_key = ? AND b.given_key >= ? AND b.given_key < ? LIMIT ?",
            (surname, given, given + "{", most),
        )

    def under(self, domain: str, most: int) -> list[Box]:
        """Boxes of exactly this domain."""
        return self._boxes("FROM boxes b WHERE b.domain = ? LIMIT ?", (domain, most))

    def structures(self, key: str, telling: Sequence[str], most: int) -> list[Box]:
        """Organisational boxes of a structure named so: as one word, else by all its telling words (two at least)."""
        found = self._boxes(
            "FROM boxes b WHERE b.id IN (SELECT id FROM houses WHERE key IN (?, ?)) LIMIT ?",
            (key, "".join(telling), most),
        )
        if found or len(telling) < 2:
            return found
        asked = " AND ".join(f'"{w}"' for w in telling)
        return self._boxes(
            "FROM found f JOIN boxes b ON b.id = f.rowid WHERE found MATCH ? AND b.kind = 'organisationnelle' LIMIT ?",
            (f"{{house place}} : ({asked})", most),
        )

    def search(self, text: str, most: int) -> list[Box]:
        """Boxes in whose name, structure or place every word stands, the last one perhaps begun: "dupont marie nant"."""
        asked = words(text)
        if not asked:
            return []
        query = " AND ".join([*(f'"{w}"' for w in asked[:-1]), f'"{asked[-1]}"*'])
        return self._boxes(
            "FROM found f JOIN boxes b ON b.id = f.rowid WHERE found MATCH ? ORDER BY f.rank LIMIT ?", (query, most)
        )

    def _boxes(self, sql: str, values: tuple[object, ...]) -> list[Box]:
        return [Box(*row) for row in self._base.execute(f"SELECT {_COLUMNS} {sql}", values)]
