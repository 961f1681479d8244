"""The few things the journal asks of a disk, so that a test can make each of them fail."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Protocol


class Disk(Protocol):
    """Every call raises OSError when the disk says no."""

    def create(self, path: Path) -> int:
        """A new file for appending; fails when there is one."""

    def reopen(self, path: Path) -> int:
        """An existing file for appending."""

    def write(self, fd: int, data: bytes) -> int:
        """Append; may write less than given."""

    def sync(self, fd: int) -> None:
        """fdatasync: the data and what is needed to find it are on the disk."""

    def truncate(self, fd: int, size: int) -> None:
        """Cut the file, durably."""

    def publish(self, draft: Path, final: Path) -> None:
        """Give a file its name, durably."""

    def close(self, fd: int) -> None: ...


class RealDisk:
    """POSIX. O_APPEND, so that whatever else goes wrong nothing written is written over."""

    def create(self, path: Path) -> int:
        path.unlink(missing_ok=True)
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def reopen(self, path: Path) -> int:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)

    def write(self, fd: int, data: bytes) -> int:
        return os.write(fd, data)

    def sync(self, fd: int) -> None:
        os.fdatasync(fd)

    def truncate(self, fd: int, size: int) -> None:
        os.ftruncate(fd, size)
        os.fsync(fd)

    def publish(self, draft: Path, final: Path) -> None:
        draft.rename(final)
        sync_directory(final.parent)

    def close(self, fd: int) -> None:
        os.close(fd)


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def make_directory(path: Path) -> None:
    """`path` and its missing parents, mode 0700, durably."""
    missing = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for directory in reversed(missing):
        directory.mkdir(mode=0o700, exist_ok=True)
        sync_directory(directory.parent)


def lock(directory: Path) -> int | None:
    """Take a writer directory's lock: the descriptor that holds it, or None when another process does."""
    fd = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    except BaseException:
        os.close(fd)
        raise
    return fd
