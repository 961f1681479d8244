"""The road into the trust space: what goes by it, that nothing of it goes by the ordinary hop, and what each failure of either means."""

from __future__ import annotations

import base64
import email
import email.policy
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.rooms import MENU, ORDINARY, SECURE, SENDER, House, house
from tests.e2e.test_reports_first import HEALTH, send
from tests.edge.list_server import Chain, _issue, make_chain
from tests.fake_hop import Close, FakeHop, Hang, Reset, Say, until

OTHER = "secretariat@ch-valombreuse.mssante.fr"
REFUSED = Say(b"550 5.7.1 Sender domain not in the white list\r\n")


@dataclass
class Operator:
    """`chain`: who vouches for the operator; `server`: his context, which asks for a certificate of ours; `cert`, `key`: ours."""

    chain: Chain
    server: ssl.SSLContext
    cert: Path
    key: Path


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    folder = tmp_path_factory.mktemp("operator")
    chain = make_chain(folder)
    _issue(folder, "guet", "guet.tilleuls.test", ["extendedKeyUsage=clientAuth"], by="middle")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.pem", folder / "server.key")
    server.load_verify_locations(chain.ca)
    server.verify_mode = ssl.CERT_REQUIRED
    return Operator(chain, server, folder / "guet.pem", folder / "guet.key")


@asynccontextmanager
async def two_roads(
    folder: Path, operator: Operator, route: FakeHop, *, policy: str = "", more: str = ""
) -> AsyncIterator[tuple[House, FakeHop]]:
    """A guard between an ordinary hop and an operator who asks for our certificate."""
    ours = f"ca: {operator.chain.ca}, cert: {operator.cert}, key: {operator.key}{more}"
    extra = f"routes: {{mssante: {{host: 127.0.0.1, port: {route.port}, tls: verify, {ours}}}}}\n"
    async with FakeHop() as hop, house(folder, hop.port, extra=extra, policy=f"to_mssante: route{policy}") as guarded:
        yield guarded, hop


async def test_health_mail_to_a_listed_domain_goes_by_the_route_alone(tmp_path: Path, operator: Operator) -> None:
    """Under our certificate, the same bytes; the ordinary hop sees no content, the operator no client of ours; the record names the road."""
    async with FakeHop(tls=operator.server) as route, two_roads(tmp_path, operator, route) as (guarded, hop):
        (said,) = await send(guarded, SECURE)
        assert said.startswith("250 2.0.0 Ok: queued as")
        (taken,) = route.taken
        assert taken.rcpts == (f"RCPT TO:<{SECURE}>".encode(),)
        assert taken.body.endswith(HEALTH)
        assert taken.xforward == ()
        assert (hop.taken, hop.content) == ([], 0)
    (decision,) = guarded.records("decision")
    assert (decision["road"], decision["recipients"][0]["road"]) == ("route", "route")
    assert [r["outcome"] for r in guarded.records("outcome")] == ["relayed"]


@pytest.mark.parametrize("mode", ["smtp", "lmtp"])
async def test_each_recipient_goes_his_own_way(tmp_path: Path, operator: Operator, mode: str) -> None:
    """Listed ones by the route, the others by the hop, the same bytes on both; each has his answer."""
    async with FakeHop(tls=operator.server) as route, two_roads(tmp_path, operator, route) as (guarded, hop):
        words = await send(guarded, SECURE, ORDINARY, OTHER, mode=mode, body=MENU)
        assert all(word.startswith("250") for word in words)
        assert [r.partition(b"<")[2] for r in route.taken[0].rcpts] == [f"{SECURE}>".encode(), f"{OTHER}>".encode()]
        assert hop.taken[0].rcpts == (f"RCPT TO:<{ORDINARY}>".encode(),)
        assert route.taken[0].body == hop.taken[0].body
    assert [r["outcome"] for r in guarded.records("outcome")] == ["relayed"]


@pytest.mark.parametrize("stage", ["mail", "rcpt", "dot"])
async def test_what_the_operator_refuses_is_told_in_french(tmp_path: Path, operator: Operator, stage: str) -> None:
    """His 550 is the client's answer; the sender learns which box to use; the hop has the notice alone."""
    async with FakeHop({stage: REFUSED}, tls=operator.server) as route:
        async with two_roads(tmp_path, operator, route) as (guarded, hop):
            (said,) = await send(guarded, SECURE)
            assert said.startswith("550 5.7.1 Sender domain not in the white list")
            await until(lambda: hop.taken, within=5.0)
        assert route.taken == []
    (notice,) = hop.taken
    assert notice.rcpts == (f"RCPT TO:<{SENDER}>".encode(),)
    text = email.message_from_bytes(notice.body, policy=email.policy.default).get_body(("plain",))
    assert text is not None
    assert "crivez depuis votre boîte MSSanté" in text.get_content()
    assert "https://webmail.exemple.mssante.fr" in text.get_content()
    assert b"Zyxwvut" not in notice.body
    assert [r["outcome"] for r in guarded.records("outcome")] == ["hop-refused"]


FAULTS = {
    "not there": {"connect": Close()}, "no greeting": {"banner": Hang()}, "mail hangs": {"mail": Hang()}, "rcpt resets": {"rcpt": Reset()},
    "data 4xx": {"data": Say(b"451 4.3.0 plus tard\r\n")}, "dot resets": {"dot": Reset()}, "dot is silent": {"dot": Hang()},
    "an impossible answer": {"dot": Say(b"354 encore\r\n")},
}  # fmt: skip


@pytest.mark.parametrize("others", [(), (ORDINARY,)], ids=["alone", "with others"])
async def test_a_route_that_fails_defers_and_the_hop_gets_none_of_it(
    tmp_path: Path, operator: Operator, others: tuple[str, ...]
) -> None:
    """4xx whatever it is, over smtp for all; no notice; ordinary mail flows meanwhile, and the route as soon as it is well again."""
    async with FakeHop(tls=operator.server) as route, two_roads(tmp_path, operator, route) as (guarded, hop):
        for fault, script in FAULTS.items():
            route.script = dict(script)
            route.drop_all()
            (said,) = await send(guarded, SECURE, *others, body=MENU)
            assert said.startswith("4"), (fault, said)
            assert (route.taken, hop.taken) == ([], []), fault
        route.script = {}
        (said,) = await send(guarded, ORDINARY, body=MENU)
        assert said.startswith("250")
        (said,) = await send(guarded, SECURE, body=MENU)
        assert said.startswith("250")
    assert (len(route.taken), len(hop.taken)) == (1, 1)


@pytest.mark.parametrize("wrong", ["stranger", "elsewhere", "no certificate", "in clear"])
async def test_only_the_operator_that_was_named_gets_anything(tmp_path: Path, operator: Operator, wrong: str) -> None:
    """A certificate nobody vouches for or of another name, no STARTTLS, an operator whom ours does not satisfy: 451, not a byte of content."""
    tls = {"elsewhere": operator.chain.elsewhere, "in clear": None}.get(wrong, operator.server)
    made = Operator(operator.chain, operator.server, operator.cert, operator.key)
    if wrong == "stranger":
        made.chain = Chain(
            operator.chain.stranger,
            operator.chain.server,
            operator.chain.expired,
            operator.chain.elsewhere,
            operator.chain.stranger,
        )
    if wrong == "no certificate":
        made.cert, made.key = operator.chain.stranger, operator.chain.stranger.with_suffix(".key")
    async with FakeHop(tls=tls) as route, two_roads(tmp_path, made, route) as (guarded, hop):
        (said,) = await send(guarded, SECURE)
        assert said.startswith("451 4.4.1")
        assert (route.content, hop.content) == (0, 0)


async def test_the_account_is_named_after_the_handshake(tmp_path: Path, operator: Operator) -> None:
    """AUTH PLAIN under TLS, from the file of the configuration; an operator who does not know us leaves the mail waiting."""
    secret = tmp_path / "secret"
    secret.write_text("mot de passe\n")
    more = f", user: tilleuls, password: {secret}"
    async with FakeHop(tls=operator.server) as route, two_roads(tmp_path, operator, route, more=more) as (guarded, _):
        (said,) = await send(guarded, SECURE)
        assert said.startswith("250")
        lines = [line for line in route.commands() if line.startswith(b"AUTH")]
        assert base64.b64decode(lines[0].removeprefix(b"AUTH PLAIN ")) == b"\0tilleuls\0mot de passe"
        assert next(line for line in route.commands() if line in (b"STARTTLS", lines[0])) == b"STARTTLS"
        route.script = {"auth": Say(b"535 5.7.8 non\r\n")}
        route.drop_all()
        (said,) = await send(guarded, SECURE)
        assert said.startswith("451 4.4.1")


async def test_a_retry_brings_nothing_twice_by_the_route(tmp_path: Path, operator: Operator) -> None:
    """The route took it, the hop did not: the client comes again with all of it, and the trust space has one copy. Then it is a new message."""
    async with FakeHop(tls=operator.server) as route, two_roads(tmp_path, operator, route) as (guarded, hop):
        hop.script["dot"] = [Say(b"451 4.3.0 plus tard\r\n")]
        (said,) = await send(guarded, SECURE, ORDINARY, body=MENU)
        assert said.startswith("451 4.3.0 plus tard")
        (said,) = await send(guarded, SECURE, ORDINARY, body=MENU)
        assert said.startswith("250")
        assert (len(route.taken), len(hop.taken)) == (1, 1)
        await send(guarded, SECURE, ORDINARY, body=MENU)
        assert (len(route.taken), len(hop.taken)) == (2, 2)


async def test_a_refusal_for_others_sends_nothing_by_any_road(tmp_path: Path, operator: Operator) -> None:
    """Health data to somebody outside as well: 550 for all over smtp; with `split` the report, then the route alone."""
    async with FakeHop(tls=operator.server) as route, two_roads(tmp_path, operator, route) as (guarded, hop):
        (said,) = await send(guarded, SECURE, ORDINARY)
        assert said.startswith("550 5.7.1")
        assert route.taken == []
    (tmp_path / "split").mkdir()
    async with (
        FakeHop(tls=operator.server) as route,
        two_roads(tmp_path / "split", operator, route, policy=", mixed: split") as (guarded, hop),
    ):
        (said,) = await send(guarded, SECURE, ORDINARY)
        assert said.startswith("250")
        assert [one.mail for one in hop.taken] == [b"MAIL FROM:<>"]
        assert route.taken[0].rcpts == (f"RCPT TO:<{SECURE}>".encode(),)


async def test_nothing_is_promised_that_the_route_cannot_keep(tmp_path: Path, operator: Operator) -> None:
    """EHLO offers what both roads offer: a client does not ask for what the operator does not know."""
    async with (
        FakeHop(tls=operator.server, offers=("SIZE 1000000", "8BITMIME")) as route,
        two_roads(tmp_path, operator, route) as (guarded, _),
    ):
        await until(
            lambda: guarded.service.next_hop.offers() and "DSN" not in guarded.service.next_hop.offers(), within=3.0
        )
        client = await guarded.client()
        lines = await client.say("EHLO client.test")
        client.drop()
        assert "DSN" not in lines
        assert "SIZE 1000000" in lines
        assert "XFORWARD" in lines
