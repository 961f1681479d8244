"""`console user …` and the start of `console`: no password is ever a default or an argument, and nothing starts that nobody could enter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.kit import configure, run

WORD = b"cheval correct pile agrafe\n"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return configure(tmp_path_factory.mktemp("console"))


def test_nothing_starts_without_an_account(config: Path) -> None:
    """Status 2, and the command that makes one."""
    ran = run("console", "-c", config)
    assert ran.status == 2
    assert "mss-guard console user add" in ran.err


def test_without_tls_it_answers_to_this_machine_alone(config: Path) -> None:
    """A name that somebody else's DNS points here is no name of ours; with an address of its own it answers to that."""
    from mss_guard import config as settings
    from mss_guard.console_service import hosts

    text = "structure: {name: T, domains: [t.fr]}\nconsole: {%s}\n"
    assert "*" not in hosts(settings.load(None, text % ""))
    assert hosts(settings.load(None, text % "url: 'https://guet.t.fr'"))[0] == "guet.t.fr"


def test_an_account_from_its_opening_to_its_end(config: Path) -> None:
    """Opened with a good password from standard input, shown without its hash, changed, closed; the file is the service's alone."""
    for name, role, word, status in (
        ("marie", "dpo-rssi", b"trop court\n", 2),
        ("Marie Curie", "lecteur", WORD, 2),
        ("marie", "roi", WORD, 2),
        ("marie", "dpo-rssi", WORD, 0),
        ("marie", "dpo-rssi", WORD, 1),
    ):
        assert run("console", "user", "add", name, "--role", role, "-c", config, stdin=word).status == status, (
            name,
            role,
        )
    assert run("console", "user", "list", "--json", "-c", config).lines[0]["structures"] == ["tilleuls"], "its own only"
    assert run("console", "user", "role", "marie", "--role", "lecteur", "--structure", "*", "-c", config).status == 0
    assert run("console", "user", "disable", "marie", "-c", config).status == 0
    shown = run("console", "user", "list", "--json", "-c", config)
    assert shown.lines == [{"name": "marie", "role": "lecteur", "structures": ["*"], "disabled": True}]
    file = config.parent / "state" / "console" / "comptes.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())[0]["password"].startswith("$argon2id$")
    assert run("console", "user", "disable", "personne", "-c", config).status == 1
