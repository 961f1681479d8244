"""The processes of a guard, seen from outside through /proc. A guard is started as the leader of a session of its own."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

WORKER = "mss-inspect"


def of(session: int) -> dict[int, tuple[str, str]]:
    """{pid: (name, state letter)} of every process of the session; zombies left out."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                head, _, tail = (entry / "stat").read_text().rpartition(")")
                state, _, _, number = tail.split()[:4]
                if int(number) == session and state != "Z":
                    found[int(entry.name)] = (head.partition("(")[2], state)
    return found


def workers(session: int) -> list[int]:
    """The inspection workers, ready or still loading."""
    return [pid for pid, (name, _) in of(session).items() if name == WORKER]


def ready(session: int) -> list[int]:
    """Those of them that have loaded the rules and closed their doors: the seccomp filter is on."""
    return [pid for pid in workers(session) if _confined(pid)]


def _confined(pid: int) -> bool:
    try:
        return "\nSeccomp:\t2\n" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def kill(pid: int) -> bool:
    """SIGKILL; False when it is gone already."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def busy(session: int) -> bool:
    """Whether a worker computes at this instant."""
    return any(name == WORKER and state == "R" for name, state in of(session).values())
