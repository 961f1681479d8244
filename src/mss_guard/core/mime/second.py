"""The second reading: what stands in ambiguous bytes for readers that take another transfer encoding for them, or none
of the structure. Ordinary messages never come here."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mss_guard.core.mime import transfer

MAX_BLOCKS = 100  # announced blocks decoded from one text; a digest of a mailing list has about forty messages
MAX_OVERLAP = 4  # times the text's own size: what decoding it may cost in all

_ANNOUNCED = re.compile(
    rb"^[ \t>]*content-transfer-encoding[ \t]*:[ \t]*\"?([A-Za-z0-9-]+)[^\r\n]*\r?\n", re.MULTILINE | re.IGNORECASE
)
_BODY = re.compile(rb"\n[ \t>]*\r?\n")
_NEXT = re.compile(rb"^[ \t>]*--[^\s-]", re.MULTILINE)
_ESCAPE = re.compile(rb"=[0-9A-Fa-f]{2}|=\r?\n")
_LETTERS_SHARE = 0.9  # of what is not blank: base64 with junk between, which lenient readers pass over
_MIN_LETTERS = 8


def decodings(raw: bytes) -> Iterator[bytes]:
    """`raw` as it is, and under each transfer encoding that it could be written in."""
    yield raw
    if _ESCAPE.search(raw):
        yield transfer.quoted_printable(raw)
    solid = b"".join(raw.split())
    letters = transfer.letters_of(solid)
    if len(letters) >= max(_MIN_LETTERS, _LETTERS_SHARE * len(solid)):
        yield transfer.base64(raw)[0]
        yield from transfer.padded_pieces(raw)
    for _, body in transfer.uu_blocks(raw):
        yield body


def announced(raw: bytes) -> tuple[list[bytes], bool]:
    """The blocks that say how they are encoded, whatever stands around them, decoded: from the empty line behind a
    Content-Transfer-Encoding field to the next line that looks like a delimiter, or to the end. And whether that is
    all of them: blocks may overlap, and their sum is bounded."""
    found: list[bytes] = []
    left = MAX_OVERLAP * len(raw)
    for n, field in enumerate(_ANNOUNCED.finditer(raw)):
        encoding = field[1].lower().decode("ascii")
        begin = _BODY.search(raw, field.end() - 1)
        if encoding in transfer.IDENTITY or begin is None:
            continue
        end = _NEXT.search(raw, begin.end())
        body = raw[begin.end() : end.start() if end else len(raw)]
        left -= len(body)
        if left < 0 or n >= MAX_BLOCKS:
            return found, False
        found.append(transfer.decode(body, encoding)[0])
    return found, True
