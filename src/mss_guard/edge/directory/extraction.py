"""The open extraction of the Annuaire Santé, line by line: "Extraction_Correspondance_MSSante_AAAAMMJJhhmm.txt", plain or in its zip.

UTF-8, `|`, a header line, 31 columns (domain.md §5; half a million lines, 90 MB): streamed, never held whole.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from mss_guard.core.boxes import Box, Kind, automatic

COLUMNS = 31
_HEADER = ("type de bal", "adresse bal")
_KINDS: dict[str, Kind] = {
    "PER": "nominative",
    "ORG": "organisationnelle",
    "CAB": "organisationnelle",
    "APP": "applicative",
}
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])")
_STAMP = re.compile(r"_(\d{12})\.(?:txt|zip)$")
_LINE = 16_384  # characters; the longest real line has under a thousand


class ExtractionRefusedError(Exception):
    """The file is not the extraction. French, for the administrator."""


@dataclass(slots=True)
class Extraction:
    """An open extraction. Iterate `boxes()` once; `lines` and `dropped` are counted meanwhile."""

    text: TextIOWrapper = field(repr=False)
    size: int
    dated: datetime
    lines: int = 0
    dropped: int = 0
    raw: BinaryIO | None = field(default=None, repr=False)

    @property
    def done(self) -> float:
        """How much has been read, 0 to 1."""
        return min(self.raw.tell() / self.size, 1.0) if self.raw is not None and self.size else 1.0

    def boxes(self) -> Iterator[Box]:
        """Every box a person may write to, in the order of the file; an address on several lines comes several times.

        Raises ExtractionRefusedError for a header of another kind, UnicodeDecodeError for another encoding.
        """
        header = self.text.readline(_LINE).lstrip("\ufeff").casefold().split("|")
        if len(header) < COLUMNS or tuple(header[:2]) != _HEADER:
            raise ExtractionRefusedError(
                "ce n'est pas l'extraction des boîtes MSSanté : 31 colonnes, « Type de BAL | Adresse BAL | … »"
            )
        while line := self.text.readline(_LINE):
            self.lines += 1
            box = _box(line.rstrip("\r\n").split("|"))
            if box is None:
                self.dropped += 1
            else:
                yield box


def _box(columns: list[str]) -> Box | None:
    """A line as a box; None when it has no usable address, or one that only a program reads."""
    if len(columns) < COLUMNS:
        return None
    kind, address = _KINDS.get(columns[0].strip().upper()), columns[1].strip()
    local_part, _, domain = address.rpartition("@")
    address = f"{local_part}@{domain.lower()}"
    if kind is None or kind == "applicative" or not _ADDRESS.fullmatch(address) or automatic(address):
        return None
    given = columns[10].strip()
    code, _, town = columns[27].strip().partition(" ")
    return Box(
        address=address,
        kind=kind,
        surname=columns[9].strip(),
        given=given,
        profession=columns[14].strip(),
        skill=columns[16].strip(),
        service=columns[7].strip(),
        structure=columns[18].strip(),
        sign=columns[19].strip(),
        postcode=columns[28].strip() or (code if code.isdigit() else ""),
        town=town.strip() if code.isdigit() else columns[27].strip(),
        department=columns[29].strip(),
    )


@contextmanager
def read(path: Path) -> Iterator[Extraction]:
    """Open an extraction, plain or zipped. Raises ExtractionRefusedError; OSError when it cannot be read."""
    with path.open("rb") as file:
        dated = _date(path.name, path)
        if file.read(4) == b"PK\x03\x04":
            with _zipped(path) as (inside, size, name):
                yield Extraction(TextIOWrapper(inside, "utf-8", newline="\n"), size, _date(name, path), raw=inside)
        else:
            file.seek(0)
            yield Extraction(TextIOWrapper(file, "utf-8", newline="\n"), path.stat().st_size, dated, raw=file)


@contextmanager
def _zipped(path: Path) -> Iterator[tuple[BinaryIO, int, str]]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [i for i in archive.infolist() if i.filename.lower().endswith(".txt")]
            if len(names) != 1:
                raise ExtractionRefusedError("l'archive ne contient pas un seul fichier .txt")
            with archive.open(names[0]) as inside:
                yield inside, names[0].file_size, names[0].filename  # type: ignore[misc]
    except (zipfile.BadZipFile, EOFError) as problem:
        raise ExtractionRefusedError("l'archive est abîmée") from problem


def _date(name: str, path: Path) -> datetime:
    """The date in the name (its producer's), else the file's own."""
    if stamp := _STAMP.search(name):
        try:
            return datetime.strptime(stamp[1], "%Y%m%d%H%M").replace(tzinfo=UTC)
        except ValueError:
            pass
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
