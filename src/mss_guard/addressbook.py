"""The national directory in use: its index renewed from a file or an address, searched, and asked for a refused recipient's box."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from mss_guard import config, doors
from mss_guard.core import boxes, proposals
from mss_guard.core.addresses import parse
from mss_guard.core.boxes import Box
from mss_guard.core.model import Address, Standing
from mss_guard.core.policy import Knowledge, standing
from mss_guard.core.proposals import Correspondent, Proposal
from mss_guard.edge import directory, published
from mss_guard.edge.directory import Directory, ExtractionRefusedError, Facts, IndexUnavailableError

OLD = 30  # days; the extraction is published daily, with outages of ten days seen (domain.md §5)


def renew(
    settings: config.Settings, named: str | None, tick: Callable[[float], object], *, accept_shrunken: bool = False
) -> Facts | str:
    """Read the extraction anew into the index. The facts of the new index, or why the old one stays, in French."""
    source = doors.directory_source(settings, named)
    target = doors.directory_index(settings)
    if source is None:
        return "directory.source manque : donner un fichier ou une adresse https"
    try:
        if isinstance(source, Path):
            return _build(source, target, tick, accept_shrunken)
        target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".annuaire-", dir=target.parent) as folder:
            file = Path(folder) / (source.url.rstrip("/").rpartition("/")[2][:100] or "extraction")
            missing = published.save(source, file)
            return f"{source.url} : {missing.why}" if missing else _build(file, target, tick, accept_shrunken)
    except OSError as problem:
        return f"{problem.filename or target} : {problem.strerror}"


def _build(file: Path, target: Path, tick: Callable[[float], object], accept_shrunken: bool) -> Facts | str:
    try:
        with directory.read(file) as extraction:
            return directory.build(extraction, target, tick, accept_shrunken=accept_shrunken)
    except (ExtractionRefusedError, IndexUnavailableError) as refused:
        return f"{file} : {refused}"
    except UnicodeDecodeError:
        return f"{file} : ce n'est pas de l'UTF-8"


def opened(settings: config.Settings) -> Directory | None:
    """The index, or None when there is none yet."""
    try:
        return Directory(doors.directory_index(settings))
    except IndexUnavailableError:
        return None


class AddressBook:
    """The index in the service: opened when it is first asked, opened anew when its file has been replaced, closed at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._book: Directory | None = None
        self._seen: tuple[int, int] | None = None

    def propose(
        self, asked: Correspondent, knowledge: Knowledge, now: datetime, nearby: frozenset[str] = frozenset()
    ) -> tuple[tuple[Proposal, ...], datetime | None]:
        """(boxes for a refused recipient, the date of the data). Raises sqlite3.Error for an index that is broken."""
        book = self._current()
        return (propose(book, asked, knowledge, now, nearby), book.facts.dated) if book is not None else ((), None)

    def _current(self) -> Directory | None:
        """The index as the file now is. One look at its inode and time: a new index is a new file."""
        try:
            found = self._path.stat()
            seen: tuple[int, int] | None = (found.st_ino, found.st_mtime_ns)
        except OSError:
            seen = None
        if seen != self._seen:
            self.close()
            self._seen = seen
            with suppress(IndexUnavailableError):
                self._book = Directory(self._path) if seen is not None else None
        return self._book

    def close(self) -> None:
        if self._book is not None:
            self._book.close()
        self._book = self._seen = None


def search(settings: config.Settings, text: str, most: int) -> tuple[Facts, Sequence[Box]] | None:
    book = opened(settings)
    if book is None:
        return None
    with closing(book):
        return book.facts, book.search(text, most)


def propose(
    book: Directory, asked: Correspondent, knowledge: Knowledge, now: datetime, nearby: frozenset[str] = frozenset()
) -> tuple[Proposal, ...]:
    """Boxes for a refused recipient; none without a valid list, for each domain must be trusted by it."""
    if not knowledge.has_list(now):
        return ()
    return proposals.propose(asked, book, partial(trusts, knowledge=knowledge, now=now), nearby)


def trusts(domain: str, knowledge: Knowledge, now: datetime) -> bool:
    """Whether this name is in the trust space today, test names and `deny` left out."""
    return standing(parse(f"a@{domain}".encode()), knowledge, now) is Standing.TRUSTED


def box_kind(book: Directory | None, address: Address) -> tuple[str, str]:
    """(nominative, organisationnelle, applicative, citoyenne or inconnue; known by `annuaire`, `forme` or nothing)."""
    known = book.box(f"{address.local_part}@{address.domain}") if book is not None else None
    return boxes.kind_of(address.local_part, address.domain, known)
