"""The SQL index of the journal: the same answers from SQLite and PostgreSQL, from any point, after any interruption."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from mss_guard.edge.audit_index import Asked, Feeder, IndexBroken, find, one, opened
from mss_guard.edge.audit_index.rows import rows
from mss_guard.edge.audit_index.store import month, shown
from mss_guard.edge.journal import Filters, Found, follow, oldest, search
from tests.edge import postgres
from tests.edge.test_journal_disk import DECISION, OUTCOME
from tests.edge.test_journal_verify import fill


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two writers, three days, twelve messages each day; every third is refused."""
    root = tmp_path_factory.mktemp("filled")
    asyncio.run(fill(root))
    return root / "journal"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres.serving(tmp_path_factory.mktemp("pg")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty index of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/index/audit.db"
    url = request.getfixturevalue("server")
    with opened(url, create=True) as store, store.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    return str(url)


def feed(url: str, journal: Path) -> int:
    with opened(url, create=True) as store:
        feeder = Feeder(store)
        return feeder.feed(follow(journal, feeder.cursors())).records


def refs(url: str, asked: Asked, most: int = 1000) -> list[str]:
    with opened(url) as store:
        return [d.fields["ref"] for d in find(store, asked, most=most).decisions]


def from_files(journal: Path, fits: Callable[[dict[str, Any]], bool]) -> set[str]:
    return {str(f.record["ref"]) for f in search(journal, Filters(kinds=frozenset({"decision"}))) if fits(f.record)}


QUESTIONS = {
    "all": (Asked(), lambda r: True),
    "refused": (Asked(action="refuse"), lambda r: r["action"] == "refuse"),
    "reason": (Asked(reason="health-data"), lambda r: r["reason"] == "health-data"),
    "domain": (Asked(domain="autre.fr"), lambda r: any(x["domain"] == "autre.fr" for x in r["recipients"])),
    "rule": (Asked(rule="document.crh"), lambda r: any(f["rule"] == "document.crh" for f in r["findings"])),
    "family": (Asked(rule="document"), lambda r: bool(r["findings"])),
    "no such family": (Asked(rule="doc"), lambda r: False),
    "standing": (Asked(standing="outside"), lambda r: True),
    "who": (
        Asked(who=frozenset({f"{5:016x}", "0" * 15 + "z"})),
        lambda r: r["recipients"][0]["who"]["id"] == f"{5:016x}",
    ),
    "structure": (Asked(structure="ailleurs"), lambda r: False),
    "together": (
        Asked(action="refuse", domain="ordinaire.fr"),
        lambda r: r["action"] == "refuse" and r["recipients"][0]["domain"] == "ordinaire.fr",
    ),
    "a wild card is a letter": (Asked(domain="%"), lambda r: False),
    "SQL": (Asked(ref="' OR 1=1 --"), lambda r: False),
}


def test_each_question_finds_what_the_files_hold(url: str, filled: Path) -> None:
    """Every filter, alone and together, gives exactly the decisions that the journal's own records fit."""
    assert feed(url, filled) > 150
    for name, (asked, fits) in QUESTIONS.items():
        assert set(refs(url, asked)) == from_files(filled, fits), name


def test_a_decision_comes_with_its_recipients_rules_and_outcome(url: str, filled: Path) -> None:
    """One reference gives the whole line; an unknown one nothing; newest first, page by page without a gap."""
    feed(url, filled)
    everything = refs(url, Asked())
    with opened(url) as store:
        found = one(store, everything[0])
        assert found is not None
        assert (found.outcome, len(found.recipients)) == (OUTCOME["outcome"], 1)
        assert found.fields["structure"] == "tilleuls"
        assert one(store, "MSSG-ZZZZ-ZZZZ") is None
        pages = [find(store, Asked(), most=7, skip=skip) for skip in range(0, len(everything), 7)]
    assert [d.fields["ref"] for page in pages for d in page.decisions] == everything
    assert [page.more for page in pages] == [True] * (len(pages) - 1) + [False]
    stamps = [d.fields["at"] for page in pages for d in page.decisions]
    assert stamps == sorted(stamps, reverse=True)


def test_feeding_again_adds_only_what_is_new(url: str, filled: Path) -> None:
    """Whatever record the last feeding ended at, the next goes on behind it; a rebuild gives the same."""
    lines = list(follow(filled, {}))
    with opened(url, create=True) as store:
        feeder = Feeder(store)
        for cut in (1, 40, 41, 90):
            cursors = feeder.cursors()
            feeder.feed(
                [line for line in lines[:cut] if line.record["seq"] > cursors.get((line.node, line.writer), -1)]
            )
        assert feeder.feed(follow(filled, feeder.cursors())).records == len(lines) - 90
        assert feeder.feed(follow(filled, feeder.cursors())).records == 0
    before = refs(url, Asked())
    with opened(url, create=True) as store:
        feeder = Feeder(store)
        feeder.clear()
        assert feeder.feed(follow(filled, feeder.cursors())).records == len(lines)
    assert refs(url, Asked()) == before
    assert len(before) == len(set(before))


def test_a_feeding_that_dies_leaves_whole_batches(url: str, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Death in the middle: rows and cursor are in together or not at all, and the next feeding loses and doubles nothing."""
    monkeypatch.setattr("mss_guard.edge.audit_index.feeding.BATCH", 10)

    def dying() -> Iterator[Found]:
        for number, line in enumerate(follow(filled, {})):
            if number == 57:
                raise KeyboardInterrupt
            yield line

    with pytest.raises(KeyboardInterrupt), opened(url, create=True) as store:
        Feeder(store).feed(dying())
    feed(url, filled)
    assert set(refs(url, Asked())) == from_files(filled, lambda _: True)


def test_what_the_journal_no_longer_holds_is_forgotten(url: str, filled: Path) -> None:
    """After a purge nothing older than the oldest segment can be found."""
    feed(url, filled)
    days = sorted({str(f.record["at"])[:10] for f in search(filled, Filters())})
    assert oldest(filled) == days[0]
    with opened(url) as store:
        Feeder(store).forget(days[1])
    assert set(refs(url, Asked())) == from_files(filled, lambda r: str(r["at"]) >= days[1])


def test_two_nodes_feed_one_index(url: str, filled: Path, tmp_path: Path) -> None:
    """Each with its own journal; nobody's cursor moves the other's. The same journal from two processes is refused."""
    shutil.copytree(filled / "node-1", tmp_path / "journal" / "node-2")
    assert feed(url, filled) == feed(url, tmp_path / "journal")
    everything = refs(url, Asked())
    assert len(everything) == 2 * len(set(everything))
    with opened(url, create=True) as store, pytest.raises(IndexBroken, match="un autre processus"):
        Feeder(store).feed(follow(filled, {}))


def test_postgresql_keeps_months_apart_and_needs_no_right_to_change(server: str, filled: Path) -> None:
    """Rows of a prepared month lie in its partition, others in the default one; INSERT and SELECT are enough to feed."""
    with opened(server, create=True) as store, store.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
    with opened(server, create=True) as store, store.engine.begin() as connection:
        connection.execute(
            text("DROP ROLE IF EXISTS noeud; CREATE ROLE noeud LOGIN; GRANT USAGE ON SCHEMA public TO noeud")
        )
        connection.execute(
            text(
                "GRANT INSERT, SELECT ON ALL TABLES IN SCHEMA public TO noeud; GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO noeud"
            )
        )
    with opened(server.replace("guet@", "noeud@")) as store:
        feeder = Feeder(store)
        feeder.feed(follow(filled, feeder.cursors()))
        with pytest.raises(Exception, match="permission denied"):
            feeder.clear()
    assert len(refs(server, Asked())) == 72


def test_an_index_that_cannot_be_is_said_without_a_password(tmp_path: Path) -> None:
    """A wrong address, a dead server, a file that is no database: one sentence, no secret."""
    (tmp_path / "x.db").write_bytes(b"not sqlite" * 1000)
    for bad in ("nonsense", "mysql://x/y", "postgresql://u:secret@127.0.0.1:1/x", f"sqlite:///{tmp_path}/x.db"):
        with pytest.raises(IndexBroken) as broken, opened(bad, create=True):
            pass
        assert "secret" not in str(broken.value)
    assert shown("postgresql://u:secret@h/x") == "postgresql://u:***@h/x"


def test_odd_records_become_rows_without_an_error() -> None:
    """Fields of another shape than the journal writes become NULL."""
    odd = {
        "kind": "decision",
        "at": "2026-11-25T00:00:00.000000Z",
        "seq": 1,
        "sender": "x",
        "recipients": [1, {}],
        "findings": {},
        "score": True,
    }
    made = list(rows(odd, 1, "s", 1))
    assert [table.name for table, _ in made] == ["decisions", "recipients"]
    assert made[0][1]["score"] is None
    assert [t.name for t, _ in rows({"kind": "reload", "at": "x", "seq": 2}, 1, "s", 1)] == ["events"]
    assert not list(rows({"kind": "segment-open", "at": "x", "seq": 3}, 1, "s", 1))
    assert list(rows({**DECISION, "kind": "decision", "at": "x", "seq": 4}, 1, "s", 1))


def test_months_run_over_the_year() -> None:
    """The partition of a month ends where the next begins."""
    assert [month(date(2026, 11, 25), n) for n in range(3)] == ["2026-11", "2026-12", "2027-01"]
