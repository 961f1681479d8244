"""File names are text: what people write there is often a name and a diagnosis."""

from __future__ import annotations

from mss_guard.core.formats.reading import Doc, Reading
from mss_guard.core.model import Where


def name_text(reading: Reading, doc: Doc) -> None:
    """Keep the names of `doc`; inside containers the whole path."""
    if doc.name:
        reading.text(doc, doc.name, Where.NAME)
