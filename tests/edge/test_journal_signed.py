"""Signed heads: when they are written, by whom, and what they prove."""

import asyncio
import base64
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from mss_guard.edge.journal import Journal, KeyRefused, Pace, SigningKeys, exported, heads, parse_heads, verify
from tests.edge.journal_kit import Clock, heads_of, live, message, records_of, rewrite, writer_of


@pytest.fixture
def front(tmp_path):
    return tmp_path / "journal" / "node-1" / "front-0"


def kinds(front):
    return [record["kind"] for _, record in records_of(front)]


def test_every_segment_ends_with_a_signature_of_its_root(tmp_path, front):
    """Checkpoints and closes are signed by the key that the segment names; all hold, and nothing is left unproven."""
    live(tmp_path)
    report = verify(tmp_path / "journal", exported(tmp_path / "keys"))
    assert report.breaks == ()
    assert (report.writers[0].signed, report.writers[0].unproven) == (9, 0)
    opened = [r for _, r in records_of(front) if r["kind"] == "segment-open"]
    assert {r["signer"]["id"] for r in opened} == set(exported(tmp_path / "keys"))
    assert {
        oct(p.stat().st_mode & 0o777) for p in (tmp_path / "keys").glob("signing-*.pem") if ".pub" not in p.name
    } == {"0o600"}


def test_records_behind_the_last_signed_head_are_the_unproven_window(tmp_path, front):
    """Five records after the last checkpoint: verify says five. Cut off, they are a cut inside that window."""
    writer = live(tmp_path, days=1, messages=6, every=3, close=False)
    writer.write([*message(50), *message(51), message(52)[0]])
    writer.release()
    assert verify(tmp_path / "journal").writers[0].unproven == 5
    path = next(front.glob("*.jsonl"))
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))
    assert (verify(tmp_path / "journal").ok, verify(tmp_path / "journal").writers[0].unproven) == (True, 3)


def test_a_cut_below_the_noted_head_is_said_to_lie_in_the_window(tmp_path, front):
    """What head.json has noted and the chain has lost is a break, named as one of the unproven window."""
    writer = live(tmp_path, days=1, close=False)
    writer.write(message(50))
    writer.note_head()
    writer.release()
    path = next(front.glob("*.jsonl"))
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    (found,) = verify(tmp_path / "journal").breaks
    assert "dans la fenêtre non prouvée" in found.what
    assert found.seq == len(records_of(front)) + 1


async def test_a_head_is_signed_after_so_many_records_and_after_so_long(tmp_path):
    """Pace 10 records: two checkpoints in 25; pace 0.2 s: one soon after the last record; idle: one with nothing new."""

    async def run(name, pace, count, wait):
        journal = Journal.open(tmp_path / "journal", "n", name, "tilleuls", tmp_path / "keys", pace=pace)
        for n in range(count):
            entry = message(n)[0]
            await journal.append(entry.kind, entry.ref, entry.fields, None)
        await asyncio.sleep(wait)
        found = [r["kind"] for _, r in records_of(tmp_path / "journal" / "n" / name)]
        await journal.close()
        return found.count("checkpoint")

    assert await run("many", Pace(10, 3600, 3600), 25, 0.3) == 2
    assert await run("late", Pace(1000, 0.2, 3600), 1, 1.5) == 1
    assert await run("idle", Pace(1000, 0.1, 0.3), 1, 2.0) > 1
    assert verify(tmp_path / "journal", exported(tmp_path / "keys")).breaks == ()


def test_each_year_has_its_key_and_the_old_one_hands_over(tmp_path, front):
    """Over New Year the last close, signed by the old key, names the new one: known is then who was told, nobody else."""
    clock = Clock(datetime(2026, 12, 30, 12, tzinfo=UTC))
    live(tmp_path, days=4, clock=clock)
    old, new = sorted(exported(tmp_path / "keys"))
    assert (old[:4], new[:4]) == ("2026", "2027")
    closes = [r for _, r in records_of(front) if r["kind"] == "segment-close"]
    assert [(r["key"], (r.get("successor") or {}).get("id")) for r in closes] == [
        (old, None),
        (old, new),
        (new, None),
        (new, None),
    ]
    only_old = {old: exported(tmp_path / "keys")[old]}
    assert verify(tmp_path / "journal", only_old).breaks == ()
    only_new = {new: exported(tmp_path / "keys")[new]}
    assert "clé de signature inconnue" in verify(tmp_path / "journal", only_new).breaks[0].what


def test_a_chain_rewritten_with_another_key_is_seen(tmp_path, front):
    """Without the signing key an adversary must sign with one of his own: it is unknown, or the signatures do not hold."""
    live(tmp_path)
    keys, honest = exported(tmp_path / "keys"), records_of(front)
    rewrite(front, tmp_path / "keys", honest)
    assert verify(tmp_path / "journal", keys).ok
    rewrite(front, _other_keys(tmp_path), [(n, _signed_by(r, tmp_path)) for n, r in honest])
    assert verify(tmp_path / "journal").ok
    assert "clé de signature inconnue" in verify(tmp_path / "journal", keys).breaks[0].what
    named = [
        (n, {**r, "signer": h["signer"]} if "signer" in h else r)
        for (n, r), (_, h) in zip(records_of(front), honest, strict=True)
    ]
    rewrite(front, tmp_path / "his", named)
    assert {b.what for b in verify(tmp_path / "journal", keys).breaks} == {"la signature n'est pas bonne"}


def _other_keys(base):
    SigningKeys(base / "his", clock=Clock()).current()
    return base / "his"


def _signed_by(record, base):
    """The record as the other key would have it."""
    (public,) = exported(base / "his").values()
    if "signer" in record:
        return {**record, "signer": {"id": public.id, "public": public.raw}}
    return {**record, "key": public.id} if "key" in record else record


def test_a_writer_renamed_into_another_is_seen(tmp_path, front):
    """Two writers' directories changed over: every signature says for which writer it was made."""
    live(tmp_path, "front-0")
    live(tmp_path, "front-1", first=1000)
    front.rename(front.with_name("x"))
    front.with_name("front-1").rename(front)
    front.with_name("x").rename(front.with_name("front-1"))
    assert {b.what for b in verify(tmp_path / "journal").breaks} == {"la signature n'est pas bonne"}


def test_a_head_is_read_back_from_its_line_and_checks_with_openssl(tmp_path, front):
    """One line of JSON among other words; its text and signature hold under `openssl pkeyutl` with the exported key."""
    live(tmp_path)
    head = heads_of(front)[-1]
    assert list(parse_heads(f'Bonjour,\n{head.line}\n{{"log": 3}} {{"log"\nfin')) == [head]
    (tmp_path / "text").write_bytes(head.text)
    (tmp_path / "sig").write_bytes(base64.b64decode(head.signature))
    public = next((tmp_path / "keys").glob("signing-*.pub.pem"))
    command = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        public,
        "-rawin",
        "-in",
        tmp_path / "text",
        "-sigfile",
        tmp_path / "sig",
    ]
    assert subprocess.run(command, capture_output=True).returncode == 0
    (tmp_path / "text").write_bytes(head.text.replace(b"seq ", b"seq 1"))
    assert subprocess.run(command, capture_output=True).returncode != 0


def test_a_journal_begun_without_signatures_gets_them_with_its_next_segment(tmp_path, front):
    """An unsigned segment of an earlier version is closed, the next names its key; all of it verifies."""
    clock = Clock()
    writer = writer_of(tmp_path, clock=clock)
    writer._signing = None
    writer.write(message(1))
    writer.close()
    writer = writer_of(tmp_path, clock=clock)
    writer._signing, kept = None, writer._signing
    writer.write(message(2))
    writer._signing = kept
    writer.write(message(3))
    assert writer.checkpoint()
    writer.close()
    report = verify(tmp_path / "journal", exported(tmp_path / "keys"))
    assert (report.breaks, report.writers[0].segments, report.writers[0].unproven) == ((), 3, 0)


def test_a_key_file_that_is_no_key_stops_the_start(tmp_path):
    """Not PEM, not Ed25519, or readable by others: refused in words."""
    (tmp_path / "signing-2026.pem").write_text("nothing")
    (tmp_path / "signing-2026.pem").chmod(0o600)
    with pytest.raises(KeyRefused, match="Ed25519"):
        SigningKeys(tmp_path, clock=Clock()).current()
    (tmp_path / "signing-2026.pem").chmod(0o644)
    with pytest.raises(KeyRefused, match="chmod 600"):
        SigningKeys(tmp_path, clock=Clock()).current()


def test_a_key_from_a_credential_is_used_and_its_public_half_exported(tmp_path):
    """A systemd credential goes first: no private key is made in the state, its public half is there for auditors."""
    made = SigningKeys(tmp_path / "cred", clock=Clock()).current()
    mine = SigningKeys(tmp_path / "keys", tmp_path / "cred", Clock()).current()
    assert mine.public == made.public
    assert [p.name for p in (tmp_path / "keys").iterdir()] == [f"signing-{made.public.id}.pub.pem"]


def test_a_clock_set_forward_is_noted(tmp_path, front):
    """A clock that jumps an hour ahead of a steady one leaves a record; time that has passed leaves none."""
    clock, steady = Clock(), [0.0]
    writer = writer_of(tmp_path, clock=clock, steady=lambda: steady[0])
    writer.write(message(1))
    clock.now, steady[0] = clock.now + timedelta(hours=2), steady[0] + 7200
    writer.write(message(2))
    assert "clock-jump" not in kinds(front)
    clock.now, steady[0] = clock.now + timedelta(hours=1), steady[0] + 1
    writer.write(message(3))
    writer.close()
    (jump,) = [r for _, r in records_of(front) if r["kind"] == "clock-jump"]
    assert (jump["back_ms"], 3_590_000 < jump["ahead_ms"] < 3_601_000) == (0, True)
    assert verify(tmp_path / "journal").ok


def test_what_is_signed_is_spelled_as_documented(tmp_path, front):
    """The text that a third party rebuilds, line by line."""
    live(tmp_path, days=1)
    head = heads_of(front)[-1]
    lines = head.text.decode().splitlines()
    assert lines[0] == "mss-guard/journal/1/tilleuls/node-1/front-0/2026-11-02-001"
    assert [line.split()[0] for line in lines[3:]] == ["seq", "last", "at", "key"]
    assert base64.b64decode(lines[2]).hex() == head.root
    assert heads.of_record({"kind": "decision"}, "a", "b") is None
