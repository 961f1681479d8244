"""Encoded words (RFC 2047) and parameters (RFC 2045 §5.1, RFC 2231) of header fields, each in linear time, and every
value that some reader would take for one of them."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from mss_guard.core.mime import charsets

MAX_PARAMETERS = 100  # RFC 2231 splits a name in 78-octet pieces: 100 hold 7 kB
MAX_NAME = 1_000  # characters of one candidate name; file systems stop at 255

_PARAMETER = re.compile(r'(?:;\s*|(?<=\s))([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"([^;\s]*)|([^;]*))', re.DOTALL)
_WORD = re.compile(r"=\?([^?\s]{1,75})\?([bBqQ])\?([^?]*)\?=")
_CONTINUED = re.compile(r"(.+?)\*(\d{1,3})(\*?)\Z", re.DOTALL)
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|[()]|[^"\\()]+|.', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)")
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)  # controls and bidi marks hide a name's end


class Parameter(NamedTuple):
    """`name` in lower case with its RFC 2231 marks. `loose`: written in a way that readers take differently (no
    semicolon before it, more behind its closing quote, blanks inside without quotes)."""

    name: str
    value: str
    loose: bool = False


# --- encoded words ----------------------------------------------------------------------------------------------------


def words(value: str) -> str:
    """`value` with its encoded words decoded (RFC 2047 §6.2: blanks between two of them vanish; split characters are
    joined)."""
    if "=?" not in value:
        return value
    out: list[str] = []
    pending: list[bytes] = []
    charset, last = "", 0
    for word in _WORD.finditer(value):
        gap = value[last : word.start()]
        if gap.strip() or not pending or word[1].lower() != charset:
            out.append(charsets.decode(b"".join(pending), charset) if pending else "")
            pending = []
            out.append(gap if gap.strip() or last == 0 else "")
        charset = word[1].lower().partition("*")[0]  # RFC 2231 §5: a language may follow
        pending.append(_word_bytes(word[2], word[3]))
        last = word.end()
    if pending:
        out.append(charsets.decode(b"".join(pending), charset))
    out.append(value[last:])
    return "".join(out)


def _word_bytes(encoding: str, body: str) -> bytes:
    raw = body.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(raw.replace(b"_", b" "), header=False)
    try:
        return binascii.a2b_base64(raw + b"===")
    except binascii.Error:
        return raw


# --- parameters -------------------------------------------------------------------------------------------------------


def parameters(value: str) -> list[Parameter]:
    """The parameters of a structured field in order, duplicates and RFC 2231 marks kept."""
    found: list[Parameter] = []
    for match in _PARAMETER.finditer(value):
        quoted, behind, plain = match[2], match[3], match[4]
        if quoted is not None:
            text, odd = _ESCAPED.sub(r"\1", quoted) if "\\" in quoted else quoted, bool(behind)
        else:
            text = plain.strip()
            odd = '"' in text or " " in text or "\t" in text
        found.append(Parameter(match[1].lower(), text, odd or match[0][:1] != ";"))
        if len(found) >= MAX_PARAMETERS:
            break
    return found


def without_comments(value: str) -> str:
    """`value` without what stands in parentheses outside quotes (RFC 5322 §3.2.2); a blank is left in its place."""
    kept: list[str] = []
    depth = 0
    for piece in _PIECE.findall(value):
        if piece == "(":
            depth += 1
        elif piece == ")" and depth:
            depth -= 1
            kept.append(" " * (not depth))
        elif not depth:
            kept.append(piece)
    return "".join(kept)


def candidates(found: Sequence[Parameter], keys: frozenset[str]) -> Iterator[str]:
    """Every value that some reader would take for one of `keys`: plain, encoded word, extended and continued (RFC
    2231)."""
    pieces: dict[str, list[tuple[int, str, bool]]] = {}
    for name, value, _ in found:
        if name in keys:
            yield words(value)
        elif name.endswith("*") and name[:-1] in keys:
            yield extended(value)
        elif (part := _CONTINUED.match(name)) and part[1] in keys:
            pieces.setdefault(part[1], []).append((int(part[2]), value, bool(part[3])))
    for parts in pieces.values():
        parts.sort(key=lambda piece: piece[0])
        if any(extended for _, _, extended in parts):
            yield extended("".join(value for _, value, _ in parts))
        else:
            yield words("".join(value for _, value, _ in parts))


def extended(value: str) -> str:
    """charset'language'percent-encoded (RFC 2231 §4), or percent-encoded alone."""
    charset, quote, rest = value.partition("'")
    if quote and "'" in rest:
        return charsets.decode(unquote_to_bytes(rest.partition("'")[2]), charset)
    return charsets.decode(unquote_to_bytes(value))


def clean_name(name: str) -> str:
    """A candidate name without what hides its end: controls, bidi marks, excess length."""
    return _UNSEEN.sub("", name).strip()[:MAX_NAME]
