"""Asking for the words of a picture, and telling words from the crumbs that OCR makes of a landscape."""

from __future__ import annotations

import re

from mss_guard.core.formats import turned
from mss_guard.core.formats.reading import Doc, Reading
from mss_guard.core.formats.tooling import Tool
from mss_guard.core.model import Why

MIN_WORDS = 5  # a photograph gives a few short runs of letters; the shortest letter has a date line and a greeting
_WORD = re.compile(r"[^\W\d_]{3,}")
_VOWEL = re.compile(r"[aeiouyàâäéèêëîïôöùûüœæ]", re.IGNORECASE)
_LEGIBLE_SHARE = 0.4  # of all that is not blank: letters in words; a laboratory table has many figures


def is_legible(text: str) -> bool:
    """At least MIN_WORDS pronounceable words, and these are not lost among crumbs."""
    words = [word for word in _WORD.findall(text) if _VOWEL.search(word)]
    ink = sum(map(len, text.split()))
    return len(words) >= MIN_WORDS and sum(map(len, words)) >= _LEGIBLE_SHARE * ink


def words_of_picture(reading: Reading, doc: Doc, picture: bytes) -> Why | None:
    """OCR `picture` into the texts of `doc`; None when all of it was read. What little was read is kept whatever the
    answer.

    A time-out is no-text, or partial when words came: the fine grain of a holiday photograph may cost any OCR its time,
    and its sender has done nothing odd."""
    answer = reading.tools(Tool.OCR, turned.upright(picture) if turned.sideways(picture) else picture)
    reading.text(doc, answer.text)
    legible = is_legible(answer.text)
    if answer.why in (Why.TIMEOUT, Why.PARTIAL):
        return Why.PARTIAL if legible else Why.NO_TEXT
    return answer.why or (None if legible else Why.NO_TEXT)
