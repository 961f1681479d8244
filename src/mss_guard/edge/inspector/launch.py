"""Starting a worker through a fork server that has its rules loaded already, and hearing how it ended.

Each state of the rules has a fork server of its own, so that compiling them is paid once and not by each worker, whose
pages they share. It is the standard library's, imports `zygote` at its start, and finds there what to load.

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
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from typing import Final

from mss_guard.edge.inspector.terms import PARCEL
from mss_guard.edge.inspector.worker import Child

_ANSWER_WITHIN_MS: Final = 20_000
"""A fork server answers as soon as it has loaded the rules, and from then on within some ms."""

_PRELOAD: Final = ("mss_guard.edge.inspector.zygote", "mss_guard.edge.inspector.worker")
_environment = threading.Lock()  # os.environ is one for all threads


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


class Zygote:
    """One state of the rules, and the fork server that has them loaded; what a set of workers is made from.

    Two with the same bytes are still two, told apart by identity. Ended by `stop`, always.
    """

    def __init__(self, child: Child, payload: bytes) -> None:
        self.child, self.payload = child, payload
        self.executor = ThreadPoolExecutor(1, "launch")
        self._server = forkserver.ForkServer()
        self._server.set_forkserver_preload([*_PRELOAD])
        self._lock = threading.Lock()
        self._parcel = _parcel(child, payload)
        self._stopped = False

    @property
    def pid(self) -> int | None:
        """Of the fork server; None when there is none."""
        return self._server._forkserver_pid  # type: ignore[attr-defined, no-any-return]

    def start(self) -> None:
        """Starts the fork server, which loads while the front gets on; nothing changes where one runs already.

        Raises LaunchError after `stop`.
        """
        with self._lock:
            self._start()

    def launch(self, theirs: socket.socket) -> Process:
        """A new process with the socket `theirs`, which is closed here; blocks while the fork server loads, else for
        some ms. A fork server that has ended is replaced.

        Raises LaunchError.
        """
        with theirs:
            try:
                return self._launch(theirs.fileno())
            except (OSError, EOFError) as error:
                raise LaunchError("no new worker process") from error

    def stop(self) -> None:
        """Ends the fork server, whatever it is doing, and with it what workers are left. A second call does nothing."""
        self.executor.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
            os.close(self._parcel)
            if self.pid is not None:
                os.kill(self.pid, signal.SIGKILL)  # ours, and not reaped yet: the number cannot be another's
                with suppress(FileNotFoundError):  # somebody has tidied up its socket
                    self._server._stop()  # type: ignore[attr-defined]

    def _start(self) -> None:
        if self._stopped:
            raise LaunchError("stopped")
        with _announced(f"/proc/{os.getpid()}/fd/{self._parcel}"):
            self._server.ensure_running()

    def _launch(self, socket_fd: int) -> Process:
        with self._lock:
            self._start()
            status, data = self._server.connect_to_new_process([socket_fd])
        try:
            with open(data, "wb", closefd=True) as pipe:  # noqa: PTH123  a descriptor
                pickle.dump({"sys_path": sys.path}, pipe)
                pickle.dump(self.child, pipe)
            if not _readable(status):
                raise LaunchError("the fork server does not answer")
            pid = forkserver.read_signed(status)
            return Process(pid, os.pidfd_open(pid), status)
        except BaseException:
            os.close(status)
            raise


def _parcel(child: Child, payload: bytes) -> int:
    """What the fork server is to load, in memory that it can open by name: no disk, and no bound as a pipe has."""
    fd = os.memfd_create("rules")
    with open(fd, "wb", closefd=False) as file:
        pickle.dump((sys.path, child.inspection, child.readers, payload), file)
    return fd


@contextmanager
def _announced(parcel: str) -> Iterator[None]:
    """The environment of a fork server: where its parcel lies.

    PYTHONSAFEPATH keeps the directory in which somebody happens to call us (`scan` among hostile files) out of its
    import path.
    """
    with _environment:
        os.environ.setdefault("PYTHONSAFEPATH", "1")
        os.environ[PARCEL] = parcel
        try:
            yield
        finally:
            del os.environ[PARCEL]


def _readable(fd: int) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(_ANSWER_WITHIN_MS))
