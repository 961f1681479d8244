"""The notice to a sender of the structure: text and accessible HTML, without a word of what the message held.

It names the message by its date and recipients, says where something was found and of which sort, who received it, what
to do now and whom to ask. No subject, no file name, no matched text, no claim that the law imposes MSSanté: it does
not.
"""

from __future__ import annotations

import re
from datetime import datetime
from email import policy as email_policy
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.utils import format_datetime

from mss_guard.core.model import Address
from mss_guard.core.notice import words
from mss_guard.core.notice.facts import context
from mss_guard.core.notice.occasion import Occasion
from mss_guard.core.notice.stationery import Letterhead, Stationery

_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,248}>")


def compose_notice(occasion: Occasion, paper: Stationery, *, message_id: str, now: datetime) -> bytes:
    """The whole notice as it goes over the wire (CRLF), for the envelope sender <> and the occasion's sender.

    `message_id`: ours, with its angle brackets. Raises jinja2.TemplateError for templates that do not fit; each is
    tried when the stationery is loaded (`rehearsal.rehearse`), so that this is known before staff see one.
    """
    sender = occasion.envelope.mail_from
    assert sender is not None  # may_notify said so
    said = context(occasion, paper)
    message = addressed(sender, paper.letterhead, paper.speech.language, message_id=message_id, now=now)
    message["Subject"] = f"{said['title']} ({occasion.reference})"
    original = occasion.assessment.message_id if occasion.assessment else ""
    if _MESSAGE_ID.fullmatch(original):
        message["In-Reply-To"] = original
        message["References"] = original
    message.set_content(paper.text.render(said), cte="quoted-printable")
    message.add_alternative(paper.html.render(said), subtype="html", cte="quoted-printable")
    # Quoted-printable never writes "=_", so this boundary stands in no part; a random one is not for the core.
    message.set_boundary(f"=_{occasion.reference}_=")
    return message.as_bytes()


def addressed(
    sender: Address, letterhead: Letterhead, language: str, *, message_id: str, now: datetime
) -> EmailMessage:
    """A letter of ours without subject and text: from the structure's contact, automatic (RFC 3834 §5)."""
    message = EmailMessage(policy=email_policy.SMTP)
    message["From"] = HeaderAddress(words.clean(letterhead.structure), addr_spec=letterhead.contact_email)
    message["To"] = HeaderAddress(username=sender.local_part, domain=sender.domain)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-replied"
    message["X-Auto-Response-Suppress"] = "All"
    message["Content-Language"] = language
    return message
