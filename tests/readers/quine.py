"""A gzip file that unpacks to itself, without end (R. Cox, "Zip Files All The Way Down", 2010): blocks of deflate that
print (stored) and blocks that repeat (a match), in an order whose output is the program that they are."""

from __future__ import annotations

import struct
import zlib

UNIT = 5  # octets of one operation


class _Bits:
    """Deflate's bits, least first; codes of Huffman most first (RFC 1951 §3.1.1)."""

    def __init__(self) -> None:
        self.out, self._held, self._count = bytearray(), 0, 0

    def put(self, value: int, count: int) -> None:
        self._held |= value << self._count
        self._count += count
        while self._count >= 8:
            self.out.append(self._held & 0xFF)
            self._held >>= 8
            self._count -= 8

    def code(self, value: int, count: int) -> None:
        self.put(int(f"{value:0{count}b}"[::-1], 2), count)

    def align(self) -> None:
        if self._count:
            self.put(0, 8 - self._count)

    def literal(self, size: int) -> None:
        """The head of a stored block: what follows is printed."""
        self.put(0, 3)
        self.align()
        self.out += struct.pack("<HH", size, size ^ 0xFFFF)

    def repeat(self, size: int) -> None:
        """The last `size` octets again, 17 to 24 of them: two matches at that distance in fixed codes."""
        self.put(0b010, 3)
        for length in (size // 2, size - size // 2):
            if length <= 10:
                self.code(254 + length - 256, 7)
            else:  # 265: eleven or twelve
                self.code(265 - 256, 7)
                self.put(length - 11, 1)
            self.code(8, 5)  # 17 to 24 back
            self.put(size - 17, 3)
        self.code(0, 7)


def _whole(checksum: int, size: int, stamp: int) -> bytes:
    """The file, as true as its checksum and size are."""
    head = struct.pack("<BBBBLBB", 0x1F, 0x8B, 8, 0, stamp, 0, 255)
    tail = struct.pack("<LL", checksum, size)
    first = b"\0" + struct.pack("<HH", len(head), len(head) ^ 0xFFFF) + head
    last = b"\1" + struct.pack("<HH", len(tail), len(tail) ^ 0xFFFF) + tail
    n, m = len(first) + UNIT, len(last) + 2 * UNIT
    bits = _Bits()
    bits.out += first
    bits.literal(n)
    bits.out += first
    bits.literal(n)
    bits.repeat(n)
    bits.literal(UNIT)
    bits.repeat(n)
    bits.literal(UNIT)
    bits.literal(UNIT)
    bits.literal(4 * UNIT)
    bits.repeat(n)
    bits.literal(UNIT)
    bits.literal(UNIT)
    for _ in range(4):
        bits.literal(4 * UNIT)
        bits.repeat(4 * UNIT)
    bits.literal(4 * UNIT)
    bits.repeat(4 * UNIT)
    for size_again in (4 * UNIT, m):
        bits.literal(0)
        bits.literal(0)
        bits.literal(m)
        bits.repeat(size_again)
    bits.literal(0)
    bits.out += last
    bits.repeat(m)
    bits.literal(0)
    bits.out += last
    return head + bytes(bits.out) + tail


def _checksum(size: int, stamp: int) -> int | None:
    """The number that is the CRC of the file that holds it: 32 equations over GF(2). None when they have no solution."""
    zero = zlib.crc32(_whole(0, size, stamp))
    rows = [((zlib.crc32(_whole(1 << bit, size, stamp)) ^ zero ^ 1 << bit), 1 << bit) for bit in range(32)]
    wanted, chosen = zero, 0
    for bit in range(31, -1, -1):
        pivot = next((row for row in rows if row[0] >> bit & 1), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        rows = [(a ^ pivot[0], b ^ pivot[1]) if a >> bit & 1 else (a, b) for a, b in rows]
        if wanted >> bit & 1:
            wanted, chosen = wanted ^ pivot[0], chosen ^ pivot[1]
    return chosen if not wanted else None


def gzip_quine() -> bytes:
    """The first whose checksum can be true; its time is the number of tries."""
    size = len(_whole(0, 0, 0))
    for stamp in range(1, 1000):
        if (checksum := _checksum(size, stamp)) is not None:
            return _whole(checksum, size, stamp)
    raise AssertionError("no time gives a solution")
