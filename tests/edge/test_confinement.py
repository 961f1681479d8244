"""What a worker cannot do, tried from inside; as the user who runs the tests, and as nobody."""

from __future__ import annotations

import os
import platform
import re
import struct
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from mss_guard.core.model import Assessment
from mss_guard.core.wire import Request
from mss_guard.edge.inspector import Layers, Settings, blocking, probe, seccomp
from mss_guard.edge.inspector.unlooped import Inspect
from tests.edge import worker_targets

ROOT = Path(__file__).parents[2]
SETTINGS = Settings(workers=1, inspection="tests.edge.worker_targets", readers=())


@pytest.fixture(scope="module")
def inspect() -> Iterator[Inspect]:
    """One confined worker that does what it is told."""
    with blocking(b"", SETTINGS) as ask:
        yield ask


def told(inspect: Inspect, name: str) -> tuple[str, ...]:
    found = inspect(Request(name=name), b"x", 10)
    assert isinstance(found, Assessment), found
    return found.nearly


@pytest.mark.parametrize("attempt", worker_targets.ATTEMPTS)
def test_a_worker_cannot(inspect: Inspect, attempt: str) -> None:
    """Files, sockets, processes, other processes' memory, its own limits: every attempt is denied."""
    (outcome,) = told(inspect, f"try {attempt}")
    assert outcome == "denied"


def test_nothing_was_written() -> None:
    """The attempts to write left no file behind."""
    assert not Path("/tmp/written-by-a-worker").exists()
    assert not Path("/dev/shm/written-by-a-worker").exists()


def test_a_module_that_is_not_loaded_does_not_exist(inspect: Inspect) -> None:
    """A late import fails as one that is not installed would, which is what `except ImportError` expects."""
    assert told(inspect, "import antigravity") == ("ModuleNotFoundError",)


def test_every_codec_of_python_decodes(inspect: Inspect) -> None:
    """Every name and alias that this unconfined process finds, a confined worker finds."""
    assert told(inspect, "codecs") == worker_targets.every_codec()
    assert int(worker_targets.every_codec()[0].split(".")[1]) > 300


def test_standard_streams_lead_nowhere(inspect: Inspect, capfd: pytest.CaptureFixture[str]) -> None:
    """What a library prints while it reads a message reaches nobody."""
    assert told(inspect, "noise") == ("wrote",)
    assert "".join(capfd.readouterr()) == ""


def test_a_worker_keeps_one_descriptor_beside_the_streams(inspect: Inspect) -> None:
    """Nothing of the front or the fork server is inherited, the resource tracker's pipe least of all."""
    assert told(inspect, "descriptors") == ("open.4",)


def test_process_title_holds_nothing_of_the_message(inspect: Inspect) -> None:
    """ps shows the fork server's command line and a fixed name."""
    pid = int(told(inspect, "echo")[1].split(".")[1])
    inspect(Request(name="echo", recipients=("dupont@ordinaire.example",)), b"Dupont", 5)
    assert Path(f"/proc/{pid}/comm").read_text() == "mss-inspect\n"
    assert b"dupont" not in Path(f"/proc/{pid}/cmdline").read_bytes().lower()


async def test_probe_names_the_layers() -> None:
    """`doctor` sees what holds on this machine; the required ones hold wherever the tests run."""
    layers = await probe(SETTINGS)
    assert layers.missing == ()
    assert layers.not_dumpable
    assert layers.dies_with_parent
    assert layers.seccomp or platform.machine() not in {"x86_64", "aarch64"}


@pytest.mark.parametrize("missing", ["no_new_privs", "limits", "no_files"])
def test_a_required_layer_that_does_not_hold_is_named(missing: str) -> None:
    """Landlock, seccomp and the rest may be missing from a kernel; these three may not."""
    held = {"no_new_privs": True, "limits": True, "no_files": True} | {missing: False}
    assert Layers(**held).missing == (missing,)
    assert set(Layers(**held).weak) >= {missing, "landlock", "seccomp"}


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b'{"no_new_privs": true}', Layers().to_json().replace(b"false", b"1"), b'"' + b"x" * 99],
)
def test_a_report_of_layers_is_checked(data: bytes) -> None:
    """What a worker says of its confinement is read field by field too."""
    with pytest.raises(ValueError):
        Layers.from_json(data)
    assert Layers.from_json(Layers(landlock=3).to_json()) == Layers(landlock=3)


# --- each layer alone -------------------------------------------------------------------------------------------------

FILES = ("open-read", "open-write", "list")
SOCKETS = ("udp", "tcp6", "unix-path", "unix-abstract", "unix-datagram", "socketpair")
ALONE = {
    "forbid_descriptors": (*FILES, *SOCKETS, "pipe", "memfd"),
    "forbid_paths": (*FILES, "tcp"),
    "seccomp": (*FILES, *SOCKETS, "tcp", "execve", "fork", "thread", "ptrace", "kill-other", "io_uring", "dup"),
}
ONE_LAYER = """
import sys
from mss_guard.edge.inspector import confinement, seccomp
from tests.edge import worker_targets
confinement.drop_capabilities()
confinement.forbid_new_privileges()
if not {"seccomp": seccomp.install}.get(sys.argv[1], getattr(confinement, sys.argv[1], None))():
    print("absent")
else:
    print(*(name for name in sys.argv[2:] if worker_targets.attempt(name) != ("denied",)))
"""


@pytest.mark.parametrize("layer", ALONE)
def test_each_layer_holds_by_itself(layer: str) -> None:
    """Take the others away, and what this one is for still fails."""
    command = [sys.executable, "-c", ONE_LAYER, layer, *ALONE[layer]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={"PYTHONPATH": str(ROOT)})
    if done.stdout == "absent\n":
        pytest.skip(f"this kernel has no {layer}")
    assert (done.stdout, done.returncode) == ("\n", 0), done.stderr


def test_numbers_of_system_calls_are_the_kernels() -> None:
    """The two tables agree with Linux's own headers, where they are installed."""
    headers = {
        0: next(Path("/usr/include").glob("*/asm/unistd_64.h"), None),
        1: Path("/usr/include/asm-generic/unistd.h"),
    }
    checked = 0
    for column, header in headers.items():
        if header is None or not header.exists():
            continue
        known = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", header.read_text()))
        for name, numbers in (seccomp.ALLOWED | seccomp.CONDITIONAL).items():
            assert int(known[name]) == numbers[column], (name, column)
            checked += 1
    if not checked:
        pytest.skip("Linux headers are not installed: apt-get install linux-libc-dev")


def test_the_filter_is_whole_on_both_machines() -> None:
    """Every jump of the program lands inside it, and its last word is no."""
    for machine in ("x86_64", "aarch64"):
        code = seccomp.program(machine, 4711)
        steps = [seccomp.Step(*fields) for fields in struct.iter_unpack("=HBBI", code)]
        for at, step in enumerate(steps):
            assert at + 1 + max(step.yes, step.no) < len(steps) or step.code == 0x06
        assert steps[-1].code == 0x06
        assert steps[-1].k >> 16 == 0x0005


# --- as nobody --------------------------------------------------------------------------------------------------------

AS_NOBODY = """
import os, sys
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
from mss_guard.core.wire import Request
from mss_guard.edge.inspector import Settings, blocking
from tests.edge import worker_targets
with blocking(b"", Settings(workers=1, inspection="tests.edge.worker_targets", readers=())) as inspect:
    for name in (*(f"try {attempt}" for attempt in worker_targets.ATTEMPTS), "codecs"):
        print(os.getuid(), name, *inspect(Request(name=name), b"x", 10).nearly)
"""


def _readable_python() -> str:
    """An interpreter that nobody may run, with what this one has; root's own may lie under /root."""
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        try:
            subprocess.run([python, "-c", "import mss_guard.edge.inspector"], check=True, timeout=60, **_nobody())
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    pytest.skip("neither this interpreter nor the system's is readable by nobody")


def _nobody() -> dict[str, object]:
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT), sysconfig.get_paths()["purelib"]])
    user = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
    return {"env": {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/bin"}, "cwd": "/", **user}


def test_the_same_holds_for_an_unprivileged_user() -> None:
    """Root's powers are not what denies: as nobody every attempt fails too, and every codec is there."""
    python = _readable_python()
    done = subprocess.run([python, "-c", AS_NOBODY], capture_output=True, text=True, timeout=120, **_nobody())
    assert done.returncode == 0, done.stderr
    *attempts, codecs = done.stdout.splitlines()
    assert len(attempts) == len(worker_targets.ATTEMPTS)
    assert [line for line in attempts if not line.endswith(" denied")] == []
    assert all(not line.startswith("0 ") for line in attempts)
    assert int(codecs.split("tried.")[1].split()[0]) > 300
