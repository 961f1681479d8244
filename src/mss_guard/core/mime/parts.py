"""The words of the walk: a message, its heads and its parts; and what a leaf's own header says of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from mss_guard.core.mime import facts
from mss_guard.core.mime.facts import Facts
from mss_guard.core.mime.headers import Block, Header
from mss_guard.core.mime.parameters import candidates, clean_name, parameters, words
from mss_guard.core.model import Why

_NAMES = frozenset({"filename", "name"})
_CHARSET = frozenset({"charset"})


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
    description = block.first("content-description")
    name = names(block)
    return Part(
        id=number,
        declared=said.declared,
        data=content,
        charset=charset(said),
        name=name,
        description=words(description.text) if description else "",
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
    for header in block.all("content-disposition"):
        for name in candidates(parameters(header.text), _NAMES):
            found.setdefault(clean_name(name))
    for header in block.all("content-type"):
        if "name" in header.text.lower():
            for name in candidates(parameters(header.text), _NAMES):
                found.setdefault(clean_name(name))
    return " | ".join(name for name in found if name)
