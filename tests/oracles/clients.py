"""Mail clients and business software, as each writes a letter: order of headers, nesting, boundaries, folding, charsets,
encodings and the way a file is named, after messages of these programs."""

from __future__ import annotations

import base64
import quopri
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.header import Header
from html import escape
from urllib.parse import quote

from tests.oracles.letters import File, Letter

Names = Callable[[str, str], list[str]]
"""(parameter, file name) → the parameters that say it: ('filename', 'a b.pdf') → ['filename="a b.pdf"']."""


def _able(text: str, charset: str) -> str:
    """`charset`, or UTF-8 when it has not all the characters, as clients choose."""
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return "utf-8"
    return charset


def _words(name: str, charset: str, fold: str = "\r\n ") -> str:
    words = Header(name, _able(name, charset), maxlinelen=70).encode()
    return words.replace("\n ", fold)


def encoded(charset: str) -> Names:
    """Encoded words inside the quotes: forbidden by RFC 2047 §5 and written by Outlook, Exchange, Gmail, Zimbra."""
    return lambda key, name: [f'{key}="{name if name.isascii() else _words(name, charset)}"']


def extended(key: str, name: str) -> list[str]:
    """RFC 2231 with continuations, as Thunderbird and Roundcube write; encoded words for Content-Type's name."""
    if name.isascii():
        return [f'{key}="{name}"']
    if key == "name":
        return [f'name="{_words(name, "utf-8")}"']
    whole = quote(name, safe="")
    if len(whole) < 60:
        return [f"{key}*=UTF-8''{whole}"]
    pieces = re.findall(r"(?:%..|[^%]){1,40}", f"UTF-8''{whole}")
    return [f"{key}*{n}*={piece}" for n, piece in enumerate(pieces)]


def both(key: str, name: str) -> list[str]:
    """Plain for old readers, extended for new ones, as some web mails and libraries write."""
    if name.isascii():
        return [f"{key}={name}"] if re.fullmatch(r"[\w.-]+", name) else [f'{key}="{name}"']
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    return [f'{key}="{plain}"', f"{key}*=utf-8''{quote(name, safe='')}"]


def bare(key: str, name: str) -> list[str]:
    """Raw 8-bit characters between quotes: home-made business software."""
    return [f'{key}="{name}"']


_UTF8 = encoded("utf-8")


@dataclass(frozen=True, slots=True)
class Client:
    """How one program writes. `boundary`: {l} level from 0, {x} 16 hexadecimal digits that differ by level, {d} digits.

    `outer`: related stands around alternative (Outlook, Gmail), else inside it (Thunderbird, Apple). `bare_boundary`:
    no quotes. `marks`: header lines of its own, before or after the common ones. `inside`: a line that each multipart
    carries."""

    name: str
    boundary: str
    marks: tuple[str, ...]
    charset: str = "utf-8"
    encoding: str = "quoted-printable"
    names: Names = _UTF8
    fold: str = "\r\n\t"
    outer: bool = False
    html: bool = True
    preamble: str = ""
    bare_boundary: bool = False
    disposition: str = "attachment"
    inside: str = ""
    version: str = "MIME-Version: 1.0"
    plain_type: str = ""


_DIGITS = "0123456789ABCDEF"
_MULTI = "This is a multi-part message in MIME format."

CLIENTS: tuple[Client, ...] = (
    Client("Outlook", "----=_NextPart_00{l}_001{l}_01DC4F26.{X}", ("X-Mailer: Microsoft Outlook 16.0",
           "Thread-Index: AdxPHlwz+Q0mZ1RrS2W8bH8uJq5vMg==", "Content-Language: fr"), "iso-8859-1",
           names=encoded("iso-8859-1"), outer=True, preamble="This is a multipart message in MIME format.\r\n"),
    Client("Exchange", "_00{l}_PR1P264MB{d}{X}FRAP264_", ("Accept-Language: fr-FR, en-US",
           "Content-Language: fr-FR", "X-MS-Has-Attach: yes", "X-MS-TNEF-Correlator:",
           "X-Originating-IP: [192.0.2.7]"), "iso-8859-1", names=encoded("iso-8859-1"), outer=True),
    Client("Outlook on the web", "_00{l}_{X}PAZP264MB_", ("X-MS-Has-Attach:", "X-MS-Exchange-MessageSentRepresentingType: 1",
           "msip_labels:"), "utf-8", "base64", outer=True),
    Client("Thunderbird", "------------{x}{X}", ("User-Agent: Mozilla Thunderbird", "Content-Language: fr"),
           encoding="8bit", names=extended, fold="\r\n ", preamble=_MULTI, plain_type="; format=flowed"),
    Client("Thunderbird 60", "------------{X}{d}", ("User-Agent: Mozilla/5.0 (Windows NT 10.0; rv:60.0) Thunderbird/60.9.1",),
           names=extended, fold="\r\n ", preamble=_MULTI, plain_type="; format=flowed; delsp=yes"),
    Client("Apple Mail", "Apple-Mail=_{X}-{d}-4A1B", ("X-Mailer: Apple Mail (2.3774.600.62)",),
           names=extended, version="Mime-Version: 1.0 (Mac OS X Mail 16.0 \\(3774.600.62\\))", disposition="inline"),
    Client("iPhone", "Apple-Mail-{X}-{d}", ("X-Mailer: iPhone Mail (22B91)",), names=extended, bare_boundary=True,
           version="Mime-Version: 1.0 (1.0)", inside="Content-Transfer-Encoding: 7bit", disposition="inline"),
    Client("Gmail", "000000000000{x}", ("X-Gm-Message-State: AOJu0YyT7n1qk+3wz==",), outer=True, fold=" "),
    Client("Gmail, base64", "0000000000{x}{l}a", (), encoding="base64", outer=True, fold=" "),
    Client("Zimbra", "=_{x}-{d}", ("X-Mailer: Zimbra 8.8.15_GA_4717 (ZimbraWebClient - FF131 (Win)/8.8.15_GA_4725)",
           "Thread-Topic: Reunion", "X-Originating-IP: [192.0.2.9]"), outer=True, fold=" \r\n\t"),
    Client("Zimbra, Java", "----=_Part_{d}{l}_{d}.17646{d}", ("X-Mailer: Zimbra 9.0.0_GA_4653",), outer=True, fold=" \r\n\t"),
    Client("Roundcube", "=_{x}{x}", ("User-Agent: Roundcube Webmail/1.6.9",), encoding="7bit", names=extended,
           fold="\r\n ", plain_type=";\r\n format=flowed"),
    Client("SOGo", "----=_=-_OpenGroupware_org_NGMime-{d}-17646.{d}-{l}------", ("User-Agent: SOGoMail 5.11.0",),
           fold=" "),
    Client("Domino", "=_related {X} 00{l}_=", ("X-Mailer: HCL Notes Release 12.0.2", "X-MIMETrack: Serialize by Router"),
           "iso-8859-1", names=encoded("iso-8859-1"), outer=True),
    Client("K-9 Mail", "----{X}{d}", ("User-Agent: K-9 Mail for Android",), names=both, fold="\r\n "),
    Client("Horde", "=_{x}-{l}", ("User-Agent: Horde Application Framework 5", "X-Priority: 3 (Normal)"), fold="\r\n "),
    Client("PHPMailer", "b{l}=_{x}{x}", ("X-Mailer: PHPMailer 6.9.1",), encoding="8bit", fold="\r\n ",
           preamble="This is a multi-part message in MIME format.\r\n", outer=True),
    Client("JavaMail software", "----=_Part_{l}_{d}.17646{d}", (), "iso-8859-1", names=bare, fold="\r\n\t", outer=True),
    Client(".NET software", "--boundary_{l}_{x}-{d}", (), encoding="base64", names=encoded("utf-8"), fold="\r\n ",
           bare_boundary=True),
    Client("Delphi software", "=_NextPart_{l}relrfksadvnqw3nerasdf", ("X-Mailer: Indy 10",), "windows-1252", "8bit",
           bare, html=False, preamble="This is a multi-part message in MIME format"),
    Client("MIME::Lite", "_----------=_17646{d}{l}", ("X-Mailer: MIME::Lite 3.033 (F2.85; T2.17; A2.22; B3.16; Q3.16)",),
           "iso-8859-1", names=bare, fold=" ", inside="Content-Transfer-Encoding: binary", preamble=_MULTI),
    Client("Nodemailer", "--_NmP-{x}-Part_{l}", (), names=extended, fold="\r\n "),
    Client("Copier", "DC_BOUND_PRE_<{d}.{d}{l}>", ("X-Mailer: Network Scanner",), "iso-8859-1", "7bit", bare, html=False,
           preamble="This is a multi-part message in MIME format.", fold=" "),
    Client("Open-Xchange", "----=_Part_{d}_{d}{l}.17646{d}", ("X-Mailer: Open-Xchange Mailer v8.30",), names=both,
           fold=" \r\n\t"),
)  # fmt: skip


def write(client: Client, letter: Letter, number: int) -> bytes:
    """The letter as `client` sends it, the `number`th message of a run; CRLF line ends."""
    head = [
        "Received: from poste-12.tilleuls.example (poste-12.tilleuls.example [192.0.2.12])\r\n\tby mail.tilleuls.example",
        f"From: {Header('Secrétariat Résidence', client.charset).encode()} <secretariat@tilleuls.example>",
        "To: Jean Martin <jean@ordinaire.example>",
        f"Subject: {_words(letter.subject, client.charset)}",
        "Date: Wed, 25 Nov 2026 09:12:33 +0100",
        f"Message-ID: <{number}.7f3a@tilleuls.example>",
    ]
    entity = _entity(client, letter, number)
    return "\r\n".join([*head, *client.marks, client.version]).encode("latin-1") + b"\r\n" + entity


def _entity(client: Client, letter: Letter, number: int) -> bytes:
    """mixed(body, files), each layer only where it is needed."""
    plain = _text(client, "plain", _quote(letter))
    shown = [_file(client, picture, "inline") for picture in letter.pictures] if client.html else []
    if not client.html:
        body = plain
    else:
        marked = _text(client, "html", _markup(letter))
        if client.outer:
            body = _multi(client, "alternative", [plain, marked], number, 2)
            body = _multi(client, "related", [body, *shown], number, 1) if shown else body
        else:
            marked = _multi(client, "related", [marked, *shown], number, 2) if shown else marked
            body = _multi(client, "alternative", [plain, marked], number, 1)
    files = [_file(client, file, client.disposition) for file in letter.files]
    return _multi(client, "mixed", [body, *files], number, 0) if files else body


def _multi(client: Client, kind: str, parts: list[bytes], number: int, level: int) -> bytes:
    digits = f"{number * 7 + level:016x}"
    boundary = client.boundary.format(l=level, x=digits, X=digits.upper(), d=f"{number % 90_000 + 10_000}")
    said = boundary if client.bare_boundary else f'"{boundary}"'
    lines = [
        f"Content-Type: multipart/{kind};{client.fold}boundary={said}",
        *([client.inside] if client.inside else []),
    ]
    mark = f"\r\n--{boundary}".encode()
    whole = b"".join(mark + b"\r\n" + part for part in parts)
    return "\r\n".join([*lines, "", client.preamble]).encode() + whole + mark + b"--\r\n"


def _text(client: Client, kind: str, text: str) -> bytes:
    charset = _able(text, client.charset)
    raw = text.replace("\n", "\r\n").encode(charset)
    encoding = client.encoding
    if encoding == "7bit" and not raw.isascii():
        encoding = "8bit"
    lines = [f"Content-Type: text/{kind};{client.fold}charset={charset}" + (client.plain_type * (kind == "plain")),
             f"Content-Transfer-Encoding: {encoding}", "", ""]  # fmt: skip
    return "\r\n".join(lines).encode() + _coded(raw, encoding)


def _coded(raw: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return base64.encodebytes(raw).replace(b"\n", b"\r\n")
    if encoding == "quoted-printable":
        return quopri.encodestring(raw.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    return raw


def _file(client: Client, file: File, disposition: str) -> bytes:
    kind = f";{client.fold}".join([f"Content-Type: {file.type}", *client.names("name", file.name)])
    shown = f";{client.fold}".join([f"Content-Disposition: {disposition}", *client.names("filename", file.name)])
    lines = [kind, "Content-Transfer-Encoding: base64", shown]
    if file.cid:
        lines.append(f"Content-ID: <{file.cid}@01DC4F26.5C3D8F20>")
    head = "\r\n".join([*lines, "", ""])
    return head.encode(_able(head, "latin-1")) + _coded(file.data, "base64")


def _quote(letter: Letter) -> str:
    if not letter.quoted:
        return letter.text
    return f"{letter.text}\n\nLe 24/11/2026 à 18:02, Jean Martin a écrit :\n" + "\n".join(
        f"> {line}" for line in letter.quoted.split("\n")
    )


def _markup(letter: Letter) -> str:
    """HTML as clients make it: one long head, one line a paragraph, pictures by their Content-ID."""
    body = "".join(f"<p class=MsoNormal>{escape(p)}<o:p></o:p></p>\n" for p in letter.text.split("\n"))
    shown = "".join(f'<img width=160 src="cid:{p.cid}@01DC4F26.5C3D8F20" alt="">' for p in letter.pictures)
    answered = f'<blockquote type="cite">{escape(letter.quoted)}</blockquote>' if letter.quoted else ""
    style = "<style><!-- @font-face {font-family:Calibri;} p.MsoNormal {margin:0cm; font-size:11.0pt;} --></style>"
    return f'<html><head><meta http-equiv="Content-Type" content="text/html">{style}</head><body>{body}{shown}{answered}</body></html>'
