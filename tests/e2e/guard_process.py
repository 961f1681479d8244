"""The guard as its users run it: `mss-guard run -c FILE` in a process of its own, on free ports, with its own state."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.e2e import processes

TRUST_LIST = Path(__file__).resolve().parents[2] / "rules" / "trust" / "liste-demo.xml"

CONFIG = """\
structure:
  id: tilleuls
  name: EHPAD Les Tilleuls
  domains: [ehpad-les-tilleuls.fr]
  secure_domains: [ehpad-les-tilleuls.mssante.fr]
  secure_access: https://webmail.exemple.mssante.fr
  region: pays-de-la-loire
  contact: {{name: Support, email: support@ehpad-les-tilleuls.fr, phone: 02 00 00 00 00, hours: 9 h - 17 h}}
listeners:
{listeners}
next_hop: {{host: 127.0.0.1, port: {hop}, max_connections: {max_connections}}}
limits: {{per_client: 100, size: {size}}}
smtp: {{hostname: guet.tilleuls.test, xforward_from: [127.0.0.0/8]}}
trust: {{list: {trust}}}
policy: {{mode: {mode}, refusal: {refusal}}}
audit: {{path: {state}/journal}}
state: {state}/state
"""


class Guard:
    """One `mss-guard run`, restartable after a kill. `log` collects its standard output and error."""

    module: str = "mss_guard"
    arguments: tuple[str, ...] = ()

    def __init__(
        self,
        folder: Path,
        hop_port: int,
        listeners: Mapping[int, str],
        *,
        mode: str = "enforce",
        refusal: str = "reject",
        extra: str = "",
        size: str = "50MB",
        trust: Path = TRUST_LIST,
        max_connections: int = 20,
    ) -> None:
        lines = "\n".join(f"  - {{address: 127.0.0.1, port: {port}, {kind}}}" for port, kind in listeners.items())
        self.folder, self.ports = folder, list(listeners)
        mine = folder / "liste.xml"
        mine.write_bytes(trust.read_bytes())  # a list as old as the checkout would be too old one day
        self.config = folder / "mss-guard.yaml"
        self.log = folder / "guard.log"
        self.config.write_text(
            CONFIG.format(
                listeners=lines,
                hop=hop_port,
                trust=mine,
                mode=mode,
                refusal=refusal,
                state=folder,
                size=size,
                max_connections=max_connections,
            )
            + extra
        )
        self.process: subprocess.Popen[bytes] | None = None
        self.python = sys.executable
        self.user: str | None = None  # None: whoever runs the tests

    def start(self, environment: Mapping[str, str] | None = None, seconds: float = 30.0) -> None:
        """Returns once every listener answers with its banner."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.python, "-m", self.module, "run", "-c", str(self.config), *self.arguments],
                stdout=log, stderr=log, env={**os.environ, **(environment or {})}, start_new_session=True,
                user=self.user, group=self.user and grp.getgrgid(pwd.getpwnam(self.user).pw_gid).gr_name, extra_groups=[] if self.user else None,
            )  # fmt: skip
        end = time.monotonic() + seconds
        for port in self.ports:
            while not _answers(port):
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"the guard did not start: {self.log.read_text(errors='replace')[-3000:]}")
                time.sleep(0.02)

    @property
    def pid(self) -> int:
        """Of the front, which is also the number of the session of all its processes."""
        assert self.process is not None
        return self.process.pid

    def orphans(self, within: float = 2.0) -> int:
        """How many processes of the guard are left after so many seconds."""
        end = time.monotonic() + within
        while (left := len(processes.of(self.pid))) and time.monotonic() < end:
            time.sleep(0.02)
        return left

    def abolish(self) -> None:
        """Whatever state it is in: gone, with all its processes."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self.process.wait(timeout=10)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=10)

    def stop(self, seconds: float = 20.0) -> int:
        """SIGTERM, the way systemd stops it; the status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


@contextlib.contextmanager
def running(guard: Guard) -> Iterator[Guard]:
    """Starts the guard, and stops it whatever happens."""
    guard.start()
    try:
        yield guard
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            guard.stop()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            return connection.recv(100).startswith(b"220")
    except OSError:
        return False
