"""`make readers-report`: format × form → found, unreadable (why) or missed.

Found: the sentinel sentence, folded, stands in a text that `formats.read_document` kept. Missed: it does not, and no
place says that something was not read. A truncated or encrypted document may be either found or named unreadable."""

from __future__ import annotations

import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from mss_guard.core import formats
from mss_guard.core.formats import kinds
from mss_guard.core.model import Content, State, Why
from tests.core.formats import build
from tests.readers import foreign, programs
from tests.readers.samples import LOCKED, MADE, SENTINEL, SHUT

FORMS = ("plain", "renamed", "in zip", "in zip in zip", "in .eml", "encrypted", "truncated", "empty")


def folded(text: str) -> str:
    """Letters and digits only, without accents or case: OCR and layout move spaces."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain.casefold() if c.isalnum())


def forms(name: str, data: bytes, locked: bytes | None) -> dict[str, tuple[str, bytes] | None]:
    """One document in each form, as (file name, bytes). Without `data` only the locked one is there."""
    if not data:
        return {form: (name, locked) if form == "encrypted" and locked is not None else None for form in FORMS}
    zipped = build.zipped({name: data})
    return {
        "plain": (name, data),
        "renamed": ("vacances.jpg", data),
        "in zip": ("a.zip", zipped),
        "in zip in zip": ("a.zip", build.zipped({"b.zip": zipped})),
        "in .eml": ("a.eml", build.mail("Bonjour", attachments={name: data})),
        "encrypted": (name, locked) if locked is not None else None,
        "truncated": (name, data[: len(data) * 2 // 3]),
        "empty": (name, b""),
    }


def judged(form: str, content: Content, data: bytes) -> str:
    """The cell of one document in one form; `data` is the whole document, before anything was done to it."""
    whys = sorted({place.why.value for place in content.places if place.why is not None})
    if form == "empty":
        return "nothing" if content.places and not whys else "missed"
    if form == "encrypted":
        return "unreadable(encrypted)" if Why.ENCRYPTED.value in whys else "missed"
    wanted = folded(SENTINEL)
    if any(wanted in folded(text.text) for text in content.texts) or (form == "truncated" and content.markers):
        return "found"  # a certain format is health data without a word of it
    if any(place.state is State.UNREADABLE for place in content.places):
        return f"unreadable({','.join(whys)})"
    return "cut" if form == "truncated" and _plain(data) else "missed"


def _plain(data: bytes) -> bool:
    """Characters that hold the sentence as it stands: cut before its end, they are a shorter text, not a damaged one."""
    return kinds.sniff(data).reader == kinds.TEXT and folded(SENTINEL) in folded(data.decode("latin-1"))


def documents(where: Path) -> Iterator[tuple[str, str, bytes, bytes | None]]:
    """(format, file name, bytes, encrypted bytes or None) of everything, ours first."""
    for kind, (name, make) in MADE.items():
        lock = LOCKED.get(kind)
        yield kind, name, make(), lock() if lock else None
    for kind, (name, make) in SHUT.items():
        yield kind, name, b"", make()
    foreign.prepare(where, SENTINEL, build.pdf("Bonjour"))
    yield from foreign.made(where)


def rows(where: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The table, one format at a time."""
    for kind, name, data, locked in documents(where):
        cells = {}
        for form, given in forms(name, data, locked).items():
            cells[form] = (
                "—" if given is None else judged(form, formats.read_document(given[1], given[0], programs.ask), data)
            )
        yield kind, cells


def main() -> int:
    """Prints the table; 1 when something was missed."""
    formats.warm()
    missed = 0
    print("| format | " + " | ".join(FORMS) + " |\n|---" + "|---" * len(FORMS) + "|")
    with tempfile.TemporaryDirectory() as where:
        for kind, cells in rows(Path(where)):
            missed += sum(cell == "missed" for cell in cells.values())
            print(f"| {kind} | " + " | ".join(cells[form] for form in FORMS) + " |", flush=True)
    print(f"\nmissed: {missed}. Foreign programs missing here: {', '.join(foreign.missing()) or 'none'}.")
    print("cut: a plain text that ends before the sentence does. —: the form was not made (most formats know no lock).")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
