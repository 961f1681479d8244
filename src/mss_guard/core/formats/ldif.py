"""LDIF (RFC 2849): what stands behind "::" is base64, often of one accented name and too short to be carved."""

from __future__ import annotations

import re

from mss_guard.core import mime
from mss_guard.core.mime.transfer import base64

MAX_VALUES = 20_000  # decoded of one file: an export of a town's staff

START = re.compile(r"\s{0,20}(?:#[^\n]{0,400}\n\s*){0,20}(?:version:\s*\d+\s+)?dn::?[ \t]", re.IGNORECASE)
_FOLDED = re.compile(r"\r?\n ")
_VALUE = re.compile(r"^([A-Za-z][\w;.-]{0,80})::[ \t]*([A-Za-z0-9+/=]{2,})[ \t]*\r?$", re.MULTILINE)


def plain(text: str) -> str:
    """`text` unfolded, its values decoded where they are text."""
    values = 0

    def opened(match: re.Match[str]) -> str:
        nonlocal values
        values += 1
        if values > MAX_VALUES:
            return match[0]
        data, _ = base64(match[2].encode("ascii"))
        return match[0] if b"\0" in data else f"{match[1]}: {mime.decode_text(data)}"

    return _VALUE.sub(opened, _FOLDED.sub("", text))
