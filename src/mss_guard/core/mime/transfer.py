"""Content-Transfer-Encodings (RFC 2045 §6): bytes as sent to bytes as meant, and whether readers would differ on
them."""

from __future__ import annotations

import binascii
import re

from mss_guard.core.model import Why

IDENTITY = frozenset(
    {"", "7bit", "8bit", "binary", "7-bit", "8-bit", "7 bit", "8 bit", "7bits", "8bits", "none", "utf-8"}
)
"""No transformation; the odd spellings stand in ordinary mail and every reader takes them for none."""

UUENCODE = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})

_NOT_BASE64 = bytes(c for c in range(256) if not (chr(c).isascii() and (chr(c).isalnum() or c in b"+/")))
_BLANK = b" \t\r\n"
_BEGIN = re.compile(rb"^begin [0-7]{3,4} ?([^\r\n]*)\r?\n", re.MULTILINE)


def decode(data: bytes, encoding: str) -> tuple[bytes, Why | None]:
    """`data` under the token of a Content-Transfer-Encoding header, and AMBIGUOUS when other readers would see other
    bytes."""
    if encoding in IDENTITY:
        return data, None
    if encoding == "quoted-printable":
        return quoted_printable(data), None
    if encoding == "base64":
        return base64(data)
    if encoding in UUENCODE:
        blocks = uu_blocks(data)
        return (blocks[0][1], None) if len(blocks) == 1 and _only_a_block(data) else (data, Why.AMBIGUOUS)
    return data, Why.AMBIGUOUS


def base64(data: bytes) -> tuple[bytes, Why | None]:
    """Base64 as lenient readers take it. Padding in the middle and bytes outside the alphabet are where readers differ:
    everything on both sides is decoded, and the result is AMBIGUOUS."""
    body = data.strip(_BLANK)
    first = body.find(b"=")
    if first < 0 or not body[first:].strip(b"=" + _BLANK):
        letters = body.translate(None, _NOT_BASE64)
        odd = len(body.translate(None, _BLANK + b"=")) != len(letters)
        return _letters(letters), Why.AMBIGUOUS if odd else None
    return b"".join(padded_pieces(body)), Why.AMBIGUOUS


def padded_pieces(data: bytes) -> list[bytes]:
    """What stands before, between and behind the paddings, each decoded by itself."""
    pieces = [letters_of(piece) for piece in data.split(b"=")]
    return [_letters(piece) for piece in pieces if piece]


def letters_of(data: bytes) -> bytes:
    """The base64 letters in `data`."""
    return data.translate(None, _NOT_BASE64)


def quoted_printable(data: bytes) -> bytes:
    """`data` decoded; what is no escape stays as it is (RFC 2045 §6.7)."""
    return binascii.a2b_qp(data)


def _letters(letters: bytes) -> bytes:
    """Base64 letters only, padding absent. A lone letter at the end holds no whole byte."""
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def uu_blocks(data: bytes) -> list[tuple[str, bytes]]:
    """The (name, bytes) of each uuencoded block in `data`; a block ends with "end" or with the first line that is
    none."""
    found: list[tuple[str, bytes]] = []
    at = 0
    while (begin := _BEGIN.search(data, at)) is not None:
        body, at = _uu_body(data, begin.end())
        if body:
            found.append((begin[1].decode("utf-8", "replace").strip(), body))
    return found


def _only_a_block(data: bytes) -> bool:
    """True when `data` is one uuencoded block and nothing stands before, beside or after it."""
    data = data.strip(_BLANK)
    begin, *lines = [line.rstrip(b"\r") for line in data.split(b"\n")]
    return _BEGIN.match(begin + b"\n") is not None and _are_uu_lines(lines)


def _are_uu_lines(lines: list[bytes]) -> bool:
    """Lines up to "end"; the last but one says that there is no more, with a blank that may have been cut off."""
    if lines[-2:-1] == [b""]:
        lines = [*lines[:-2], *lines[-1:]]
    return lines[-1:] == [b"end"] and all(map(_is_uu_line, lines[:-1]))


def _is_uu_line(line: bytes) -> bool:
    """As many characters as the first one promises, and one more that some encoders add."""
    if not line:
        return False
    promised = ((line[0] - 32) & 63) + 2
    return min(line) >= 32 and max(line) <= 96 and len(line) <= promised // 3 * 4 + 2


def _uu_body(data: bytes, at: int) -> tuple[bytes, int]:
    out: list[bytes] = []
    while at < len(data):
        stop = data.find(b"\n", at)
        stop = len(data) if stop < 0 else stop
        line, at = data[at:stop].rstrip(b"\r"), stop + 1
        if not line or line == b"end" or not 32 <= line[0] <= 96:
            break
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:  # trailing garbage some encoders write: take what the length byte promises
            size = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out.append(binascii.a2b_uu(line[:size]))
            except binascii.Error:
                break
    return b"".join(out), at
