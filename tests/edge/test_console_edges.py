"""The console's corners: filters that cannot be meant, whose machine it is, what waits for a second officer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from mss_guard.core import detect, inspection
from mss_guard.core.model import Level, Measure
from mss_guard.core.policy.rows import Exemption
from mss_guard.edge import exemptions, library
from tests.edge import console_kit as kit
from tests.edge.console_kit import ELSEWHERE, ROLES, Browser, House
from tests.edge.test_console import opened


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with kit.standing(tmp_path_factory.mktemp("console")) as one:
        yield one


@pytest.fixture(scope="module")
def browsers(house: House) -> dict[str, Browser]:
    app, found = house.app(), {}
    for name in (*ROLES, ELSEWHERE):
        found[name] = Browser(app)
        assert found[name].sign_in(name).status_code == 303
    return found


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("depuis=2026-13-01", "« 2026-13-01 » n'est pas une date"),
        ("depuis=2026-11-02&jusqu=2026-11-01", "n'est pas après"),
        ("action=zz", "« zz » : un mot parmi"),
        ("statut=dehors", "« dehors »"),
        ("adresse=x", "« x » n'est pas une adresse"),
        ("ref=foo", "une référence s'écrit"),
        ("domaine=a%40b.fr", "n'est pas un domaine"),
    ],
)
def test_a_filter_that_cannot_be_meant_is_named_beside_it(
    house: House, browsers: dict[str, Browser], query: str, words: str
) -> None:
    """Nothing is searched, nothing is written down, and the field says where the fault is described."""
    before = len(house.records("consult"))
    page = browsers["marie"].get(f"/decisions?{query}")
    text = page.text.replace("&#39;", "'")
    assert (page.status_code, words in text, "Aucune décision" in text) == (400, True, False)
    assert 'role="alert"' in text
    name = query.rpartition("&")[2].partition("=")[0]
    assert f'aria-describedby="faute-{name}"' in text
    assert browsers["marie"].get(f"/exporter/csv?{query}").status_code == 400
    assert len(house.records("consult")) == before


@pytest.mark.parametrize(
    "path", ["/decisions?page=²", "/?jours=²", "/decisions?page=-1", "/decisions?page=99999999999"]
)
def test_what_is_no_number_is_the_first_page(browsers: dict[str, Browser], path: str) -> None:
    assert browsers["marie"].get(path).status_code == 200


def test_an_unknown_form_of_export_is_said(browsers: dict[str, Browser]) -> None:
    page = browsers["marie"].get("/exporter/xml")
    assert (page.status_code, "CSV ou en JSON" in page.text, "Référence" in page.text) == (404, True, False)


def test_every_time_says_its_zone(house: House, browsers: dict[str, Browser]) -> None:
    text = browsers["marie"].get(f"/decisions/{house.refused}").text
    shown = text.count("<time ")
    assert shown > 1
    assert sum(text.count(f" {zone}</time>") for zone in ("UTC", "CET", "CEST")) == shown


def test_addresses_of_dated_exceptions_are_for_who_decides(house: House, browsers: dict[str, Browser]) -> None:
    """Others see the domain; and all of it is French."""
    today = date.today()
    row = Exemption(
        "exc-00000001", "medecin@ehpad-les-tilleuls.fr", "cabinet-martin.fr", None, None, Level.LIKELY, Measure.NOTE, "essai", "rssi",
        today, today + timedelta(days=9),
    )  # fmt: skip
    exemptions.write(house.folder / "state", (row,))
    for name, seen in (("marie", True), ("lea", False), ("otto", False)):
        text = browsers[name].get("/exceptions").text
        assert ("medecin@ehpad" in text, "une adresse de ehpad-les-tilleuls.fr" in text) == (seen, not seen)
        assert "likely" not in text
    exemptions.write(house.folder / "state", ())


def test_another_structure_sees_nothing_of_the_machine(house: House, browsers: dict[str, Browser]) -> None:
    """How much others write, where the list comes from, and the policy are of the structure that keeps the guard."""
    theirs, own = browsers[ELSEWHERE].get("/etat").text, browsers["marie"].get("/etat").text
    for word in ("enregistrements", "liste.xml", "Domaines inscrits"):
        assert word in own
        assert word not in theirs
    assert "qui tient ce guet" in theirs
    report = browsers[ELSEWHERE].get("/rapports/rapport?mois=2026-11")
    assert report.status_code == 200
    assert "enregistrements" not in report.text
    assert "liste.xml" not in report.text


def test_what_is_done_with_a_decision_stands_beside_it_under_its_structure(
    house: House, browsers: dict[str, Browser]
) -> None:
    """Whoever looks: the structure that the decision is of finds it there."""
    browsers["marie"].get(f"/decisions/{house.certain}")
    browsers[ELSEWHERE].get(f"/decisions/{house.certain}")
    browsers[ELSEWHERE].get("/exporter/csv")
    told = [one for one in house.records("consult") if one["structure"] == "acacias" and one["what"] != "report"]
    assert [(one["by"], one["what"]) for one in told] == [
        ("marie", "decision"), (ELSEWHERE, "decision"), (ELSEWHERE, "export"),
    ]  # fmt: skip


def test_a_request_waits_once_and_can_be_put_aside(house: House) -> None:
    """By the second officer, or by who made it: one that was made in error does not stand there for three days."""
    app = house.app(four_eyes=frozenset({"identity", "exceptions"}))
    marie, paul = Browser(app), Browser(app)
    marie.sign_in("marie")
    paul.sign_in("paul")
    for who in (paul, marie):
        assert opened(house, marie).status_code == 303
        assert opened(house, marie).status_code == 409, "the same once more"
        (asked,) = house.office.exceptions(None).pending
        assert who.post("/exceptions/confirmer", demande=asked.id, non="1").status_code == 303
        assert house.office.exceptions(None).pending == ()
    assert house.records("open-identity") == []


def test_an_approval_that_waits_is_not_given_twice(house: House, browsers: dict[str, Browser]) -> None:
    marie = browsers["marie"]
    assert marie.post("/exceptions/approuver", ref=house.second, motif="modèle de courrier").status_code == 303
    assert marie.post("/exceptions/approuver", ref=house.second, motif="modèle de courrier").status_code == 409
    assert [one["what"] for one in house.records("exception")].count("approved") == 1
    assert marie.post("/exceptions/retirer", quoi=house.second, motif="plus utile").status_code == 303


def test_what_was_relayed_without_a_note_cannot_be_called_wrong(house: House, browsers: dict[str, Browser]) -> None:
    marie = browsers["marie"]
    assert "ce refus était-il à tort" not in marie.get(f"/decisions/{house.relayed}").text
    assert "ce refus était-il à tort" in marie.get(f"/decisions/{house.refused}").text
    assert marie.post("/a-tort", ref=house.relayed, verdict="confirmed", motif="essai").status_code == 409


def test_every_finding_has_a_title() -> None:
    """Of an entry of the rules, or of a window of evidence in any category."""
    shipped = library.read(())
    ruleset = inspection.load(inspection.pack(shipped.rules, shipped.words)).ruleset
    assert all(len(entry.title) > 3 for entry in ruleset.entries.values())
    assert {f"evidence.{category}" for category in ("care", "social", "appointment", "stay", "employee")} <= set(
        detect.titles()
    )
