"""Mail programs in front of the guard, its patience with a client that is refused again and again, and Postfix with its own limits."""

from __future__ import annotations

import shutil
import smtplib
import subprocess
import time
from collections.abc import Callable

import pytest

from tests.e2e.documents import examples
from tests.e2e.postfix import needs_postfix
from tests.e2e.topologies import LISTED, ORDINARY, OWN, Mail, Place, letter, plain

pytestmark = [needs_postfix, pytest.mark.postfix, pytest.mark.slow]


def _door(place: Place) -> tuple[str, int]:
    """Where a program sends: to Postfix when its refusals show in the session, else to the guard itself."""
    if place.name == "proxy":
        return "smtp", place.port
    return "lmtp" if place.name == "lmtp" else "smtp", place.before.port


def _swaks(protocol: str, port: int) -> list[str]:
    said = ["--protocol", "LMTP" if protocol == "lmtp" else "ESMTP", "--server", f"127.0.0.1:{port}"]
    return ["swaks", *said, "--from", OWN, "--to", ORDINARY, "--data", "-", "--suppress-data"]


def _msmtp(protocol: str, port: int) -> list[str]:
    where = [f"--protocol={protocol}", "--host=127.0.0.1", f"--port={port}", "--tls=off", "--auth=off"]
    return ["msmtp", "--file=/dev/null", *where, f"--from={OWN}", ORDINARY]


def _s_nail(protocol: str, port: int) -> list[str]:
    if protocol == "lmtp":
        pytest.skip("s-nail speaks SMTP only")
    settings = [
        "v15-compat=yes",
        f"mta=smtp://127.0.0.1:{port}",
        "smtp-auth=none",
        f"from={OWN}",
        "ttycharset=utf-8",
        "sendwait",
    ]
    return ["s-nail", "-:/", *(word for one in settings for word in ("-S", one)), "-s", "Document", ORDINARY]


PROGRAMS: dict[str, Callable[[str, int], list[str]]] = {"swaks": _swaks, "msmtp": _msmtp, "s-nail": _s_nail}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_mail_program_is_served_and_shows_the_refusal(program: str, wide: Place) -> None:
    """swaks, msmtp and s-nail send through the guard; what is refused ends with a status and the reference."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is missing: apt-get install {program}")
    command = PROGRAMS[program](*_door(wide))
    good, bad = (
        subprocess.run(
            command,
            input=text.encode() if program == "s-nail" else plain(text).raw,  # s-nail writes the header itself
            capture_output=True,
            timeout=60,
            check=False,
        )
        for text in ("Le menu.\n", examples.LETTER)
    )
    assert good.returncode == 0, good.stderr
    assert bad.returncode != 0
    assert b"MSSG-" in bad.stdout + bad.stderr


def _client(place: Place) -> smtplib.SMTP:
    protocol, port = _door(place)
    return (smtplib.LMTP if protocol == "lmtp" else smtplib.SMTP)("127.0.0.1", port, timeout=60)


def _refused(client: smtplib.SMTP, mail: Mail) -> float:
    """Seconds until the 550 with its reference."""
    began = time.monotonic()
    client.mail(OWN)
    assert client.rcpt(ORDINARY)[0] == 250
    code, text = client.data(mail.raw)
    assert (code, b"MSSG-" in text) == (550, True), text
    return time.monotonic() - began


def test_two_hundred_refusals_in_one_session_are_not_slowed_down(wide: Place) -> None:
    """A program that is refused 200 times in one session never waits the second that Postfix imposes; then its ordinary message passes."""
    with _client(wide) as client:
        client.ehlo_or_helo_if_needed()
        took = [_refused(client, letter("docx")) for _ in range(200)]
        mail = plain("Le menu.\r\n")
        client.sendmail(OWN, [ORDINARY], mail.raw)
    first, rest = 50 * sum(took[:20]), sum(took[20:]) / 0.18
    print(
        f"{wide.name}: {first:.0f} ms a refusal among the first 20, {rest:.0f} ms among the other 180, longest {1000 * max(took):.0f} ms"
    )
    assert sum(seconds > 0.95 for seconds in took) < 2  # one may be this machine's own
    wide.arrives(mail, ORDINARY)


def test_stock_limits_pass_ordinary_mail_and_refuse_the_letter(stock: Place) -> None:
    """With Postfix's own limits untouched: an ordinary message arrives, a letter reaches the listed domain and no other."""
    ordinary, good, bad = plain("Le menu de la semaine : bœuf, purée.\r\n.\r\n"), letter("pdf"), letter("zip in zip")
    stock.send(ordinary, ORDINARY)
    stock.send(good, LISTED)
    assert "MSSG-" in stock.refused(bad, ORDINARY)
    stock.arrives(ordinary, ORDINARY)
    stock.arrives(good, LISTED)
    assert not stock.sink.to(ORDINARY, bad.mark)


def test_a_message_that_is_too_large_for_the_next_hop_is_refused_in_its_words(stock: Place) -> None:
    """Postfix's own message_size_limit is known in front of the guard, at MAIL, by SIZE."""
    with _client(stock) as client:
        client.ehlo_or_helo_if_needed()
        code, text = client.mail(OWN, ["SIZE=20000000"])
        assert (code, text[:5]) == (552, b"5.3.4")
