"""One worker as the front sees it: a socket, a process, and what may be asked of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import Final

from mss_guard.core import wire
from mss_guard.core.formats.tooling import Tool
from mss_guard.core.model import Assessment
from mss_guard.edge.inspector import frames, tools, worker
from mss_guard.edge.inspector.confinement import Layers
from mss_guard.edge.inspector.frames import EndError
from mss_guard.edge.inspector.launch import LaunchError, Process, Zygote

_TOOLS: Final = {tool.value.encode(): tool for tool in Tool}
_REAPED_WITHIN: Final = 1.0
_READY_MOST: Final = 4096
_ENDS_WITHIN: Final = 0.25
"""How long a worker whose stream has ended may take to be gone, before it is killed."""

_SEND_BUFFER: Final = 4 << 20
"""Asked for, capped by net.core.wmem_max: the fewer turns of the event loop a large message takes, the better."""

_CPU_LEAST, _CPU_MOST, _CPU_BYTES = 5, 30, 1_000_000  # seconds, seconds, bytes for one second more


class AnswerError(Exception):
    """The worker said what it may not say."""


class LoadError(Exception):
    """A worker could not load the rules it was given. Trying again would change nothing."""


class Worker:
    """A confined worker that is ready. Made by `hire`; ended by `dismiss`, always."""

    def __init__(self, sock: socket.socket, process: Process, zygote: Zygote) -> None:
        self._sock = sock
        self._stream = frames.Stream(sock)
        self._process = process
        self.zygote = zygote
        self.layers = Layers()
        self.served = 0
        self.last = False
        self._dismissed = False
        loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[int | None] = loop.create_future()
        loop.add_reader(process.status, self._on_status)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def sound(self) -> bool:
        """Alive, and silent as it must be between two messages."""
        return not self.ended.done() and self._stream.silent

    async def ready(self, within: float) -> None:
        """Hands over the rules and waits for the layers. Raises LoadError, EndError, AnswerError or TimeoutError."""
        try:
            async with asyncio.timeout(within):
                await self._stream.send(self.zygote.payload)
                self.layers = Layers.from_json(await self._stream.receive(_READY_MOST))
        except EndError as error:
            if await self.exit_code() == worker.Exit.KNOWLEDGE:
                raise LoadError from error
            raise
        except (frames.FrameError, ValueError) as error:
            raise AnswerError from error

    async def ask(self, request: wire.Request, raw: bytes, use: tools.Ask = tools.none) -> Assessment:
        """One message; `use` runs the tools it asks for. Raises EndError or AnswerError; then, or when cancelled, the
        worker is to be dismissed."""
        self.served += 1
        question = cpu_seconds(len(raw)).to_bytes(worker.CPU_BYTES, "big") + wire.encode_request(request)
        try:
            await self._stream.send(question, raw)
            answer = await self._stream.receive(wire.MAX_ASSESSMENT + 1)
            for _ in range(tools.MAX_ASKED):
                if answer[:1] != worker.ASK:
                    break
                await self._lend(answer[1:], use)
                answer = await self._stream.receive(wire.MAX_ASSESSMENT + 1)
            if answer[:1] not in (worker.MORE, worker.LAST):
                raise AnswerError
            self.last = answer[:1] == worker.LAST
            return wire.decode_assessment(answer[1:], request)
        except (frames.FrameError, wire.WireError) as error:
            raise AnswerError from error

    async def _lend(self, name: bytes, use: tools.Ask) -> None:
        """One question for a tool. Raises AnswerError for a tool that there is not."""
        if name not in _TOOLS:
            raise AnswerError
        document = await self._stream.receive(tools.MAX_DOCUMENT)
        await self._stream.send(tools.packed(await use(_TOOLS[name], document)))

    async def exit_code(self) -> int | None:
        """How it ended; None when it has not within a moment (it is killed then) or when nobody knows."""
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.shield(self.ended), _ENDS_WITHIN)
        return None

    async def dismiss(self) -> None:
        """Kills and reaps it; its socket is closed. A second call does nothing."""
        if self._dismissed:
            return
        self._dismissed = True
        self._process.kill()
        try:
            async with asyncio.timeout(_REAPED_WITHIN):
                await asyncio.shield(self.ended)
        except TimeoutError:
            self.ended.set_result(None)
        finally:
            self._close()

    def _close(self) -> None:
        loop = asyncio.get_running_loop()
        for fd in (self._process.status, self._sock.fileno()):
            loop.remove_reader(fd)
        loop.remove_writer(self._sock.fileno())
        self._process.close()
        self._sock.close()

    def _on_status(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.status)
        if not self.ended.done():
            self.ended.set_result(self._process.exit_code())


async def hire(zygote: Zygote, within: float) -> Worker:
    """A new worker, loaded, confined and ready within so many seconds.

    Raises LaunchError, LoadError, EndError, AnswerError or OSError (TimeoutError is one).
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    try:
        launching = asyncio.get_running_loop().run_in_executor(zygote.executor, zygote.launch, theirs)
    except RuntimeError as error:  # stopped meanwhile
        ours.close()
        theirs.close()
        raise LaunchError from error
    try:
        process = await asyncio.shield(launching)
    except BaseException:
        ours.close()
        launching.add_done_callback(_abandon)
        raise
    hired = Worker(ours, process, zygote)
    try:
        await hired.ready(within)
    except BaseException:
        await asyncio.shield(hired.dismiss())
        raise
    return hired


def _abandon(launching: asyncio.Future[Process]) -> None:
    """Nobody waits any more for what a launch may still bring."""
    if not launching.cancelled() and launching.exception() is None:
        launching.result().kill()
        launching.result().close()


def cpu_seconds(size: int) -> int:
    """The CPU time for a body of `size` bytes: by size only, so the same body meets the same limit on any day."""
    return min(_CPU_MOST, _CPU_LEAST + size // _CPU_BYTES)


def cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0))


__all__ = ["AnswerError", "EndError", "LaunchError", "LoadError", "Worker", "Zygote", "cores", "cpu_seconds", "hire"]
