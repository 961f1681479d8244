"""The guard as a process: signals, draining, reloading under load, clients that leave, another user."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import processes
from tests.e2e.guard_process import Guard
from tests.e2e.ledger import Ledger
from tests.e2e.mailbox_sink import MailboxSink
from tests.e2e.postfix import free_port, wait_for
from tests.e2e.rooms import MENU, ORDINARY, SENDER, records
from tests.e2e.torture import Session, Sink
from tests.edge.smtp_fakes import Client
from tests.fake_hop import FakeHop, Slow

ROOT = Path(__file__).resolve().parents[2]


async def _client(port: int) -> Client:
    client = Client(*await asyncio.open_connection("127.0.0.1", port))
    await client.reply()
    await client.say("EHLO client.test")
    return client


async def _until_data(port: int) -> Client:
    client = await _client(port)
    for line in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{ORDINARY}>", "DATA"):
        assert (await client.say(line))[0] in "23"
    return client


async def test_sigterm_lets_the_message_in_hand_finish(tmp_path: Path) -> None:
    """A message in DATA and one at the hop end with the hop's word, idle sessions hear 421, nobody new comes in, status 0."""
    port = free_port()
    async with FakeHop(script={"dot": Slow(b"250 2.0.0 Ok: queued as 1F\r\n", 0.04)}) as hop:
        guard = Guard(tmp_path, hop.port, {port: "mode: smtp"})
        try:
            await asyncio.to_thread(guard.start)
            idle, writing, waiting = await _client(port), await _until_data(port), await _until_data(port)
            await writing.send(MENU)
            await waiting.send(MENU + b".\r\n")
            while not hop.content:
                await asyncio.sleep(0.01)
            stopping = asyncio.create_task(asyncio.to_thread(guard.stop, 20.0))
            assert (await idle.reply()).startswith("421 4.3.2")
            with pytest.raises(OSError):
                await asyncio.open_connection("127.0.0.1", port)
            await writing.send(b".\r\n")
            assert (await waiting.reply()).startswith("250 2.0.0 Ok: queued")
            assert (await writing.reply()).startswith("250 2.0.0 Ok: queued")
            assert (await writing.reply()).startswith("421 4.3.2")
            assert await stopping == 0
            assert len(hop.taken) == 2
            assert guard.orphans() == 0
        finally:
            guard.abolish()
    assert [r["outcome"] for r in records(tmp_path, "outcome")] == ["relayed", "relayed"]


async def test_a_client_that_leaves_before_the_answer_gets_nothing_delivered(tmp_path: Path) -> None:
    """Half-closed after the dot or in the middle of DATA, or reset: the hop sees no message, and the next client is served."""
    port = free_port()
    async with FakeHop() as hop:
        guard = Guard(tmp_path, hop.port, {port: "mode: smtp"})
        try:
            await asyncio.to_thread(guard.start)
            for ending, reset in ((b".\r\n", False), (b"", False), (b"", True)):
                client = await _until_data(port)
                await client.send(MENU + ending) if reset else client.writer.write(MENU + ending)
                client.drop() if reset else client.writer.write_eof()
                if ending:
                    assert (await client.reply()).startswith("451 4.4.2")
                client.drop()
            assert not hop.content
            client = await _client(port)
            assert (await client.message(MENU + b".\r\n", [ORDINARY])).startswith("250 2.0.0 Ok")
            client.drop()
            assert await asyncio.to_thread(guard.stop) == 0
        finally:
            guard.abolish()


def _open_files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


@pytest.mark.slow
def test_a_hundred_sighups_under_load(tmp_path: Path) -> None:
    """100 reloads asked for within five seconds, while ten sessions send: no message is lost or cut, and nothing is left behind."""
    ledger = Ledger(300)
    sink = Sink(ledger)
    ports = {free_port(): "mode: smtp", free_port(): "mode: lmtp"}
    guard = Guard(tmp_path, sink.port, ports)
    try:
        guard.start()
        before, files = len(processes.of(guard.pid)), _open_files(guard.pid)
        end = time.monotonic() + 100
        clients = [Session(list(ports)[n % 2], ledger, lambda stage: None, lmtp=n % 2 == 1, end=end) for n in range(10)]
        for client in clients:
            client.start()
        for turn in range(100):
            if turn == 50:  # something to swap the workers for
                guard.config.write_text(
                    guard.config.read_text() + "rules: {disable: [{rule: document.ppa, until: 2099-01-01}]}\n"
                )
            os.kill(guard.pid, signal.SIGHUP)
            time.sleep(0.05)
        for client in clients:
            client.join(timeout=100)
        wait_for(lambda: _reloads(guard)[-1:] != [] and _settled(guard, before), 60, "the last reload")
        assert (ledger.finished, ledger.unanswered, len(ledger.lost), ledger.duplicates, ledger.misjudged) == (
            300,
            0,
            0,
            0,
            0,
        )
        assert not ledger.deferred
        reloads = _reloads(guard)
        assert 1 <= len(reloads) <= 100
        assert _open_files(guard.pid) <= files + 25  # sessions and hop connections come and go
        assert guard.stop() == 0
        assert guard.orphans() == 0
    finally:
        guard.abolish()
        sink.close()


def _reloads(guard: Guard) -> list[str]:
    return [r["result"] for r in records(guard.folder, "reload") if r["what"] == "reload"]


def _settled(guard: Guard, processes_before: int) -> bool:
    """No check of a configuration under way, and no second set of workers."""
    first = len(_reloads(guard))
    time.sleep(1.0)
    return len(processes.of(guard.pid)) <= processes_before and len(_reloads(guard)) == first


def test_sighup_while_it_starts_is_a_reload_and_no_death(tmp_path: Path) -> None:
    """The rules are still being read when the administrator asks for a reload: it is done once the guard serves."""
    sink = MailboxSink()
    port = free_port()
    guard = Guard(tmp_path, sink.port, {port: "mode: smtp"})
    try:
        starting = _start_in_background(guard)
        wait_for(lambda: _blocks_sighup(guard.pid), 20, "the start")
        os.kill(guard.pid, signal.SIGHUP)
        starting.join(40)
        wait_for(lambda: _reloads(guard) == ["applied"], 30, "the reload")
        assert guard.stop() == 0
    finally:
        guard.abolish()
        sink.close()


def _start_in_background(guard: Guard) -> threading.Thread:
    thread = threading.Thread(target=guard.start, daemon=True)
    thread.start()
    wait_for(lambda: guard.process is not None, 5, "the process")
    return thread


def _blocks_sighup(pid: int) -> bool:
    if b"mss_guard" not in Path(f"/proc/{pid}/cmdline").read_bytes():
        return False  # not yet itself: between fork and exec Python blocks every signal
    status = Path(f"/proc/{pid}/status").read_text()
    mask = next(line.split()[1] for line in status.splitlines() if line.startswith("SigBlk:"))
    return bool(int(mask, 16) & 1 << (signal.SIGHUP - 1))


def test_a_start_that_is_refused_leaves_nothing_behind(tmp_path: Path) -> None:
    """The port is taken: status 2, said in one line, and no process stays."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        guard = Guard(tmp_path, free_port(), {taken.getsockname()[1]: "mode: smtp"})
        done = subprocess.run(
            [sys.executable, "-m", "mss_guard", "run", "-c", str(guard.config)],
            capture_output=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert done.stderr


# --- as another user --------------------------------------------------------------------------------------------------


@pytest.fixture
def nobodys(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder of `nobody`'s and a Python that this user can run with this program."""
    del tmp_path
    if os.geteuid() != 0:
        pytest.skip("becoming another user needs root")
    folder = Path(tempfile.mkdtemp(prefix="mss-guard-"))
    shutil.chown(folder, "nobody")
    try:
        yield folder, _python_for_nobody(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _python_path() -> str:
    return os.pathsep.join([str(ROOT / "src"), *(p for p in sys.path if p.endswith("site-packages"))])


def _python_for_nobody(folder: Path) -> str:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        try:
            tried = subprocess.run(
                [candidate, "-c", "import mss_guard.app"], cwd=folder, env={**os.environ, "PYTHONPATH": _python_path()},
                user="nobody", extra_groups=[], capture_output=True, timeout=60, check=False,
            )  # fmt: skip
        except OSError:
            continue
        if tried.returncode == 0:
            return candidate
    pytest.skip(f"no {version} that the user nobody can run with this program's libraries")


def test_as_an_unprivileged_user(nobodys: tuple[Path, str]) -> None:
    """Started by `nobody`, without any capability: the workers confine themselves, mail passes, a killed worker is replaced, status 0."""
    folder, python = nobodys
    sink = MailboxSink()
    port = free_port()
    guard = Guard(folder, sink.port, {port: "mode: smtp"})
    guard.python, guard.user = python, "nobody"
    for file in folder.iterdir():
        shutil.chown(file, "nobody")
    try:
        guard.start({"PYTHONPATH": _python_path()})
        found = processes.ready(guard.pid)
        assert found
        for pid in found:
            status = Path(f"/proc/{pid}/status").read_text()
            assert f"\nUid:\t{pwd.getpwnam('nobody').pw_uid}\t" in status
            assert "\nNoNewPrivs:\t1\n" in status
            assert "\nCapEff:\t0000000000000000\n" in status
        processes.kill(found[0])
        assert asyncio.run(_send(port)).startswith("250 2.0.0 ok")
        assert len(sink.to(ORDINARY)) == 1
        assert guard.stop() == 0
        assert [r["action"] for r in records(folder, "decision")] == ["relay"]
    finally:
        guard.abolish()
        sink.close()


async def _send(port: int) -> str:
    client = await _client(port)
    answer = await client.message(MENU + b".\r\n", [ORDINARY])
    client.drop()
    return answer
