"""The local index of the national directory, and the boxes it proposes for a recipient written as staff write them."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from bench.annuaire import HEADER

from mss_guard.core.boxes import house_keys, kind_of, title
from mss_guard.core.proposals import Correspondent, propose
from mss_guard.edge import directory
from mss_guard.edge.directory import Directory, ExtractionRefusedError, IndexUnavailableError

PEOPLE = [  # address, surname, given, profession, structure, postcode, town
    ("marie.dupont@medecin.mssante.fr", "DUPONT", "Marie", "Médecin", "CABINET DU DR DUPONT", "44000", "NANTES"),
    ("marie.dupont@infirmier.mssante.fr", "DUPONT", "Marie", "Infirmier", "", "59000", "LILLE"),
    ("yann.legoff@oc.mssante.fr", "LE GOFF", "Yann", "Médecin", "CENTRE HOSPITALIER DE VALMONT", "76540", "VALMONT"),
    ("jp.durand@pro.mssante.fr", "DURAND", "Jean-Pierre", "Chirurgien-Dentiste", "", "44000", "NANTES"),
    ("helene.oeuvrard@pro.mssante.fr", "ŒUVRARD", "Hélène", "Pharmacien", "PHARMACIE DES LILAS", "44000", "NANTES"),
    ("anne.petit@ailleurs.mssante.fr", "PETIT", "Anne", "Médecin", "CABINET DU DR PETIT", "44000", "NANTES"),
    *(
        (f"paul.martin{n}@medecin.mssante.fr", "MARTIN", "Paul", "Médecin", "", f"{n:02}000", "VILLE")
        for n in range(1, 7)
    ),
    ("pierre.martin@oc.mssante.fr", "MARTIN", "Pierre", "Médecin", "", "35260", "CANCALE"),
]
HOUSES = [  # address, service, structure, postcode, town
    ("secretariat@ehpad-les-tilleuls.mssante.fr", "Secrétariat", "EHPAD LES TILLEULS", "44000", "NANTES"),
    ("direction@ehpad-les-tilleuls.mssante.fr", "Direction", "EHPAD LES TILLEULS", "44000", "NANTES"),
    ("ne-pas-repondre@ehpad-les-tilleuls.mssante.fr", "", "EHPAD LES TILLEULS", "44000", "NANTES"),
    ("accueil@tilleuls59.mssante.fr", "", "ETABLISSEMENT D'HEBERGEMENT POUR PERSONNES AGEES DEPENDANTES LES TILLEULS", "59000", "LILLE"),
    ("cardiologie@ch-valmont.mssante.fr", "Cardiologie", "CENTRE HOSPITALIER DE VALMONT", "76540", "VALMONT"),
    ("secretariat@ch-valmont.mssante.fr", "", "CENTRE HOSPITALIER DE VALMONT", "76540", "VALMONT"),
    *((f"accueil@roses{n}.mssante.fr", "", "EHPAD LES ROSES", f"{n:02}000", f"VILLE{n}") for n in range(1, 7)),
]  # fmt: skip


def person(address: str, surname: str, given: str, job: str, structure: str, code: str, town: str) -> str:
    columns = [""] * 31
    columns[0], columns[1], columns[9], columns[10], columns[14], columns[18] = (
        "PER",
        address,
        surname,
        given,
        job,
        structure,
    )
    columns[27], columns[28] = f"{code} {town}", code
    return "|".join(columns)


def house(address: str, service: str, structure: str, code: str, town: str) -> str:
    columns = [""] * 31
    columns[0], columns[1], columns[7], columns[18], columns[27], columns[28] = (
        "ORG",
        address,
        service,
        structure,
        f"{code} {town}",
        code,
    )
    return "|".join(columns)


def extraction(folder: Path, lines: list[str], header: str = HEADER) -> Path:
    path = folder / "Extraction_Correspondance_MSSante_202608261230.txt"
    path.write_text(header + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def build(file: Path, target: Path, **how: bool) -> directory.Facts:
    with directory.read(file) as opened:
        return directory.build(opened, target, lambda _: None, **how)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Directory:
    folder = tmp_path_factory.mktemp("annuaire")
    lines = [*(person(*p) for p in PEOPLE), *(house(*h) for h in HOUSES)]
    build(extraction(folder, [*lines, lines[0], "PER|pas une adresse|" + "|" * 28, "PER|court"]), folder / "a.db")
    return Directory(folder / "a.db")


def boxes(book: Directory, address: str, display: str = "", nearby: str = "") -> list[str]:
    local_part, _, domain = address.rpartition("@")
    found = propose(
        Correspondent(local_part, domain, display),
        book,
        lambda name: name != "ailleurs.mssante.fr",
        frozenset(nearby.split()),
    )
    return [proposal.box.address for proposal in found]


TILLEULS = ["secretariat@ehpad-les-tilleuls.mssante.fr", "direction@ehpad-les-tilleuls.mssante.fr"]
DUPONT, LE_GOFF = "marie.dupont@medecin.mssante.fr", "yann.legoff@oc.mssante.fr"
ASKED = {
    ("mdupont@cabinet-dupont.fr", "Dr Marie DUPONT"): [DUPONT],
    ("m.dupont@orange.fr", "Docteur Marie Dupont"): [DUPONT],  # a title tells the doctor from the nurse
    ("mdupont@gmail.com", "DUPONT Marie, IDEL"): ["marie.dupont@infirmier.mssante.fr"],
    ("marie.dupont@gmail.com", "Marie Dupont"): [],  # a consumer's box and no title: it may be the daughter
    ("marie.dupont@fournisseur.fr", "Marie Dupont"): [],  # a name alone proposes nothing
    ("marie.dupont@nantes.fr", ""): [DUPONT],  # a whole name and the town
    ("y.legoff@ch-valmont.fr", ""): [LE_GOFF],  # an initial, the town and the structure
    ("ylegoff@ch-valmont.fr", "LE GOFF Yann"): [LE_GOFF],
    ("zlegoff@ch-valmont.fr", "LE GOFF Zoé"): ["secretariat@ch-valmont.mssante.fr", "cardiologie@ch-valmont.mssante.fr"],
    ("jeanpierre.durand@nantes.fr", ""): ["jp.durand@pro.mssante.fr"],
    ("jp@free.fr", "Dr Jean Pierre Durand"): ["jp.durand@pro.mssante.fr"],  # a dentist is a doctor too
    ("contact@pharmacie-des-lilas.fr", "Hélène Oeuvrard"): ["helene.oeuvrard@pro.mssante.fr"],
    ("apetit@cabinet-petit.fr", "Dr Anne Petit"): [],  # her domain is not on the white list
    ("pmartin@gmail.com", "Dr Paul Martin"): [],  # six of them
    ("p.martin@cancale.fr", ""): ["pierre.martin@oc.mssante.fr"],  # an initial, and alone of that name in that town
    ("p.martin@ville.fr", ""): [],  # six in that town
    ("accueil@ehpad-les-tilleuls.fr", ""): [TILLEULS[0], "accueil@tilleuls59.mssante.fr"],  # two houses of this name: both, to choose
    ("accueil@ehpadlestilleuls-nantes.fr", ""): TILLEULS,
    ("direction@ehpad-les-tilleuls-nantes.fr", ""): TILLEULS[::-1],  # the box of the same service first
    ("cardiologie.sec@ch-valmont.fr", ""): ["cardiologie@ch-valmont.mssante.fr", "secretariat@ch-valmont.mssante.fr"],
    ("accueil@ehpad-les-roses.fr", ""): [],  # six houses of this name
    ("accueil@inconnu.fr", ""): [],
    ("accueil@[192.0.2.1]", ""): [],
    ("", ""): [],
}  # fmt: skip


@pytest.mark.parametrize(("asked", "expected"), ASKED.items(), ids=[f"{d} {a}" for a, d in ASKED])
def test_the_boxes_proposed_for_a_recipient(book: Directory, asked: tuple[str, str], expected: list[str]) -> None:
    """A whole name with a second sign, or a structure's name, leads to its boxes; anything less to silence."""
    assert boxes(book, *asked) == expected


def test_of_many_namesakes_those_nearby_come_first_and_never_alone(book: Directory) -> None:
    """Six houses of one name: the one of the region first, with others beside it, so that it is not taken for the only one."""
    found = boxes(book, "accueil@ehpad-les-roses.fr", nearby="04 44")
    assert found[0] == "accueil@roses4.mssante.fr"
    assert len(found) == 3


def test_what_is_kept_and_what_is_counted(book: Directory) -> None:
    """Each address once; lines without a usable address and boxes that programs read are dropped and counted."""
    assert book.facts == directory.Facts(datetime(2026, 8, 26, 12, 30, tzinfo=UTC), 24, 28, 3)
    assert book.box("marie.dupont@medecin.mssante.fr").town == "NANTES"
    assert book.box("ne-pas-repondre@ehpad-les-tilleuls.mssante.fr") is None


def test_search_by_every_word_the_last_one_begun(book: Directory) -> None:
    """Name, structure, town, in any order and without accents."""
    assert [b.address for b in book.search("dupont marie nant", 10)] == [DUPONT]
    assert {b.address for b in book.search("tilleuls ehpad", 10)} == {*TILLEULS, "accueil@tilleuls59.mssante.fr"}
    assert [b.address for b in book.search("hélène ŒUVRARD", 10)] == ["helene.oeuvrard@pro.mssante.fr"]
    assert book.search("dupont tokyo", 10) == []
    for hostile in ('"', "* OR 1", "a' --", "", "()", "who:x"):
        book.search(hostile, 10)


def test_a_zip_is_read_like_the_text_in_it(tmp_path: Path) -> None:
    """The published archive, with its date in the name inside."""
    file = extraction(tmp_path, [person(*PEOPLE[0])])
    packed = tmp_path / "annuaire.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(file, file.name)
    assert build(packed, tmp_path / "a.db") == directory.Facts(datetime(2026, 8, 26, 12, 30, tzinfo=UTC), 1, 1, 0)


def _two_files() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a.txt", HEADER)
        archive.writestr("b.txt", HEADER)
    return data.getvalue()


REFUSED = {
    "another table": b"nom;prenom\nx;y\n",
    "a web page": b"<html>" + b"x" * 100_000,
    "a cut archive": b"PK\x03\x04 and no more",
    "two files": _two_files(),
    "not UTF-8": HEADER.encode() + person(*PEOPLE[0]).encode().replace(b"DUPONT", b"DUP\xd4NT"),
    "no box at all": HEADER.encode(),
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_another_file_leaves_the_index_as_it_was(tmp_path: Path, data: bytes) -> None:
    """Whatever is given instead of an extraction, the old index goes on serving and no file is left behind."""
    target = tmp_path / "annuaire" / "a.db"
    build(extraction(tmp_path, [person(*PEOPLE[0])]), target)
    wrong = tmp_path / "wrong"
    wrong.write_bytes(data)
    with pytest.raises((ExtractionRefusedError, IndexUnavailableError, UnicodeDecodeError)):
        build(wrong, target)
    assert Directory(target).facts.boxes == 1
    assert list(target.parent.iterdir()) == [target]


def test_a_shrunken_directory_is_an_accident_until_it_is_meant(tmp_path: Path) -> None:
    """A fifth of the boxes gone: refused, then taken with the administrator's word."""
    target = tmp_path / "a.db"
    build(extraction(tmp_path, [person(*p) for p in PEOPLE[:5]]), target)
    less = extraction(tmp_path, [person(*p) for p in PEOPLE[:4]])
    with pytest.raises(IndexUnavailableError, match="baisse de plus de 10"):
        build(less, target)
    assert build(less, target, accept_shrunken=True).boxes == 4


@pytest.mark.parametrize("content", [None, b"", b"not sqlite" * 1000])
def test_no_index_is_said(tmp_path: Path, content: bytes | None) -> None:
    """A missing or broken index is one refusal, whatever it is."""
    if content is not None:
        (tmp_path / "a.db").write_bytes(content)
    with pytest.raises(IndexUnavailableError):
        Directory(tmp_path / "a.db")


KINDS = {
    "marie.dupont@medecin.mssante.fr": ("nominative", "annuaire"),
    "direction@ehpad-les-tilleuls.mssante.fr": ("organisationnelle", "annuaire"),
    "nepasrepondre.ch@ch-valmont.mssante.fr": ("applicative", "forme"),
    "CR_patient-noreply@ssiad.mssante.fr": ("applicative", "forme"),
    "255069912345685@patient.mssante.fr": ("citoyenne", "forme"),
    "marie@patient.mssante.fr": ("inconnue", ""),
    "x@ordinaire.fr": ("inconnue", ""),
}


@pytest.mark.parametrize(("address", "kind"), KINDS.items(), ids=KINDS)
def test_the_kind_of_a_box_and_how_it_is_known(book: Directory, address: str, kind: tuple[str, str]) -> None:
    """By the directory, else by its form, else unknown."""
    local_part, _, domain = address.rpartition("@")
    assert kind_of(local_part, domain, book.box(address)) == kind


def test_long_and_short_names_of_a_structure_are_one() -> None:
    """The directory's long form and the domain's short one meet."""
    long = "Etablissement d'hébergement pour personnes âgées dépendantes « Les Tilleuls »"
    assert title(long) == title("EHPAD Les Tilleuls") == ("ehpad", "tilleuls")
    assert {"ehpadlestilleuls", "ehpadtilleulsnantes", "lestilleuls"} <= house_keys(long, "", "Nantes")
