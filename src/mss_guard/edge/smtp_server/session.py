"""One client connection: its life, its command lines, its limits. The commands stand in courtesies.py and commands.py.

aiosmtpd's SMTP is the base; what it does with connections, lines, errors and replies is replaced, because it answers
faults with 500 and their text, has one timer for everything, and cancels the work in hand when the client half-closes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from aiosmtpd.smtp import SMTP

from mss_guard.core.model import Reply
from mss_guard.edge.smtp_server import replies, syntax
from mss_guard.edge.smtp_server.faults import report, silence_aiosmtpd
from mss_guard.edge.smtp_server.host import Host

silence_aiosmtpd()

_NOT_HERE = frozenset({b"AUTH", b"STARTTLS", b"EXPN", b"BDAT", b"ETRN", b"TURN", b"XCLIENT"})


class Connection(SMTP):
    """Reads command lines and answers them, until either side has enough. One task; nothing but the end of the process
    cancels it.
    """

    line_length_limit = 64 * 1024  # the StreamReader's limit: how much is read at a time
    protocol: ClassVar[str]
    verbs: ClassVar[frozenset[bytes]]

    def __init__(self, front: Host, client: str) -> None:
        super().__init__(
            None, hostname=front.settings.hostname, ident="mss-guard", enable_SMTPUTF8=False, loop=front.loop
        )
        self.front = front
        self.limits = front.limits
        self.client = client
        self.line = b""
        self._ending = False
        self._half_closed = False
        self._errors = 0
        self._idle_commands = 0
        self._deadline: float | None = None  # loop.time() for what is being read, None while nothing is
        self._data_by: float | None = None  # the end of the whole upload, None outside of one
        self._timer: asyncio.TimerHandle | None = None

    # --- the connection ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        asyncio.StreamReaderProtocol.connection_made(self, transport)
        self.transport = transport
        self._handler_coroutine = self.loop.create_task(self._handle_client())
        self.front.entered(self, self._handler_coroutine)

    def connection_lost(self, error: Exception | None) -> None:
        asyncio.StreamReaderProtocol.connection_lost(self, error)
        self.transport = None  # the task notices at its next read or write

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._data_by is not None:
            self._deadline = min(self._data_by, self.loop.time() + self.limits.data_idle_timeout)

    def eof_received(self) -> bool:
        self._half_closed = True
        return bool(asyncio.StreamReaderProtocol.eof_received(self))

    def gone(self) -> bool:
        """The client closed at least its sending side: it will not hear the answer, or should not have done so (RFC
        5321 §4.1.1.10).
        """
        return self._half_closed or self.transport is None or self.transport.is_closing()

    def wake(self) -> None:
        """The front shuts down: stop waiting for a command."""
        if self._deadline is not None and self._data_by is None:
            self._deadline = self.loop.time()
            self.loop.call_soon(self._on_time)  # a line that came just now goes first

    def read_until(self, deadline: float) -> None:
        """From here to `_deadline = None`, reads raise TimeoutError after `deadline`.

        One timer for the life of the session: it looks at the deadline only when it fires, so a deadline that moves
        back, as it does with every command and every packet, costs nothing.
        """
        self._deadline = deadline
        if self._timer is None or self._timer.when() > deadline:
            self._stop_timer()
            self._timer = self.loop.call_at(deadline, self._on_time)

    def _on_time(self) -> None:
        self._stop_timer()
        if self._deadline is None:
            return
        if self.loop.time() >= self._deadline:
            self._reader.set_exception(TimeoutError())
        else:
            self._timer = self.loop.call_at(self._deadline, self._on_time)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _handle_client(self) -> None:
        try:
            await self._converse()
        except (ConnectionError, EOFError):
            pass  # the client went; IncompleteReadError is an EOFError
        except Exception as fault:  # noqa: BLE001 - a bug in the loop itself must not leave the hop waiting
            report(fault, "session")
        finally:
            self._stop_timer()
            self.reset()
            if self.transport is not None:
                self.transport.close()

    async def _converse(self) -> None:
        if await self._spoke_first():
            await self.end(replies.OUT_OF_STEP)
            return
        await self.write(f"220 {self.hostname} {self.protocol} mss-guard")
        while not self._ending:
            line = await self._next_line()
            if line is not None:
                await self._dispatch(line)

    async def _spoke_first(self) -> bool:
        """Octets before the greeting: two turns of the loop let what had already arrived come in."""
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return self.unread() > 0

    def unread(self) -> int:
        """Octets that came and were not read: the client did not wait for its answer."""
        return len(self._reader._buffer)  # type: ignore[attr-defined] # there is no public way to ask

    # --- commands ---

    async def _next_line(self) -> bytes | None:
        """The next command line with its line end, or None after a 421."""
        if self.front.draining:
            await self.end(replies.SHUTTING_DOWN)
            return None
        self.read_until(self.loop.time() + self.limits.command_timeout)
        try:
            return bytes(await self._reader.readuntil(b"\n"))
        except TimeoutError:
            await self.end(replies.SHUTTING_DOWN if self.front.draining else replies.TIMED_OUT)
        except asyncio.LimitOverrunError:
            await self.end(replies.LONG_COMMAND)
        finally:
            self._deadline = None
        return None

    async def _dispatch(self, line: bytes) -> None:
        self.line = line[:-2]
        verb, _, argument = self.line.partition(b" ")
        verb = verb.upper()
        if not line.endswith(b"\r\n") or not verb or not syntax.printable(self.line):
            await self.mistake(replies.BAD_LINE)
        elif len(line) > syntax.COMMAND_LENGTHS.get(verb, syntax.COMMAND_LENGTH):
            await self.mistake(replies.LONG_COMMAND)
        elif verb not in self.verbs:
            await self.mistake(replies.NOT_HERE if verb in _NOT_HERE else replies.UNKNOWN)
        else:
            command: Callable[[bytes], Awaitable[None]] = self._smtp_methods[verb.decode("ascii")]
            try:
                await command(argument)
            except (ConnectionError, EOFError):
                raise
            except Exception as fault:  # noqa: BLE001 - promise 4: whatever it is, 451
                await self.write(await self.handle_exception(fault))

    async def handle_exception(self, error: Exception) -> str:
        report(error, "command")
        self.reset(failed=True)
        self.front.count(replies.FAULT)
        return replies.FAULT.line()

    def reset(self, *, failed: bool = False) -> None:
        """Forget the transaction; `failed`: by our fault, so that what still belongs to it is deferred and not called
        out of order.
        """
        raise NotImplementedError

    # --- replies ---

    async def write(self, reply: Reply | bytes | str) -> None:
        """One reply, in one piece. Bytes are a hop's or a finished one's, with CRLF."""
        if isinstance(reply, Reply):
            self.front.count(reply)
            reply = reply.wire()
        elif isinstance(reply, str):
            reply = reply.encode("ascii") + b"\r\n"
        if self.transport is None:
            return
        self._writer.write(reply)
        if not self._writer.transport.get_write_buffer_size():
            return
        try:
            async with asyncio.timeout(self.limits.command_timeout):
                await self._writer.drain()
        except TimeoutError:
            self._writer.transport.abort()
            raise ConnectionAbortedError from None  # a client that does not read its answers is gone

    async def push(self, status: Any) -> None:
        """What aiosmtpd itself would say goes the same way."""
        await self.write(status)

    async def mistake(self, reply: Reply) -> None:
        """The client does not speak the protocol well; too often is enough."""
        self._errors += 1
        await (self.end(replies.TOO_MANY_ERRORS) if self._errors > self.limits.errors else self.write(reply))

    async def idle(self, reply: Reply | bytes) -> None:
        """A command that leads nowhere; too many in a row are enough."""
        self._idle_commands += 1
        exhausted = self._idle_commands > self.limits.idle_commands
        await (self.end(replies.TOO_MANY_ERRORS) if exhausted else self.write(reply))

    def forgive(self) -> None:
        """Something useful was done."""
        self._errors = self._idle_commands = 0

    async def end(self, reply: Reply) -> None:
        """The last word: the transaction is given up and the connection closed."""
        self._ending = True
        self.reset()
        await self.write(reply)
        if self.transport is not None:
            self.transport.close()
