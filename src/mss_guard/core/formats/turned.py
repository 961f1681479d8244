"""Whether the lines of a page run from top to bottom: told from the sums of its rows and columns, in a few hundredths
of a second. OCR then looks for the orientation at once, instead of reading letters that lie on their side first."""

from __future__ import annotations

import re
from itertools import pairwise

_STEP = 4  # one pixel in so many of a row or column is enough
_CLEAR = 4.0  # times as sharp: measured 9 to 40 on their side, 0.1 upright, up to 1.6 tilted by two degrees
_HEAD = re.compile(rb"P5 (\d{1,6}) (\d{1,6}) 255\n")


def sideways(picture: bytes) -> bool:
    """True for a PGM (as `scans` draws it) whose columns alternate more sharply than its rows; False for anything
    else."""
    head = _HEAD.match(picture)
    if head is None:
        return False
    width, height = int(head[1]), int(head[2])
    pixels = picture[head.end() :]
    if min(width, height) < 8 * _STEP or len(pixels) < width * height:
        return False
    rows = [sum(pixels[y * width : (y + 1) * width : _STEP]) / width for y in range(height)]
    columns = [sum(pixels[x : width * height : _STEP * width]) / height for x in range(width)]
    return _sharpness(columns) > _CLEAR * _sharpness(rows)


def _sharpness(sums: list[float]) -> float:
    return sum((a - b) ** 2 for a, b in pairwise(sums)) / len(sums)
