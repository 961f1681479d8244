"""Starting a worker through the standard library's fork server, and hearing how it ended.

`multiprocessing.Process` is not used: it would import the program's `__main__` into every worker, and keep books that
know no event loop. What is used is the fork server's own door, `connect_to_new_process`: the child's parameters go to
it by pickle; back come its process id and, once, its exit status, as two numbers written by the fork server, which
never reads a byte of a message. Nothing here reads from a worker.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import forkserver
from typing import Final

from mss_guard.edge.inspector.worker import Child

_ANSWER_WITHIN_MS: Final = 10_000


class LaunchError(Exception):
    """No new process could be had."""


@dataclass(frozen=True, slots=True)
class Process:
    """A worker's process.

    `status` is readable once: 8 bytes with the exit code (negative: the signal), or the end of the fork server.
    """

    pid: int
    pidfd: int
    status: int

    def kill(self) -> None:
        """SIGKILL; by descriptor, so never to another process that got the same number."""
        try:
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        except ProcessLookupError:
            return

    def exit_code(self) -> int | None:
        """Call when `status` is readable. None: the fork server died first, so nobody knows."""
        try:
            return int(forkserver.read_signed(self.status))
        except (EOFError, OSError):
            return None

    def close(self) -> None:
        os.close(self.pidfd)
        os.close(self.status)


def prepare(preload: Sequence[str]) -> None:
    """Starts the fork server, to import `preload` while the front gets on; a second call changes nothing.

    PYTHONSAFEPATH keeps the directory in which somebody happens to call us (`scan` among hostile files) out of its
    import path.
    """
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    forkserver.set_forkserver_preload([*preload])
    forkserver.ensure_running()


def launch(theirs: socket.socket, child: Child) -> Process:
    """A new process with the socket `theirs`, which is closed here; blocks for some ms, ten seconds at most.

    Raises LaunchError.
    """
    with theirs:
        return _launch(theirs.fileno(), child)


def _launch(socket_fd: int, child: Child) -> Process:
    status = -1
    try:
        status, data = forkserver.connect_to_new_process([socket_fd])
        with open(data, "wb", closefd=True) as pipe:  # noqa: PTH123  a descriptor
            pickle.dump({"sys_path": sys.path}, pipe)
            pickle.dump(child, pipe)
        if not _readable(status):
            raise LaunchError("the fork server does not answer")
        pid = forkserver.read_signed(status)
        return Process(pid, os.pidfd_open(pid), status)
    except (OSError, EOFError, LaunchError) as error:
        if status >= 0:
            os.close(status)
        raise LaunchError("no new worker process") from error


def _readable(fd: int) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(_ANSWER_WITHIN_MS))
