"""TNEF, Outlook's winmail.dat (MS-OXTNEF): message attributes, MAPI properties, attachments, messages within."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from mss_guard.core.formats import mapi
from mss_guard.core.formats.mapi import Item
from mss_guard.core.formats.reading import MAX_DEPTH, Doc, Outcome, Reading, Stop, read_unless, unreadable
from mss_guard.core.model import Why

TYPE = "application/vnd.ms-tnef"
SIGNATURE = b"\x78\x9f\x3e\x22"
MAX_ATTRIBUTES = 20_000  # of one stream; a mail with 100 attachments has 700
MAX_PROPERTIES = 10_000  # of one MAPI block; Outlook writes some 150

_MESSAGE_PROPERTIES, _RENDERING, _ATTACHMENT_PROPERTIES = 0x9003, 0x9002, 0x9005
_TITLE, _DATA = 0x8010, 0x800F
_RECIPIENTS = 0x9004
_WORDS = {0x8004: mapi.SUBJECT, 0x800C: mapi.BODY}  # attSubject, attBody
_FIXED = {2: 4, 3: 4, 4: 4, 10: 4, 11: 4, 5: 8, 6: 8, 7: 8, 20: 8, 64: 8, 72: 16}
_VARIABLE = frozenset({mapi.STRING8, mapi.UNICODE, mapi.BINARY, mapi.OBJECT})
_MANY = 0x1000
_NAMED = 0x8000
_OBJECT_ID = 16  # octets of interface identifier before an embedded message


def read(reading: Reading, doc: Doc) -> Outcome:
    """The message and its attachments; what stands before a break is read, and the break is named."""
    message = Item()
    attachments: list[tuple[Item, bytes]] = []
    why: Why | None = None
    try:
        for level, attribute, value in _attributes(doc.data):
            if level == 1:
                _of_message(message, attribute, value)
            else:
                _of_attachment(attachments, attribute, value)
    except Stop as stop:
        why = stop.why
    except struct.error:
        why = Why.DAMAGED
    try:
        mapi.tell(reading, doc, message, "tnef")
    except Stop as stop:
        why = why or stop.why
    for number, (item, data) in enumerate(attachments, 3):  # 1 and 2 are the bodies
        if doc.depth >= MAX_DEPTH:
            return unreadable(Why.TOO_DEEP, TYPE)
        content = data or item.binaries.get(mapi.ATTACHED, b"")
        if content[_OBJECT_ID : _OBJECT_ID + 4] == SIGNATURE:
            content = content[_OBJECT_ID:]
        reading.look(reading, doc.child(number, "tnef", content, item.names()))
    return read_unless(why, TYPE)


def _attributes(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(level, attribute, value); Stop DAMAGED where the stream breaks off."""
    at = 6
    for _ in range(MAX_ATTRIBUTES):
        if at >= len(data) - 1:
            return
        level, attribute, _type, size = struct.unpack_from("<BHHL", data, at)
        at += 9
        if level not in (1, 2) or at + size > len(data):
            yield level, attribute, data[at : at + size]
            raise Stop(Why.DAMAGED)
        yield level, attribute, data[at : at + size]
        at += size + 2
    raise Stop(Why.TOO_MANY)


def _of_message(item: Item, attribute: int, value: bytes) -> None:
    if attribute == _MESSAGE_PROPERTIES:
        _take(item, value, 0)
    elif attribute == _RECIPIENTS:
        at = 4
        for _ in range(min(struct.unpack_from("<L", value)[0], MAX_PROPERTIES)):
            at = _take(item, value, at)
    elif attribute in _WORDS:
        item.take(_WORDS[attribute], mapi.STRING8, value)


def _of_attachment(attachments: list[tuple[Item, bytes]], attribute: int, value: bytes) -> None:
    if attribute == _RENDERING or not attachments:
        attachments.append((Item(), b""))
    item, data = attachments[-1]
    if attribute == _TITLE:
        item.take(mapi.DISPLAY_NAME, mapi.STRING8, value)
    elif attribute == _DATA:
        attachments[-1] = (item, data + value)
    elif attribute == _ATTACHMENT_PROPERTIES:
        _take(item, value, 0)


def _take(item: Item, data: bytes, at: int) -> int:
    """The MAPI properties at `at` (§2.1.3.4); where they end."""
    count = struct.unpack_from("<L", data, at)[0]
    at += 4
    for _ in range(min(count, MAX_PROPERTIES)):
        kind, prop = struct.unpack_from("<HH", data, at)
        at += 4
        if prop >= _NAMED:
            at = _skip_name(data, at)
        single = kind & ~_MANY
        if single in _FIXED:
            values = struct.unpack_from("<L", data, at)[0] if kind & _MANY else 1
            at += 4 * bool(kind & _MANY) + values * (-(-_FIXED[single] // 4) * 4)
        elif single in _VARIABLE:
            values = struct.unpack_from("<L", data, at)[0]
            at += 4
            for _ in range(min(values, MAX_PROPERTIES)):
                size = struct.unpack_from("<L", data, at)[0]
                value = data[at + 4 : at + 4 + size]
                item.take(prop, mapi.BINARY if single == mapi.OBJECT else single, value)
                at += 4 + -(-size // 4) * 4
        else:
            raise Stop(Why.DAMAGED)
    if count > MAX_PROPERTIES:
        raise Stop(Why.TOO_MANY)
    return at


def _skip_name(data: bytes, at: int) -> int:
    """A named property: a GUID, then a number or a name."""
    kind, size = struct.unpack_from("<LL", data, at + 16)
    return at + 24 + (-(-size // 4) * 4 if kind else 0)
