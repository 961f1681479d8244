"""Threads of two to six messages, each written as its client writes it: whose words are whose is known word for word.

`threads()` yields them, the same at each call. `clients.py` knows the clients, `stories.py` what people say.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from email.policy import SMTP

from tests.mail.threads import stories
from tests.mail.threads.clients import CLIENTS, Body, Client, Person, Sent

_PARIS = timezone(timedelta(hours=1))


@dataclass(frozen=True)
class Said:
    """A paragraph and whose it is: `place` own | quoted | forwarded, or signature for the lines under a closing."""

    text: str
    place: str


@dataclass(frozen=True)
class Thread:
    """The last message of a thread. `kind`: what is clinical in it: quote (by a recipient), own, none, forward."""

    id: str
    kind: str
    client: str
    clients: tuple[str, ...]
    raw: bytes
    recipients: tuple[str, ...]
    said: tuple[Said, ...]


KINDS = ("quote", "own", "none", "forward")


def threads(count: int = 120) -> Iterator[Thread]:
    """Clients and languages in turn; two in five have a clinical quotation by somebody who is written to."""
    for number in range(count):
        dice = random.Random(f"thread {number}")
        kind = ("quote", "quote", "own", "none", "forward")[number % 5]
        yield _thread(number, kind, dice)


def _thread(number: int, kind: str, dice: random.Random) -> Thread:
    last = CLIENTS[number // 5 % len(CLIENTS)]
    language = "en" if number % 6 == 5 else "fr"
    length = dice.randint(2, 6)
    ours, theirs = stories.people(dice)
    told = stories.Telling(dice, language)
    clinical = length - 2 if kind in ("quote", "forward") else length - 1 if kind == "own" else -1
    used = [dice.choice(CLIENTS) for _ in range(length - 1)] + [last]
    at = datetime(2026, 1, 5, 8, 0, tzinfo=_PARIS) + timedelta(days=dice.randint(0, 300))
    before: Sent | None = None
    for turn, client in enumerate(used):
        # the last word is ours, so that what stands above it was said by those who are written to now
        author, reader = (ours, theirs) if (length - turn) % 2 else (theirs, ours)
        forwards = kind == "forward" and turn == length - 1
        paragraphs = told.paragraphs(clinical=turn == clinical, few=turn == length - 1)
        at += timedelta(minutes=dice.randint(9, 3000))
        body = client.write(paragraphs, told.closing(author), before, dice, forward=forwards)
        subject = told.subject if turn == 0 else client.subject(before.subject if before else "", forward=forwards)
        before = Sent(body, author, reader, at, subject, language, paragraphs, told.last_closing)
    assert before is not None
    to = replace(theirs, name="Cabinet voisin", address="voisin@autre.example") if kind == "forward" else theirs
    return Thread(
        id=f"{number:03}-{last.name}-{kind}-{length}-{language}",
        kind=kind,
        client=last.name,
        clients=tuple(c.name for c in used),
        raw=_raw(before, to, last),
        recipients=(to.address,),
        said=tuple(_said(before.body, "own", "forwarded" if kind == "forward" else "quoted")),
    )


def _said(body: Body, own: str, other: str) -> Iterator[Said]:
    for depth, text, closing in body.said:
        yield Said(text, "signature" if closing else own if depth == 0 else other)


def _raw(sent: Sent, to: Person, client: Client) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = str(sent.author), str(to)
    message["Subject"], message["Date"] = sent.subject, sent.at
    message["Message-ID"] = f"<{sent.at:%Y%m%d%H%M%S}@tilleuls.example>"
    for name, value in client.headers:
        message[name] = value
    message.set_content(sent.body.plain, cte="quoted-printable")
    if client.html:
        message.add_alternative(sent.body.html, subtype="html", cte="quoted-printable")
    return message.as_bytes()
