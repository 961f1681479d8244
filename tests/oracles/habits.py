"""Habits of ordinary software that stray from the RFCs, or use what few use, and that every reader takes alike: none of
them may be called ambiguous."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from tests.core.formats import build
from tests.readers import old

_PDF = base64.encodebytes(build.pdf("Facture 118", "Total : 1 250 EUR")).replace(b"\n", b"\r\n")
_FROM = "From: Logiciel <logiciel@tilleuls.example>\r\nTo: jean@ordinaire.example\r\nSubject: Facture\r\n"
_VERSION = "MIME-Version: 1.0\r\n"
_HELLO = b"Bonjour,\r\n\r\nVoici la facture.\r\n"
_PLAIN = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + _HELLO
_ATTACHED = b"Content-Type: application/pdf; name=f.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"

TOP: dict[str, str] = {
    "a semicolon at the end": "Content-Type: multipart/mixed; boundary=b;",
    "no blank behind the semicolon": 'Content-Type: multipart/mixed;boundary="b"',
    "in capitals": 'CONTENT-TYPE: MULTIPART/MIXED; BOUNDARY="b"',
    "more parameters": 'Content-Type: multipart/mixed; charset="utf-8"; format=flowed; boundary="b"',
    "a type of related": 'Content-Type: multipart/related; type="text/html"; start="<a@b>"; boundary="b"',
    "a comment at the end": 'Content-Type: multipart/mixed; boundary="b" (logiciel)',
    "the version twice": 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"',
    "the type twice, the same": 'Content-Type: multipart/mixed; boundary="b"\r\nContent-Type: multipart/mixed; boundary="b"',
    "an encoding of 8bit": 'Content-Type: multipart/mixed; boundary="b"\r\nContent-Transfer-Encoding: 8Bit',
    "an encoding of quoted-printable": 'Content-Type: multipart/mixed; boundary="b"\r\nContent-Transfer-Encoding: quoted-printable',
    "a field without a value": 'X-Priority:\r\nContent-Type: multipart/mixed; boundary="b"',
    "a blank before another colon": 'X-Priority : 3\r\nContent-Type: multipart/mixed; boundary="b"',
    "letters beyond ASCII": 'X-Auteur: Édouard\r\nContent-Type: multipart/mixed; boundary="b"',
    "thirty kilobytes of signatures": "".join(f"ARC-Seal: i={n}; b={'A' * 900}\r\n" for n in range(33))
    + 'Content-Type: multipart/mixed; boundary="b"',
    "blanks behind the value": 'Content-Type: multipart/mixed; boundary="b"   ',
}
"""Header fields over a body of two parts whose boundary is b."""

PART: dict[str, bytes] = {
    "base64 in capitals": b"Content-Type: application/pdf; name=f.pdf\r\nContent-Transfer-Encoding: BASE64\r\n\r\n" + _PDF,
    "no padding": _ATTACHED + _PDF.rstrip().rstrip(b"="),
    "one long line": _ATTACHED + b"".join(_PDF.split()),
    "empty lines around": _ATTACHED + b"\r\n\r\n" + _PDF + b"\r\n\r\n\r\n",
    "blanks at the line ends": _ATTACHED + _PDF.replace(b"\r\n", b" \r\n"),
    "an empty file": _ATTACHED,
    "a name with blanks, no quotes": b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=la facture.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n" + _PDF,
    "a name with parentheses": b"Content-Type: application/pdf; name=facture (2).pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + _PDF,
    "a name with a semicolon": b'Content-Type: application/pdf; name="a;b.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n' + _PDF,
    "a name with quotes": b'Content-Type: application/pdf; name="la "facture".pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    + _PDF,
    "an empty name": b'Content-Type: application/pdf; name=""\r\nContent-Disposition: attachment; filename=\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n" + _PDF,
    "dates and a size": b'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="f.pdf"; size=1200;\r\n'
    b'\tcreation-date="Wed, 25 Nov 2026 09:12:33 GMT"\r\nContent-Transfer-Encoding: base64\r\n\r\n' + _PDF,
    "plain and extended names": b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"Reglement.pdf\";"
    b" filename*=UTF-8''R%C3%A8glement.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + _PDF,
    "a type without subtype": b"Content-Type: text\r\n\r\nBonjour",
    "a type of nothing": b"Content-Type:\r\n\r\nBonjour",
    "an unknown charset": b"Content-Type: text/plain; charset=unknown-8bit\r\n\r\nOpr\xe9sent\xe9",
    "no header": b"\r\nBonjour",
    "text as text of the same name": b"Content-Type: text/plain; name=a.txt\r\nContent-Disposition: inline; filename=a.txt\r\n\r\nBonjour",
    "uuencode in a text": b"Content-Type: text/plain\r\n\r\nVoici :\r\n\r\nbegin 644 a.txt\r\n(0F]N:F]U<@H`\r\n`\r\nend\r\n",
    "a vCard": b"Content-Type: text/x-vcard; name=c.vcf\r\n\r\nBEGIN:VCARD\r\nVERSION:3.0\r\nFN:Claire Dubois\r\nEND:VCARD\r\n",
    "winmail.dat": b"Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + base64.encodebytes(old.tnef("note.txt", b"Bonjour, voici la facture.")),
    "a message without a body": b"Content-Type: message/rfc822\r\n\r\nFrom: a@b.example\r\nSubject: Re: devis\r\n",
    "a message that is only text": b"Content-Type: message/rfc822\r\n\r\nBonjour, voici le message.\r\n",
    "an alternative with one form": b"Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n" + _PLAIN + b"--c--",
    "a multipart without parts": b"Content-Type: multipart/alternative; boundary=c\r\n\r\n",
    "two Apple parts": b"Content-Type: multipart/appledouble; boundary=c\r\n\r\n--c\r\nContent-Type: application/applefile\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nAAUWBwACAAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n--c\r\n" + _ATTACHED + _PDF + b"\r\n--c--",
}  # fmt: skip
"""A part beside a plain text."""

BODY: dict[str, bytes] = {
    "lines of dashes": b"Bonjour\r\n--\r\n---\r\n-- \r\nClaire\r\n-----Message d'origine-----\r\n--suite\r\nFin\r\n",
    "an armoured signature": b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nBonjour\r\n-----BEGIN PGP SIGNATURE-----\r\n\r\n"
    b"iQEzBAEBCAAdFiEE\r\n=aBcD\r\n-----END PGP SIGNATURE-----\r\n",
    "fields in a text": b"Objet : facture\r\nDate: demain\r\nLieu: salle Mimosa\r\n\r\nCordialement\r\n",
    "addresses with escapes": b"https://a.example/?a=12&b=34&c=56&d=AB&e=CD&f=3D\r\n",
}


def _mail(head: str, body: bytes) -> bytes:
    return (_FROM + _VERSION + head).encode() + b"\r\n\r\n" + body


def _two(part: bytes, before: bytes = b"", after: bytes = b"--b--\r\n") -> bytes:
    return before + b"--b\r\n" + _PLAIN + b"--b\r\n" + part + b"\r\n" + after


def made() -> Iterator[tuple[str, bytes]]:
    """(habit, message)."""
    mixed = 'Content-Type: multipart/mixed; boundary="b"'
    honest = _ATTACHED + _PDF
    for name, head in TOP.items():
        yield name, _mail(head, _two(honest))
    for name, part in PART.items():
        yield name, _mail(mixed, _two(part))
    for name, body in BODY.items():
        yield name, _mail("Content-Type: text/plain; charset=utf-8", body)
        yield f"{name}, in a part", _mail(mixed, _two(b"Content-Type: text/plain\r\n\r\n" + body))
    for name, outer, inner in (
        ("Eudora's boundaries", b"=====_7==_", b"=====_7==_.REL"),
        ("a boundary and its _alt", b"x1", b"x1_alt"),
    ):
        within = b'Content-Type: multipart/alternative; boundary="' + inner + b'"\r\n\r\n--' + inner + b"\r\n" + _PLAIN
        whole = _two(within + b"--" + inner + b"--").replace(b"--b", b"--" + outer)
        yield name, _mail(f'Content-Type: multipart/mixed; boundary="{outer.decode()}"', whole)
    coded = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    yield (
        "a coded message of the same boundary",
        _mail(mixed, _two(coded + base64.encodebytes(_mail(mixed, _two(honest))))),
    )
    yield "no version", (_FROM + mixed).encode() + b"\r\n\r\n" + _two(honest)
    yield "no closing delimiter", _mail(mixed, _two(honest, after=b""))
    yield "cut behind a delimiter", _mail(mixed, _two(honest, after=b"--b"))
    yield "blanks behind delimiters", _mail(mixed, _two(honest).replace(b"--b\r\n", b"--b  \r\n"))
    yield (
        "a list's footer behind the end",
        _mail(mixed, _two(honest, after=b"--b--\r\n\r\n_____\r\nListe des partenaires\r\n")),
    )
    yield (
        "a scanner's footer",
        _mail(mixed, _two(honest, after=b"--b--\r\n\r\n-----\r\nMessage v\xe9rifi\xe9 : aucun virus.\r\n")),
    )
    yield (
        "a long preamble",
        _mail(mixed, _two(honest, before="Ce message est au format MIME. Étape 1 : …\r\n\r\n".encode())),
    )
    yield "LF alone", _mail(mixed, _two(honest)).replace(b"\r\n", b"\n")
    yield "blanks alone before the body", (_FROM + "Content-Type: text/plain").encode() + b"\r\n \r\n" + _HELLO
    yield "a From line", b"From a@b.example Wed Nov 25 09:12:33 2026\r\n" + _mail(mixed, _two(honest))
    yield "no body", _mail("Content-Type: text/plain", b"")
    yield "no type", _mail("X-A: a", _HELLO)
