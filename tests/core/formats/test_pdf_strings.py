"""What a PDF says beside its pages, in places that no viewer's API names: read, or said to be unread."""

from __future__ import annotations

import zlib

import pytest

from mss_guard.core import formats
from mss_guard.core.formats import pdfraw, table
from mss_guard.core.formats.reading import Reading
from mss_guard.core.model import State, Why
from tests.core.formats import build
from tests.core.formats.test_caps import P, pdf_with, seen, stream
from tests.core.formats.test_formats import only

formats.warm()

SAID = P.encode("cp1252")
XMP = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'><dc:description>{P}</dc:description></x:xmpmeta>".encode()


def packed(data: bytes, keys: bytes = b"") -> bytes:
    body = zlib.compress(data)
    return b"<<%s/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (keys, len(body), body)


def with_info(info: bytes) -> bytes:
    return pdf_with(b"", b"", info).replace(b"trailer<<", b"trailer<</Info 4 0 R")


PLACES: dict[str, bytes] = {
    "field without a widget": pdf_with(b"", b"/AcroForm<</Fields[4 0 R]>>", b"<</FT/Tx/T(motif)/V(%s)>>" % SAID),
    "field in UTF-16": pdf_with(
        b"", b"/AcroForm<</Fields[4 0 R]>>", b"<</FT/Tx/V<FEFF%s>>>" % P.encode("utf-16-be").hex().encode()
    ),
    "field in octal": pdf_with(b"", b"", b"<</V(%s)>>" % b"".join(b"\\%03o" % c for c in SAID)),
    "field of a stream": pdf_with(b"", b"/AcroForm<</Fields[<</FT/Tx/V 4 0 R>>]>>", packed(SAID)),
    "own key of the properties": with_info(b"<</Patient(%s)>>" % SAID),
    "script": pdf_with(b"", b"/OpenAction<</S/JavaScript/JS(app.alert\\('%s'\\))>>" % SAID),
    "script of a stream": pdf_with(b"", b"/OpenAction<</S/JavaScript/JS 4 0 R>>", packed(b"app.alert('%s')" % SAID)),
    "nested parentheses": pdf_with(b"", b"", b"<</V(un (deux) %s)>>" % SAID),
    "XMP": pdf_with(b"", b"/Metadata 4 0 R", stream(XMP)),
    "packed XMP": pdf_with(b"", b"/Metadata 4 0 R", packed(XMP)),
    "object stream": pdf_with(b"", b"", packed(b"9 0 <</FT/Tx/V(%s)>>" % SAID, b"/Type/ObjStm/N 1/First 4")),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_string_of_a_pdf_is_read_wherever_it_stands(place: str):
    """Fields without a widget, own properties, scripts, XMP: the words are found."""
    content = formats.read_document(PLACES[place])
    assert seen(content)
    assert only(content) == (State.READ, None)


@pytest.mark.parametrize("keys", [b"/Filter/LZWDecode", b"/Filter/FlateDecode"])
def test_a_script_that_does_not_open_is_partial(keys: bytes):
    """Another packing, or broken octets: the document says that it was not all read."""
    data = pdf_with(b"", b"/OpenAction<</S/JavaScript/JS 4 0 R>>", b"<<%s/Length 3>>stream\nabc\nendstream" % keys)
    assert only(formats.read_document(data)) == (State.UNREADABLE, Why.PARTIAL)


def test_identifiers_and_dates_are_no_words():
    """The file's digest and its dates do not become text."""
    data = build.pdf("Bonjour").replace(b"trailer<<", b"trailer<</ID[<%s>]/X(D:20260101)" % (b"8f91e2c3" * 4))
    assert [t.text.strip() for t in formats.read_document(data).texts] == ["Bonjour"]


HOSTILE = {
    "a string that never ends": b"%PDF-1.4\n" + b"(\\" * 1_000_000,
    "strings in strings": b"%PDF-1.4\n" + b"(" * 1_000_000,
    "streams without an end": b"%PDF-1.4\n" + b"stream\n" * 100_000,
    "hexadecimal without an end": b"%PDF-1.4\n" + b"<41" * 500_000,
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("case", HOSTILE)
def test_what_never_ends_is_passed_over_once(case: str) -> None:
    """Each took the square of its length once: minutes, and the time limit of this test."""
    found, _ = pdfraw.strings(Reading(table.look), HOSTILE[case])
    assert len(found) <= 1


def test_a_string_may_hold_balanced_parentheses() -> None:
    """ISO 32000-1 §7.3.4.2, at any depth, escaped ones aside."""
    found, _ = pdfraw.strings(Reading(table.look), rb"<</A(Madame (Anne (dite \)Nanou)) Durand)/B(suite)>>")
    assert found == ["Madame (Anne (dite )Nanou)) Durand", "suite"]
