"""How many messages a refusal makes: topology × refusal mode × `split`, with real Postfix set up by the printed lines."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.mailbox_sink import MailboxSink
from tests.e2e.postfix import needs_postfix, wait_for
from tests.e2e.topologies import LISTED, ORDINARY, OWN, TOPOLOGIES, Guarded, Mail, Place, guarded, letter, place

pytestmark = [needs_postfix, pytest.mark.postfix, pytest.mark.slow]

FOREIGN = "qui@ailleurs.example"
POLICIES = [
    f"{refusal}{mixed}" for refusal in ("reject", "reject+notice", "bounce") for mixed in ("", ", mixed: split")
]
EXPECTED = {
    # topology: for each of POLICIES, what reaches the member of staff whose message to one listed and one ordinary
    # address is refused for the latter; and whether the listed one receives it
    "lmtp": [(1, True), (1, True), (2, True), (2, True), (1, True), (1, True)],
    "proxy": [(0, False), (1, True), (1, False), (1, True), (1, False), (1, True)],
    "smart-host": [(1, True), (1, True), (2, True), (2, True), (1, True), (1, True)],
}
SETTLE = 1.5  # seconds in which a message too many would have come


@pytest.fixture(scope="module", params=POLICIES)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Guarded]]:
    with guarded(tmp_path_factory.mktemp("guard"), request.param) as one:
        yield request.param, one


@pytest.fixture(params=TOPOLOGIES)
def here(request: pytest.FixtureRequest, house: tuple[str, Guarded]) -> Iterator[Place]:
    with place(request.param, house[1]) as made:
        yield made.aim()


def test_what_a_refusal_makes(here: Place, house: tuple[str, Guarded]) -> None:
    """The exact numbers for staff, nothing of ours to strangers, lists, robots and the null sender, and the document in none of them."""
    letters, delivered = EXPECTED[here.name][POLICIES.index(house[0])]
    mail = letter("docx")
    _send(here, mail)
    if letters:
        wait_for(lambda: len(_to(here, OWN, mail)) >= letters, 30, f"{letters} messages at the sender")
    if delivered:
        here.arrives(mail, LISTED)
    time.sleep(SETTLE)
    assert len(_to(here, OWN, mail)) == letters
    assert len(here.sink.to(LISTED, mail.mark)) == delivered
    assert not here.sink.to(ORDINARY)
    assert not [raw for raw in _to(here, OWN, mail) if b"UEsDB" in raw]  # a zip, in base64

    robots = [_with(letter("docx"), field) for field in (b"List-Id: <x.y>", b"Auto-Submitted: auto-generated")]
    for other in robots:
        _send(here, other)
    for sender in (FOREIGN, ""):
        _send(here, letter("docx"), sender)
    time.sleep(SETTLE)
    assert not [raw for other in robots for raw in _to(here, OWN, other) if _ours(raw)]
    assert not [raw for raw in here.sink.to(FOREIGN) if _ours(raw) or b"UEsDB" in raw]
    assert not here.sink.to(ORDINARY)
    refused_twice = [line for line in here.log() if "MSSG-" in line and "from=<>" in line and "status=bounced" in line]
    assert not refused_twice


@pytest.mark.parametrize("refusal", ["bounce", "bounce, mixed: split", "reject, mixed: split"])
def test_a_next_hop_that_refuses_the_report(tmp_path: Path, refusal: str) -> None:
    """Nothing is relayed and nothing lost: before the queue the client hears 550; after it Postfix bounces, once."""
    with guarded(tmp_path, refusal) as one:
        for name in ("lmtp", "proxy"):
            with place(name, one) as here:
                beyond = MailboxSink()
                beyond.refuses = b"MAIL FROM:<>"
                here.after.turn_to(beyond.port)
                mail = letter("docx")
                said = _send(here, mail)
                if name == "proxy":
                    assert said.startswith("550 5.7.1 MSSG-")
                    assert not beyond.kept
                else:
                    wait_for(lambda: _to(here, OWN, mail), 30, "Postfix's own bounce")  # noqa: B023 - called at once
                    assert [recipient for _, recipient, _ in beyond.kept] == [LISTED]
                time.sleep(SETTLE)
                assert len(_to(here, OWN, mail)) == (name == "lmtp")
                beyond.close()


def _send(here: Place, mail: Mail, sender: str = OWN) -> str:
    """To one listed and one ordinary address; what the client hears last."""
    with smtplib.SMTP("127.0.0.1", here.port, timeout=90) as client:
        client.ehlo()
        client.mail(sender)
        for recipient in (LISTED, ORDINARY):
            assert client.rcpt(recipient)[0] == 250
        code, text = client.data(mail.raw)
        return f"{code} {text.decode()}"


def _with(mail: Mail, field: bytes) -> Mail:
    return Mail(mail.mark, field + b"\r\n" + mail.raw)


def _to(here: Place, sender: str, mail: Mail) -> list[bytes]:
    return here.sink.to(sender, mail.mark)


def _ours(raw: bytes) -> bool:
    """Written by the guard: Postfix's own bounces do not say this."""
    return b"X-Auto-Response-Suppress: All" in raw
