"""What MSG and TNEF share: MAPI properties (MS-OXCDATA), and the compressed RTF of Outlook (MS-OXRTFCP)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace

from mss_guard.core import mime
from mss_guard.core.formats.reading import Doc, Holder, Reading, Stop
from mss_guard.core.model import Where, Why

STRING8, UNICODE, BINARY, OBJECT = 0x001E, 0x001F, 0x0102, 0x000D
SUBJECT, BODY, RTF, HTML = 0x0037, 0x1000, 0x1009, 0x1013
ATTACHED, FILENAME, LONG_FILENAME, DISPLAY_NAME = 0x3701, 0x3704, 0x3707, 0x3001
_HEADERS = 0x007D

_TECHNICAL = frozenset(
    {0x001A, 0x1035, 0x1042, 0x1039, 0x3703, 0x370E, 0x3712, 0x3A00, 0x6001, 0x3002, 0x0064, 0x0075, 0x0077}
)
"""Properties of machines: message class, message ids, content ids, media types, address types."""

_PACKED, _PLAIN = b"LZFu", b"MELA"
MAX_RTF = 8 * 1024 * 1024  # octets of one message's RTF; a mail of 1,000 pages has 5 MB
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans "
    b"SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""MS-OXRTFCP §2.1.2.1: what the dictionary holds before the first octet."""


@dataclass(slots=True)
class Item:
    """One message as MAPI keeps it: its strings by property, its bodies, its attachments with all their names."""

    strings: dict[int, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    binaries: dict[int, bytes] = field(default_factory=dict)

    def take(self, prop: int, kind: int, value: bytes) -> None:
        """Keep a property of one of the kinds that hold words."""
        if kind == BINARY:
            self.binaries.setdefault(prop, value)
        elif prop not in _TECHNICAL:
            text = value.decode("utf-16-le", "replace") if kind == UNICODE else mime.decode_text(value)
            text = text.rstrip("\x00")
            if prop in self.strings or prop >= 0x8000:
                self.others.append(text)
            else:
                self.strings[prop] = text

    def names(self) -> str:
        """Every candidate file name, each once."""
        found = (mime.clean_name(self.strings.get(p, "")) for p in (LONG_FILENAME, FILENAME, DISPLAY_NAME))
        return " | ".join(dict.fromkeys(name for name in found if name))


def tell(reading: Reading, doc: Doc, item: Item, holder: Holder) -> None:
    """Hand over a message's subject, bodies and other words. Raises Stop when a body cannot be unpacked."""
    reading.messages += 1
    inside = replace(doc, message=reading.messages - 1)
    for prop, text in item.strings.items():
        reading.text(inside, text, _WHERE.get(prop, Where.HEADER))
    reading.text(inside, "\n".join(item.others), Where.HEADER)
    for number, prop in ((1, HTML), (2, RTF)):
        data = item.binaries.get(prop)
        if data:
            body = inside.child(number, holder, unpack(data) if prop == RTF else data, "")
            reading.look(reading, replace(body, where=Where.BODY))


_WHERE = {SUBJECT: Where.SUBJECT, BODY: Where.BODY, HTML: Where.BODY}


def unpack(data: bytes) -> bytes:
    """The RTF in a PidTagRtfCompressed (MS-OXRTFCP §2.2). Raises Stop: damaged or too large."""
    if len(data) < 16:
        raise Stop(Why.DAMAGED)
    _, size, mark = struct.unpack_from("<LL4s", data)
    if mark == _PLAIN:
        return data[16 : 16 + size]
    if mark != _PACKED:
        raise Stop(Why.DAMAGED)
    if size > MAX_RTF:
        raise Stop(Why.TOO_LARGE)
    return bytes(_expand(data, size))


def _expand(data: bytes, size: int) -> bytearray:
    """LZ with a ring of 4,096 octets: a control octet says of the next eight which are references."""
    ring = bytearray(_DICTIONARY.ljust(4096, b"\x00"))
    at, put, out = 16, len(_DICTIONARY), bytearray()
    while at < len(data) and len(out) < size:
        control = data[at]
        at += 1
        for bit in range(8):
            if control >> bit & 1:
                if at + 2 > len(data):
                    return out
                reference = data[at] << 8 | data[at + 1]
                at += 2
                start, length = reference >> 4, (reference & 15) + 2
                if start == put:
                    return out
                piece = range(start, start + length)
            elif at < len(data):
                ring[put], piece = data[at], range(put, put + 1)
                at += 1
            else:
                return out
            for k in piece:
                octet = ring[k & 4095]
                ring[put] = octet
                out.append(octet)
                put = put + 1 & 4095
    return out
