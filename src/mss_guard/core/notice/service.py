"""What the guard writes of itself to whoever looks after it: mail that waits through its own fault, mail that passes uninspected.

Plain French text, with the one command that helps. It knows counts and instants, and nothing of any message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy as email_policy
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.utils import format_datetime

from mss_guard.core.model import Address
from mss_guard.core.notice import words
from mss_guard.core.notice.speech import FRENCH

CAUSES = {
    "inspection": "l'examen des messages ne répond pas",
    "list": "la liste blanche manque ou est trop ancienne",
    "journal": "le journal ne peut pas être écrit (disque plein ?)",
    "fault": "une erreur interne du guet",
}
_LOOK = {
    "inspection": "mss-guard doctor ; journalctl -u mss-guard",
    "list": "mss-guard trust update ; mss-guard trust status",
    "journal": "df -h ; mss-guard doctor",
    "fault": "journalctl -u mss-guard ; mss-guard doctor",
}
COMMAND = 'mss-guard bypass on --for 2h --reason "…"'


@dataclass(frozen=True, slots=True)
class Letter:
    """One text, before it is addressed."""

    subject: str
    paragraphs: tuple[str, ...]


def fault(cause: str, since: datetime, count: int, host: str, *, observe: bool) -> Letter:
    """Mail waits, or in `observe` passes unexamined, because of us. `cause`: a key of CAUSES; `since`: local time."""
    what = _messages(count)
    happens = (
        "est relayé sans examen (mode observation)"
        if observe
        else "attend : les serveurs réessaient d'eux-mêmes, rien n'est perdu"
    )
    return Letter(
        f"mss-guard : {'courrier non examiné' if observe else 'courrier en attente'} ({CAUSES[cause]})",
        (
            f"Sur {host}, depuis le {FRENCH.moment(since)}, {CAUSES[cause]}. {what[0].upper()}{what[1:]} jusqu'ici ; le courrier concerné {happens}.",
            f"À regarder : {_LOOK[cause]}",
            f"Si cela dure et que le courrier doit passer sans être examiné, une commande, qui s'arrête d'elle-même :\n{COMMAND}",
            "Ce message revient toutes les heures tant que cela dure, et une fois à la fin.",
        ),
    )


def fault_over(cause: str, since: datetime, count: int, host: str) -> Letter:
    """It is over."""
    return Letter(
        "mss-guard : le courrier est de nouveau examiné",
        (
            f"Sur {host}, l'incident commencé le {FRENCH.moment(since)} ({CAUSES[cause]}) est fini : {_messages(count)}.",
        ),
    )


def bypass_on(until: datetime, by: str, reason: str, count: int, host: str, *, again: bool) -> Letter:
    """Mail passes uninspected from here on, or (`again`) still."""
    still = "toujours " if again else ""
    return Letter(
        f"mss-guard : le courrier passe {still}SANS EXAMEN jusqu'au {FRENCH.moment(until)}",
        (
            f"Sur {host}, le contournement est {still}en service jusqu'au {FRENCH.moment(until)}.",
            f"Décidé par : {words.clean(by)}. Motif : {words.clean(reason)}.",
            f"Messages passés sans examen jusqu'ici : {count}. Chacun est inscrit au journal comme non examiné.",
            "Les règles des boîtes sécurisées et des partenaires commerciaux tiennent toujours.",
            "Pour l'arrêter avant : mss-guard bypass off",
        ),
    )


def bypass_over(since: datetime, count: int, host: str, *, early: bool) -> Letter:
    """Mail is inspected again. `early`: somebody ended it before its time."""
    how = "a été arrêté" if early else "est arrivé à son terme"
    return Letter(
        "mss-guard : le courrier est de nouveau examiné",
        (
            f"Sur {host}, le contournement commencé le {FRENCH.moment(since)} {how}. Messages passés sans examen : {count}.",
            "Les retrouver : mss-guard audit search --uninspected bypass",
        ),
    )


def _messages(count: int) -> str:
    return "un message touché" if count == 1 else f"{count} messages touchés"


def compose(letter: Letter, to: Address, sender: str, structure: str, *, message_id: str, now: datetime) -> bytes:
    """As it goes over the wire (CRLF), for the envelope sender <>. `sender`: the address it says it comes from."""
    message = EmailMessage(policy=email_policy.SMTP)
    message["From"] = HeaderAddress(words.clean(structure), addr_spec=sender)
    message["To"] = HeaderAddress(username=to.local_part, domain=to.domain)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: nobody answers it
    message["X-Auto-Response-Suppress"] = "All"
    message["Content-Language"] = "fr"
    message.set_content("\n\n".join(_lines(letter.paragraphs)) + "\n", cte="quoted-printable")
    return message.as_bytes()


def _lines(paragraphs: Sequence[str]) -> list[str]:
    return [paragraph.strip() for paragraph in paragraphs]
