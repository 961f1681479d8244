"""Encrypted PDF (ISO 32000-2 §7.6) through PDFium: what a password opens, and the same file without its lock."""

from __future__ import annotations

import ctypes
from typing import Any

import pypdfium2
import pypdfium2.raw

from mss_guard.core.formats.reading import Reading

pdfium: Any = pypdfium2
raw: Any = pypdfium2.raw

COST = 3_000  # microseconds a try: revision 6 hashes 64 rounds and more, older ones less


def opened(data: bytes, reading: Reading, password: str) -> bytes | None:
    """The document without its lock; None when the password does not open it."""
    try:
        document = pdfium.PdfDocument(data, password=password)
    except (pdfium.PdfiumError, UnicodeEncodeError):
        return None
    try:
        return without_lock(reading, document)
    finally:
        document.close()


def without_lock(reading: Reading, document: Any) -> bytes | None:
    """A copy as PDFium writes it, None when it cannot. Raises Stop: the allowance of octets is spent."""
    _pieces.clear()
    written = raw.FPDF_SaveAsCopy(document, _writer, raw.FPDF_REMOVE_SECURITY)
    data = b"".join(_pieces)
    _pieces.clear()
    reading.spend(len(data))
    return data if written else None


_pieces: list[bytes] = []


def _write(_interface: object, data: Any, size: int) -> int:
    _pieces.append(ctypes.string_at(data, size))
    return 1


_writer = raw.FPDF_FILEWRITE(version=1)
_writer.WriteBlock = type(_writer.WriteBlock)(_write)
"""Made once: a confined worker gets no executable memory for another callback."""
