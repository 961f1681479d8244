"""`lookup` and `trust status`: who an address is, by exact name, and how old the list behind it is."""

import os
import time

import pytest

from tests.cli.kit import SHARED, configure, run

MINI = SHARED / "trust" / "listeblanche_mini_wellformed.xml"
INS = "279035121518989"


def standings(config, addresses):
    """One call for all; the lines come back in order."""
    ran = run("lookup", "--json", "-c", config, *addresses)
    assert [line["address"] for line in ran.lines] == list(addresses), ran.err
    return {line["address"]: line for line in ran.lines}


TABLE = {
    "a@{listed}": "trusted",
    "A@{LISTED}": "trusted",
    '"marie dupont"@{listed}': "trusted",
    "a%ordinaire.fr@{listed}": "trusted",
    "ordinaire.fr!a@{listed}": "trusted",
    "a@{elsewhere}": "trusted",
    "a@inconnu.mssante.fr": "outside",
    "a@sous.{listed}": "outside",
    "a@x{listed}": "outside",
    "a@mssante.fr": "outside",
    "a@{listed}.evil.example": "outside",
    "a@{lookalike}": "outside",
    "a@[192.0.2.1]": "outside",
    "a@[IPv6:2001:db8::1]": "outside",
    "a@hôpital.example": "outside",
    "a@{listed}.": "malformed",
    "@relais.fr:a@{listed}": "malformed",
    "a@@{listed}": "malformed",
    "a@a..fr": "malformed",
    "a(commentaire)@{listed}": "malformed",
    "a@xn--.fr": "malformed",
    "a": "malformed",
    "": "malformed",
    "postmaster": "inside",
    "a@ehpad-les-tilleuls.fr": "inside",
    "a@ehpad-les-tilleuls.mssante.fr": "secure",
    "a@materiel-medical.example": "commercial",
    INS + "@patient.mssante.fr": "citizen",
    INS + "@Patient.MSSante.FR": "citizen",
    "279035121518988@patient.mssante.fr": "malformed",
    "jean.dupont@patient.mssante.fr": "malformed",
    INS + "@patient.mssante.fr.": "malformed",
}


def table(listed, elsewhere):
    names = {
        "listed": listed,
        "LISTED": listed.upper(),
        "elsewhere": elsewhere,
        "lookalike": listed.replace("a", "\N{CYRILLIC SMALL LETTER A}", 1),
    }
    return {address.format(**names): standing for address, standing in TABLE.items()}


def check(config, listed, elsewhere):
    expected = table(listed, elsewhere)
    found = standings(config, expected)
    assert {a: line["standing"] for a, line in found.items()} == expected
    assert all(line["why"].startswith(("adresse mal formée", "matricule INS impossible"))
               for line in found.values() if line["standing"] == "malformed")  # fmt: skip


def test_every_form_of_address_over_the_demonstration_list(config):
    """Listed, unlisted, look-alike, IDN, source-routed, quoted, citizens: each gets its standing, malformed ones a reason."""
    check(config, "ch-valombreuse.mssante.fr", "mssante.messagerie-libre.example")


def test_every_form_of_address_over_a_list_in_the_real_schema(tmp_path):
    """The same over a list as the ANS writes it, names outside mssante.fr included."""
    if not MINI.exists():
        pytest.skip("needs the test data in ../shared/data/trust")
    import re

    names = [n.lower() for n in re.findall(r"<Nom>([^<]*)</Nom>", MINI.read_text()) if re.fullmatch(r"[\w.-]+", n)]
    outside = next(n for n in names if not n.endswith(".mssante.fr"))
    listed = next(n for n in names if n.endswith(".mssante.fr") and "a" in n)
    check(configure(tmp_path, trust=MINI), listed, outside)


def test_the_statuses(config):
    """0 all trusted or citizen, 1 otherwise, malformed included, 2 for bad usage alone."""
    good = ["a@ch-valombreuse.mssante.fr", INS + "@patient.mssante.fr"]
    assert run("lookup", "-c", config, *good).status == 0
    assert run("lookup", "-c", config, *good, "a@ordinaire.fr").status == 1
    assert run("lookup", "-c", config, "a@@b").status == 1
    assert run("lookup", "-c", config, "a@ehpad-les-tilleuls.mssante.fr").status == 1
    assert run("lookup", "-c", config).status == 2
    assert run("lookup", "--nonsense", "a@b.fr").status == 2


def test_bytes_that_are_no_text_are_malformed(config):
    """An argument that is not UTF-8 is an answer, and JSON, not an exception."""
    ran = run("lookup", "--json", "-c", config, os.fsdecode(b"a\xff@ch-valombreuse.mssante.fr"))
    assert (ran.status, ran.lines[0]["standing"]) == (1, "malformed")


def test_the_list_date_is_told(config):
    """JSON holds the date of the list and of its confirmation; people read it on standard error."""
    line = run("lookup", "--json", "-c", config, "a@b.fr").lines[0]
    assert line["list_date"].startswith("2026-11-02T04:00")
    assert line["list_valid"] is True
    assert line["list_confirmed"]
    assert "liste blanche du 02/11/2026" in run("lookup", "-c", config, "a@b.fr").err


def test_a_stale_list_says_so(tmp_path):
    """Too old to rely on: the standing stays what the list says, with the doubt beside it; `trust status` ends with 1."""
    config = configure(tmp_path)
    config.write_text(config.read_text().replace("3650d", "15d"))
    old = time.time() - 40 * 86400
    os.utime(tmp_path / "liste.xml", (old, old))
    line = run("lookup", "--json", "-c", config, "a@ch-valombreuse.mssante.fr").lines[0]
    assert (line["standing"], line["list_valid"]) == ("trusted", False)
    assert "trop ancienne" in line["why"]
    ran = run("trust", "status", "--json", "-c", config)
    assert ran.status == 1
    assert (ran.lines[0]["valid"], round(ran.lines[0]["age_hours"])) == (False, 960)


def test_trust_status_tells_size_source_and_age(config):
    """What the list is, where from, how many names, how many of its entries were no names."""
    ran = run("trust", "status", "--json", "-c", config)
    told = ran.lines[0]
    assert ran.status == 0
    assert told["source"].endswith("liste.xml")
    assert told["domains"] > 5
    assert {"dirty", "valid", "generated", "confirmed", "age_hours", "extra", "deny", "version"} <= set(told)
    assert "domains" in run("trust", "status", "-c", config).out


def test_a_slip_in_a_listed_name_is_asked_about(config):
    """An outside address close to a listed name, or its owner's ordinary domain, is told the listed one; no other is."""
    near = {line["address"]: line["near"] for line in run("lookup", "--json", "-c", config,
            "a@ch-valombreuse.fr", "a@ch-valombruese.mssante.fr", "a@ch-valombreuse.mssante.fr", "a@gmail.com").lines}  # fmt: skip
    assert list(near.values()) == [["ch-valombreuse.mssante.fr"], ["ch-valombreuse.mssante.fr"], [], []]
    assert "vouliez-vous dire …@ch-valombreuse.mssante.fr ?" in run("lookup", "-c", config, "a@ch-valombreuse.fr").out
