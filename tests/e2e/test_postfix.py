"""Real Postfix on both sides of the guard, in each of the three topologies that `setup postfix` prints."""

from __future__ import annotations

import re
import smtplib
import subprocess
import time

import pytest

from mss_guard.edge import postfix_setup
from tests.e2e.postfix import needs_postfix, wait_for
from tests.e2e.topologies import FRIEND, LISTED, MAILBOXES, ORDINARY, OWN, Guarded, Place, letter, place, plain

pytestmark = [needs_postfix, pytest.mark.postfix, pytest.mark.slow]

LETTERS = ("pdf", "docx", "zip in zip")
ODD = {
    "dot lines": ".\r\n..\r\n...\r\n.menu\r\nfin.\r\n",
    "8-bit": "Déjeuner : bœuf et purée, à midi\r\n",
    "a long line": "menu " * 4000 + "\r\n",
    "25 MB": ("le menu de la semaine est au tableau " * 26 + "\r\n") * 26_000,
}


@pytest.mark.parametrize("kind", ODD)
def test_the_bytes_at_the_guards_two_sockets_are_equal_but_for_its_trace_block(wide: Place, kind: str) -> None:
    """Dot lines, 8-bit, long lines and 25 MB leave the guard as they came in, behind one Received and one X-MSS-Guard-Id."""
    mail = plain(ODD[kind])
    wide.send(mail, ORDINARY)
    wide.arrives(mail, ORDINARY, 60)
    received, relayed = wide.before.find(mail.mark), wide.after.find(mail.mark)
    assert received is not None
    assert relayed is not None
    trace, rest = relayed[: len(relayed) - len(received)], relayed[len(relayed) - len(received) :]
    assert rest == received
    fields = re.findall(rb"^[^ \t:]+", trace, re.MULTILINE)
    assert fields == [b"Received", b"X-MSS-Guard-Id"]
    assert b" for " not in trace


@pytest.mark.parametrize("kind", LETTERS)
def test_a_letter_of_discharge_to_an_ordinary_address_is_refused_with_its_reference(wide: Place, kind: str) -> None:
    """In PDF, in DOCX, inside a zip inside a zip: the sender sees the reference, the next hop and the sink see nothing."""
    mail = letter(kind)
    seen = wide.refused(mail, ORDINARY)
    assert re.search(r"MSSG-\w{4}-\w{4}", seen)
    assert "durand" not in seen.lower()
    assert wide.before.find(mail.mark)
    assert wide.after.find(mail.mark) is None
    assert not wide.sink.to(ORDINARY, mail.mark)


@pytest.mark.parametrize("kind", LETTERS)
def test_the_same_letter_to_a_listed_domain_arrives(wide: Place, kind: str) -> None:
    """The trust space receives health data."""
    mail = letter(kind)
    wide.send(mail, LISTED)
    wide.arrives(mail, LISTED)


@pytest.mark.parametrize(
    "alias", ["relais@ehpad-les-tilleuls.fr", "garde@ehpad-les-tilleuls.fr", f"copain@{MAILBOXES}"]
)
def test_an_alias_that_leads_to_an_ordinary_address_is_refused(wide: Place, alias: str) -> None:
    """Alone, beside a mailbox of the house, or in /etc/aliases, the address where it leads is judged; before the queue the alias itself is turned down."""
    mail = letter("docx")
    seen = wide.refused(mail, alias)
    assert ("Cet alias mene hors de la structure" if wide.name == "proxy" else "MSSG-") in seen
    assert not wide.sink.to(FRIEND, mail.mark)


def test_an_alias_of_the_house_is_expanded_once(wide: Place) -> None:
    """Wherever the mappings stand, each address behind the alias receives one copy and the alias none."""
    mail = plain("Le menu de la semaine.\r\n")
    wide.send(mail, "equipe@ehpad-les-tilleuls.fr")
    for name in "ab":
        wide.arrives(mail, f"{name}@ehpad-les-tilleuls.fr")
    time.sleep(0.2)
    assert sorted(r for _, r, data in wide.sink.kept if mail.mark.encode() in data) == [
        "a@ehpad-les-tilleuls.fr",
        "b@ehpad-les-tilleuls.fr",
    ]


def test_only_the_ordinary_recipient_is_bounced_and_the_client_stands_in_the_hops_log(wide: Place) -> None:
    """One MSSanté and one ordinary address: the first receives, Postfix bounces for the second alone; before the queue neither receives."""
    mail = letter("pdf")
    if wide.name == "proxy":
        assert "MSSG-" in wide.refused(mail, LISTED, MAILBOXES, ORDINARY)
        time.sleep(0.2)
        assert not wide.sink.to(LISTED, mail.mark)
        return
    wide.send(mail, LISTED, MAILBOXES, ORDINARY, source="127.0.0.7")
    wide.arrives(mail, LISTED)
    bounce = wide.bounce(mail)
    assert f"Final-Recipient: rfc822; {ORDINARY}" in bounce
    assert LISTED not in bounce
    assert not wide.sink.to(ORDINARY, mail.mark)
    queued = re.compile(r"retour-mssguard/smtpd\[\d+\]: (\w+): client=.*orig_client=\S*\[127\.0\.0\.7\]")
    ids = {found[1] for line in wide.log() if (found := queued.search(line))}
    assert any(mail.mark in line and set(re.findall(r"\w+", line)) & ids for line in wide.log())


def test_dsn_parameters_pass_and_come_back(wide: Place) -> None:
    """RET, ENVID, NOTIFY and ORCPT reach the world as Postfix sent them to the guard, and the bounce carries ENVID and ORCPT."""
    passed, refused = plain("Le menu.\r\n"), letter("docx")
    tag = passed.mark.partition("@")[0]
    options, rcpt_options = (
        ["RET=HDRS", f"ENVID={tag}"],
        ["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;Son+2BAdresse@x.example"],
    )
    wide.send(passed, ORDINARY, options=options, rcpt_options=rcpt_options)
    wide.arrives(passed, ORDINARY)
    before, after = (_envelope(tap.commands, tag) for tap in (wide.before, wide.after))
    assert before == after
    assert all(
        word in b" ".join(before)
        for word in (b"RET=HDRS", b"NOTIFY=SUCCESS,FAILURE", b"ORCPT=rfc822;Son+2BAdresse@x.example")
    )
    assert any(b"ENVID=" + tag.encode() in line for line in wide.sink.commands)
    if wide.name == "proxy":
        return  # the refusal is the session's own 550: there is no bounce
    wide.send(refused, ORDINARY, options=options, rcpt_options=rcpt_options)
    bounce = wide.bounce(refused)
    assert f"Original-Envelope-Id: {tag}" in bounce
    assert "Original-Recipient: rfc822;Son+Adresse@x.example" in bounce


def _envelope(commands: list[bytes], tag: str) -> list[bytes]:
    first = next(i for i, line in enumerate(commands) if f"ENVID={tag}".encode() in line)
    return commands[first : first + 2]


def test_a_sender_who_wants_no_report_gets_none(wide: Place) -> None:
    """NOTIFY=NEVER: the refused message neither arrives nor bounces."""
    if wide.name == "proxy":
        pytest.skip("before the queue there is no bounce")
    mail = letter("docx")
    wide.send(mail, ORDINARY, rcpt_options=["NOTIFY=NEVER"])
    wait_for(lambda: any("status=bounced" in line and "MSSG-" in line for line in wide.log()[-6:]), 20, "the refusal")
    assert not wide.sink.to(OWN, mail.mark)
    assert not wide.sink.to(ORDINARY, mail.mark)


def test_the_bounce_is_in_french_and_brings_no_content_back(wide: Place) -> None:
    """Postfix takes the template, returns the headers only, and says that one telephones when it is urgent."""
    if wide.name == "proxy":
        pytest.skip("before the queue there is no bounce")
    bounce = wide.refused(letter("docx"), ORDINARY)
    assert "Votre_message_n=27a_pas_=C3=A9t=C3=A9_remis" in bounce
    assert "téléphonez" in bounce
    assert "text/rfc822-headers" in bounce
    assert "UEsDB" not in bounce  # a zip, in base64


def test_postfix_itself_finds_nothing_to_say_about_the_lines(wide: Place) -> None:
    """`postfix check` and `postconf -b` are silent, and no process of this run has warned about a setting."""
    config = str(wide.folder / "etc")
    for command in (
        ["postfix", "-c", config, "check"],
        ["postconf", "-c", config, "-b", f"{config}/bounce-mss-guard.cf"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        said = [line for line in done.stderr.splitlines() if "overriding earlier entry" not in line]
        assert (done.returncode, said) == (0, [])
    wrong = (
        "unused parameter",
        "unknown smtpd restriction",
        "ignoring this template",
        "unavailable",
        "fatal:",
        "lookup error",
    )
    assert not [line for line in wide.log() if any(word in line for word in wrong)]


def test_doctor_reads_the_same_from_a_real_postconf(wide: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the printed lines it says nothing; of what they cannot mend, it does: a .forward read after an LMTP guard."""
    monkeypatch.setenv("MAIL_CONFIG", str(wide.folder / "etc"))
    there = postfix_setup.read()
    assert there is not None
    said = list(postfix_setup.gaps(there, frozenset({wide.before.port}), wide.hop))
    assert [".forward" in sentence for sentence in said] == ([True] if wide.name == "lmtp" else [])


@pytest.mark.parametrize("name", ["lmtp", "proxy"])
def test_an_address_inside_an_address_of_the_house_stays_in_the_house(one_guard: Guarded, name: str) -> None:
    """Where Postfix is the house's own server, user%other@ours, other!user@ours and "user@other"@ours lead nowhere else."""
    user, _, other = ORDINARY.partition("@")
    mail, own = letter("docx"), "ehpad-les-tilleuls.fr"
    with place(name, one_guard, (f"mydestination = {own}",)) as here:
        here.aim()
        with smtplib.SMTP("127.0.0.1", here.port, timeout=30) as client:
            client.ehlo()
            for local in (f"{user}%{other}", f"{other}!{user}", f'"{ORDINARY}"', f'"{user}%{other}"'):
                client.docmd(f"MAIL FROM:<{OWN}>")
                assert client.docmd(f"RCPT TO:<{local}@{own}>")[0] == 250
                assert client.data(mail.raw)[0] == 250

        def ends() -> list[str]:
            return [line for line in here.log() if "retour" not in line and f"to=<{OWN}>" not in line
                    and re.search(r"/(local|smtp)\[.*status=", line)]  # fmt: skip

        wait_for(lambda: len(ends()) >= 4, 8, "the fate of the four")
        assert here.sink.kept == []
        assert all("/local[" in line for line in ends()), ends()
