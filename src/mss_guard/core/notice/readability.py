"""How long and how easy a notice is to read: words, and the Kandel-Moles score, the French counterpart of Flesch's reading ease.

Kandel and Moles 1958: 207 − 1.015 × words per sentence − 73.6 × syllables per word. 100: very easy; 60 to 70: plain; below 30: for
specialists. Syllables are counted by groups of vowels without a mute e at the end, which is right to about one in ten.
"""

from __future__ import annotations

import re

END = "\n--\n"
"""What stands behind it is for technicians."""
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_ADDRESS = re.compile(r"\S+@\S+|https?://\S+|MSSG-\S+|\S*\d\S*")
_SENTENCE = re.compile(r"[.!?;:]+(?=\s|$)|\n")
_VOWELS = re.compile(r"[aeiouyàâäéèêëîïôöùûüÿœæ]+")


def for_people(text: str) -> str:
    """The notice before its technical block."""
    return text.replace("\r\n", "\n").partition(END)[0]


def word_count(text: str) -> int:
    """Words as a reader meets them: whatever stands between blanks and holds a letter or a digit."""
    return sum(1 for word in for_people(text).split() if any(c.isalnum() for c in word))


def kandel_moles(text: str) -> int:
    """The score of the part for people; addresses, links, numbers and references are looked at, not read."""
    read = _ADDRESS.sub(" ", for_people(text))
    words = _WORD.findall(read.lower())
    sentences = sum(1 for sentence in _SENTENCE.split(read) if _WORD.search(sentence))
    if not words:
        return 0
    syllables = sum(map(_syllables, words))
    return round(207 - 1.015 * len(words) / sentences - 73.6 * syllables / len(words))


def _syllables(word: str) -> int:
    groups = len(_VOWELS.findall(word))
    mute = groups > 1 and re.search(r"[^aeiouyéèêàâîôû]es?$", word) is not None
    return max(groups - mute, 1)
