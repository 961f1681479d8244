"""The header of a 7z archive (7zFormat.txt of the LZMA SDK): its streams and the coders that they pass, read and written
again. Chains of coders with one stream each only; what stands behind them is kept as it is."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, replace

SIGNATURE = b"7z\xbc\xaf\x27\x1c"
MAX_FOLDERS = 2_000  # of one archive; one that is not solid has one for each of its files

HEADER, STREAMS, ENCODED = 1, 4, 23
_END, _PACK, _UNPACK, _SIZE, _CRC, _FOLDER, _SIZES = 0, 6, 7, 9, 10, 11, 12
AES, LZMA, LZMA2, COPY = b"\x06\xf1\x07\x01", b"\x03\x01\x01", b"\x21", b"\x00"


@dataclass(frozen=True, slots=True)
class Coder:
    method: bytes
    properties: bytes


@dataclass(frozen=True, slots=True)
class Folder:
    """A chain of coders with one stream each in and out. `pairs`: (whose input, is whose output)."""

    coders: tuple[Coder, ...]
    pairs: tuple[tuple[int, int], ...]
    sizes: tuple[int, ...] = ()

    @property
    def lock(self) -> int:
        """The number of its cipher, -1 without one."""
        return next((n for n, coder in enumerate(self.coders) if coder.method == AES), -1)

    def opened(self) -> Folder:
        """Without its cipher."""
        lock = self.lock
        rest = [n for n in range(len(self.coders)) if n != lock]
        number = {n: at for at, n in enumerate(rest)}
        pairs = tuple((number[a], number[b]) for a, b in self.pairs if lock not in (a, b))
        if not rest:
            return Folder((Coder(COPY, b""),), (), (self.sizes[lock],))
        return Folder(tuple(self.coders[n] for n in rest), pairs, tuple(self.sizes[n] for n in rest))


@dataclass(frozen=True, slots=True)
class Streams:
    """`at`: where the packed streams begin, from the end of the signature header. `digests`: as they stand, with their
    mark. `rest`: what the header holds behind."""

    at: int
    packs: tuple[int, ...]
    folders: tuple[Folder, ...]
    digests: bytes
    rest: bytes


class _Cursor:
    """Raises IndexError, struct.error or ValueError on a header that is none."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def octet(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise ValueError("cut")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self) -> int:
        """As many octets follow as the first has leading ones; its other bits are the highest."""
        first = self.octet()
        more = 8 - (first ^ 0xFF).bit_length() if first != 0xFF else 8
        low = int.from_bytes(self.take(more), "little")
        return low | (first & 0x7F >> more) << 8 * more

    def expect(self, mark: int) -> None:
        if self.octet() != mark:
            raise ValueError("not the mark that stands here")

    def count(self, most: int) -> int:
        number = self.number()
        if number > most:
            raise ValueError("too many")
        return number

    def digests(self, count: int) -> bytes:
        """The mark, and the digests of `count` things, of which not all need have one; as they stand."""
        start = self.at
        self.expect(_CRC)
        defined = count
        if not self.octet():
            flags = self.take(-(-count // 8))
            defined = sum(flag.bit_count() for flag in flags)
        self.take(4 * defined)
        return self.data[start : self.at]


def following(data: bytes) -> bytes:
    """The header that the signature header leads to."""
    if not data.startswith(SIGNATURE):
        raise ValueError("no 7z")
    offset, size, crc = struct.unpack_from("<QQL", data, 12)
    header = data[32 + offset : 32 + offset + size]
    if not header or zlib.crc32(header) != crc:
        raise ValueError("damaged")
    return header


def described(data: bytes) -> Streams:
    """The streams that a header (behind its marks) or an encoded header describes."""
    cursor = _Cursor(data)
    cursor.expect(_PACK)
    at, count = cursor.number(), cursor.count(MAX_FOLDERS)
    cursor.expect(_SIZE)
    packs = tuple(cursor.number() for _ in range(count))
    mark = cursor.octet()
    if mark == _CRC:
        cursor.at -= 1
        cursor.digests(count)
        mark = cursor.octet()
    if mark != _END:
        raise ValueError("no end")
    cursor.expect(_UNPACK)
    cursor.expect(_FOLDER)
    count = cursor.count(MAX_FOLDERS)
    cursor.expect(0)  # not in another stream
    shapes = [_folder(cursor) for _ in range(count)]
    cursor.expect(_SIZES)
    whole = tuple(replace(f, sizes=tuple(cursor.number() for _ in f.coders)) for f in shapes)
    digests = b""
    if cursor.data[cursor.at] == _CRC:
        digests = cursor.digests(len(whole))
    cursor.expect(_END)
    if len(packs) != len(whole):
        raise ValueError("more than one packed stream a folder")
    return Streams(at, packs, whole, digests, data[cursor.at :])


def _folder(cursor: _Cursor) -> Folder:
    coders = []
    for _ in range(cursor.count(8)):
        flags = cursor.octet()
        method = cursor.take(flags & 0xF)
        if flags & 0x10:
            raise ValueError("a coder of several streams")
        coders.append(Coder(method, cursor.take(cursor.number()) if flags & 0x20 else b""))
    pairs = tuple((cursor.count(7), cursor.count(7)) for _ in coders[1:])
    return Folder(tuple(coders), pairs)


def written(bodies: list[bytes], folders: list[Folder], streams: Streams) -> bytes:
    out = bytearray([_PACK, *_written(0), *_written(len(bodies)), _SIZE])
    for body in bodies:
        out += _written(len(body))
    out += bytes([_END, _UNPACK, _FOLDER, *_written(len(folders)), 0])
    for folder in folders:
        out += _written(len(folder.coders))
        for coder in folder.coders:
            out += bytes([len(coder.method) | (0x20 if coder.properties else 0)]) + coder.method
            if coder.properties:
                out += _written(len(coder.properties)) + coder.properties
        for pair in folder.pairs:
            out += bytes(pair)
    out.append(_SIZES)
    for folder in folders:
        for size in folder.sizes:
            out += _written(size)
    return bytes(out) + streams.digests + bytes([_END]) + streams.rest


def _written(number: int) -> bytes:
    return bytes([number]) if number < 0x80 else b"\xff" + struct.pack("<Q", number)
