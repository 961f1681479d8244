"""The DPO's file: every fact is the configuration's, every claim has a test that exists, what is open says so."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mss_guard import compliance, config, errands
from mss_guard.assembly import Loaded
from mss_guard.core.report.kit import claims
from mss_guard.edge import library
from tests.cli.kit import configure, run

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return errands.read_for_scan(configure(tmp_path_factory.mktemp("kit")))


def changed(loaded: Loaded, text: str) -> dict[str, str]:
    """The documents of another configuration with the same lists."""
    from dataclasses import replace

    return compliance.documents(replace(loaded, settings=config.load(None, text)), NOW)


def test_every_claim_has_a_test_that_exists() -> None:
    """Each file and function named in promesses.yaml is there; a renamed test must be renamed here, too."""
    named = [test for claim in claims(library.compliance()) for test in claim.tests]
    assert len(named) > 11
    for test in named:
        file, _, function = test.partition("::")
        tree = ast.parse((ROOT / file).read_text())
        defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert function in defined, test


def test_every_promise_that_is_named_is_a_claim(loaded: Loaded) -> None:
    """`[P7]` in a document stands in the table of promises, and each of those is used."""
    made = compliance.documents(loaded, NOW)
    used = {p for name, text in made.items() if not name.startswith("9") for p in re.findall(r"\[(P\d+)\]", text)}
    assert used | {"P3", "P5"} == {claim.id for claim in claims(library.compliance())}


def test_the_nine_documents_say_what_the_configuration_says(loaded: Loaded) -> None:
    """Name, domains, retention, mode, contact; no leftover of a template; gaps of this configuration are listed."""
    made = compliance.documents(loaded, NOW)
    assert len(made) == 10
    for name, text in made.items():
        assert text.startswith("# ")
        assert "EHPAD Les Tilleuls" in text or name.startswith("9")
        assert "{{" not in text
        assert "{%" not in text
    everything = "\n".join(made.values())
    for fact in ("ehpad-les-tilleuls.fr", "365 jours", "application", "02 00 00 00 00", "127.0.0.1:10026", "26 novembre 2026"):  # fmt: skip
        assert fact in everything, fact
    assert "`audit.confidential_senders`" in made["0-lisez-moi.md"]
    assert "[NON VÉRIFIÉ]" in made["0-lisez-moi.md"]
    assert "la loi impose MSSanté" not in everything.replace("n'est pas imposée par la loi", "")


@pytest.mark.parametrize(
    ("yaml", "words", "document"),
    [
        ("policy: {mode: observe}", "il part encore", "3-note-personnel.md"),
        ("policy: {mode: enforce}", "il n'est pas envoyé", "3-note-personnel.md"),
        ("audit: {retention: 1000d}", "justifiez-la dans l'AIPD", "6-conservation.md"),
        ("audit: {retention: 200d}", "dans cette fourchette", "6-conservation.md"),
        ("audit: {witness: none}", "aucun témoin hors de la machine", "0-lisez-moi.md"),
        ("audit: {export: 'syslog+tls://siem.fr'}", "syslog+tls://siem.fr", "8-hebergement.md"),
        ("audit: {export: 'https://siem.fr/x?jeton=secret'}", "https://siem.fr/x", "8-hebergement.md"),
        ("audit: {confidential_senders: [cse@t.fr]}", "1 expéditeur(s) confidentiel(s)", "4-note-cse-cst.md"),
        ("lists: {residents: /r.csv}", "résidents, en empreintes", "1-aipd.md"),
        ("audit: {index: 'postgresql://u:motdepasse@h/b'}", "postgresql://u:***@h/b", "8-hebergement.md"),
    ],
)
def test_a_fact_that_changes_changes_the_file(loaded: Loaded, yaml: str, words: str, document: str) -> None:
    """Mode, retention, witness, collector, confidential senders, lists: never a password or a token."""
    made = changed(loaded, f"structure: {{name: T, domains: [t.fr]}}\n{yaml}\n")
    assert words in made[document]
    assert not any(secret in text for text in made.values() for secret in ("motdepasse", "jeton=secret"))


def test_a_name_cannot_break_a_table(loaded: Loaded) -> None:
    """What a value holds of Markdown is escaped."""
    made = changed(loaded, "structure: {name: 'A | B <b> # C', domains: [t.fr]}\n")
    assert "A \\| B &lt;b> \\# C" in made["1-aipd.md"]


def test_what_was_filled_in_is_not_written_over(config: Path, tmp_path: Path) -> None:
    """A second kit beside the first is refused without --force."""
    first = run("compliance", "kit", "-c", config, "--out", tmp_path / "kit")
    assert (first.status, len(first.out.splitlines())) == (0, 10)
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "kit").iterdir()} == {0o600}, "it names persons"
    (tmp_path / "kit" / "1-aipd.md").write_text("complété")
    assert run("compliance", "kit", "-c", config, "--out", tmp_path / "kit").status == 1
    assert (tmp_path / "kit" / "1-aipd.md").read_text() == "complété"


@pytest.fixture(name="config", scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return configure(tmp_path_factory.mktemp("cli"))
