"""Text as it was written in, text as rules compare it out: one letter for every way of writing that letter.

What a sender, a mail client or an evader can change without a reader noticing is undone here: compatibility forms,
accents, homoglyphs, invisible characters, typographic dashes and quotes, words cut at the line end, letters spaced out,
UTF-8 that was read as Latin-1. Sources: Unicode UAX #15 (NFKD), UTS #39 (confusables: the Latin look-alikes of Cyrillic
and Greek only).

The two results, lower case and with its case kept, are index-aligned and hold one Latin-1 character per position, so
that a byte offset of RE2 in Latin-1 mode is a position. `Folded.origin` maps a position back to the text as written;
that slow path runs only when somebody asks to see the place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, TypeVar

import re2

T = TypeVar("T")

_HOMOGLYPHS = dict(
    zip(
        "аеорсухіјѕһԁԛԝгкмтнвАВЕКМНОРСТУХІЈЅԚԜӀοανρτικυχεηΑΒΕΖΗΙΚΜΝΟΡΤΥΧμɑɡօոսıłŁđĐøØ",
        "aeopcyxijshdqwrkmtnbABEKMHOPCTYXIJSQWIoavptikuxenABEZHIKMNOPTYXuagonsilLdDoO",
        strict=True,
    )
)
_WRITTEN = {
    **dict.fromkeys("’‘ʼ′‛`´‚ʹˈ", "'"),
    **dict.fromkeys("“”„‟«»″〝〞", '"'),
    **dict.fromkeys("‐‑‒–—―−﹘﹣－⁃", "-"),
    **dict.fromkeys("•‣▪●◦·∙", "-"),
    **dict.fromkeys("\r\x0b\x0c\x85\u2028\u2029", "\n"),
    **dict.fromkeys("\t\u2800", " "),
    **dict.fromkeys("°º", "°"),
    "\n": "\n",
    "œ": "oe",
    "Œ": "OE",
    "æ": "ae",
    "Æ": "AE",
    "ß": "ss",
    "ẞ": "SS",
    "ð": "d",
    "Ð": "D",
    "þ": "th",
    "Þ": "TH",
    "İ": "I",
    "…": "...",
    "µ": "u",
    "€": "¤",  # Latin-1 has no euro sign
}
_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789")
_BLANKED = bytes(c if c in _LETTERS else 0x20 for c in range(256))
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u17b4\u17b5")
_UNKNOWN = "¬"  # one position for what no rule can name


def _fold_character(character: str) -> str:
    """What one character is compared as: Latin-1 text, possibly empty, of any length."""
    if (known := _WRITTEN.get(character) or _HOMOGLYPHS.get(character)) is not None:
        return known
    category = unicodedata.category(character)
    if category in ("Mn", "Me", "Cf", "Cc") or character in _FILLERS:
        return ""
    if category in ("Zs", "Zl", "Zp"):
        return " "
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    pieces = [c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c)]
    if pieces == [character]:
        return character if character < "\x7f" or "\xa0" < character <= "\xff" else _UNKNOWN
    return "".join(_fold_character(c) for c in pieces)


class _Table(dict[int, str]):
    """Filled as characters are met; Unicode bounds it."""

    def __missing__(self, codepoint: int) -> str:
        self[codepoint] = folded = _fold_character(chr(codepoint))
        return folded


_TABLE = _Table()
for _codepoint in range(0x180):
    _TABLE[_codepoint]

# The common case: what French mail holds beyond Latin-1 is replaced in place, then one 256-byte table does the rest.
_COMMON = tuple((c, _TABLE[ord(c)]) for c in "’–—œ“”…Œ‘•\u202f\u200b\ufeff\u200c\u200d\u2011æÆß")
_SINGLE = bytes(ord(_TABLE[c]) if len(_TABLE[c]) == 1 else 0x20 for c in range(256))
_GONE = bytes(c for c in range(256) if _TABLE[c] == "")
_FEW = 12  # so many different rare characters are replaced one by one, which is faster than the general way
_NOT_LONGER = bytes(c for c in range(256) if len(_TABLE[c]) < 2)

_MOJIBAKE = re.compile(
    "(?:[\u00c2-\u00df][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|[\u00e2][\u0080\u20ac][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ])+"
)
_LINE_END = re.compile("\r\n?")
_WRAPPED = re.compile(r"(?<=[A-Za-z])-\n(?:[> ]{1,12})?(?=[a-z])")
_SPACED = re.compile(r"(?<![A-Za-z0-9])[A-Za-z](?:[ .*_-][A-Za-z]){4,200}(?![A-Za-z0-9])")
_LATIN1 = re2.Options()
_LATIN1.encoding = re2.Options.Encoding.LATIN1
_compile_re2: Any = re2.compile
_ODD_WORDS = _compile_re2(rb"(?:[A-Za-z][ .*_-]){4}[A-Za-z]", _LATIN1)
_SEPARATORS = re.compile(r"[ .*_-]")


@dataclass(frozen=True)
class Folded:
    """The two aligned readings of a text, as str and as Latin-1 bytes; `source` is the text as written."""

    source: str
    cased: str
    lower: str

    @cached_property
    def lower_bytes(self) -> bytes:
        return self.lower.encode("latin-1", "replace")

    @cached_property
    def cased_bytes(self) -> bytes:
        return self.cased.encode("latin-1", "replace")

    @cached_property
    def words(self) -> list[bytes]:
        """The runs of letters and digits. Each other character ends one, so that a run of these leaves empty ones, and
        words are numbered with the gaps between them.
        """
        return self.lower_bytes.translate(_BLANKED).split(b" ")

    @cached_property
    def _worked_out(self) -> dict[object, Any]:
        return {}

    def once(self, question: object, answer: Callable[[], T]) -> T:
        """The answer to a question about this text, worked out when it is first asked and kept as long as the text."""
        if question not in self._worked_out:
            self._worked_out[question] = answer()
        found: T = self._worked_out[question]
        return found

    @cached_property
    def distinct(self) -> frozenset[bytes]:
        """The words, each once."""
        return frozenset(self.words)

    @cached_property
    def ends(self) -> list[int]:
        """Where each word ends, the characters between the words left out."""
        return list(accumulate(map(len, self.words)))

    def __len__(self) -> int:
        return len(self.lower)

    @cached_property
    def _origins(self) -> list[int]:
        traced = _Traced(self.source, list(range(len(self.source))))
        for applies, pattern, replacement in _STEPS:
            if applies(traced.text):
                traced = traced.replaced(pattern, replacement)
        return [*traced.origins, len(self.source)]

    def origin(self, position: int) -> int:
        """Where the character at `position` stands in `source`."""
        return self._origins[max(0, min(position, len(self.lower)))]


def fold(text: str) -> Folded:
    """Normalise a text. Linear in its length."""
    cased = text
    if "\r" in cased:
        cased = _LINE_END.sub("\n", cased)
    if not cased.isascii():
        if _looks_misread(cased):
            cased = _MOJIBAKE.sub(_mend, cased)
        cased = _fold_common(cased)
    elif not cased.isprintable():
        cased = _fold_bytes(cased.encode("ascii"))
    if "-\n" in cased:
        cased = _WRAPPED.sub("", cased)
    cased = _closed_up(cased)
    return Folded(text, cased, cased.lower())


def _looks_misread(text: str) -> bool:
    return "Ã" in text or "â€" in text or "Â" in text or "â\x80" in text


def _looks_spaced(text: str) -> bool:
    return _ODD_WORDS.search(text.encode("latin-1", "replace")) is not None


def _closed_up(text: str) -> str:
    """Without the separators of spaced words; each stands in one line, and only lines that may have one are looked at."""
    encoded = text.encode("latin-1", "replace")
    pieces: list[str] = []
    done = 0
    while (odd := _ODD_WORDS.search(encoded, done)) is not None:
        start = encoded.rfind(b"\n", done, odd.start()) + 1 or done
        end = encoded.find(b"\n", odd.start())
        end = len(text) if end < 0 else end
        pieces += (text[done:start], _SPACED.sub(_close_up, text[start:end]))
        done = end
    return "".join((*pieces, text[done:])) if pieces else text


def fold_words(text: str) -> str:
    """A phrase as the token index knows it: folded lower-case words with single blanks between them."""
    return " ".join(re.findall("[a-z0-9*]+", fold(text).lower))


def _fold_common(text: str) -> str:
    for character, folded in _COMMON:
        if character in text:
            text = text.replace(character, folded)
    for _ in range(_FEW):
        try:
            encoded = text.encode("latin-1")
            break
        except UnicodeEncodeError as error:
            rare = text[error.start]
            text = text.replace(rare, _TABLE[ord(rare)])
    else:
        return text.translate(_TABLE)
    if encoded.translate(None, _NOT_LONGER):
        return text.translate(_TABLE)
    return _fold_bytes(encoded)


def _fold_bytes(encoded: bytes) -> str:
    return encoded.translate(_SINGLE, _GONE).decode("latin-1")


def _mend(match: re.Match[str]) -> str:
    """UTF-8 bytes that were read as Windows-1252 or Latin-1, read again."""
    wrong = match.group()
    for charset in ("cp1252", "latin-1"):
        try:
            return wrong.encode(charset).decode("utf-8")
        except UnicodeError:
            continue
    return wrong


def _close_up(match: re.Match[str]) -> str:
    return _SEPARATORS.sub("", match.group())


# --- the slow path: the same steps, with every character's origin -----------------------------------------------------

_Replacement = Callable[[re.Match[str]], str]
_STEPS: tuple[tuple[Callable[[str], bool], re.Pattern[str], _Replacement], ...] = (
    (bool, _LINE_END, lambda m: "\n"),
    (_looks_misread, _MOJIBAKE, _mend),
    (bool, re.compile(".", re.DOTALL), lambda m: _TABLE[ord(m.group())]),
    (bool, _WRAPPED, lambda m: ""),
    (_looks_spaced, _SPACED, _close_up),
)


@dataclass(frozen=True)
class _Traced:
    text: str
    origins: list[int]

    def replaced(self, pattern: re.Pattern[str], replacement: _Replacement) -> _Traced:
        pieces: list[str] = []
        origins: list[int] = []
        last = 0
        for match in pattern.finditer(self.text):
            new = replacement(match)
            start, end = match.span()
            pieces += (self.text[last:start], new)
            origins += self.origins[last:start]
            # spread the new characters evenly over the old ones
            origins += [self.origins[start + i * (end - start) // len(new)] for i in range(len(new))]
            last = end
        return _Traced("".join((*pieces, self.text[last:])), origins + self.origins[last:])
