"""`directory update|search|status`, and what `lookup` then knows of a box."""

from __future__ import annotations

from pathlib import Path

from tests.cli.kit import configure, run
from tests.edge.list_server import Answer, make_chain, serving
from tests.edge.test_directory import HOUSES, PEOPLE, extraction, house, person


def test_the_directory_is_read_searched_and_used_by_lookup(tmp_path: Path) -> None:
    """From a file: facts and status 0; a search names each box and whether its domain is trusted; lookup tells the kind."""
    config = configure(tmp_path)
    assert run("directory", "status", "-c", config).status == 1
    assert run("directory", "search", "-c", config, "dupont").status == 75
    listed = person("anne.roy@ch-valombreuse.mssante.fr", "ROY", "Anne", "Médecin", "", "44000", "NANTES")
    file = extraction(tmp_path, [listed, *(person(*p) for p in PEOPLE), *(house(*h) for h in HOUSES)])
    ran = run("directory", "update", "--json", "-c", config, file)
    assert (ran.status, ran.lines[0]["boxes"], ran.lines[0]["dropped"]) == (0, 25, 1)
    assert "26/08/2026" in run("directory", "status", "-c", config).out
    found = run("directory", "search", "--json", "-c", config, "dupont", "marie", "nantes").lines
    assert [(b["address"], b["box"], b["trusted"]) for b in found] == [
        ("marie.dupont@medecin.mssante.fr", "nominative", False)
    ]
    assert "absent de la liste blanche" in run("directory", "search", "-c", config, "dupont marie nantes").out
    assert run("directory", "search", "-c", config, "introuvable").status == 1
    [line] = run("lookup", "--json", "-c", config, "anne.roy@ch-valombreuse.mssante.fr").lines
    assert (line["standing"], line["box"], line["box_known_by"]) == ("trusted", "nominative", "annuaire")


def test_the_directory_is_fetched_from_its_address(tmp_path: Path) -> None:
    """Under a pinned chain; a server nobody vouches for, or another file, leaves the index as it was, and says why."""
    chain = make_chain(tmp_path)
    file = extraction(tmp_path, [person(*p) for p in PEOPLE])
    for ca, body, status, word in (
        (chain.ca, file.read_bytes(), 0, ""),
        (chain.stranger, file.read_bytes(), 75, "pas admis"),
        (chain.ca, b"<html>", 75, "31 colonnes"),
    ):
        with serving(chain.server, Answer(body)) as port:
            source = f"directory: {{source: 'https://127.0.0.1:{port}/Extraction_Correspondance_MSSante_202608261230.txt', ca: {ca}}}\n"
            config = configure(tmp_path, extra=source)
            ran = run("directory", "update", "-c", config)
        assert (ran.status, word in ran.err) == (status, True)
        assert "13 boîtes" in run("directory", "status", "-c", config).out
