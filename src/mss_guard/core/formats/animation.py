"""The pictures of an animation, each as a file that shows it alone: GIF89a, WEBP (RFC 9649 §2.7), APNG (PNG 3rd edition
§4.9). A page may stand in any of them; tools look at the first only."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from itertools import islice

from mss_guard.core.formats import chunks

MAX_FRAMES = 1_000  # counted of one animation; ten seconds of film have 250
LOOKED_AT = 4  # of them, the first and the last among these: a second of OCR each


def frames(data: bytes) -> tuple[list[bytes], bool]:
    """Up to LOOKED_AT of its pictures, evenly spread, and whether there are more; none for a picture that stands
    still."""
    found = list(islice(_frames(data), MAX_FRAMES + 1))
    if len(found) < 2:
        return [], False
    last = len(found) - 1
    wanted = dict.fromkeys(round(n * last / (LOOKED_AT - 1)) for n in range(LOOKED_AT))
    return [found[n] for n in wanted], len(found) > len(wanted)


def _frames(data: bytes) -> Iterator[bytes]:
    try:
        if data.startswith(b"GIF8"):
            yield from _gif(data)
        elif data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            yield from _webp(data)
        elif data.startswith(b"\x89PNG") and b"acTL" in data[:4096]:
            yield from _apng(data)
    except (struct.error, IndexError):
        return  # cut: what stands before it has been given


def _gif(data: bytes) -> Iterator[bytes]:
    """Header, screen and global colours before each picture with its own control block."""
    flags = data[10]
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    head, control = data[:at], b""
    while data[at] in (0x21, 0x2C):
        if data[at] == 0x21:
            end = _past_blocks(data, at + 2)
            control = data[at:end] if data[at + 1] == 0xF9 else control
        else:
            local = data[at + 9]
            end = _past_blocks(data, at + 11 + (3 << (local & 7) + 1 if local & 0x80 else 0))
            yield head + control + data[at:end] + b";"
            control = b""
        at = end


def _past_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += data[at] + 1
    return at + 1


def _webp(data: bytes) -> Iterator[bytes]:
    """The chunks of each ANMF behind its 16 octets of place and time; with an alpha channel only behind a VP8X."""
    for name, body in chunks.riff(data):
        if name != b"ANMF" or len(body) < 16:
            continue
        inside = body[16:]
        if inside.startswith(b"ALPH"):
            inside = b"VP8X" + struct.pack("<L", 10) + b"\x10\0\0\0" + body[6:12] + inside
        yield b"RIFF" + struct.pack("<L", 4 + len(inside)) + b"WEBP" + inside


def _apng(data: bytes) -> Iterator[bytes]:
    """The still picture, then each frame with the measures of its fcTL and the data of its fdAT chunks."""
    head, around, still = b"", [], []
    measures, pieces = b"", []
    for name, body in chunks.png(data):
        if name == b"IHDR":
            head = body
        elif name in (b"PLTE", b"tRNS"):
            around.append((name, body))
        elif name == b"IDAT":
            still.append(body)
        elif name == b"fdAT":
            pieces.append(body[4:])
        if name in (b"fcTL", b"IEND"):
            if still:
                yield _png(head, around, still)
                still = []
            if pieces:
                yield _png(measures + head[8:], around, pieces)
            measures, pieces = body[4:12], []


def _png(head: bytes, around: list[tuple[bytes, bytes]], pieces: list[bytes]) -> bytes:
    parts = [(b"IHDR", head), *around, (b"IDAT", b"".join(pieces)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">L", len(body)) + name + body + struct.pack(">L", zlib.crc32(name + body)) for name, body in parts
    )
