"""The chain as a value: which record comes next, and what its bytes are. No disk here.

A Chain is advanced tentatively and kept only once its bytes are durable; so what failed to be written was never in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from . import canonical
from .fields import VERSION
from .heads import Head
from .signing import Public, Signer
from .tree import EMPTY, Tree

GENESIS = "0" * 64
"""`prev` of a writer's very first record."""
SUFFIX = ".jsonl"
_TOLERATED = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """A record that waits for its place in the chain. `happened` is set when it may be written later than it
    happened.
    """

    kind: str
    ref: str | None
    fields: Mapping[str, object]
    knowledge: str | None = None
    happened: datetime | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """Where a writer's chain stands after its last durable record.

    `seq`: number of that record (0: none yet). `tree`: over the records of the segment at hand. `open`: references of
    decisions without outcome. `segment`: file name of the segment at hand, "" before the first; `closed`: its
    segment-close is written. `signer`: id of the key that signs the heads from here on, as this segment says; `signed`:
    number of the last record that carries a signed head.
    """

    structure: str
    seq: int = 0
    prev: str = GENESIS
    at: datetime | None = None
    tree: Tree = EMPTY
    open: frozenset[str] = frozenset()
    segment: str = ""
    closed: bool = False
    signer: str = ""
    signed: int = 0

    def add(self, entry: Entry, now: datetime) -> tuple[Chain, bytes]:
        """The chain with one more record, and that record's bytes without line end. Time never runs backwards by less
        than a second.
        """
        at = self._time(now)
        record: dict[str, object] = {
            **entry.fields,
            "v": VERSION,
            "kind": entry.kind,
            "seq": self.seq + 1,
            "prev": self.prev,
            "at": stamp(at),
            "structure": self.structure,
            "knowledge": entry.knowledge,
            "ref": entry.ref,
        }
        if entry.happened is not None and at - entry.happened > timedelta(seconds=5):
            record["event_at"] = stamp(entry.happened)
        line = canonical.dumps(record)
        return self.followed_by(line, record, at), line

    def followed_by(self, line: bytes, record: Mapping[str, object], at: datetime) -> Chain:
        """The chain after a record that is there already."""
        kind, ref = record.get("kind"), str(record.get("ref"))
        opened = self.open
        if kind == "decision":
            opened |= {ref}
        elif kind == "outcome":
            opened -= {ref}
        return replace(
            self,
            seq=self.seq + 1,
            prev=canonical.digest(line),
            at=at,
            tree=self.tree if kind == "segment-close" else self.tree.add(line),
            open=opened,
            closed=kind == "segment-close",
            signer=_signer(record) or self.signer,
            signed=self.seq + 1 if "signature" in record else self.signed,
        )

    def _time(self, now: datetime) -> datetime:
        return max(now, self.at) if self.at is not None and now > self.at - _TOLERATED else now

    def jump(self, now: datetime) -> Entry | None:
        """The record of a clock that went back by a second or more."""
        if self.at is None or now > self.at - _TOLERATED:
            return None
        back = (self.at - now) // timedelta(milliseconds=1)
        return Entry("clock-jump", None, {"before": stamp(self.at), "back_ms": back})

    def close(self) -> Entry:
        """The last record of the segment at hand, unsigned: how many records it holds and their Merkle tree head."""
        return Entry("segment-close", None, {"records": self.tree.size, "root": self.tree.root})

    def signed_head(self, kind: str, log: str, now: datetime, by: Signer, successor: Public | None = None) -> Entry:
        """The next record as one that carries a signed head (`heads`): a checkpoint or a segment-close."""
        segment = self.segment.removesuffix(SUFFIX)
        head = Head(log, segment, self.tree.size, self.tree.root, self.seq, self.prev, stamp(self._time(now)),
                    by.public.id, successor=successor.id if successor else None)  # fmt: skip
        fields = {"records": head.size, "root": head.root, "key": head.key, "signature": by.sign(head.text)}
        if successor is not None:
            fields["successor"] = {"id": successor.id, "public": successor.raw}
        return Entry(kind, None, fields)

    def begin(self, segment: str, keys: tuple[str, ...], signer: Public | None = None) -> tuple[Chain, Entry]:
        """A new segment: it names the one before with its root, so that each proves the other whether or not that was
        closed in order.
        """
        previous = (
            {"segment": self.segment, "records": self.tree.size, "root": self.tree.root} if self.segment else None
        )
        fields: dict[str, object] = {"segment": segment, "previous": previous, "keys": list(keys)}
        fields["open"] = sorted(self.open)
        if signer is not None:
            fields["signer"] = {"id": signer.id, "public": signer.raw}
        return replace(self, tree=EMPTY, segment=segment, closed=False), Entry("segment-open", None, fields)


def _signer(record: Mapping[str, object]) -> str:
    """The key that signs from this record on, where it says so: at the head of a segment, or when a key hands over."""
    given = record.get("signer") or record.get("successor")
    return str(given.get("id")) if isinstance(given, Mapping) else ""


def stamp(moment: datetime) -> str:
    """UTC with microseconds: 2026-11-22T22:00:05.123456Z."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def moment(text: object) -> datetime:
    """The reverse of `stamp`. Raises ValueError."""
    return datetime.strptime(text if isinstance(text, str) else "", "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
