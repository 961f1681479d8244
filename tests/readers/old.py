"""Minimal makers of containers that no Python library writes: RAR 4 and 5 (stored), CAB (stored), TNEF, XLSB."""

from __future__ import annotations

import struct
import zlib

from tests.core.formats import build


def _rar4_block(kind: int, flags: int, body: bytes, data: bytes = b"") -> bytes:
    """CRC16 (low half of CRC-32), type, flags, size (technote.txt of RAR 4)."""
    head = struct.pack("<BHH", kind, flags, 7 + len(body)) + body
    return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head + data


def rar4(name: str, data: bytes, *, locked: bool = False) -> bytes:
    """A stored file, method 0x30; `locked` sets the file's password flag 0x0004."""
    body = struct.pack("<IIBIIBBHI", len(data), len(data), 2, zlib.crc32(data), 0x5C626000, 20, 0x30, len(name), 0x20)
    return (b"Rar!\x1a\x07\x00" + _rar4_block(0x73, 0, bytes(6))
            + _rar4_block(0x74, 0x8000 | (4 if locked else 0), body + name.encode(), data)
            + _rar4_block(0x7B, 0x4000, b""))  # fmt: skip


def _vint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _rar5_block(body: bytes, data: bytes = b"") -> bytes:
    head = _vint(len(body)) + body
    return struct.pack("<I", zlib.crc32(head)) + head + data


def rar5(name: str, data: bytes, *, locked: bool = False) -> bytes:
    """Main, file and end headers of RAR 5; compression 0 is stored. `locked` adds a record of encryption."""
    size = _vint(len(data))
    lock = _vint(1) + _vint(0) + _vint(1) + b"\x0f" + bytes(32) + bytes(12)
    extra = _vint(len(lock)) + lock if locked else b""
    file = (_vint(2) + (_vint(3) + _vint(len(extra)) if locked else _vint(2)) + size + _vint(4) + size + _vint(0x20) + struct.pack("<I", zlib.crc32(data))
            + _vint(0) + _vint(1) + _vint(len(name)) + name.encode() + extra)  # fmt: skip
    return (b"Rar!\x1a\x07\x01\x00" + _rar5_block(_vint(1) + _vint(0) + _vint(0)) + _rar5_block(file, data)
            + _rar5_block(_vint(5) + _vint(0) + _vint(0)))  # fmt: skip


def rar5_shut() -> bytes:
    """The header of an archive whose names are locked too (type 4: version, flags, rounds, salt)."""
    return (
        b"Rar!\x1a\x07\x01\x00"
        + _rar5_block(_vint(4) + _vint(0) + _vint(0) + _vint(0) + b"\x0f" + bytes(16))
        + bytes(64)
    )


def cab(name: str, data: bytes) -> bytes:
    """One folder, one file, one stored block (MS-CAB §2); a checksum of 0 is not verified."""
    entry = struct.pack("<IIHHHH", len(data), 0, 0, 0x5C62, 0x6000, 0x20) + name.encode() + b"\0"
    at = 36 + 8
    start = at + len(entry)
    block = struct.pack("<IHH", 0, len(data), len(data)) + data
    head = struct.pack("<4sIIIIIBBHHHHH", b"MSCF", 0, start + len(block), 0, at, 0, 3, 1, 1, 1, 0, 1, 0)
    return head + struct.pack("<IHH", start, 1, 0) + entry + block


def _attribute(level: int, identity: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, identity, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def tnef(name: str, data: bytes) -> bytes:
    """winmail.dat with one attachment (MS-OXTNEF §2.1.3): version, rendering data, title, data."""
    return (struct.pack("<IH", 0x223E9F78, 1) + _attribute(1, 0x00089006, struct.pack("<I", 0x10000))
            + _attribute(2, 0x00069002, bytes(14)) + _attribute(2, 0x00018010, name.encode() + b"\0")
            + _attribute(2, 0x0006800F, data))  # fmt: skip


def _record(identity: int, body: bytes = b"") -> bytes:
    """A BIFF12 record: type and size in 7-bit groups (MS-XLSB §2.1.4)."""
    kind = bytes([identity]) if identity < 0x80 else bytes([identity & 0x7F | 0x80, identity >> 7])
    return kind + _vint(len(body)) + body


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb(text: str) -> bytes:
    """One sheet whose A1 is an inline string: BrtCellSt (MS-XLSB §2.4.318)."""
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    book = (_record(131) + _record(143) + _record(156, struct.pack("<II", 0, 1) + _wide("rId1") + _wide("F"))
            + _record(144) + _record(132))  # fmt: skip
    row = struct.pack("<IIHBBBI", 0, 0, 300, 0, 0, 0, 0)
    cell = struct.pack("<II", 0, 0) + _wide(text)
    sheet = (_record(129) + _record(148, struct.pack("<4I", 0, 0, 0, 0)) + _record(145) + _record(0, row)
             + _record(6, cell) + _record(146) + _record(130))  # fmt: skip
    return build.zipped({
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "xl/workbook.bin": book,
        "xl/_rels/workbook.bin.rels": f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="{relations}/worksheet" Target="worksheets/sheet1.bin"/></Relationships>',  # noqa: E501
        "xl/worksheets/sheet1.bin": sheet,
    })  # fmt: skip
