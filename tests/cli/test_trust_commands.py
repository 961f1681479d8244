"""`trust update` and `trust diff`, and the service that keeps its list true by itself."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.cli.kit import configure, run
from tests.e2e.guard_process import Guard, running
from tests.e2e.mailbox_sink import MailboxSink
from tests.e2e.postfix import free_port
from tests.edge.list_server import Answer, Chain, make_chain, serving, white_list


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    return make_chain(tmp_path_factory.mktemp("chain"))


def published(file: Path, port: int, ca: Path) -> Path:
    """The same configuration, its list at an https address."""
    text = re.sub(
        r"trust: \{list: [^,}]*", f"trust: {{list: 'https://127.0.0.1:{port}/l.xml', ca: {ca}", file.read_text()
    )
    file.write_text(text)
    return file


def test_update_fetches_and_status_needs_no_network(tmp_path: Path, chain: Chain) -> None:
    """Status 0 and the facts; when the server is dead, 75 and the list still in force; lookup works without it."""
    with serving(chain.server, Answer(white_list(30))) as port:
        config = published(configure(tmp_path), port, chain.ca)
        assert run("trust", "status", "-c", config).status == 1
        ran = run("trust", "update", "--json", "-c", config)
        assert (ran.status, ran.lines[0]["renewed"], ran.lines[0]["domains"], ran.lines[0]["age"]) == (
            0,
            True,
            30,
            "fresh",
        )
    ran = run("trust", "update", "--json", "-c", config)
    assert (ran.status, ran.lines[0]["renewed"], ran.lines[0]["domains"]) == (75, False, 30)
    assert "ne peut pas être joint" in ran.err
    assert run("lookup", "-c", config, "a@service-3.mssante.fr").status == 0
    assert "age: récente" in run("trust", "status", "-c", config).out


def test_update_of_a_file_reads_it_again(tmp_path: Path) -> None:
    """A list given as a file is checked and kept; without any list it says what is missing."""
    config = configure(tmp_path)
    assert run("trust", "update", "-c", config).status == 0
    bare = tmp_path / "bare.yaml"
    bare.write_text(f"structure: {{name: E, domains: [e.fr]}}\nstate: {tmp_path}/s\n")
    ran = run("trust", "update", "-c", bare)
    assert (ran.status, "trust.list manque" in ran.err) == (75, True)


def test_diff_names_what_came_and_went(tmp_path: Path) -> None:
    """Between two files, or between the list in force and one; 0 when they are the same, 2 when one is no list."""
    old, new = tmp_path / "old.xml", tmp_path / "new.xml"
    old.write_bytes(white_list(3))
    new.write_bytes(white_list(4).replace(b"service-0.", b"autre."))
    config = configure(tmp_path)
    ran = run("trust", "diff", "-c", config, old, new)
    assert (ran.status, ran.out.split("\n")[:3]) == (
        1,
        ["- service-0.mssante.fr", "+ autre.mssante.fr", "+ service-3.mssante.fr"],
    )
    assert run("trust", "diff", "-c", config, old, old).status == 0
    assert run("trust", "diff", "--json", "-c", config, new).lines[0]["after"] == 4
    new.write_text("<html/>")
    assert run("trust", "diff", "-c", config, old, new).status == 2


def test_the_service_fetches_its_list_at_start_and_takes_it(tmp_path: Path, chain: Chain) -> None:
    """Started without a list, it asks for one at once, and health data for a listed domain flows soon after."""
    answer = Answer(white_list(30))
    with serving(chain.server, answer) as port, MailboxSink() as sink:
        guard = Guard(tmp_path, sink.port, {free_port(): "mode: smtp"})
        published(guard.config, port, chain.ca)
        with running(guard):
            end = time.monotonic() + 20
            copy = tmp_path / "state" / "trust" / "liste-blanche.xml"
            while not copy.exists() and time.monotonic() < end:
                time.sleep(0.05)
            assert copy.read_bytes() == answer.body
            while '"what": "list"' not in journal(tmp_path) and time.monotonic() < end:
                time.sleep(0.05)
            assert re.search(r'"list_size":\s*30', journal(tmp_path))


def journal(folder: Path) -> str:
    text = "".join(p.read_text() for p in (folder / "journal").rglob("*.jsonl"))
    return text.replace('"what":"list"', '"what": "list"')
