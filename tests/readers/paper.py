"""PDF files with the words in one place each (ISO 32000-1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.core.formats import build
from tests.readers import drawn

_PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]%s>>"


def _file(bodies: Sequence[bytes]) -> bytes:
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    tail = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, len(out))
    return bytes(out) + head + table + tail


def _with(catalog: bytes, page: bytes, *more: bytes) -> bytes:
    return _file([b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog, b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                  _PAGE % page, *more])  # fmt: skip


def _stream(data: bytes, extra: bytes = b"") -> bytes:
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(data), extra, data)


def field(text: str) -> bytes:
    """A text field's value (§12.7.4.3), with no appearance."""
    widget = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(note)/V(%s)/Rect[50 700 500 720]/P 3 0 R>>" % text.encode()
    return _with(b"/AcroForm<</Fields[4 0 R]>>", b"/Annots[4 0 R]", widget)


def annotation(text: str) -> bytes:
    """A sticky note's Contents (§12.5.6.4)."""
    note = b"<</Type/Annot/Subtype/Text/Contents(%s)/Rect[50 700 70 720]>>" % text.encode()
    return _with(b"", b"/Annots[4 0 R]", note)


def embedded(text: str) -> bytes:
    """A file in the EmbeddedFiles name tree (§7.11.4)."""
    names = b"/Names<</EmbeddedFiles<</Names[(note.txt)4 0 R]>>>>"
    return _with(names, b"", b"<</Type/Filespec/F(note.txt)/EF<</F 5 0 R>>>>",
                 _stream(text.encode(), b"/Type/EmbeddedFile"))  # fmt: skip


def scanned(text: str) -> bytes:
    """One page that is a JPEG and nothing else."""
    show = b"q 595 0 0 842 0 0 cm /I Do Q"
    return _with(b"", b"/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>", _stream(show), _stream(
        drawn.picture(text, "JPEG"), b"/Type/XObject/Subtype/Image/Width 1240/Height 1754/ColorSpace/DeviceGray"
        b"/BitsPerComponent 8/Filter/DCTDecode"))  # fmt: skip


PDF: dict[str, Callable[[str], bytes]] = {
    "text": lambda text: build.pdf(text),
    "form field": field,
    "annotation": annotation,
    "embedded file": embedded,
    "scanned": scanned,
}
