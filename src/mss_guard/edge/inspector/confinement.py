"""What a worker gives up before it sees its first message, layer upon layer, for good.

Each layer alone stops something that another might let through: RLIMIT_NOFILE 0 denies every file and every socket on
any kernel; Landlock denies files and TCP whatever descriptors are left; seccomp denies the calls themselves; a dumpable
of 0 keeps message text out of core files (with a piped core_pattern RLIMIT_CORE 0 alone does not) and other processes
of the same user out of this one's memory.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Final

from mss_guard.edge.inspector import seccomp

MEMORY: Final = 768 * 1024 * 1024
"""RLIMIT_AS of a worker, bytes."""

REQUIRED: Final = ("no_new_privs", "limits", "no_files")
"""The layers without which the service does not start; any kernel since Linux 3.5 has them."""


@dataclass(frozen=True, slots=True)
class Layers:
    """Which layers hold, as the worker found them after it had put them on.

    `landlock` is the kernel's ABI, 0 without.
    """

    no_new_privs: bool = False
    limits: bool = False
    no_files: bool = False
    landlock: int = 0
    seccomp: bool = False
    no_capabilities: bool = False
    not_dumpable: bool = False
    dies_with_parent: bool = False

    def to_json(self) -> bytes:
        """What the worker says once it is ready."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Layers:
        """The layers a worker reports; raises ValueError for anything else."""
        said = json.loads(data)
        expected = {field.name: type(field.default) for field in fields(cls)}
        if type(said) is not dict or {name: type(value) for name, value in said.items()} != expected:
            raise ValueError("not a report of layers")
        return cls(**said)

    @property
    def missing(self) -> tuple[str, ...]:
        """The required layers that do not hold."""
        return tuple(name for name in REQUIRED if not getattr(self, name))

    @property
    def weak(self) -> tuple[str, ...]:
        """Every layer that does not hold, required or not: what `doctor` names."""
        return tuple(field.name for field in fields(self) if not getattr(self, field.name))


_libc = ctypes.CDLL(None, use_errno=True)

# prctl(2)
_SET_PDEATHSIG, _GET_DUMPABLE, _SET_DUMPABLE, _SET_NO_NEW_PRIVS, _GET_NO_NEW_PRIVS = 1, 3, 4, 38, 39
_CAPABILITY_VERSION_3: Final = struct.pack("=Ii", 0x20080522, 0)  # capset(2); 0: this process

# landlock(7): access rights known to each ABI, as the number of low bits; attributes grow by 8 bytes with ABI 4 and 6.
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446  # the same numbers on every machine
_LANDLOCK_FILE_BITS: Final = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_LANDLOCK_NET_SINCE, _LANDLOCK_NET = 4, 0b11  # TCP bind, TCP connect
_LANDLOCK_SCOPE_SINCE, _LANDLOCK_SCOPE = 6, 0b11  # abstract Unix sockets, signals

_LIMITS: Final = {
    resource.RLIMIT_AS: MEMORY,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NPROC: 0,
    resource.RLIMIT_MEMLOCK: 0,
    resource.RLIMIT_MSGQUEUE: 0,
}


def confine() -> Layers:
    """Puts every layer on this process, in the order that each needs, and says which hold. There is no way back."""
    dies = _prctl(_SET_PDEATHSIG, signal.SIGKILL)
    not_dumpable = _prctl(_SET_DUMPABLE, 0) and _libc.prctl(_GET_DUMPABLE, 0, 0, 0, 0) == 0
    limits = limit_resources()
    no_capabilities = drop_capabilities()
    no_new_privs = forbid_new_privileges()
    landlock = forbid_paths()
    filtered = seccomp.install()
    no_files = forbid_descriptors()
    return Layers(
        no_new_privs=no_new_privs,
        limits=limits,
        no_files=no_files,
        landlock=landlock,
        seccomp=filtered,
        no_capabilities=no_capabilities,
        not_dumpable=not_dumpable,
        dies_with_parent=dies,
    )


def grant_cpu(seconds: int) -> None:
    """Lets this process use `seconds` more of CPU time (one more at most); past them SIGXCPU ends it."""
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(time.process_time()) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def limit_resources() -> bool:
    """The resource limits but CPU and NOFILE, soft and hard, never above what was there; whether all of them hold."""
    for what, most in _LIMITS.items():
        hard = resource.getrlimit(what)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (least, least))
    return all(0 <= resource.getrlimit(what)[1] <= most for what, most in _LIMITS.items())


def drop_capabilities() -> bool:
    """Root without its capabilities cannot raise a limit again. Who has none is left alone: capset may be filtered."""
    return _powerless() or bool(_libc.capset(_CAPABILITY_VERSION_3, bytes(24)) == 0 and _powerless())


def _powerless() -> bool:
    held = ctypes.create_string_buffer(24)
    return bool(_libc.capget(_CAPABILITY_VERSION_3, held) == 0 and held.raw == bytes(24))


def forbid_new_privileges() -> bool:
    """PR_SET_NO_NEW_PRIVS: nothing executed later gains anything; Landlock and seccomp ask for it."""
    return _prctl(_SET_NO_NEW_PRIVS, 1) and _libc.prctl(_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1


def landlock_abi() -> int:
    """The kernel's Landlock ABI; less than 1 where there is none."""
    return int(_libc.syscall(ctypes.c_long(_LANDLOCK_CREATE), None, ctypes.c_size_t(0), ctypes.c_uint32(1)))


def landlock_attributes() -> bytes:
    """A rule set that handles every right of the kernel's ABI; empty where there is no Landlock."""
    abi = landlock_abi()
    if abi < 1:
        return b""
    attributes = struct.pack("=Q", (1 << _LANDLOCK_FILE_BITS[min(abi, 5)]) - 1)
    if abi >= _LANDLOCK_NET_SINCE:
        attributes += struct.pack("=Q", _LANDLOCK_NET)
    if abi >= _LANDLOCK_SCOPE_SINCE:
        attributes += struct.pack("=Q", _LANDLOCK_SCOPE)
    return attributes


def forbid_paths() -> int:
    """A Landlock rule set that handles every right of the kernel's ABI and grants none; the ABI, or 0 where there is no
    Landlock.
    """
    attributes = landlock_attributes()
    if not attributes:
        return 0
    size = ctypes.c_size_t(len(attributes))
    rules = int(_libc.syscall(ctypes.c_long(_LANDLOCK_CREATE), attributes, size, ctypes.c_uint32(0)))
    if rules < 0:
        return 0
    held = _libc.syscall(ctypes.c_long(_LANDLOCK_RESTRICT), ctypes.c_int(rules), ctypes.c_uint32(0)) == 0
    os.close(rules)
    return landlock_abi() if held else 0


def forbid_descriptors() -> bool:
    """RLIMIT_NOFILE 0, tried at once: neither a file nor a socket can be had any more. What is open stays open."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    if resource.getrlimit(resource.RLIMIT_NOFILE) != (0, 0):
        return False
    return _denied(lambda: os.open("/", os.O_RDONLY)) and _denied(lambda: socket.socket().detach())


def _denied(attempt: Callable[[], int]) -> bool:
    try:
        os.close(attempt())
    except OSError:
        return True
    return False


def _prctl(option: int, value: int) -> bool:
    arguments = (ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))
    return bool(_libc.prctl(ctypes.c_int(option), *arguments) == 0)
