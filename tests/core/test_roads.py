"""core.notice.roads: who a recipient is, what is said to whoever wrote to him, and the files in which both stand."""

from __future__ import annotations

import pytest

from mss_guard.core import addresses, notice
from mss_guard.core.model import Standing
from mss_guard.core.notice import regions, roads
from mss_guard.core.notice.roads import Kind
from mss_guard.core.proposals import CONSUMER
from mss_guard.core.strict_yaml import Mistakes
from mss_guard.edge import library

SHIPPED = {path: text for path, text in library.read(()).notices.items() if "/roads/" in path}
ROADS = roads.load(SHIPPED)

PEOPLE = {
    "secretariat@ch-valombreuse.fr": Kind.PROFESSIONAL,
    "accueil@ehpad-les-lilas.fr": Kind.PROFESSIONAL,
    "dupont@cabinet-du-port.fr": Kind.PROFESSIONAL,
    "cabinet.martin@orange.fr": Kind.PROFESSIONAL,
    "dr.martin@wanadoo.fr": Kind.PROFESSIONAL,
    "pharmacie-du-marche@gmail.com": Kind.PROFESSIONAL,
    "sylvie.martin@gmail.com": Kind.RELATIVE,
    "drmartin56@free.fr": Kind.RELATIVE,
    "contact@mdph44.fr": Kind.ADMINISTRATION,
    "crip@loire-atlantique.fr": Kind.ADMINISTRATION,
    "greffe@tj-nantes.justice.fr": Kind.ADMINISTRATION,
    "agent@cpam-nantes.cnamts.fr": Kind.ADMINISTRATION,
    "a@assurance-maladie.fr": Kind.ADMINISTRATION,
    "ars-pdl@ars.sante.fr": Kind.ADMINISTRATION,
    "sinistres@maif.fr": Kind.INSURER,
    "gestion@mutuelle-du-sud.fr": Kind.INSURER,
    "rh@usine.example": Kind.EMPLOYER,
    "drh@gmail.com": Kind.EMPLOYER,
    "jean@usine.example": Kind.UNKNOWN,
    "x@[192.0.2.1]": Kind.UNKNOWN,
}


@pytest.mark.parametrize(("address", "kind"), PEOPLE.items())
def test_who_a_recipient_is(address, kind):
    """By the whole domain, then its labels; where everybody may have a box, by the words before the @."""
    assert ROADS.kind(addresses.parse(address.encode()), Standing.OUTSIDE) is kind


@pytest.mark.parametrize(("standing", "kind"), [(Standing.COMMERCIAL, Kind.PARTNER), (Standing.INSIDE, Kind.INSIDE)])
def test_a_standing_that_says_it_goes_first(standing, kind):
    """A partner is a partner whatever his domain is called."""
    assert ROADS.kind(addresses.parse(b"dr.x@ch-y.fr"), standing) is kind


def test_consumer_domains_are_one_list():
    """What the directory takes for a consumer's domain, the notice takes for a relative's."""
    assert {d for d in CONSUMER if ROADS.domains.get(d) is not Kind.RELATIVE} == set()


def test_a_structure_adds_and_replaces():
    """A file of the structure adds domains to a kind and says what it likes better; the rest stays as shipped."""
    own = "version: 1\nkind: proche\nrecognise: {domains: [familles.example]}\nsteps: [{say: 'Appelez.'}]\n"
    mine = roads.load({**SHIPPED, "/etc/mss-guard/notices.d/roads/proche.yaml": own})
    assert mine.kind(addresses.parse(b"a@familles.example"), Standing.OUTSIDE) is Kind.RELATIVE
    assert [step.say for step in mine.by_kind[Kind.RELATIVE].steps] == ["Appelez."]
    assert mine.by_kind[Kind.RELATIVE].short == ROADS.by_kind[Kind.RELATIVE].short
    assert mine.kind(addresses.parse(b"a@gmail.com"), Standing.OUTSIDE) is Kind.RELATIVE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 1\nkind: voisin\n", "x.yaml:2:7: « voisin » n'est pas admis"),
        ("version: 1\nkind: proche\nsteps: [{say: 'à {adresse}'}]\n", "x.yaml:3:15: fait inconnu : {adresse}"),
        ("version: 1\nkind: proche\nsteps: [{say: 'à {'}]\n", "x.yaml:3:15: accolade seule"),
        (
            "version: 1\nkind: proche\nrecognise: {domains: ['a b']}\n",
            "x.yaml:3:23: « a b » n'est pas un nom de domaine",
        ),
        ("version: 1\nkind: proche\nrecognise: {labels: ['*']}\n", "x.yaml:3:22: « * » :"),
        ("version: 1\nsteps: []\n", "clé manquante : « kind »"),
        ("version: 1\nkind: proche\nstep: []\n", "clé inconnue : « step » ; vouliez-vous dire « steps » ?"),
    ],
)
def test_a_mistake_is_named_with_its_place(text, said):
    """File, line, column, in French."""
    with pytest.raises(Mistakes) as refused:
        roads.load({**SHIPPED, "x.yaml": text})
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("domain", "region"),
    [
        ("chd-vendee.fr", "pays-de-la-loire"),
        ("mdph44.fr", "pays-de-la-loire"),
        ("ch.haute-savoie.fr", "auvergne-rhone-alpes"),
        ("cd2a.fr", "corse"),
        ("cabinet-du-nord.fr", None),
        ("hotel44.fr", None),
        ("ehpad-vendee-sarthe.bretagne.fr", "pays-de-la-loire"),
    ],
)
def test_a_region_that_a_domain_tells(domain, region):
    """By the name or the number of a department; never by a common word."""
    known = regions.load(library.read(()).notices["rules/notices/grades.yaml"], "grades.yaml")
    assert regions.of_domain(domain, known) == (known[region] if region else None)


def test_a_template_that_does_not_fit_is_refused_with_its_line(tmp_path):
    """A structure's own template is read and tried at start: wrong syntax and unknown variables are told with file and line."""
    from mss_guard.core.notice.rehearsal import rehearse

    letterhead = notice.Letterhead("S", frozenset({"x.example"}), "c@x.example")
    (tmp_path / "notice.txt.j2").write_text("{{ title }}\n{% if %}\n", encoding="utf-8")
    with pytest.raises(Mistakes, match=r"notice\.txt\.j2:2:1: modèle illisible"):
        notice.prepare(letterhead, library.read((), [tmp_path]).notices)
    (tmp_path / "notice.txt.j2").write_text("{{ title }}\n\n{{ nom_du_patient }}\n", encoding="utf-8")
    with pytest.raises(Mistakes, match=r"notice\.txt\.j2:3:1: modèle en défaut : 'nom_du_patient' is undefined"):
        rehearse(notice.prepare(letterhead, library.read((), [tmp_path]).notices))


def test_a_language_without_a_catalogue_is_refused():
    """What is not translated cannot be asked for; what is broken is said to be."""
    letterhead, shelf = notice.Letterhead("S", frozenset(), ""), library.read(())
    with pytest.raises(Mistakes, match="pas de catalogue « de »"):
        notice.prepare(letterhead, shelf.notices, "de", shelf.catalogues)
    for broken in (b"", b"x" * 40, shelf.catalogues["en"][:100]):
        with pytest.raises(Mistakes, match="catalogue illisible"):
            notice.prepare(letterhead, shelf.notices, "de", {"de": broken})


def test_a_translation_that_loses_a_fact_is_refused(tmp_path):
    """A catalogue whose sentence asks for what nobody gives would lose notices one by one: it is tried when it is loaded."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo

    from mss_guard.core.notice.rehearsal import rehearse

    catalogue = Catalog(locale="de")
    catalogue.add("Ouvrez votre boîte MSSanté : {secure_access}", "Bitte {postfach}")
    with (tmp_path / "de.mo").open("wb") as file:
        write_mo(file, catalogue)
    letterhead = notice.Letterhead("S", frozenset({"x.example"}), "c@x.example", secure_access="https://x.example")
    paper = notice.prepare(letterhead, library.read(()).notices, "de", {"de": (tmp_path / "de.mo").read_bytes()})
    with pytest.raises(Mistakes, match="postfach"):
        rehearse(paper)
