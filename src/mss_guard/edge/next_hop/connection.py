"""One SMTP connection to a hop: from TCP to the EHLO answer, then commands and content. Every failure is a HopReply.

Our own client, not aiosmtplib: that one strips, decodes and rejoins reply lines, and rewrites the body it sends; here
replies and bodies keep every byte.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from mss_guard.core.model import HopReply
from mss_guard.edge.next_hop import replies
from mss_guard.edge.next_hop.replies import JunkError, Stage
from mss_guard.edge.next_hop.settings import Hop, Timeouts, Tls
from mss_guard.edge.next_hop.wire import Wire

PIECE = 64 * 1024
"""Octets handed to the kernel at a time: bounds our copy of the body, and how late an overrun is noticed."""
_LEADING_DOT = re.compile(rb"\r\n\.")  # searched at twice the speed of bytes.find


class End(StrEnum):
    """Why a connection is of no more use."""

    CLOSED = "closed"  # by the hop, or by the network
    LATE = "late"
    JUNK = "junk"  # not SMTP, or an answer that the stage cannot have
    DROPPED = "dropped"  # by us


_SPOKEN = {End.LATE: replies.LOST, End.CLOSED: replies.LOST, End.JUNK: replies.FAULT, End.DROPPED: replies.LOST}


class Connection:
    """Commands in lock-step. After a failure `end` says which; every later command answers 451 without being sent."""

    def __init__(self, wire: Wire, hop: Hop, address: str) -> None:
        self._wire = wire
        self._loop = asyncio.get_running_loop()
        self.hop = hop
        self.address = address
        self.offers: Mapping[str, str] = {}
        self.messages = 0  # answered 2xx after the dot
        self.end: End | None = None

    @property
    def alive(self) -> bool:
        """Open, and the hop has said nothing unasked: a 421 that waits here is as good as closed."""
        if self.end is None and not self._wire.quiet:
            self.drop(End.CLOSED)
        return self.end is None

    def drop(self, why: End = End.DROPPED) -> None:
        """Close at once; what the kernel has not taken is never sent."""
        if self.end is None:
            self.end = why
            self._wire.abort()

    async def command(self, stage: Stage, line: bytes, by: float) -> HopReply:
        """Send `line` (without CRLF) and read its whole reply before `by`."""
        if b"\r" in line or b"\n" in line:  # it would be two commands
            self.drop()
        return await self._exchange(stage, line + b"\r\n", by)

    async def _exchange(self, stage: Stage, out: bytes, by: float) -> HopReply:
        try:
            if out and self.alive:
                self._wire.write(out)
            if self.end is not None:
                return _SPOKEN[self.end]
            reply = await self._wire.reply(by)
        except (OSError, JunkError) as failure:
            self.drop(_end(failure))
            return _SPOKEN[_end(failure)]
        except BaseException:  # cancelled: whose reply comes next is no longer known
            self.drop()
            raise
        if not replies.possible(stage, reply.code):
            self.drop(End.JUNK)
            return replies.FAULT
        return reply

    async def content(self, body: bytes, dot_by: float, answer_in: float) -> HopReply:
        """After the 354: body, dot, answer. Our dot leaves before `dot_by` or not at all; then `answer_in` seconds.

        `body` is CRLF-normalised and not dot-stuffed. Must run in a task that nothing cancels.
        """
        try:
            *pieces, last = _pieces(stuffed(body))
            for piece in pieces:
                self._wire.write(piece)
                await self._wire.sent(dot_by)
            if self._loop.time() >= dot_by:
                raise TimeoutError
            self._wire.write(
                bytes(last) + ending(body)
            )  # the dot goes with the last piece: one segment for a small message
        except OSError as failure:
            early = self._wire.early()  # a hop may refuse while we talk; it cannot accept
            self.drop(_end(failure))
            if early is not None and early.code >= 400:
                return early
            return replies.LATE if isinstance(failure, TimeoutError) else replies.LOST
        try:
            await self._wire.sent(dot_by)
        except OSError:
            held = self._wire.unsent > 0  # then the dot, which is last, is still here, and the drop destroys it
            self.drop(End.LATE)
            return replies.LATE if held else replies.UNKNOWN
        reply = await self._exchange(Stage.DOT, b"", self._loop.time() + answer_in)
        return reply if self.end is None else replies.UNKNOWN

    async def secure(self, context: ssl.SSLContext, by: float) -> bool:
        try:
            await self._wire.upgrade(context, self.hop.host.strip("[]"), by)
        except (OSError, JunkError) as failure:
            self.drop(_end(failure))
        except BaseException:
            self.drop()
            raise
        return self.alive

    async def farewell(self, within: float, *, reset: bool) -> None:
        """[RSET and] QUIT, then close, whatever the hop answers."""
        by = self._loop.time() + within
        if reset:
            await self.command(Stage.RSET, b"RSET", by)
        if self.alive:
            await self.command(Stage.QUIT, b"QUIT", by)
        self.drop()

    async def greet(self, helo: str, context: ssl.SSLContext | None, by: float) -> Stage | None:
        """Banner, EHLO, STARTTLS as the policy says. None when the hop can take mail, else the stage that failed."""
        if not (await self._exchange(Stage.BANNER, b"", by)).ok:
            return Stage.BANNER
        if not await self._hello(helo, by):
            return Stage.EHLO
        if context is None:
            return None
        willing = "STARTTLS" in self.offers and (await self.command(Stage.STARTTLS, b"STARTTLS", by)).ok
        if not willing:
            return None if self.hop.tls is Tls.MAY and self.alive else Stage.STARTTLS
        if not await self.secure(context, by):
            return Stage.STARTTLS
        # RFC 3207 §4.2: what was offered in clear is forgotten.
        if not await self._hello(helo, by):
            return Stage.EHLO
        return None if await self._known(by) else Stage.AUTH

    async def _known(self, by: float) -> bool:
        """AUTH PLAIN (RFC 4954 §4), where this hop wants us to say who we are; never to a hop that was not verified."""
        if self.hop.user is None:
            return True
        if self.hop.tls is not Tls.VERIFY:
            return False
        given = base64.b64encode(f"\0{self.hop.user}\0{self.hop.password}".encode())
        return (await self.command(Stage.AUTH, b"AUTH PLAIN " + given, by)).ok

    async def _hello(self, helo: str, by: float) -> bool:
        reply = await self.command(Stage.EHLO, b"EHLO " + helo.encode("ascii"), by)
        if reply.ok:
            self.offers = replies.offered(reply)
        return reply.ok


@dataclass(frozen=True, slots=True)
class Failed:
    """No connection: how far it came. Both words are for the log, none of them is the peer's."""

    stage: Stage
    end: str


async def dial(
    hop: Hop, address: str, helo: str, context: ssl.SSLContext | None, limits: Timeouts, by: float
) -> Connection | Failed:
    """One address of a hop, up to its EHLO answer in force. `may` whose handshake fails is dialled again in clear."""
    loop = asyncio.get_running_loop()
    by = min(by, loop.time() + limits.dial)
    try:
        async with asyncio.timeout_at(min(by, loop.time() + limits.connect)):
            _, wire = await loop.create_connection(Wire, address, hop.port)
    except OSError as failure:
        return Failed(Stage.CONNECT, type(failure).__name__)
    connection = Connection(wire, hop, address)
    failed = await connection.greet(helo, context, by)
    if failed is None:
        return connection
    end = connection.end or "refused"
    connection.drop()
    if failed is Stage.STARTTLS and hop.tls is Tls.MAY:
        return await dial(hop, address, helo, None, limits, by)
    return Failed(failed, end)


def stuffed(body: bytes) -> bytes:
    """RFC 5321 §4.5.2, on CRLF-normalised bytes; the same object when no line begins with a dot."""
    rest = body.replace(b"\r\n.", b"\r\n..") if _LEADING_DOT.search(body) else body
    return b"." + rest if body.startswith(b".") else rest


def ending(body: bytes) -> bytes:
    """The CRLF before the dot is the body's own last one; before an empty body stands DATA's own."""
    return b".\r\n" if not body or body.endswith(b"\r\n") else b"\r\n.\r\n"


def _pieces(wire_body: bytes) -> Iterator[memoryview]:
    view = memoryview(wire_body)
    for start in range(0, len(view) or 1, PIECE):
        yield view[start : start + PIECE]


def _end(failure: BaseException) -> End:
    if isinstance(failure, JunkError):
        return End.JUNK
    return End.LATE if isinstance(failure, TimeoutError) else End.CLOSED
