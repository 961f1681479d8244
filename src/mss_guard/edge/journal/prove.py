"""`audit prove`: that a record stands in the journal, for somebody who has nothing but the proof, a public key and public tools."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from . import canonical, heads, segments
from .chain import SUFFIX
from .heads import Head
from .search import Found, show
from .tree import audit_path, leaf_hash

FORMAT = "mss-guard-proof/1"


@dataclass(frozen=True, slots=True)
class Proof:
    """One record, its place among the leaves of its segment, the hashes that lead from it to the root, and the signed head
    that holds this root.
    """

    record: str
    index: int
    path: tuple[str, ...]
    head: Head

    def as_json(self) -> dict[str, object]:
        head = {k: v for k, v in asdict(self.head).items() if v is not None}
        return {"record": self.record, "index": self.index, "path": list(self.path), "head": head}


@dataclass(frozen=True, slots=True)
class Unproven:
    """A record that no signed head of its segment covers. `why` is French; `altered`: a head covers it, and says otherwise."""

    found: Found
    why: str
    altered: bool = False


def prove(root: Path, ref: str, witnessed: Iterable[Head] = ()) -> tuple[Proof | Unproven, ...]:
    """For each record under a reference its proof, against a head that the witness holds where there is one, else against
    the last of its segment. That somebody looked at it (`consult`) is no part of what became of a message. Raises OSError.
    """
    kept = {(h.log, h.segment, h.size, h.root) for h in witnessed}
    return tuple(_prove(root, found, kept) for found in show(root, ref) if found.record.get("kind") != "consult")


def _prove(root: Path, found: Found, kept: set[tuple[str, str, int, str]]) -> Proof | Unproven:
    path = root / found.node / found.writer / found.segment
    log = f"{found.record.get('structure')}/{found.node}/{found.writer}"
    lines = [line.data for line in segments.lines(path) if line.whole]
    records = (canonical.loads(data) for data in lines if b'"signature"' in data)
    signed = [h for r in records if r and (h := heads.of_record(r, log, found.segment.removesuffix(SUFFIX)))]
    index = found.line - 1
    covering = [h for h in signed if h.size > index]
    if not covering:
        why = "pas encore sous une tête signée : il y en a une chaque minute tant que le service tourne"
        return Unproven(found, why)
    witnessed = [h for h in covering if (h.log, h.segment, h.size, h.root) in kept]
    head = (witnessed or covering)[-1]
    leaves = [leaf_hash(data) for data in lines[: head.size]]
    way, top = audit_path(leaves, index)
    if top.hex() != head.root:
        why = "le segment n'est plus celui qui a été signé : lancez « mss-guard audit verify »"
        return Unproven(found, why, altered=True)
    return Proof(lines[index].decode(), index, tuple(h.hex() for h in way), head)


def prove_one(root: Path, found: Found) -> Proof | Unproven:
    """The proof of one record whose place is known. Raises OSError."""
    return _prove(root, found, set())


def document(ref: str, proofs: Sequence[Proof]) -> dict[str, object]:
    """The proof as one JSON value."""
    return {"format": FORMAT, "ref": ref, "proofs": [p.as_json() for p in proofs]}
