"""The digests of the people lists on disk, and their key."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mss_guard.core.strict_yaml import Mistakes
from mss_guard.edge import people_store
from mss_guard.edge.people_store import PeopleRefused, Sources

RESIDENTS = "Nom;Prénom;Date de naissance;Chambre\nGARNIER;Odile;12/03/1938;12\n"
STAFF = "Nom;Prénom\nLeroy;Sophie\n"


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    (tmp_path / "r.csv").write_text(RESIDENTS)
    (tmp_path / "s.csv").write_text(STAFF)
    (tmp_path / "state").mkdir()
    return Sources(tmp_path / "r.csv", tmp_path / "s.csv", tmp_path / "state")


def test_what_was_taken_in_is_read_back(sources: Sources) -> None:
    """Files and key are the owner's alone, and hold no name."""
    assert people_store.read(sources) is None
    made = people_store.update(sources)
    assert people_store.read(sources) == made
    for path in (sources.digests, sources.key):
        assert path.stat().st_mode & 0o777 == 0o600
        assert not any(name in path.read_bytes().lower() for name in (b"garnier", b"odile", b"leroy"))
    assert [p.name for p in sources.digests.parent.iterdir()] == ["people.digests"]


def test_without_lists_nothing_is_read(sources: Sources) -> None:
    """Digests of lists that the configuration no longer names are left alone."""
    people_store.update(sources)
    assert people_store.read(Sources(None, None, sources.state)) is None


def test_a_list_with_mistakes_changes_nothing(sources: Sources) -> None:
    """All mistakes of both files at once; what was taken in before still serves."""
    before = people_store.update(sources)
    assert sources.residents is not None
    assert sources.staff is not None
    sources.residents.write_text(RESIDENTS + ";x;;\n")
    sources.staff.write_text("rien\n")
    with pytest.raises(Mistakes) as refused:
        people_store.update(sources)
    assert [(Path(m.source).name, m.line) for m in refused.value.mistakes] == [("r.csv", 3), ("s.csv", 1)]
    assert people_store.read(sources) == before


def test_a_named_pipe_does_not_stop_the_command(sources: Sources) -> None:
    assert sources.staff is not None
    sources.staff.unlink()
    os.mkfifo(sources.staff)
    with pytest.raises(Mistakes):
        people_store.update(sources)


def test_a_key_that_others_can_read_is_refused(sources: Sources) -> None:
    people_store.update(sources)
    sources.key.chmod(0o644)
    with pytest.raises(PeopleRefused, match="chmod 600"):
        people_store.read(sources)


@pytest.mark.parametrize("fault", ["lost", "other", "short"])
def test_digests_under_a_key_that_is_gone_are_refused(sources: Sources, fault: str) -> None:
    """In words that say what to do, and without any data."""
    people_store.update(sources)
    if fault == "lost":
        sources.key.unlink()
    else:
        sources.key.write_bytes(b"x" * (40 if fault == "other" else 8))
    with pytest.raises(PeopleRefused) as refused:
        people_store.read(sources)
    assert "mss-guard lists update" in str(refused.value) or "trop courte" in str(refused.value)


def test_a_credential_goes_before_the_file(sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the command without the service's credential names the key."""
    given = tmp_path / "people.key"
    given.write_bytes(b"k" * 32)
    people_store.update(sources, given)
    assert not sources.key.exists()
    with pytest.raises(PeopleRefused, match="clé"):
        people_store.read(sources)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert people_store.read(sources) is not None


def test_a_changed_source_is_noticed(sources: Sources) -> None:
    people_store.update(sources)
    assert sources.residents is not None
    assert not people_store.newer_source(sources)
    later = sources.digests.stat().st_mtime + 5
    os.utime(sources.residents, (later, later))
    assert people_store.newer_source(sources)
