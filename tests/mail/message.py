"""A labelled mail as a client would send it: headers, encodings and HTML twins differ from mail to mail, always the same way."""

from __future__ import annotations

import html as markup
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from tests.mail import attachments

_PARIS = ZoneInfo("Europe/Paris")
_WRAPPED = 100  # a line of a YAML file that is at least so long goes on in the next one
_CID = "image%03d.png@01DC5D"
_FIRST_MONDAY = datetime(2026, 1, 5, 7, 40, tzinfo=_PARIS)

# client → header and its value, and the (charset, transfer encoding) pairs that it is seen to write
_CLIENTS: dict[str, tuple[tuple[str, str], tuple[tuple[str, str], ...]]] = {
    "outlook": (("X-Mailer", "Microsoft Outlook 16.0"), (("iso-8859-1", "quoted-printable"), ("utf-8", "base64"))),
    "thunderbird": (("User-Agent", "Mozilla Thunderbird"), (("utf-8", "8bit"), ("utf-8", "quoted-printable"))),
    "gmail": (("X-Gm-Features", "AQt7F2o"), (("utf-8", "quoted-printable"), ("utf-8", "base64"))),
    "zimbra": (("X-Mailer", "Zimbra 8.8.15_GA_4717 (ZimbraWebClient - FF140 (Win))"), (("utf-8", "quoted-printable"),)),
    "ios": (("X-Mailer", "iPhone Mail (22G86)"), (("utf-8", "quoted-printable"),)),
    "roundcube": (("User-Agent", "Roundcube Webmail/1.6.11"), (("utf-8", "8bit"), ("windows-1252", "8bit"))),
}


def build(entry: Mapping[str, Any], signature: str = "") -> bytes:
    """The message of one YAML entry, CRLF throughout.

    Raises ValueError, KeyError or TypeError when a value is not of the shape that README.md gives.
    """
    dice = sha256(entry["id"].encode()).digest()
    client = entry.get("client") or sorted(_CLIENTS)[dice[0] % len(_CLIENTS)]
    text = "\n\n".join(
        piece.rstrip("\n") for piece in (entry.get("text", ""), signature, entry.get("quoted", "")) if piece
    )
    parts = entry.get("attachments") or []
    pictures = [part for part in parts if attachments.kind_of(part) == "png-logo"]
    body = _body(f"{text}\n" if text else "", entry.get("html", "false"), client, dice, len(pictures))
    if pictures:
        body = _related(body, pictures)
    signed = [part for part in parts if attachments.kind_of(part) == "p7s"]
    for part in parts:
        if part not in pictures and part not in signed:
            attachments.attach(body, part)
    whole = _signed(body) if signed else body
    _headers(whole, entry, client, dice)
    _only_at_the_top(whole)
    _name_boundaries(whole, dice)
    return whole.as_bytes(policy=SMTP)


def _headers(whole: EmailMessage, entry: Mapping[str, Any], client: str, dice: bytes) -> None:
    domain = parseaddr(entry["from"])[1].rpartition("@")[2]
    when = _FIRST_MONDAY + timedelta(days=7 * (dice[1] % 40) + dice[2] % 5, minutes=int.from_bytes(dice[3:5]) % 660)
    subject = " ".join(entry.get("subject", "").split())
    values = {
        "From": entry["from"],
        "To": _addresses(entry["to"]),
        "Cc": _addresses(entry.get("cc", [])),
        "Subject": subject,
        "Date": format_datetime(datetime.fromisoformat(entry["date"]) if entry.get("date") else when),
        "Message-ID": f"<{dice.hex()[:24]}@{domain}>",
    }
    if subject[:4].upper().startswith(("RE:", "RE :", "TR:", "TR :", "FW:", "FWD:")):
        values["In-Reply-To"] = values["References"] = f"<{dice.hex()[24:44]}@{domain}>"
    name, value = _CLIENTS[client][0]
    for key, content in {**values, name: value, **entry.get("headers", {})}.items():
        if content:
            whole[key] = content


def _addresses(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def _body(text: str, html: str, client: str, dice: bytes, pictures: int) -> EmailMessage:
    """The text and, when asked for or when there is a logo to show, its HTML twin."""
    ways = _CLIENTS[client][1]
    charset, encoding = ways[dice[5] % len(ways)]
    charset = charset if _fits(f"{text}{html}", charset) else "utf-8"
    html = "true" if html == "false" and pictures else html
    twin = _twin(text, client, charset, pictures) if html in ("true", "only") else "" if html == "false" else html
    message = EmailMessage(policy=SMTP)
    if html == "only":
        _fill(message, twin, "html", charset, encoding)
    else:
        _fill(message, text, "plain", charset, encoding)
        if twin:
            alternative = EmailMessage(policy=SMTP)
            _fill(alternative, twin, "html", charset, encoding)
            message.make_alternative()
            message.attach(alternative)
    return message


def _fits(text: str, charset: str) -> bool:
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _fill(message: EmailMessage, text: str, subtype: str, charset: str, encoding: str) -> None:
    short = all(len(line.encode(charset)) <= 900 for line in text.splitlines())
    if encoding == "8bit" and (text.isascii() or not short):
        encoding = "7bit" if text.isascii() and short else "quoted-printable"
    message.set_content(text, subtype=subtype, charset=charset, cte=encoding)


def _twin(text: str, client: str, charset: str, pictures: int) -> str:
    """The HTML that the client writes beside the text: one block a line, quoted lines in a blockquote, logos last."""
    blocks, quoted = [], False
    for line in _paragraphs(text):
        quotes = line.startswith(">")
        if quotes != quoted:
            blocks.append('<blockquote type="cite">' if quotes else "</blockquote>")
            quoted = quotes
        shown = markup.escape(line.lstrip("> ") if quotes else line, quote=False)
        if client == "outlook":
            blocks.append(f'<p class="MsoNormal"><span style="font-size:11.0pt">{shown or "&nbsp;"}</span></p>')
        elif client in ("gmail", "ios"):
            blocks.append(f"<div>{shown or '<br>'}</div>")
        else:
            blocks.append(f"{shown}<br>")
    if quoted:
        blocks.append("</blockquote>")
    blocks += [f'<img src="cid:{_CID % number}">' for number in range(1, pictures + 1)]
    head = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">'
    return f"<html><head>{head}</head><body>\n{chr(10).join(blocks)}\n</body></html>\n"


def _paragraphs(text: str) -> list[str]:
    """The lines of a text, those that the YAML file wraps joined again: HTML has a block where the author pressed Enter."""
    joined: list[str] = []
    wrapped = False
    for line in text.splitlines():
        if wrapped and line.strip() and not line.startswith(">"):
            joined[-1] += f" {line}"
        else:
            joined.append(line)
        wrapped = len(line) >= _WRAPPED and not line.startswith(">")
    return joined


def _related(body: EmailMessage, pictures: Sequence[Mapping[str, Any]]) -> EmailMessage:
    """Logos of a signature: inline, named by the Content-ID that the HTML shows."""
    related = EmailMessage(policy=SMTP)
    related["MIME-Version"] = "1.0"
    related.make_related()
    related.attach(body)
    for number, picture in enumerate(pictures, 1):
        related.add_related(
            attachments.logo(picture.get("name", "image001.png")), "image", "png",
            cid=f"<{_CID % number}>", filename=picture.get("name", f"image00{number}.png"), disposition="inline",
        )  # fmt: skip
    return related


def _signed(body: EmailMessage) -> EmailMessage:
    """RFC 8551 §3.5.3; the signature is well-formed and signs nothing."""
    whole = EmailMessage(policy=SMTP)
    whole["MIME-Version"] = "1.0"
    whole["Content-Type"] = 'multipart/signed; protocol="application/pkcs7-signature"; micalg="sha-256"'
    seal = EmailMessage(policy=SMTP)
    seal.set_content(
        attachments.SIGNATURE, "application", "pkcs7-signature", filename="smime.p7s", disposition="attachment"
    )
    whole.attach(body)
    whole.attach(seal)
    return whole


def _only_at_the_top(whole: EmailMessage) -> None:
    """The library gives each part a MIME-Version; clients give it to the message alone."""
    for part in whole.iter_parts():
        del part["MIME-Version"]
        if part.get_content_maintype() == "multipart":
            _only_at_the_top(part)


def _name_boundaries(whole: EmailMessage, dice: bytes) -> None:
    for number, part in enumerate(part for part in whole.walk() if part.is_multipart()):
        if part.get_content_maintype() == "multipart":
            part.set_boundary(f"----=_Part_{number}_{dice.hex()[:16]}")
