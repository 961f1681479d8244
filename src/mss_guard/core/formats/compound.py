"""Streams of an OLE compound file (MS-CFB), by storage. olefile follows the sectors; the bounds are ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import olefile

from mss_guard.core.formats.reading import Reading, Stop
from mss_guard.core.model import Why

MAX_STREAMS = 4_096  # a Word document has ten, a mail with 100 attachments 3,000
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compound:
    """An open compound file. `paths`: its streams, in the order of the directory. `octets`: of the whole file."""

    file: olefile.OleFileIO
    paths: tuple[Path, ...]
    reading: Reading
    octets: int

    def names(self, storage: Path = ()) -> dict[str, Path]:
        """The streams that stand directly in `storage`, by name."""
        depth = len(storage)
        return {p[-1]: p for p in self.paths if len(p) == depth + 1 and p[:depth] == storage}

    def storages(self) -> Iterator[Path]:
        """Every storage that holds a stream, the root first."""
        return iter(dict.fromkeys([(), *(p[:k] for p in self.paths for k in range(1, len(p)))]))

    def sound(self) -> bool:
        """No stream claims more than the whole file: who reads it without our bounds will come to an end."""
        return all(self.file.get_size(list(path)) <= self.octets for path in self.paths)

    def read(self, path: Path) -> bytes:
        """A stream's bytes. Raises Stop: damaged, or the message's allowance of octets is spent."""
        try:
            if self.file.get_size(list(path)) > self.octets:  # olefile follows a chain in a circle to the size it reads
                raise Stop(Why.DAMAGED)
            data = bytes(self.file.openstream(list(path)).read())
        except (OSError, ValueError, IndexError, KeyError):
            raise Stop(Why.DAMAGED) from None
        self.reading.spend(len(data))  # sectors are copied, not inflated: never much more than the file itself
        return data


def opened(reading: Reading, data: bytes) -> Compound:
    """Raises Stop: damaged, or too many streams."""
    try:
        file = olefile.OleFileIO(BytesIO(data))
        paths = tuple(tuple(p) for p in file.listdir())
    except (OSError, ValueError, IndexError, KeyError, AttributeError, TypeError, RecursionError):
        raise Stop(Why.DAMAGED) from None
    if len(paths) > MAX_STREAMS:
        raise Stop(Why.TOO_MANY)
    if file.root.size > len(data):  # the mini stream, which holds all short ones
        raise Stop(Why.DAMAGED)
    return Compound(file, paths, reading, len(data))
