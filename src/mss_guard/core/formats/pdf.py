"""PDF through PDFium: text page by page, annotations, properties, outline, files inside. A page without text is
no-text."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import pypdfium2
import pypdfium2.raw

from mss_guard.core.formats.reading import Doc, Outcome, Reading, Stop, read_unless, unreadable, worst
from mss_guard.core.model import Why

pdfium: Any = pypdfium2  # the package has no usable types
raw: Any = pypdfium2.raw

MAX_PAGES = 500  # about 1.5 ms each; a DLU has 10, a whole medical file 200
MAX_ATTACHMENTS = 100
MAX_ANNOTATIONS = 2_000  # of one document
MAX_OUTLINE = 500
_FEW = 40  # characters: a stamp or a page number printed over a scan is no text layer
_COVER = 0.5  # of the page: a picture as large is the page itself
_MAX_OBJECTS = 200  # looked at on a page without text
_STRING_KEYS = (
    "Contents",
    "V",
    "DV",
    "TU",
    "Subj",
    "T",
)  # ISO 32000-1 §12.5.2, §12.7.3: notes, field values and their labels


def read(reading: Reading, doc: Doc) -> Outcome:
    try:
        document = pdfium.PdfDocument(doc.data)
    except pdfium.PdfiumError as error:
        locked = error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        return unreadable(Why.ENCRYPTED if locked else Why.DAMAGED)
    try:
        return read_unless(_document(reading, doc, document))
    finally:
        document.close()


def _document(reading: Reading, doc: Doc, document: Any) -> Why | None:
    pages = len(document)
    blank = False
    notes = 0
    texts: list[str] = []
    broken = False
    for number in range(min(pages, MAX_PAGES)):
        try:
            page = document[number]
        except pdfium.PdfiumError:
            broken = True
            continue
        text = _page_text(page)
        texts.append(text)
        if len(text.strip()) < _FEW and not blank:
            blank = _unread(page, text)
        for note in _notes(page, MAX_ANNOTATIONS - notes):
            notes += 1
            texts.append(note)
        page.close()
    texts.extend(v for v in document.get_metadata_dict(skip_empty=True).values() if not v.startswith("D:"))
    texts.extend(_outline(document))
    reading.text(doc, "\n".join(texts).replace("\ufffe", "").replace("\x02", "-"))
    attached = _attachments(reading, doc, document)
    partial = Why.PARTIAL if pages > MAX_PAGES else None
    return worst([Why.DAMAGED if broken or pages == 0 else None, partial, attached, Why.NO_TEXT if blank else None])


def _page_text(page: Any) -> str:
    textpage = page.get_textpage()
    try:
        return str(textpage.get_text_bounded()) if textpage.count_chars() else ""
    finally:
        textpage.close()


def _unread(page: Any, text: str) -> bool:
    """True when the page shows something that gave no text: a scan, drawn letters. A blank page shows nothing."""
    width, height = page.get_size()
    area = max(width * height, 1.0)
    for n, thing in enumerate(page.get_objects(max_depth=3)):
        if n >= _MAX_OBJECTS:
            return True
        if thing.type == raw.FPDF_PAGEOBJ_IMAGE or not text.strip():
            left, bottom, right, top = thing.get_bounds()
            if thing.type != raw.FPDF_PAGEOBJ_IMAGE and thing.type != raw.FPDF_PAGEOBJ_PATH:
                continue
            if abs(right - left) * abs(top - bottom) >= _COVER * area:
                return True
    return not text.strip() and n_objects(page) > _DRAWN


_DRAWN = 30  # objects on a page without text: letters drawn as paths


def n_objects(page: Any) -> int:
    return int(raw.FPDFPage_CountObjects(page))


def _notes(page: Any, room: int) -> Iterator[str]:
    """The strings of annotations and form fields on `page`."""
    for index in range(min(raw.FPDFPage_GetAnnotCount(page), max(room, 0))):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        for key in _STRING_KEYS:
            value = _string(annotation, key)
            if value:
                yield value
        raw.FPDFPage_CloseAnnot(annotation)


def _string(annotation: object, key: str) -> str:
    size = raw.FPDFAnnot_GetStringValue(annotation, key.encode(), None, 0)
    if not 2 < size < 1_000_000:
        return ""
    buffer = ctypes.create_string_buffer(size)
    raw.FPDFAnnot_GetStringValue(annotation, key.encode(), ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace")


def _outline(document: Any) -> Iterator[str]:
    for n, bookmark in enumerate(document.get_toc(max_depth=5)):
        if n >= MAX_OUTLINE:
            return
        yield str(bookmark.get_title())


def _attachments(reading: Reading, doc: Doc, document: Any) -> Why | None:
    count = document.count_attachments()
    for n in range(min(count, MAX_ATTACHMENTS)):
        attached = document.get_attachment(n)
        try:
            data = bytes(attached.get_data())
        except pdfium.PdfiumError:
            return Why.DAMAGED
        reading.spend(len(data))
        reading.look(reading, doc.child(n + 1, "pdf", data, attached.get_name()))
    return Why.TOO_MANY if count > MAX_ATTACHMENTS else None


def warm() -> None:
    """Run PDFium once: its fonts and tables are set up by the first page."""
    document = pdfium.PdfDocument.new()
    document.new_page(100, 100).get_textpage()
    document.close()


__all__ = ["Stop", "read", "warm"]
