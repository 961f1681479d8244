"""core.trust: the white list as an exact set of names, what is not a list, and how long one may be relied on."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mss_guard.core import trust
from mss_guard.core.addresses import parse
from mss_guard.core.model import Standing
from mss_guard.core.policy import Knowledge, Structure, look_up
from mss_guard.core.trust import ListRefused, LocalWord

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
REPOSITORY = Path(__file__).parents[2]
DEMO = REPOSITORY / "rules" / "trust" / "liste-demo.xml"
MINI = REPOSITORY.parent / "shared" / "data" / "trust" / "listeblanche_mini_wellformed.xml"


def white_list(*names: str, date_line: str = "<DateDeGeneration>2026-11-02T04:00:00Z</DateDeGeneration>") -> bytes:
    entries = "".join(f"<Domaine><Nom>{name}</Nom><Description>FICTIF</Description></Domaine>" for name in names)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><ListeBlancheMSSante xmlns="{trust.NAMESPACE}">{date_line}'
        f"<ListeDomaines>{entries}</ListeDomaines></ListeBlancheMSSante>"
    ).encode()


def test_exact_names_only():
    """A listed name lists itself: not its parent, not its children, not what ends or begins like it."""
    space = trust.space(trust.parse_list(white_list("ch-valombreuse.mssante.fr", "mssante.messagerie-libre.example")))
    for name, listed in [
        ("ch-valombreuse.mssante.fr", True),
        ("mssante.messagerie-libre.example", True),
        ("mssante.fr", False),
        ("messagerie-libre.example", False),
        ("x.ch-valombreuse.mssante.fr", False),
        ("autre.mssante.fr", False),
        ("ch-valombreuse.mssante.fr.evil.com", False),
        ("evil-ch-valombreuse.mssante.fr", False),
    ]:
        assert space.listed(name) is listed, name


def test_dirty_entries_are_skipped_and_counted():
    """Case and accents are folded, doubles fall together, and what is no domain name is counted."""
    names = (
        "UC-CMP.mssante.fr",
        "uc-cmp.mssante.fr",
        "étang.mssante.fr",
        "a@b.mssante.fr",
        "",
        "x_y.mssante.fr",
        "point.mssante.fr.",
        "fr",
    )
    read = trust.parse_list(white_list(*names))
    assert read.domains == {"uc-cmp.mssante.fr", "xn--tang-9oa.mssante.fr"}
    assert (read.entries, read.dirty) == (8, 5)


def test_the_demonstration_list():
    """The shipped list is fictitious and holds every kind of dirt the loader must live with."""
    read = trust.parse_list(DEMO.read_bytes())
    assert read.generated_at == datetime(2026, 11, 2, 4, 0, tzinfo=UTC)
    assert (read.entries, len(read.domains), read.dirty) == (23, 18, 3)
    assert {"chu-montclair.mssante.fr", "mssante.messagerie-libre.example", "patient.mssante.fr"} <= read.domains


@pytest.mark.skipif(not MINI.exists(), reason="the scrubbed extract of the real list is not beside the repository")
def test_the_scrubbed_extract_of_the_real_list():
    """The real schema with its doubles and its upper-case name: 31 entries, 19 names."""
    read = trust.parse_list(MINI.read_bytes())
    assert (read.entries, len(read.domains), read.dirty) == (31, 19, 0)
    assert {"uc-cmp.mssante.fr", "mssante.apicrypt.org"} <= read.domains


WHOLE = white_list("a.mssante.fr", "b.mssante.fr")


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        (b"", "vide"),
        (b"  \n", "vide"),
        (WHOLE[:-1], "tronqué"),
        (WHOLE[: len(WHOLE) // 2], "tronqué"),
        (WHOLE.replace(b"</Nom>", b"", 1), "mal formé"),
        (b"<html><body>404</body></html>", "racine"),
        (WHOLE.replace(b"listeblanche.mssante.fr/schema", b"autre.example/schema"), "racine"),
        (white_list(), "aucun domaine"),
        (white_list("a@b.mssante.fr"), "aucun domaine"),
        (WHOLE.replace(b"<ListeBlanche", b'<!DOCTYPE x [<!ENTITY e "b.fr">]><ListeBlanche', 1), "DTD"),
        (b"\x00\x01\x02", "mal formé"),
    ],
)
def test_what_is_not_a_list_is_refused(xml, said):
    """Empty, truncated, malformed, of another kind, or with a DTD: refused, with the reason in French."""
    with pytest.raises(ListRefused, match=said):
        trust.parse_list(xml)


def test_entities_are_never_expanded():
    """A bomb of entities ends in a refusal, at once."""
    bomb = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {chr(b)} "{"&" + chr(b - 1) + ";"}{"&" + chr(b - 1) + ";"}">' for b in range(98, 122)
    )
    with pytest.raises(ListRefused):
        trust.parse_list(
            (bomb + f']><ListeBlancheMSSante xmlns="{trust.NAMESPACE}">&y;</ListeBlancheMSSante>').encode()
        )


@pytest.mark.parametrize("line", ["", "<DateDeGeneration>hier</DateDeGeneration>"])
def test_a_list_without_a_date_is_a_list_of_unknown_date(line):
    """The generation date is for people: a list is judged by when its source confirmed it."""
    assert trust.parse_list(white_list("a.mssante.fr", date_line=line)).generated_at is None


def test_usable_by_age_since_confirmation():
    """A list serves for max_age after its source confirmed it, and an empty space never does."""
    read = trust.parse_list(white_list("a.mssante.fr"))
    space = trust.space(read, confirmed_at=NOW - timedelta(days=15))
    assert trust.usable(space, NOW, timedelta(days=15))
    assert not trust.usable(space, NOW + timedelta(seconds=1), timedelta(days=15))
    assert not trust.usable(trust.space(read), NOW, timedelta(days=15))
    assert not trust.usable(trust.space(None, confirmed_at=NOW), NOW, timedelta(days=15))
    assert not trust.usable(None, NOW, timedelta(days=15))


def test_the_overlay_holds_until_the_end_of_its_day():
    """`extra` and `deny` count up to and including their last day, or for ever."""
    added = LocalWord("partenaire.example", "convention en cours", date(2026, 11, 22))
    denied = LocalWord("test.mssante.fr", "domaine de test")
    space = trust.space(None, extra=[added], deny=[denied])
    assert space.added("partenaire.example", NOW) == added
    assert space.added("partenaire.example", NOW + timedelta(days=1)) is None
    assert space.added("x.partenaire.example", NOW) is None
    assert space.denied("test.mssante.fr", NOW + timedelta(days=4000)) == denied


def test_names_for_tests_are_not_trusted_unless_the_structure_says_so():
    """A name that the list carries for tests is outside, with all below it, until `extra` admits it; its neighbours stay trusted."""
    tests = [LocalWord(".test.mssante.fr", "essai"), LocalWord("koriantest.mssante.fr", "essai")]
    listed = trust.parse_list(
        white_list("test.mssante.fr", "x.test.mssante.fr", "koriantest.mssante.fr", "contest.mssante.fr")
    )
    admitted = LocalWord("x.test.mssante.fr", "recette de juin")
    space = trust.space(listed, tests=tests, extra=[admitted], confirmed_at=NOW)
    standings = {
        "test.mssante.fr": Standing.OUTSIDE,
        "x.test.mssante.fr": Standing.TRUSTED,
        "koriantest.mssante.fr": Standing.OUTSIDE,
        "contest.mssante.fr": Standing.TRUSTED,
    }
    knowledge = Knowledge("v", Structure(frozenset({"ehpad.fr"})), space)
    for name, standing in standings.items():
        found = look_up(parse(f"a@{name}".encode()), knowledge, NOW)
        assert found.standing is standing, name
        assert (
            standing is Standing.TRUSTED
            or found.why == "domaine d'essai, écarté d'office : essai (trust.extra l'admet)"
        )


@pytest.mark.parametrize(
    ("age", "word"), [(1, "fresh"), (24, "fresh"), (25, "late"), (168, "late"), (169, "old"), (None, "old")]
)
def test_a_list_grows_late_and_old(age, word):
    """A day without confirmation is late, a week is old, never is old."""
    confirmed = None if age is None else NOW - timedelta(hours=age)
    assert (
        trust.freshness(trust.space(trust.parse_list(white_list("a.mssante.fr")), confirmed_at=confirmed), NOW) == word
    )


def test_the_version_changes_with_names_and_overlay():
    """Two states that judge alike have the same version, others do not."""
    one = trust.parse_list(white_list("a.mssante.fr", "b.mssante.fr"))
    same = trust.parse_list(white_list("b.mssante.fr", "A.mssante.fr", "a.mssante.fr"))
    other = trust.parse_list(white_list("a.mssante.fr"))
    deny = [LocalWord("a.mssante.fr", "essai")]
    assert trust.space(one).version == trust.space(same).version
    assert len({trust.space(one).version, trust.space(other).version, trust.space(one, deny=deny).version}) == 3


@given(st.one_of(st.binary(max_size=300), st.integers(0, len(WHOLE)).map(lambda cut: WHOLE[:cut] + b"<" + WHOLE[cut:])))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_list_or_refused(xml):
    """On any bytes: a list with at least one name, or ListRefused."""
    with suppress(ListRefused):
        assert trust.parse_list(xml).domains
