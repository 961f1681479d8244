"""`audit verify` and `audit search`: whatever is done to the files is seen, and what is asked for is found."""

import asyncio
import json
import random
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mss_guard.edge.journal import Filters, Journal, canonical, search, show, verify
from tests.edge.test_journal_disk import DECISION, OUTCOME, Clock, ref


async def fill(root: Path) -> None:
    """Two writers, three days, a dozen messages each day."""
    for writer in ("front-0", "front-1"):
        clock = Clock()
        journal = Journal.open(root / "journal", "node-1", writer, "tilleuls", root / "keys", clock)
        for day in range(3):
            for n in range(12):
                number = day * 100 + n + (1000 if writer == "front-1" else 0)
                await journal.append("decision", ref(number), decision(n), "abc")
                await journal.append("outcome", ref(number), OUTCOME, "abc")
            clock.now += timedelta(days=day < 2)
        await journal.close()


def decision(n):
    refused = n % 3 == 0
    recipient = {
        "domain": "ordinaire.fr" if n % 2 else "autre.fr",
        "who": {"key": "2026-0123abcd", "id": f"{n:016x}"},
        "standing": "outside",
        "action": "refuse" if refused else "relay",
        "reason": "health-data" if refused else None,
    }
    findings = [{"rule": "document.crh", "count": n}] if refused else []
    action = {"action": recipient["action"], "reason": recipient["reason"]}
    return {**DECISION, **action, "recipients": [recipient], "findings": findings}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    root = tmp_path_factory.mktemp("filled")
    asyncio.run(fill(root))
    return root / "journal"


def test_an_untouched_journal_verifies(filled):
    """Six segments of two writers hold: all closed, nothing torn, nothing behind the noted head."""
    report = verify(filled)
    assert report.ok
    assert [(w.writer, w.segments, w.torn, w.closed, w.unproven) for w in report.writers] == [
        ("front-0", 3, 0, True, 0),
        ("front-1", 3, 0, True, 0),
    ]
    assert report.records == 2 * (3 * 24 + 3 * 2)


def edit(rng, lines):
    """Change one byte of one record."""
    at = rng.randrange(len(lines))
    line = bytearray(lines[at])
    place = rng.randrange(len(line) - 1)
    line[place] = rng.choice([b for b in range(32, 127) if b != line[place]])
    lines[at] = bytes(line)
    return lines


def reword(rng, lines):
    """Change a value and spell the record canonically again."""
    at = rng.randrange(len(lines))
    record = json.loads(lines[at])
    key = rng.choice(["at", "structure", "kind", "knowledge", "seq"])
    record[key] = 7 if key == "seq" else "autre"
    lines[at] = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    return lines


def remove(rng, lines):
    """Take one record out."""
    del lines[rng.randrange(len(lines))]
    return lines


def swap(rng, lines):
    """Let two records change places."""
    a, b = rng.sample(range(len(lines)), 2)
    lines[a], lines[b] = lines[b], lines[a]
    return lines


def repeat(rng, lines):
    """Write one record twice."""
    at = rng.randrange(len(lines))
    lines.insert(at, lines[at])
    return lines


def cut(rng, lines):
    """Cut the segment off in the middle of a record."""
    at = rng.randrange(len(lines) - 1)
    return [*lines[:at], lines[at][: rng.randrange(1, len(lines[at]))]]


def cut_clean(rng, lines):
    """Cut the segment off between two records."""
    return lines[: rng.randrange(0, len(lines))]


MUTATIONS = (edit, edit, edit, reword, remove, swap, repeat, cut, cut_clean)


def test_two_hundred_mutations_are_all_seen(filled, tmp_path):
    """Edits, removals, swaps, repetitions, cuts, the last record included: each breaks, in the right writer."""
    rng = random.Random(20261122)
    copy = tmp_path / "journal"
    shutil.copytree(filled, copy)
    files = sorted(copy.rglob("*.jsonl"))
    for number in range(200):
        path, mutate = rng.choice(files), rng.choice(MUTATIONS)
        before = path.read_bytes()
        path.write_bytes(b"".join(mutate(rng, before.splitlines(keepends=True))))
        breaks = verify(copy).breaks
        assert breaks, (number, mutate.__name__, path.name)
        assert all(b.file.startswith(f"node-1/{path.parent.name}/") for b in breaks), (number, mutate.__name__)
        path.write_bytes(before)
    assert verify(copy).ok


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_missing_segment_is_seen(filled, tmp_path, which):
    """Deleting a whole segment, the first, the middle or the last, breaks the chain."""
    copy = tmp_path / "journal"
    shutil.copytree(filled, copy)
    sorted((copy / "node-1" / "front-0").glob("*.jsonl"))[which].unlink()
    assert not verify(copy).ok


def test_a_segment_of_another_writer_or_name_is_seen(filled, tmp_path):
    """A renamed segment, or one copied over from the other writer, does not pass."""
    copy = tmp_path / "journal"
    shutil.copytree(filled, copy)
    path = copy / "node-1" / "front-0" / "2026-11-23-001.jsonl"
    path.rename(path.with_name("2026-11-23-002.jsonl"))
    assert {b.what for b in verify(copy).breaks} == {"le fichier ne porte pas le nom de son segment"}
    shutil.copy(copy / "node-1" / "front-1" / path.name, path)
    assert len(verify(copy).breaks) > 1


def test_one_changed_word_is_named_once(filled, tmp_path):
    """One changed record gives the line behind it, whose `prev` no longer fits, and the root: no avalanche."""
    copy = tmp_path / "journal"
    shutil.copytree(filled, copy)
    path = copy / "node-1" / "front-0" / "2026-11-23-001.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[4] = lines[4].replace(b'"abc"', b'"abd"')
    path.write_bytes(b"".join(lines))
    assert [(b.file, b.line) for b in verify(copy).breaks] == [
        ("node-1/front-0/2026-11-23-001.jsonl", 6),
        ("node-1/front-0/2026-11-23-001.jsonl", 26),
    ]


def test_a_changed_link_does_not_accuse_the_record_before_alone(filled, tmp_path):
    """Which of the two was changed, the record or what the next one says of it, the chain alone cannot tell: both are named."""
    copy = tmp_path / "journal"
    shutil.copytree(filled, copy)
    path = copy / "node-1" / "front-0" / "2026-11-23-001.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    record = json.loads(lines[5])
    lines[5] = canonical.dumps({**record, "prev": "0" * 64}) + b"\n"
    path.write_bytes(b"".join(lines))
    first, second = verify(copy).breaks[:2]
    assert (first.seq, second.seq) == (record["seq"] - 1, record["seq"])
    assert "ou bien l'empreinte que le suivant en porte" in first.what


# --- search -----------------------------------------------------------------------------------------------------------

DAY = datetime(2026, 11, 23, tzinfo=UTC)
DECISIONS = frozenset({"decision"})
SEARCHES = {
    "everything": (Filters(), 156),
    "kind": (Filters(kinds=DECISIONS), 72),
    "refused": (Filters(kinds=DECISIONS, action="refuse"), 24),
    "reason": (Filters(reason="health-data"), 24),
    "domain": (Filters(domain="ordinaire.fr"), 36),
    "domain is exact": (Filters(domain="ordinaire"), 0),
    "who": (Filters(who=frozenset({f"{5:016x}", "f" * 16})), 6),
    "rule": (Filters(rule="document.crh"), 24),
    "standing": (Filters(standing="outside"), 72),
    "no such standing": (Filters(standing="trusted"), 0),
    "structure": (Filters(structure="tilleuls"), 156),
    "no such structure": (Filters(structure="ailleurs"), 0),
    "rule family": (Filters(rule="document"), 24),
    "since": (Filters(kinds=DECISIONS, since=DAY), 48),
    "until": (Filters(kinds=DECISIONS, until=DAY), 24),
    "both": (Filters(kinds=DECISIONS, since=DAY, until=DAY + timedelta(days=1), action="refuse"), 8),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_search_finds_what_fits(filled, name):
    """Each filter, and several together, give the records they should, over both writers in the order of time."""
    filters, count = SEARCHES[name]
    found = list(search(filled, filters))
    assert len(found) == count
    assert [f.at for f in found] == sorted(f.at for f in found)


def test_show_gives_all_of_one_reference(filled):
    """Decision and outcome of a reference, with file and line."""
    assert [(f.record["kind"], f.segment, f.line) for f in show(filled, ref(103))] == [
        ("decision", "2026-11-23-001.jsonl", 8),
        ("outcome", "2026-11-23-001.jsonl", 9),
    ]
    assert show(filled, "MSSG-ZZZZ-ZZZZ") == ()


def test_no_journal_at_all(tmp_path):
    """A root that is not there holds nothing and breaks nothing."""
    assert verify(tmp_path / "none").writers == ()
    assert list(search(tmp_path / "none", Filters())) == []


async def test_verify_while_a_writer_is_at_work(tmp_path):
    """Reading beside a working writer never reports a break."""
    journal = Journal.open(tmp_path / "journal", "n", "w", "tilleuls", tmp_path / "keys")
    until = time.monotonic() + 1.5
    checks = 0

    async def work(base):
        number = base
        while time.monotonic() < until:
            await journal.append("decision", ref(number), DECISION, None)
            journal.append_late("outcome", ref(number), OUTCOME, None)
            number += 1
            await asyncio.sleep(0.005)

    working = asyncio.gather(work(1), work(10_000))
    while not working.done():
        report = await asyncio.to_thread(verify, tmp_path / "journal")
        assert report.breaks == ()
        checks += 1
    await working
    await journal.close()
    assert checks > 2
    assert verify(tmp_path / "journal").ok
