"""The console as an officer meets it: a real server, Debian's Chromium, no JavaScript, keyboard and small screens; axe on every page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.edge import console_kit as kit
from tests.edge.console_kit import PASSPHRASE, PASSWORD, House
from tests.golden import browser as chromium
from tests.test_app_judgement import OUTSIDE, OWN

PAGES = (
    "/",
    "/?jours=365",
    "/decisions",
    "/decisions?action=refuse",
    "/a-tort",
    "/exceptions",
    "/rapports",
    "/etat",
    "/moi",
    "/rien",
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    if (missing := chromium.missing()) is not None:
        pytest.skip(missing)
    with kit.standing(tmp_path_factory.mktemp("browser")) as one:
        yield one


@pytest.fixture(scope="module")
def address(house: House) -> Iterator[str]:
    with kit.serving(house) as url:
        yield url


@pytest.fixture(scope="module")
def program(address: str) -> Iterator[Any]:  # after the house: Playwright holds this thread's event loop
    with chromium.program() as one:
        yield one


@pytest.fixture
def page(program: Any, address: str) -> Iterator[Any]:
    """A page of somebody who has no JavaScript."""
    context = program.new_context(base_url=address, viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    yield context.new_page()
    context.close()


def sign_in(page: Any, name: str, word: str = PASSWORD) -> None:
    page.goto("/connexion")
    page.get_by_label("Nom de compte").fill(name)
    page.get_by_label("Mot de passe").fill(word)
    page.get_by_role("button", name="Se connecter").click()


def heading(page: Any) -> str:
    return str(page.locator("h1").inner_text())


def test_from_the_reference_to_the_identity(page: Any, house: House, tmp_path: Any) -> None:
    """A nurse reads a reference on the phone: found, proven, exported; the DPO opens who it was, and the report is at hand."""
    sign_in(page, "marie")
    assert heading(page) == "Tableau de bord"
    page.get_by_label("Référence lue au téléphone").fill(house.refused.lower())
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{house.refused}")
    assert heading(page) == house.refused
    assert "Inchangée" in page.inner_text("main")
    page.get_by_text("Ouvrir l'identité").click()
    form = page.locator("form[action='/identite']")
    form.get_by_label("Motif").fill("plainte du cadre")
    form.get_by_label("Fichier de la clé").set_input_files(
        {"name": "cle-dpo.json", "mimeType": "application/json", "buffer": house.key}
    )
    form.get_by_label("Phrase de passe").fill(PASSPHRASE)
    form.locator("button").click()
    assert OWN in page.inner_text("main")
    assert OUTSIDE in page.inner_text("main")
    page.goto("/decisions?action=refuse")
    with page.expect_download() as taken:
        page.get_by_role("link", name="CSV").click()
    assert house.refused in taken.value.path().read_text(encoding="utf-8-sig")
    page.goto("/rapports")
    page.locator("#mois-rapport").fill(f"{datetime.now(UTC):%Y-%m}")
    with page.expect_download() as taken:
        page.locator("form[action='/rapports/rapport'] button").click()
    assert "Rapport : " in taken.value.path().read_text()


def test_a_name_is_locked_after_five_misses(page: Any) -> None:
    """The same words for each miss, then to wait; the right password does not help."""
    for _ in range(4):
        sign_in(page, "otto", "pas le bon mot")
        assert "inconnu" in page.get_by_role("alert").inner_text()
    for word in ("pas le bon mot", PASSWORD):
        sign_in(page, "otto", word)
        assert "attendez quinze minutes" in page.get_by_role("alert").inner_text()


def test_each_forbidden_page_is_forbidden_by_its_address(page: Any) -> None:
    """Another role's page is not in the menu, and says no when it is typed."""
    sign_in(page, "anne")
    assert page.get_by_role("link", name="Décisions").count() == 0
    for path in ("/decisions", "/exceptions", "/rapports", "/exporter/csv"):
        assert page.goto(path).status == 403
        assert heading(page) == "Accès refusé"
    assert page.goto("/comptes").status == 200


def test_a_form_without_its_token_does_nothing(page: Any, house: House) -> None:
    """The page of another site can make a browser send a form; it has no token."""
    sign_in(page, "marie")
    answer = page.request.post("/a-tort", form={"ref": house.refused, "verdict": "confirmed", "motif": "essai"})
    assert answer.status == 403
    assert house.records("exception") == []


def test_a_session_ends_and_leads_back_to_the_page(page: Any, house: House) -> None:
    """After a quarter of an hour: the sign-in page, then the page that was asked for."""
    sign_in(page, "lea")
    house.now += 1000
    page.goto("/etat")
    assert heading(page) == "Connexion"
    page.get_by_label("Nom de compte").fill("lea")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/etat")
    assert heading(page) == "État du guet"
    page.get_by_role("button", name="Se déconnecter").click()
    assert heading(page) == "Connexion"


def test_the_keyboard_reaches_everything_in_order(page: Any) -> None:
    """The first tab skips to the content; the sign-in form follows, and sends."""
    page.goto("/connexion")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Aller au contenu"
    for expected in ("nom", "mot"):
        page.keyboard.press("Tab")
        assert page.locator(":focus").get_attribute("id") == expected


def test_machines_that_read_aloud_can_read_every_page(program: Any, address: str, house: House) -> None:
    """axe-core finds nothing, in light at 1280 pixels and in dark at 320; nothing is wider than a small screen."""
    from axe_playwright_python.sync_playwright import Axe

    found = {}
    for scheme, width in (("light", 1280), ("dark", 320)):
        context = program.new_context(
            base_url=address, viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
        )
        page = context.new_page()
        page.goto("/connexion")
        found[scheme, "/connexion"] = [v["id"] for v in Axe().run(page).response["violations"]]
        sign_in(page, "marie")
        for path in (*PAGES, f"/decisions/{house.refused}"):
            page.goto(path)
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            found[scheme, path] = [v["id"] for v in Axe().run(page).response["violations"]]
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (scheme, path)
        context.close()
    assert {key: ids for key, ids in found.items() if ids} == {}
