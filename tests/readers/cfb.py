"""A writer of compound files (MS-CFB), version 3: sectors of 512 octets, every stream of 4,096 octets or more."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

_END, _FREE, _FAT, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF
_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_ROOT, _STORAGE, _STREAM = 5, 1, 2


def _padded(data: bytes, unit: int) -> bytes:
    return data + bytes(-len(data) % unit)


def _entry(name: str, kind: int, child: int, right: int, start: int, size: int) -> bytes:
    """A directory entry (§2.6.1); siblings hang in one chain to the right."""
    wide = name.encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBBIII16sIQQIQ", wide, len(wide), kind, 1, _NONE, right, child, bytes(16), 0, 0, 0, start, size
    )


def write(streams: Mapping[str, bytes]) -> bytes:
    """A compound file that holds `streams`: "name" in its root, "storage/name" in a storage; small ones lie in the mini
    stream (§2.4)."""
    ordered = sorted(streams.items(), key=lambda item: (item[0].rpartition("/")[0], len(item[0]), item[0].upper()))
    fat: list[int] = []
    body, mini, minifat = bytearray(), bytearray(), []

    def place(data: bytes) -> int:
        start, count = len(fat), -(-len(data) // _SECTOR)
        fat.extend([*range(start + 1, start + count), _END] if count else [])
        body.extend(_padded(data, _SECTOR))
        return start if count else _END

    spots = []
    for _, data in ordered:
        if len(data) >= _CUTOFF:
            spots.append(place(data))
        else:
            start, count = len(minifat), max(1, -(-len(data) // _MINI))
            minifat.extend([*range(start + 1, start + count), _END])
            mini.extend(_padded(data or b"\0", _MINI))
            spots.append(start)
    mini_start = place(bytes(mini))
    minifat_data = struct.pack(f"<{len(minifat)}I", *minifat)
    minifat_data += b"\xff" * (-len(minifat_data) % _SECTOR)
    minifat_start = place(minifat_data)
    entries = _tree(ordered, spots, mini_start, len(mini))
    directory = place(entries)
    first_fat, sectors = len(fat), 1
    while (len(fat) + sectors) * 4 > sectors * _SECTOR:
        sectors += 1
    fat.extend([_FAT] * sectors)
    table = struct.pack(f"<{len(fat)}I", *fat)
    table += b"\xff" * (-len(table) % _SECTOR)
    difat = [*range(first_fat, first_fat + sectors)]
    head = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(16), 0x3E, 3, 0xFFFE, 9, 6, 0, sectors,
        directory, 0, _CUTOFF, minifat_start if minifat else _END, len(minifat_data) // _SECTOR, _END, 0,
    )  # fmt: skip
    head += struct.pack("<109I", *difat, *[_FREE] * (109 - len(difat)))
    return head + bytes(body) + table


def _tree(ordered: Sequence[tuple[str, bytes]], spots: Sequence[int], mini_start: int, mini_size: int) -> bytes:
    """The directory: the root, its streams, then each storage with its streams behind it (§2.6)."""
    storages = sorted({name.rpartition("/")[0] for name, _ in ordered} - {""})
    top = [n for n, (name, _) in enumerate(ordered) if "/" not in name]
    rows: list[tuple[str, int, int, int]] = [(ordered[n][0], _STREAM, spots[n], len(ordered[n][1])) for n in top]
    children = {
        storage: [n for n, (name, _) in enumerate(ordered) if name.startswith(f"{storage}/")] for storage in storages
    }
    at = 1 + len(top) + len(storages)
    made = b""
    for place, (name, kind, spot, size) in enumerate(rows, 1):
        made += _entry(name, kind, _NONE, place + 1 if place < len(top) + len(storages) else _NONE, spot, size)
    for place, storage in enumerate(storages, len(top) + 1):
        right = place + 1 if place < len(top) + len(storages) else _NONE
        made += _entry(storage, _STORAGE, at, right, 0, 0)
        at += len(children[storage])
    for storage in storages:
        for n in children[storage]:
            number = len(made) // 128 + 1
            right = number + 1 if n != children[storage][-1] else _NONE
            made += _entry(ordered[n][0].rpartition("/")[2], _STREAM, _NONE, right, spots[n], len(ordered[n][1]))
    return _entry("Root Entry", _ROOT, 1 if made else _NONE, _NONE, mini_start, mini_size) + made


def msg(subject: str, text: str) -> bytes:
    """An Outlook message: PR_SUBJECT and PR_BODY as Unicode streams (MS-OXMSG §2.2)."""
    return write({
        "__properties_version1.0": bytes(32),
        "__substg1.0_001A001F": "IPM.Note".encode("utf-16-le"),
        "__substg1.0_0037001F": subject.encode("utf-16-le"),
        "__substg1.0_1000001F": text.encode("utf-16-le"),
    })  # fmt: skip


def locked_ooxml() -> bytes:
    """An OOXML package under agile encryption, as Office wraps it (MS-OFFCRYPTO §2.3.4.10); its key is nobody's."""
    info = '<?xml version="1.0"?><encryption xmlns="http://schemas.microsoft.com/office/2006/encryption"/>'
    head = struct.pack("<HHI", 4, 4, 0x40)
    return write(
        {"EncryptionInfo": head + info.encode(), "EncryptedPackage": struct.pack("<Q", 5000) + bytes(range(256)) * 20}
    )


def locked_ppt() -> bytes:
    """The header token of an encrypted document (MS-PPT §2.3.2)."""
    user = struct.pack("<HHLLLLHHBBH", 0, 0x0FF6, 28, 20, 0xF3D1C4DF, 0, 4, 1012, 3, 0, 0) + b"Jean\x08\0\0\0"
    return write({"Current User": user, "PowerPoint Document": bytes(range(256)) * 8})


def locked_doc() -> bytes:
    """The flag fEncrypted of a Word 97 document (MS-DOC §2.5.2)."""
    head = struct.pack("<HHHHHH", 0xA5EC, 0x00C1, 0, 0x040C, 0, 0x0100)
    return write({"WordDocument": head + bytes(4_000), "0Table": bytes(100)})


def locked_xls() -> bytes:
    """A FilePass record behind the first (MS-XLS §2.4.117)."""
    first = struct.pack("<HHHHHHLL", 0x0809, 16, 0x0600, 5, 0, 0, 0, 0)
    return write({"Workbook": first + struct.pack("<HH", 0x002F, 54) + bytes(54) + bytes(4_000)})
