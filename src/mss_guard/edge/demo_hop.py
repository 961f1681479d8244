"""The embedded next hop of `mss-guard demo`: takes every message over SMTP on loopback and stores it in a Maildir. Not for real mail."""

from __future__ import annotations

import asyncio
import mailbox
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class DemoHop:
    """`start` on a free port, `close` at the end; `delivered` lists (recipients, path of the stored message)."""

    def __init__(self, maildir: Path) -> None:
        self._box = mailbox.Maildir(maildir, create=True)
        self.delivered: list[tuple[tuple[str, ...], str]] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """The port it listens on."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, hostname="demo.invalid", enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0
        )
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        content = envelope.content
        assert isinstance(content, bytes)
        key = self._box.add(content)
        self.delivered.append((tuple(envelope.rcpt_tos), key))
        return f"250 2.0.0 OK queued as {len(self.delivered):04d}"

    def text(self, key: str) -> bytes:
        """A stored message."""
        return self._box.get_bytes(key)
