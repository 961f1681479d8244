"""A next hop that does what its script says: a small SMTP server over real sockets that records, and can fail anywhere.

    async with FakeHop(script={"rcpt": [None, Say(b"450 4.2.0 plus tard\\r\\n")], "dot": Reset()}) as hop: ...

`script` maps a stage (STAGES) to one Act for every time, or to a list consumed in order (None or past its end: behave).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

STAGES = (
    "connect",
    "banner",
    "ehlo",
    "starttls",
    "auth",
    "xforward",
    "mail",
    "rcpt",
    "data",
    "body",
    "dot",
    "rset",
    "quit",
)
OFFERS = ("SIZE 52428800", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES", "XFORWARD NAME ADDR PROTO HELO PORT")


@dataclass(frozen=True)
class Say:
    """Answer these bytes instead (and go on)."""

    wire: bytes


@dataclass(frozen=True)
class Slow:
    """Answer these bytes, one every `gap` seconds."""

    wire: bytes
    gap: float = 0.02


@dataclass(frozen=True)
class Hang:
    """Say nothing, and read on until the client leaves."""


@dataclass(frozen=True)
class Stall:
    """Read no more, so that the client's window fills up."""


@dataclass(frozen=True)
class Reset:
    """RST, after saying `wire`."""

    wire: bytes = b""


@dataclass(frozen=True)
class Close:
    """FIN, after saying `wire`."""

    wire: bytes = b""


Act = Say | Slow | Hang | Stall | Reset | Close


@dataclass(frozen=True)
class Taken:
    """One transaction that was answered 250 after the dot."""

    mail: bytes
    rcpts: tuple[bytes, ...]
    xforward: tuple[bytes, ...]
    body: bytes  # as sent, dot-stuffing undone
    connection: int


class _OverError(Exception):
    """This connection ends here."""


@dataclass
class _Session:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int
    mail: bytes = b""
    rcpts: list[bytes] = field(default_factory=list)
    xforward: list[bytes] = field(default_factory=list)

    def clear(self) -> None:
        """As Postfix does at RSET and after a message: XFORWARD is forgotten too."""
        self.mail, self.rcpts, self.xforward = b"", [], []


class FakeHop:
    """`taken`; `dialogue`: each command line with its connection's number; `content`: bytes seen after a 354."""

    def __init__(
        self,
        script: Mapping[str, Act | Sequence[Act | None]] | None = None,
        offers: Sequence[str] = OFFERS,
        tls: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        self.script: dict[str, Act | list[Act | None]] = {}
        for stage, act in (script or {}).items():
            assert stage in STAGES, stage
            self.script[stage] = list(act) if isinstance(act, Sequence) else act
        self.offers = list(offers)
        self.tls = tls
        self.port = port
        self.taken: list[Taken] = []
        self.dialogue: list[tuple[int, bytes]] = []
        self.content = 0
        self.connections = 0
        self.open = 0
        self.most_open = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # --- life ---------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=2**20)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Close the port and drop every connection."""
        if self._server is not None:
            self._server.close()
        self.drop_all()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2)

    def drop_all(self) -> None:
        """Every connection dies now; the port stays open."""
        for task in self._tasks:
            task.cancel()

    def commands(self, connection: int | None = None) -> list[bytes]:
        """Command lines as received, EHLO and QUIT left out."""
        skipped = (b"EHLO", b"QUIT")
        return [c for n, c in self.dialogue if connection in (None, n) and not c.upper().startswith(skipped)]

    # --- one connection -----------------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        session = _Session(reader, writer, self.connections)
        try:
            await self._converse(session)
        except (_OverError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass
        finally:
            self.open -= 1
            self._tasks.discard(task)
            writer.transport.abort()

    async def _converse(self, session: _Session) -> None:
        await self._act("connect", session, b"")
        await self._act("banner", session, b"220 hop.test ESMTP\r\n")
        while True:
            line = (await session.reader.readuntil(b"\r\n"))[:-2]
            self.dialogue.append((session.number, line))
            verb = line.split(b" ")[0].split(b":")[0].decode("ascii", "replace").lower()
            answer = getattr(self, f"_on_{verb}", None)
            if answer is None:
                await self._say(session, b"502 5.5.1 inconnu\r\n")
            else:
                await answer(session, line)

    async def _on_ehlo(self, session: _Session, line: bytes) -> None:
        secured = session.writer.get_extra_info("ssl_object") is not None
        words = [*self.offers, *(["STARTTLS"] if self.tls and not secured else [])]
        lines = ["hop.test", *words]
        wire = "".join(f"250{'-' if n < len(lines) - 1 else ' '}{word}\r\n" for n, word in enumerate(lines))
        await self._act("ehlo", session, wire.encode())

    async def _on_starttls(self, session: _Session, line: bytes) -> None:
        said = await self._act("starttls", session, b"220 2.0.0 allez\r\n")
        if self.tls is not None and said.startswith(b"220"):
            await session.writer.start_tls(self.tls)

    async def _on_auth(self, session: _Session, line: bytes) -> None:
        await self._act("auth", session, b"235 2.7.0 Ok\r\n")

    async def _on_xforward(self, session: _Session, line: bytes) -> None:
        session.xforward.append(line)
        await self._act("xforward", session, b"250 2.0.0 Ok\r\n")

    async def _on_mail(self, session: _Session, line: bytes) -> None:
        session.mail = line
        await self._act("mail", session, b"250 2.1.0 Ok\r\n")

    async def _on_rcpt(self, session: _Session, line: bytes) -> None:
        said = await self._act("rcpt", session, b"250 2.1.5 Ok\r\n")
        if said.startswith(b"2"):
            session.rcpts.append(line)

    async def _on_rset(self, session: _Session, line: bytes) -> None:
        session.clear()
        await self._act("rset", session, b"250 2.0.0 Ok\r\n")

    async def _on_quit(self, session: _Session, line: bytes) -> None:
        await self._act("quit", session, b"221 2.0.0 Bye\r\n")
        raise _OverError

    async def _on_data(self, session: _Session, line: bytes) -> None:
        said = await self._act("data", session, b"354 Allez-y\r\n")
        if not said.startswith(b"354"):
            return
        body = bytearray(b"\r\n")
        while not body.endswith(b"\r\n.\r\n"):
            chunk = await session.reader.read(65536)
            self.content += len(chunk)
            if not chunk:
                raise _OverError
            body += chunk
            await self._act("body", session, b"")
        said = await self._act("dot", session, f"250 2.0.0 Ok: queued as {len(self.taken) + 1:04X}\r\n".encode())
        if said.startswith(b"250"):
            text = bytes(body[:-3]).replace(b"\r\n..", b"\r\n.")[2:]
            self.taken.append(Taken(session.mail, tuple(session.rcpts), tuple(session.xforward), text, session.number))
        session.clear()

    # --- the script ---------------------------------------------------------------------------------------------------

    async def _act(self, stage: str, session: _Session, normal: bytes) -> bytes:
        """Do what the script says for this stage; what was said."""
        planned = self.script.get(stage)
        act = (planned.pop(0) if planned else None) if isinstance(planned, list) else planned
        match act:
            case None:
                return await self._say(session, normal)
            case Say(wire):
                return await self._say(session, wire)
            case Slow(wire, gap):
                for octet in wire:
                    await self._say(session, bytes([octet]))
                    await asyncio.sleep(gap)
                return wire
            case Hang():
                while await session.reader.read(65536):
                    pass
                raise _OverError
            case Stall():
                await asyncio.sleep(60)
                raise _OverError
            case Close(wire):
                await self._say(session, wire)
                session.writer.close()
                raise _OverError
            case Reset(wire):
                await self._say(session, wire)
                sock = session.writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                raise _OverError

    async def _say(self, session: _Session, wire: bytes) -> bytes:
        if wire:
            session.writer.write(wire)
            await session.writer.drain()
        return wire


async def until(condition: object, within: float = 2.0) -> None:
    """Wait until the callable `condition` is true; for what a fake sees a moment after the client moved on."""
    assert callable(condition)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            while not condition():
                await asyncio.sleep(0.005)
    assert condition()


def free_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
