"""What every command has in common, and the small ones: help, languages, streams, statuses."""

import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from mss_guard.cli.language import chosen
from tests.cli.kit import EXAMPLES, configure, run
from tests.e2e.mailbox_sink import MailboxSink

COMMANDS = [
    "run", "check-config", "scan", "lookup", "trust status", "trust update", "trust diff",
    "directory update", "directory search", "directory status", "rules list", "rules show", "rules lint", "rules test", "audit search",
    "audit show", "audit verify", "audit prove", "audit purge", "audit keygen", "audit open", "audit subject",
    "explain", "notice preview", "doctor", "setup postfix", "demo",
]  # fmt: skip


def test_every_command_explains_itself():
    """`--help` of each is answered with status 0, in French by default."""
    with ThreadPoolExecutor(2) as pool:
        for command, ran in zip(COMMANDS, pool.map(lambda c: run(*c.split(), "--help"), COMMANDS), strict=True):
            assert ran.status == 0, command
            assert f"mss-guard {command}" in ran.out
            assert "default" not in ran.out or command in ran.out


def test_two_languages():
    """French by default, English with `--lang en` wherever it stands, or with LC_ALL=C."""
    assert "au premier plan" in run("--help").out
    assert "in the foreground" in run("--help", "--lang", "en").out
    assert "in the foreground" in run("--lang=en", "--help").out
    assert "in the foreground" in run("--help", environment={"LC_ALL": "C"}).out
    assert "au premier plan" in run("--help", "--lang", "fr", environment={"LC_ALL": "C"}).out


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        (["scan", "a"], {}, ("fr", ["scan", "a"])),
        (["--lang", "en", "scan", "a"], {}, ("en", ["scan", "a"])),
        (["scan", "--lang=en", "a"], {}, ("en", ["scan", "a"])),
        (["scan", "a", "--lang"], {}, ("fr", ["scan", "a"])),
        (["scan"], {"LC_ALL": "C"}, ("en", ["scan"])),
        (["scan"], {"LC_ALL": "C.UTF-8"}, ("fr", ["scan"])),
        (["scan"], {"LANG": "C"}, ("fr", ["scan"])),
    ],
)
def test_the_language_is_chosen_before_anything_is_said(arguments, environment, expected):
    """`--lang` is taken out of the arguments, whatever the command."""
    assert chosen(arguments, environment) == expected


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["scan"], ["lookup"], ["audit", "show"], ["scan", "--to"]])
def test_bad_usage_is_status_2(arguments):
    """Whatever is missing or unknown in the arguments: status 2, nothing on standard output but a help text."""
    ran = run(*arguments)
    assert ran.status == 2
    assert "Traceback" not in ran.err


def test_a_configuration_that_is_not_there_is_status_2(tmp_path):
    """Named and absent: one line, no traceback."""
    for command in (
        ["check-config"],
        ["scan", "a.eml"],
        ["lookup", "a@b.fr"],
        ["run"],
        ["doctor"],
        ["audit", "verify"],
    ):
        ran = run(*command, "-c", tmp_path / "absent.yaml")
        assert (ran.status, ran.out) == (2, ""), command
        assert "absent.yaml" in ran.err
        assert "Traceback" not in ran.err


WRONG = """\
structure: {name: Les Tilleuls, domain: [a.fr]}
listeners: [{port: 10025, mode: milter}]
policy: {mode: enforced}
audit: {path: /var/lib/mss-guard/journal, path: /tmp/x}
"""


def test_check_config_says_every_mistake_at_once(tmp_path):
    """Each as file:line:column: what is wrong, on standard error, status 2; `run` says the same and does not start."""
    file = tmp_path / "c.yaml"
    file.write_text(WRONG.replace("audit: {path: /var/lib/mss-guard/journal, path: /tmp/x}\n", ""))
    ran = run("check-config", "-c", file)
    places = re.findall(rf"^{re.escape(str(file))}:(\d+):(\d+): \S", ran.err, re.MULTILINE)
    assert ran.status == 2
    assert ran.out == ""
    assert [int(line) for line, _ in places] == [1, 2, 3]
    assert "vouliez-vous dire « domains » ?" in ran.err
    assert "pas encore disponible" in ran.err
    assert run("run", "-c", file).status == 2


def test_check_config_tells_of_rules_too(tmp_path):
    """Mistakes of values and a broken rule of rules.d in one call."""
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "a.yaml").write_text("version: 1\nrules:\n- id: local.a\n  titel: A\n")
    config = configure(tmp_path, extra=f"rules: {{paths: [{tmp_path}/rules.d]}}\n")
    config.write_text(config.read_text().replace("mode: enforce, ", ""))
    ran = run("check-config", "-c", config)
    assert ran.status == 2
    assert "policy.mode manque" in ran.err
    assert re.search(r"rules\.d/a\.yaml:4:3: .*« titel »", ran.err)
    assert re.search(r"rules\.d/a\.yaml:4:3: ", run("scan", "-c", config, EXAMPLES / "14-ordinaire.eml").err)


def test_a_good_configuration_is_good(config):
    """Status 0, warnings on standard error."""
    ran = run("check-config", "-c", config)
    assert (ran.status, ran.out) == (0, "")
    assert "La configuration est bonne." in ran.err
    assert "to_mssante: relay" in ran.err


def test_the_doctor_is_content_with_a_good_machine(tmp_path):
    """Every needed check holds: status 0, JSON alone on standard output; it leaves nothing behind."""
    hop = MailboxSink()
    try:
        config = configure(tmp_path, hop=hop.port, to_mssante="refuse")
        (tmp_path / "state").mkdir()
        config.write_text(config.read_text().replace("/journal,", "/journal, witness: 'https://temoin.test/',"))
        told = {"at": datetime.now(UTC).isoformat(), "road": "https://temoin.test/"}
        (tmp_path / "state" / "witness.json").write_text(json.dumps(told))
        before = sorted(tmp_path.iterdir())
        ran = run("doctor", "--json", "-c", config)
    finally:
        hop.close()
    checks = ran.lines[0]
    assert [c for c in checks if c["needed"] and not c["ok"]] == []
    assert ran.status == 0
    assert {"configuration", "règles", "avis", "liste blanche", "bibliothèques", "confinement", "écoute", "serveur suivant",
            "journal", "état"} <= {c["check"] for c in checks}  # fmt: skip
    assert sorted(tmp_path.iterdir()) == before


def test_the_doctor_finds_what_is_wrong(tmp_path):
    """A hop that is not there, a list that is missing, a road that is none, a journal that is a file: status 1, each with a remedy."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]  # bound and not listening: refuses
        config = configure(tmp_path, hop=port)
        (tmp_path / "liste.xml").unlink()
        (tmp_path / "journal").write_text("")
        config.write_text(
            config.read_text().replace(
                "  secure_domains", "  dpo: {email: dpo@ehpad-les-tilleuls.fr}\n  secure_domains"
            )
        )
        (tmp_path / "state").mkdir(exist_ok=True)
        (tmp_path / "state" / "report.json").write_text(
            json.dumps({"tried": "2026-11-01T06:00:00+00:00", "why": "le serveur suivant répond 550"})
        )
        ran = run("doctor", "--json", "-c", config)
    assert ran.status == 1
    failed = {c["check"]: c for c in ran.lines[0] if c["needed"] and not c["ok"]}
    assert set(failed) == {"liste blanche", "serveur suivant", "journal", "témoin", "route MSSanté"}
    assert all(c["remedy"] for c in failed.values())
    (report,) = [c for c in ran.lines[0] if c["check"] == "rapport du mois"]
    assert (report["ok"], "répond 550 (dernier essai le 2026-11-01)" in report["said"]) == (False, True)
    shown = run("doctor", "-c", config)
    assert "✗ serveur suivant" in shown.out
    assert shown.status == 1


def test_rules_show_and_list(config):
    """`list` has a line a rule, `show` one rule whole; an unknown one is status 1."""
    ran = run("rules", "list", "--json", "-c", config)
    ids = [line["id"] for line in ran.lines]
    assert ran.status == 0
    assert "document.compte-rendu-hospitalisation" in ids
    assert all(line["title"] and line["mode"] and line["file"] for line in ran.lines)
    assert (
        "id: document.compte-rendu-hospitalisation"
        in run("rules", "show", "document.compte-rendu-hospitalisation", "-c", config).out
    )
    assert run("rules", "show", "document.inconnue", "-c", config).status == 1


def test_rules_test_runs_every_example(config):
    """Every rule passes its own examples; the count is told."""
    ran = run("rules", "test", "-c", config)
    assert ran.status == 0, ran.out
    assert re.search(r"\d+ règles, \d+ exemples, 0 en défaut", ran.out)


def test_the_notice_can_be_seen_before_staff_see_it(config):
    """`notice preview` shows subject and text, `--html` the other form; without a contact it says what is missing."""
    ran = run("notice", "preview", "-c", config)
    assert ran.status == 0
    assert ran.out.startswith("Subject: ")
    assert "MSSG-2222-2222" in ran.out
    assert "<html" in run("notice", "preview", "--html", "-c", config).out
    bare = run("notice", "preview")
    assert (bare.status, bare.out) == (2, "")
    assert "structure.contact.email" in bare.err


def test_setup_postfix_is_for_this_configuration(tmp_path):
    """The recipe names the listener and the hop of the file."""
    ran = run("setup", "postfix", "-c", configure(tmp_path, port=12525, hop=12526))
    assert ran.status == 0
    assert "127.0.0.1:12525" in ran.out
    assert "12526" in ran.out


def test_audit_without_a_journal_is_bad_usage(config):
    """Nothing to read: status 2 and the path, for verify, search and show."""
    for command in (["verify"], ["search"], ["show", "MSSG-2222-2222"]):
        ran = run("audit", *command, "-c", config)
        assert (ran.status, ran.out) == (2, "")
        assert "journal" in ran.err


def test_explain_a_file(config):
    """`explain FILE` is `scan --explain`."""
    ran = run("explain", EXAMPLES / "11b-compte-rendu-pdf.eml", "-c", config)
    assert ran.status == 1
    assert "who.naissance" in ran.out
