"""`notice preview`: what staff will read, before they read it; and the structure's own words, tried before they serve."""

from __future__ import annotations

import pytest

from tests.cli.kit import configure, run


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return configure(tmp_path_factory.mktemp("apercu"))


def test_one_notice_by_reason_recipient_and_language(config):
    """Options choose the case; --lang the language; --boxes adds what the directory would."""
    relative = run("notice", "preview", "-c", config, "--to", "proche", "--reason", "unreadable")
    assert "Renvoyez-la sans mot de passe" in relative.out
    assert "GRADeS" not in relative.out
    english = run("notice", "preview", "-c", config, "--boxes", "--lang", "en")
    assert english.out.startswith("Subject: Message not sent on (MSSG-")
    assert "POSSIBLE BOXES, TO BE CHECKED (directory of" in english.out


def test_all_notices_in_numbers(config):
    """`--all` counts the words of each and says how easy it reads; none is beyond 120 words."""
    ran = run("notice", "preview", "-c", config, "--all")
    rows = [line.split() for line in ran.out.splitlines()[1:]]
    assert ran.status == 0
    assert len(rows) > 30
    assert all(int(row[3]) <= 120 and int(row[4]) >= 60 for row in rows)


@pytest.mark.parametrize("wrong", [("--to", "voisin"), ("--reason", "humeur")])
def test_what_does_not_exist_is_told_with_what_does(config, wrong):
    """Bad usage: status 2 and the words there are."""
    ran = run("notice", "preview", "-c", config, *wrong)
    assert ran.status == 2
    assert f"« {wrong[1]} » n'existe pas : " in ran.err


def test_the_words_of_the_structure(tmp_path):
    """A road of the structure is in the next notice; a mistake in one is told by `check-config` with file, line and column."""
    mine = tmp_path / "notices.d"
    (mine / "roads").mkdir(parents=True)
    road = mine / "roads" / "proche.yaml"
    road.write_text("version: 1\nkind: proche\nsteps: [{say: 'Appelez depuis le poste de soins.'}]\n", encoding="utf-8")
    config = configure(tmp_path, extra=f"notices: {{paths: [{mine}]}}\n")
    assert "Appelez depuis le poste de soins." in run("notice", "preview", "-c", config, "--to", "proche").out
    road.write_text("version: 1\nkind: proche\nsteps: [{dire: 'Appelez.'}]\n", encoding="utf-8")
    ran = run("check-config", "-c", config)
    assert ran.status == 2
    assert f"{road}:3:9: clé manquante : « say »" in ran.err
    road.unlink()
    (mine / "proche.yaml").write_text("version: 1\n", encoding="utf-8")
    assert f"{mine}/proche.yaml:1:1: fichier inconnu" in run("check-config", "-c", config).err
    (mine / "proche.yaml").unlink()
    (mine / "phrases.j2").write_text("{% macro urgence() %}Appelez.{% endmacro %}\n", encoding="utf-8")
    assert (
        "notice.txt.j2:4:1: modèle en défaut" in run("check-config", "-c", config).err
    )  # half of the phrases are missing
