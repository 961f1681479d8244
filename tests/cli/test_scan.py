"""`scan`: the object of the interface, field by field, its order and its statuses."""

import os

import pytest

from tests.cli.kit import EXAMPLES, configure, run

REPORT = EXAMPLES / "11b-compte-rendu-pdf.eml"
ORDINARY = EXAMPLES / "14-ordinaire.eml"
LOCKED = EXAMPLES / "12-archive-chiffree.eml"
OUTSIDE, LISTED = "b@messagerie-ordinaire.example", "accueil@ch-valombreuse.mssante.fr"

FINDING = {"rule", "title", "part", "count", "category", "place", "level", "mode"}
TOP = {"path", "health", "score", "level", "quoted_only", "unreadable", "opaque", "findings"}


@pytest.fixture(scope="module")
def scanned(config):
    """One call over three messages, with all there is to say."""
    ran = run("scan", "--json", "--explain", "-c", config, "--from", "ide@ehpad-les-tilleuls.fr", "--to", OUTSIDE, "--to", LISTED,
              REPORT, ORDINARY, LOCKED)  # fmt: skip
    assert ran.status == 1, ran.err
    return ran


def test_one_object_a_file_in_the_order_of_the_files(scanned):
    """A line for each FILE, in the order given, under the path as it was written."""
    assert [line["path"] for line in scanned.lines] == [str(REPORT), str(ORDINARY), str(LOCKED)]


def test_a_letter_with_a_report_is_health_data(scanned):
    """`health`, `score` and `level` agree, and each finding says what, where, how often and in which category."""
    found = scanned.lines[0]
    assert found["health"] is True
    assert (found["level"], found["unreadable"], found["opaque"]) == ("certain", [], [])
    assert 0 < found["score"] <= 1
    assert all(set(f) == FINDING for f in found["findings"])
    assert {(f["category"], f["place"], f["part"]) for f in found["findings"]} == {("care", "attachment 1", "2")}
    assert "document.compte-rendu-hospitalisation" in [f["rule"] for f in found["findings"]]


def test_an_ordinary_letter_is_nothing(scanned):
    """Nothing found: level none, and score in step with it."""
    found = scanned.lines[1]
    assert (found["health"], found["level"], found["findings"]) == (False, "none", [])
    assert found["score"] < scanned.lines[0]["score"]


def test_what_cannot_be_read_has_its_reason(scanned):
    """A locked archive is `encrypted`, under its part number and never its name."""
    assert {u["why"] for u in scanned.lines[2]["unreadable"]} == {"encrypted"}
    assert all(set(u) == {"part", "type", "why"} for u in scanned.lines[2]["unreadable"])


def test_explain_lists_every_place_and_clue(scanned):
    """`parts` has each place with how it was come by and its state; `evidence` the ledgers, `nearly` what lacked little."""
    found = scanned.lines[0]
    assert set(found) == TOP | {"parts", "evidence", "nearly", "reasons", "decision"}
    assert [(p["part"], p["declared"], p["type"], p["how"], p["state"]) for p in found["parts"]] == [
        ("1", "text/plain", "text/plain", "mime", "read"),
        ("2", "application/pdf", "application/pdf", "mime", "read"),
    ]
    window = found["evidence"][0]
    assert {"part", "window", "score", "what", "who", "impersonal"} <= set(window)
    assert all(isinstance(rule, str) and weight > 0 for rule, weight in window["what"] + window["who"])


def test_the_decision_has_the_reply_and_each_recipient_in_order(scanned):
    """`decision` is the message's fate under `mixed`; each recipient's own verdict stands in the order given."""
    decision = scanned.lines[0]["decision"]
    assert (decision["action"], decision["measure"], decision["reason"]) == ("refuse", "refuse", "health-data")
    assert (decision["code"], decision["enhanced"]) == (550, "5.7.1")
    assert "MSSG-" in decision["text"]
    assert "messagerie-ordinaire.example" in decision["text"]
    assert [(r["address"], r["standing"], r["action"], r["reason"]) for r in decision["recipients"]] == [
        (OUTSIDE, "outside", "refuse", "health-data"),
        (LISTED, "trusted", "relay", None),
    ]
    assert "would" not in decision


def test_a_permitted_message_has_no_reply_of_ours(scanned):
    """What is relayed gets the next hop's answer, so no code stands there."""
    decision = scanned.lines[1]["decision"]
    assert (decision["action"], decision["reason"]) == ("relay", None)
    assert not {"code", "enhanced", "text"} & set(decision)


def test_without_to_there_is_no_decision_and_without_explain_no_parts(config):
    """The plain object holds the fields of the interface and nothing that quotes the message."""
    ran = run("scan", "--json", "-c", config, ORDINARY)
    assert ran.status == 0
    assert set(ran.lines[0]) == TOP
    assert ran.err == ""


def test_show_text_needs_explain(config):
    """Matched text comes with `--explain --show-text` only; `--show-text` alone shows none."""
    both = run("scan", "--json", "--explain", "--show-text", "-c", config, REPORT).out
    assert "Jeanne" in both or "DURAND" in both.upper()
    for arguments in (["--show-text"], ["--explain"]):
        said = run("scan", "--json", *arguments, "-c", config, REPORT).out.upper()
        assert "DURAND" not in said
        assert "SHOWN" not in said


def test_what_cannot_be_opened_is_said_and_the_rest_is_scanned(config, tmp_path):
    """A missing file, a directory: an object with `path` and `error`, status 2 at the end, the others looked at."""
    ran = run("scan", "--json", "-c", config, "absent.eml", REPORT, tmp_path)
    assert [set(line) == {"path", "error"} for line in ran.lines] == [True, False, True]
    assert ran.lines[1]["health"] is True
    assert ran.status == 2


def test_standard_input_is_a_file(config):
    """`-` reads a message, or a document, from standard input."""
    assert run("scan", "--json", "-c", config, "-", stdin=REPORT.read_bytes()).lines[0]["level"] == "certain"
    ran = run("scan", "--json", "--explain", "-c", config, "-", stdin=b"%PDF-1.4 rien")
    assert (ran.lines[0]["path"], ran.lines[0]["parts"][0]["type"]) == ("-", "application/pdf")


def test_without_a_configuration_the_packaged_defaults_serve():
    """No -c: judged as `enforce`, without a white list, so that health data to anybody would wait."""
    line = run("scan", "--json", "--to", OUTSIDE, REPORT).lines[0]
    assert (line["level"], line["decision"]["action"], line["decision"]["code"]) == ("certain", "defer", 451)


def test_the_environment_names_the_configuration(config):
    """$MSS_GUARD_CONFIG serves where -c is absent."""
    ran = run("scan", "--json", "--to", OUTSIDE, REPORT, environment={"MSS_GUARD_CONFIG": str(config)})
    assert ran.lines[0]["decision"]["action"] == "refuse"


def test_looking_writes_nothing_and_needs_no_right_to_write(tmp_path):
    """scan, lookup, trust status, rules and check-config leave no directory and no copy of the list behind."""
    config = configure(tmp_path)
    before = sorted(tmp_path.iterdir())
    for command in (
        ["scan", "--json", "-c", config, ORDINARY],
        ["lookup", "-c", config, "a@ch-valombreuse.mssante.fr"],
        ["trust", "status", "-c", config],
        ["rules", "list", "-c", config],
        ["check-config", "-c", config],
        ["notice", "preview", "-c", config],
    ):
        assert run(*command).status == 0, command
        assert sorted(tmp_path.iterdir()) == before, command


def test_a_state_that_cannot_be_read_is_no_obstacle(tmp_path):
    """The last good copy out of reach: the list itself serves, and nothing is written in its place."""
    config = configure(tmp_path)
    (tmp_path / "state").write_text("no directory")
    ran = run("scan", "--json", "-c", config, "--to", LISTED, ORDINARY)
    assert (ran.status, ran.lines[0]["decision"]["recipients"][0]["standing"]) == (0, "trusted")
    assert (tmp_path / "state").read_text() == "no directory"


def test_text_for_people_holds_the_same(config):
    """Without --json: path, level, findings, the reply and each recipient in sentences on standard output."""
    ran = run("scan", "-c", config, "--to", OUTSIDE, REPORT)
    assert f"{REPORT} : certain" in ran.out
    assert "550 5.7.1" in ran.out
    assert f"{OUTSIDE} : outside, refuse (health-data)" in ran.out


def test_a_file_name_cannot_steer_the_terminal(config, tmp_path):
    """Control characters of a name are shown escaped, and a name that is no text is no crash."""
    odd = os.fsdecode(os.fsencode(str(tmp_path)) + b"/\x1b[2J\xff.eml")
    with open(odd, "wb") as file:
        file.write(ORDINARY.read_bytes())
    assert "\x1b" not in run("scan", "-c", config, odd).out
    ran = run("scan", "--json", "-c", config, odd)
    assert ran.status == 0
    assert ran.lines[0]["path"].endswith("\x1b[2J\udcff.eml")
