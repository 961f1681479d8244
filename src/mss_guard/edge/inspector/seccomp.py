"""The seccomp filter of a worker: a short list of what computing needs; every other system call fails with EPERM.

A list of what is allowed, not of what is forbidden: a kernel's new calls (io_uring came this way) are closed before
anybody heard of them. Nothing here opens, connects, starts a process or a thread, looks into another process or makes
memory executable; `kill` and `tgkill` (which abort(3) needs) reach the worker itself only, `prlimit64` its own CPU and
NOFILE limits only. Numbers: asm/unistd_64.h and asm-generic/unistd.h of Linux; layout of `seccomp_data`: seccomp(2).
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import platform
import resource
import struct
from typing import Final, NamedTuple

# name: (x86_64, aarch64); the frequent ones first, since the filter compares in this order.
ALLOWED: Final[dict[str, tuple[int, int]]] = {
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "munmap": (11, 215),
    "brk": (12, 214),
    "madvise": (28, 233),
    "mremap": (25, 216),
    "futex": (202, 98),
    "clock_gettime": (228, 113),
    "gettimeofday": (96, 169),
    "getrusage": (98, 165),
    "getrandom": (318, 278),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    "restart_syscall": (219, 128),
    "clock_getres": (229, 114),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "close": (3, 57),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
# Allowed for some arguments only; the conditions stand in `program`.
CONDITIONAL: Final[dict[str, tuple[int, int]]] = {
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "prlimit64": (302, 261),
    "kill": (62, 129),
    "tgkill": (234, 131),
}
_SECCOMP_CALL: Final = {"x86_64": 317, "aarch64": 277}
_AUDIT_ARCH: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_COLUMN: Final = {"x86_64": 0, "aarch64": 1}

_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_DENY = 0x00050000 | errno.EPERM
_LOAD, _EQUAL, _AT_LEAST, _HAS_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # BPF_LD|W|ABS, BPF_JMP|…|K, BPF_RET|K
_NUMBER, _ARCH = 0, 4
_X32 = 0x40000000
_SET_MODE_FILTER, _TSYNC = 1, 1


class Step(NamedTuple):
    """One instruction of classic BPF, struct sock_filter."""

    code: int
    yes: int
    no: int
    k: int

    def packed(self) -> bytes:
        return struct.pack("=HBBI", *self)


def program(machine: str, pid: int) -> bytes:
    """The filter for `machine` (x86_64 or aarch64) and the process `pid`, as an array of struct sock_filter."""
    column = _COLUMN[machine]
    steps = [
        Step(_LOAD, 0, 0, _ARCH),
        Step(_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        Step(_RETURN, 0, 0, _KILL),
        Step(_LOAD, 0, 0, _NUMBER),
        Step(_AT_LEAST, 0, 1, _X32),  # the x32 numbers of x86_64; no other machine counts so far
        Step(_RETURN, 0, 0, _KILL),
    ]
    for numbers in ALLOWED.values():
        steps += [Step(_EQUAL, 0, 1, numbers[column]), Step(_RETURN, 0, 0, _ALLOW)]
    for name, checks in _conditions(pid).items():
        steps += [Step(_EQUAL, 0, len(checks), CONDITIONAL[name][column]), *checks]
    steps.append(Step(_RETURN, 0, 0, _DENY))
    return b"".join(step.packed() for step in steps)


def install() -> bool:
    """Puts the filter on this process for good; False where the machine or its kernel knows none. no_new_privs must be
    set.
    """
    machine = platform.machine()
    if machine not in _COLUMN:
        return False
    code = program(machine, os.getpid())
    buffer = ctypes.create_string_buffer(code, len(code))
    fprog = struct.pack("HP", len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    call = ctypes.c_long(_SECCOMP_CALL[machine])
    return bool(libc.syscall(call, ctypes.c_ulong(_SET_MODE_FILTER), ctypes.c_ulong(_TSYNC), fprog) == 0)


def _argument(index: int) -> int:
    return 16 + 8 * index  # low half, on little-endian machines


def _conditions(pid: int) -> dict[str, list[Step]]:
    own = [
        Step(_LOAD, 0, 0, _argument(0)),
        Step(_EQUAL, 0, 1, pid),
        Step(_RETURN, 0, 0, _ALLOW),
        Step(_RETURN, 0, 0, _DENY),
    ]
    not_executable = [
        Step(_LOAD, 0, 0, _argument(2)),
        Step(_HAS_BIT, 1, 0, mmap.PROT_EXEC),
        Step(_RETURN, 0, 0, _ALLOW),
        Step(_RETURN, 0, 0, _DENY),
    ]
    own_limits = [
        Step(_LOAD, 0, 0, _argument(0)),
        Step(_EQUAL, 0, 4, 0),
        Step(_LOAD, 0, 0, _argument(1)),
        Step(_EQUAL, 1, 0, resource.RLIMIT_CPU),
        Step(_EQUAL, 0, 1, resource.RLIMIT_NOFILE),
        Step(_RETURN, 0, 0, _ALLOW),
        Step(_RETURN, 0, 0, _DENY),
    ]
    return {"mmap": not_executable, "mprotect": not_executable, "prlimit64": own_limits, "kill": own, "tgkill": own}
