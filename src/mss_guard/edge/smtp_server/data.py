"""The message after DATA: a stream that ends at CRLF.CRLF and nowhere else → its bytes with every line ended by CRLF,
or a refusal.

Works on whole chunks; Python never looks at a single line, which is what makes a large message cheap.
"""

from __future__ import annotations

import io
import re
from asyncio import LimitOverrunError, StreamReader
from dataclasses import dataclass, field

from mss_guard.core.model import Reply
from mss_guard.edge.smtp_server import replies
from mss_guard.edge.smtp_server.room import Reservation
from mss_guard.edge.smtp_server.settings import FrontLimits

END = b"\r\n.\r\n"
LINE_LENGTH = 64 * 1024
"""Longest line with its CRLF. RFC 5321 §4.5.3.1.6 knows 1000 octets, real mail does not."""

_HEADER_SEARCHED = 1 << 20
_STUFFED = re.compile(rb"\r\n\.")  # searched at twice the speed of bytes.find
_RECEIVED = re.compile(rb"^received[ \t]*:", re.IGNORECASE | re.MULTILINE)


class EndlessError(Exception):
    """The client sends on and on after a message that is already refused; `reply` says why it was."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it is judged and sent on."""

    data: bytes = field(repr=False)
    bare_line_ends: bool


def prime(reader: StreamReader) -> None:
    """Before the 354, with nothing unread: the end of the DATA command line is the CRLF before the first line of the
    message.

    So a lone dot on the first line ends an empty message by the same rule as everywhere else.
    """
    reader.feed_data(b"\r\n")


async def read(reader: StreamReader, limits: FrontLimits, reservation: Reservation) -> list[bytes] | Reply:
    """The raw message in chunks, from the CRLF of `prime` to the end of data; a Reply when it was too much and has been
    thrown away.

    Raises EndlessError when as much again comes after the limit, IncompleteReadError or ConnectionError when the client
    goes.
    """
    most = limits.size + limits.size // 3 + 2 * len(END)  # stuffing makes "." + CRLF a third longer, nothing more
    chunks: list[bytes] = []
    total = 0
    refusal: Reply | None = None
    while True:
        try:
            chunk = await reader.readuntil(END)
            last = True
        except LimitOverrunError as overrun:  # so many octets hold no end of data
            chunk = await reader.readexactly(overrun.consumed)
            last = False
        total += len(chunk)
        if refusal is None:
            if total > most:
                refusal = replies.TOO_LARGE
            elif not reservation.grow(total):
                refusal = replies.NO_ROOM
            else:
                chunks.append(chunk)
        if refusal is not None:
            chunks.clear()
            reservation.release()
            if total > 2 * most:
                raise EndlessError(refusal)
        if last:
            return chunks if refusal is None else refusal


def prepare(chunks: list[bytes], limits: FrontLimits) -> Received | Reply:
    """Un-stuffed (RFC 5321 §4.5.2), line ends made CRLF, limits checked. Empties `chunks`."""
    chunks[-1] = chunks[-1][:-3]  # the CRLF before the dot is the message's own
    data = b"".join(chunks)
    chunks.clear()
    # After a CRLF only: a dot behind a bare CR or LF is not at the start of an SMTP line, whatever the next server
    # would make of it.
    if _STUFFED.search(data):
        data = data.replace(b"\r\n.", b"\r\n")
    data = data[2:]
    bare = _bare_line_ends(data)
    refusal = _refused(data, len(data) + bare, bare, limits)
    if refusal is not None:
        return refusal
    if bare:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    if _longest_exceeds(data, LINE_LENGTH):
        return replies.LONG_LINE
    return Received(data, bool(bare))


def _refused(data: bytes, size: int, bare: int, limits: FrontLimits) -> Reply | None:
    if size > limits.size:
        return replies.TOO_LARGE
    if bare and limits.refuse_bare_line_ends:
        return replies.BARE_LINE_END
    if limits.refuse_nul and b"\0" in data:
        return replies.NUL_OCTET
    if _hops(data, limits.hops) > limits.hops:
        return replies.LOOP
    return None


def _bare_line_ends(data: bytes) -> int:
    """How many CR without LF and LF without CR. Counting is slow and nearly always says 0, so first the one fast look
    at line ends that the standard library has.
    """
    look = io.IncrementalNewlineDecoder(None, translate=False)
    look.decode(data.decode("latin-1"), final=True)
    if look.newlines in {None, "\r\n"}:
        return 0
    return data.count(b"\r") + data.count(b"\n") - 2 * data.count(b"\r\n")


def _longest_exceeds(data: bytes, limit: int) -> bool:
    """Whether a line with its CRLF is longer than `limit`. Leaps from line end to line end about `limit` apart: n /
    limit steps.
    """
    start = 0
    while len(data) - start > limit:
        end = data.rfind(b"\r\n", start, start + limit)
        if end < 0:
            return True
        start = end + 2
    return False


def _hops(data: bytes, limit: int) -> int:
    """Received fields in the header, counted up to one more than `limit`."""
    end = data.find(b"\r\n\r\n", 0, _HEADER_SEARCHED)
    found = _RECEIVED.finditer(data, 0, end if end >= 0 else min(len(data), _HEADER_SEARCHED))
    return sum(1 for _, _ in zip(range(limit + 1), found, strict=False))
