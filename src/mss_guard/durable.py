"""Small files of the state directory, replaced whole and durably. Below all doors, for several of them keep such files."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def publish(path: Path, octets: bytes, state: Path) -> None:
    """A new file (0600) under its name, durably; whoever owns the state directory owns it, root or not. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(octets)
            file.flush()
            if os.geteuid() == 0:
                owner = state.stat()
                os.chown(file.fileno(), owner.st_uid, owner.st_gid)
                os.chown(path.parent, owner.st_uid, owner.st_gid)
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync(path.parent)


def sync(directory: Path) -> None:
    """What was renamed or removed in a directory is so after a power cut too."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
