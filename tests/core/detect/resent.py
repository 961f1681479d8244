"""One message as five clients send it again: charsets, wraps, alternatives, signatures, subjects and file names are each client's own."""

from __future__ import annotations

import base64
import quopri
from email.message import EmailMessage
from email.policy import SMTP

TEXT = (
    "Bonjour,\n\nVoici le point demandé sur la situation de Mme Zyxwvut : l'équipe a vu la famille lundi, et le médecin propose d'ajuster le"
    " traitement à partir de mercredi, dès que l'ordonnance sera signée.\n\n• première étape : la pharmacie\n• deuxième étape : l'infirmière"
    " « à domicile »\n\nMerci de me dire si cela convient."
)
SIGNED = "\n\nCordialement,\nClaire Martin\n02 00 00 00 00"
DOCUMENT = b"%PDF-1.4\n" + bytes(range(256)) * 20


def html(text: str, line: str) -> str:
    escaped = text.replace("&", "&amp;").replace("«", "&laquo;").replace("»", "&raquo;").replace(" :", "&nbsp;:")
    return "<html><body>" + "".join(line.format(one or "<br>") for one in escaped.split("\n")) + "</body></html>"


def flowed(text: str) -> str:
    """RFC 3676: lines of at most 72 with a blank before each soft break."""
    out: list[str] = []
    for line in text.split("\n"):
        words, row = line.split(" "), ""
        for word in words:
            if row and len(row) + len(word) > 70:
                out.append(row + " ")
                row = word
            else:
                row = f"{row} {word}" if row else word
        out.append(row)
    return "\n".join(out)


def attach(message: EmailMessage, document: bytes = DOCUMENT, name: str = "point.pdf") -> bytes:
    message.add_attachment(document, maintype="application", subtype="pdf", filename=name)
    return message.as_bytes(policy=SMTP)


def outlook(text: str = TEXT) -> bytes:
    message = EmailMessage()
    message["Subject"] = "Point"
    message.set_content(text + SIGNED, charset="cp1252", cte="quoted-printable")
    message.add_alternative(
        html(text + SIGNED, '<p class=MsoNormal><span style="font-size:11pt">{}</span></p>'), subtype="html"
    )
    return attach(message)


def thunderbird(text: str = TEXT) -> bytes:
    message = EmailMessage()
    message["Subject"] = "Point - MSSG-2222-2222 OK"
    message.set_content(flowed(text) + "\n\n-- \nClaire Martin\n", charset="utf-8", cte="8bit")
    message.replace_header("Content-Type", 'text/plain; charset="utf-8"; format=flowed')
    return attach(message)


def gmail(text: str = TEXT) -> bytes:
    message = EmailMessage()
    message["Subject"] = "Re: Point"
    message.set_content(text, charset="utf-8", cte="base64")
    message.add_alternative(
        html(text, "<div>{}</div>").replace("<body>", '<body><div dir="ltr">'), subtype="html", cte="base64"
    )
    return attach(message)


def zimbra(text: str = TEXT) -> bytes:
    message = EmailMessage()
    message["Subject"] = "Point"
    message.set_content(text.replace("•", "*") + SIGNED, charset="utf-8", cte="quoted-printable")
    message.add_alternative(html(text + SIGNED, '<div style="font-family:arial">{}</div>'), subtype="html")
    return attach(message, name="Point (1).pdf")


def ios(text: str = TEXT) -> bytes:
    body = quopri.encodestring((text + "\n\nEnvoyé de mon iPhone\n").encode()).replace(b"\n", b"\r\n")
    document = base64.encodebytes(DOCUMENT).replace(b"\n", b"\r\n")
    return (
        b"Subject: Point\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=Apple-Mail-1\r\n\r\n--Apple-Mail-1\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        + body
        + b"\r\n--Apple-Mail-1\r\n"
        b"Content-Type: application/pdf; name=point.pdf\r\nContent-Disposition: attachment; filename=point.pdf\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + document + b"\r\n--Apple-Mail-1--\r\n"
    )


CLIENTS = {"outlook": outlook, "thunderbird": thunderbird, "gmail": gmail, "zimbra": zimbra, "ios": ios}
