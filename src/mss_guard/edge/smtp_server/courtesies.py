"""The commands that carry no mail: greeting, RSET, NOOP, VRFY, HELP, QUIT."""

from __future__ import annotations

from mss_guard.edge.smtp_server import offer, replies
from mss_guard.edge.smtp_server.session import Connection
from mss_guard.edge.smtp_server.settings import client_address, within


class Courtesies(Connection):
    """`helo`: the name that the client gave itself, "" before it did."""

    helo = ""

    async def greet(self, argument: bytes, *, extended: bool) -> None:
        """EHLO, HELO, LHLO: whatever was begun is given up (RFC 5321 §4.1.4)."""
        name = argument.strip(b" ")
        if not name or not name.isascii() or len(name) > 255:
            await self.mistake(replies.BAD_ARGUMENT)
            return
        if self.unread():
            await self.end(replies.OUT_OF_STEP)
            return
        self.reset()
        self.helo = name.decode("ascii")
        offered = self._offered() if extended else []
        await self.idle(offer.reply(self.hostname, offered))

    def _offered(self) -> list[str]:
        return offer.lines(self.front.next_hop.offers(), size=self.limits.size, trusted=self.trusted())

    def trusted(self) -> bool:
        """Whether this client may say on whose behalf it comes (XFORWARD)."""
        return within(client_address(self.client), self.front.settings.trusted)

    async def smtp_RSET(self, argument: bytes) -> None:
        if argument:
            await self.mistake(replies.BAD_ARGUMENT)
            return
        self.reset()
        await self.idle(replies.OK)

    async def smtp_NOOP(self, argument: bytes) -> None:  # the argument is ignored, RFC 5321 §4.1.1.9
        await self.idle(replies.OK)

    async def smtp_VRFY(self, argument: bytes) -> None:
        await self.idle(replies.CANNOT_VERIFY if argument else replies.BAD_ARGUMENT)

    async def smtp_HELP(self, argument: bytes) -> None:
        await self.idle(replies.HELP)

    async def smtp_QUIT(self, argument: bytes) -> None:
        await (self.mistake(replies.BAD_ARGUMENT) if argument else self.end(replies.BYE))
