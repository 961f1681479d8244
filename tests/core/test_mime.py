"""The MIME walk: what it finds, what it calls ambiguous, and that nothing makes it raise or linger."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mss_guard.core import mime
from mss_guard.core.mime import delimiters, headers, transfer, walk
from mss_guard.core.model import Why

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "torture" / "mime"


def lines(*rows: str) -> bytes:
    return "\r\n".join(rows).encode()


def mixed(*parts: str, header: str = "", boundary: str = "b", close: bool = True) -> bytes:
    rows = [
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed; boundary="{boundary}"',
        *([header] if header else []),
        "",
    ]
    for part in parts:
        rows += [f"--{boundary}", part]
    return lines(*rows, *([f"--{boundary}--", ""] if close else []))


def whys(raw: bytes) -> list[Why]:
    return [part.why for part in mime.parse(raw).parts if part.why]


def test_parts_are_numbered_in_order_and_decoded():
    """A nested multipart numbers its parts 1.1, 1.2, 2 and hands out decoded bytes."""
    inner = "Content-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\n\r\nun\r\n"
    inner += "--i\r\nContent-Type: text/html\r\n\r\n<p>\r\n--i--"
    packed = "Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(b"deux").decode()
    parts = [(p.id, p.data) for p in mime.parse(mixed(inner, packed)).parts if not p.container]
    assert parts == [("1.1", b"un"), ("1.2", b"<p>"), ("2", b"deux")]


def test_a_message_alone_is_part_1():
    """A message that is no multipart has one part, numbered 1, of type text/plain by default."""
    (part,) = mime.parse(b"Subject: x\r\n\r\ntexte").parts
    assert (part.id, part.declared, part.data) == ("1", "text/plain", b"texte")


def test_lines_with_colons_and_no_field_of_mail_are_text():
    """A part without an empty line, whose lines only look like fields, is text that some client shows."""
    (part,) = [p for p in mime.parse(mixed("Patient: suivi pour un diabète\r\nNote: revoir")).parts if not p.container]
    assert part.data == "Patient: suivi pour un diabète\r\nNote: revoir".encode()


def test_preamble_and_epilogue_are_parts():
    """Text before the first and after the last delimiter is shown by no client and still handed out."""
    raw = lines("Content-Type: multipart/mixed; boundary=b", "", "avant", "--b", "", "x", "--b--", "après")
    assert [(p.id, p.data) for p in mime.parse(raw).parts if not p.container] == [
        ("0:preamble", b"avant"),
        ("1", b"x"),
        ("0:epilogue", "après".encode()),
    ]


@pytest.mark.parametrize("encoding", ["7bit", "base64", "quoted-printable"])
@pytest.mark.parametrize("declared", ["message/rfc822", "message/global"])
def test_nested_messages_are_walked(declared: str, encoding: str):
    """A message inside a message is walked whatever its transfer encoding, and counted as message 1."""
    inner = b"Subject: dedans\r\n\r\ncorps"
    body = {"7bit": inner, "base64": base64.b64encode(inner), "quoted-printable": inner}[encoding].decode()
    message = mime.parse(mixed(f"Content-Type: {declared}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}"))
    assert [(h.number, h.part) for h in message.heads] == [(0, "0"), (1, "1.0")]
    assert [(p.id, p.message, p.data) for p in message.parts if not p.container] == [("1.1", 1, b"corps")]


NAMES = {
    'Content-Disposition: attachment; filename="cr.pdf"': "cr.pdf",
    "Content-Disposition: attachment; filename=cr.pdf": "cr.pdf",
    'Content-Type: application/pdf; name="=?utf-8?Q?pr=C3=A9nom.pdf?="': "prénom.pdf",
    "Content-Disposition: attachment; filename*=utf-8''pr%C3%A9nom.pdf": "prénom.pdf",
    "Content-Disposition: attachment; filename*0=compte; filename*1=-rendu.pdf": "compte-rendu.pdf",
    "Content-Disposition: attachment; filename*0*=iso-8859-1''pr%E9; filename*1=nom.pdf": "prénom.pdf",
    "Content-Disposition: attachment; filename=\"a.txt\"; filename*=utf-8''b.pdf": "a.txt | b.pdf",
    'Content-Type: text/plain; name=x.txt\r\nContent-Disposition: attachment; filename="y.pdf"': "y.pdf | x.txt",
    'Content-Disposition: attachment; filename="say \\"hi\\".pdf"': 'say "hi".pdf',
    'Content-Disposition: attachment; filename="fdp\u202e.txt"': "fdp.txt",
}


@pytest.mark.parametrize("header", NAMES)
def test_all_candidate_names_are_collected(header: str):
    """Every value that some client would show as the name is kept, joined by a bar."""
    assert mime.parse(lines(header, "", "x")).parts[0].name == NAMES[header]


AMBIGUOUS = {
    "two types": lines("Content-Type: text/plain", "Content-Type: text/html", "", "x"),
    "two encodings": lines("Content-Transfer-Encoding: base64", "Content-Transfer-Encoding: 7bit", "", "x"),
    "unknown encoding": lines("Content-Transfer-Encoding: x-rot13", "", "x"),
    "two boundaries": lines('Content-Type: multipart/mixed; boundary=a; boundary="b"', "", "--a", "", "x", "--a--"),
    "no boundary": lines("Content-Type: multipart/mixed", "", "--a", "", "x"),
    "boundary never met": lines("Content-Type: multipart/mixed; boundary=z", "", "--a", "", "x"),
    "encoded multipart": mixed("\r\nx", header="Content-Transfer-Encoding: base64"),
    "partial": lines("Content-Type: message/partial; id=a; number=1", "", "x"),
    "external": lines("Content-Type: message/external-body; access-type=URL", "", "x"),
    "base64 after padding": lines("Content-Transfer-Encoding: base64", "", "Yg==", "Ym9uam91cg=="),
    "not the alphabet": lines("Content-Transfer-Encoding: base64", "", "Ym9u-_!am91"),
    "no header line": lines("Subject: x", "ceci n'est pas un champ", "Content-Type: text/html", "", "x"),
    "blanks, then a field": lines("Subject: x", " ", "Content-Type: text/html", "", "x"),
    "headers behind text": lines("texte", "Content-Type: application/zip", "", "x"),
    "goes on after the end": mixed("\r\nx") + b"--b\r\n\r\ncache\r\n--b--\r\n",
}


@pytest.mark.parametrize("case", AMBIGUOUS)
def test_what_readers_would_differ_on_is_ambiguous(case: str):
    """Messages that two readers would take differently carry `ambiguous`."""
    assert Why.AMBIGUOUS in whys(AMBIGUOUS[case])


PLAIN = {
    "missing end": mixed("\r\nx", close=False),
    "same type twice": lines("Content-Type: text/plain", "Content-Type: text/plain", "", "x"),
    "odd 8 bit": lines("Content-Transfer-Encoding: 8-bit", "", "x"),
    "comment": lines("Content-Transfer-Encoding: base64 (usual)", "", "Ym9uam91cg=="),
    "mbox line": lines("From a@b Mon Jan 1 00:00:00 2024", "Subject: x", "", "x"),
    "blanks, then the body": lines("Subject: x", " ", "texte"),
    "no header at all": lines("", "x"),
    "empty multipart": lines("Content-Type: multipart/mixed; boundary=z", "", ""),
    "qp on multipart": mixed("\r\nx", header="Content-Transfer-Encoding: quoted-printable"),
    "two names": lines(
        'Content-Type: text/plain; name="a.txt"', 'Content-Disposition: attachment; filename="b.txt"', "", "x"
    ),
}


@pytest.mark.parametrize("case", PLAIN)
def test_ordinary_oddities_are_not_ambiguous(case: str):
    """What stands in ordinary mail and is read alike by all is no reason to refuse."""
    assert whys(PLAIN[case]) == []


def test_both_sides_of_a_padding_are_decoded():
    """Bytes behind a padding that some readers stop at are handed out too."""
    data, why = transfer.base64(base64.b64encode(b"un") + b"\r\n" + base64.b64encode(b"deux"))
    assert (data, why) == (b"undeux", Why.AMBIGUOUS)


def test_caps_name_what_they_cut():
    """Headers, parts and depth beyond their caps give too-large, too-many and too-deep."""
    deep = b"x"
    for n in range(walk.MAX_DEPTH + 2):
        deep = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n%s\r\n--b%d--" % (n, n, deep, n)
    assert whys(b"X-A: " + b"a" * headers.MAX_FIELD * 2 + b"\r\n\r\nx") == [Why.TOO_LARGE, Why.TOO_LARGE]
    assert Why.TOO_LARGE in whys(b"X-A: aaaaaaaaaaaaaaaa\r\n" * 15_000 + b"\r\nx")
    assert Why.TOO_MANY in whys(b"X-A: a\r\n" * (headers.MAX_LINES + 1) + b"\r\nx")
    assert Why.TOO_MANY in whys(mixed(*["\r\nx"] * (delimiters.MAX_PARTS + 5)))
    assert Why.TOO_DEEP in whys(deep)


def test_hostile_headers_take_no_time():
    """The quadratic traps of CPython's email package do not exist here; each of these would outlast the time limit."""
    hostile = [
        b"Content-Type: text/plain" + b";" * 60_000 + b"\r\n\r\nx",
        b"Content-Type: text/plain; " + b"a " * 30_000 + b"\r\n\r\nx",
        b"Subject: " + b"=?utf-8?Q?a?= " * 4_000 + b"\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 100_000,
        b"To: " + b"(" * 60_000 + b"\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=b" + b" (;boundary=c)" * 4_000 + b"\r\n\r\n--b\r\n\r\nx",
        b"Content-Type: multipart/mixed;" + b" " * 60_000 + b"boundary\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=z\r\n\r\n" + (b"--a" + b" " * 190 + b"\n") * 50_000,
        b"X: a\r\n" + b"junk\r\nA: b\r\n" * 990 + b"\r\nx",
    ]
    for raw in hostile:
        message = mime.parse(raw)
        for header in message.heads[0].headers:
            mime.decode_words(header.text)


WORDS = {
    "=?utf-8?B?w6ljaGVj?=": "échec",
    "=?iso-8859-1?Q?pr=E9nom_nom?=": "prénom nom",
    "=?utf-8?Q?a?= =?utf-8?Q?b?=": "ab",
    "=?utf-8?B?w6k=?=\t=?utf-8?B?dMOp?=": "été",
    "=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=": "é",
    "a =?utf-8?Q?b?= c": "a b c",
    "=?x-inconnu?Q?abc?=": "abc",
    "=?utf-8*fr?Q?abc?=": "abc",
    "pas encodé": "pas encodé",
}


@pytest.mark.parametrize("value", WORDS)
def test_encoded_words(value: str):
    """RFC 2047 words decode, join, and keep the blanks that count."""
    assert mime.decode_words(value) == WORDS[value]


CHARSETS = [
    ("éà".encode(), "", "éà"),
    ("éà".encode("cp1252"), "", "éà"),
    ("éà".encode(), "iso-8859-1", "éà"),
    ("éà".encode("cp1252"), "utf-8", "éà"),
    ("l’été".encode("cp1252"), "iso-8859-1", "l’été"),
    ("bonjour é".encode("utf-16"), "", "bonjour é"),
    ("bonjour madame".encode("utf-16-le"), "", "bonjour madame"),
    ("bonjour madame".encode("utf-16-be"), "us-ascii", "bonjour madame"),
    ("été".encode("utf-7"), "utf-7", "été"),
    ("Привет".encode("koi8-r"), "koi8-r", "Привет"),
    ("été".encode("mac_roman"), "macintosh", "été"),
    (b"abc", "zlib", "abc"),
    (b"abc", "idna", "abc"),
    (b"abc", "../../etc/passwd", "abc"),
]


@pytest.mark.parametrize(("data", "charset", "text"), CHARSETS)
def test_charsets(data: bytes, charset: str, text: str):
    """Right, wrong, missing and dangerous charset labels all give the text that was meant."""
    assert mime.decode_text(data, charset) == text


def test_a_type_of_half_an_encoded_word():
    """What begins like an encoded word and is none is read once more, not for ever."""
    (part,) = mime.parse(lines("Content-Type: =?utf-8?q?multipart/mixed; boundary=b", "", "texte")).parts
    assert (part.data, part.why) == (b"texte", Why.AMBIGUOUS)


def test_uuencoded_body():
    """A uuencoded transfer encoding and a block in text both decode."""
    block = b"begin 644 cr.txt\n#8F]N\n`\nend\n"
    assert mime.uu_blocks(b"avant\n" + block) == [("cr.txt", b"bon")]
    assert mime.parse(b"Content-Transfer-Encoding: x-uuencode\r\n\r\n" + block).parts[0].data == b"bon"


@settings(max_examples=300, deadline=2000)
@given(
    st.lists(
        st.sampled_from(
            [
                b"Content-Type: ",
                b"multipart/mixed",
                b"; boundary=b",
                b"\r\n",
                b"\r\n\r\n",
                b"--b",
                b"--b--",
                b"=",
                b"message/rfc822",
                b"Content-Transfer-Encoding: base64\r\n",
                b"begin 644 a\n",
                b"\xff\xfe",
                b"filename*0*=utf-8''%",
                b'"',
                b"\x00",
                b" ",
            ]
        ),
        max_size=40,
    ).map(b"".join)
    | st.binary(max_size=400)
)
def test_any_bytes_are_a_message(raw: bytes):
    """The walk never raises, on any bytes."""
    assert mime.parse(raw).heads


@pytest.mark.skipif(not DATA.is_dir(), reason="torture data absent")
def test_torture_messages_are_walked():
    """Odd messages of other projects' tests are all walked; no ordinary one is called ambiguous for nothing."""
    odd = []
    count = 0
    for path in sorted(p for p in DATA.rglob("*") if p.is_file()):
        message = mime.parse(path.read_bytes())
        count += 1
        if path.parts[-3] == "rspamd" or "mox" in path.parts:
            odd += [path.name] * any(p.why is Why.AMBIGUOUS for p in message.parts)
    assert count > 1_000
    broken = {
        "btc",
        "phish",
        "freemailcc",
        "external_relay",
        "alternative-empty",
        "fws_fn",
    }  # delimiters that match nothing
    assert [name for name in odd if not any(name.startswith(b) for b in broken)] == []


def test_of_several_encodings_the_first_is_read_in_every_process():
    """Conflicting encodings are ambiguous, and what is read of the part does not hang on a hash seed."""
    code = (
        "from mss_guard.core import mime; "
        "head = b'Content-Transfer-Encoding: base64\\r\\nContent-Transfer-Encoding: quoted-printable\\r\\n'; "
        "part = mime.parse(head + b'\\r\\nQm9uam91cg==').parts[0]; print(part.data, part.why)"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True
        ).stdout
        for seed in ("1", "2", "3", "4", "5")
    }
    assert said == {"b'Bonjour' ambiguous\n"}
