"""What tesseract is asked, and what its table of words says.

A page that stands upright needs no search for its orientation, which costs half as much again. One that lies on its
side gives words all the same, none of which it believes: the page is then asked for again, turned as it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_BASE: Final = ("tesseract", "stdin", "stdout", "-l", "fra", "--psm")
COMMANDS: Final = ((*_BASE, "3", "tsv"), (*_BASE, "1", "tsv"))
"""Upright, then with a look at the orientation."""

_DOUBT: Final = 60.0  # of 100: clean, tilted and noisy pages have 93 and more, pages on their side or head 20
_FEW: Final = 5  # words: a photograph gives fewer, and is not asked twice
_COLUMNS: Final = 12
_WORD_LEVEL: Final = "5"


@dataclass(frozen=True, slots=True)
class Page:
    """Words in reading order, a line of the page a line; how sure of its letters tesseract is, of 100."""

    text: str
    confidence: float
    words: int

    @property
    def doubtful(self) -> bool:
        return self.words >= _FEW and self.confidence < _DOUBT


def page(table: str) -> Page:
    """The page of a table (tesseract(1), "tsv"): level, page, block, paragraph, line, word, four measures, confidence,
    text. Rows that are none are left out."""
    lines: dict[tuple[str, ...], list[str]] = {}
    letters = words = 0
    sure = 0.0
    for row in table.split("\n"):
        cells = row.split("\t", _COLUMNS - 1)
        if len(cells) < _COLUMNS or cells[0] != _WORD_LEVEL or not cells[11].strip():
            continue
        word = cells[11].strip()
        try:
            confidence = min(max(float(cells[10]), 0.0), 100.0)
        except ValueError:
            continue
        lines.setdefault(tuple(cells[1:5]), []).append(word)
        letters += len(word)
        words += 1
        sure += confidence * len(word)
    return Page(_joined(lines), sure / letters if letters else 0.0, words)


def _joined(lines: dict[tuple[str, ...], list[str]]) -> str:
    """Lines, with an empty one between paragraphs."""
    out: list[str] = []
    before: tuple[str, ...] = ()
    for place, words in lines.items():
        if before and place[:3] != before:
            out.append("")
        out.append(" ".join(words))
        before = place[:3]
    return "\n".join(out)
