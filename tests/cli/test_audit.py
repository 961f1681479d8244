"""`audit verify|search|show` and `explain REF` over a journal of three messages."""

import asyncio
from datetime import UTC, datetime

import pytest

from mss_guard import app, judgement
from mss_guard.core.model import HopReply
from mss_guard.edge.journal import Journal
from tests.cli.kit import configure, run
from tests.test_app_judgement import HEALTH, LISTED, NOTHING, OUTSIDE, OWN, Inspector, submission


async def _write(config):
    loaded = app.read_for_scan(config)
    root, keys = app.journal_places(loaded.settings)
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


def test_show_and_explain_tell_all_under_a_reference(written):
    """Decision and outcome, in any case of letters; an unknown one is status 1."""
    config, references = written
    ran = run("audit", "show", "--json", references[0].lower(), "-c", config)
    assert [line["kind"] for line in ran.lines] == ["decision", "outcome"]
    told = run("explain", references[0], "-c", config)
    assert told.status == 0
    assert "health-data" in told.out
    assert "evidence.care" in told.out
    assert run("audit", "show", "MSSG-ZZZZ-ZZZZ", "-c", config).status == 1
    assert run("explain", "MSSG-ZZZZ-ZZZZ", "-c", config).status == 1
