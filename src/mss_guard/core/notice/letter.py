"""The French notice to a sender of the structure: text and accessible HTML, without a word of what the message held.

It names the message by its date and recipients, says where something was found and of which sort, who received it, what
to do now and whom to ask. No subject, no file name, no matched text, no claim that the law imposes MSSanté: it does
not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email import policy as email_policy
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.utils import format_datetime

from jinja2 import DictLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mss_guard.core.model import (
    Action,
    Assessment,
    Envelope,
    Finding,
    Measure,
    Reason,
    Verdict,
    Why,
)
from mss_guard.core.notice import words

TEXT, HTML = "notice.txt.j2", "notice.html.j2"
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,248}>")
_AUTOMATIC = re.compile(
    rb"^(?:auto-submitted[ \t]*:(?![ \t]*no[ \t;\r\n])"
    rb"|precedence[ \t]*:[ \t]*(?:bulk|junk|list)\b|list-[a-z-]+[ \t]*:)",
    re.IGNORECASE | re.MULTILINE,
)
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_HEADER_ROOM = 256 * 1024
_NO_PEOPLE = frozenset({"postmaster", "mailer-daemon"})


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What the structure puts on its notices. `domains`: its ordinary mail domains, A-labels. `secure_access`: a URL.
    `grades`: the regional body for e-health, with its site when that is known for sure."""

    structure: str
    domains: frozenset[str]
    contact_email: str
    contact_name: str = ""
    contact_phone: str = ""
    contact_hours: str = ""
    secure_access: str = ""
    grades: str = ""
    grades_site: str = ""


@dataclass(frozen=True, slots=True)
class Occasion:
    """One message that its sender is told about. `delivered`: per recipient of the verdict, what the outcome was. `at`:
    when the guard had it, aware, in the structure's own time zone."""

    reference: str
    envelope: Envelope
    verdict: Verdict
    assessment: Assessment | None
    delivered: tuple[bool, ...]
    at: datetime
    in_reply_to: str = field(default="")


def may_notify(
    envelope: Envelope, assessment: Assessment | None, letterhead: Letterhead, *, automatic: bool | None = None
) -> bool:
    """May a notice go to this sender? (RFC 3834 §2, RFC 5321 §6.1)

    Only to people of the structure: never for the null sender, strangers, lists, bulk and automatic mail. For a message
    that was not inspected the caller says whether it is automatic (`says_automatic`); nobody knowing is a no.
    """
    sender = envelope.mail_from
    if sender is None or sender.malformed or sender.domain not in letterhead.domains:
        return False
    if sender.local_part.casefold() in _NO_PEOPLE or not sender.raw.isascii():
        return False
    if automatic is None:
        automatic = assessment.automatic if assessment is not None else True
    return not automatic


def says_automatic(raw: bytes) -> bool:
    """Does this message's header call it automatic, bulk or a list's? A look at the first bytes, for what no worker has
    read.
    """
    head = raw[:_HEADER_ROOM]
    end = _HEADER_END.search(head)
    return _AUTOMATIC.search(head[: end.start() + 2] if end else head) is not None


def wanted(verdict: Verdict) -> bool:
    """Is there something to tell? A refusal, or a message relayed with advice; nothing is told in `observe`."""
    if verdict.would is not None:
        return False
    measures = {r.measure for r in verdict.recipients}
    return any(r.action is Action.REFUSE for r in verdict.recipients) or Measure.ADVISE in measures


def compose_notice(
    occasion: Occasion, letterhead: Letterhead, templates: Mapping[str, str], *, message_id: str, now: datetime
) -> bytes:
    """The whole notice as it goes over the wire (CRLF), for the envelope sender <> and the occasion's sender.

    `templates`: file name → Jinja2 text, at least notice.txt.j2 and notice.html.j2. `message_id`: ours, with its angle
    brackets. Raises jinja2.TemplateError for templates that do not fit; notices are composed once at start, so that
    this is known before staff see one.
    """
    sender = occasion.envelope.mail_from
    assert sender is not None  # may_notify said so
    context = _context(occasion, letterhead)
    environment = ImmutableSandboxedEnvironment(
        loader=DictLoader(dict(templates)),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    message = EmailMessage(policy=email_policy.SMTP)
    message["From"] = HeaderAddress(words.clean(letterhead.structure), addr_spec=letterhead.contact_email)
    message["To"] = HeaderAddress(username=sender.local_part, domain=sender.domain)
    message["Subject"] = f"{context['title']} ({occasion.reference})"
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id
    original = occasion.assessment.message_id if occasion.assessment else occasion.in_reply_to
    if _MESSAGE_ID.fullmatch(original):
        message["In-Reply-To"] = original
        message["References"] = original
    message["Auto-Submitted"] = "auto-replied"  # RFC 3834 §5
    message["X-Auto-Response-Suppress"] = "All"
    message["Content-Language"] = "fr"
    message.set_content(environment.get_template(TEXT).render(context), cte="quoted-printable")
    message.add_alternative(environment.get_template(HTML).render(context), subtype="html", cte="quoted-printable")
    # Quoted-printable never writes "=_", so this boundary stands in no part; a random one is not for the core.
    message.set_boundary(f"=_{occasion.reference}_=")
    return message.as_bytes()


def _context(occasion: Occasion, letterhead: Letterhead) -> dict[str, object]:
    """All that a template may say, already free of invisible characters."""
    verdict, assessment = occasion.verdict, occasion.assessment
    advised = not any(r.action is Action.REFUSE for r in verdict.recipients)
    outcomes = list(zip(verdict.recipients, occasion.delivered, strict=True))
    if advised:
        marked, received = [r for r in verdict.recipients if r.measure is Measure.ADVISE], []
    else:
        marked, received = [r for r, ok in outcomes if not ok], [r for r, ok in outcomes if ok]
    reason = verdict.reason or Reason.POLICY
    finding = _strongest(assessment)
    hidden = _hidden(assessment)
    contact = (letterhead.contact_name, letterhead.contact_phone, letterhead.contact_email, letterhead.contact_hours)
    context: dict[str, object] = {
        "title": "Message transmis, à vérifier" if advised else "Message non transmis",
        "advised": advised,
        "reason": reason.value,
        "sent": words.moment(occasion.at),
        "refused": words.people([r.address for r in marked]),
        "received": words.people([r.address for r in received]),
        "where": words.where(finding, assessment),
        "category": words.CATEGORY[finding.category] if finding else "des données de santé",
        "what_hidden": hidden[0],
        "hidden_why": hidden[1],
        "whom": ", ".join(assessment.whom) if assessment else "",
        "what": ", ".join(assessment.what) if assessment else "",
        "part": finding.part if finding else "",
        "unlocked": words.unlocked(assessment),
        "secure_access": letterhead.secure_access,
        "grades": letterhead.grades,
        "grades_site": letterhead.grades_site,
        "contact": ", ".join(each for each in contact if each),
        "structure": letterhead.structure,
        "reference": occasion.reference,
        "stamp": occasion.at.isoformat(timespec="seconds"),
    }
    return {key: words.clean(value) if isinstance(value, str) else value for key, value in context.items()}


def _strongest(assessment: Assessment | None) -> Finding | None:
    findings = assessment.findings if assessment else ()
    return max(findings, key=lambda f: (f.level.rank, f.score), default=None)


def _hidden(assessment: Assessment | None) -> tuple[str, str]:
    """The place that could not be read, in words, and why. Opaque ones (sound, film) when only they stand accused."""
    places = (assessment.unreadable or assessment.opaque) if assessment else ()
    if assessment is None or not places:
        return "Une partie du message", words.WHY[Why.DAMAGED]
    why = words.WHY[places[0].why] if places[0].why else "contenu qui ne se lit pas"
    return words.attachment(places[0].part, assessment.places), why
