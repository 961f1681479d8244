"""Mails that hold a courtesy, a signature or the name of a structure, and nothing of anybody's health.

The pieces are written by hand, in the text files beside this one: `blocs` (signatures) and `pieds` (what stands under them) are parted by
blank lines; `formules` (what the author writes, `|` for a blank line), `sujets` and `structures` have one a line.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import count
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "blocs.txt"

_TURNS = 4
_FRAMES = (
    "{}",
    "Adresse à indiquer sur le colis :\n{}",
    "Facture à libeller au nom de : {}",
    "Lieu de la réunion : {}.",
)
_MAILBOXES = (
    "contact",
    "secretariat",
    "direction",
    "accueil",
    "comptabilite",
    "stages",
    "c.morel",
    "dr.petit",
    "commandes",
    "mairie",
    "presse",
)
_HTML = ("false", "true", "false", "true", "only", "false", "true")

Entry = dict[str, object]


def entries() -> Iterator[Entry]:
    """The mails, as a YAML file would hold them: the same ones at every run, no two texts alike."""
    numbers = count(1)
    for sender, why, text, quoted in (*_bare(), *_signed(), *_named()):
        yield _entry(next(numbers), sender, why, text, quoted)


def _bare() -> Iterator[tuple[str, str, str, str]]:
    """Nothing but the signature, as when the answer stands in the subject or the author pressed "send" too soon."""
    for block in _parted("blocs"):
        yield block, "une signature seule", block, ""


def _signed() -> Iterator[tuple[str, str, str, str]]:
    blocks, feet, courtesies = _parted("blocs"), _parted("pieds"), _lines("formules")
    for turn in range(_TURNS):
        for at, block in enumerate(blocks):
            n = turn * len(blocks) + at
            courtesy = courtesies[(n * 7 + turn) % len(courtesies)].replace("|", "\n\n")
            below = [feet[(n * 5 + step * 17) % len(feet)] for step in range(turn)]
            quoted = ""
            if n % 5 == 0:
                other = blocks[(at + 31 + turn) % len(blocks)]
                quoted = _quoted(
                    n, f"{courtesies[(n * 11 + 3) % len(courtesies)].replace('|', chr(10) * 2)}\n\n{other}"
                )
            yield block, "une formule et une signature", "\n\n".join([courtesy, block, *below]), quoted


def _named() -> Iterator[tuple[str, str, str, str]]:
    """The name of a structure, alone and in one of the sentences in which an order or a meeting names it."""
    for at, name in enumerate(_lines("structures")):
        for frame in (_FRAMES[0], _FRAMES[1 + at % 3]):
            yield name, "le nom d'une structure", frame.format(name), ""


def _quoted(n: int, text: str) -> str:
    lines = "\n".join(f"> {line}".rstrip() for line in text.splitlines())
    return f"Le {n % 27 + 1:02d}/11/2025 à {8 + n % 10:02d}:{n % 60:02d}, Secrétariat a écrit :\n{lines}"


def _entry(number: int, sender: str, why: str, text: str, quoted: str) -> Entry:
    subjects = _lines("sujets")
    entry: Entry = {
        "id": f"signature-{number:04d}",
        "health": "no",
        "category": "none",
        "why": why,
        "from": f"{_mailbox(sender)}@ght-brume.example",
        "to": [f"{_MAILBOXES[number % len(_MAILBOXES)]}@partenaire-{number % 29}.example"],
        "subject": subjects[number % len(subjects)],
        "text": text,
        "quoted": quoted,
        "html": _HTML[number % len(_HTML)],
    }
    if number % 4 == 0:
        entry["attachments"] = [{"name": f"image00{n + 1}.png", "kind": "png-logo"} for n in range(number % 3 + 1)]
    elif number % 19 == 0:
        entry["attachments"] = [{"name": "smime.p7s", "kind": "p7s"}]
    return entry


def _mailbox(words: str) -> str:
    plain = unicodedata.normalize("NFKD", words.splitlines()[0]).encode("ascii", "ignore").decode().lower()
    return ".".join(re.findall(r"[a-z0-9]+", plain)[:3]) or "contact"


def _lines(name: str) -> list[str]:
    return (HERE / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def _parted(name: str) -> list[str]:
    return (HERE / f"{name}.txt").read_text(encoding="utf-8").strip().split("\n\n")
