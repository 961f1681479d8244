"""A real Postfix of one test's own: own configuration, queue, data and log, free ports, started and stopped by its own command."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

MISSING = "Postfix is missing: apt-get install --no-install-recommends postfix (as root)"

MASTER = """\
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
local unix - n n - - local
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
"""


def usable() -> str | None:
    """None when Postfix can be run here, else why not, with the one command that mends it."""
    if shutil.which("postfix") is None:
        return MISSING
    return None if os.geteuid() == 0 else "Postfix starts only as root: sudo make test"


needs_postfix = pytest.mark.skipif(usable() is not None, reason=usable() or "")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


BASE = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.tilleuls.test
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks,reject
disable_dns_lookups = yes
smtp_host_lookup = native
lmtp_host_lookup = native
biff = no
default_process_limit = 60
minimal_backoff_time = 2s
maximal_backoff_time = 4s
queue_run_delay = 2s
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
"""


@contextlib.contextmanager
def postfix(main_cf: Sequence[str], master_cf: Sequence[str], files: Mapping[str, str] | None = None) -> Iterator[Path]:
    """Runs Postfix with these lines on top of a small base; yields its folder (`log` and `etc` inside). Stopped by `postfix stop`.

    `files` are written into its configuration directory; `/etc/postfix/` in any line means that directory.
    """
    folder = Path(tempfile.mkdtemp(prefix="mssg-postfix-"))
    folder.chmod(0o755)
    config = folder / "etc"
    for place in (config, folder / "queue", folder / "data"):
        place.mkdir(mode=0o755)
    shutil.chown(folder / "data", "postfix")
    for name, text in (files or {}).items():
        (config / name).write_text(text)
    (config / "main.cf").write_text(_at(BASE.format(folder=folder) + "\n".join(main_cf), config))
    (config / "master.cf").write_text(_at(MASTER + "\n".join(master_cf), config))
    (folder / "log").touch(mode=0o644)
    try:
        _run("start", config, folder)
        master = int((folder / "queue" / "pid" / "master.pid").read_text())
        try:
            yield folder
        finally:
            _run("stop", config, folder)
            _gone(master)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _at(text: str, config: Path) -> str:
    return text.replace("/etc/postfix/", f"{config}/") + "\n"


def _run(verb: str, config: Path, folder: Path) -> None:
    done = subprocess.run(["postfix", "-c", str(config), verb], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"postfix {verb}: {done.stdout}{done.stderr}{(folder / 'log').read_text()[-2000:]}")


def _gone(process: int, seconds: float = 10.0) -> None:
    """The master ends last; one that does not is killed, so that no test leaves a server behind."""
    end = time.monotonic() + seconds
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < end:
            os.kill(process, 0)
            time.sleep(0.05)
        os.killpg(process, signal.SIGKILL)


def wait_for(condition: Callable[[], object], seconds: float = 20.0, what: str = "the condition") -> None:
    """Polls a callable until it is true; fails the test with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if condition():
                return
        time.sleep(0.05)
    pytest.fail(f"{what} did not come true within {seconds} s")
