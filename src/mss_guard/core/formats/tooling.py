"""What a reader may ask of the programs outside the parser worker: the words of a picture, of an old Word file.

The core starts no program: whoever runs the inspection hands in `Tools`, a plain function. Without one every answer is
`no-text`, which readers turn into a state of the place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from mss_guard.core.model import Why


class Tool(StrEnum):
    """The programs of the tool worker, by what they make text of."""

    OCR = "ocr"  # tesseract: one picture (PNG, JPEG, TIFF, BMP, GIF, WEBP, PNM)
    WORD = "word"  # antiword: a DOC file
    SLIDES = "slides"  # catppt: a PPT file


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """`why`: None when all of it was read; PARTIAL, TIMEOUT, DAMAGED, TOO_LARGE, or NO_TEXT (nothing legible, or no
    such tool here). `text` holds what was read all the same."""

    text: str = ""
    why: Why | None = None


Tools = Callable[[Tool, bytes], ToolAnswer]


def no_tools(_tool: Tool, _data: bytes, /) -> ToolAnswer:
    """The answer where no program can be asked."""
    return ToolAnswer("", Why.NO_TEXT)
