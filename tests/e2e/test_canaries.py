"""Promise 5: nothing of a message stands in a log line, a journal entry, a notice, a reply, a process title, a temporary file, or in
anything that an officer is given.
"""

from __future__ import annotations

import base64
import os
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from mss_guard import errands, lifting
from mss_guard.edge import journal
from mss_guard.edge.passes import Passes
from tests.cli.kit import ROOT, run
from tests.e2e import officers
from tests.e2e.canaries import OUTSIDE, Canary, canaries, secret, traces
from tests.e2e.guard_process import Guard
from tests.e2e.mailbox_sink import MailboxSink
from tests.e2e.postfix import free_port
from tests.edge.test_directory import build, extraction, person


class Watch:
    """Looks again and again at what is there for a moment only: process titles and temporary files."""

    def __init__(self, temporary: Path) -> None:
        self.seen: dict[str, set[bytes]] = defaultdict(set)
        self._temporary, self._over = temporary, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._over.wait(0.1):
            for process in Path("/proc").glob("[0-9]*"):
                for name in ("cmdline", "comm"):
                    self._read("titles", process / name)
            for path in self._temporary.rglob("*"):
                self.seen["temporary"].add(os.fsencode(path.name))
                if path.is_file():
                    self._read("temporary", path)

    def _read(self, where: str, path: Path) -> None:
        try:
            self.seen[where].add(path.read_bytes())
        except OSError:
            return

    @contextmanager
    def on(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join(5)


def send(port: int, hello: str, number: int, canary: Canary) -> bytes:
    """One message over SMTP or LMTP; everything that the guard answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        answers = connection.makefile("rb")

        def reply() -> bytes:
            lines = [answers.readline()]
            while lines[-1][3:4] == b"-":
                lines.append(answers.readline())
            return b"".join(lines)

        said = reply()
        dialog = (
            f"{hello} client.test",
            f"MAIL FROM:<poste{number}@ehpad-les-tilleuls.fr> BODY=8BITMIME",
            f"RCPT TO:<{canary.to}>",
            "DATA",
        )
        for line in dialog:
            connection.sendall(line.encode() + b"\r\n")
            answer = reply()
            said += answer
            if not answer.startswith((b"2", b"3")):
                return said
        connection.sendall(canary.message.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        said += reply()
        connection.sendall(b"QUIT\r\n")
        return said


class CrashingGuard(Guard):
    """The same guard, started through `tests.e2e.crashing`, at log level debug."""

    module = "tests.e2e.crashing"
    arguments = ("--log-level", "debug")


@pytest.fixture(scope="module")
def flight(tmp_path_factory):
    """All canaries let loose on a real guard, over SMTP and LMTP; what it wrote anywhere, by place."""
    folder, temporary = tmp_path_factory.mktemp("guard"), tmp_path_factory.mktemp("temporary")
    wanted, sink, watch = canaries(), MailboxSink(), Watch(temporary)
    smtp, lmtp = free_port(), free_port()
    guard = CrashingGuard(folder, sink.port, {smtp: "mode: smtp", lmtp: "mode: lmtp"}, refusal="reject+notice")
    written: dict[str, bytes] = {}
    environment = {"TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)}
    replies = []
    try:
        guard.start(environment)
        with watch.on():
            for number, canary in enumerate(wanted):
                replies += [send(smtp, "EHLO", number, canary), send(lmtp, "LHLO", number, canary)]
            time.sleep(1)
        guard.stop()
    finally:
        guard.abolish()
    written["officers"] = officers.given(guard.config, tmp_path_factory.mktemp("officers") / "audit.db")
    notices = [data for sender, _, data in sink.kept if sender == ""]
    sink.close()
    written["replies"] = b"".join(replies)
    written["log"] = guard.log.read_bytes()
    written["journal"] = b"".join(
        p.read_bytes().rstrip(b"\0") for p in sorted(folder.glob("journal/**/*")) if p.is_file()
    )
    written["state"] = b"".join(os.fsencode(p.name) + p.read_bytes() for p in folder.glob("state/**/*") if p.is_file())
    written["notices"] = b"\r\n".join(notices)
    for where in ("titles", "temporary"):
        written[where] = b"\n".join(watch.seen[where])
    return wanted, replies, notices, written


def test_there_are_enough_of_them_and_each_was_judged(flight):
    """More than forty corners; refusals, deferrals for faults of ours and notices all took place, so all of them wrote."""
    wanted, replies, notices, written = flight
    assert len(wanted) >= 60
    assert len({c.secret for c in wanted}) == len(wanted)
    last = [reply.splitlines()[-1][:3] for reply in replies]
    assert last.count(b"550") >= 80
    assert last.count(b"451") >= 10
    assert len(notices) >= 40
    assert written["log"].count(b"message.refused") >= 80
    assert written["journal"].count(b'"kind":"decision"') >= 100
    assert b"tests.e2e.crashing" in written["titles"]
    assert written["officers"].count("Inchangée".encode()) >= 50
    assert b"Rapport : " in written["officers"]


@pytest.mark.parametrize("place", ["replies", "log", "journal", "state", "notices", "titles", "temporary", "officers"])
def test_no_canary_sings(flight, place):
    """In plain, folded, base64, quoted-printable, percent or hexadecimal writing: 0 hits of all canaries."""
    wanted, _, _, written = flight
    assert traces(wanted, written[place]) == []


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """All canaries again where the report goes first, senders may declare, the directory is asked, and refusals are lifted and used."""
    folder = tmp_path_factory.mktemp("reported")
    wanted, sink, port = canaries(), MailboxSink(), free_port()
    guard = CrashingGuard(
        folder, sink.port, {port: "mode: smtp"}, refusal="bounce, confirm: sender, levels: {likely: confirm}"
    )
    _directory(folder / "state" / "annuaire")
    try:
        guard.start({"PYTHONPATH": str(ROOT)})
        replies = [send(port, "EHLO", number, canary) for number, canary in enumerate(wanted)]
        lifted = _lift(guard.config, [r.rpartition(b"MSSG-")[2][:9].decode() for r in replies if b"MSSG-" in r])
        waiting = b"".join(p.read_bytes() for p in sorted(folder.glob("state/passes/*.json")))
        replies += [send(port, "EHLO", number, canary) for number, canary in enumerate(wanted)]
        guard.stop()
    finally:
        guard.abolish()
    reports = [data for sender, _, data in sink.kept if sender == ""]
    passed = [data for sender, _, data in sink.kept if sender != ""]
    sink.close()
    kept = [
        p
        for where in ("journal", "state")
        for p in sorted(folder.glob(f"{where}/**/*"))
        if p.is_file() and p.name != "annuaire.db"
    ]
    told = {
        "reports": b"\r\n".join(reports), "replies": b"".join(replies), "tokens": waiting, "log": guard.log.read_bytes(),
        "kept": b"".join(p.read_bytes().rstrip(b"\0") for p in kept),
    }  # fmt: skip
    return wanted, reports, passed, lifted, told


def _directory(folder: Path) -> None:
    """An index that knows somebody, so that it is asked and answers."""
    line = person("accueil@cabinet-x.mssante.fr", "DUPONT", "Marie", "Médecin", "CABINET X", "44000", "NANTES")
    folder.mkdir(parents=True)
    build(extraction(folder, [line]), folder / "annuaire.db")


def _lift(config: Path, refs: list[str]) -> int:
    """Every refusal that a person may lift is lifted; how many."""
    settings = errands.settings(config)
    store, count = Passes(Path(settings.state)), 0
    for ref in (f"MSSG-{tail}" for tail in refs):
        decided = next(
            (dict(f.record) for f in journal.show(Path(settings.audit.path), ref) if f.record["kind"] == "decision"),
            None,
        )
        if decided is not None and lifting.unfit(decided) is None:
            store.give(lifting.make(decided, ref, datetime.now(UTC) + timedelta(hours=1), "dpo", "essai"))
            count += 1
    return count


def test_reports_went_and_tokens_were_used(reported):
    """The control: dozens of reports, passes that waited, and messages that passed by them on their second way."""
    _, reports, passed, lifted, told = reported
    assert len(reports) >= 30
    assert lifted >= 20
    assert told["tokens"].count(b'"mac"') == lifted
    assert len(passed) >= 20


@pytest.mark.parametrize("place", ["reports", "replies", "tokens", "log", "kept"])
def test_no_canary_sings_in_reports_and_tokens(reported, place):
    """Neither in a DSN, a token, a declaration on offer, nor in what the directory was asked for."""
    wanted, _, _, _, told = reported
    assert traces(wanted, told[place]) == []


@pytest.mark.parametrize(
    "writing",
    [
        lambda w: w.encode(),
        lambda w: w.upper().encode("latin-1"),
        lambda w: base64.b64encode(b"x" + w.encode()),
        lambda w: base64.encodebytes(b"y" * 50 + w.encode()),
        lambda w: quote(w).encode(),
        lambda w: w.encode().replace("é".encode(), b"=C3=A9"),
        lambda w: w[:5].encode() + b"=\r\n" + w[5:].encode(),
        lambda w: repr(w.encode()).encode(),
        lambda w: w.replace("é", "\\u00e9").encode(),
        lambda w: w.replace("é", "e").lower().encode(),
    ],
)
def test_the_search_would_find_one(writing):
    """The control: a planted secret is found in every writing, so a clean search means something."""
    canary = Canary("planted", secret(3), b"")
    assert traces([canary], b"abc " + writing(canary.secret) + b" def") == ["planted"]


@pytest.mark.parametrize(
    "written", [b"1 41 01 75 110 203", b"1410175110203", b"1.41.01.75.110.203", b"who=1410175110203 "]
)
def test_the_search_would_find_a_number(written):
    """The same for a number, together or apart."""
    assert traces([Canary("INS", "1410175110203", b"")], written) == ["INS"]


def test_every_notice_is_itself_without_health_data(flight, tmp_path):
    """Notices have no pass: each scans as `none`, so none of ours is ever stopped by a guard."""
    _, _, notices, _ = flight
    files = []
    for number, notice in enumerate(notices):
        files.append(tmp_path / f"{number}.eml")
        files[-1].write_bytes(notice)
    ran = run("scan", "--json", "--to", OUTSIDE, *files)
    assert {line["level"] for line in ran.lines} == {"none"}
    assert len(ran.lines) == len(notices)
