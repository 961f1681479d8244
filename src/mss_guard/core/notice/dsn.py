"""The delivery status notification of ours: a notice put into multipart/report (RFC 6522, RFC 3464; addresses by RFC 6533).

It is the bounce in the place of the mail server's, for `bounce` and `split`. Of the refused message it brings back its
date and Message-ID and nothing else: no subject, no names, no content. All of it is ASCII, so that it needs nothing of
the next hop.
"""

from __future__ import annotations

import email
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy as email_policy
from email.message import EmailMessage, Message
from email.utils import format_datetime

from mss_guard.core import addresses
from mss_guard.core.addresses import PATIENT_DOMAIN
from mss_guard.core.model import Address, Reply

_SMTP = email_policy.SMTP
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_PRINTABLE = re.compile(r"[\x20-\x7e]{1,500}")
_HEAD = 256 * 1024
_HEADER_END = re.compile(rb"\r\n\r\n")
_DATE = re.compile(rb"^date:[ \t]*([A-Za-z0-9 ,:+-]{10,60}?)[ \t]*\r\n(?![ \t])", re.IGNORECASE | re.MULTILINE)
_MESSAGE_ID = re.compile(
    rb"^message-id:(?:\r\n)?[ \t]*(<[!-;=?-~]{1,248}>)[ \t]*\r\n(?![ \t])", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Refused:
    """One recipient that was refused: `line`, the RCPT command as it came; `reply`, ours."""

    address: Address
    line: bytes
    reply: Reply


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is reported. `host`: our own name; `mail_line`: the MAIL command as it came; `raw`: the message, for its date and id."""

    host: str
    mail_line: bytes
    raw: bytes
    refused: tuple[Refused, ...]
    at: datetime


def parameters(line: bytes) -> Mapping[str, str]:
    """The ESMTP parameters of a whole MAIL or RCPT command, by upper-case keyword (RFC 5321 §4.1.2)."""
    path = addresses.split_path(line.partition(b":")[2])
    words = path[1].decode("ascii", "replace").split() if path else []
    return {name.upper(): value for name, _, value in (word.partition("=") for word in words)}


def wants_report(line: bytes) -> bool:
    """Does this RCPT command leave room for a failure report? NOTIFY absent, or with FAILURE (RFC 3461 §4.1)."""
    notify = parameters(line).get("NOTIFY")
    return notify is None or "FAILURE" in notify.upper().split(",")


def compose(notice: bytes, refusal: Refusal) -> bytes:
    """The report as it goes over the wire (CRLF), for the envelope sender <>. `notice`: a whole notice of ours, text and HTML."""
    letter = email.message_from_bytes(notice, policy=_SMTP)
    report = EmailMessage(policy=_SMTP)
    for name, value in letter.items():
        if name.lower() not in ("content-type", "content-transfer-encoding", "mime-version", "auto-submitted"):
            report[name] = value
    report["Auto-Submitted"] = "auto-replied"
    report["MIME-Version"] = "1.0"
    report["Content-Type"] = "multipart/report; report-type=delivery-status"
    report.set_boundary(f"=_r{(letter.get_boundary() or '')[2:]}")  # neither begins with the other
    report.attach(_body(letter))
    report.attach(_status(refusal))
    report.attach(_headers(refusal))
    return report.as_bytes()


def _body(letter: Message) -> EmailMessage:
    """The notice's own alternatives, as the part that people read."""
    part = EmailMessage(policy=_SMTP)
    part["Content-Type"] = str(letter["Content-Type"])
    part.set_payload(letter.get_payload())
    return part


def _status(refusal: Refusal) -> EmailMessage:
    sent = parameters(refusal.mail_line)
    whole = _fields(
        ("Reporting-MTA", f"dns; {refusal.host}"),
        ("Original-Envelope-Id", _xtext(sent.get("ENVID", ""))),
        ("Arrival-Date", format_datetime(refusal.at)),
    )
    part = EmailMessage(policy=_SMTP)
    part["Content-Type"] = "message/delivery-status"
    part.set_payload([whole, *(_recipient(one) for one in refusal.refused)])
    return part


def _recipient(one: Refused) -> Message:
    reply = one.reply
    citizen = one.address.domain == PATIENT_DOMAIN  # the local part is a health identifier
    original = _xtext(parameters(one.line).get("ORCPT", ""))
    return _fields(
        ("Original-Recipient", "" if citizen or PATIENT_DOMAIN in original.lower() else original),
        ("Final-Recipient", f"unknown; {PATIENT_DOMAIN}" if citizen else _final(one.address)),
        ("Action", "failed"),
        ("Status", reply.enhanced),
        ("Diagnostic-Code", f"smtp; {reply.line()}"),
    )


def _final(address: Address) -> str:
    """ASCII in any case: an internationalised address as utf-8-addr-xtext (RFC 6533 §3)."""
    if address.raw.isascii():
        return f"rfc822; {addresses.shown(address)}"
    text = "".join(c if "!" <= c <= "~" and c not in "\\+=" else f"\\x{{{ord(c):X}}}" for c in addresses.shown(address))
    return f"utf-8; {text}"


def _headers(refusal: Refusal) -> EmailMessage:
    """text/rfc822-headers with the two fields that hold nobody's words (RFC 6522 §4)."""
    head = refusal.raw[:_HEAD]
    end = _HEADER_END.search(head)
    head = head[: end.start() + 2] if end else head
    kept: Sequence[tuple[bytes, re.Match[bytes] | None]] = (
        (b"Date", _DATE.search(head)),
        (b"Message-ID", _MESSAGE_ID.search(head)),
    )
    text = b"".join(b"%b: %b\r\n" % (name, found[1]) for name, found in kept if found)
    part = EmailMessage(policy=_SMTP)
    part["Content-Type"] = "text/rfc822-headers; charset=us-ascii"
    part.set_payload(text.decode("ascii"))
    return part


def _fields(*fields: tuple[str, str]) -> Message:
    block = Message(policy=_SMTP.clone(max_line_length=998))
    for name, value in fields:
        if value:
            block[name] = value
    return block


def _xtext(value: str) -> str:
    """RFC 3461 §4, undone; empty where it is not printable ASCII."""
    text = _XTEXT.sub(lambda found: chr(int(found[1], 16)), value)
    return text if _PRINTABLE.fullmatch(text) else ""
