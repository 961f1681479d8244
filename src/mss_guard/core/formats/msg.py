"""Outlook's MSG (MS-OXMSG): one stream a property, one storage an attachment or a recipient, messages within."""

from __future__ import annotations

import re

from mss_guard.core.formats import mapi, strings
from mss_guard.core.formats.compound import Compound, Path
from mss_guard.core.formats.mapi import Item
from mss_guard.core.formats.reading import MAX_DEPTH, Doc, Reading, Stop
from mss_guard.core.model import Why

TYPE = "application/vnd.ms-outlook"
PROPERTIES = "__properties_version1.0"

_STREAM = re.compile(r"__substg1\.0_([0-9A-Fa-f]{4})(001E|001F|0102)(?:-[0-9A-Fa-f]{8})?", re.IGNORECASE)
_ATTACHMENT = re.compile(r"__attach_version1\.0_#[0-9A-Fa-f]{8}", re.IGNORECASE)
_RECIPIENT = re.compile(r"__recip_version1\.0_#[0-9A-Fa-f]{8}", re.IGNORECASE)
_EMBEDDED = "__substg1.0_3701000D"


def read(reading: Reading, doc: Doc, ole: Compound, storage: Path = ()) -> Why | None:
    """The message in `storage`, its recipients' names, its attachments; the first reason why that is not all."""
    if doc.depth >= MAX_DEPTH:
        return Why.TOO_DEEP
    why: Why | None = None
    message = _item(ole, storage)
    below = _storages(ole, storage)
    for recipient in (s for s in below if _RECIPIENT.fullmatch(s[-1])):
        message.others += _item(ole, recipient).strings.values()
    try:
        mapi.tell(reading, doc, message, "msg")
    except Stop as stop:
        why = stop.why
    for number, attachment in enumerate((s for s in below if _ATTACHMENT.fullmatch(s[-1])), 3):  # 1, 2: the bodies
        why = _attachment(reading, doc, ole, attachment, number) or why
    return why


def _attachment(reading: Reading, doc: Doc, ole: Compound, storage: Path, number: int) -> Why | None:
    item = _item(ole, storage)
    child = doc.child(number, "msg", item.binaries.get(mapi.ATTACHED, b""), item.names())
    embedded = (*storage, _EMBEDDED)
    inside = [p for p in ole.paths if p[: len(embedded)] == embedded]
    if not inside:
        reading.look(reading, child)
        return None
    if (*embedded, PROPERTIES) in inside:
        return read(reading, child, ole, embedded)
    reading.declare(child, "", Why.PARTIAL)  # an object kept in this file's own storages: only its runs are read
    reading.text(child, "\n".join(strings.runs(ole.read(p), accented=True) for p in inside))
    return None


def _item(ole: Compound, storage: Path) -> Item:
    item = Item()
    for name, path in ole.names(storage).items():
        if said := _STREAM.fullmatch(name):
            item.take(int(said[1], 16), int(said[2], 16), ole.read(path))
    return item


def _storages(ole: Compound, storage: Path) -> list[Path]:
    """The storages directly in `storage`."""
    depth = len(storage) + 1
    return list(dict.fromkeys(p[:depth] for p in ole.paths if len(p) > depth and p[: depth - 1] == storage))
