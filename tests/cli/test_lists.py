"""`lists update`, and what every other command makes of the lists."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.cli.kit import configure, run

RESIDENTS = "Nom;Prénom;Date de naissance;Chambre\nZZGARNIER;Odilon;12/03/1938;12\n"
STAFF = "Nom;Prénom\nZZLEROY;Sophonie\n"
NAMES = ("zzgarnier", "odilon", "zzleroy", "sophonie", "1938")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "r.csv").write_text(RESIDENTS, encoding="cp1252")
    (tmp_path / "s.csv").write_text(STAFF)
    (tmp_path / "state").mkdir()
    return configure(tmp_path, extra=f"lists: {{residents: {tmp_path}/r.csv, staff: {tmp_path}/s.csv}}\n")


def _mail(text: str) -> bytes:
    return f"Subject: point\nContent-Type: text/plain; charset=utf-8\n\n{text}\n".encode()


def test_a_resident_is_found_and_a_nurse_is_not(config: Path) -> None:
    """The same sentence about the one is health data, about the other a meeting; no command shows a name of the lists."""
    care = _mail("Bonjour, Zzgarnier Odilon : escarre au talon, voir le protocole de pansement ci-joint.")
    meeting = _mail("Bonjour, Mme Zzleroy : escarre, voir le protocole de pansement ci-joint.")
    updated = run("lists", "update", "-c", config, "--json")
    assert updated.status == 0, updated.err
    assert updated.lines[0]["residents"] == updated.lines[0]["staff"] == 1
    found = run("scan", "--json", "--explain", "-c", config, "-", stdin=care)
    assert found.lines[0]["health"] is True
    assert any("who.nom-resident" in str(e) for e in found.lines[0]["evidence"])
    passed = run("scan", "--json", "--explain", "-c", config, "-", stdin=meeting)
    assert passed.lines[0]["health"] is False
    for ran in (updated, found, passed):
        assert not any(name in (ran.out + ran.err).lower() for name in NAMES)


def test_mistakes_are_named_without_the_data(config: Path, tmp_path: Path) -> None:
    """File, line and column; status 2, and nothing is taken in."""
    (tmp_path / "r.csv").write_text(RESIDENTS + "ZZPETIT;Odilon;avril;3\n")
    ran = run("lists", "update", "-c", config)
    assert ran.status == 2
    assert ran.err.startswith(f"{tmp_path}/r.csv:3:3: date de naissance illisible")
    assert "zzpetit" not in ran.err.lower()
    assert not (tmp_path / "state" / "lists").exists()


def test_old_lists_and_lists_not_taken_in_are_said(config: Path, tmp_path: Path) -> None:
    """By check-config and doctor; neither is a reason to stop."""
    said = run("check-config", "-c", config)
    assert said.status == 0
    assert "pas encore prises en compte" in said.err
    past = time.time() - 8 * 86400
    os.utime(tmp_path / "r.csv", (past, past))
    assert run("lists", "update", "-c", config).status == 0
    assert "vieilles de 8 jours" in run("check-config", "-c", config).err
    assert "! listes de personnes : vieilles de 8 jours" in run("doctor", "-c", config).out


def test_a_damaged_digest_file_stops_the_start(config: Path, tmp_path: Path) -> None:
    assert run("lists", "update", "-c", config).status == 0
    kept = tmp_path / "state" / "lists" / "people.digests"
    kept.write_bytes(kept.read_bytes()[:-3])
    ran = run("check-config", "-c", config)
    assert ran.status == 2
    assert "abîmé" in ran.err
    assert "lists update" in ran.err


def test_no_list_configured_is_said(tmp_path: Path) -> None:
    assert run("lists", "update", "-c", configure(tmp_path)).status == 2
