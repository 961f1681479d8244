"""The systemd unit: hardened, well formed, and with the settings that the service counts on."""

import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[1] / "systemd" / "mss-guard.service"
UNITS = sorted(UNIT.parent.glob("*.service"))
analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd: apt-get install systemd")


@analyze
@pytest.mark.parametrize("given", UNITS, ids=lambda path: path.stem)
def test_exposure_is_low(given):
    """`systemd-analyze security` gives 1.5 or less."""
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager", str(given)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout[-300:]


@analyze
@pytest.mark.parametrize("given", UNITS, ids=lambda path: path.stem)
def test_every_line_is_understood(given, tmp_path):
    """`systemd-analyze verify` has nothing to say."""
    unit = tmp_path / given.name
    lines = [
        "ExecStart=/bin/true" if line.startswith("ExecStart=") else line
        for line in given.read_text().splitlines()
        if not line.startswith("Documentation=")  # the manual page comes with the package
    ]
    unit.write_text("\n".join(lines) + "\n")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=60
    )
    assert given.name not in done.stderr.replace("mss-guard.service not found", ""), done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "Type=notify",
        "LimitCORE=0",
        "OOMPolicy=continue",
        "RestartPreventExitStatus=2",
        "TimeoutStopSec=660",
        "KillMode=mixed",
        "SystemCallFilter=@system-service",
        "SystemCallFilter=landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp",
    ],
)
def test_what_the_service_counts_on_is_there(line):
    """Draining, restarts and the workers' confinement hang on these lines."""
    assert line in UNIT.read_text().splitlines()


def test_the_network_stays_open():
    """White list, DNS and a remote next hop must be reachable."""
    assert not any(line.startswith("IPAddressDeny") for line in UNIT.read_text().splitlines())
