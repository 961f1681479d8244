"""Small things that grow: each bomb as bytes, made within a second or so and bounded in memory."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable

from tests.core.formats import build
from tests.readers import quine

GIB = 1 << 30
_BLOCK = bytes(1 << 20)


def _gzip_zeros(gib: int) -> bytes:
    """A member of 1 GiB, joined to itself: gzip members may follow one another (RFC 1952 §2.2)."""
    packer = zlib.compressobj(9, wbits=31)
    one = b"".join([*(packer.compress(_BLOCK) for _ in range(GIB >> 20)), packer.flush()])
    return one * gib


def _streams(pack: Callable[[bytes], bytes], gib: int) -> bytes:
    """Streams of 64 MiB of zeros, one after another: bz2 and xz files may be joined."""
    return pack(bytes(64 << 20)) * (gib * 16)


def _zip_zeros() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("z", "w", force_zip64=True) as entry:
        for _ in range(GIB >> 20):
            entry.write(_BLOCK)
    one = out.getvalue()
    return build.zipped({f"{number}.zip": one for number in range(10)})


def _nested(depth: int) -> bytes:
    data = b"texte"
    for number in range(depth):
        data = build.zipped({f"{number}.zip": data})
    return data


def _overlapping() -> bytes:
    """A thousand directory entries over one local entry (Fifield 2019)."""
    body = zlib.compressobj(9, wbits=-15)
    packed = body.compress(bytes(4 << 20)) + body.flush()
    numbers = (zlib.crc32(bytes(4 << 20)), len(packed), 4 << 20, 1, 0)
    local = struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 8, 0, 0, *numbers) + b"a" + packed
    central = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, *numbers, 0, 0, 0, 0, 0) + b"a"
    return (
        local
        + central * 1000
        + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1000, 1000, len(central) * 1000, len(local), 0)
    )


def _layers() -> bytes:
    data = b"fin"
    for _ in range(40):
        data = gzip.compress(data)
    return data


def _laughs() -> bytes:
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY l0 "lol">{lines}]><l>&l9;</l>'.encode()


def _mail(kind: str, body: bytes, encoding: str = "7bit") -> bytes:
    head = f"From: a@example.invalid\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + body


def _parts(count: int) -> bytes:
    return _mail('multipart/mixed; boundary="b"', b"--b\r\n\r\nx\r\n" * count + b"--b--\r\n")


def _deep(depth: int) -> bytes:
    body = b"".join(
        b'--b%d\r\nContent-Type: multipart/mixed; boundary="b%d"\r\n\r\n' % (n, n + 1) for n in range(depth)
    )
    return _mail('multipart/mixed; boundary="b0"', body)


def _page_tree(depth: int) -> bytes:
    objects = b"".join(b"%d 0 obj<</Type/Pages/Count 1/Kids[%d 0 R]>>endobj\n" % (n, n + 1) for n in range(2, depth))
    return b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n" + objects + b"trailer<</Root 1 0 R>>\n%%EOF\n"


def _object_stream() -> bytes:
    packed = zlib.compress(bytes(64 << 20), 9)
    return (b"%%PDF-1.7\n1 0 obj<</Type/ObjStm/N 100000/First 9/Length %d/Filter/FlateDecode>>stream\n" % len(packed)
            + packed + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")  # fmt: skip


BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "zips 30 deep": ("a.zip", lambda: _nested(30)),
    "overlapping entries": ("a.zip", _overlapping),
    "gzip in gzip, 40 times": ("a.gz", _layers),
    "gzip quine": ("a.gz", quine.gzip_quine),
    "gzip quines in a zip": ("a.zip", lambda: build.zipped({f"{n}.gz": quine.gzip_quine() for n in range(100)})),
    "XML entities": ("a.xml", _laughs),
    "XML entities in docx": ("a.docx", lambda: build.zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": _laughs()})),
    "10 GB zeros gz": ("a.gz", lambda: _gzip_zeros(10)),
    "10 GB zeros bz2": ("a.bz2", lambda: _streams(bz2.compress, 10)),
    "10 GB zeros xz": ("a.xz", lambda: _streams(lzma.compress, 10)),
    "10 GB zeros zip": ("a.zip", _zip_zeros),
    "100,000 parts": ("a.eml", lambda: _parts(100_000)),
    "depth 3,000": ("a.eml", lambda: _deep(3_000)),
    "40 kB of ;": ("a.eml", lambda: _mail("text/plain" + ";" * 40_000, b"x\r\n")),
    "base64 of one letter a line": ("a.eml", lambda: _mail("text/plain", b"A\r\n" * 1_000_000, "base64")),
    "base64 in base64": ("a.eml", lambda: _mail("text/plain", base64.encodebytes(base64.encodebytes(b"A" * 3_000_000)), "base64")),
    "quoted-printable of =": ("a.eml", lambda: _mail("text/plain", b"=" * 3_000_000, "quoted-printable")),
    "HTML nesting": ("a.html", lambda: b"<html>" + b"<div>" * 500_000),
    "RTF groups": ("a.rtf", lambda: b"{\\rtf1" + b"{" * 1_000_000),
    "PDF page tree": ("a.pdf", lambda: _page_tree(50_000)),
    "PDF object stream": ("a.pdf", _object_stream),
}  # fmt: skip

READ_WHOLE = frozenset({"40 kB of ;", "base64 in base64", "quoted-printable of =", "base64 of one letter a line"})
"""Costly to walk, but nothing in them has to stay unread."""
