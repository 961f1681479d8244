"""An inspection module for tests, run inside real workers: the request's `name` says what to do, "verb argument".

Answers come back in `nearly`, the one field that takes free words (rule ids). Nothing here is imported by the guard.
"""

from __future__ import annotations

import codecs
import ctypes
import encodings.aliases
import errno
import mmap
import os
import pickle
import pkgutil
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from multiprocessing import forkserver

from mss_guard.core.formats.tooling import Tool, Tools
from mss_guard.core.model import Assessment, How, Level, Place, State
from mss_guard.core.wire import Request, encode_assessment

_libc = ctypes.CDLL(None, use_errno=True)
_FRONT = 3  # lowest descriptor that can be the socketpair; looked up when needed


CODECS = sorted({found.name for found in pkgutil.iter_modules(encodings.__path__)} | set(encodings.aliases.aliases))


LOADED = []
"""One process id for each time that rules were loaded here, or in the process that this one was forked from."""


def load(payload: bytes) -> bytes:
    LOADED.append(os.getpid())
    if payload == b"broken":
        raise ValueError("these rules do not load")
    if payload == b"exit":
        raise SystemExit(0)
    if payload == b"slow":
        time.sleep(0.3)
    if payload == b"late":
        if forkserver.get_inherited_fds() is None:
            raise ValueError("these rules load in a worker only")
        time.sleep(0.3)
    return payload


def inspect(raw: bytes, request: Request, knowledge: bytes, ask: Tools) -> Assessment:
    verb, _, argument = request.name.partition(" ")
    _LENT[:] = [ask]
    said = _VERBS[verb](raw, argument) if verb else ()
    return answer(*(said or ()), *([f"knowledge.{knowledge.decode()}"] if knowledge else []))


_LENT: list[Tools] = []


def _ask(raw: bytes, argument: str) -> tuple[str, ...]:
    """Asks for OCR of the raw bytes so many times; what came back, as rule ids."""
    for _ in range(int(argument or 1)):
        said = _LENT[0](Tool.OCR, raw)
    return (
        f"why.{said.why}",
        *(f"word.{word.lower()}" for word in said.text.split() if word.isalpha() and word.isascii()),
    )


def _forged(raw: bytes, argument: str) -> None:
    """Sends what no worker may send instead of an answer: a tool that there is not, or too long a document."""
    fd = _socket_fd()
    name, document = {"tool": (b"?sh", b"id"), "length": (b"?ocr", None), "endless": (b"?ocr", b"x")}[argument]
    for _ in range(10_000 if argument == "endless" else 1):
        os.write(fd, len(name).to_bytes(4, "big") + name)
        os.write(fd, (1 << 31).to_bytes(4, "big") if document is None else len(document).to_bytes(4, "big") + document)
    time.sleep(60)


def answer(*words: str) -> Assessment:
    place = Place(part="1", declared="text/plain", type="text/plain", how=How.MIME, state=State.READ)
    return Assessment(level=Level.NONE, score=0.0, health=False, findings=(), places=(place,), nearly=words)


def _socket_fd() -> int:
    return next(fd for fd in range(_FRONT, 64) if _is_socket(fd))


def _is_socket(fd: int) -> bool:
    return _libc.write(fd, b"", 0) == 0


def _raise(name: str) -> None:
    raise {"SystemExit": SystemExit(0), "KeyboardInterrupt": KeyboardInterrupt(), "ValueError": ValueError("Dupont")}[
        name
    ]


def _signal(name: str) -> None:
    os.kill(os.getpid(), getattr(signal, name))
    time.sleep(5)


def _spin() -> None:
    while True:
        pass


def _fill(raw: bytes, argument: str) -> None:
    kept = bytearray(int(argument) << 20)
    kept[:: mmap.PAGESIZE] = b"x" * len(range(0, len(kept), mmap.PAGESIZE))


def _say(data: bytes, then: float) -> None:
    try:
        os.write(_socket_fd(), data)
    finally:
        time.sleep(then)


class _Pwned:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("/tmp/unpickled-by-the-front",)


def _send_pickle() -> None:
    body = pickle.dumps(_Pwned())
    _say(len(body).to_bytes(4, "big") + body, 5)


def _sneak() -> None:
    body = b"+" + encode_assessment(answer("sneaked"), Request())
    os.write(_socket_fd(), len(body).to_bytes(4, "big") + body)


def _send_gigabyte() -> None:
    fd, block = _socket_fd(), bytes(1 << 20)
    os.write(fd, (1 << 30).to_bytes(4, "big"))
    for _ in range(1 << 10):
        os.write(fd, block)


def _noise() -> tuple[str, ...]:
    for stream in (sys.stdout, sys.stderr):
        print("Dupont Jean, compte rendu", file=stream, flush=True)
    os.write(2, b"Dupont Jean, compte rendu\n")
    return ("wrote",)


def every_codec() -> tuple[str, ...]:
    """Every codec of `encodings` and every alias, by name: how many, then those that are not found or do not decode."""
    lost = []
    for name in CODECS:
        try:
            codecs.decode(b"a", name)
        except Exception as error:
            lost.append(f"{name}.{type(error).__name__}")
    return (f"tried.{len(CODECS)}", *lost)


def attempt(name: str) -> tuple[str, ...]:
    try:
        _ATTEMPTS[name]()
    except OSError as error:
        return ("denied" if error.errno in _DENIALS else f"failed.{errno.errorcode[error.errno]}",)
    except (RuntimeError, ValueError) as error:
        return ("denied" if str(error) in _DENIALS_OF_PYTHON else f"failed.{type(error).__name__}",)
    return ("done",)


_DENIALS = {errno.EPERM, errno.EACCES, errno.EMFILE}
_DENIALS_OF_PYTHON = {"can't start new thread", "not allowed to raise maximum limit"}


def _import(name: str) -> tuple[str, ...]:
    try:
        __import__(name)
    except Exception as error:
        return (type(error).__name__,)
    return ("imported",)


def _is_open(fd: int) -> bool:
    ctypes.set_errno(0)
    _libc.write(fd, b"", 0)
    return ctypes.get_errno() != errno.EBADF


def _call(name: str, *arguments: object) -> None:
    ctypes.set_errno(0)
    if getattr(_libc, name)(*arguments) in (-1, 0xFFFFFFFF):
        raise OSError(ctypes.get_errno(), name)


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _executable_memory() -> None:
    mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


_ATTEMPTS = {
    "open-read": lambda: os.open("/etc/hostname", os.O_RDONLY),
    "open-write": lambda: os.open("/tmp/written-by-a-worker", os.O_WRONLY | os.O_CREAT, 0o600),
    "open-shm": lambda: os.open("/dev/shm/written-by-a-worker", os.O_RDWR | os.O_CREAT, 0o600),
    "list": lambda: os.listdir("/"),
    "stat": lambda: os.stat("/etc/passwd"),
    "unlink": lambda: os.unlink("/tmp/there-is-no-such-file"),
    "chdir": lambda: os.chdir("/"),
    "tcp": lambda: socket.socket().connect(("127.0.0.1", 1)),
    "tcp6": lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM),
    "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)),
    "unix-path": lambda: socket.socket(socket.AF_UNIX).connect("/run/systemd/notify"),
    "unix-abstract": lambda: socket.socket(socket.AF_UNIX).connect("\0abstract"),
    "unix-datagram": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"x", "/dev/log"),
    "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "socketpair": lambda: socket.socketpair(),
    "execve": lambda: os.execv("/bin/true", ["true"]),
    "subprocess": lambda: subprocess.run(["/bin/true"], check=True),
    "fork": _fork,
    "thread": lambda: threading.Thread(target=int).start(),
    "ptrace": lambda: _call("ptrace", 16, 1, 0, 0),
    "process_vm_readv": lambda: _call("process_vm_readv", 1, None, 0, None, 0, 0),
    "kill-other": lambda: os.kill(1, 0),
    "kill-group": lambda: os.kill(0, 0),
    "memfd": lambda: os.memfd_create("x"),
    "pidfd": lambda: os.pidfd_open(os.getpid()),
    "pipe": lambda: os.pipe(),
    "dup": lambda: os.dup(1),
    "raise-files": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16)),
    "raise-memory": lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1)),
    "limit-other": lambda: resource.prlimit(1, resource.RLIMIT_NOFILE),
    "executable-memory": _executable_memory,
    "io_uring": lambda: _call("syscall", 425, 1, None),
    "bpf": lambda: _call("syscall", 321, 0, None, 0),
    "mount": lambda: _call("mount", b"none", b"/mnt", b"tmpfs", 0, None),
    "unshare": lambda: _call("unshare", 0x10000000),
}
ATTEMPTS = tuple(_ATTEMPTS)

_VERBS = {
    "ask": _ask,
    "forged": _forged,
    "echo": lambda raw, argument: (f"size.{len(raw)}", f"pid.{os.getpid()}"),
    "loaded": lambda raw, argument: (f"pid.{os.getpid()}", *(f"by.{pid}" for pid in LOADED)),
    "raise": lambda raw, argument: _raise(argument),
    "signal": lambda raw, argument: _signal(argument),
    "null": lambda raw, argument: ctypes.string_at(0),
    "abort": lambda raw, argument: os.abort(),
    "spin": lambda raw, argument: _spin(),
    "sleep": lambda raw, argument: time.sleep(float(argument)),
    "fill": _fill,
    "pickle": lambda raw, argument: _send_pickle(),
    "gigabyte": lambda raw, argument: _send_gigabyte(),
    "twice": lambda raw, argument: _say((2).to_bytes(4, "big") + b"+[", 0),
    "sneak": lambda raw, argument: _sneak(),
    "long": lambda raw, argument: _say((300_000).to_bytes(4, "big"), 5),
    "close": lambda raw, argument: (os.close(_socket_fd()), time.sleep(5)),
    "noise": lambda raw, argument: _noise(),
    "codecs": lambda raw, argument: every_codec(),
    "try": lambda raw, argument: attempt(argument),
    "import": lambda raw, argument: _import(argument),
    "descriptors": lambda raw, argument: (f"open.{sum(_is_open(fd) for fd in range(1024))}",),
}
