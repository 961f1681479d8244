"""Segment files as they lie on the disk: which there are, in which order, and where the sound part of one ends."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import canonical
from .chain import Chain, moment
from .tree import EMPTY

NAME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})-([0-9]{3,9})\.jsonl")
HEAD = "head.json"
MAX_LINE = 32 * 1024 * 1024
"""No record of ours comes near; a longer line is damage, and is not read whole."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a segment. `whole`: it ends with a line feed; `data` is without it."""

    number: int
    data: bytes
    whole: bool


@dataclass(frozen=True, slots=True)
class Scan:
    """A segment read from its start. `chain` stands behind its last sound record, at byte `size`; `tail` bytes follow.

    `torn`: the tail holds no whole record, as a power cut in the middle of a write leaves it. Otherwise a tail is
    damage that must stay as it is, for `verify` to show; `chain` then continues behind the last record that can be
    read, and `line` tells where the damage begins.
    """

    chain: Chain
    records: int
    size: int
    tail: int
    torn: bool
    line: int


def writers(root: Path) -> Iterator[tuple[str, str, Path]]:
    """(node, writer, directory) of every writer under the journal's root."""
    for node in sorted(p for p in root.glob("*") if p.is_dir()):
        for writer in sorted(p for p in node.glob("*") if p.is_dir()):
            yield node.name, writer.name, writer


def ordered(directory: Path) -> tuple[Path, ...]:
    """The segments in the order of the chain: by the number of their first record (after a clock jump names may not
    sort so).
    """
    found = sorted(p for p in directory.glob("*.jsonl") if NAME.fullmatch(p.name))
    return tuple(sorted(found, key=first_seq))


def first_seq(path: Path) -> float:
    """The number of a segment's first record; where that cannot be read, from the first one that can."""
    for line in lines(path):
        record = canonical.loads(line.data)
        seq = record.get("seq") if record else None
        if isinstance(seq, int):
            return seq - (line.number - 1)
    return float("inf")


def next_name(directory: Path, day: str) -> str:
    """The name of a new segment of this UTC day."""
    numbers = [int(m[2]) for p in directory.iterdir() if (m := NAME.fullmatch(p.name)) and m[1] == day]
    return f"{day}-{max(numbers, default=0) + 1:03}.jsonl"


def lines(path: Path) -> Iterator[Line]:
    """The lines of a segment, at most MAX_LINE bytes each."""
    with path.open("rb") as file:
        number = 0
        while data := file.readline(MAX_LINE):
            number += 1
            yield Line(number, data.removesuffix(b"\n"), data.endswith(b"\n"))


def scan(path: Path, structure: str) -> Scan:
    """Follow the chain of one segment as far as it holds. Raises OSError."""
    chain, size, records = Chain(structure, segment=path.name), 0, 0
    stream = lines(path)
    for line in stream:
        follower = _follow(chain, line, first=records == 0)
        if follower is None:
            tail, beyond = _tail(chain, line, stream)
            return Scan(beyond or chain, records, size, tail, beyond is None, line.number)
        chain, size, records = follower, size + len(line.data) + 1, records + 1
    return Scan(chain, records, size, 0, True, records + 1)


def _follow(chain: Chain, line: Line, *, first: bool) -> Chain | None:
    """The chain with this line, or None when it does not belong there."""
    record = canonical.loads(line.data) if line.whole else None
    if record is None or chain.closed:
        return None
    seq, prev = record.get("seq"), record.get("prev")
    try:
        at = moment(record.get("at"))
    except ValueError:
        return None
    if not isinstance(seq, int) or not isinstance(prev, str):
        return None
    if first:
        refs = record.get("open")
        if record.get("kind") != "segment-open" or not isinstance(refs, list):
            return None
        chain = Chain(chain.structure, seq - 1, prev, None, EMPTY, frozenset(map(str, refs)), chain.segment)
    return chain.followed_by(line.data, record, at) if (seq, prev) == (chain.seq + 1, chain.prev) else None


def _tail(chain: Chain, bad: Line, rest: Iterator[Line]) -> tuple[int, Chain | None]:
    """How many bytes follow the sound part, and the chain behind the last whole record among them, None when there is
    none.
    """
    size, beyond, line = 0, None, bad
    while True:
        size += len(line.data) + line.whole
        record = canonical.loads(line.data) if line.whole else None
        seq = record.get("seq") if record else None
        if record is not None and isinstance(seq, int):
            try:
                at = moment(record.get("at"))
            except ValueError:
                at = chain.at or moment("1970-01-01T00:00:00.000000Z")
            start = beyond or chain
            after = Chain(
                chain.structure, max(seq - 1, start.seq), start.prev, start.at, chain.tree, start.open, chain.segment
            )
            beyond = after.followed_by(line.data, record, at)
        following = next(rest, None)
        if following is None:
            return size, beyond
        line = following


def noted_head(directory: Path) -> tuple[int, str] | None:
    """(seq, hash) of the last record when `head.json` was written; None when there is none or it cannot be read."""
    try:
        head = json.loads((directory / HEAD).read_bytes())
        return int(head["seq"]), str(head["hash"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
