"""The words of the walk: a message, its heads and its parts; and what a leaf's own header says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mss_guard.core.mime import facts
from mss_guard.core.mime.facts import Facts
from mss_guard.core.mime.headers import Block, Header
from mss_guard.core.mime.parameters import candidates, clean_name, extended, parameters, words
from mss_guard.core.model import Why

_NAMES = frozenset({"filename", "name"})
_CHARSET = frozenset({"charset"})
_LOOSE = re.compile(
    r'(?<![\w*-])(?:file)?name\s{0,9}=\s{0,9}"([^"\\]+)"', re.IGNORECASE
)  # with or without a semicolon before
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")


@dataclass(frozen=True, slots=True)
class Part:
    """One part. `data` is decoded; for a container (multipart, message) that was walked it is empty, and `why` says
    if it was odd.

    `declared` is the type the headers claim, lower case, "text/plain" when they claim none (RFC 2045 §5.2).
    `name`: all candidate names joined by " | ". `message`: number of the message the part belongs to, 0 is the outer
    one. `carved`: only another reading of ambiguous bytes sees it.
    """

    id: str
    declared: str
    data: bytes = field(repr=False)
    charset: str = ""
    name: str = ""
    description: str = ""
    content_id: str = ""
    attachment: bool = False
    container: bool = False
    message: int = 0
    why: Why | None = None
    carved: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """The header block of the outer message (number 0, part "0") or of a nested one (part "2.0")."""

    number: int
    part: str
    headers: tuple[Header, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message: its heads and its parts, both in the order of the bytes."""

    heads: tuple[Head, ...]
    parts: tuple[Part, ...]


def leaf(number: str, message: int, said: Facts, block: Block, content: bytes, why: Why | None) -> Part:
    """A leaf with all that its header tells, its body decoded."""
    disposition = block.first("content-disposition")
    content_id = block.first("content-id")
    name = names(block)
    return Part(
        id=number,
        declared=said.declared,
        data=content,
        charset=charset(said),
        name=name,
        description=described(block),
        content_id=content_id.text.strip("<> ") if content_id else "",
        attachment=bool(name) or (disposition is not None and facts.token(disposition.text) == "attachment"),
        message=message,
        why=why,
    )


def charset(said: Facts) -> str:
    """The first label that some reader would take."""
    return next(candidates(said.params, _CHARSET), "")


def names(block: Block) -> str:
    """All candidate names, from every Content-Disposition and Content-Type header, in order, each once."""
    found: dict[str, None] = {}
    for header in (*block.all("content-disposition"), *block.all("content-type")):
        text = header.text
        if "name" not in text.lower():
            continue
        for name in (*candidates(parameters(text), _NAMES), *map(words, _LOOSE.findall(text))):
            found.setdefault(clean_name(name))
            if _PERCENT.search(name):
                found.setdefault(clean_name(extended(name)))
    return " | ".join(name for name in found if name)


def described(block: Block) -> str:
    """What the header says of the part in words: Content-Description, and the place it says to come from."""
    description, location = block.first("content-description"), block.first("content-location")
    return " ".join(
        text
        for text in (words(description.text) if description else "", extended(location.text) if location else "")
        if text
    )
