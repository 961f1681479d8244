"""True type by content: own signatures first (they cost microseconds), libmagic for what they do not know. Never by
name."""

from __future__ import annotations

import re
from dataclasses import dataclass

import magic

TEXT = "text"  # the reader of everything that is characters; it looks further itself

_HEAD = 1024
_LIBMAGIC_HEAD = 64 * 1024  # libmagic's own default for bytes looked at is 7 MiB; types show in the first kilobytes
_CONTROLS = bytes(c for c in range(32) if c not in b"\t\n\r\x0b\x0c\x1b\x08\x1a\x1c")
_TAR = 257
_DICOM = 128
_ZIP_END = b"PK\x05\x06"


@dataclass(frozen=True, slots=True)
class Kind:
    """A media type and the reader that is to read it (a key of the table of readers)."""

    type: str
    reader: str


_SIGNATURES: tuple[tuple[bytes, Kind], ...] = (
    (b"%PDF-", Kind("application/pdf", "pdf")),
    (b"PK\x03\x04", Kind("application/zip", "zip")),
    (_ZIP_END, Kind("application/zip", "zip")),
    (b"PK00PK\x03\x04", Kind("application/zip", "zip")),  # a split archive in one piece
    (b"{\\rtf", Kind("application/rtf", "rtf")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind("application/x-ole-storage", "ole")),
    (b"\x1f\x8b", Kind("application/gzip", "gzip")),
    (b"BZh", Kind("application/x-bzip2", "bzip2")),
    (b"\xfd7zXZ\x00", Kind("application/x-xz", "xz")),
    (b"7z\xbc\xaf\x27\x1c", Kind("application/x-7z-compressed", "7z")),
    (b"Rar!\x1a\x07", Kind("application/vnd.rar", "rar")),
    (b"\x28\xb5\x2f\xfd", Kind("application/zstd", "zstd")),
    (b"MSCF\x00\x00\x00\x00", Kind("application/vnd.ms-cab-compressed", "cab")),
    (b"LZIP", Kind("application/lzip", "archive")),
    (b"\x60\xea", Kind("application/x-arj", "archive")),
    (b"\x78\x9f\x3e\x22", Kind("application/vnd.ms-tnef", "tnef")),
    (b"!BDN", Kind("application/vnd.ms-outlook-pst", "archive")),
    (b"SQLite format 3\x00", Kind("application/vnd.sqlite3", "strings")),
    (b"\x89PNG\r\n\x1a\n", Kind("image/png", "picture")),
    (b"\xff\xd8\xff", Kind("image/jpeg", "picture")),
    (b"GIF87a", Kind("image/gif", "picture")),
    (b"GIF89a", Kind("image/gif", "picture")),
    (b"II*\x00", Kind("image/tiff", "picture")),
    (b"MM\x00*", Kind("image/tiff", "picture")),
    (b"\x00\x00\x01\x00", Kind("image/vnd.microsoft.icon", "picture")),
    (b"\xff\x0a", Kind("image/jxl", "picture")),
    (b"\x00\x00\x00\x0cjP  ", Kind("image/jp2", "picture")),
    (b"8BPS", Kind("image/vnd.adobe.photoshop", "picture")),
    (b"\xd7\xcd\xc6\x9a", Kind("image/wmf", "picture")),
    (b"ID3", Kind("audio/mpeg", "opaque")),
    (b"OggS", Kind("audio/ogg", "opaque")),
    (b"fLaC", Kind("audio/flac", "opaque")),
    (b"MThd", Kind("audio/midi", "opaque")),
    (b"#!AMR", Kind("audio/amr", "opaque")),
    (b"\x1a\x45\xdf\xa3", Kind("video/x-matroska", "opaque")),
    (b"FLV\x01", Kind("video/x-flv", "opaque")),
    (b"\x00\x00\x01\xba", Kind("video/mpeg", "opaque")),
    (b"\x00\x00\x01\xb3", Kind("video/mpeg", "opaque")),
    (b"0&\xb2u\x8ef\xcf\x11", Kind("video/x-ms-asf", "opaque")),
    (b"wOFF", Kind("font/woff", "opaque")),
    (b"wOF2", Kind("font/woff2", "opaque")),
    (b"OTTO", Kind("font/otf", "opaque")),
    (b"ttcf", Kind("font/collection", "opaque")),
    (b"\x00\x01\x00\x00\x00", Kind("font/ttf", "opaque")),
    (b"AC10", Kind("image/vnd.dwg", "opaque")),
    (b"MZ", Kind("application/vnd.microsoft.portable-executable", "program")),
    (b"\x7fELF", Kind("application/x-elf", "program")),
    (b"\xca\xfe\xba\xbe", Kind("application/x-mach-binary", "program")),
    (b"\xcf\xfa\xed\xfe", Kind("application/x-mach-binary", "program")),
    (b"-----BEGIN PGP MESSAGE-----", Kind("application/pgp-encrypted", "locked")),
)

_RIFF = {
    b"WAVE": Kind("audio/wav", "opaque"),
    b"AVI ": Kind("video/x-msvideo", "opaque"),
    b"WEBP": Kind("image/webp", "picture"),
}
_FTYP_PICTURES = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"hevc")
_LIBMAGIC_OPAQUE = ("audio/", "video/", "font/", "model/", "application/vnd.ms-opentype", "application/font")

_PACKED = frozenset(
    {"application/x-archive", "application/x-lz4", "application/x-compress", "application/x-lzip", "application/x-lzma"}
    | {
        "application/x-cpio",
        "application/x-lha",
        "application/x-lzh-compressed",
        "application/x-arc",
        "application/x-zoo",
    }
    | {
        "application/x-rpm",
        "application/vnd.debian.binary-package",
        "application/x-stuffit",
        "application/x-ace-compressed",
    }
    | {
        "application/x-lzop",
        "application/x-xar",
        "application/x-udf-image",
        "application/vnd.ms-htmlhelp",
        "application/x-dbx",
    }
)
"""What libmagic knows as packed: libarchive opens some, the others are declared."""

_UNKNOWN = Kind("application/octet-stream", "strings")
_EMPTY = Kind("application/x-empty", TEXT)

_libmagic: list[magic.Magic] = []


def warm() -> None:
    """Load libmagic's database, once; without it own signatures remain."""
    if not _libmagic:
        _libmagic.append(magic.Magic(mime=True))


def sniff(data: bytes) -> Kind:
    """The kind of `data` by its bytes alone."""
    if not data:
        return _EMPTY
    head = data[:_HEAD]
    kind = _by_signature(head, data) if head[0] not in _LIKELY_TEXT or head.startswith(_TEXTY_SIGNATURES) else None
    if kind:
        return kind
    if looks_textual(data) and data.rfind(_ZIP_END, -65_557) < 0:
        return _late_pdf(head) or Kind("text/plain", TEXT)
    return _rest(head, data)


SHOWN_OR_RUN = frozenset({"opaque", "program", "picture"})
"""Readers of binaries without words: their signatures are letters that a text may begin with."""

_LIKELY_TEXT = frozenset(b"<\t\r\n -_=*>abcdefghijklmnopqrstuvwxyzCDEHJKNPSUVXY0123456789")
_TEXTY_SIGNATURES = tuple(s for s, _ in _SIGNATURES if s[0] in _LIKELY_TEXT)


def _by_signature(head: bytes, data: bytes) -> Kind | None:
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return None if kind.reader in SHOWN_OR_RUN and looks_textual(data) else kind
    if head[:4] in (b"RIFF", b"RIFX") and not looks_textual(data):
        return _RIFF.get(head[8:12], Kind("application/x-riff", "opaque"))
    return None


_FURTHER_IN: tuple[tuple[int, bytes, Kind], ...] = (
    (_DICOM, b"DICM", Kind("application/dicom", "dicom")),
    (0, b"\x02\x00\x00\x00UL", Kind("application/dicom", "dicom")),  # without preamble: group 2, then group 8
    (0, b"\x08\x00\x05\x00CS", Kind("application/dicom", "dicom")),
    (0, b"\x08\x00\x08\x00CS", Kind("application/dicom", "dicom")),
    (_TAR, b"ustar", Kind("application/x-tar", "tar")),
    (4, b"moov", Kind("video/quicktime", "opaque")),
    (4, b"mdat", Kind("video/quicktime", "opaque")),
    (4, b"wide", Kind("video/quicktime", "opaque")),
    (4, b"free", Kind("video/quicktime", "opaque")),
    (40, b" EMF", Kind("image/emf", "picture")),
    (32769, b"CD001", Kind("application/x-iso9660-image", "iso")),
)


def _rest(head: bytes, data: bytes) -> Kind:
    """Signatures that stand further in, then structure, then libmagic."""
    for at, mark, kind in _FURTHER_IN:
        if data.startswith(mark, at):
            return kind
    if pdf := _late_pdf(head):
        return pdf
    if head[4:8] == b"ftyp":
        return Kind("image/heic", "picture") if head[8:12] in _FTYP_PICTURES else Kind("video/mp4", "opaque")
    if head[:2] == b"BM" and head[6:10] == b"\x00\x00\x00\x00":
        return Kind("image/bmp", "picture")
    if data.rfind(_ZIP_END, -65_557) >= 0:  # a zip may stand behind any bytes: its directory is at the end
        return Kind("application/zip", "zip")
    return _by_structure(head, data) or _by_libmagic(data)


def _by_structure(head: bytes, data: bytes) -> Kind | None:
    """Formats without a signature: ASN.1, zlib (RFC 1950 §2.2), OpenPGP packets."""
    if head[:1] == b"\x30" and len(head) > 1 and (head[1] & 0x80 or len(data) < 200):
        return Kind("application/pkcs7-mime", "der")
    if head[:2] in (b"\x78\x01", b"\x78\x9c", b"\x78\xda"):
        return Kind("application/zlib", "zlib")
    return Kind("application/pgp-encrypted", "locked") if _pgp_packet(head) else None


def _pgp_packet(head: bytes) -> bool:
    """A binary OpenPGP message begins with an encrypted session key packet, version 3 or 4 (RFC 9580 §5.1, §5.3)."""
    return (head[0] in (0x84, 0x85) and head[2:4] in (b"\x0c\x03", b"\x0e\x03")) or (
        head[0] in (0xC1, 0xC3) and head[2:3] in (b"\x03", b"\x04", b"\x06") and len(head) > 40
    ) or (head[:1] == b"\x8c" and head[2:3] == b"\x04")  # fmt: skip


def _by_libmagic(data: bytes) -> Kind:
    if not _libmagic:
        return _UNKNOWN
    try:
        found = _libmagic[0].from_buffer(data[:_LIBMAGIC_HEAD])
    except (magic.MagicException, UnicodeDecodeError):
        return _UNKNOWN
    if found.startswith(_LIBMAGIC_OPAQUE):
        return Kind(found, "opaque")
    if found in _PACKED:
        return Kind(found, "archive")
    if found.startswith("image/") and not found.startswith("image/x-"):  # the rest are guesses from two octets
        return Kind(found, "picture")
    if found.startswith("text/"):  # it knows text by other marks than ours; the bytes had NULs or controls
        return Kind("application/octet-stream", "strings")
    return Kind(found, "strings")


_PDF_LATE = re.compile(rb"%PDF-[12]\.\d")


def _late_pdf(head: bytes) -> Kind | None:
    """PDF readers accept up to 1,024 octets before the mark (ISO 32000-1, Annex H.3)."""
    at = _PDF_LATE.search(head)
    return Kind("application/pdf", "pdf") if at else None


def mostly_letters(data: bytes) -> bool:
    """Two thirds of it are printable ASCII: noise has 37 %. Names and numbers in a real header are fewer."""
    sample = data[:_LIBMAGIC_HEAD]
    return len(sample.translate(None, _PRINTABLE)) * 3 <= len(sample)


_PRINTABLE = bytes(range(32, 127)) + b"\t\r\n"


def looks_textual(data: bytes) -> bool:
    """Characters, in an 8-bit charset, UTF-8 or UTF-16/32: few controls, NULs only where wide characters put them."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[:3] == b"\xef\xbb\xbf":
        return True
    sample = data[:4096]
    if b"\x00" in sample:
        half = max(len(sample) // 2, 1)
        even, odd = sample[0::2].count(0), sample[1::2].count(0)
        return (odd > 0.7 * half and even < 0.1 * half) or (even > 0.7 * half and odd < 0.1 * half)
    return len(sample) - len(sample.translate(None, _CONTROLS)) <= len(sample) // 100
