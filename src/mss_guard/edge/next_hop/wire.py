"""One TCP (or TLS) connection as SMTP needs it: bytes out until they have left, whole replies in, no wait unbounded."""

from __future__ import annotations

import asyncio
import ssl
from typing import cast

from mss_guard.core.model import HopReply
from mss_guard.edge.next_hop.replies import REPLY_LIMIT, JunkError, take


class Wire(asyncio.Protocol):
    """Deadlines are `loop.time()`. Raises OSError (TimeoutError too) and JunkError; whoever holds it then drops it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._incoming = bytearray()
        self._ended = False
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._by = 0.0  # when the waiter has waited enough
        self._timer: asyncio.TimerHandle | None = None

    # --- what asyncio calls -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        # High water 0: writing stays paused until the kernel has the last byte. That is what "our dot is out" means.
        self._transport.set_write_buffer_limits(high=0)

    def data_received(self, data: bytes) -> None:
        self._incoming += data
        if len(self._incoming) > 2 * REPLY_LIMIT:
            self.abort()
        if b"\n" in data or len(self._incoming) > REPLY_LIMIT:
            self._wake()

    def eof_received(self) -> None:
        # asyncio would close politely, and still flush our dot to a peer that has only closed its own half.
        self.abort()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._ended = True
        self._paused = False
        self._stop_timer()
        self._wake()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._wake()

    # --- what a connection calls --------------------------------------------------------------------------------------

    @property
    def quiet(self) -> bool:
        """Open, and nothing said that nobody asked for: a reply left over here would be taken for the next one's."""
        return not self._ended and not self._incoming and self._transport is not None

    @property
    def unsent(self) -> int:
        """Bytes still ours. Under TLS a record that the kernel has not taken yet counts as sent: the cautious side."""
        return self._transport.get_write_buffer_size() if self._transport else 0

    def write(self, data: bytes | memoryview) -> None:
        if not self.quiet or self._transport is None:
            raise ConnectionResetError
        self._transport.write(data)

    async def sent(self, by: float) -> None:
        """Until all that was written is with the kernel."""
        while self._paused and not self._ended:
            await self._news(by)
        if self._ended:
            raise ConnectionResetError

    async def reply(self, by: float) -> HopReply:
        while (reply := take(self._incoming)) is None:
            if self._ended:
                raise ConnectionResetError
            await self._news(by)
        return reply

    async def upgrade(self, context: ssl.SSLContext, host: str, by: float) -> None:
        """TLS from here on (RFC 3207). Anything that came in clear after the 220 was put there by a stranger."""
        if not self.quiet or self._transport is None:
            raise JunkError
        async with asyncio.timeout_at(by):
            secured = await self._loop.start_tls(self._transport, self, context, server_hostname=host)
        if secured is None:
            raise ConnectionResetError
        self._transport = secured
        # asyncio's TLS pauses at size >= high, TCP above it: with 0 it would pause on an empty buffer, for good.
        secured.set_write_buffer_limits(high=1, low=0)

    def early(self) -> HopReply | None:
        """What the hop said before it was asked, when that is a whole reply."""
        try:
            return take(self._incoming)
        except JunkError:
            return None

    def abort(self) -> None:
        """Forget what is unsent and close."""
        self._ended = True
        if self._transport is not None:
            self._transport.abort()

    async def _news(self, by: float) -> None:
        """Until something has come or the deadline has passed. One timer serves many waits: it looks at the deadline when
        it fires, so that a deadline that moves back, as it does with every command, costs nothing.
        """
        self._waiter, self._by = self._loop.create_future(), by
        if self._timer is None or self._timer.when() > by:
            self._stop_timer()
            self._timer = self._loop.call_at(by, self._on_time)
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _on_time(self) -> None:
        self._timer = None
        if self._waiter is None or self._waiter.done():
            return
        if self._loop.time() >= self._by:
            self._waiter.set_exception(TimeoutError())
        else:
            self._timer = self._loop.call_at(self._by, self._on_time)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
