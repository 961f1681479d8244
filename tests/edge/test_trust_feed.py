"""edge.trust_feed: which list serves after any mishap with the file, and how old it is."""

import os
from datetime import UTC, date, datetime, timedelta

import pytest

from mss_guard.core.trust import NAMESPACE, LocalWord
from mss_guard.edge import trust_feed

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def names(count: int) -> list[str]:
    return [f"service-{number}.mssante.fr" for number in range(count)]


def write(path, domains, confirmed_at=NOW):
    entries = "".join(f"<Domaine><Nom>{name}</Nom></Domaine>" for name in domains)
    path.write_text(
        f'<ListeBlancheMSSante xmlns="{NAMESPACE}"><ListeDomaines>{entries}</ListeDomaines></ListeBlancheMSSante>'
    )
    os.utime(path, (confirmed_at.timestamp(),) * 2)


@pytest.fixture
def source(tmp_path):
    return tmp_path / "liste.xml"


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state" / "trust"


def test_a_good_file_serves_and_is_kept(source, state):
    """The file's names serve, confirmed at its modification time, and a copy with the same time is kept."""
    confirmed = NOW - timedelta(days=3)
    write(source, names(20), confirmed)
    fed = trust_feed.feed(source, state, now=NOW)
    assert (fed.used, fed.happened) == ("source", ())
    assert (len(fed.space.domains), fed.space.confirmed_at, fed.space.source) == (20, confirmed, str(source))
    kept = state / trust_feed.LAST_GOOD
    assert kept.read_bytes() == source.read_bytes()
    assert kept.stat().st_mtime == confirmed.timestamp()
    assert [p.name for p in state.iterdir()] == [trust_feed.LAST_GOOD]


BAD = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-30]),
    "a web page": lambda path: path.write_bytes(b"<html><body>Maintenance</body></html>"),
    "a directory": lambda path: (path.unlink(), path.mkdir()),
    "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    "shrunken": lambda path: write(path, names(17)),
}


@pytest.mark.parametrize("spoil", BAD.values(), ids=BAD.keys())
def test_a_bad_new_file_leaves_the_last_good_list_with_its_own_age(source, state, spoil):
    """Whatever the file has become, the last good list serves, no younger than it was, and the reason is said in
    French.
    """
    confirmed = NOW - timedelta(days=3)
    write(source, names(20), confirmed)
    trust_feed.feed(source, state, now=NOW)
    spoil(source)
    fed = trust_feed.feed(source, state, now=NOW)
    assert fed.used == "last-good"
    assert (len(fed.space.domains), fed.space.confirmed_at) == (20, confirmed)
    assert str(source) in fed.happened[0]
    assert "dernière bonne liste" in fed.happened[-1]


@pytest.mark.parametrize("spoil", [s for k, s in BAD.items() if k != "shrunken"])
def test_a_bad_file_and_no_copy_is_no_list(source, state, spoil):
    """Without a last good copy there is no list, but the overlay stands."""
    write(source, names(20))
    spoil(source)
    extra = [LocalWord("partenaire.example", "convention", date(2026, 12, 31))]
    fed = trust_feed.feed(source, state, now=NOW, extra=extra)
    assert (fed.used, fed.space.domains, fed.space.confirmed_at) == ("none", frozenset(), None)
    assert fed.space.added("partenaire.example", NOW)
    assert fed.happened


def test_no_source_and_no_copy(state):
    """No list configured is a state like another, not an error."""
    fed = trust_feed.feed(None, state, now=NOW)
    assert (fed.used, fed.happened) == ("none", ())


@pytest.mark.parametrize(("count", "used"), [(18, "source"), (17, "last-good"), (40, "source")])
def test_the_shrink_guard_stands_at_ten_percent(source, state, count, used):
    """A tenth fewer names is churn, more than a tenth is an accident; growth is always fine."""
    write(source, names(20))
    trust_feed.feed(source, state, now=NOW)
    write(source, names(count))
    assert trust_feed.feed(source, state, now=NOW).used == used


def test_a_shrunken_list_does_not_become_the_measure(source, state):
    """A refused list is not kept: it stays refused at the next reading."""
    write(source, names(20))
    trust_feed.feed(source, state, now=NOW)
    write(source, names(17))
    for _ in range(3):
        assert trust_feed.feed(source, state, now=NOW).used == "last-good"
    fed = trust_feed.feed(source, state, now=NOW, accept_shrunken=True)
    assert (fed.used, len(fed.space.domains)) == ("source", 17)
    assert trust_feed.feed(source, state, now=NOW).used == "source"


def test_touching_the_file_confirms_the_list_again(source, state):
    """The same bytes with a newer time are a younger list, in the copy too."""
    write(source, names(20), NOW - timedelta(days=9))
    trust_feed.feed(source, state, now=NOW)
    write(source, names(20), NOW - timedelta(days=1))
    trust_feed.feed(source, state, now=NOW)
    source.unlink()
    assert trust_feed.feed(source, state, now=NOW).space.confirmed_at == NOW - timedelta(days=1)


def test_a_date_in_the_future_confirms_nothing_beyond_today(source, state):
    """A wrong clock or a touch cannot make a list last for years."""
    write(source, names(20), NOW + timedelta(days=900))
    assert trust_feed.feed(source, state, now=NOW).space.confirmed_at == NOW


def test_a_spoiled_copy_is_said_and_replaced(source, state):
    """A damaged last good copy is left aside and a good source takes its place."""
    write(source, names(20))
    trust_feed.feed(source, state, now=NOW)
    (state / trust_feed.LAST_GOOD).write_bytes(b"<x/>")
    fed = trust_feed.feed(source, state, now=NOW)
    assert fed.used == "source"
    assert "copie de secours" in fed.happened[0]
    assert (state / trust_feed.LAST_GOOD).read_bytes() == source.read_bytes()


def test_a_copy_that_cannot_be_written_costs_the_copy_alone(source, tmp_path):
    """When the state directory cannot be made the list serves all the same, and the administrator is told."""
    write(source, names(20))
    (tmp_path / "state").write_text("a file stands where the directory should be")
    fed = trust_feed.feed(source, tmp_path / "state" / "trust", now=NOW)
    assert fed.used == "source"
    assert any("non écrite" in line for line in fed.happened)
