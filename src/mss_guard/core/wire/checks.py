"""Field by field: what a value out of JSON must be before it is a word of ours, and how it is made to fit.

A check takes what JSON gave and returns the value, or raises WireError. The text of the error names the field and never
quotes it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final, NoReturn

Check = Callable[[Any], Any]


class WireError(ValueError):
    """Bytes that are not what the other side may say."""


def bad(what: str) -> NoReturn:
    """Refuses; `what` is a few English words."""
    raise WireError(what)


def flag(value: Any) -> bool:
    """true or false, not 1."""
    return value if type(value) is bool else bad("not a boolean")


def whole(most: int) -> Check:
    """An integer from 0 to `most`; true is none."""

    def check(value: Any) -> int:
        return value if type(value) is int and 0 <= value <= most else bad("not a number in range")

    return check


def real(least: float, most: float) -> Check:
    """A finite number in the range."""

    def check(value: Any) -> float:
        if type(value) not in (int, float) or not math.isfinite(value) or not least <= value <= most:
            bad("not a number in range")
        return float(value)

    return check


def text(most: int) -> Check:
    """Any text that UTF-8 can carry, without C0 and C1 controls but tab and line ends."""

    def check(value: Any) -> str:
        return value if type(value) is str and len(value) <= most and not _UNSAFE.search(value) else bad("not a text")

    return check


def shaped(pattern: str) -> Check:
    """A text that is wholly of this shape."""
    shape = re.compile(pattern, re.ASCII)

    def check(value: Any) -> str:
        return value if type(value) is str and shape.fullmatch(value) else bad("not of its shape")

    return check


def one_of(words: type[StrEnum]) -> Check:
    """One of the words of an enumeration."""
    known = {word.value: word for word in words}

    def check(value: Any) -> StrEnum:
        return known[value] if type(value) is str and value in known else bad("not a known word")

    return check


def maybe(inner: Check) -> Check:
    """null, or what `inner` lets through."""
    return lambda value: None if value is None else inner(value)


def many(inner: Check, most: int) -> Check:
    """An array of up to `most`, as a tuple."""

    def check(value: Any) -> tuple[Any, ...]:
        return tuple(map(inner, value)) if type(value) is list and len(value) <= most else bad("not a list in range")

    return check


def pair(first: Check, second: Check) -> Check:
    """An array of two, as a tuple."""

    def check(value: Any) -> tuple[Any, Any]:
        return (first(value[0]), second(value[1])) if type(value) is list and len(value) == 2 else bad("not a pair")

    return check


class Record:
    """A class, and a check for each of its fields in the order of the array that stands for it.

    `mends` makes those fields fit on the way out that the sender of a message can fill with anything.
    """

    def __init__(self, made: type, fields: Mapping[str, Check], mends: Mapping[str, Check] | None = None) -> None:
        self.made = made
        self.fields = fields
        self._checks = tuple(fields.values())
        self._mends = tuple((name, (mends or {}).get(name)) for name in fields)

    def __call__(self, value: Any) -> Any:
        if type(value) is not list or len(value) != len(self._checks):
            bad(f"{self.made.__name__}: not its fields")
        checked: list[Any] = []
        try:
            for check, item in zip(self._checks, value, strict=True):
                checked.append(check(item))
        except WireError as error:
            raise WireError(f"{self.made.__name__}.{[*self.fields][len(checked)]}: {error}") from None
        return self.made(**dict(zip(self.fields, checked, strict=True)))

    def lower(self, value: Any) -> list[Any]:
        """The array; enumerations are strings already, tuples become arrays by themselves."""
        return [getattr(value, name) if mend is None else mend(getattr(value, name)) for name, mend in self._mends]


# --- shapes -----------------------------------------------------------------------------------------------------------

_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_NUMBERS: Final = r"[0-9]{1,6}(?:\.[0-9]{1,6})*"
_SEGMENT: Final = rf"{_NUMBERS}(?::[a-z0-9][a-z0-9.+-]{{0,31}})?"
PART_MOST: Final = 400
PART: Final = rf"{_SEGMENT}(?:/{_SEGMENT})*"
"""At most PART_MOST characters of it. The journal's schema takes it, RULE and PLACE_WORD from here."""
_WORD: Final = r"[A-Za-z0-9!#$&^_.+-]{1,127}"  # RFC 6838 §4.2
RULE: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
PLACE_WORD: Final = r"own|quoted|forwarded|signature|subject|name|attachment [0-9]{1,6}"
_DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME: Final = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"

part = shaped(rf"(?=.{{1,{PART_MOST}}}\Z){PART}")
media = shaped(rf"(?:{_WORD}/{_WORD})?")
rule = shaped(RULE)
place_word = shaped(PLACE_WORD)
message_id = shaped(r"[\x20-\x7e]{0,250}")
declared = shaped(r"(?:MSSG-[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4})?")
content = shaped(r"(?:[0-9a-f]{64})?")
date = shaped(rf"(?:{_DAY}T{_TIME}(?:Z|[+-][0-9:]{{4,8}})?)?")  # ISO 8601


# --- making it fit ----------------------------------------------------------------------------------------------------


def or_else(check: Check, otherwise: str) -> Check:
    """The value when it passes, else `otherwise`."""

    def mend(value: Any) -> Any:
        try:
            return check(value)
        except WireError:
            return otherwise

    return mend


def spelled(most: int) -> Check:
    """A text with what UTF-8 cannot carry spelled out by backslashes, controls replaced, cut at `most`."""
    return lambda value: _UNSAFE.sub("\ufffd", value.encode("utf-8", "backslashreplace").decode("utf-8"))[:most]


def mended_part(value: str) -> str:
    """A part by its numbers alone, where a kind is none of ours or the whole is too long; "0" if nothing is left."""
    if or_else(part, "")(value):
        return value
    numbers = [found[0] for segment in value.split("/") if (found := re.match(_NUMBERS, segment, re.ASCII))]
    return "/".join(numbers)[:PART_MOST].rstrip("./") or "0"


# --- JSON -------------------------------------------------------------------------------------------------------------


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False).encode


def dump(value: Any) -> bytes:
    """Compact JSON in UTF-8."""
    return _encode(value).encode("utf-8")


def load(data: bytes) -> Any:
    """The value in `data`; raises WireError, however deep or strange it is."""
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise WireError("not JSON") from None
