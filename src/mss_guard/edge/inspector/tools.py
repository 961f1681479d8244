"""Asking a program outside the parser worker: one document, one confined process, one bounded text.

The process (`toolchild`) can reach nothing but its own standard streams, so there is no directory to tidy up and no
file that could be left behind. What it says is taken as text and nothing else. A picture that has been read is not read
again: answers are kept by a keyed digest, in memory, for as long as they fit."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import shutil
import sys
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from mss_guard.core.formats.tooling import Tool, ToolAnswer
from mss_guard.core.model import Why
from mss_guard.edge.inspector import ocr
from mss_guard.edge.inspector.terms import UNCONFINED

MAX_DOCUMENT: Final = 64 * 1024 * 1024
"""Most octets of one document: 40 million grey pixels and some to spare."""
MAX_TEXT: Final = 256 * 1024
"""Most characters of one answer's text: a page of small print has 10 kB."""
MAX_SAID: Final = 2 * 1024 * 1024
"""Most octets that a program may say: its table of the words is some eight times the text."""
MAX_ASKED: Final = 40
"""Documents of one message; each costs about a second."""
MAX_KEPT: Final = 16 * 1024 * 1024
"""Octets of the answers kept."""

EACH: Final = 8.0
"""Seconds for one document."""
SHARE: Final = 0.5
"""Of a message's inspection budget, what all its tools together may take; the verdict needs the rest."""

_COMMANDS: Final[dict[Tool, tuple[tuple[str, ...], ...]]] = {Tool.OCR: ocr.COMMANDS}
"""What is run; the next when the answer of the one before is doubtful."""
_CHILD: Final = "mss_guard.edge.inspector.toolchild"
_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OMP_THREAD_LIMIT": "1"}

Ask = Callable[[Tool, bytes], Awaitable[ToolAnswer]]


async def none(_tool: Tool, _data: bytes, /) -> ToolAnswer:
    """The answer where no tool may be used."""
    return ToolAnswer("", Why.NO_TEXT)


def program(tool: Tool) -> str | None:
    """Where its program is; only under the directories that its process may read."""
    return shutil.which(_COMMANDS[tool][0][0], path=_ENVIRONMENT["PATH"])


class Toolbox:
    """The tools of one pool of workers. All on one event loop."""

    def __init__(self, at_once: int) -> None:
        self._turn = asyncio.Semaphore(max(at_once, 1))
        self._key = secrets.token_bytes(32)
        self._kept: OrderedDict[bytes, ToolAnswer] = OrderedDict()
        self._kept_octets = 0
        self._off = False

    async def ask(self, tool: Tool, data: bytes, until: float) -> ToolAnswer:
        """What the tool makes of `data`, by loop time `until` at the latest. Never raises but CancelledError."""
        digest = hmac.digest(self._key, tool.value.encode() + b"\0" + data, hashlib.sha256)
        if (known := self._kept.get(digest)) is not None:
            self._kept.move_to_end(digest)
            return known
        where = None if self._off else program(tool)
        if where is None:
            return ToolAnswer("", Why.NO_TEXT)
        try:
            async with asyncio.timeout_at(until), self._turn, asyncio.timeout(EACH):
                answer = await self._best(where, _COMMANDS[tool], data)
        except TimeoutError:
            return ToolAnswer("", Why.TIMEOUT)
        except OSError:
            return ToolAnswer("", Why.NO_TEXT)
        self._keep(digest, answer)
        return answer

    async def _best(self, where: str, commands: tuple[tuple[str, ...], ...], data: bytes) -> ToolAnswer:
        """The answer of the first command, or a surer one of the next."""
        best, sure = ToolAnswer("", Why.NO_TEXT), -1.0
        for command in commands:
            answer = await self._run((where, *command[1:]), data)
            page = ocr.page(answer.text)
            if page.confidence > sure:
                best, sure = ToolAnswer(page.text[:MAX_TEXT], answer.why), page.confidence
            if not page.doubtful:
                break
        return best

    async def _run(self, command: tuple[str, ...], data: bytes) -> ToolAnswer:
        """What the command says, as it says it."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-m", _CHILD, *command,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env=_ENVIRONMENT, cwd="/", limit=MAX_SAID,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        feeding = asyncio.create_task(_feed(process.stdin, data))
        try:
            text = await _bounded(process.stdout)
            status = await process.wait() if len(text) <= MAX_SAID else 0
        finally:
            feeding.cancel()
            with suppress(ProcessLookupError):
                process.kill()
            with suppress(BaseException):
                await feeding
            await asyncio.shield(process.wait())
        if status == UNCONFINED:
            self._off = True  # and it stays off: the kernel will not change
            return ToolAnswer("", Why.NO_TEXT)
        words = text[:MAX_SAID].decode("utf-8", "replace")
        if len(text) > MAX_SAID:
            return ToolAnswer(words, Why.PARTIAL)
        return ToolAnswer(words, Why.DAMAGED if status else None)

    def _keep(self, digest: bytes, answer: ToolAnswer) -> None:
        self._kept[digest] = answer
        self._kept_octets += len(answer.text)
        while self._kept_octets > MAX_KEPT or len(self._kept) > MAX_KEPT // 1024:
            self._kept_octets -= len(self._kept.popitem(last=False)[1].text)


async def _feed(stream: asyncio.StreamWriter, data: bytes) -> None:
    """A program that has seen enough closes its input; that is no fault."""
    with suppress(ConnectionError):
        stream.write(data)
        await stream.drain()
        stream.close()


async def _bounded(stream: asyncio.StreamReader) -> bytes:
    """Everything, or a little more than MAX_SAID of it."""
    pieces: list[bytes] = []
    size = 0
    while size <= MAX_SAID and (piece := await stream.read(65_536)):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def packed(answer: ToolAnswer) -> bytes:
    """As it goes to the parser worker."""
    return json.dumps({"text": answer.text, "why": answer.why}).encode()


def unpacked(frame: bytes) -> ToolAnswer:
    """In the parser worker, which trusts the front."""
    said = json.loads(frame)
    return ToolAnswer(said["text"], Why(said["why"]) if said["why"] else None)


async def works(tool: Tool) -> bool:
    """Tries the tool on an empty page (for `doctor`): is it there, and does its process shut itself in?"""
    blank = b"P5 300 100 255\n" + bytes([255]) * 30_000
    until = asyncio.get_running_loop().time() + EACH
    return (await Toolbox(1).ask(tool, blank, until)).why is None
