"""Header blocks: fields, parameters (RFC 2045 §5.1, RFC 2231) and encoded words (RFC 2047), each in linear time."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from mss_guard.core.mime import charsets
from mss_guard.core.model import Why

MAX_BLOCK = 256 * 1024  # octets of one header block; Postfix header_size_limit is 100 kB for one header
MAX_FIELD = (
    64 * 1024
)  # octets of one field; rspamd and Exim stop at 1 MB of headers, CPython's parser is quadratic past this
MAX_LINES = (
    2_000  # amavis counts 1,500 files as hostile; the longest real blocks (ARC, DKIM, Received) have about 200 lines
)
MAX_PARAMETERS = 100  # RFC 2231 splits a name in 78-octet pieces: 100 hold 7 kB
MAX_NAME = 1_000  # characters of one candidate name; file systems stop at 255

_END = re.compile(rb"\r?\n(?:\r?\n|\Z)|\r\r")
_FIELD_NAME = re.compile(rb"[!-9;-~]+[ \t]*:")
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))', re.DOTALL)
_WORD = re.compile(r"=\?([^?\s]{1,75})\?([bBqQ])\?([^?]*)\?=")
_CONTINUED = re.compile(r"(.+?)\*(\d{1,3})(\*?)\Z", re.DOTALL)
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)  # controls and bidi marks hide a name's end


@dataclass(frozen=True, slots=True)
class Header:
    """One field: `name` in lower case, `value` unfolded (folds became one space), surrounding blanks gone,
    undecoded."""

    name: str
    value: bytes

    @property
    def text(self) -> str:
        """The value with raw 8-bit bytes decoded and encoded words left as they are."""
        return self.value.decode("ascii") if self.value.isascii() else charsets.decode(self.value)


@dataclass(frozen=True, slots=True)
class Block:
    """A header block. `why`: a cap was hit or the block is ambiguous; the fields before that are still there."""

    headers: tuple[Header, ...]
    why: Why | None = None

    def all(self, name: str) -> list[Header]:
        return [h for h in self.headers if h.name == name]

    def first(self, name: str) -> Header | None:
        return next((h for h in self.headers if h.name == name), None)


def split(data: bytes) -> tuple[Block, int]:
    """The header block at the start of `data`, and where the body begins (len(data) when there is no body)."""
    if data[:2] == b"\r\n" or data[:1] == b"\n":
        return Block(()), 2 if data[:1] == b"\r" else 1
    end = _END.search(data)
    stop, body = (end.start(), end.end()) if end else (len(data), len(data))
    lines = data[: min(stop, MAX_BLOCK)].splitlines(keepends=True)
    mbox = bool(lines) and lines[0].startswith((b"From ", b">From "))
    if lines and not mbox and not _FIELD_NAME.match(lines[0]):
        return _headless(lines)
    fields, why, odd = _fields(lines[mbox:MAX_LINES])
    if odd is not None:
        body = sum(map(len, lines[: odd + mbox]))
    if stop > MAX_BLOCK:
        why = Why.TOO_LARGE
    elif len(lines) > MAX_LINES:
        why = Why.TOO_MANY
    return Block(fields, why), body


def _headless(lines: list[bytes]) -> tuple[Block, int]:
    """A part that begins with its text. Other readers may still see headers further down: then it is ambiguous."""
    hidden = any(line[:8].lower() == b"content-" for line in lines)
    return Block((), Why.AMBIGUOUS if hidden else None), 0


def _fields(lines: list[bytes]) -> tuple[tuple[Header, ...], Why | None, int | None]:
    """The fields, what is wrong with them, and the index of the first line that is neither field nor fold: the body
    begins
    there for some readers (CPython, ours) and goes unseen for others."""
    found: list[Header] = []
    why: Why | None = None
    at = 0
    while at < len(lines):
        line = lines[at]
        if not _FIELD_NAME.match(line):
            if line.startswith(b">From "):
                at += 1
                continue
            if not line.strip() and not any(map(_FIELD_NAME.match, lines[at + 1 : at + 2])):
                return tuple(found), why, at + 1  # blanks alone end the block, and what follows could not go on with it
            return tuple(found), Why.AMBIGUOUS, at
        end = at + 1
        while end < len(lines) and lines[end][:1] in (b" ", b"\t") and lines[end].strip():
            end += 1
        name, _, value = line.partition(b":")
        if end > at + 1:
            value = b" ".join([value.strip(), *(fold.strip() for fold in lines[at + 1 : end])])
        if len(value) > MAX_FIELD:
            why = Why.TOO_LARGE
        found.append(Header(name.strip().decode("ascii").lower(), value[:MAX_FIELD].strip()))
        at = end
    return tuple(found), why, None


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


def parameters(value: str) -> list[tuple[str, str]]:
    """The parameters of a structured field in order, names in lower case, duplicates and RFC 2231 marks kept."""
    found: list[tuple[str, str]] = []
    for match in _PARAMETER.finditer(value):
        quoted, plain = match[2], match[3]
        text = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain.strip()
        found.append((match[1].lower(), text))
        if len(found) >= MAX_PARAMETERS:
            break
    return found


def candidates(found: Sequence[tuple[str, str]], keys: frozenset[str]) -> Iterator[str]:
    """Every value that some reader would take for one of `keys`: plain, encoded word, extended and continued (RFC
    2231)."""
    pieces: dict[str, list[tuple[int, str, bool]]] = {}
    for name, value in found:
        if name in keys:
            yield words(value)
        elif name.endswith("*") and name[:-1] in keys:
            yield _extended(value)
        elif (part := _CONTINUED.match(name)) and part[1] in keys:
            pieces.setdefault(part[1], []).append((int(part[2]), value, bool(part[3])))
    for parts in pieces.values():
        parts.sort(key=lambda piece: piece[0])
        if any(extended for _, _, extended in parts):
            yield _extended("".join(value for _, value, _ in parts))
        else:
            yield words("".join(value for _, value, _ in parts))


def _extended(value: str) -> str:
    charset, quote, rest = value.partition("'")
    if quote and "'" in rest:
        return charsets.decode(unquote_to_bytes(rest.partition("'")[2]), charset)
    return charsets.decode(unquote_to_bytes(value))


def clean_name(name: str) -> str:
    """A candidate name without what hides its end: controls, bidi marks, excess length."""
    return _UNSEEN.sub("", name).strip()[:MAX_NAME]
