"""What a reader may ask of the programs outside the parser worker: the words of a picture.

The core starts no program: whoever runs the inspection hands in `Tools`, a plain function. Without one every answer is
`no-text`, which readers turn into a state of the place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from mss_guard.core.model import Why


class Tool(StrEnum):
    """The programs that a tool worker runs, by what they do."""

    OCR = "ocr"  # tesseract: one picture (PNG, JPEG, TIFF, BMP, GIF, WEBP, PNM) to its words


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
