"""Reading the journal: records that fit a filter, over all writers, in the order of time. Needs no index and no
lock.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from . import canonical, segments
from .chain import stamp


@dataclass(frozen=True, slots=True)
class Found:
    """A record and where it stands."""

    node: str
    writer: str
    segment: str
    line: int
    record: dict[str, object]

    @property
    def at(self) -> str:
        return str(self.record.get("at"))


@dataclass(frozen=True, slots=True)
class Filters:
    """All that is given must hold; what is empty or None asks nothing.

    `who`: pseudonym ids, one for each key held (`Keys.candidates`); sender or recipient. `domain`: of the sender or a
    recipient, A-label. `rule`: a rule id among the findings, or a family ("document").
    `uninspected`: why nobody looked (bypass, fault …). `standing`: of a recipient.
    """

    ref: str | None = None
    kinds: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    action: str | None = None
    reason: str | None = None
    domain: str | None = None
    who: frozenset[str] = field(default=frozenset())
    rule: str | None = None
    uninspected: str | None = None
    standing: str | None = None
    structure: str | None = None


def search(root: Path, filters: Filters) -> Iterator[Found]:
    """Fitting records, oldest first. Lines that cannot be read are passed over: `verify` is who speaks of them. Raises
    OSError.
    """
    streams = [_stream(node, writer, directory, filters) for node, writer, directory in segments.writers(root)]
    return heapq.merge(*streams, key=lambda found: found.at)


def follow(root: Path, after: Mapping[tuple[str, str], int]) -> Iterator[Found]:
    """Every record behind the given sequence number of its writer (all of a writer that is not named), each writer's in
    their order. Lines that cannot be read are passed over. Raises OSError.
    """
    for node, writer, directory in segments.writers(root):
        last = after.get((node, writer), -1)
        for path in _behind(segments.ordered(directory), last):
            for line in segments.lines(path):
                record = canonical.loads(line.data) if line.whole else None
                seq = record.get("seq") if record else None
                if record is not None and isinstance(seq, int) and seq > last:
                    last = seq
                    yield Found(node, writer, path.name, line.number, record)


def oldest(root: Path) -> str | None:
    """The UTC day of the oldest segment that is left; None for an empty journal."""
    return min(
        (path.name[:10] for _, _, directory in segments.writers(root) for path in segments.ordered(directory)),
        default=None,
    )


def _behind(paths: Sequence[Path], last: int) -> Sequence[Path]:
    """The segments from the one that holds the record after `last`: those before it need not be read again."""
    begins = [index for index, path in enumerate(paths) if segments.first_seq(path) <= last + 1]
    return paths[begins[-1] :] if begins else paths


def read(root: Path, node: str, writer: str, segment: str, line: int) -> Found | None:
    """The record at one place; None when it is not there, or not on this machine. Raises OSError but for a missing file."""
    path = root / node / writer / segment
    if not path.is_file():
        return None
    held = next((one for one in segments.lines(path) if one.number == line and one.whole), None)
    record = canonical.loads(held.data) if held else None
    return Found(node, writer, segment, line, record) if record is not None else None


def show(root: Path, ref: str) -> tuple[Found, ...]:
    """All that is written under one reference."""
    return tuple(search(root, Filters(ref=ref)))


def _stream(node: str, writer: str, directory: Path, filters: Filters) -> Iterator[Found]:
    # Cheap before dear: a line without the bytes that a filter asks for need not be parsed.
    needles = [word.encode() for word in (filters.ref, filters.domain, filters.action, filters.reason) if word]
    since, until = (stamp(moment) if moment else None for moment in (filters.since, filters.until))
    for path in segments.ordered(directory):
        for line in segments.lines(path):
            if not line.whole or any(needle not in line.data for needle in needles):
                continue
            record = canonical.loads(line.data)
            if record is not None and _fits(record, filters, since, until):
                yield Found(node, writer, path.name, line.number, record)


def _fits(record: dict[str, object], filters: Filters, since: str | None, until: str | None) -> bool:
    at = str(record.get("at"))
    if (since and at < since) or (until and at >= until):
        return False
    if filters.ref and record.get("ref") != filters.ref:
        return False
    if filters.kinds and record.get("kind") not in filters.kinds:
        return False
    if filters.structure and record.get("structure") != filters.structure:
        return False
    if filters.uninspected and record.get("uninspected") != filters.uninspected:
        return False
    people = [record.get("sender"), *_listed(record, "recipients")]
    return (
        _any(filters.action, [record, *people], "action")
        and _any(filters.reason, [record, *people], "reason")
        and _any(filters.domain, people, "domain")
        and _any(filters.standing, people, "standing")
        and (not filters.who or any(_who(person) in filters.who for person in people))
        and (not filters.rule or any(_rule_fits(finding, filters.rule) for finding in _listed(record, "findings")))
    )


def _any(wanted: str | None, holders: list[object], key: str) -> bool:
    return wanted is None or any(isinstance(holder, dict) and holder.get(key) == wanted for holder in holders)


def _who(person: object) -> str | None:
    who = person.get("who") if isinstance(person, dict) else None
    return str(who.get("id")) if isinstance(who, dict) else None


def _rule_fits(finding: object, rule: str) -> bool:
    found = str(finding.get("rule")) if isinstance(finding, dict) else ""
    return found == rule or found.startswith(rule + ".")


def _listed(record: dict[str, object], key: str) -> list[object]:
    value = record.get(key)
    return value if isinstance(value, list) else []
