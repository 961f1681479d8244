"""A Message or a document to Content: one reader for each family of formats, in one table (`table.py`).

Every place is read, opaque or unreadable with a reason. Readers end on any bytes: sizes, counts and depths are
bounded by the
constants beside them; time is bounded by the worker that runs them."""

from __future__ import annotations

from mss_guard.core import mime
from mss_guard.core.formats import messages, table, textual, unlocking
from mss_guard.core.formats.reading import Doc, Reading
from mss_guard.core.formats.tooling import Tools, no_tools
from mss_guard.core.model import Content

__all__ = ["read", "read_document", "warm"]


def warm() -> None:
    """Load all that readers need (codecs, libmagic's database, PDFium, lexbor, lxml): afterwards no file is opened."""
    mime.warm()
    table.warm()


def read(message: mime.Message, tools: Tools = no_tools) -> Content:
    """Everything in a message."""
    reading = Reading(table.look, messages.referenced(message), tools=tools)
    messages.walk(reading, message)
    unlocking.open_all(reading, table.look_into)
    content = reading.content()
    outer = message.heads[0]
    return Content(
        places=content.places,
        texts=content.texts,
        markers=content.markers,
        message_id=messages.message_id(outer),
        date=messages.date(outer),
        automatic=messages.automatic(outer),
        author=messages.author(outer),
        correspondents=messages.correspondents(outer),
    )


def read_document(raw: bytes, name: str = "", tools: Tools = no_tools) -> Content:
    """Everything in a document, looked at as an attachment, part "1"; a file that is a message is read as one."""
    if textual.looks_like_message(raw):
        return read(mime.parse(raw), tools)
    reading = Reading(table.look, tools=tools)
    table.look(reading, Doc(raw, "1", name))
    unlocking.open_all(reading, table.look_into)
    return reading.content()
