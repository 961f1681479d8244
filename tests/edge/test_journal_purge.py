"""Retention: whole segments go, on the record, and everything that stays still proves itself."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from mss_guard.edge.journal import Journal, Keys, Proof, exported, prove, purging, verify
from mss_guard.edge.journal.house import House
from tests.edge.journal_kit import Clock, QuickDisk, heads_of, live, message, records_of, ref, writer_of
from tests.edge.test_journal_format import address

MONTH = timedelta(days=30)


@pytest.fixture
def aged(tmp_path):
    """Forty days of a writer, a segment each; the last day is at hand."""
    clock = Clock()
    writer = live(tmp_path, days=40, messages=2, every=2, clock=clock, close=False)
    yield tmp_path, writer, clock
    writer.release()


def purged(base, writer, clock, retention=MONTH):
    before = purging.cutoff(base / "journal", clock.now, retention)
    return writer.purge(before, retention)


def segments_of(base):
    return sorted(p.name for p in (base / "journal").rglob("*.jsonl"))


def test_whole_segments_beyond_the_term_go_and_the_chain_says_which(aged):
    """Of forty days nine go at thirty days' retention; the rest verifies from the purge record, old heads of a witness included."""
    base, writer, clock = aged
    front, before = writer.directory, segments_of(base)
    kept = heads_of(front)
    assert purged(base, writer, clock) == 9
    assert segments_of(base) == before[9:]
    (said,) = [r for _, r in records_of(front) if r["kind"] == "purge"]
    assert ([s["segment"] for s in said["segments"]], said["retention_days"]) == (before[:9], 30)
    report = verify(base / "journal", exported(base / "keys"), kept)
    assert (report.breaks, report.writers[0].first_seq) == ((), said["segments"][-1]["last"] + 1)
    assert all(isinstance(p, Proof) for p in prove(base / "journal", ref(30)))
    assert purged(base, writer, clock) == 0


def test_a_proof_handed_out_before_the_purge_still_holds(aged):
    """Its root is the one that the purge record names for that segment."""
    base, writer, clock = aged
    proofs = prove(base / "journal", ref(0))
    purged(base, writer, clock)
    (said,) = [r for _, r in records_of(writer.directory) if r["kind"] == "purge"]
    first = said["segments"][0]
    assert {(p.head.segment + ".jsonl", p.head.root, p.head.size) for p in proofs} == {
        (first["segment"], first["root"], first["records"])
    }


def test_a_beginning_that_no_purge_names_is_a_break(aged):
    """One more segment taken by hand, or a purge record of another length: missing beginning."""
    base, writer, clock = aged
    purged(base, writer, clock)
    next(iter(sorted(writer.directory.glob("*.jsonl")))).unlink()
    assert "début manquant" in verify(base / "journal").breaks[0].what


def test_a_purge_before_the_term_is_a_break_even_on_the_record(aged):
    """Whoever empties a journal early must say a term in the record: one that the dates belie."""
    base, writer, _ = aged
    gone = purging.due(writer.directory, datetime(2026, 12, 1, tzinfo=UTC))
    said = purging.entry(writer.directory, gone, datetime(2026, 12, 1, tzinfo=UTC), MONTH)
    writer.write([said])
    for path in gone:
        path.unlink()
    assert "purge avant le terme" in verify(base / "journal").breaks[0].what


def test_a_crash_between_the_record_and_the_last_deletion_is_no_break(aged):
    """Some of the named files are gone, some not: it verifies, and the next purge takes the rest."""
    base, writer, clock = aged
    copies = {p: p.read_bytes() for p in sorted(writer.directory.glob("*.jsonl"))[:9]}
    purged(base, writer, clock)
    for path in list(copies)[5:]:
        path.write_bytes(copies[path])
    assert verify(base / "journal", exported(base / "keys")).breaks == ()
    assert purged(base, writer, clock) == 4
    assert verify(base / "journal", exported(base / "keys")).breaks == ()


def test_a_clock_set_years_ahead_empties_nothing(aged):
    """The term is counted from the last day that the journal knows."""
    base, writer, clock = aged
    clock.now += timedelta(days=1500)
    before = segments_of(base)
    assert purged(base, writer, clock, timedelta(days=60)) == 0
    assert segments_of(base)[: len(before)] == before


def test_thirty_days_are_kept_whatever_is_asked(aged):
    """A term of a day is taken as thirty."""
    base, _, clock = aged
    assert purging.cutoff(base / "journal", clock.now, timedelta(days=1)) == purging.cutoff(
        base / "journal", clock.now, MONTH
    )


async def test_the_key_of_a_year_goes_with_its_last_segment(tmp_path):
    """Over New Year: when nothing of the old year is left its keys are destroyed, on the record; its pseudonyms name nobody any more."""
    clock = Clock(datetime(2026, 12, 20, 9, tzinfo=UTC))
    Keys(tmp_path / "keys", clock=clock).current()
    live(tmp_path, "old", days=14, messages=1, every=1, clock=clock)
    clock.now += timedelta(days=5)
    live(tmp_path, "front-0", days=14, messages=1, every=1, clock=clock, first=500)
    assert len(Keys(tmp_path / "keys").every()) == 1
    journal = Journal.open(tmp_path / "journal", "node-1", "front-0", "tilleuls", tmp_path / "keys", clock, QuickDisk())
    gone = await journal.purge(MONTH)
    assert (0 < gone.segments < 14, gone.keys) == (True, ())
    clock.now += timedelta(days=1)
    for days in range(30):
        await journal.append("decision", ref(9000 + days), message(1)[0].fields, None)
        clock.now += timedelta(days=1)
    gone = await journal.purge(MONTH)
    await journal.close()
    assert sorted(k.rpartition("-")[0] for k in gone.keys) == ["pseudonym-2026", "signing-2026"]
    assert [k.year for k in Keys(tmp_path / "keys").every()] == [2027]
    assert sorted(k[:4] for k in exported(tmp_path / "keys")) == ["2026", "2027"], "the public halves stay"
    assert not Keys(tmp_path / "keys").candidates(address("a@b.fr"))[0]["key"].startswith("2026")
    text = "".join(p.read_text() for p in (tmp_path / "journal").rglob("*.jsonl"))
    assert all(k in text for k in gone.keys)
    report = verify(tmp_path / "journal", exported(tmp_path / "keys"))
    assert report.breaks == ()
    assert {w.writer for w in report.writers} == {"front-0", "old"}
    assert (
        json.loads(next((tmp_path / "journal" / "node-1" / "old").glob("*.jsonl")).read_text().splitlines()[0])["seq"]
        > 1
    )


def test_a_writer_at_work_is_left_to_purge_itself(aged):
    """Its lock is held: nothing of it goes."""
    base, _, clock = aged
    house = House(base / "journal", None, None, lambda directory, wait: writer_of(base, directory.name, clock))
    assert house.purge_others(base / "none", purging.cutoff(base / "journal", clock.now, MONTH), MONTH) == 0


def test_what_stays_is_seen_to_be_altered_as_before(aged, tmp_path):
    """A purge blunts nothing: one changed value in what stays is a break."""
    base, writer, clock = aged
    purged(base, writer, clock)
    copy = tmp_path / "copy"
    shutil.copytree(base / "journal", copy)
    path = min(copy.rglob("*.jsonl"))
    path.write_bytes(path.read_bytes().replace(b'"relay"', b'"refuse"', 1))
    assert verify(copy).breaks
