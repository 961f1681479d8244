"""Retention: whole segments go when their last record is old enough, and the chain itself says which went.

The `purge` record stands in the chain of the writer that is purged, on disk before the first file goes. It names each
segment with its numbers, root and last hash: the chain still proves where it begins, and a proof handed out before still
holds against the root named here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from . import canonical, segments
from .chain import Entry, moment, stamp

KEEP_AT_LEAST = timedelta(days=30)


def cutoff(root: Path, now: datetime, retention: timedelta) -> datetime | None:
    """What is older may go. None: nothing may.

    A clock that is set years ahead must not empty the journal: the day counted from is the last one before today that the
    journal knows, and the day after it at most.
    """
    today = now.date().isoformat()
    days = [m[1] for _, _, d in segments.writers(root) for p in d.iterdir() if (m := segments.NAME.fullmatch(p.name))]
    known = max((day for day in days if day < today), default=None)
    if known is None:
        return None
    return min(now, moment(f"{known}T00:00:00.000000Z") + timedelta(days=2)) - max(retention, KEEP_AT_LEAST)


def due(directory: Path, before: datetime) -> tuple[Path, ...]:
    """The oldest segments of a writer all of whose records are older; not the one at hand, whichever its age."""
    found: list[Path] = []
    for path in segments.ordered(directory)[:-1]:
        if path.name[:10] >= before.date().isoformat() or _ends(path) >= stamp(before):
            break
        found.append(path)
    return tuple(found)


def stale(directory: Path, before: datetime) -> bool:
    """Whether there is anything to purge, the segment at hand included (a writer long silent begins a new one first)."""
    paths = segments.ordered(directory)
    return bool(paths) and paths[0].name[:10] < before.date().isoformat() and _ends(paths[0]) < stamp(before)


def _ends(path: Path) -> str:
    """`at` of the newest readable record; a segment without one has no age, and stays."""
    newest = ""
    for line in segments.lines(path):
        record = canonical.loads(line.data) if line.whole else None
        newest = max(newest, str(record.get("at"))) if record else newest
    return newest or "9"


def entry(directory: Path, paths: tuple[Path, ...], before: datetime, retention: timedelta) -> Entry | None:
    """The record of their purge. Each is described by the beginning of the one after it; from one that cannot be
    described on, all stay. None when nothing goes.
    """
    ordered = segments.ordered(directory)
    following = {p.name: q for p, q in pairwise(ordered)}
    told: list[dict[str, object]] = []
    for path in paths:
        one = _described(path, following[path.name])
        if None in one.values():
            break
        told.append(one)
    fields = {"before": stamp(before), "retention_days": retention.days, "segments": told, "keys": []}
    return Entry("purge", None, fields) if told else None


def _described(path: Path, after: Path) -> dict[str, object]:
    opening = canonical.loads(next(iter(segments.lines(after))).data) or {}
    first = canonical.loads(next(iter(segments.lines(path))).data) or {}
    previous = opening.get("previous")
    named: Mapping[str, object] = previous if isinstance(previous, dict) else {}
    seq = opening.get("seq")
    return {"segment": path.name, "first": first.get("seq"), "last": seq - 1 if isinstance(seq, int) else None,
            "records": named.get("records"), "root": named.get("root"), "head": opening.get("prev")}  # fmt: skip


def named(said: Entry) -> tuple[str, ...]:
    """The files that a purge record names."""
    listed = said.fields.get("segments")
    return tuple(str(one["segment"]) for one in listed) if isinstance(listed, list) else ()


def oldest_year(root: Path) -> int | None:
    """The year of the oldest segment of all writers; None when there is none."""
    names = [p.name for _, _, d in segments.writers(root) for p in d.iterdir() if segments.NAME.fullmatch(p.name)]
    return int(min(names)[:4]) if names else None


@dataclass(slots=True)
class Purges:
    """What the purge records of one chain say, and where that chain begins; for `verify`."""

    _said: dict[object, Mapping[str, object]] = field(default_factory=dict)
    _start: tuple[int, Mapping[str, object]] | None = None
    _early: str | None = None

    def add(self, record: Mapping[str, object]) -> None:
        listed, at, days = record.get("segments"), record.get("at"), record.get("retention_days")
        for one in listed if isinstance(listed, list) else []:
            if isinstance(one, dict):
                self._said[one.get("last")] = one
                if isinstance(days, int) and _too_early(str(one.get("segment")), str(at), days):
                    self._early = (
                        f"purge avant le terme : {one.get('segment')} effacé le {str(at)[:10]} pour {days} jours"
                    )

    def begins(self, seq: int, opening: Mapping[str, object]) -> None:
        """The first record that is still there."""
        self._start = (seq, opening)

    def unsaid(self) -> str | None:
        """What is wrong with the beginning of the chain, in French."""
        if self._start is None:
            return self._early
        seq, opening = self._start
        said = self._said.get(seq - 1)
        named = {k: said.get(k) for k in ("segment", "records", "root")} if said else None
        if said is None or said.get("head") != opening.get("prev") or named != opening.get("previous"):
            return f"début manquant : les enregistrements 1 à {seq - 1} ne sont plus là, et aucune purge du journal ne le dit"
        return self._early


def _too_early(segment: str, at: str, days: int) -> bool:
    try:
        age = moment(at) - moment(f"{segment[:10]}T00:00:00.000000Z")
    except ValueError:
        return True
    return age < timedelta(days=max(days, KEEP_AT_LEAST.days))
