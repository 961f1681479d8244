"""The shapes a value in the journal may have. Whatever fits no shape cannot be written: that is how text stays out.

A Shape takes a value and gives None when it fits, else the place of the first thing wrong ("" = the value itself). It
never gives the value.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping

Shape = Callable[[object], str | None]
MAX_SAFE = 2**53 - 1
"""RFC 8785 writes numbers as IEEE doubles: beyond this an integer is not exact in every reader."""
DATE_DIGITS = 8
_ZONE = re.compile(r"[A-Za-z0-9_.-]{0,15}", re.ASCII)


def matching(pattern: str) -> Shape:
    """A string that the whole of `pattern` matches (ASCII rules)."""
    fits = re.compile(pattern, re.ASCII).fullmatch
    return lambda value: None if isinstance(value, str) and fits(value) else ""


def one_of(words: Iterable[str]) -> Shape:
    """One of a closed set of words; members of a StrEnum are strings, too."""
    known = frozenset(str(w) for w in words)
    return lambda value: None if isinstance(value, str) and value in known else ""


def integer(low: int = 0, high: int = MAX_SAFE) -> Shape:
    """A whole number within its bounds; True and False are none."""
    return lambda value: None if type(value) is int and low <= value <= high else ""


def boolean(value: object) -> str | None:
    """true or false."""
    return None if isinstance(value, bool) else ""


def address(value: object) -> str | None:
    """An IPv4 or IPv6 address, the latter perhaps with the interface's name behind a % (RFC 4007 §11)."""
    number, _, zone = value.partition("%") if isinstance(value, str) else ("", "", "")
    try:
        ipaddress.ip_address(number)
    except ValueError:
        return ""
    return None if _ZONE.fullmatch(zone) else ""


def reason(value: object) -> str | None:
    """Why somebody did something, in their own words: one line of 3 to 200 characters. No address and no number of more
    than a date's digits can stand in it: neither an INS nor a telephone.
    """
    if not isinstance(value, str) or not 3 <= len(value) <= 200 or not value.isprintable():
        return ""
    return "" if "@" in value or sum(c.isdigit() for c in value) > DATE_DIGITS else None


def maybe(shape: Shape) -> Shape:
    """null, or what `shape` admits."""
    return lambda value: None if value is None else shape(value)


def many(shape: Shape, most: int) -> Shape:
    """A list of at most `most` values of one shape."""

    def check(value: object) -> str | None:
        if not isinstance(value, list | tuple) or len(value) > most:
            return ""
        for index, item in enumerate(value):
            wrong = shape(item)
            if wrong is not None:
                return f"[{index}]{wrong}"
        return None

    return check


def fields(known: Mapping[str, Shape], required: Iterable[str] = ()) -> Shape:
    """An object that holds only known keys, each of its shape, and all the required ones."""
    needed = frozenset(required)

    def check(value: object) -> str | None:
        if not isinstance(value, Mapping):
            return ""
        for key, item in value.items():
            shape = known.get(key)
            if shape is None:
                return ".?"  # an unknown name may itself be text
            wrong = shape(item)
            if wrong is not None:
                return f".{key}{wrong}"
        missing = sorted(needed - value.keys())
        return f".{missing[0]}" if missing else None

    return check
