"""Canonical JSON (RFC 8785): one value, one spelling, so that a hash of the bytes is a hash of the meaning.

Our own records hold no fractions, and their keys are ASCII. For such values the standard library's encoder with sorted
keys already gives RFC 8785 (a test compares both over generated values) at a fifth of the cost; what is not of that
kind is judged by the `rfc8785` package.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import rfc8785

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def dumps(record: Mapping[str, object]) -> bytes:
    """The record in one line, without its line end. Only for values without fractions and with ASCII keys (`shapes`
    sees to it).
    """
    return _encode(record).encode("utf-8")


def loads(line: bytes) -> dict[str, object] | None:
    """The record of a line (without its line end), or None when the line is not one JSON object in canonical form."""
    fractions: list[str] = []

    def fraction(text: str) -> float:
        fractions.append(text)
        return float(text)

    try:
        value = json.loads(line, parse_float=fraction)
        if not isinstance(value, dict):
            return None
        if not fractions and line == dumps(value):
            return value
        return value if line == rfc8785.dumps(value) else None
    except (ValueError, RecursionError):  # also rfc8785's errors, bad UTF-8 and lone surrogates
        return None


def digest(line: bytes) -> str:
    """SHA-256 of a record's bytes (without the line end), as `prev` holds it: 64 hexadecimal digits."""
    return hashlib.sha256(line).hexdigest()
