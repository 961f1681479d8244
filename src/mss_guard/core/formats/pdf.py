"""PDF through PDFium: text page by page, annotations, properties, outline, files and forms inside. A page
without text is read by OCR, and no-text when that finds nothing."""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from typing import Any

import pypdfium2
import pypdfium2.raw

from mss_guard.core.formats import html, pdflock, pdfraw, xmltext
from mss_guard.core.formats.reading import Doc, Lock, Outcome, Reading, Stop, read_unless, unreadable
from mss_guard.core.formats.scans import Scans
from mss_guard.core.model import Why

pdfium: Any = pypdfium2  # the package has no usable types
raw: Any = pypdfium2.raw

MAX_PAGES = 500  # about 1.5 ms each; a DLU has 10, a whole medical file 200
MAX_ATTACHMENTS = 100  # of one document; a portfolio of a whole stay has some 30
MAX_ANNOTATIONS = 2_000  # of one document
MAX_OUTLINE = 500  # bookmarks of one document: one a page, as of MAX_PAGES
_MAX_OUTLINE_DEPTH = 20  # pypdfium2's own default is 15
MAX_STRING = 1_000_000  # octets of one note or field value
MAX_PACKETS = 50  # of an XFA form; real ones have about ten
MAX_PACKET = 16 * 1024 * 1024  # octets of one of them
_FEW = 40  # characters: a stamp or a page number printed over a scan is no text layer
_THIN = 200  # characters: with as few over a picture that is the page, the picture is read too
_OBJECT = re.compile(rb"\d+ \d+ obj\b")
_COVER_ALONE = 0.05  # of a page without any text: a logo is smaller
_COVER = 0.5  # of the page: a picture as large is the page itself
_MAX_OBJECTS = 200  # looked at on a page without text
_STRING_KEYS = (
    "Contents",
    "V",
    "DV",
    "TU",
    "Subj",
    "T",
    "RC",
    "RV",
)  # ISO 32000-1 §12.5.2, §12.7.3: notes, field values and their labels
_RICH_KEYS = frozenset({"RC", "RV"})
_XFA_FORMS = (raw.FORMTYPE_XFA_FULL, raw.FORMTYPE_XFA_FOREGROUND)
_DATE = re.compile(r"D:\d{4,14}[Z+\-'\d]{0,8}\Z")


def read(reading: Reading, doc: Doc) -> Outcome:
    try:
        document = pdfium.PdfDocument(doc.data)
    except pdfium.PdfiumError as error:
        if error.err_code not in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            return unreadable(Why.DAMAGED)
        reading.lock(Lock(doc, pdflock.COST, partial(pdflock.opened, doc.data)))
        return unreadable(Why.ENCRYPTED)
    try:
        return read_unless(_document(reading, doc, document))
    finally:
        document.close()


@dataclass(slots=True)
class _Found:
    """What one document has told so far."""

    texts: list[str] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)  # how many texts stand before each page, and at the end of the last
    files: list[tuple[str, bytes]] = field(default_factory=list)  # of annotations; most stand in the name tree too
    notes: int = 0
    why: Why | None = None  # the first cap or break met

    def begin(self) -> tuple[int, ...]:
        """Where each page begins in the joined text, and where the last one ends."""
        before = [0, *accumulate(len(text) + 1 for text in self.texts)]
        return tuple(before[index] for index in self.pages)

    def miss(self, why: Why) -> None:
        self.why = self.why or why


def _document(reading: Reading, doc: Doc, document: Any) -> Why | None:
    pages = len(document)
    found = _Found(why=Why.DAMAGED if pages == 0 else Why.PARTIAL if pages > MAX_PAGES else None)
    scans, blank = Scans(), False
    for number in range(min(pages, MAX_PAGES)):
        try:
            page = document[number]
        except pdfium.PdfiumError:
            found.miss(Why.DAMAGED)
            continue
        text = _page_text(page)
        found.pages.append(len(found.texts))
        found.texts.append(text)
        if len(text.strip()) < _THIN and _unread(page, text):
            legible = scans.page(reading, doc, page)
            blank = blank or (not legible and len(text.strip()) < _FEW)
        _notes(reading, page, found)
        page.close()
    found.pages.append(len(found.texts))
    properties = document.get_metadata_dict(skip_empty=True).values()
    found.texts.extend(v for v in properties if not _DATE.match(v))
    _outline(document, found)
    _strings(reading, doc, document, found)
    reading.text(doc, "\n".join(found.texts), pages=found.begin())
    _inside(reading, doc, document, found)
    if _OBJECT.search(doc.data, doc.data.rfind(b"%%EOF") + 1):  # an update (ISO 32000-1 §7.5.6) begun and not ended
        found.miss(Why.DAMAGED)
    return found.why or scans.why or (Why.NO_TEXT if blank else None)


def _page_text(page: Any) -> str:
    textpage = page.get_textpage()
    try:
        text = str(textpage.get_text_bounded()) if textpage.count_chars() else ""
        return text.replace("\ufffe", "").replace("\x02", "-")
    finally:
        textpage.close()


def _unread(page: Any, text: str) -> bool:
    """True when the page shows something that gave no text: a scan, drawn letters. A blank page shows nothing."""
    width, height = page.get_size()
    area = max(width * height, 1.0)
    alone = not text.strip()
    least = {raw.FPDF_PAGEOBJ_IMAGE: _COVER_ALONE if alone else _COVER} | (
        {raw.FPDF_PAGEOBJ_PATH: _COVER} if alone else {}
    )
    for n, thing in enumerate(page.get_objects(max_depth=3)):
        if n >= _MAX_OBJECTS:
            return True
        if thing.type in least:
            left, bottom, right, top = thing.get_bounds()
            if abs(right - left) * abs(top - bottom) >= least[thing.type] * area:
                return True
    return alone and n_objects(page) > _DRAWN


_DRAWN = 30  # objects on a page without text: letters drawn as paths


def n_objects(page: Any) -> int:
    return int(raw.FPDFPage_CountObjects(page))


def _notes(reading: Reading, page: Any, found: _Found) -> None:
    """The strings of annotations and form fields on `page`, and the files that hang on them."""
    count = raw.FPDFPage_GetAnnotCount(page)
    room = max(MAX_ANNOTATIONS - found.notes, 0)
    if count > room:
        found.miss(Why.PARTIAL)
    for index in range(min(count, room)):
        found.notes += 1
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        for key in _STRING_KEYS:
            value = _string(annotation, key, found)
            if value:
                found.texts.append(_rich(value) if key in _RICH_KEYS else value)
        if raw.FPDFAnnot_GetSubtype(annotation) == raw.FPDF_ANNOT_FILEATTACHMENT:
            _file(reading, raw.FPDFAnnot_GetFileAttachment(annotation), found)
        raw.FPDFPage_CloseAnnot(annotation)


def _string(annotation: object, key: str, found: _Found) -> str:
    size = raw.FPDFAnnot_GetStringValue(annotation, key.encode(), None, 0)
    if size >= MAX_STRING:
        found.miss(Why.PARTIAL)
    if not 2 < size < MAX_STRING:
        return ""
    buffer = ctypes.create_string_buffer(size)
    raw.FPDFAnnot_GetStringValue(annotation, key.encode(), ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace")


def _rich(value: str) -> str:
    """Rich text is XHTML (ISO 32000-1 §12.7.3.4)."""
    return xmltext.loose(value) if html.too_deep(value) else html.text(value)


def _file(reading: Reading, attachment: Any, found: _Found) -> None:
    """The file of an annotation; PARTIAL when it is not in the document, or is one too many."""
    if not attachment or len(found.files) >= MAX_ATTACHMENTS:
        found.miss(Why.PARTIAL)
        return
    attached = pdfium.PdfAttachment(attachment, None)
    try:
        data = bytes(attached.get_data())
    except pdfium.PdfiumError:
        found.miss(Why.PARTIAL)
        return
    reading.spend(len(data))
    found.files.append((attached.get_name(), data))


def _outline(document: Any, found: _Found) -> None:
    for n, bookmark in enumerate(document.get_toc(max_depth=_MAX_OUTLINE_DEPTH)):
        if n >= MAX_OUTLINE:
            found.miss(Why.PARTIAL)
            return
        found.texts.append(str(bookmark.get_title()))
        if bookmark.level == _MAX_OUTLINE_DEPTH - 1 and raw.FPDFBookmark_GetFirstChild(document, bookmark):
            found.miss(Why.PARTIAL)


def _strings(reading: Reading, doc: Doc, document: Any, found: _Found) -> None:
    """What the file says and PDFium does not. Of an encrypted file that opens without a password a copy is read that
    PDFium writes without its lock."""
    data: bytes | None = doc.data
    if raw.FPDF_GetSecurityHandlerRevision(document) != -1:
        data = pdflock.without_lock(reading, document)
    if data is None:
        found.miss(Why.PARTIAL)
        return
    said, why = pdfraw.strings(reading, data)
    known = set(found.texts)
    found.texts.extend(text for text in said if text not in known)
    if why:
        found.miss(why)


def _inside(reading: Reading, doc: Doc, document: Any, found: _Found) -> None:
    """Files of the name tree, then those that only annotations know, then the XFA form."""
    count = document.count_attachments()
    number = 0
    seen: set[bytes] = set()
    for number in range(1, min(count, MAX_ATTACHMENTS) + 1):
        attached = document.get_attachment(number - 1)
        try:
            data = bytes(attached.get_data())
        except pdfium.PdfiumError:
            found.miss(Why.DAMAGED)
            continue
        reading.spend(len(data))
        seen.add(data)
        reading.look(reading, doc.child(number, "pdf", data, attached.get_name()))
    if count > MAX_ATTACHMENTS:
        found.miss(Why.TOO_MANY)
    for name, data in found.files:
        if data not in seen:
            number += 1
            seen.add(data)
            reading.look(reading, doc.child(number, "pdf", data, name))
    form = _xfa(document, found)
    if form:
        reading.spend(len(form))
        reading.look(reading, doc.child(number + 1, "pdf", form, ""))


def _xfa(document: Any, found: _Found) -> bytes:
    """The XML of an XFA form: its packets in order make one document (ISO 32000-1 §12.7.8)."""
    count = raw.FPDF_GetXFAPacketCount(document)
    if count > MAX_PACKETS or (count <= 0 and raw.FPDF_GetFormType(document) in _XFA_FORMS):
        found.miss(Why.PARTIAL)
    out: list[bytes] = []
    for index in range(min(count, MAX_PACKETS)):
        size = ctypes.c_ulong()
        if not raw.FPDF_GetXFAPacketContent(document, index, None, 0, size) or size.value > MAX_PACKET:
            found.miss(Why.PARTIAL)
            continue
        buffer = ctypes.create_string_buffer(max(size.value, 1))
        raw.FPDF_GetXFAPacketContent(document, index, buffer, size.value, size)
        out.append(buffer.raw[: size.value])
    return b"".join(out)


def warm() -> None:
    """Run PDFium once: its fonts and tables are set up by the first page."""
    document = pdfium.PdfDocument.new()
    document.new_page(100, 100).get_textpage()
    document.close()


__all__ = ["Stop", "read", "warm"]
