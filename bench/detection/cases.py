"""A case is one message or document with what it is known to be; here also the envelope in which a text is judged."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Literal

Truth = Literal["yes", "no", "grey"]

SENDER, RECIPIENT = "equipe@tilleuls.example", "correspondant@exemple.example"


@dataclass(frozen=True, slots=True)
class Case:
    """`measure`: the row of the goals it counts in; `category`: what its author says of a grey one."""

    id: str
    source: str
    measure: str
    truth: Truth
    raw: bytes
    name: str = ""  # of a document; a message has none
    category: str = ""
    recipients: tuple[str, ...] = (RECIPIENT,)
    why: str = ""


GREETINGS = ("Bonjour,", "Madame, Monsieur,", "Bonjour à tous,", "Chère collègue,", "Docteur,", "Bonsoir,")
CLOSINGS = ("Cordialement,", "Bien cordialement,", "Bonne journée,", "Bien à vous,", "Respectueusement,")
SIGNATURES = (
    "Dr Hélène Marchand\nMédecin coordonnateur\nEHPAD Résidence du Parc\n02 40 00 00 00",
    "Sandrine Leroux\nInfirmière coordinatrice\nSSIAD du Val de Loire",
    "Karim Benali, chef de service éducatif\nIME Les Glycines",
    "Secrétariat de cardiologie\nCentre hospitalier de Brive\nTél. 05 55 00 00 00",
    "Nathalie Perrin\nAssistante de direction",
    "Le service des admissions\nClinique des Ormes",
)
SUBJECTS = (
    "Suite à notre échange",
    "Information",
    "Pour faire suite",
    "Votre demande",
    "Point du jour",
    "Re: document",
)


def message(subject: str, body: str, *, to: str = RECIPIENT, files: Sequence[tuple[str, bytes]] = ()) -> bytes:
    """A plain message as a mail client would send it."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = SENDER, to, subject
    mail["Date"], mail["Message-ID"] = "Mon, 02 Nov 2026 09:12:00 +0100", "<case@tilleuls.example>"
    mail.set_content(body, cte="quoted-printable")
    for name, content in files:
        mail.add_attachment(content, "application", "octet-stream", filename=name)
    return mail.as_bytes()


def as_it_is(text: str) -> bytes:
    """The whole text as the body of a message without more."""
    return message("Document", text)


def as_mail(text: str, seed: str) -> bytes:
    """A window of 50 to 160 words between a greeting and a signature; the same for the same seed."""
    dice = random.Random(seed)
    return message(dice.choice(SUBJECTS), wrapped(window(text, dice), dice))


def window(text: str, dice: random.Random) -> str:
    """50 to 160 words in a row, with their own line ends."""
    starts = [i for i, c in enumerate(text) if not c.isspace() and (i == 0 or text[i - 1].isspace())]
    wanted = dice.randint(50, 160)
    if len(starts) <= wanted:
        return text.strip()
    first = dice.randrange(len(starts) - wanted + 1)
    end = starts[first + wanted] if first + wanted < len(starts) else len(text)
    return text[starts[first] : end].strip()


def wrapped(body: str, dice: random.Random) -> str:
    """Between a greeting and a signature."""
    return f"{dice.choice(GREETINGS)}\n\n{body}\n\n{dice.choice(CLOSINGS)}\n{dice.choice(SIGNATURES)}\n"
