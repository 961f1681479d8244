"""One letter for the refusals beyond a sender's hourly cap: how many, and their references. Nothing else is known of
them here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email import policy as email_policy
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.utils import format_datetime

from mss_guard.core.model import Address
from mss_guard.core.notice import words
from mss_guard.core.notice.letter import Letterhead


def compose_summary(
    sender: Address, references: Sequence[str], count: int, letterhead: Letterhead, *, message_id: str, now: datetime
) -> bytes:
    """The summary as it goes over the wire (CRLF). `references`: the first ones; `count`: all of them."""
    more = count - len(references)
    contact = (letterhead.contact_name, letterhead.contact_phone, letterhead.contact_email, letterhead.contact_hours)
    message = EmailMessage(policy=email_policy.SMTP)
    message["From"] = HeaderAddress(words.clean(letterhead.structure), addr_spec=letterhead.contact_email)
    message["To"] = HeaderAddress(username=sender.local_part, domain=sender.domain)
    message["Subject"] = f"{count} autres messages non transmis" if count > 1 else "Un autre message non transmis"
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-replied"  # RFC 3834 §5
    message["X-Auto-Response-Suppress"] = "All"
    message["Content-Language"] = "fr"
    several = "s" if count > 1 else ""
    verb = "ont" if count > 1 else "a"
    what = f"Dans l'heure écoulée, {count} autre{several} de vos messages n'{verb} pas été transmis, sans avis particulier."
    which = "Références : " + ", ".join(references) + (f" et {more} autres" if more > 0 else "") + "."
    whom = "Une question : " + ", ".join(words.clean(each) for each in contact if each) + "."
    lines = [what, "", which, "", whom, "Urgence : n'attendez pas une réponse par mail, téléphonez."]
    message.set_content("\n".join(lines), cte="quoted-printable")
    return message.as_bytes()
