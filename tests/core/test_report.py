"""The monthly report and the register's entry: what they say, that they say it to everybody, and nothing that a name could carry in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from lxml import html

from mss_guard.core.report import (
    Act,
    Count,
    Day,
    Domain,
    Figures,
    Gone,
    Period,
    Standing,
    Week,
    as_json,
    as_text,
    entry,
    month,
    page,
)
from mss_guard.core.report.charts import number, percent
from tests.golden import browser

OCTOBER = month("2026-10")
HOSTILE = '"><script>alert(1)</script>&'
STANDING = Standing(
    "Les Tilleuls", "observe", date(2026, 11, 1), "2 000 domaines", True, ["Chaîne n/w : intacte"], True, "hier", True
)
BUSY = Figures(
    OCTOBER,
    days=tuple(Day(day, 40 + n, n % 5, n % 3, n % 4) for n, day in enumerate(OCTOBER.days)),
    reasons=(Count("health-data", 50), Count("unreadable", 3)),
    unreadable=(Count("encrypted", 3),),
    uninspected=(Count("bypass", 2),),
    rules=(Count("document.crh", 40), Count("local.x", 2)),
    domains=(
        Domain(date(2026, 9, 28), "cabinet-martin.fr", 4, 2),
        Domain(date(2026, 10, 5), "gmail.com", 9, 1),
    ),
    weeks=(Week(date(2026, 9, 28), 3, 12), Week(date(2026, 10, 5), 9, 10)),
    refusals=50,
    followed=20,
    false_positives=(Act("2026-10-03T10:00:00Z", "false-positive", "MSSG-2222-2223", "dpo", "modèle"),),
    false_rules=(Count("document.crh", 1),),
    exceptions=(Act("2026-10-04T10:00:00Z", "added", "", "rssi", "essai", "document.crh", "2026-11-01T00:00:00Z"),),
    openings=(Act("2026-10-04T12:00:00Z", "open-identity", "MSSG-2222-2223", "dpo", "plainte"),),
    consultations=7,
    gone=(Gone("observe", "care", "cabinet-martin.fr", 2),),
)


PLAIN = r"x\](http://a.fr) \# Titre &lt;script>\`"


def kind(domain: str) -> str:
    return "proche" if domain == "gmail.com" else "professionnel"


def made(found: Figures = BUSY, standing: Standing = STANDING) -> str:
    return page(found, standing, {"document.crh": "Compte rendu d'hospitalisation"}, kind)


def test_the_report_is_one_file_that_needs_nothing() -> None:
    """No script, no address of elsewhere, no form; a language, a title, one h1, headings in order."""
    text = made()
    tree = html.fromstring(text)
    assert not tree.xpath("//script|//link|//img|//iframe|//form|//a|//@onclick|//@src|//@href")
    assert "http" not in text
    assert tree.get("lang") == "fr"
    assert [h.text for h in tree.xpath("//h1")] == ["Rapport : octobre 2026"]
    assert len(tree.xpath("//h2")) == 10


def test_every_picture_has_its_table() -> None:
    """Each chart is named, and what it shows stands in a table beside it, day by day and week by week."""
    tree = html.fromstring(made())
    assert [svg.xpath("string(title)") for svg in tree.xpath("//svg[@role='img']")] == ["Décisions par jour", "Destinataires par semaine"]  # fmt: skip
    rows = [len(figure.xpath(".//tbody/tr")) for figure in tree.xpath("//figure")]
    assert rows == [31, 2]


@pytest.mark.parametrize(
    "words",
    [
        "cabinet-martin.fr", "Compte rendu d'hospitalisation", "chiffré", "auraient été refusés", "essai", "rssi", "modèle",
        "2 envoi(s) de données de santé hors de l'espace de confiance", "20 (40 %) ont été suivis",
        "Correspondants à équiper de MSSanté d'abord : cabinet-martin.fr.",
        "boîte grand public (proches)",
    ],
)  # fmt: skip
def test_it_says_what_the_officer_asks(words: str) -> None:
    """The correspondents, rules, causes, acts and what to do next stand there in French."""
    assert words in " ".join(html.fromstring(made()).text_content().split())


def test_no_person_is_ranked_or_named() -> None:
    """No address stands in it, whatever the acts are; each table is of domains, rules, causes, days, or of officers' acts."""
    text = made()
    assert "@" not in html.fromstring(text).xpath("//body")[0].text_content()
    captions = {c.text for c in html.fromstring(text).xpath("//caption")}
    assert not any(word in str(c).lower() for c in captions for word in ("expéditeur", "personne", "agent", "salarié"))


def test_a_quiet_month_asks_for_nothing() -> None:
    """Without figures no chart divides by nothing, and nothing is asked of the officer."""
    text = made(Figures(OCTOBER, days=tuple(Day(day) for day in OCTOBER.days)))
    assert "Rien ne demande votre action" in text
    assert "Aucun refus." in text


@pytest.mark.parametrize(
    ("standing", "asks"),
    [
        ({"chain_good": False}, "Le journal ne se vérifie pas"),
        ({"witness_good": False}, "Le témoin du journal manque"),
        ({"list_good": False}, "Liste blanche : "),
    ],
)
def test_what_is_wrong_with_the_guard_comes_first(standing: dict[str, bool], asks: str) -> None:
    """A broken chain, a missing witness, an old list are the first thing to read."""
    from dataclasses import replace

    tree = html.fromstring(made(Figures(OCTOBER, days=BUSY.days), replace(STANDING, **standing)))
    assert asks in tree.xpath("string(//section[1]//li[1])")


def test_names_from_outside_stay_text() -> None:
    """A domain, a rule, a reason, the structure's name: whatever they hold is shown, and never becomes markup."""
    found = Figures(
        OCTOBER,
        days=BUSY.days,
        rules=(Count(HOSTILE, 1),),
        domains=(Domain(date(2026, 10, 5), HOSTILE, 1, 1),),
        exceptions=(Act(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
        unreadable=(Count(HOSTILE, 1),),
    )
    standing = Standing(HOSTILE, HOSTILE, date(2026, 11, 1), HOSTILE, True, [HOSTILE], True, HOSTILE, True)
    tree = html.fromstring(page(found, standing, {HOSTILE: HOSTILE}, lambda _: HOSTILE))
    assert not tree.xpath("//script")
    assert HOSTILE in tree.text_content()


def test_machines_that_read_aloud_can_read_it() -> None:
    """axe-core finds nothing, in light and in dark, on a screen and at 320 pixels."""
    if (missing := browser.missing()) is not None:
        pytest.skip(missing)
    from axe_playwright_python.sync_playwright import Axe

    with browser.page() as sheet:
        for scheme, width in (("light", 1280), ("dark", 320)):
            sheet.set_viewport_size({"width": width, "height": 800})
            sheet.emulate_media(color_scheme=scheme)
            sheet.set_content(made())
            assert [v["id"] for v in Axe().run(sheet).response["violations"]] == []
            assert sheet.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_registers_entry_has_the_facts_and_leaves_the_rest_open() -> None:
    """Facts from the journal; what the controller must judge is named and empty. Nothing left: no entry."""
    found = entry(BUSY, "Les Tilleuls")
    assert found is not None
    text = as_text(found, OCTOBER.label)
    assert "politique en observation : 2" in text
    assert "cabinet-martin.fr : 2" in text
    assert "article 33" in text
    assert text.count(" : …") == 4
    assert set(as_json(found)["to_fill"].values()) == {""}
    assert entry(Figures(OCTOBER, days=BUSY.days, uninspected=(Count("bypass", 3),)), "Les Tilleuls") is None


def test_no_name_is_markup_in_the_registers_entry() -> None:
    """A structure or a domain that is Markdown or HTML begins no heading, no link, no line and no element."""
    hostile = "x](http://a.fr)\n# Titre\n<script>`"
    found = entry(replace(BUSY, gone=(Gone("observe", "care", hostile, 1),)), hostile)
    assert found is not None
    text = as_text(found, OCTOBER.label)
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        f"# Registre des violations de données : {PLAIN}, octobre 2026", "## Faits", "## À compléter",
    ]  # fmt: skip
    assert f"  - {PLAIN} : 1" in text.splitlines()


def test_periods_and_numbers_in_french() -> None:
    """A month has its name, days have their ends; shares of nothing are a dash."""
    assert Period(date(2026, 10, 1), date(2026, 10, 3)).label == "du 1er octobre 2026 au 2 octobre 2026"
    assert month("2026-12").after == date(2027, 1, 1)
    assert (number(12345), percent(1, 3), percent(1, 0)) == ("12\u202f345", "33,3\u202f%", "–")
