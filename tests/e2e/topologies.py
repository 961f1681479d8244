"""Client → Postfix → tap → guard → tap → Postfix → sink, in one of the three topologies that `setup postfix` prints, with its very lines."""

from __future__ import annotations

import contextlib
import itertools
import smtplib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from mss_guard.cli import postfix_recipe
from mss_guard.cli.postfix_recipe import Recipe
from tests.e2e import documents
from tests.e2e.guard_process import Guard, running
from tests.e2e.mailbox_sink import MailboxSink
from tests.e2e.postfix import free_port, postfix, wait_for
from tests.e2e.tap import Tap

TOPOLOGIES = ("lmtp", "proxy", "smart-host")
OWN = "ide@ehpad-les-tilleuls.fr"
ORDINARY = "docteur.martin@messagerie-ordinaire.example"
FRIEND = "ami@messagerie-ordinaire.example"  # where the outward aliases lead
LISTED = documents.LISTED
WIDE = (
    "message_size_limit = 0",
    "mailbox_size_limit = 0",
    "smtp_line_length_limit = 0",
    "lmtp_line_length_limit = 0",
    "disable_mime_output_conversion = yes",
)
VIRTUAL = f"""\
relais@ehpad-les-tilleuls.fr {FRIEND}
garde@ehpad-les-tilleuls.fr garde@ehpad-les-tilleuls.fr, {FRIEND}
equipe@ehpad-les-tilleuls.fr a@ehpad-les-tilleuls.fr, b@ehpad-les-tilleuls.fr
"""
MAILBOXES = "lingerie.tilleuls.test"  # a domain whose mailboxes are on this machine
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Mail:
    """`mark`: its Message-ID, by which it is found again wherever it went."""

    mark: str
    raw: bytes


def plain(text: str) -> Mail:
    mark = f"e2e.{next(_numbers)}@tilleuls.test"
    head = f"From: {OWN}\r\nTo: qui@exemple.example\r\nSubject: Menu\r\nDate: Mon, 02 Mar 2026 14:32:00 +0100\r\nMessage-ID: <{mark}>\r\n"
    return Mail(mark, f"{head}\r\n{text}".encode())


def letter(kind: str) -> Mail:
    """A letter of discharge as an attachment: `pdf`, `docx` or `zip in zip`."""
    mark = f"e2e.{next(_numbers)}@tilleuls.test"
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = OWN, "qui@exemple.example", "Document"
    message["Message-ID"] = f"<{mark}>"
    message.set_content("Ci-joint.")
    name = f"document.{kind.partition(' ')[0]}"
    message.add_attachment(documents.LETTERS[kind], maintype="application", subtype="octet-stream", filename=name)
    return Mail(mark, message.as_bytes())


@dataclass(frozen=True)
class Place:
    """One topology that runs. `port`: where users submit; `before`, `after`: the guard's two sockets; `folder`: Postfix's.

    `hop`: the re-injection of this Postfix.
    """

    name: str
    port: int
    before: Tap
    after: Tap
    sink: MailboxSink
    folder: Path
    hop: int

    def aim(self) -> Place:
        """Makes this Postfix the one that the guard hands on to."""
        self.after.turn_to(self.hop)
        return self

    def send(
        self,
        mail: Mail,
        *recipients: str,
        source: str = "127.0.0.1",
        options: Sequence[str] = (),
        rcpt_options: Sequence[str] = (),
    ) -> None:
        with smtplib.SMTP("127.0.0.1", self.port, timeout=90, source_address=(source, 0)) as client:
            client.sendmail(OWN, list(recipients), mail.raw, ["BODY=8BITMIME", *options], list(rcpt_options))

    def arrives(self, mail: Mail, recipient: str, seconds: float = 30.0) -> bytes:
        wait_for(lambda: self.sink.to(recipient, mail.mark), seconds, f"the message at {recipient}")
        return self.sink.to(recipient, mail.mark)[0]

    def bounce(self, mail: Mail) -> str:
        """What came back to its sender, with the headers of the message."""
        return self.arrives(mail, OWN).decode("utf-8", "replace")

    def refused(self, mail: Mail, *recipients: str) -> str:
        """Sends, and returns the refusal as the sender sees it: in the session, or in the bounce that comes back."""
        if self.name != "proxy":
            self.send(mail, *recipients)
            return self.bounce(mail)
        with pytest.raises((smtplib.SMTPDataError, smtplib.SMTPRecipientsRefused)) as refusal:
            self.send(mail, *recipients)
        return str(refusal.value)

    def log(self) -> list[str]:
        return (self.folder / "log").read_text().splitlines()


def recipe(name: str, guard: int, hop: int, submission: int, sink: int) -> tuple[Recipe, list[str], list[str]]:
    """What `setup postfix` prints for the topology, and the lines of a Postfix that was there before it (main.cf, master.cf)."""
    place = ("127.0.0.1", hop)
    world = f"relayhost = [127.0.0.1]:{sink}"
    users = f"127.0.0.1:{submission} inet n - n - - smtpd"
    if name == "lmtp":
        return postfix_recipe.lmtp(f"[127.0.0.1]:{guard}", place, 20), [world], [users]
    if name == "proxy":
        own = ("ehpad-les-tilleuls.fr", MAILBOXES)
        printed = postfix_recipe.proxy_filter(
            f"127.0.0.1:{guard}", place, 20, own=own, service=f"127.0.0.1:{submission}"
        )
        return printed, [world], []
    return postfix_recipe.smart_host(f"[127.0.0.1]:{guard}", place, 20, beyond=f"smtp:[127.0.0.1]:{sink}"), [], [users]


@dataclass(frozen=True)
class Guarded:
    """A guard between taps, which serves one Postfix after the other. `doors`: where Postfix finds it, by mode; `after`: its next hop."""

    guard: Guard
    doors: Mapping[str, Tap]
    after: Tap


@contextlib.contextmanager
def guarded(state: Path, refusal: str = "reject") -> Iterator[Guarded]:
    """Starts the guard before a server that stands in for Postfix, so that it knows what a next hop offers.

    `refusal`: as in `policy: {refusal: …}`, more keys after a comma.
    """
    with contextlib.ExitStack() as at_end:
        stand_in = at_end.enter_context(contextlib.closing(MailboxSink()))
        after = at_end.enter_context(contextlib.closing(Tap(stand_in.port)))
        ports = {mode: free_port() for mode in ("lmtp", "smtp")}
        doors = {mode: at_end.enter_context(contextlib.closing(Tap(port))) for mode, port in ports.items()}
        guard = at_end.enter_context(
            running(Guard(state, after.port, {port: f"mode: {mode}" for mode, port in ports.items()}, refusal=refusal))
        )
        yield Guarded(guard, doors, after)


@contextlib.contextmanager
def place(name: str, guarded: Guarded, main_cf: Sequence[str] = ()) -> Iterator[Place]:
    """Postfix on both sides of the guard; ended afterwards. `main_cf` comes last."""
    with contextlib.closing(MailboxSink()) as sink:
        submission, hop = free_port(), free_port()
        before = guarded.doors["lmtp" if name == "lmtp" else "smtp"]
        printed, main, master = recipe(name, before.port, hop, submission, sink.port)
        files = {
            "virtual": VIRTUAL,
            "aliases": f"copain {FRIEND}\n",
            "bounce-mss-guard.cf": postfix_recipe.BOUNCE_TEMPLATE,
        }
        # smart host: /etc/aliases is resolved at delivery, in front of the guard; elsewhere it has to come before the queue
        tables = "texthash:/etc/postfix/virtual" + ("" if name == "smart-host" else ", $alias_maps")
        base = [
            f"virtual_alias_maps = {tables}",
            "alias_maps = texthash:/etc/postfix/aliases",
            f"mydestination = {MAILBOXES}",
        ]
        lines = [*base, *main, *printed.main_cf, *main_cf], [*master, *printed.master_cf]
        with postfix(*lines, files) as folder:
            yield Place(name, submission, before, guarded.after, sink, folder, hop)
