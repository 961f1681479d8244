"""Five clients' ways of answering and forwarding, in plain text and HTML, French and English: what each really writes.

Read off messages of Outlook for Windows 16 ("classic"), the new Outlook and Outlook on the web, Gmail on the web,
Thunderbird 128 (below and above the quotation), Zimbra 8 and 10, and iOS Mail 18.
"""

from __future__ import annotations

import random
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
_SHORT = "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.".split()
_DAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS_EN = "January February March April May June July August September October November December".split()


@dataclass(frozen=True)
class Person:
    name: str
    address: str
    signature: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>"


Piece = tuple[int, str, bool]
"""(how deep it is quoted, the paragraph, is it under a closing)."""


@dataclass(frozen=True)
class Body:
    """A message as its client wrote it, and every paragraph in it."""

    plain: str
    html: str
    said: tuple[Piece, ...]


@dataclass(frozen=True)
class Sent:
    body: Body
    author: Person
    reader: Person
    at: datetime
    subject: str
    language: str
    paragraphs: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()


Heads = Callable[[Sent, bool], tuple[str, str]]


@dataclass(frozen=True)
class Client:
    """`html`: it sends both; `below`: it answers under the quotation; `marks`: it puts "> " before what it quotes."""

    name: str
    answer: Heads
    forward_head: Heads
    headers: tuple[tuple[str, str], ...] = ()
    html: bool = True
    below: bool = False
    marks: bool = False
    blockquote: str = ""
    paragraph: str = "<div>{}</div>"
    gap: str = "<div><br></div>"
    frame: str = (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body>{}</body></html>'
    )
    prefixes: tuple[str, str] = ("Re: ", "Fwd: ")
    aside: str = ""

    def subject(self, before: str, *, forward: bool) -> str:
        bare = re.sub(r"^(?:(?:re|tr|fwd|fw)\s?: )+", "", before, flags=re.IGNORECASE)
        return f"{self.prefixes[forward]}{bare}"

    def write(
        self,
        paragraphs: Sequence[str],
        closing: Sequence[str],
        before: Sent | None,
        dice: random.Random,
        *,
        forward: bool,
    ) -> Body:
        """A new message, an answer or a forward."""
        own_plain, own_html = self._own(paragraphs, closing)
        own: list[Piece] = [(0, p, False) for p in paragraphs if len(p) > 20]
        own += [(0, line, True) for line in closing[2:] if len(line) > 12]
        if before is None:
            return Body(own_plain, self.frame.format(own_html), tuple(own))
        quoted = [(depth + 1, text, signed) for depth, text, signed in before.body.said]
        head_plain, head_html = (self.forward_head if forward else self.answer)(before, before.language == "en")
        plain = self._quoted_plain(head_plain, before.body.plain, forward=forward)
        html = self._quoted_html(head_html, _inner(before.body.html), forward=forward)
        if self.below and not forward:
            return Body(f"{plain}\n{own_plain}", self.frame.format(html + own_html), (*quoted, *own))
        return Body(f"{own_plain}\n{plain}", self.frame.format(own_html + html), (*own, *quoted))

    def _own(self, paragraphs: Sequence[str], closing: Sequence[str]) -> tuple[str, str]:
        plain = "\n\n".join("\n".join(textwrap.wrap(p, 76)) if self.marks else p for p in paragraphs)
        html = self.gap.join(self.paragraph.format(escape(p, quote=False)) for p in paragraphs)
        if closing:
            plain += "\n\n" + "\n".join(closing)
            html += self.gap + "".join(self.paragraph.format(escape(line, quote=False)) for line in closing)
        if self.aside:
            plain += f"\n\n{self.aside}"
            html += self.gap + self.paragraph.format(self.aside)
        return plain + "\n", html

    def _quoted_plain(self, head: str, text: str, *, forward: bool) -> str:
        if not self.marks or (forward and self.name in ("gmail", "thunderbird", "thunderbird-below")):
            return f"{head}\n{text}"
        marked = "\n".join(
            f"> {line}".rstrip() if not line.startswith(">") else f">{line}" for line in text.rstrip("\n").split("\n")
        )
        return f"{head}\n{marked}\n"

    def _quoted_html(self, head: str, inner: str, *, forward: bool) -> str:
        if not self.blockquote or (forward and self.name in ("gmail", "thunderbird", "thunderbird-below")):
            return f"{head}{inner}"
        return f"{head}{self.blockquote}{inner}</blockquote>"


def _inner(html: str) -> str:
    found = re.search(r"<body[^>]*>(.*)</body>", html, re.DOTALL)
    return found[1] if found else html


# --- dates ------------------------------------------------------------------------------------------------------------


def _long(at: datetime, *, english: bool) -> str:
    if english:
        return f"{_DAYS_EN[at.weekday()]}, {_MONTHS_EN[at.month - 1]} {at.day}, {at.year} {at:%I:%M %p}".replace(
            " 0", " "
        )
    return f"{_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]} {at.year} {at:%H:%M}"


# --- Outlook ----------------------------------------------------------------------------------------------------------


def _outlook_fields(sent: Sent, *, english: bool) -> list[tuple[str, str]]:
    names = ("From:", "Sent:", "To:", "Subject:") if english else ("De :", "Envoyé :", "À :", "Objet :")
    return list(
        zip(names, (str(sent.author), _long(sent.at, english=english), str(sent.reader), sent.subject), strict=True)
    )


def _outlook_classic(sent: Sent, english: bool) -> tuple[str, str]:
    fields = _outlook_fields(sent, english=english)
    (first, author), *rest = fields
    spaced = first.replace(" :", "&nbsp;:")
    lines = "".join(f"<br><b>{n.replace(' :', '&nbsp;:')}</b> {escape(v)}" for n, v in rest)
    html = (
        "<div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal><b>"
        f"<span style='mso-fareast-language:FR'>{spaced}</span></b><span style='mso-fareast-language:FR'> {escape(author)} "
        f"{lines}<o:p></o:p></span></p></div></div><p class=MsoNormal><o:p>&nbsp;</o:p></p>"
    )
    return "\n".join(f"{n} {v}" for n, v in fields) + "\n", html


def _outlook_plain(sent: Sent, english: bool) -> tuple[str, str]:
    head, html = _outlook_classic(sent, english)
    line = "-----Original Message-----" if english else "-----Message d'origine-----"
    return f"{line}\n{head}", html


def _outlook_new(sent: Sent, english: bool) -> tuple[str, str]:
    fields = _outlook_fields(sent, english=english)
    lines = "<br>".join(f"<b>{n.replace(' :', '&nbsp;:')}</b> {escape(v)}" for n, v in fields)
    html = (
        '<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">'
        f'<font face="Calibri, sans-serif" style="font-size:11pt" color="#000000">{lines}</font><div>&nbsp;</div></div>'
    )
    return "_" * 32 + "\n" + "\n".join(f"{n} {v}" for n, v in fields) + "\n", html


# --- Gmail ------------------------------------------------------------------------------------------------------------


def _gmail(sent: Sent, english: bool) -> tuple[str, str]:
    at = sent.at
    if english:
        when = (
            f"On {_DAYS_EN[at.weekday()][:3]}, {_MONTHS_EN[at.month - 1][:3]} {at.day}, {at.year} at {at:%I:%M} {at:%p}"
        )
        says = "wrote:"
    else:
        when = f"Le {_DAYS[at.weekday()][:3]}. {at.day} {_SHORT[at.month - 1]} {at.year} à {at:%H:%M}"
        says = "a écrit\u00a0:"
    plain = "\n".join(textwrap.wrap(f"{when}, {sent.author} {says}", 78, break_long_words=False))
    link = f'<a href="mailto:{sent.author.address}">{sent.author.address}</a>'
    html = (
        '<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
        f"{escape(when).replace(' à ', ' à&nbsp;')}, {escape(sent.author.name)} &lt;{link}&gt; {escape(says)}<br></div>"
    )
    return plain + "\n", html


def _gmail_forward(sent: Sent, english: bool) -> tuple[str, str]:
    first = "From" if english else "De"
    fields = [f"{first}: {sent.author}" if english else f"{first} : {sent.author}", f"Date: {sent.at:%d/%m/%Y %H:%M}"]
    fields += [f"Subject: {sent.subject}", f"To: {sent.reader}"]
    html = (
        '<br><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">---------- Forwarded message ---------<br>'
        + "<br>".join(escape(f) for f in fields)
        + "<br></div><br><br>"
    )
    return "---------- Forwarded message ---------\n" + "\n".join(fields) + "\n\n", html


# --- Thunderbird ------------------------------------------------------------------------------------------------------


def _thunderbird(sent: Sent, english: bool) -> tuple[str, str]:
    line = (
        f"On {sent.at:%m/%d/%Y} {sent.at:%I:%M %p}, {sent.author.name} wrote:"
        if english
        else f"Le {sent.at:%d/%m/%Y} à {sent.at:%H:%M}, {sent.author.name} a écrit :"
    )
    return line, f'<div class="moz-cite-prefix">{escape(line).replace(" :", "&nbsp;:")}<br></div>'


def _thunderbird_forward(sent: Sent, english: bool) -> tuple[str, str]:
    line = "-------- Forwarded Message --------" if english else "-------- Message transféré --------"
    names = ("Subject:", "Date:", "From:", "To:") if english else ("Sujet :", "Date :", "De :", "Pour :")
    fields = list(
        zip(
            names,
            (sent.subject, sent.at.strftime("%a, %d %b %Y %H:%M:%S +0100"), str(sent.author), str(sent.reader)),
            strict=True,
        )
    )
    rows = "".join(
        f'<tr><th align="RIGHT" nowrap="nowrap" valign="BASELINE">{n.replace(" :", "&nbsp;:")} </th><td>{escape(v)}</td></tr>'
        for n, v in fields
    )
    html = f'<div class="moz-forward-container"><br><br>{line}<table class="moz-email-headers-table"><tbody>{rows}</tbody></table><br><br></div>'
    return f"\n\n{line}\n" + "\n".join(f"{n} \t{v}" for n, v in fields) + "\n\n", html


# --- Zimbra -----------------------------------------------------------------------------------------------------------


def _zimbra_fields(sent: Sent, *, english: bool) -> list[tuple[str, str]]:
    names = ("From:", "To:", "Sent:", "Subject:") if english else ("De:", "À:", "Envoyé:", "Objet:")
    author, reader = (f'"{p.name}" <{p.address}>' for p in (sent.author, sent.reader))
    when = _long(sent.at, english=english).title() + ":00"
    return list(zip(names, (author, reader, when, sent.subject), strict=True))


def _zimbra(sent: Sent, english: bool, line: str = "") -> tuple[str, str]:
    line = line or ("----- Original Message -----" if english else "----- Mail original -----")
    fields = _zimbra_fields(sent, english=english)
    lines = "<br>".join(f"<b>{n} </b>{escape(v, quote=False)}" for n, v in fields)
    html = (
        '<hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__">'
        f'{lines}<br></div><div><br></div><div data-marker="__QUOTED_TEXT__">'
    )
    return f"{line}\n" + "\n".join(f"{n} {v}" for n, v in fields) + "\n", html


def _zimbra_forward(sent: Sent, english: bool) -> tuple[str, str]:
    return _zimbra(sent, english, "----- Forwarded Message -----" if english else "----- Mail transféré -----")


# --- iOS --------------------------------------------------------------------------------------------------------------


def _ios(sent: Sent, english: bool) -> tuple[str, str]:
    at = sent.at
    line = (
        f"On {at.day} {_MONTHS_EN[at.month - 1][:3]} {at.year}, at {at:%H:%M}, {sent.author} wrote:"
        if english
        else f"Le {at.day} {_SHORT[at.month - 1]} {at.year} à {at:%H:%M}, {sent.author} a écrit :"
    )
    html = (
        f'<div dir="ltr"><br><blockquote type="cite">{escape(line).replace(" :", "&nbsp;:")}<br><br></blockquote></div>'
    )
    return f"> {line}\n> ", html


def _ios_forward(sent: Sent, english: bool) -> tuple[str, str]:
    line = "Begin forwarded message:" if english else "Début du message transféré :"
    names = ("From:", "Date:", "To:", "Subject:") if english else ("De:", "Date:", "À:", "Objet:")
    at = f"{sent.at.day} {_MONTHS[sent.at.month - 1]} {sent.at:%Y} à {sent.at:%H:%M:%S} UTC+1"
    fields = list(zip(names, (str(sent.author), at, str(sent.reader), sent.subject), strict=True))
    html = (
        f'<br><div>{line}<br><br><blockquote type="cite">'
        + "<br>".join(f"<b>{n}</b> {escape(v)}" for n, v in fields)
        + "<br><br></blockquote></div>"
    )
    return f"{line}\n\n" + "\n".join(f"> {n} {v}" for n, v in fields) + "\n> ", html


_CITE = '<blockquote type="cite">'
_OUTLOOK_FRAME = (
    '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta http-equiv=Content-Type content="text/html; charset=utf-8">'
    "<style><!-- p.MsoNormal {{margin:0cm;font-size:11.0pt;}} --></style></head>"
    '<body lang=FR link="#0563C1" vlink="#954F72"><div class=WordSection1>{}</div></body></html>'
)
_MSO = "<p class=MsoNormal><span style='mso-fareast-language:EN-US'>{}<o:p></o:p></span></p>"
_MSO_GAP = "<p class=MsoNormal><o:p>&nbsp;</o:p></p>"

CLIENTS: tuple[Client, ...] = (
    Client(
        "outlook",
        _outlook_classic,
        _outlook_classic,
        (("X-Mailer", "Microsoft Outlook 16.0"),),
        paragraph=_MSO,
        gap=_MSO_GAP,
        frame=_OUTLOOK_FRAME,
        prefixes=("RE: ", "TR: "),
    ),
    Client(
        "outlook-plain",
        _outlook_plain,
        _outlook_plain,
        (("X-Mailer", "Microsoft Outlook 16.0"),),
        html=False,
        paragraph=_MSO,
        gap=_MSO_GAP,
        frame=_OUTLOOK_FRAME,
        prefixes=("RE: ", "TR: "),
    ),
    Client(
        "outlook-new",
        _outlook_new,
        _outlook_new,
        (("X-MS-Has-Attach", ""),),
        paragraph='<div class="elementToProof" style="font-family: Aptos, sans-serif;">{}</div>',
        gap='<div class="elementToProof"><br></div>',
        prefixes=("RE: ", "TR: "),
    ),
    Client(
        "gmail",
        _gmail,
        _gmail_forward,
        marks=True,
        blockquote='<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">',
        paragraph='<div dir="ltr">{}</div>',
    ),
    Client(
        "thunderbird",
        _thunderbird,
        _thunderbird_forward,
        (("User-Agent", "Mozilla Thunderbird"),),
        marks=True,
        blockquote='<blockquote type="cite" cite="mid:1@x.example">',
        paragraph="<p>{}</p>",
        gap="",
    ),
    Client(
        "thunderbird-below",
        _thunderbird,
        _thunderbird_forward,
        (("User-Agent", "Mozilla Thunderbird"),),
        below=True,
        marks=True,
        blockquote='<blockquote type="cite" cite="mid:1@x.example">',
        paragraph="<p>{}</p>",
        gap="",
    ),
    Client(
        "zimbra",
        _zimbra,
        _zimbra_forward,
        (("X-Mailer", "Zimbra 8.8.15_GA_4717 (ZimbraWebClient - FF140 (Win))"),),
        prefixes=("Re: ", "Fwd: "),
    ),
    Client(
        "ios",
        _ios,
        _ios_forward,
        (("X-Mailer", "iPhone Mail (22G86)"),),
        marks=True,
        blockquote=_CITE,
        paragraph='<div dir="ltr">{}</div>',
        aside="Envoyé de mon iPhone",
    ),
)
