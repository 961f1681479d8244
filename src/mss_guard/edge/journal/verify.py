"""`audit verify`: is every record where it was written, byte for byte, and none missing? Reads only; a writer may be at
work meanwhile.

What it cannot see, and says so: that the newest records behind the last noted head were cut off, or that somebody with
the right to write rewrote the chain from some point to its end. Only a witness off the host shows that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from . import canonical, segments
from .chain import GENESIS
from .fields import KINDS, VERSION
from .tree import EMPTY, Tree

MAX_BREAKS = 1000
"""Breaks listed for one writer; behind them only the count matters."""


@dataclass(frozen=True, slots=True)
class Break:
    """One place where the chain does not hold. `what` is French and holds nothing of the record."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


@dataclass(slots=True)
class WriterReport:
    """What one writer's directory holds. `torn`: segments whose last line has no end (a crash in the middle of a write;
    mended at the next start).

    `head`: SHA-256 of the last record, for whoever wants to keep it elsewhere. `unproven`: records that stand behind
    the last noted head.
    """

    node: str
    writer: str
    segments: int = 0
    records: int = 0
    torn: int = 0
    closed: bool = False
    last_seq: int = 0
    last_at: str | None = None
    head: str = GENESIS
    unproven: int = 0
    breaks: list[Break] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """`ok`: no break in any writer's chain. A torn last line is none."""

    writers: tuple[WriterReport, ...]

    @property
    def ok(self) -> bool:
        return not self.breaks

    @property
    def breaks(self) -> tuple[Break, ...]:
        return tuple(b for w in self.writers for b in w.breaks)

    @property
    def records(self) -> int:
        return sum(w.records for w in self.writers)


def verify(root: Path) -> Report:
    """Check every writer's chain under `root`. Raises OSError when a file cannot be read."""
    return Report(
        tuple(_Check(root, path, WriterReport(node, writer)).run() for node, writer, path in segments.writers(root))
    )


@dataclass(slots=True)
class _Segment:
    """Running state inside one segment."""

    name: str
    tree: Tree = EMPTY
    broken: bool = False
    closed: bool = False


class _Check:
    def __init__(self, root: Path, directory: Path, report: WriterReport) -> None:
        self.root, self.directory, self.report = root, directory, report
        self.before: _Segment | None = None
        # The head first: whatever it names must be among the files listed and read after it.
        self.noted = segments.noted_head(directory)
        self.noted_seen = False

    def run(self) -> WriterReport:
        paths = segments.ordered(self.directory)
        for path in paths:
            last = path == paths[-1]
            self.before = self._segment(path, last=last)
        self.report.segments = len(paths)
        self._head(paths)
        return self.report

    def _wrong(self, path: Path, line: int, what: str) -> None:
        if len(self.report.breaks) < MAX_BREAKS:
            self.report.breaks.append(Break(str(path.relative_to(self.root)), line, what))

    def _segment(self, path: Path, *, last: bool) -> _Segment:
        state, number = _Segment(path.name), 0
        for line in segments.lines(path):
            number = line.number
            if not line.whole and last:
                self.report.torn += 1
                break
            if (wrong := self._record(line, state)) is not None:
                state.broken = True
                self._wrong(path, number, wrong)
        if number == 0:
            state.broken = True
            self._wrong(path, 1, "segment vide")
        self.report.closed = state.closed
        return state

    def _record(self, line: segments.Line, state: _Segment) -> str | None:
        """Take one record into account; what is wrong with it, if anything. After a break the chain is followed from
        there on.
        """
        record = canonical.loads(line.data) if line.whole else None
        if record is None:
            return "ligne illisible : ce n'est pas un enregistrement en JSON canonique (RFC 8785)"
        report = self.report
        report.records += 1
        kind, seq, prev = record.get("kind"), record.get("seq"), record.get("prev")
        wrong = self._link(record, state, first=line.number == 1)
        report.head = canonical.digest(line.data)
        report.last_seq = seq if isinstance(seq, int) else report.last_seq + 1
        report.last_at = str(record.get("at"))
        if kind == "recovered" and record.get("why") == "head-mismatch":
            wrong = wrong or "au démarrage, la fin de la chaîne n'était plus celle notée à l'écriture (head.json)"
        if kind == "segment-close":
            wrong = wrong or _closing(record, state)
            state.closed = True
        else:
            state.tree = state.tree.add(line.data)
        if self.noted is not None and seq == self.noted[0]:
            self.noted_seen = True
            if report.head != self.noted[1] and prev is not None:
                wrong = wrong or "enregistrement modifié : son empreinte n'est pas celle notée à l'écriture (head.json)"
        return wrong

    def _link(self, record: dict[str, object], state: _Segment, *, first: bool) -> str | None:
        """Does this record follow the one before it?"""
        seq, expected = record.get("seq"), self.report.last_seq + 1
        if record.get("v") != VERSION:
            return "version de format inconnue"
        if record.get("kind") not in KINDS:
            return "genre d'enregistrement inconnu"
        if seq != expected:
            given = seq if isinstance(seq, int) else "absent"
            return f"numéro d'ordre {given} au lieu de {expected} : enregistrement retiré, ajouté ou déplacé"
        if record.get("prev") != self.report.head:
            return "chaîne rompue : l'enregistrement précédent a été modifié, retiré ou remplacé"
        if state.closed:
            return "enregistrement après la fermeture du segment"
        if first != (record.get("kind") == "segment-open"):
            return "un segment commence par un enregistrement « segment-open », et n'en a pas d'autre"
        return self._opening(record, state) if first else None

    def _opening(self, record: dict[str, object], state: _Segment) -> str | None:
        if record.get("segment") != state.name:
            return "le fichier ne porte pas le nom de son segment"
        before = self.before
        if before is not None and before.broken:
            return None  # what is wrong there has been said there
        named = {"segment": before.name, "records": before.tree.size, "root": before.tree.root} if before else None
        return (
            None if record.get("previous") == named else "la racine du segment précédent n'est pas celle annoncée ici"
        )

    def _head(self, paths: tuple[Path, ...]) -> None:
        if self.noted is None:
            self.report.unproven = self.report.records
            return
        self.report.unproven = max(0, self.report.last_seq - self.noted[0])
        if not self.noted_seen:
            path = paths[-1] if paths else self.directory / "head.json"
            self._wrong(path, 1, f"fin coupée : l'enregistrement {self.noted[0]}, noté à l'écriture, n'y est plus")


def _closing(record: dict[str, object], state: _Segment) -> str | None:
    if (record.get("records"), record.get("root")) != (state.tree.size, state.tree.root):
        return "la racine du segment (RFC 6962) n'est pas celle de ses enregistrements"
    return None
