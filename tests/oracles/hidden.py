"""A document hidden by odd MIME: payload × trick → found, unreadable (why) or missed. Missed must never be.

The tricks are those that readers are known to differ on: duplicated and conflicting fields, boundaries and encodings,
fields that some do not see as such, bytes outside the parts, forgotten encodings."""

from __future__ import annotations

import base64
import binascii
import gzip
import quopri
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mss_guard.core import formats, mime
from mss_guard.core.model import State
from tests.core.formats import build
from tests.readers.report import folded

SENTENCE = f"{build.PHRASE} et une insuffisance rénale."
DOCX = build.docx(SENTENCE)


@dataclass(frozen=True, slots=True)
class Payload:
    """`body`: the encoded octets. `type` and `encoding`: what an honest part says of them."""

    type: str
    encoding: str
    body: bytes

    def part(self, *fields: str) -> bytes:
        """The honest part, with more fields."""
        head = [f"Content-Type: {self.type}", f"Content-Transfer-Encoding: {self.encoding}", *fields]
        return "\r\n".join([*head, "", ""]).encode() + self.body


def _b64(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n").rstrip()


def _uu(data: bytes, name: str = "a.docx") -> bytes:
    lines = [binascii.b2a_uu(data[i : i + 45]).rstrip(b"\n") for i in range(0, len(data), 45)]
    return b"\r\n".join([f"begin 644 {name}".encode(), *lines, b"`", b"end"])


_TEXT = SENTENCE.encode()
PAYLOADS: dict[str, Payload] = {
    "docx, base64": Payload("application/octet-stream; name=a.docx", "base64", _b64(DOCX)),
    "text, base64": Payload("text/plain; charset=utf-8", "base64", _b64(_TEXT)),
    "text, quoted-printable": Payload(
        "text/plain; charset=utf-8", "quoted-printable", quopri.encodestring(_TEXT).replace(b"\n", b"\r\n")
    ),
    "docx, uuencoded": Payload("application/octet-stream", "x-uuencode", _uu(DOCX)),
}

Trick = Callable[[Payload], bytes]


def _message(fields: str | bytes, body: bytes) -> bytes:
    head = fields if isinstance(fields, bytes) else fields.encode()
    return b"From: a@tilleuls.example\r\nSubject: Bonjour\r\nMIME-Version: 1.0\r\n" + head + b"\r\n\r\n" + body


def _parts(*parts: bytes, boundary: bytes = b"b", close: bytes = b"--b--\r\n") -> bytes:
    return b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + close


_HELLO = b"Content-Type: text/plain\r\n\r\nBonjour"
_MIXED = "Content-Type: multipart/mixed; boundary=b"


def _mixed(fields: str | bytes, boundary: bytes = b"b") -> Trick:
    """An honest body under these header fields."""
    return lambda p: _message(fields, _parts(_HELLO, p.part(), boundary=boundary, close=b"--" + boundary + b"--\r\n"))


def _raw(fields: str) -> Trick:
    """A single part whose fields are these; {t} and {e} are the honest type and encoding."""
    return lambda p: _message(fields.format(t=p.type, e=p.encoding), p.body)


def _inside(head: str) -> Trick:
    """The part's own header is this."""
    return lambda p: _message(
        _MIXED, _parts(_HELLO, head.format(t=p.type, e=p.encoding).encode() + b"\r\n\r\n" + p.body)
    )


def _mangled(change: Callable[[bytes], bytes]) -> Trick:
    """The body's octets are changed in a way that lenient decoders undo."""
    return lambda p: _message(_MIXED, _parts(_HELLO, Payload(p.type, p.encoding, change(p.body)).part()))


def _junk(body: bytes) -> bytes:
    return b"\r\n".join(line[:5] + b"\x01" + line[5:] if len(line) > 40 else line for line in body.split(b"\r\n"))


def _whole(change: Callable[[bytes], bytes]) -> Trick:
    return lambda p: change(_message(_MIXED, _parts(_HELLO, p.part())))


def _nested(inner: str, outer: str = "b") -> Trick:
    def build_it(p: Payload) -> bytes:
        within = f"Content-Type: multipart/mixed; boundary={inner}\r\n\r\n".encode() + _parts(
            p.part(), boundary=inner.encode(), close=f"--{inner}--".encode()
        )
        return _message(
            f"Content-Type: multipart/mixed; boundary={outer}",
            _parts(_HELLO, within, boundary=outer.encode(), close=f"--{outer}--".encode()),
        )

    return build_it


TRICKS: dict[str, Trick] = {
    # fields twice, or in a form that not all readers take
    "text/plain, then multipart": _mixed(f"Content-Type: text/plain\r\n{_MIXED}"),
    "multipart, then text/plain": _mixed(f"{_MIXED}\r\nContent-Type: text/plain"),
    "multipart, then image": _mixed(f"{_MIXED}\r\nContent-Type: image/png"),
    "two types in one field": _mixed("Content-Type: text/plain, multipart/mixed; boundary=b"),
    "blanks around the slash": _mixed("Content-Type: multipart / mixed; boundary=b"),
    "no subtype": _mixed("Content-Type: multipart; boundary=b"),
    "the type as encoded word": _mixed("Content-Type: =?utf-8?q?multipart/mixed?=; boundary=b"),
    "no semicolon": _mixed("Content-Type: multipart/mixed boundary=b"),
    "a type of text with a boundary": _mixed("Content-Type: text/plain; boundary=b"),
    "a type of image with a boundary": _mixed("Content-Type: image/png; boundary=b"),
    "no type at all": _mixed("X-Mailer: x"),
    # boundaries
    "boundary twice, first false": _mixed("Content-Type: multipart/mixed; boundary=z; boundary=b"),
    "boundary twice, second false": _mixed("Content-Type: multipart/mixed; boundary=b; boundary=z"),
    "boundary false, boundary* true": _mixed("Content-Type: multipart/mixed; boundary=z; boundary*=us-ascii''b"),
    "boundary true, boundary* false": _mixed("Content-Type: multipart/mixed; boundary=b; boundary*=us-ascii''z"),
    "boundary in pieces": _mixed("Content-Type: multipart/mixed; boundary*0=b; boundary*1=c", b"bc"),
    "boundary and its pieces": _mixed("Content-Type: multipart/mixed; boundary=z; boundary*0=b; boundary*1=c", b"bc"),
    "boundary with more behind its quote": _mixed('Content-Type: multipart/mixed; boundary="b"c', b"bc"),
    "boundary that ends with its quote": _mixed('Content-Type: multipart/mixed; boundary="b"c'),
    "boundary with a blank, no quotes": _mixed("Content-Type: multipart/mixed; boundary=b c", b"b c"),
    "boundary before a blank, no quotes": _mixed("Content-Type: multipart/mixed; boundary=b c"),
    "boundary before a tab, no quotes": _mixed("Content-Type: multipart/mixed; boundary=b\tc"),
    "boundary in single quotes": _mixed("Content-Type: multipart/mixed; boundary='b'"),
    "boundary with single quotes": _mixed("Content-Type: multipart/mixed; boundary='b'", b"'b'"),
    "boundary with an open quote": _mixed('Content-Type: multipart/mixed; boundary="b'),
    "boundary behind a comment": _mixed("Content-Type: multipart/mixed; (c) boundary=b"),
    "boundary before a comment": _mixed("Content-Type: multipart/mixed; boundary=b(c)"),
    "a comment in the boundary": _mixed("Content-Type: multipart/mixed; boundary=b(c)", b"b(c)"),
    "a boundary in a comment": _mixed("Content-Type: multipart/mixed; (; boundary=z) boundary=b"),
    "boundary with a blank at its end": _mixed('Content-Type: multipart/mixed; boundary="b "', b"b "),
    "boundary with a NUL": _mixed(b"Content-Type: multipart/mixed; boundary=b\0c", b"bc"),
    "boundary before a NUL": _mixed(b"Content-Type: multipart/mixed; boundary=b\0c"),
    "boundary as encoded word": _mixed('Content-Type: multipart/mixed; boundary="=?us-ascii?q?b?="'),
    "boundary with escapes": _mixed('Content-Type: multipart/mixed; boundary="\\b"'),
    "an empty boundary": _mixed('Content-Type: multipart/mixed; boundary=""', b""),
    "no boundary": _mixed("Content-Type: multipart/mixed"),
    "another boundary than said": _mixed(_MIXED, b"other"),
    "a boundary in other case": _mixed(_MIXED, b"B"),
    "the same boundary inside": _nested("b"),
    "a longer boundary inside": _nested("bc"),
    "a shorter boundary inside": _nested("b", "bc"),
    # delimiter lines
    "no closing delimiter": lambda p: _message(_MIXED, _parts(_HELLO, p.part(), close=b"")),
    "more behind the delimiter": lambda p: _message(_MIXED, _parts(_HELLO, close=b"") + b"--b more\r\n" + p.part()),
    "a blank before the delimiter": lambda p: _message(_MIXED, _parts(_HELLO, close=b"") + b" --b\r\n" + p.part()),
    "after the closing delimiter": lambda p: _message(_MIXED, _parts(_HELLO) + _parts(p.part())),
    "after the end, no delimiter": lambda p: _message(_MIXED, _parts(_HELLO) + p.part()),
    "before the first delimiter": lambda p: _message(_MIXED, p.part() + b"\r\n" + _parts(_HELLO)),
    "a false closing delimiter": lambda p: _message(
        _MIXED, _parts(_HELLO, close=b"--b--x\r\n") + _parts(p.part())),
    # header blocks
    "a line without colon before the type": _mixed(f"Ceci est du texte\r\n{_MIXED}"),
    "text before the header": lambda p: b"Bonjour\r\n" + _message(_MIXED, _parts(_HELLO, p.part())),
    "an empty line before the header": lambda p: b"\r\n" + _message(_MIXED, _parts(_HELLO, p.part())),
    "blanks alone before the type": _mixed(f"X-A: a\r\n \r\n{_MIXED}"),
    "blanks alone inside the type": _mixed("Content-Type: multipart/mixed;\r\n \t\r\n boundary=b"),
    "a blank before the colon": _mixed("Content-Type : multipart/mixed; boundary=b"),
    "a NUL in the field's name": _mixed(b"Content-\0Type: multipart/mixed; boundary=b"),
    "a fold in the field's name": _mixed("Content-\r\n Type: multipart/mixed; boundary=b"),
    "the type on the next line": _mixed("Content-Type:\r\n\tmultipart/mixed;\r\n\tboundary=b"),
    "a fold in the encoding": _inside("Content-Type: {t}\r\nContent-Transfer-Encoding:\r\n {e}"),
    "a From line before": lambda p: b"From a Mon Jan 1 00:00:00 2024\r\n" + _message(_MIXED, _parts(p.part())),
    "a >From line inside": _mixed(f">From a\r\n{_MIXED}"),
    # transfer encodings
    "encoding twice, true first": _inside("Content-Type: {t}\r\nContent-Transfer-Encoding: {e}\r\nContent-Transfer-Encoding: 7bit"),
    "encoding twice, true last": _inside("Content-Type: {t}\r\nContent-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: {e}"),
    "encoding 7bit": _inside("Content-Type: {t}\r\nContent-Transfer-Encoding: 7bit"),
    "encoding in capitals": lambda p: _message(_MIXED, _parts(Payload(p.type, p.encoding.upper(), p.body).part())),
    "an unknown encoding": _inside("Content-Type: {t}\r\nContent-Transfer-Encoding: x-rot47"),
    "encoding with more behind": _inside("Content-Type: {t}\r\nContent-Transfer-Encoding: {e} x"),
    "encoding with a comment before": _inside("Content-Type: {t}\r\nContent-Transfer-Encoding: (x) {e}"),
    "encoding in quotes": _inside('Content-Type: {t}\r\nContent-Transfer-Encoding: "{e}"'),
    "encoding with a NUL": lambda p: _message(_MIXED, _parts(Payload(p.type, p.encoding + "\0x", p.body).part())),
    "encoding as encoded word": _inside("Content-Type: {t}\r\nContent-Transfer-Encoding: =?us-ascii?q?{e}?="),
    "encoding misspelt": _inside("Content-Type: {t}\r\nContent-Transfer_Encoding: {e}"),
    "base64 said of all": _inside("Content-Type: {t}\r\nContent-Transfer-Encoding: base64"),
    "quoted-printable said of all": _inside("Content-Type: {t}\r\nContent-Transfer-Encoding: quoted-printable"),
    "uuencode said of all": _inside("Content-Type: {t}\r\nContent-Transfer-Encoding: x-uuencode"),
    "junk among the letters": _mangled(_junk),
    "a padding in front": _mangled(lambda body: b"YQ==\r\n" + body),
    "an empty line inside": _mangled(lambda body: body[:76] + b"\r\n\r\n" + body[76:]),
    "text before the encoded": _mangled(lambda body: b"Voici le document.\r\n\r\n" + body),
    "the whole multipart in base64": lambda p: _message(
        f"{_MIXED}\r\nContent-Transfer-Encoding: base64", _b64(_parts(_HELLO, p.part()))),
    "base64 said of a clear multipart": _mixed(f"{_MIXED}\r\nContent-Transfer-Encoding: base64"),
    "the whole multipart in quoted-printable": lambda p: _message(
        f"{_MIXED}\r\nContent-Transfer-Encoding: quoted-printable", quopri.encodestring(_parts(_HELLO, p.part()))),
    # messages in messages
    "a message in base64": lambda p: _message(_MIXED, _parts(_HELLO, Payload(
        "message/rfc822", "base64", _b64(_message(_MIXED, _parts(p.part())))).part())),
    "base64 said of a clear message": lambda p: _message(_MIXED, _parts(_HELLO, Payload(
        "message/rfc822", "base64", _message("Content-Type: multipart/mixed; boundary=c", _parts(
            p.part(), boundary=b"c", close=b"--c--"))).part())),
    "a message of CR alone in base64": lambda p: _message(_MIXED, _parts(_HELLO, Payload("message/rfc822", "base64", _b64(
        _message(_MIXED, _parts(p.part())).replace(b"\r\n", b"\r"))).part())),
    "a message in a text": lambda p: _message(
        "Content-Type: text/plain", b"Transmis :\r\n\r\n" + _message(_MIXED, _parts(_HELLO, p.part()))),
    "a message as text": lambda p: _message("Content-Type: text/plain", _message(_MIXED, _parts(_HELLO, p.part()))),
    "a message in an octet stream": lambda p: _message("Content-Type: application/octet-stream; name=a.dat", _message(
        _MIXED, _parts(_HELLO, p.part()))),
    "a message/partial": lambda p: _message('Content-Type: message/partial; id="x"; number=1; total=2', _message(
        _MIXED, _parts(_HELLO, p.part()))),
    "a message/external-body": lambda p: _message(
        "Content-Type: message/external-body; access-type=URL", _message(_MIXED, _parts(_HELLO, p.part()))),
    "a digest": lambda p: _message("Content-Type: multipart/digest; boundary=b", _parts(
        b"\r\n" + _message("Content-Type: multipart/mixed; boundary=c", _parts(p.part(), boundary=b"c", close=b"--c--")))),
    # line ends
    "LF alone": _whole(lambda raw: raw.replace(b"\r\n", b"\n")),
    "CR alone": _whole(lambda raw: raw.replace(b"\r\n", b"\r")),
    "LF in the header, CRLF in the body": lambda p: _message(_MIXED, b"").replace(b"\r\n", b"\n") + _parts(p.part()),
    # places where readers do not look
    "in an alternative": _mixed("Content-Type: multipart/alternative; boundary=b"),
    "in a report": _mixed("Content-Type: multipart/report; boundary=b"),
    "said to be a signature": _inside("Content-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: {e}"),
    "said to be a picture": _inside("Content-Type: image/png; name=logo.png\r\nContent-Transfer-Encoding: {e}"),
    "said to be a film": _inside("Content-Type: video/mp4\r\nContent-Transfer-Encoding: {e}"),
    "two names": _inside("Content-Type: {t}\r\nContent-Transfer-Encoding: {e}\r\nContent-Disposition: attachment; filename=a.jpg; filename*=utf-8''a.docx"),
    "alone, honest": _raw("Content-Type: {t}\r\nContent-Transfer-Encoding: {e}"),
    "alone, type twice": _raw("Content-Type: {t}\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: {e}"),
    "alone, unknown encoding": _raw("Content-Type: {t}\r\nContent-Transfer-Encoding: x-new"),
}  # fmt: skip

_LABELS = ("text/html", "text/rtf", "text/xml", "text/calendar", "application/json", "message/delivery-status", "application/pdf",
           "message/http", "image/svg+xml", "multipart/x-odd", "application/octet-stream", "text/css")  # fmt: skip
for _label in _LABELS:
    TRICKS[f"all of it said to be {_label}"] = _mixed(f"Content-Type: {_label}; boundary=b")
    TRICKS[f"said to be {_label}, 7bit"] = _inside(f"Content-Type: {_label}\r\nContent-Transfer-Encoding: 7bit")
    TRICKS[f"said to be {_label}, unknown encoding"] = _inside(
        f"Content-Type: {_label}\r\nContent-Transfer-Encoding: x-z"
    )
    TRICKS[f"a message behind markup in {_label}"] = lambda p, kind=_label: _message(
        f"Content-Type: {kind}", b"<p>Bonjour</p>\r\n" + _message(_MIXED, _parts(_HELLO, p.part()))
    )


def _yenc(data: bytes) -> bytes:
    """yEnc 1.3: each octet plus 42; critical ones escaped."""
    out = bytearray()
    for octet in data:
        value = (octet + 42) % 256
        out += bytes([61, (value + 64) % 256]) if value in (0, 10, 13, 61) else bytes([value])
    return b"=ybegin line=128 size=%d name=a.docx\r\n%s\r\n=yend size=%d\r\n" % (len(data), bytes(out), len(data))


def _utf7(text: str) -> bytes:
    """UTF-7 with every letter shifted (RFC 2152)."""
    return b"+" + base64.b64encode(text.encode("utf-16-be")).rstrip(b"=") + b"-"


def _xx(data: bytes) -> bytes:
    """uuencode with letters that every charset has."""
    letters = b"+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    table = bytes.maketrans(bytes(range(32, 97)), letters + letters[:1])
    return b"\r\n".join(line.translate(table) for line in _uu(data).split(b"\r\n")[1:-1])


OTHERS: dict[str, bytes] = {
    "uuencode in a text": _message("Content-Type: text/plain", b"Voici :\r\n\r\n" + _uu(DOCX) + b"\r\n"),
    "yEnc in a text": _message("Content-Type: text/plain; charset=latin-1", b"Voici :\r\n" + _yenc(DOCX)),
    "BinHex in a text": _message("Content-Type: text/plain", b"(This file must be converted with BinHex 4.0)\r\n\r\n:abc:"),
    "BinHex as a part": _message("Content-Type: application/mac-binhex40; name=a.hqx", b"(This file must be converted with BinHex 4.0)\r\n\r\n:abc:"),
    "gzip64": _message("Content-Type: text/plain\r\nContent-Transfer-Encoding: gzip64", _b64(gzip.compress(DOCX))),
    "UTF-7": _message("Content-Type: text/plain; charset=utf-7", SENTENCE.encode("utf-7")),
    "two charsets": _message("Content-Type: text/plain; charset=us-ascii; charset=utf-7", _utf7(SENTENCE)),
    "two charsets, one extended": _message("Content-Type: text/plain; charset=us-ascii; charset*=utf-7", _utf7(SENTENCE)),
    "UTF-16 in base64": _message("Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64", _b64(SENTENCE.encode("utf-16"))),
    "base64 of base64": _message("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64", _b64(_b64(DOCX))),
    "uuencode -m": _message("Content-Type: text/plain", b"begin-base64 644 a.docx\r\n" + _b64(DOCX) + b"\r\n====\r\n"),
    "xxencode": _message("Content-Type: text/plain", b"begin 644 a.docx\r\n" + _xx(DOCX) + b"\r\nend\r\n"),
    "a data address in HTML": _message("Content-Type: text/html", b'<a href="data:application/x;base64,' + base64.b64encode(DOCX) + b'">x</a>'),
}  # fmt: skip


def rows() -> Iterator[tuple[str, dict[str, str]]]:
    """(trick, {payload: cell}) of the whole table."""
    for name, trick in TRICKS.items():
        yield name, {payload: outcome(trick(made)) for payload, made in PAYLOADS.items()}
    for name, raw in OTHERS.items():
        yield name, {"docx, base64": outcome(raw)}


def outcome(raw: bytes) -> str:
    content = formats.read(mime.parse(raw))
    whys = sorted({place.why.value for place in content.places if place.state is State.UNREADABLE and place.why})
    if any(folded(SENTENCE) in folded(text.text) for text in content.texts):
        return f"found + {','.join(whys)}" if whys else "found"
    return f"unreadable({','.join(whys)})" if whys else "missed"


def report() -> bool:
    """Prints the table; True when nothing was missed."""
    print(f"| trick | {' | '.join(PAYLOADS)} |\n|---{'|---' * len(PAYLOADS)}|")
    table = dict(rows())
    for name, cells in table.items():
        print(f"| {name} | {' | '.join(cells.get(payload, '—') for payload in PAYLOADS)} |")
    cells = [cell for row in table.values() for cell in row.values()]
    found = sum(cell.startswith("found") for cell in cells)
    print(f"\nhidden {len(cells)}: found {found}, unreadable {sum(c.startswith('unreadable') for c in cells)}, "
          f"missed {cells.count('missed')}")  # fmt: skip
    return "missed" not in cells
