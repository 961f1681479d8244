"""Whoever alters the journal is seen: 300 alterations below the witnessed head, 30 rewrites with root and the key, and never a false alarm."""

import json
import random
import shutil

import pytest

from mss_guard.edge.journal import exported, parse_heads, segments, verify
from tests.edge.journal_kit import (
    ALPHABET,
    Clock,
    QuickDisk,
    heads_of,
    live,
    message,
    records_of,
    ref,
    rewrite,
    writer_of,
)


def witnessed(base):
    """What a witness has kept of every writer: read back from its lines of text, as `--witness` does."""
    found = [h.line for _, _, d in segments.writers(base / "journal") for h in heads_of(d)]
    return list(parse_heads("\n".join(found)))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Two writers, four days; the last day is still open, and a few records stand behind the last head."""
    base = tmp_path_factory.mktemp("whole")
    for number, name in enumerate(("front-0", "front-1")):
        writer = live(base, name, days=4, close=False, first=1000 * number)
        writer.write([*message(5000 + number), *message(6000 + number)])
        writer.note_head()
        writer.release()
    return base


def edit(rng, lines, at):
    """One octet of one record."""
    line = bytearray(lines[at])
    place = rng.randrange(len(line) - 1)
    line[place] = rng.choice([b for b in range(32, 127) if b != line[place]])
    return [*lines[:at], bytes(line), *lines[at + 1 :]]


def reword(rng, lines, at):
    """One value of one record, canonically spelled."""
    record = json.loads(lines[at])
    key = rng.choice(sorted(set(record) - {"v"}))
    old = record[key]
    record[key] = old + 1 if isinstance(old, int) else f"{ref(rng.randrange(10**9))}"
    line = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    return [*lines[:at], line, *lines[at + 1 :]]


def swap(rng, lines, at):
    """Two records that change places; `at` is the first."""
    other = rng.randrange(at + 1, len(lines)) if at + 1 < len(lines) else at - 1
    a, b = sorted((at, other))
    return [*lines[:a], lines[b], *lines[a + 1 : b], lines[a], *lines[b + 1 :]]


def delete(_rng, lines, at):
    """One record less."""
    return [*lines[:at], *lines[at + 1 :]]


def insert(rng, lines, at):
    """A record too many: a copy, or one made up after the pattern."""
    line = rng.choice((lines[at], lines[at].replace(b'"relay"', b'"refuse"')))
    return [*lines[:at], line, *lines[at:]]


def truncate(_rng, lines, at):
    """All from one record on."""
    return lines[:at]


def tear(rng, lines, at):
    """All from the middle of one record on."""
    return [*lines[:at], lines[at][: rng.randrange(1, len(lines[at]) - 1)]]


MUTATIONS = (edit, edit, reword, reword, swap, delete, insert, truncate, tear)


def test_three_hundred_alterations_below_the_witnessed_head_are_each_named(whole, tmp_path):
    """Edits, swaps, deletions, insertions, truncations: each is detected, in its segment and at its sequence number."""
    rng = random.Random(20261125)
    copy = tmp_path / "copy"
    shutil.copytree(whole, copy)
    keys, kept = exported(copy / "keys"), witnessed(copy)
    assert verify(copy / "journal", keys, kept).ok
    last = {name: max(h.seq for h in kept if h.log.endswith(name)) for name in ("front-0", "front-1")}
    files = sorted((copy / "journal").rglob("*.jsonl"))
    for number in range(300):
        path, mutate = rng.choice(files), rng.choice(MUTATIONS)
        before = path.read_bytes()
        lines = before.splitlines(keepends=True)
        numbers = [json.loads(line)["seq"] for line in lines]
        at = rng.choice([i for i, seq in enumerate(numbers) if seq <= last[path.parent.name]])
        altered = b"".join(mutate(rng, lines, at))
        assert altered != before
        path.write_bytes(altered)
        breaks = verify(copy / "journal", keys, kept).breaks
        what = (number, mutate.__name__, path.name, numbers[at], [str(b) for b in breaks])
        named = [b for b in breaks if path.parent.name in b.file and (path.name in b.file or path.name in b.what)]
        places = {numbers[min(at, len(lines) - 2)]} if mutate is swap else {numbers[at]}
        places |= {numbers[at] + 1} if mutate is insert else set()  # of two alike the second is the one too many
        assert places & {b.seq for b in named}, what
        path.write_bytes(before)
    assert verify(copy / "journal", keys, kept).ok


def test_a_cut_behind_the_witnessed_head_is_said_to_be_in_the_window(whole, tmp_path):
    """The records nobody has witnessed are counted; cut off, they are named as a cut inside the unproven window."""
    copy = tmp_path / "copy"
    shutil.copytree(whole, copy)
    kept, keys = witnessed(copy), exported(copy / "keys")
    report = verify(copy / "journal", keys, kept)
    assert [w.unproven for w in report.writers] == [w.last_seq - w.witnessed for w in report.writers] == [9, 9]
    path = max((copy / "journal" / "node-1" / "front-0").glob("*.jsonl"))
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))
    (found,) = verify(copy / "journal", keys, kept).breaks
    assert "dans la fenêtre non prouvée" in found.what
    (path.parent / "head.json").unlink()
    report = verify(copy / "journal", keys, kept)
    assert (report.ok, report.writers[0].unproven) == (True, 7), "only the count can tell"


# --- root and the key -------------------------------------------------------------------------------------------------


def _falsify(rng, records):
    """A week in which something did not happen, happened otherwise, or happened to somebody else."""
    decisions = [i for i, (_, r) in enumerate(records) if r["kind"] == "decision"]
    at = rng.choice(decisions[: int(len(decisions) * 0.9)])
    name, record = records[at]
    how = rng.randrange(3)
    if how == 0:
        return [x for x in records if x[1].get("ref") != record["ref"]]
    if how == 1:
        return [*records[:at], (name, {**record, "action": "refuse"}), *records[at + 1 :]]
    forged = {**record, "ref": "MSSG-" + "".join(rng.choices(ALPHABET, k=4)) + "-2222"}
    return [*records[:at], (name, forged), *records[at:]]


def test_an_adversary_with_root_and_the_signing_key_is_caught_by_the_witness_alone(tmp_path):
    """Thirty rewritten weeks, every hash, root, signature and note made good: the host's own proof holds, the witness's copies do not."""
    rng = random.Random(7)
    live(tmp_path, days=8, messages=6)
    keys, kept = exported(tmp_path / "keys"), witnessed(tmp_path)
    caught = 0
    for number in range(30):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(tmp_path / "journal", copy / "journal")
        front = copy / "journal" / "node-1" / "front-0"
        rewrite(front, tmp_path / "keys", _falsify(rng, records_of(front)))
        assert verify(copy / "journal", keys).ok, "the adversary made everything good"
        breaks = verify(copy / "journal", keys, kept).breaks
        caught += any("témoin" in b.what for b in breaks)
    assert caught == 30


def test_a_writer_or_a_key_that_vanished_is_missed_by_the_witness(tmp_path):
    """A whole directory gone, or the public key of the witnessed heads: both are breaks, not silence."""
    live(tmp_path, "front-0")
    live(tmp_path, "front-1", first=500)
    keys, kept = exported(tmp_path / "keys"), witnessed(tmp_path)
    assert "clé inconnue" in verify(tmp_path / "journal", {}, kept).breaks[-1].what
    shutil.rmtree(tmp_path / "journal" / "node-1" / "front-1")
    (found,) = verify(tmp_path / "journal", keys, kept).breaks
    assert found.file == "node-1/front-1"


def test_a_mangled_copy_is_ignored_and_counted(tmp_path):
    """A head whose signature does not hold proves nothing against the journal."""
    live(tmp_path)
    keys, kept = exported(tmp_path / "keys"), witnessed(tmp_path)
    (strange,) = parse_heads(kept[1].line.replace('"seq":', '"seq":1'))
    report = verify(tmp_path / "journal", keys, [*kept, strange])
    assert (report.ok, report.ignored) == (True, 1)


# --- never a false alarm ----------------------------------------------------------------------------------------------


def test_a_hundred_untouched_journals_raise_no_alarm_crashes_at_any_octet_included(tmp_path):
    """Ended in order, still at work, or cut by a power failure at any octet behind the last durable record, then started again."""
    rng = random.Random(11)
    for number in range(100):
        base = tmp_path / f"j{number}"
        clock = Clock()
        writer = live(
            base,
            days=rng.randrange(1, 4),
            messages=rng.randrange(1, 5),
            every=rng.randrange(1, 4),
            clock=clock,
            close=False,
        )
        if number % 4 == 0:
            writer.close()
            kept = witnessed(base)
        else:
            kept = witnessed(base)
            path = writer.directory / writer._chain.segment
            durable = path.stat().st_size
            writer.write([*message(900), *message(901)])
            writer.release()
            whole = path.read_bytes()
            path.write_bytes(whole[: rng.randrange(durable, len(whole) + 1)])
        keys = exported(base / "keys")
        assert verify(base / "journal", keys, kept).breaks == (), number
        again = writer_of(base, clock=clock)
        again.write(message(950))
        again.checkpoint()
        again.note_head()
        again.release()
        assert verify(base / "journal", keys, [*kept, *witnessed(base)]).breaks == (), number


def test_the_disk_of_these_tests_is_the_real_one_but_for_the_wait():
    """Only `sync` differs."""
    assert [n for n in vars(QuickDisk) if not n.startswith("__")] == ["sync"]
