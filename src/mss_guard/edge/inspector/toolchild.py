"""`python -I -m mss_guard.edge.inspector.toolchild PROGRAM ARGUMENT…`: confine this process, then become PROGRAM.

The document is its standard input, the text its standard output; there is nothing else. What holds afterwards, for the
program too, since all of it survives execve: no new privileges, no capabilities, no new process or thread, no socket,
no other process's memory (seccomp); of the file system reading under /usr and /lib* and what the loader needs
(Landlock), no writing anywhere; bounded memory, time and output. Without Landlock or seccomp it does not start."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys
from typing import Final

from mss_guard.edge.inspector import confinement
from mss_guard.edge.inspector.seccomp import Step
from mss_guard.edge.inspector.terms import UNCONFINED

MEMORY: Final = 768 * 1024 * 1024
CPU: Final = 20  # seconds, behind the front's own limit
FILES: Final = 64  # open at once: libraries, a language file, a configuration

READABLE: Final = ("/usr", "/lib", "/lib32", "/lib64", "/libx32", "/etc/ld.so.cache")
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_PATH_BENEATH = 1

# name: (x86_64, aarch64); -1 where the machine has no such call. seccomp(2), asm/unistd_64.h, asm-generic/unistd.h.
DENIED: Final[dict[str, tuple[int, int]]] = {
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201), "socketpair": (53, 199),
    "sendto": (44, 206), "sendmsg": (46, 211),
    "clone": (56, 220), "clone3": (435, 435), "fork": (57, -1), "vfork": (58, -1),
    "kill": (62, 129), "tkill": (200, 130), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "io_uring_setup": (425, 425), "bpf": (321, 280), "userfaultfd": (323, 282), "perf_event_open": (298, 241),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218), "unshare": (272, 97), "setns": (308, 268),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "memfd_create": (319, 279),
    "shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
    "open_by_handle_at": (304, 265), "setsid": (112, 157), "setpgid": (109, 154),
}  # fmt: skip
_ARCH: Final = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_SECCOMP: Final = {"x86_64": 317, "aarch64": 277}
_ALLOW, _KILL, _DENY = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_X32: Final = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)


def confine() -> bool:
    """Every layer, for good; False when one that must hold does not."""
    if _libc.prctl(1, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0) != 0:  # PR_SET_PDEATHSIG
        return False
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_MEMLOCK, 0),
    ):
        hard = resource.getrlimit(what)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (least, least))
    return (
        confinement.drop_capabilities()
        and confinement.forbid_new_privileges()
        and grant_reading(READABLE)
        and forbid_calls()
    )


def grant_reading(paths: tuple[str, ...]) -> bool:
    """A Landlock rule set that grants reading and executing beneath `paths` and nothing else (landlock(7))."""
    attributes = confinement.landlock_attributes()
    if not attributes:
        return False
    rules = int(_libc.syscall(ctypes.c_long(_CREATE), attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0)))
    if rules < 0:
        return False
    for path in paths:
        try:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        rights = _READ_FILE | (_EXECUTE | _READ_DIR if os.path.isdir(path) else 0)  # noqa: PTH112
        rule = struct.pack("=Qi", rights, fd)
        if _libc.syscall(ctypes.c_long(_ADD), rules, _PATH_BENEATH, rule, ctypes.c_uint32(0)) != 0:
            return False
        os.close(fd)
    held = _libc.syscall(ctypes.c_long(_RESTRICT), rules, ctypes.c_uint32(0)) == 0
    os.close(rules)
    return bool(held)


def program(machine: str) -> bytes:
    """The filter: what is in DENIED fails with EPERM, another machine's calls end the process."""
    column, arch = _ARCH[machine]
    steps = [
        Step(_LOAD, 0, 0, 4),
        Step(_EQUAL, 1, 0, arch),
        Step(_RETURN, 0, 0, _KILL),
        Step(_LOAD, 0, 0, 0),
        Step(_AT_LEAST, 0, 1, _X32),
        Step(_RETURN, 0, 0, _KILL),
    ]
    for numbers in DENIED.values():
        if numbers[column] >= 0:
            steps += [Step(_EQUAL, 0, 1, numbers[column]), Step(_RETURN, 0, 0, _DENY)]
    steps.append(Step(_RETURN, 0, 0, _ALLOW))
    return b"".join(step.packed() for step in steps)


def forbid_calls() -> bool:
    """Puts the filter on; no_new_privs must be set. False where the machine or its kernel knows none."""
    machine = platform.machine()
    if machine not in _ARCH:
        return False
    code = program(machine)
    buffer = ctypes.create_string_buffer(code, len(code))
    fprog = struct.pack("HP", len(code) // 8, ctypes.addressof(buffer))
    call = ctypes.c_long(_SECCOMP[machine])
    return bool(_libc.syscall(call, ctypes.c_ulong(1), ctypes.c_ulong(0), fprog) == 0)


def main() -> None:
    """Confine and become; the status says when that could not be."""
    try:
        if confine():
            os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606  no shell is what is wanted
    finally:
        os._exit(UNCONFINED)


if __name__ == "__main__":
    main()
