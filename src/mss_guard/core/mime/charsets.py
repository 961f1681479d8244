"""Bytes to text. A wrong or missing charset never loses text: what decodes strictly wins, cp1252 reads the rest."""

from __future__ import annotations

import codecs
import encodings.aliases
import re
from functools import lru_cache

_SLOW_OR_ODD = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
"""Text codecs of Python that are no mail charset; idna and punycode take quadratic time on hostile bytes."""

_LATIN = frozenset({"iso8859-1", "latin-1", "cp1252", "ascii"})
"""Read as cp1252 when the bytes are not UTF-8: what clients really send under these names (WHATWG Encoding §4.2)."""

_KNOWN = frozenset(encodings.aliases.aliases) | frozenset(encodings.aliases.aliases.values())

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins this one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_SAMPLE = 4096  # bytes looked at to tell UTF-16 without a mark


def warm() -> None:
    """Load every codec, so that none is imported once files are out of reach."""
    for name in _KNOWN:
        lookup(name)


@lru_cache(maxsize=256)
def lookup(charset: str) -> codecs.CodecInfo | None:
    """The codec of a charset label, None when there is none fit for mail. Never imports a name from outside Python's
    table."""
    name = charset.strip().strip("\"'").lower().replace("-", "_").replace(" ", "_").replace(":", "_").replace(".", "_")
    name = name.removeprefix("x_")
    if name not in _KNOWN or name in _SLOW_OR_ODD:
        return None
    try:
        info = codecs.lookup(name)
    except (LookupError, ImportError, OSError):  # a codec of another system, or not loaded before confinement
        return None
    if info.name in _SLOW_OR_ODD or not getattr(info, "_is_text_encoding", True):
        return None  # zlib, bz2, rot13 … turn bytes into bytes; some of them are bombs
    return info


def decode(data: bytes, charset: str = "") -> str:
    """`data` as text. Order: byte-order mark, NULs of UTF-16, UTF-8 when it is valid, the label, cp1252.

    The bytes win over the label. Where both can be meant, both readings are given, one behind the other: which of them
    a person sees depends on the client.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            text = _marked(data[len(mark) :], name)
            if text is not None:
                return text
    if wide := _wide(data):
        return _and_plain(data.decode(wide, "replace"), data)
    info = lookup(charset) if charset else None
    if info is not None and (info.name in _LATIN or info.name == "utf-8"):
        info = None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        labelled = _strictly(data, info) if info else None
        if labelled is not None and info is not None:
            return labelled if _keeps_ascii(info.name) else _and_plain(labelled, data)
        if info is None and error.reason == "unexpected end of data":
            return data.decode("utf-8", "replace")  # UTF-8 whose last character was cut is still UTF-8
        return data.decode("cp1252", "replace")
    return text if info is None else _ascii_or(info, data, text)


def _ascii_or(info: codecs.CodecInfo, data: bytes, text: str) -> str:
    """`data`, which is UTF-8, under a label that is not: escapes (UTF-7, ISO-2022) and NULs (UTF-32) may be meant."""
    escapes = _keeps_ascii(info.name)
    if not (data.isascii() if escapes else b"\x00" in data):
        return text
    labelled = _strictly(data, info)
    if labelled is None or labelled == text:
        return text
    if escapes:
        return f"{labelled}\n{text}" if _FOREIGN.search(labelled) else labelled
    return _and_plain(labelled, data)


_FOREIGN = re.compile("[^\x00-\u024f\u2000-\u20cf]")  # no letter of a Latin script, no mark of punctuation
_PLAIN_RUN = re.compile(rb"[A-Za-z ,.;:'\r\n-]{12}")
_ASCII = bytes(range(32, 127)) + b"\t\r\n"


def _and_plain(labelled: str, data: bytes) -> str:
    """A wide or EBCDIC reading, and the plain one beside it when words stand in the bytes as they are. The likelier
    comes first: markup is known by its beginning."""
    bare = data.replace(b"\x00", b"") if data.count(0) * 5 < len(data) * 2 else data
    if not _PLAIN_RUN.search(bare):
        return labelled
    try:
        plain = bare.decode("utf-8")
    except UnicodeDecodeError:
        plain = bare.decode("cp1252", "replace")
    plain = plain.replace("\x00", "")
    likely = len(bare.translate(None, _ASCII)) < len(data) * 0.4
    return f"{plain}\n{labelled}" if likely else f"{labelled}\n{plain}"


def _marked(data: bytes, name: str) -> str | None:
    """What stands behind a byte-order mark; None when it is not what the mark says."""
    if name == "utf-8":
        return data.decode(name, "replace")
    if name.startswith("utf-32"):
        return _strictly(data, codecs.lookup(name))  # the mark of UTF-32 begins with that of UTF-16
    return _and_plain(data.decode(_wide(data) or name, "replace"), data)


@lru_cache(maxsize=256)
def _keeps_ascii(name: str) -> bool:
    """False for EBCDIC and the wide encodings: ASCII letters are other characters in them."""
    letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789 "
    return _strictly(letters, codecs.lookup(name)) == letters.decode()


def _strictly(data: bytes, info: codecs.CodecInfo) -> str | None:
    try:
        return info.decode(data, "strict")[0]
    except (UnicodeError, ValueError, AssertionError):  # some stateful codecs raise more than UnicodeError
        return None


def _wide(data: bytes) -> str:
    """UTF-16 without a mark: every other byte of Latin text is NUL. "" when it is not."""
    sample = data[:_SAMPLE]
    if len(sample) < 8 or b"\x00" not in sample:
        return ""
    half = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > half * 0.7 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.7 and odd < half * 0.1:
        return "utf-16-be"
    return ""
