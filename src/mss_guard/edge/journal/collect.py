"""The signed heads that stand in the files, for a witness: what each writer has signed since it was last told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from . import canonical, heads, segments
from .chain import SUFFIX
from .heads import Head


def fresh_heads(root: Path, told: Mapping[str, int]) -> tuple[Head, ...]:
    """Of each writer (`node/writer`) the head of every segment closed behind record `told`, and the newest head of all:
    so each record below it can be proven in its own segment. Raises OSError.
    """
    found: list[Head] = []
    for node, writer, directory in segments.writers(root):
        found += _of(directory, f"{node}/{writer}", told.get(f"{node}/{writer}", 0))
    return tuple(found)


def _of(directory: Path, name: str, told: int) -> list[Head]:
    closed: list[Head] = []
    newest: Head | None = None
    for path in _behind(segments.ordered(directory), told):
        for line in segments.lines(path):
            if b'"signature"' not in line.data or not line.whole:
                continue
            record = canonical.loads(line.data) or {}
            head = heads.of_record(record, f"{record.get('structure')}/{name}", path.name.removesuffix(SUFFIX))
            if head is not None and head.seq > told:
                newest = head
                closed += [head] if record.get("kind") == "segment-close" else []
    return closed if newest is None or newest in closed else [*closed, newest]


def _behind(ordered: tuple[Path, ...], told: int) -> tuple[Path, ...]:
    """Segments that may hold a record behind `told`: none before the last one that begins at or below it."""
    starts = [segments.first_seq(path) for path in ordered]
    below = [i for i, seq in enumerate(starts) if seq <= told]
    return ordered[max(below) if below else 0 :]
