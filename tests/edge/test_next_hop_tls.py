"""TLS policy none, may and verify, against a hop with a certificate of its own making."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from mss_guard.edge.next_hop import Hop, Tls
from tests.edge.next_hop_kit import MAIL, RCPTS, pool, say_all
from tests.fake_hop import FakeHop, Reset, Say


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate for 127.0.0.1 and a server's context with it."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is missing: apt-get install openssl")
    where = tmp_path_factory.mktemp("tls")
    cert, key = where / "cert.pem", where / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=hop.test"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


Certificate = tuple[Path, ssl.SSLContext]
BIG = b"Une ligne ordinaire.\r\n.\r\n" * 40_000


@pytest.mark.parametrize("policy", [Tls.MAY, Tls.VERIFY])
async def test_mail_over_starttls(policy: Tls, certificate: Certificate) -> None:
    """EHLO again after STARTTLS; the body whole; verified when asked; the connection reused."""
    cert, context = certificate
    async with FakeHop(tls=context) as hop, pool(hops=(Hop("127.0.0.1", hop.port, policy, str(cert)),)) as hops:
        assert (await say_all(hops, BIG))[-1].ok
        assert (await say_all(hops))[-1].ok
        assert [line[:8] for _, line in hop.dialogue[:3]] == [b"EHLO gar", b"STARTTLS", b"EHLO gar"]
        assert hop.taken[0].body == BIG
        assert hop.taken[1].connection == 1
        assert "STARTTLS" not in (hops.offers() or {})


async def test_none_never_says_starttls(certificate: Certificate) -> None:
    """`none` speaks clear text whatever is offered."""
    async with FakeHop(tls=certificate[1]) as hop, pool(hop.port) as hops:
        assert (await say_all(hops))[-1].ok
        assert all(line != b"STARTTLS" for _, line in hop.dialogue)


MAY = {"not offered": (None, None), "refused": ("starttls", Say(b"454 4.7.0 non\r\n")), "breaks": ("starttls", Reset())}
MAY["no handshake"] = ("starttls", Say(b"220 oui\r\n502 quoi\r\n"))


@pytest.mark.parametrize(("stage", "act"), MAY.values(), ids=MAY)
async def test_may_goes_on_in_clear(stage: str | None, act: Say | Reset | None, certificate: Certificate) -> None:
    """Whatever is wrong with TLS, `may` delivers without it."""
    script = {stage: act} if stage and act else {}
    tls = certificate[1] if stage else None
    async with FakeHop(script=script, tls=tls) as hop, pool(hops=(Hop("127.0.0.1", hop.port, Tls.MAY),)) as hops:
        assert (await say_all(hops))[-1].ok


@pytest.mark.parametrize(("stage", "act"), MAY.values(), ids=MAY)
async def test_verify_never_falls_back(stage: str | None, act: Say | Reset | None, certificate: Certificate) -> None:
    """Without STARTTLS there is no mail: 451 4.4.1, and MAIL never said."""
    script = {stage: act} if stage and act else {}
    cert, context = certificate
    hop_tls = (Tls.VERIFY, str(cert))
    fake = FakeHop(script=script, tls=context if stage else None)
    async with fake as hop, pool(hops=(Hop("127.0.0.1", hop.port, *hop_tls),)) as hops:
        assert (await say_all(hops))[-1].wire.startswith(b"451 4.4.1 ")
        assert MAIL not in hop.commands()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"], ids=["unknown authority", "another name"])
async def test_verify_checks_chain_and_name(host: str, certificate: Certificate) -> None:
    """A certificate of another authority or for another name is no certificate."""
    cert, context = certificate
    ca = None if host == "127.0.0.1" else str(cert)
    async with FakeHop(tls=context) as hop, pool(hops=(Hop(host, hop.port, Tls.VERIFY, ca),)) as hops:
        assert (await say_all(hops))[-1].wire.startswith(b"451 4.4.1 ")
        assert RCPTS[0] not in hop.commands()


async def test_a_missing_authority_file_stops_the_start(tmp_path: Path) -> None:
    """A `ca` that cannot be read is told when the pool is made, not when mail comes."""
    hop = Hop("127.0.0.1", 25, Tls.VERIFY, str(tmp_path / "absent.pem"))
    with pytest.raises(OSError):
        async with pool(hops=(hop,)):
            pass
