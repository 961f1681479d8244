"""Bytes to text. A wrong or missing charset never loses text: what decodes strictly wins, cp1252 reads the rest."""

from __future__ import annotations

import codecs
import encodings.aliases
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
    """`data` as text. Order: byte-order mark, UTF-8 when it is valid and the label is Latin or absent, the label,
    UTF-8, cp1252."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    info = lookup(charset) if charset else None
    latin = info is None or info.name in _LATIN or info.name == "utf-8"
    if not latin and info is not None:
        text = _strictly(data, info)
        if text is not None:
            return text
    wide = _wide(data)
    if wide:
        return data.decode(wide, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":  # UTF-8 whose last character was cut is still UTF-8
            return data.decode("utf-8", "replace")
        return data.decode("cp1252", "replace")


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
