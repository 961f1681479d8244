"""`audit verify`: is every record where it was written, byte for byte, none missing, and every head signed by its key?
Reads only; a writer may be at work meanwhile.

What it cannot see, and says so (`unproven`): that records behind the last signed head were cut off; and that somebody
with the right to write and the signing key rewrote the chain from some point on. Heads that a witness off the host has
kept (`witnessed`) show that too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import canonical, heads, segments
from .chain import GENESIS, SUFFIX
from .fields import KINDS, VERSION
from .heads import Head
from .purging import Purges
from .signing import Public
from .tree import EMPTY, Tree

MAX_BREAKS = 1000
"""Breaks listed for one writer; behind them only the count matters."""


@dataclass(frozen=True, slots=True)
class Break:
    """One place where the chain does not hold. `seq`: the record concerned, where a number can be given. `what` is French
    and holds nothing of the record.
    """

    file: str
    line: int
    what: str
    seq: int | None = None

    def __str__(self) -> str:
        number = f"n° {self.seq} : " if self.seq is not None else ""
        return f"{self.file}:{self.line}: {number}{self.what}"


@dataclass(slots=True)
class WriterReport:
    """What one writer's directory holds. `torn`: segments whose last line has no end (a crash in the middle of a write;
    mended at the next start).

    `head`: SHA-256 of the last record. `first_seq`: above 1 when what was before has been purged, on the record.
    `signed`: signed heads that hold; `signed_seq`: the last record under one. `witnessed`: the last record under a
    witness's head, 0 without one. `unproven`: records that stand behind the last signed head, or, when there are
    witnesses, behind the last witnessed one.
    """

    node: str
    writer: str
    segments: int = 0
    records: int = 0
    torn: int = 0
    closed: bool = False
    first_seq: int = 1
    last_seq: int = 0
    last_at: str | None = None
    head: str = GENESIS
    signed: int = 0
    signed_seq: int = 0
    signed_at: str | None = None
    witnessed: int = 0
    unproven: int = 0
    breaks: list[Break] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """`ok`: no break in any writer's chain. A torn last line is none. `lost`: breaks of writers that are not there.
    `ignored`: heads of the witness that their own key did not sign: copies that were mangled on their way.
    """

    writers: tuple[WriterReport, ...]
    lost: tuple[Break, ...] = ()
    ignored: int = 0

    @property
    def breaks(self) -> tuple[Break, ...]:
        return (*(b for writer in self.writers for b in writer.breaks), *self.lost)

    @property
    def ok(self) -> bool:
        return not self.breaks

    @property
    def records(self) -> int:
        return sum(writer.records for writer in self.writers)


def verify(root: Path, keys: Mapping[str, Public] | None = None, witnessed: Iterable[Head] | None = None) -> Report:
    """Follow every writer's chain from its first segment to its last. Raises OSError.

    `keys`: the signing keys that may sign, by id; None: those that the journal itself names. `witnessed`: heads kept off
    the host; None: there is no witness.
    """
    kept: dict[str, list[Head]] = {}
    strange: list[Break] = []
    ignored = 0
    for head in witnessed or ():
        public = None if keys is None else keys.get(head.key)
        where = head.log.partition("/")[2]
        if keys is not None and public is None:
            what = f"le témoin garde une tête signée d'une clé inconnue ici ({head.key}) : clé retirée, ou copie d'ailleurs"
            strange.append(Break(where, 1, what, head.seq))
        elif public is not None and not public.signed(head):
            ignored += 1
        else:
            kept.setdefault(where, []).append(head)
    reports = []
    for node, writer, directory in segments.writers(root):
        mine = None if witnessed is None else kept.pop(f"{node}/{writer}", [])
        reports.append(_Check(root, directory, WriterReport(node, writer), keys, mine).run())
    gone = "le témoin a vu des enregistrements de cet écrivain, dont il ne reste rien"
    lost = [Break(where, 1, gone, max(h.seq for h in those)) for where, those in kept.items()]
    return Report(tuple(reports), (*strange, *lost), ignored)


@dataclass(slots=True)
class _Segment:
    """A segment while it is read. `says`: the name that it gives itself."""

    name: str
    tree: Tree = EMPTY
    broken: bool = False
    closed: bool = False
    signer: Public | None = None
    says: str = ""


class _Check:
    """One writer's chain, read from end to end."""

    def __init__(
        self,
        root: Path,
        directory: Path,
        report: WriterReport,
        keys: Mapping[str, Public] | None,
        witnessed: list[Head] | None,
    ) -> None:
        self.root, self.directory, self.report = root, directory, report
        self.before: _Segment | None = None
        # The head first: whatever it names must be among the files listed and read after it.
        self.noted = segments.noted_head(directory)
        self.noted_seen = False
        self.keys = keys
        self.handed: dict[str, str] = {}  # keys that a known key named as its successor
        self.witnessed = witnessed
        self.kept: dict[int, set[str]] = {}
        for head in witnessed or ():
            self.kept.setdefault(head.seq, set()).add(head.last)
        self.purges = Purges()

    def run(self) -> WriterReport:
        paths = segments.ordered(self.directory)
        for path in paths:
            last = path == paths[-1]
            self.before = self._segment(path, last=last)
        self.report.segments = len(paths)
        self._ends(paths)
        return self.report

    def _wrong(self, path: Path, line: int, what: str, seq: int | None = None) -> None:
        if len(self.report.breaks) < MAX_BREAKS:
            self.report.breaks.append(Break(str(path.relative_to(self.root)), line, what, seq))

    def _segment(self, path: Path, *, last: bool) -> _Segment:
        state, number = _Segment(path.name), 0
        for line in segments.lines(path):
            number = line.number
            if not line.whole and last:
                self.report.torn += 1
                break
            if (wrong := self._record(line, state)) is not None:
                state.broken = True
                what, seq = wrong
                self._wrong(path, number, what, seq)
        if number == 0:
            state.broken = True
            self._wrong(path, 1, "segment vide", self.report.last_seq + 1)
        self.report.closed = state.closed
        return state

    def _record(self, line: segments.Line, state: _Segment) -> _Wrong | None:
        """Take one record into account; what is wrong with it, if anything. After a break the chain is followed from
        there on.
        """
        record = canonical.loads(line.data) if line.whole else None
        report = self.report
        if record is None:
            unread = "ligne illisible : ce n'est pas un enregistrement en JSON canonique (RFC 8785)"
            return unread, report.last_seq + 1
        report.records += 1
        kind, seq, prev = record.get("kind"), record.get("seq"), record.get("prev")
        wrong = self._link(record, state, first=line.number == 1)
        report.head = canonical.digest(line.data)
        number = seq if isinstance(seq, int) else report.last_seq + 1
        report.last_seq, report.last_at = number, str(record.get("at"))
        if kind == "recovered" and record.get("why") == "head-mismatch":
            cut = "au démarrage, la fin de la chaîne n'était plus celle notée à l'écriture (head.json)"
            wrong = wrong or (cut, number)
        if kind == "purge":
            self.purges.add(record)
        if kind in heads.SIGNED:
            told = self._signed(record, state)
            wrong = wrong or ((told, number) if told else None)
        if kind != "segment-close":
            state.tree = state.tree.add(line.data)
        state.closed = state.closed or kind == "segment-close"
        elsewhere = self._elsewhere(number, prev)
        return wrong or elsewhere

    def _elsewhere(self, seq: int, prev: object) -> _Wrong | None:
        """Is this record the one that was noted beside the chain, and the one that the witness has seen?"""
        kept = self.kept.get(seq)
        if kept is not None:
            self.report.witnessed = max(self.report.witnessed, seq)
            if kept != {self.report.head}:
                return "ce n'est pas l'enregistrement que le témoin a vu : la chaîne a été réécrite", seq
        if self.noted is not None and seq == self.noted[0]:
            self.noted_seen = True
            if self.report.head != self.noted[1] and prev is not None:
                return "enregistrement modifié : son empreinte n'est pas celle notée à l'écriture (head.json)", seq
        return None

    def _link(self, record: dict[str, object], state: _Segment, *, first: bool) -> _Wrong | None:
        """Does this record follow the one before it?"""
        seq = record.get("seq")
        if first and self.before is None and isinstance(seq, int) and seq > 1:
            self._begin_after_purge(record, seq)
        expected = self.report.last_seq + 1
        if record.get("v") != VERSION:
            return "version de format inconnue", expected
        if record.get("kind") not in KINDS:
            return "genre d'enregistrement inconnu", expected
        if seq != expected:
            given = seq if isinstance(seq, int) else "absent"
            missing = self._cut_before(record) if first else ""
            moved = f"numéro d'ordre {given} au lieu de {expected} : enregistrement retiré, ajouté ou déplacé{missing}"
            return moved, expected
        if record.get("prev") != self.report.head:
            changed = "chaîne rompue : cet enregistrement a été modifié, retiré ou remplacé, ou bien l'empreinte que le suivant en porte"
            return changed + self._cut_before(record) if first else changed, expected - 1
        if state.closed:
            return "enregistrement après la fermeture du segment", expected
        if first != (record.get("kind") == "segment-open"):
            return "un segment commence par un enregistrement « segment-open », et n'en a pas d'autre", expected
        wrong = self._opening(record, state) if first else None
        return (wrong, expected) if wrong else None

    def _cut_before(self, record: dict[str, object]) -> str:
        """Which segment a break at the beginning of the next one is about."""
        previous = record.get("previous")
        name = previous.get("segment") if isinstance(previous, dict) else None
        return f" (fin de {name})" if isinstance(name, str) and segments.NAME.fullmatch(name) else ""

    def _begin_after_purge(self, record: dict[str, object], seq: int) -> None:
        """The chain begins later than at 1: `_ends` asks whether a purge says so."""
        self.report.first_seq, self.report.last_seq = seq, seq - 1
        self.report.head = str(record.get("prev"))
        self.purges.begins(seq, record)

    def _opening(self, record: dict[str, object], state: _Segment) -> str | None:
        signer = record.get("signer")
        state.says = str(record.get("segment"))
        if isinstance(signer, dict):
            state.signer = Public(str(signer.get("id")), str(signer.get("public")))
        if state.says != state.name:
            return "le fichier ne porte pas le nom de son segment"
        if signer is not None and (wrong := self._signer(state)) is not None:
            return wrong
        before = self.before
        if before is None:
            return (
                None if record.get("previous") is None or self.report.first_seq > 1 else "premier segment d'une chaîne"
            )
        if before.broken:
            return None  # what is wrong there has been said there
        named = {"segment": before.name, "records": before.tree.size, "root": before.tree.root}
        return (
            None if record.get("previous") == named else "la racine du segment précédent n'est pas celle annoncée ici"
        )

    def _signer(self, state: _Segment) -> str | None:
        """Is the key that a segment names one that may sign?"""
        signer = state.signer
        if signer is None or not signer.sound:
            return "clé de signature mal formée"
        if self.keys is None or self.keys.get(signer.id) == signer or self.handed.get(signer.id) == signer.raw:
            return None
        state.signer = None
        return "clé de signature inconnue : ni parmi les clés publiques données, ni annoncée par la précédente"

    def _signed(self, record: dict[str, object], state: _Segment) -> str | None:
        """Do the root and the signature of this record hold for the records before it?"""
        if (record.get("records"), record.get("root")) != (state.tree.size, state.tree.root):
            return "la racine du segment (RFC 6962) n'est pas celle de ses enregistrements"
        log = f"{record.get('structure')}/{self.report.node}/{self.report.writer}"
        successor = record.get("successor")
        head = heads.of_record(record, log, state.says.removesuffix(SUFFIX))
        if head is None:
            return None if record.get("kind") == "segment-close" and "signature" not in record else "signature absente"
        if state.signer is None or not state.signer.signed(head):
            return "la signature n'est pas bonne"
        if isinstance(successor, dict):
            self.handed[str(successor.get("id"))] = str(successor.get("public"))
        self.report.signed += 1
        self.report.signed_seq, self.report.signed_at = self.report.last_seq, head.at
        return None

    def _ends(self, paths: tuple[Path, ...]) -> None:
        """What only the whole shows: a missing beginning, a missing end, and how far the proof reaches."""
        report, first = self.report, paths[0] if paths else self.directory / segments.HEAD
        report.unproven = max(0, report.last_seq - report.signed_seq) if report.records else 0
        if (why := self.purges.unsaid()) is not None:
            self._wrong(first, 1, why, 1)
        if self.witnessed is not None:
            report.unproven = report.last_seq - report.witnessed if report.records else 0
        for seq in sorted(s for s in self.kept if s > report.last_seq):
            self._wrong(paths[-1] if paths else first, 1, f"fin coupée : le témoin a vu l'enregistrement {seq}, qui n'y est plus",
                        report.last_seq + 1)  # fmt: skip
        if self.noted is not None and not self.noted_seen and self.noted[0] >= report.first_seq:
            cut = f"fin coupée : l'enregistrement {self.noted[0]}, noté à l'écriture, n'y est plus"
            if report.last_seq < self.noted[0] and max(self.kept, default=0) <= report.last_seq:
                cut += " (dans la fenêtre non prouvée)"
            self._wrong(paths[-1] if paths else first, 1, cut, report.last_seq + 1)


_Wrong = tuple[str, int]
