"""What whoever runs the pool says to it and hears from it: settings, numbers, and the refusal to start."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from mss_guard.core.model import Fault

PARCEL: Final = "MSS_GUARD_PARCEL"
"""The environment variable that tells a fork server where to find what it is to load."""


class StartError(Exception):
    """The service must not start; the text, in French, says why to whoever runs it."""


UNCONFINED: Final = 69
"""Exit status of a tool's process when a layer that must hold does not (EX_UNAVAILABLE of sysexits.h)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`inspection`: the module that does the work (`load`, `inspect`). `readers`: packages imported whole.

    `workers`: 0 means one for each core. `messages`: how many a worker serves. `start_within`: seconds it may take to
    load.
    """

    workers: int = 0
    messages: int = 200
    start_within: float = 20.0
    inspection: str = "mss_guard.core.inspection"
    readers: tuple[str, ...] = ("mss_guard.core",)


@dataclass(frozen=True, slots=True)
class Stats:
    """The pool in numbers.

    `faults` by Fault; `exits` of workers that ended by themselves, by exit code (negative: signal), None: unknown.
    """

    workers: int
    idle: int
    waiting: int
    messages: int
    hired: int
    hiring_failed: int
    poisoned: int
    pids: tuple[int, ...]
    faults: dict[Fault, int] = field(default_factory=dict)
    exits: dict[int | None, int] = field(default_factory=dict)
