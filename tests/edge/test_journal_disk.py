"""The journal on a disk that says no: at every step, in every way, and after a crash."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta

import pytest

from mss_guard.edge.journal import Filters, Journal, JournalBusy, JournalUnavailable, fields, search, verify
from mss_guard.edge.journal.disk import RealDisk

DECISION = {"action": "relay", "sender": {"kind": "own"}, "recipients": []}
OUTCOME = {"outcome": "relayed"}
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def ref(number):
    text = ""
    for _ in range(8):
        number, digit = divmod(number, len(ALPHABET))
        text += ALPHABET[digit]
    return f"MSSG-{text[:4]}-{text[4:]}"


class Clock:
    def __init__(self):
        self.now = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)

    def __call__(self):
        self.now += timedelta(milliseconds=1)
        return self.now


class BadDisk(RealDisk):
    """A real disk that fails at named steps: `broken` maps a step to the errno it answers until taken out."""

    def __init__(self):
        self.broken = {}
        self.syncs = 0

    def _try(self, step):
        if step in self.broken:
            raise OSError(self.broken[step], "no")

    def create(self, path):
        self._try("create")
        return super().create(path)

    def write(self, fd, data):
        if "short" in self.broken:
            if len(data) > 20:
                return super().write(fd, data[: len(data) // 2])
            raise OSError(self.broken["short"], "no")
        self._try("write")
        return super().write(fd, data)

    def sync(self, fd):
        self._try("sync")
        self.syncs += 1
        super().sync(fd)

    def truncate(self, fd, size):
        self._try("truncate")
        super().truncate(fd, size)

    def publish(self, draft, final):
        self._try("publish")
        super().publish(draft, final)
        self._try("directory")


@pytest.fixture
def root(tmp_path):
    return tmp_path / "journal"


@pytest.fixture
def start(root, tmp_path):
    def start(writer="front-0", clock=None, disk=None, node="node-1"):
        return Journal.open(root, node, writer, "tilleuls", tmp_path / "keys", clock or Clock(), disk)

    return start


def records(root, **filters):
    return [found.record for found in search(root, Filters(**filters))]


def kinds(root):
    return [record["kind"] for record in records(root)]


async def test_written_when_append_returns(root, start):
    """A decision stands in its file when `append` comes back; segment, root and chain verify after closing."""
    journal = start()
    await journal.append("decision", ref(1), DECISION, "abc")
    assert [r["kind"] for r in records(root)] == ["segment-open", "decision"]
    journal.append_late("outcome", ref(1), OUTCOME, "abc")
    await journal.close()
    report = verify(root)
    assert (report.ok, report.records, report.writers[0].closed) == (True, 4, True)
    assert (root / "node-1" / "front-0" / "2026-11-22-001.jsonl").is_file()
    assert {oct(p.stat().st_mode & 0o777) for p in (root / "node-1" / "front-0").iterdir()} == {"0o600"}
    for record in records(root):
        own = {k: v for k, v in record.items() if k not in fields.HEADER}
        fields.check(record["kind"], record["ref"], own, record["knowledge"])


async def test_what_waits_together_is_made_durable_together(root, start):
    """A hundred waiting appends cost a handful of fdatasyncs, not a hundred."""
    disk = BadDisk()
    journal = start(disk=disk)
    await asyncio.gather(*(journal.append("decision", ref(n), DECISION, None) for n in range(100)))
    assert disk.syncs < 20
    await journal.close()
    assert kinds(root).count("decision") == 100
    assert verify(root).ok


@pytest.mark.parametrize(
    "broken",
    [
        {"write": errno.ENOSPC},
        {"short": errno.ENOSPC},
        {"sync": errno.EIO},
        {"sync": errno.EIO, "truncate": errno.EIO},
        {"short": errno.ENOSPC, "truncate": errno.EIO},
        {"write": errno.EROFS, "truncate": errno.EROFS, "create": errno.EROFS},
    ],
    ids=lambda b: "+".join(b),
)
async def test_a_disk_that_fails_is_unavailable_and_recovers_by_itself(root, start, broken):
    """The decision is refused with an errno name only and leaves no trace; when the disk is well again the chain goes
    on unbroken.
    """
    disk = BadDisk()
    journal = start(disk=disk)
    await journal.append("decision", ref(1), DECISION, None)
    journal.append_late("outcome", ref(1), OUTCOME, None)
    disk.broken = broken
    for n in (2, 3):
        with pytest.raises(JournalUnavailable, match=r"^E[A-Z]+$"):
            await journal.append("decision", ref(n), DECISION, None)
    disk.broken = {}
    await journal.append("decision", ref(4), DECISION, None)
    assert journal.fault is None
    await journal.close()
    decisions = [r["ref"] for r in records(root, kinds=frozenset({"decision"}))]
    assert decisions == [ref(1), ref(4)]
    assert verify(root).breaks == ()
    if "sync" in broken:
        assert [r["errno"] for r in records(root, kinds=frozenset({"recovered"}))] == ["EIO"]
        assert verify(root).writers[0].segments == 2, "after a failed fdatasync the old file is not written any more"


@pytest.mark.parametrize("step", ["create", "write", "sync", "publish", "directory"])
async def test_a_new_day_on_a_bad_disk(root, start, step):
    """The roll to a new segment fails at each step: unavailable, then one new segment and a whole chain."""
    disk, clock = BadDisk(), Clock()
    journal = start(disk=disk, clock=clock)
    await journal.append("decision", ref(1), DECISION, None)
    clock.now += timedelta(hours=3)
    disk.broken = {step: errno.ENOSPC}
    for n in (2, 3):
        with pytest.raises(JournalUnavailable):
            await journal.append("decision", ref(n), DECISION, None)
    disk.broken = {}
    await journal.append("decision", ref(4), DECISION, None)
    await journal.close()
    assert verify(root).breaks == ()
    assert [r["ref"] for r in records(root, kinds=frozenset({"decision"}))] == [ref(1), ref(4)]
    assert (root / "node-1" / "front-0" / "2026-11-23-001.jsonl").is_file()


async def test_an_outcome_that_cannot_be_written_waits_and_holds_new_decisions_back(root, start):
    """A failed outcome is kept; new decisions are unavailable until it is written, then both stand there in order."""
    disk, clock = BadDisk(), Clock()
    journal = start(disk=disk, clock=clock)
    await journal.append("decision", ref(1), DECISION, None)
    disk.broken = {"write": errno.ENOSPC}
    journal.append_late("outcome", ref(1), OUTCOME, None)
    with pytest.raises(JournalUnavailable):
        await journal.append("decision", ref(2), DECISION, None)
    assert journal.pending == 1
    clock.now += timedelta(minutes=2)
    disk.broken = {}
    await journal.append("decision", ref(3), DECISION, None)
    assert journal.pending == 0
    await journal.close()
    assert [(r["kind"], r["ref"]) for r in records(root) if r["ref"]] == [
        ("decision", ref(1)),
        ("outcome", ref(1)),
        ("decision", ref(3)),
    ]
    assert "event_at" in records(root, kinds=frozenset({"outcome"}))[0]


async def test_late_records_share_the_sync_of_an_awaited_one(start):
    """A late record waits a moment for one that somebody waits for; alone it is written all the same."""
    disk = BadDisk()
    journal = start(disk=disk)
    await journal.append("decision", ref(0), DECISION, None)
    before = disk.syncs
    for number in range(20):
        journal.append_late("outcome", ref(number), OUTCOME, None)
        await journal.append("decision", ref(number + 1), DECISION, None)
    assert disk.syncs - before == 20
    journal.append_late("outcome", ref(20), OUTCOME, None)
    for _ in range(100):
        await asyncio.sleep(0.02)
        if disk.syncs - before == 21:
            break
    assert disk.syncs - before == 21
    await journal.close()


async def test_pending_is_written_without_a_new_message(root, start):
    """When the disk recovers while nothing comes in, the outcome is written within seconds."""
    disk = BadDisk()
    journal = start(disk=disk)
    await journal.append("decision", ref(1), DECISION, None)
    disk.broken = {"write": errno.ENOSPC}
    journal.append_late("outcome", ref(1), OUTCOME, None)
    await asyncio.sleep(0.1)
    assert journal.pending == 1
    disk.broken = {}
    await asyncio.sleep(1.3)
    assert journal.pending == 0
    await journal.close()


async def test_a_wrong_outcome_still_closes_its_decision(root, start):
    """`append_late` never raises: fields that do not fit are left out, and the outcome says that something was."""
    journal = start()
    await journal.append("decision", ref(1), DECISION, None)
    journal.append_late("outcome", ref(1), {"outcome": "relayed", "text": "Dupont Jean"}, None)
    await journal.close()
    assert records(root, kinds=frozenset({"outcome"}))[0]["fault"] == "journal-schema"


def test_a_full_file_system_at_the_start(root, tmp_path):
    """A process that may not write one byte (RLIMIT_FSIZE 0) starts, answers unavailable, and recovers when it may."""
    script = textwrap.dedent("""
        import asyncio, resource, signal, sys
        from pathlib import Path
        from mss_guard.edge.journal import Journal, JournalUnavailable
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
        root = Path(sys.argv[1])
        decision = {"action": "relay", "sender": {"kind": "own"}, "recipients": []}
        async def main():
            journal = Journal.open(root / "journal", "n", "w", "tilleuls", root / "keys")
            try:
                await journal.append("decision", "MSSG-2222-2222", decision, None)
            except JournalUnavailable as error:
                print("unavailable", error)
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
            await journal.append("decision", "MSSG-2222-2223", decision, None)
            await journal.close()
            print("written")
        asyncio.run(main())
    """)
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=60)
    said = [line for line in done.stdout.splitlines() if line.startswith(("unavailable", "written"))]
    assert said == ["unavailable EFBIG", "written"], done.stderr
    assert verify(root).ok


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small tmpfs needs root")
async def test_a_full_tmpfs(tmp_path, start, root):
    """On a file system of 1 MiB that fills up: unavailable, no half record left; space freed: it goes on."""
    root.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(root)], capture_output=True)
    if mounted.returncode:
        pytest.skip("mount is not allowed here")
    try:
        journal = start()
        await journal.append("decision", ref(1), DECISION, None)
        ballast = os.open(root / "ballast", os.O_WRONLY | os.O_CREAT)
        with pytest.raises(OSError, match="No space"):
            while True:
                os.write(ballast, b"x" * 4096)
        os.close(ballast)
        with pytest.raises(JournalUnavailable, match="ENOSPC"):
            for n in range(2, 200):
                await journal.append("decision", ref(n), {**DECISION, "nearly": ["a-rule"] * 100}, None)
        (root / "ballast").unlink()
        await journal.append("decision", ref(500), DECISION, None)
        await journal.close()
        assert verify(root).breaks == ()
        assert records(root, ref=ref(500))
    finally:
        subprocess.run(["umount", str(root)], check=True)


# --- crashes ----------------------------------------------------------------------------------------------------------

KILLED = textwrap.dedent("""
    import asyncio, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[2])
    from mss_guard.edge.journal import Journal
    from tests.edge.test_journal_disk import DECISION, OUTCOME, ref
    async def client(journal, base):
        for n in range(base, base + 100_000):
            await journal.append("decision", ref(n), DECISION, None)
            print("D", ref(n), flush=True)
            journal.append_late("outcome", ref(n), OUTCOME, None)
    async def main():
        journal = Journal.open(Path(sys.argv[1]) / "journal", "n", "w", "tilleuls", Path(sys.argv[1]) / "keys")
        print("ready", flush=True)
        await asyncio.gather(*(client(journal, c * 1_000_000) for c in range(4)))
    asyncio.run(main())
""")


def test_killed_at_any_instant_nothing_acknowledged_is_missing(tmp_path, request):
    """kill -9 in the middle of the work, several times: each acknowledged decision is there, the chain holds, none
    stays open.
    """
    acknowledged = set()
    for delay in (0.05, 0.11, 0.17, 0.23):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path), str(request.config.rootpath)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout.readline() == "ready\n"
        try:
            process.wait(delay)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        acknowledged |= {line.split()[1] for line in process.stdout if line.startswith("D") and line.endswith("\n")}
        process.stdout.close()
        process.wait()
    asyncio.run(_open_and_close(tmp_path))
    assert verify(tmp_path / "journal").breaks == ()
    found = records(tmp_path / "journal")
    decided = {r["ref"] for r in found if r["kind"] == "decision"}
    closed = {r["ref"] for r in found if r["kind"] == "outcome"}
    assert len(acknowledged) > 20
    assert acknowledged <= decided == closed
    assert [r["seq"] for r in found] == list(range(1, len(found) + 1))


async def _open_and_close(tmp_path):
    journal = Journal.open(tmp_path / "journal", "n", "other", "tilleuls", tmp_path / "keys")
    await journal.close()


async def crashed(journal):
    """Let go of everything as a kill would: no closing record, the lock free."""
    while journal._queue:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    journal._writer.close = journal._writer.release
    await journal.close()


@pytest.mark.parametrize("torn", [b'{"action":"rel', b"\0" * 4096, b'{"a":1}', b"garbage\nmore"])
async def test_a_torn_last_record_is_cut_and_reported(root, start, torn):
    """What a power cut leaves behind the last whole record is cut off; a `recovered` record says how much; numbers go
    on.
    """
    journal = start()
    await journal.append("decision", ref(1), DECISION, None)
    await crashed(journal)
    path = root / "node-1" / "front-0" / "2026-11-22-001.jsonl"
    with path.open("ab") as file:
        file.write(torn)
    assert verify(root).ok or b"\n" in torn
    journal = start()
    await journal.append("decision", ref(2), DECISION, None)
    journal.append_late("outcome", ref(2), OUTCOME, None)
    await journal.close()
    assert verify(root).breaks == ()
    assert [(r["kind"], r.get("cut"), r.get("outcome")) for r in records(root)][2:5] == [
        ("recovered", len(torn), None),
        ("outcome", None, "unknown-after-crash"),
        ("decision", None, None),
    ]


async def test_damage_in_the_middle_is_kept_for_verify_to_show(root, start):
    """A changed record with sound ones behind it is no crash: nothing is cut, a new segment begins, verify names the
    line.
    """
    journal = start()
    for n in range(1, 6):
        await journal.append("decision", ref(n), DECISION, None)
    await crashed(journal)
    path = root / "node-1" / "front-0" / "2026-11-22-001.jsonl"
    before = path.read_bytes().replace(ref(3).encode(), ref(9).encode())
    path.write_bytes(before)
    journal = start()
    await journal.append("decision", ref(7), DECISION, None)
    await journal.close()
    assert path.read_bytes() == before
    assert {(b.file, b.line) for b in verify(root).breaks} == {("node-1/front-0/2026-11-22-001.jsonl", 5)}
    assert [r["why"] for r in records(root, kinds=frozenset({"recovered"}))] == ["damaged"]


async def test_a_cut_end_is_said_at_the_next_start(root, start):
    """Whole records cut off the end: verify sees it by the noted head, and a restart does not wipe that out."""
    journal = start()
    for n in range(1, 6):
        await journal.append("decision", ref(n), DECISION, None)
        journal.append_late("outcome", ref(n), OUTCOME, None)
    await journal.close()
    path = root / "node-1" / "front-0" / "2026-11-22-001.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-4]))
    assert not verify(root).ok
    await start().close()
    assert [b.what for b in verify(root).breaks] == [
        "au démarrage, la fin de la chaîne n'était plus celle notée à l'écriture (head.json)"
    ]


async def test_a_start_closes_what_another_writer_left_open(root, start):
    """Open decisions of a directory whose lock is free are closed in its own chain; one that is alive is left alone."""
    gone, alive = start("front-1"), start("front-2")
    await gone.append("decision", ref(1), DECISION, None)
    await alive.append("decision", ref(2), DECISION, None)
    await crashed(gone)
    await start("front-0").close()
    found = {f.writer: f.record["outcome"] for f in search(root, Filters(kinds=frozenset({"outcome"})))}
    assert found == {"front-1": "unknown-after-crash"}
    await alive.close()
    assert verify(root).ok


async def test_a_decision_open_over_midnight_is_not_forgotten(root, start):
    """A new segment carries the references still open, so that a start need read the last segment only."""
    clock = Clock()
    journal = start(clock=clock)
    await journal.append("decision", ref(1), DECISION, None)
    clock.now += timedelta(hours=3)
    await journal.append("decision", ref(2), DECISION, None)
    await crashed(journal)
    await start(clock=clock).close()
    assert [r["ref"] for r in records(root, kinds=frozenset({"outcome"}))] == sorted([ref(1), ref(2)])
    assert verify(root).ok


async def test_one_process_a_writer(start):
    """The lock is held from open to close: a second opener is told that the writer is busy."""
    journal = start()
    with pytest.raises(JournalBusy):
        start()
    await journal.close()
    await start().close()


async def test_a_clock_that_jumps_back_is_noted(root, start):
    """An hour back over midnight: a clock-jump record, a segment of the right day, a chain that still verifies."""
    clock = Clock()
    clock.now = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
    journal = start(clock=clock)
    await journal.append("decision", ref(1), DECISION, None)
    clock.now -= timedelta(hours=1)
    await journal.append("decision", ref(2), DECISION, None)
    clock.now += timedelta(hours=1, seconds=5)
    await journal.append("decision", ref(3), DECISION, None)
    await crashed(journal)
    journal = start(clock=clock)
    await journal.append("decision", ref(4), DECISION, None)
    await journal.close()
    names = sorted(p.name for p in (root / "node-1" / "front-0").glob("*.jsonl"))
    assert names == ["2026-11-22-001.jsonl", "2026-11-23-001.jsonl", "2026-11-23-002.jsonl"]
    assert kinds(root).count("clock-jump") == 1
    assert verify(root).breaks == ()
