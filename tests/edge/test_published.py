"""The published white list over TLS with a pinned chain: whatever the server does, the right list stays in force and the right
word is said."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mss_guard import assembly, config
from mss_guard.edge import published, trust_feed
from mss_guard.edge.published import Fetched, Source, Unfetched, Validators
from tests.edge.list_server import Answer, Chain, make_chain, proxying, serving, white_list

NOW = datetime.now(UTC).replace(microsecond=0)
LATER = NOW + timedelta(hours=1)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    return make_chain(tmp_path_factory.mktemp("chain"))


def settings(folder: Path, port: int, ca: Path) -> config.Settings:
    file = folder / "mss-guard.yaml"
    file.write_text(
        "structure: {name: Essai, domains: [essai.fr]}\n"
        f"trust: {{list: 'https://127.0.0.1:{port}/liste.xml', ca: {ca}}}\nstate: {folder / 'state'}\n"
    )
    return config.load(file)


def in_force(found: config.Settings, now: datetime) -> tuple[int, datetime | None]:
    """(names, confirmed at) of the list that verdicts rest on; reads files alone."""
    space = assembly.load(found, now, compiled=False).state.knowledge.space
    return len(space.domains), space.confirmed_at


def test_a_list_is_fetched_kept_and_confirmed_by_304(tmp_path: Path, chain: Chain) -> None:
    """The first answer is kept whole; an hour later 304 costs no body and makes the same list an hour younger."""
    answer = Answer(white_list(30))
    with serving(chain.server, answer) as port:
        found = settings(tmp_path, port, chain.ca)
        assert in_force(found, NOW) == (0, None)
        assert assembly.renew_list(found, NOW) == assembly.Renewal(True)
        assert in_force(found, NOW) == (30, NOW)
        assert assembly.renew_list(found, LATER) == assembly.Renewal(True)
        assert in_force(found, LATER) == (30, LATER)
        answer.body, answer.etag = white_list(31), '"2"'
        assert assembly.renew_list(found, LATER) == assembly.Renewal(True)
        assert in_force(found, LATER) == (31, LATER)
    assert ["If-None-Match" in asked for asked in answer.asked] == [False, True, True]


def test_a_changed_copy_is_not_confirmed_by_304(tmp_path: Path, chain: Chain) -> None:
    """Whoever edits the copy loses its tag: the next list is asked for whole."""
    answer = Answer(white_list(30))
    with serving(chain.server, answer) as port:
        found = settings(tmp_path, port, chain.ca)
        assembly.renew_list(found, NOW)
        copy = tmp_path / "state" / "trust" / trust_feed.LAST_GOOD
        copy.write_bytes(white_list(29))
        assert assembly.renew_list(found, LATER).renewed
        assert in_force(found, LATER) == (30, LATER)
    assert "If-None-Match" not in answer.asked[-1]


BAD = {
    "truncated answer": (Answer(white_list(40), etag="", length=len(white_list(40)) + 9), "incomplète"),
    "truncated list": (Answer(white_list(40)[:-9], etag='"x"'), "tronqué"),
    "a web page": (Answer(b"<html><body>Maintenance</body></html>", etag='"x"'), "ListeBlancheMSSante"),
    "empty": (Answer(b"", etag='"x"'), "vide"),
    "shrunken": (Answer(white_list(26), etag='"x"'), "baisse de plus de 10"),
    "error": (Answer(b"non", 500), "répond 500"),
    "moved": (Answer(b"", 302), "répond 302"),
    "unasked 304": (Answer(b"", 304, etag='"y"'), "répond 304"),
}


@pytest.mark.parametrize(("answer", "word"), BAD.values(), ids=BAD)
def test_a_bad_answer_changes_nothing_and_is_said(tmp_path: Path, chain: Chain, answer: Answer, word: str) -> None:
    """The last good list stays in force with its own age, and the administrator hears why."""
    with serving(chain.server, Answer(white_list(30), etag="")) as port:
        found = settings(tmp_path, port, chain.ca)
        assert assembly.renew_list(found, NOW).renewed
    forget_tags(tmp_path)
    with serving(chain.server, answer) as port:
        renewal = assembly.renew_list(settings(tmp_path, port, chain.ca), LATER)
        assert not renewal.renewed
        assert word in " ".join(renewal.said)
    assert in_force(found, LATER) == (30, NOW)


def forget_tags(folder: Path) -> None:
    (folder / "state" / "trust" / trust_feed.ORIGIN).unlink(missing_ok=True)


def test_a_shrunken_list_is_taken_on_the_administrators_word(tmp_path: Path, chain: Chain) -> None:
    """Half the names are gone: refused by itself, in force after --accept-shrunken."""
    with serving(chain.server, Answer(white_list(30))) as port:
        assert assembly.renew_list(settings(tmp_path, port, chain.ca), NOW).renewed
    with serving(chain.server, Answer(white_list(15), etag='"x"')) as port:
        found = settings(tmp_path, port, chain.ca)
        assert not assembly.renew_list(found, LATER).renewed
        assert in_force(found, LATER) == (30, NOW)
        assert assembly.renew_list(found, LATER, accept_shrunken=True).renewed
        assert in_force(found, LATER) == (15, LATER)


@pytest.mark.parametrize("who", ["expired", "elsewhere", "stranger"])
def test_a_server_nobody_vouches_for_gives_no_list(tmp_path: Path, chain: Chain, who: str) -> None:
    """An expired certificate, another name, another root: no list, and the reason names the chain's file."""
    context = chain.server if who == "stranger" else getattr(chain, who)
    ca = chain.stranger if who == "stranger" else chain.ca
    with serving(context, Answer(white_list(30))) as port:
        renewal = assembly.renew_list(settings(tmp_path, port, ca), NOW)
    assert not renewal.renewed
    assert f"pas admis par {ca}" in renewal.said[0]


def test_a_dead_silent_or_unreadable_source_says_so(
    tmp_path: Path, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody listens; somebody listens and says nothing; the chain's file is no chain."""
    monkeypatch.setattr(published, "STEP", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert published.get(Source(f"https://127.0.0.1:{port}/", chain.ca)) == Unfetched(
            "le serveur ne répond pas à temps"
        )
    dead = published.get(Source(f"https://127.0.0.1:{port}/", chain.ca))
    assert isinstance(dead, Unfetched)
    assert "ne peut pas être joint" in dead.why
    for ca in (tmp_path / "absent.pem", tmp_path):
        answer = published.get(Source("https://127.0.0.1:1/", ca))
        assert isinstance(answer, Unfetched)
        assert str(ca) in answer.why


def test_a_body_without_end_is_cut(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a list can be is not read to its end."""
    monkeypatch.setattr(published, "MAX_BODY", 10_000)
    with serving(chain.server, Answer(b"x" * 200_000)) as port:
        answer = published.get(Source(f"https://127.0.0.1:{port}/", chain.ca))
    assert isinstance(answer, Unfetched)
    assert "dépasse" in answer.why


def test_through_a_proxy_the_server_is_verified_all_the_same(chain: Chain) -> None:
    """CONNECT, then TLS with the server itself: the proxy sees neither, and cannot answer in its stead."""
    with serving(chain.server, Answer(white_list(3))) as port, proxying() as (way, seen):
        through = Source(f"https://127.0.0.1:{port}/liste.xml", chain.ca, ("127.0.0.1", way))
        assert published.get(through) == Fetched(white_list(3), Validators('"1"', "Thu, 01 Jan 1970 00:00:00 GMT"))
        assert isinstance(published.get(Source(through.url, chain.stranger, through.proxy)), Unfetched)
    assert (
        seen == [f"CONNECT 127.0.0.1:{port} HTTP/1.1".encode()] * 2
        or seen == [f"CONNECT 127.0.0.1:{port} HTTP/1.0".encode()] * 2
    )


def test_what_root_writes_belongs_to_the_service(tmp_path: Path, chain: Chain) -> None:
    """`trust update` by root leaves a copy that the service's own user reads."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    state = tmp_path / "state" / "trust"
    state.mkdir(parents=True)
    os.chown(state, 65534, 65534)
    with serving(chain.server, Answer(white_list(30))) as port:
        assert assembly.renew_list(settings(tmp_path, port, chain.ca), NOW).renewed
    assert {p.stat().st_uid for p in state.iterdir()} == {65534}
