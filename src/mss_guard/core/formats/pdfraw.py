"""The strings of a PDF that PDFium has no words for: values of fields without a widget, one's own Info keys, scripts, XMP.

They are literal or hexadecimal strings (ISO 32000-1 §7.3.4) of the file itself and of its object streams (§7.5.7), and
the streams that a name such as /JS or /Metadata refers to."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from mss_guard.core.formats import xmltext
from mss_guard.core.formats.reading import Reading
from mss_guard.core.model import Why

MAX_STREAMS = 20_000  # looked at; a 500-page file has a few thousand
MAX_INFLATED = 16 * 1024 * 1024  # octets of one object stream or script: as of an XFA packet
MAX_STRINGS = 100_000  # kept of one document
_LONGEST = 1_000_000  # octets taken of a string that is never closed

_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_HEAD = 4_096  # octets before a stream in which its dictionary stands
_NUMBER = re.compile(rb"(\d{1,10})\s+\d{1,5}\s+obj\b")
_TOLD = re.compile(rb"/(?:JS|V|DV|RV|RC|Metadata)\s*(\d{1,10})\s+\d{1,5}\s+R\b")
_TOKEN = re.compile(rb"\\.|[()]", re.DOTALL)
_HEX = re.compile(rb"(?<!<)<[0-9A-Fa-f\s]{4,2000000}+>")  # possessive: never tried again shorter
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_IDENTIFIER = re.compile(rb"/ID\s*\[[^\]]{0,400}\]")  # two digests, of the trailer (§14.4)
_DATE = re.compile(r"D:\d{4}")


def strings(reading: Reading, data: bytes) -> tuple[list[str], Why | None]:
    """The distinct strings with letters, in file order; PARTIAL when a bound was met or a stream would not inflate."""
    told = {int(number) for number in _TOLD.findall(data)}
    bodies: list[bytes] = []
    streams: list[str] = []
    why: Why | None = None
    start = 0
    for count, (at, end, head) in enumerate(_streams(data)):
        if count >= MAX_STREAMS:
            why = Why.PARTIAL
            break
        bodies.append(data[start:at])
        start = end
        objects = b"/ObjStm" in head
        number = _NUMBER.findall(head)
        if not objects and not (number and int(number[-1]) in told):
            continue
        inner = _opened(reading, head, data[at:start])
        if inner is None:
            why = Why.PARTIAL
        elif objects:
            bodies.append(inner)
        else:
            streams.append(_stream_text(inner))
    bodies.append(data[start:])
    kept = dict.fromkeys(text for body in bodies for text in _strings(body))
    if len(kept) > MAX_STRINGS:
        why = Why.PARTIAL
    return [*list(kept)[:MAX_STRINGS], *streams], why


def _streams(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(where the octets begin and end, what stands before them from the object's number on). One without its end is the
    last: looking for it again and again would take the square of the time."""
    at = 0
    while found := _STREAM.search(data, at):
        head = data[max(found.start() - _HEAD, at) : found.start()]
        end = data.find(b"endstream", found.end())
        at = end if end >= 0 else len(data)
        yield found.end(), at, head[max(head.rfind(b"endobj"), 0) :]


def _opened(reading: Reading, head: bytes, body: bytes) -> bytes | None:
    """The stream's octets; None when it is too long or packed by anything but deflate."""
    if b"/Filter" not in head:
        return body if len(body) <= MAX_INFLATED else None
    try:
        inflater = zlib.decompressobj()
        out = inflater.decompress(body, MAX_INFLATED)
    except zlib.error:
        return None
    reading.spend(len(out))
    return None if inflater.unconsumed_tail else out


def _stream_text(data: bytes) -> str:
    text = _decoded(data)
    return xmltext.loose(text) if text.lstrip("\ufeff \r\n\t").startswith("<") else text


def _strings(body: bytes) -> Iterator[str]:
    named = _IDENTIFIER.sub(b"", body)
    for token in (*_literals(named), *_HEX.findall(named)):
        text = _decoded(_octets(token))
        if _LETTERS.search(text) and not _DATE.match(text) and _printable(text):
            yield text


def _literals(body: bytes) -> Iterator[bytes]:
    """Strings in parentheses, which may nest, in one pass; one that is never closed goes to the end."""
    depth = start = 0
    for found in _TOKEN.finditer(body):
        token = found[0]
        if not depth:
            if token.endswith(b"("):  # a backslash outside a string escapes nothing
                depth, start = 1, found.end() - 1
        elif token == b"(":
            depth += 1
        elif token == b")":
            depth -= 1
            if not depth:
                yield body[start : found.end()]
    if depth:
        yield body[start : start + _LONGEST] + b")"


def _printable(text: str) -> bool:
    """Not a digest, a key or the octets of an identifier."""
    return sum(c.isprintable() or c.isspace() for c in text) >= 0.9 * len(text)


def _octets(token: bytes) -> bytes:
    if token.startswith(b"<"):
        digits = b"".join(token[1:-1].split()).decode("ascii")
        return bytes.fromhex(digits + "0" * (len(digits) % 2))
    return _ESCAPE.sub(_escaped, token[1:-1])


def _escaped(found: re.Match[bytes]) -> bytes:
    code = found.group(1)
    return bytes([int(code, 8) & 0xFF]) if code.isdigit() and code < b"8" else _PLAIN.get(code, code)


def _decoded(octets: bytes) -> str:
    """Text strings are UTF-16BE or UTF-8 behind a mark, or PDFDocEncoding (§7.9.2.2), whose letters are cp1252's."""
    if octets.startswith(b"\xfe\xff"):
        return octets[2:].decode("utf-16-be", "replace")
    try:
        return octets.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")
