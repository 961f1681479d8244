"""`audit verify|search|show` and `explain REF` over a journal of three messages."""

import asyncio
import os
from datetime import UTC, datetime

import pytest

from mss_guard import errands, judgement
from mss_guard.cli.common import private
from mss_guard.core.model import HopReply
from mss_guard.core.report import safe
from mss_guard.edge.audit_index import Feeder, opened
from mss_guard.edge.journal import Journal
from tests.cli.kit import configure, run
from tests.edge import month as october
from tests.edge import postgres
from tests.test_app_judgement import HEALTH, LISTED, NOTHING, OUTSIDE, OWN, Inspector, submission


async def _write(config):
    loaded = errands.read_for_scan(config)
    root, keys = errands.journal_places(loaded.settings)
    journal = await asyncio.to_thread(Journal.open, root, "essai", "front-0", "tilleuls", keys)
    references = []
    for answer, to, replies in (
        (HEALTH, OUTSIDE, None),
        (NOTHING, OUTSIDE, [HopReply(250, b"250 2.0.0 ok\r\n")]),
        (HEALTH, LISTED, None),
    ):
        judge = judgement.Judgement(loaded.state, Inspector(answer), journal, lambda _: None, lambda: datetime.now(UTC))
        ruling = await judge.judge(submission(to))
        await ruling.finish(replies)
        references.append(ruling.reference)
    await journal.close()
    return references


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A configuration with its journal, and the references in it."""
    config = configure(tmp_path_factory.mktemp("audit"))
    return config, asyncio.run(_write(config))


def test_verify_is_0_for_a_whole_chain_and_1_for_a_broken_one(written, tmp_path):
    """`verify: ok`; one changed octet is `broken`, and said where."""
    config, _ = written
    ran = run("audit", "verify", "-c", config)
    assert (ran.status, ran.out) == (0, "verify: ok\n")
    told = run("audit", "verify", "--json", "-c", config)
    assert told.lines[0]["ok"] is True
    segment = next((config.parent / "journal").rglob("*.jsonl"))
    good = segment.read_bytes()
    segment.write_bytes(good.replace(b'"refuse"', b'"relay_"', 1))
    try:
        broken = run("audit", "verify", "-c", config)
    finally:
        segment.write_bytes(good)
    assert (broken.status, broken.out) == (1, "verify: broken\n")
    assert segment.name in broken.err


def test_search_finds_by_address_action_and_rule(written):
    """One decision a line; nothing found is status 1; an address is typed, its pseudonym is computed."""
    config, references = written

    def found(*filters):
        ran = run("audit", "search", "--json", *filters, "-c", config)
        assert ran.status == (0 if ran.lines else 1)
        return {line["ref"] for line in ran.lines}

    assert found() == set(references)
    assert found("--action", "refuse") == {references[0]}
    assert found("--rule", "evidence.care") == {references[0]}
    assert found("--domain", "ch-valombreuse.mssante.fr") == {references[2]}
    assert found("--address", OWN) == set(references)
    assert found("--address", "autre@ehpad-les-tilleuls.fr") == set()
    shown = run("audit", "search", "-c", config).out
    assert references[0] in shown
    assert "@" not in shown


def test_every_kind_of_record_has_its_line(written):
    """A notice counts its recipients, a decision lists them; both can be searched, and `--limit` is a number of lines."""
    config, references = written
    assert (
        run(
            "exceptions", "false-positive", references[0], "--by", "m.dubois", "--reason", "mot du menu", "-c", config
        ).status
        == 0
    )
    listed = run("audit", "search", "--kind", "exception", "-c", config)
    assert (listed.status, references[0] in listed.out, "false-positive" in listed.out) == (0, True, True)
    for kind in ("outcome", "segment-open", "consult"):
        assert run("audit", "search", "--kind", kind, "-c", config).status in (0, 1)
    assert run("audit", "search", "--limit", "-1", "-c", config).status == 2
    assert len(run("audit", "search", "--limit", "1", "--json", "-c", config).lines) == 1


@pytest.mark.parametrize(
    ("command", "word"),
    [
        (("search", "--action", "refused"), "refused"),
        (("search", "--standing", "dehors"), "dehors"),
        (("search", "--kind", "avis"), "avis"),
        (("search", "--address", "pasuneadresse"), "pasuneadresse"),
        (("search", "--since", "2026-11-02", "--until", "2026-11-01"), "2026-11-01"),
        (("export", "--action", "refused"), "refused"),
        (("export", "--ref", "MSSG-1"), "MSSG-1"),
        (("subject", "pasuneadresse"), "pasuneadresse"),
    ],
)
def test_a_mistyped_filter_is_named_and_never_answered_by_nothing(written, command, word):
    config, _ = written
    ran = run("audit", *command, "-c", config)
    assert (ran.status, ran.out) == (2, "")
    assert f"« {word}" in ran.err


def test_nothing_waiting_is_said_and_nothing_found_cannot_be_called_wrong(written):
    """An empty list is a sentence; a message that passed without a note has nothing to be wrong about."""
    config, references = written
    for command, word in ((("list",), "Aucune approbation"), (("declared",), "Aucune déclaration")):
        ran = run("exceptions", *command, "-c", config)
        assert (ran.status, ran.out, word in ran.err) == (1, "", True)
    ran = run(
        "exceptions", "false-positive", references[1], "--by", "m.dubois", "--reason", "mot du menu", "-c", config
    )
    assert (ran.status, "ni refus ni signalement" in ran.err) == (1, True)


def test_what_is_shown_is_written_down_first(written):
    """By whom, and under which reference; of an address its pseudonym. A list without an address says nothing of anybody."""
    config, references = written

    def consulted():
        return run("audit", "search", "--kind", "consult", "--json", "-c", config).lines

    before = len(consulted())
    run("audit", "search", "-c", config)
    assert len(consulted()) == before
    for command in (("audit", "show"), ("explain",)):
        assert run(*command, references[1], "-c", config).status == 0
    assert run("audit", "search", "--ref", references[1].lower(), "-c", config).status == 0
    assert run("audit", "search", "--address", OWN, "-c", config).status == 0
    told = consulted()[before:]
    assert [(one["what"], one["ref"]) for one in told] == [("decision", references[1])] * 3 + [("subject", None)]
    assert all(one["by"] for one in told)
    assert told[3]["found"] == 3
    assert OWN not in str(told)


def test_keys_that_cannot_be_used_are_a_sentence_and_show_nothing(tmp_path):
    """A copy of a journal whose keys others may read: each command that would write down or look up a person says so, in French."""
    config = configure(tmp_path)
    reference = asyncio.run(_write(config))[0]
    for key in (tmp_path / "state" / "keys").glob("*.key"):
        key.chmod(0o644)
    for command in (("show", reference), ("prove", reference), ("search", "--address", OWN), ("subject", OWN)):
        ran = run("audit", *command, "-c", config)
        assert (ran.status in (2, 75), ran.out, "Traceback" in ran.err) == (True, "", False), command
        assert "lisible par d'autres" in ran.err


def test_a_record_is_shown_in_words_of_the_journal_not_of_a_programming_language(written):
    config, references = written
    shown = run("audit", "show", references[0], "-c", config).out
    assert "{'" not in shown
    assert "None" not in shown
    assert "  recipients:\n  - " in shown.replace("    - ", "  - ")


def test_show_and_explain_tell_all_under_a_reference(written):
    """Decision and outcome, in any case of letters; an unknown one is status 1."""
    config, references = written
    ran = run("audit", "show", "--json", references[0].lower(), "-c", config)
    kinds = [line["kind"] for line in ran.lines]
    assert [kind for kind in kinds if kind in ("decision", "outcome")] == ["decision", "outcome"]
    told = run("explain", references[0], "-c", config)
    assert told.status == 0
    assert "health-data" in told.out
    assert "evidence.care" in told.out
    assert run("audit", "show", "MSSG-ZZZZ-ZZZZ", "-c", config).status == 1
    assert run("explain", "MSSG-ZZZZ-ZZZZ", "-c", config).status == 1


def test_the_index_is_fed_and_export_takes_decisions_away(written, tmp_path):
    """`index` adds what is new and says how much; `export` gives a table for a spreadsheet, or JSON, by any filter, without an address."""
    config, references = written
    assert run("audit", "index", "-c", config).status == 0
    ran = run("audit", "index", "--json", "-c", config)
    assert (ran.status, ran.lines[0]["records"]) == (0, 0)
    assert run("audit", "index", "--json", "--rebuild", "-c", config).lines[0]["records"] > 6
    file = tmp_path / "export.csv"
    assert run("audit", "export", "-c", config, "-o", file).status == 0
    table = file.read_bytes().decode("utf-8-sig").split("\r\n")
    assert table[0].startswith("reference;date;structure;action")
    assert {line.split(";")[0] for line in table[1:-1]} == set(references)
    refused = run("audit", "export", "--format", "json", "--action", "refuse", "-c", config)
    assert [line["ref"] for line in refused.lines] == [references[0]]
    by_address = run("audit", "export", "--format", "json", "--address", OWN, "-c", config)
    assert len(by_address.lines) == 3
    assert "@" not in file.read_text() + refused.out
    assert run("audit", "export", "--format", "pdf", "-c", config).status == 2
    elsewhere = config.with_name("elsewhere.yaml")
    elsewhere.write_text(config.read_text().replace("sqlite:///", "postgresql://u:secret@127.0.0.1:1/"))
    broken = run("audit", "index", "-c", elsewhere)
    assert (broken.status, "secret" in broken.err) == (75, False)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1"])
def test_no_cell_of_an_export_is_a_formula(cell):
    """What a spreadsheet would compute stands behind an apostrophe."""
    assert safe(cell) == "'" + cell
    assert safe("ehpad.fr") == "ehpad.fr"


def test_a_month_is_reported_and_what_left_is_entered(written, tmp_path):
    """One HTML file for the month at hand, in which refusals are counted; nothing left, so that the register has no entry (status 1).
    Both acts of reading stand in the journal before anything is shown.
    """
    config, _ = written
    now, page = datetime.now(UTC), tmp_path / "rapport.html"
    ran = run("audit", "report", "--month", f"{now:%Y-%m}", "-c", config, "-o", page)
    assert (ran.status, ran.out) == (0, ""), ran.err
    text = page.read_text()
    assert text.startswith("<!doctype html>")
    assert "EHPAD Les Tilleuls" in text
    assert "OUTSIDE" not in text
    assert run("audit", "register", "--period", f"{now:%Y-%m}", "-c", config).status == 1
    assert run("audit", "register", "--period", "hier", "-c", config).status == 2
    told = run("audit", "search", "--kind", "consult", "--json", "-c", config).lines
    assert [record["what"] for record in told][-1:] == ["report"]


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("register", "--period", "nimp"), "« nimp » : un mois s'écrit"),
        (("register", "--period", "2026-10-09..2026-10-01"), "la fin vient avant le début"),
        (("register", "--period", "2026-10-09..x"), "une période s'écrit"),
        (("register", "--period", "2099-01"), "n'a pas commencé"),
        (("report", "--month", "2099-01"), "n'a pas commencé"),
        (("report", "--month", "octobre"), "« octobre » : un mois s'écrit"),
        (("report", "--month", "9999-12"), "« 9999-12 » : un mois s'écrit"),
        (("register", "--period", "2026-10-01..9999-12-31"), "une période s'écrit"),
    ],
)
def test_a_period_that_cannot_be_meant_is_named(written, command, why):
    config, _ = written
    ran = run("audit", *command, "-c", config)
    assert (ran.status, ran.out) == (2, "")
    assert why in ran.err


def test_what_officers_take_away_is_theirs_alone(written, tmp_path):
    """Index, export and report are for their owner, whatever the umask; what the disk refuses is said in French."""
    config, _ = written
    for command, name in (("export", "e.csv"), ("report", "r.html")):
        (tmp_path / name).touch(0o644)
        month = ("--month", f"{datetime.now(UTC):%Y-%m}") if command == "report" else ()
        assert run("audit", command, *month, "-c", config, "-o", tmp_path / name).status == 0
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    fresh = config.with_name("autre.yaml")
    fresh.write_text(config.read_text().replace("audit.db", "autre.db"))
    assert run("audit", "index", "-c", fresh).status == 0
    assert (config.parent / "autre.db").stat().st_mode & 0o777 == 0o600
    for command in ("export", "report"):
        month = ("--month", f"{datetime.now(UTC):%Y-%m}") if command == "report" else ()
        nowhere = run("audit", command, *month, "-c", config, "-o", tmp_path / "rien" / "e.csv")
        assert (nowhere.status, "Traceback" in nowhere.err) == (75, False)
        assert "n'existe pas" in nowhere.err


def test_what_is_no_file_keeps_its_mode(tmp_path):
    """`-o /dev/null`, or a pipe: written to, and left to everybody whom the administrator gave it to."""
    pipe = tmp_path / "tube"
    os.mkfifo(pipe, 0o600)
    pipe.chmod(0o644)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        private(pipe, "a;b")
        assert os.read(reader, 10) == b"a;b"
    finally:
        os.close(reader)
    assert pipe.stat().st_mode & 0o777 == 0o644


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """An index that two structures share, seen from Les Tilleuls."""
    config = configure(tmp_path_factory.mktemp("shared"))
    asyncio.run(_write(config))
    with postgres.serving(tmp_path_factory.mktemp("postgres")) as url:
        config.write_text(config.read_text().replace(f"sqlite:///{config.parent}/audit.db", url))
        with opened(url, create=True) as store:
            Feeder(store).feed([*october.records("tilleuls"), *october.records("acacias")])
        yield config


@pytest.mark.parametrize(
    ("asked", "holder", "messages"),
    [
        ((), "EHPAD Les Tilleuls", 3),
        (("--structure", "acacias"), "acacias", 3),
        (("--structure", "acacias", "--structure", "tilleuls"), "EHPAD Les Tilleuls, acacias", 6),
        (("--structure", "*"), "toutes les structures", 6),
    ],
)
def test_what_is_taken_away_is_of_the_structures_it_names(shared, asked, holder, messages):
    """Where several share an index: one's own rows unless others are asked for, and each document says whose they are."""
    entered = run("audit", "register", "--period", "2026-10", "--json", "-c", shared, *asked).lines[0]
    assert (entered["structure"], entered["messages"]) == (holder, messages)
    page = run("audit", "report", "--month", "2026-10", "-c", shared, *asked).out
    assert f"<title>Rapport mss-guard, octobre 2026, {holder}</title>" in page
    rows = run(
        "audit", "export", "--format", "json", "--since", "2026-10-01", "--until", "2026-11-01", "-c", shared, *asked
    ).lines
    assert len(rows) == 4 * messages
    (sent,) = [
        one["sent"]
        for one in run("partners", "suggest", "--days", "1096", "--json", "-c", shared, *asked).lines
        if one["domain"] == "x.fr"
    ]
    assert sent == 4 * messages / 3
