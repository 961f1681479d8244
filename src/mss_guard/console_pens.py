"""Who writes what console officers do: one writer of the journal for each structure whose officers come here.

A record's structure is its writer's. What somebody did with another structure's decision belongs to that structure: its
officers must find it beside the decision, under their own name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta

from mss_guard.edge.journal import FieldError, Journal, JournalBusy, JournalUnavailable

Open = Callable[[str], Journal]
"""A structure's id → its writer, opened; blocks. Raises JournalBusy, JournalUnavailable."""


class Pens:
    """`own`: of the structure that keeps this guard; the others are opened when they are first needed."""

    def __init__(self, structure: str, own: Journal, opening: Open | None = None) -> None:
        self._structure, self._opening = structure, opening
        self._held, self._lock = {structure: own}, asyncio.Lock()

    async def write(self, structure: str | None, kind: str, ref: str | None, fields: Mapping[str, object]) -> str:
        """On disk when this returns "", else why it is not."""
        try:
            pen = await self._of(structure or self._structure)
            await pen.append(kind, ref, fields, None)
        except (JournalBusy, JournalUnavailable, FieldError) as problem:
            return type(problem).__name__
        return ""

    async def _of(self, structure: str) -> Journal:
        async with self._lock:
            if structure not in self._held:
                if self._opening is None:
                    return self._held[self._structure]
                self._held[structure] = await asyncio.to_thread(self._opening, structure)
            return self._held[structure]

    async def purge(self, retention: timedelta) -> None:
        """Each writer's own segments beyond their time: nobody else touches those of a writer at work. Raises JournalUnavailable."""
        for pen in tuple(self._held.values()):
            await pen.purge(retention)

    async def close(self) -> None:
        """All of them."""
        for pen in tuple(self._held.values()):
            await pen.close()
