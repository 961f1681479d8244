"""The child's side: take the loaded rules, confine, then answer one message after another until the front ends the stream.

The worker says nothing but frames. How it ended is told by its exit status or signal, which the fork server reports; no
traceback, message or warning of it reaches anybody, since they could quote what was being read.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import gc
import os
import resource
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from importlib.machinery import ModuleSpec
from multiprocessing import forkserver
from pathlib import Path
from typing import Any, Final, NoReturn, Protocol

from mss_guard.core import wire
from mss_guard.core.formats.tooling import Tool, ToolAnswer, Tools
from mss_guard.core.model import Assessment, Why
from mss_guard.edge.inspector import confinement, frames, tools

CPU_BYTES: Final = 4
"""A question is the CPU seconds in this many bytes, then the Request; the raw bytes follow in a frame of their own."""

MORE, LAST = b"+", b"-"
"""An answer is one of these bytes, then the Assessment. After LAST the worker takes no more: it has grown too fat."""

ASK: Final = b"?"
"""Instead of an answer: this byte, then the name of a tool; the document follows in a frame of its own, and the worker
waits for a frame with what the tool made of it."""

FAT: Final = 400 * 1024
"""Peak resident size in kB beyond which a worker retires."""


GARBAGE: Final = 20_000
"""New objects before Python looks for cycles among them: its 700 are reached several times in each message."""


class Exit(IntEnum):
    """Exit statuses of a worker (names as in sysexits.h); signals speak for themselves."""

    FINE = 0
    SOFTWARE = 70  # an exception that the inspection should not have let out
    MEMORY = 71  # its own memory limit
    KNOWLEDGE = 78  # rules that do not load, readers that do not import


class Inspection(Protocol):
    """The module that does the work, `mss_guard.core.inspection`. It may have a `warm()`, called before confinement, and a
    `rehearse(knowledge)`, called once by the fork server."""

    def load(self, payload: bytes, /) -> Any: ...
    def inspect(self, raw: bytes, request: wire.Request, knowledge: Any, ask: Tools, /) -> Assessment: ...


@dataclass(frozen=True)
class Child:
    """What the fork server unpickles and starts.

    `inspection` names a module; without it the worker only tries its layers on.
    `readers` names packages to import whole. Pickle goes this way only: from the front, which both sides trust.
    """

    inspection: str | None
    readers: Sequence[str]

    def _bootstrap(self, parent_sentinel: int | None = None) -> int:
        """What `multiprocessing.spawn` calls in the new process; never returns."""
        inherited = forkserver.get_inherited_fds()
        assert inherited
        run(inherited[0], self)


def run(fd: int, child: Child) -> NoReturn:
    """A worker's whole life, on the socket `fd`; ends the process."""
    status: int = Exit.SOFTWARE
    try:
        status = _live(fd, child)
    except MemoryError:
        status = Exit.MEMORY
    except BaseException:  # noqa: BLE001  SystemExit of a reader, too, must not be taken for an end of ours
        status = Exit.SOFTWARE
    finally:
        os._exit(status)


def _live(fd: int, child: Child) -> int:
    _shed(fd)
    payload = frames.read(fd)
    if payload is None:
        return Exit.FINE
    try:
        from mss_guard.edge.inspector import zygote  # imported by the fork server already, unless that failed

        inspection, knowledge = zygote.loaded(child.inspection, child.readers, payload)
    except BaseException:  # noqa: BLE001  whatever it is, these rules cannot be worked with
        return Exit.KNOWLEDGE
    del payload
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)
    layers = confinement.confine()
    sys.meta_path[:] = [_NoImport]
    frames.write(fd, layers.to_json())
    if inspection is None or layers.missing:
        return Exit.FINE
    return _serve(fd, inspection, knowledge)


def _serve(fd: int, inspection: Any, knowledge: Any) -> int:
    tag = MORE
    while tag == MORE:
        question = frames.read(fd)
        if question is None:
            break
        raw = frames.read(fd)
        if raw is None:
            break
        request = wire.decode_request(question[CPU_BYTES:])
        confinement.grant_cpu(int.from_bytes(question[:CPU_BYTES], "big"))
        answer = wire.encode_assessment(inspection.inspect(raw, request, knowledge, _tools(fd)), request)
        del raw
        tag = LAST if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > FAT else MORE
        frames.write(fd, tag + answer)
    return Exit.FINE


def _tools(fd: int) -> Tools:
    """The tools of one message, asked for through the front."""
    left = tools.MAX_ASKED

    def ask(tool: Tool, data: bytes, /) -> ToolAnswer:
        nonlocal left
        if len(data) > tools.MAX_DOCUMENT:
            return ToolAnswer("", Why.TOO_LARGE)
        if not left:
            return ToolAnswer("", Why.NO_TEXT)
        left -= 1
        frames.write(fd, ASK + tool.value.encode())
        frames.write(fd, data)
        said = frames.read(fd)
        if said is None:
            raise frames.EndError
        return tools.unpacked(said)

    return ask


class _NoImport:
    """Once confined, a module that is not loaded is a module that does not exist, at once and without looking."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        return None


def _shed(fd: int) -> None:
    """Nothing of the front's or the fork server's is kept: descriptors, handlers, standard streams, name."""
    faulthandler.disable()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    os.closerange(3, fd)
    os.closerange(fd + 1, max(fd + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0]))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800")  # when memory runs out, a worker goes and never the front
    ctypes.CDLL(None).prctl(15, b"mss-inspect", 0, 0, 0)  # PR_SET_NAME: what ps shows, instead of "python"
