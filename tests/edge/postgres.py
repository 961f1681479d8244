"""Debian's PostgreSQL, started by the tests on a free port in a folder of its own, ended by its own process id."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.postfix import free_port


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        pytest.skip("PostgreSQL is missing: apt-get install --no-install-recommends postgresql")
    return found[-1].parent


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The URL of an empty database, as its owner."""
    programs, data, port = _programs(), folder / "data", free_port()
    user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    if user:
        with contextlib.suppress(KeyError):
            account = pwd.getpwnam(user)
            os.chown(folder, account.pw_uid, account.pw_gid)
        for above in folder.parents:
            with contextlib.suppress(OSError):
                above.chmod(above.stat().st_mode | 0o011) if above.stat().st_uid == 0 and str(above).startswith(
                    "/tmp/"
                ) else None
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "guet", "-A", "trust", "--no-sync", "-E", "UTF8", "--no-locale"],
        check=True, capture_output=True, user=user, cwd=folder, extra_groups=[] if user else None,
    )  # fmt: skip
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, "-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"],
        stdout=subprocess.DEVNULL, stderr=(folder / "log").open("wb"), user=user, cwd=folder, extra_groups=[] if user else None,
    )  # fmt: skip
    try:
        end = time.monotonic() + 90
        ready = [shutil.which("pg_isready") or programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        while subprocess.run(ready, check=False).returncode and time.monotonic() < end:
            time.sleep(0.05)
        yield f"postgresql://guet@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)  # fast shutdown
        server.wait(timeout=20)
