"""What people wrote into attributes of OOXML and ODF: alternative texts, names of sheets and ranges, prompts of cells,
labels of fields, tips of links. Some hold words by their name; of all others those with two words in a row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote

_NAMED = re.compile(
    r"\s(?:(?:descr|title|alt|name|author|initials|userName|formatCode|prompt|promptTitle|error|errorTitle|comment|tooltip|display"
    r"|string|v)|w:(?:tooltip|instr|displayText)|w15:author"
    r"|(?:table|draw|text|form|office|svg|presentation):(?:name|title|string-value|label|value|description|current-value|formula"
    r'|condition|display))="([^"<]{3,4000})"'
)
_BLANK = re.compile(r'="([^" \xa0<]{0,4000}[ \xa0][^"<]{1,4000})"')  # its literal beginning makes it fast
_LONGEST_NAME = 40  # characters of an attribute's name
_TWO_WORDS = re.compile(r"[^\W\d_]{2}[,.:;)]?[ \xa0][(\"«]?[^\W\d_]{2}")
_SETTINGS = frozenset(
    "ascii hAnsi cs eastAsia typeface font-name font-name-asian font-name-complex font-family font-family-asian font-family-complex"
    " family style class points path d viewBox transform adj type Requires Ignorable schemaLocation panose style-name"
    " font-style-name conditions src Type ProgID idcntr".split()
)
"""Attributes of fonts, drawings and types, whose values have blanks all the same."""
_NOISE = re.compile(
    r"\A(?:Image|Picture|Rectangle|Table|Style|Zone de texte|Text Box|Normal|Grille|Group|Heading|Default)",
    re.IGNORECASE,
)
_LINK = re.compile(r'<[\w:]*Relationship\b(?=[^<>]*\bTargetMode="External")[^<>]*\bTarget="([^"<]{4,4000})"')
_FORMULA = re.compile(r"<(?:\w+:)?f\b[^<>]*>([^<]*(?:\"|&quot;)[^<]*)</")
_LITERAL = re.compile(r'"([^"]{3,})"')


def attributes(markup: str) -> list[str]:
    """The values, each once, in the order of the part."""
    found = dict.fromkeys(m[1] for m in _NAMED.finditer(markup) if not _NOISE.match(m[1]))
    found |= dict.fromkeys(phrases(markup))
    return [unescape(value) for value in found]


def phrases(markup: str) -> Iterator[str]:
    """Values of any attribute but settings that have two words in a row."""
    seen: set[str] = set()  # the same font stands in each paragraph
    for match in _BLANK.finditer(markup):
        value, end = match[1], match.start()
        if value in seen:
            continue
        seen.add(value)
        if _name(markup, end) in _SETTINGS or _NOISE.match(value) or not _TWO_WORDS.search(value):
            continue
        yield value


def _name(markup: str, end: int) -> str:
    """The local name of the attribute whose name ends at `end`."""
    return re.split(r"[\s:]", markup[max(end - _LONGEST_NAME, 0) : end])[-1]


def links(markup: str) -> list[str]:
    """Where the links of a document lead (ECMA-376 part 2 §9.3): paths and addresses hold names of people."""
    return list(dict.fromkeys(unquote(unescape(m[1])) for m in _LINK.finditer(markup)))


def literals(markup: str) -> list[str]:
    """The texts that formulas of a sheet quote."""
    found = (literal for m in _FORMULA.finditer(markup) for literal in _LITERAL.findall(unescape(m[1])))
    return list(dict.fromkeys(literal for literal in found if any(c.isalpha() for c in literal)))
