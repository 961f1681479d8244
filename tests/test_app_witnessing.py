"""The witness: what the DPO's mail holds, when it goes, and how the journal is proven from it."""

import email
import email.policy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mss_guard import config, witnessing
from mss_guard.core.model import HopReply
from mss_guard.edge.journal import Journal, exported, parse_heads, verify
from tests.edge.journal_kit import message

TEXT = """\
structure: {{id: tilleuls, name: EHPAD Les Tilleuls, domains: [ehpad-les-tilleuls.fr], dpo: {{email: dpo@ehpad-les-tilleuls.fr}}}}
policy: {{mode: enforce}}
audit: {{path: {folder}/journal, witness: "{witness}"}}
state: {folder}/state
"""
TAKEN, REFUSED = HopReply(250, b"250 ok\r\n"), HopReply(451, b"451 no\r\n")


class Post:
    def __init__(self):
        self.mails, self.answer = [], TAKEN

    async def __call__(self, mail_line, rcpt_line, body):
        self.mails.append((mail_line, rcpt_line, body))
        return self.answer


class Bench:
    """A journal, its settings, a clock that the test turns, a post office that remembers."""

    def __init__(self, folder, witness="mail"):
        self.folder, self.now, self.post = folder, datetime.now(UTC), Post()
        self.settings = config.load(None, TEXT.format(folder=folder, witness=witness))
        self.journal = Journal.open(folder / "journal", "n", "front-0", "tilleuls", folder / "state" / "keys")
        self.witness = witnessing.Witness(lambda: self.settings, self.journal, self.post, lambda: self.now)

    async def write(self, first, count):
        for number in range(first, first + count):
            for entry in message(number):
                await self.journal.append(entry.kind, entry.ref, entry.fields, None)

    def kept(self):
        bodies = [
            email.message_from_bytes(m[2], policy=email.policy.default).get_body().get_content()
            for m in self.post.mails
        ]
        return [head for body in bodies for head in parse_heads(body)]

    def verify(self, kept=None):
        return verify(
            self.folder / "journal", exported(self.folder / "state" / "keys"), self.kept() if kept is None else kept
        )


@pytest.fixture
async def bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    await bench.journal.close()


async def test_the_dpo_gets_one_mail_a_day_that_proves_the_journal(bench):
    """One at the start, the next after 24 hours; behind its heads nothing is proven, before them everything."""
    await bench.write(1, 3)
    assert await bench.witness.once()
    assert not await bench.witness.once()
    await bench.write(10, 2)
    report = bench.verify()
    assert (report.breaks, report.writers[0].unproven) == ((), 6), "checkpoint and notice record, then four"
    bench.now += timedelta(hours=24)
    assert await bench.witness.once()
    assert len(bench.post.mails) == 2
    assert bench.verify().writers[0].unproven <= 2
    (line, to, body), _ = bench.post.mails
    assert (line, to) == (b"MAIL FROM:<>", b"RCPT TO:<dpo@ehpad-les-tilleuls.fr>")
    letter = email.message_from_bytes(body, policy=email.policy.default)
    assert (letter["Auto-Submitted"], letter["To"]) == ("auto-generated", "dpo@ehpad-les-tilleuls.fr")
    (key,) = letter.iter_attachments()
    assert "BEGIN PUBLIC KEY" in key.get_content()
    assert all(len(wire) <= 78 for wire in body.split(b"\r\n"))


async def test_a_refused_mail_is_tried_again_and_said(bench):
    """Refused: lost on the record, tried after a quarter of an hour; `doctor` says why there is no witness."""
    await bench.write(1, 1)
    bench.post.answer = REFUSED
    assert not await bench.witness.once()
    assert "451" in witnessing.late(bench.settings, bench.now)
    bench.now += timedelta(minutes=5)
    await bench.witness.once()
    assert len(bench.post.mails) == 1
    bench.now += timedelta(minutes=11)
    bench.post.answer = TAKEN
    assert await bench.witness.once()
    assert witnessing.late(bench.settings, bench.now) is None
    await bench.journal.close()
    text = next(Path(bench.folder / "journal").rglob("*.jsonl")).read_text()
    assert (text.count('"outcome":"lost"'), text.count('"outcome":"sent"'), "witness-mail" in text) == (1, 1, True)


def test_no_witness_and_a_witness_asleep_are_said(tmp_path):
    """None, no DPO address, nothing for two days: each in words for `doctor`."""
    none = config.load(None, TEXT.format(folder=tmp_path, witness="none"))
    nobody = config.load(
        None, TEXT.format(folder=tmp_path, witness="mail").replace("dpo: {email: dpo@ehpad-les-tilleuls.fr}", "dpo: {}")
    )
    fine = config.load(None, TEXT.format(folder=tmp_path, witness="mail"))
    now = datetime.now(UTC)
    assert "audit.witness: none" in witnessing.late(none, now)
    assert "structure.dpo.email manque" in witnessing.late(nobody, now)
    assert "encore rien reçu" in witnessing.late(fine, now)
    witnessing._keep(tmp_path / "state" / "witness.json", witnessing.Status(at=now.isoformat(), road="mail"))
    assert witnessing.late(fine, now + timedelta(hours=47)) is None
    assert "depuis 49 h" in witnessing.late(fine, now + timedelta(hours=49))
    other = config.load(None, TEXT.format(folder=tmp_path, witness="https://temoin.fr/"))
    assert "encore rien reçu" in witnessing.late(other, now), "what one road was told, another was not"


async def test_a_witness_that_is_not_there_is_a_failure_not_a_fault(tmp_path):
    """An https witness that nobody serves: said, kept for doctor, one record for the change, and the journal goes on."""
    bench = Bench(tmp_path, "https://127.0.0.1:9/temoin")
    await bench.write(1, 1)
    await bench.journal.checkpoint()
    for _ in range(3):
        assert not await bench.witness.once()
        bench.now += timedelta(minutes=2)
    assert "ne peut pas être joint" in witnessing.late(bench.settings, bench.now)
    await bench.journal.close()
    assert next(Path(tmp_path / "journal").rglob("*.jsonl")).read_text().count("witness-push") <= 3
    assert bench.verify([]).ok
