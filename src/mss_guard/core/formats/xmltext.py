"""XML to text, hardened: no entities, no network, no DTD, no huge trees (security: billion laughs, XXE)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from mss_guard.core import mime
from mss_guard.core.formats.reading import Stop
from mss_guard.core.model import Why

MAX_XML = 32 * 1024 * 1024  # octets of one XML part parsed as a tree; about ten times that in memory
MAX_TAGS = 1_500_000  # tags of one XML part: an element costs 150 octets; 9 MB of empty shared strings made 700 MB
MAX_PROLOG = 64 * 1024  # octets before the root: real CDA have 3,380 of comments and instructions

_ATTRIBUTE = re.compile(r'\b([\w:.-]+)\s*=\s*(?:"([^"]*)"|\'([^\']*)\')')
_ROOT = re.compile(r"<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
_DECLARED = re.compile(rb'\A<\?xml[^>]{0,200}?\bencoding\s*=\s*["\']([\w.:-]{1,40})["\']')
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]{0,400}\?>")
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Root:
    """The root element: its local name, its namespace ("" when it has none), where its tag begins."""

    name: str
    namespace: str
    at: int


def decode(data: bytes, charset: str = "") -> str:
    """XML bytes as text: byte-order mark, then the XML declaration, then `charset`, then UTF-8 or cp1252."""
    if data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return mime.decode_text(data)
    declared = _DECLARED.match(data.lstrip()[:300])
    return mime.decode_text(data, declared[1].decode("ascii") if declared else charset)


def root(text: str) -> Root | None:
    """The root element of what may be XML: blanks, comments, instructions and a DOCTYPE before it are passed over."""
    at = _past_prolog(text)
    match = _ROOT.match(text, at)
    if not match:
        return None
    end = text.find(">", match.end(), match.end() + MAX_PROLOG)
    attributes = {
        m[1]: m[2] or m[3] or "" for m in _ATTRIBUTE.finditer(text, match.end(), end if end > 0 else len(text))
    }
    prefix = (match[1] or "").rstrip(":")
    return Root(match[2], attributes.get(f"xmlns:{prefix}" if prefix else "xmlns", ""), at)


def _past_prolog(text: str) -> int:
    at = 0
    while at < min(len(text), MAX_PROLOG):
        if text[at] in " \t\r\n\ufeff\x00":
            at += 1
        elif text.startswith("<?", at):
            at = _past(text, "?>", at)
        elif text.startswith("<!--", at):
            at = _past(text, "-->", at)
        elif text.startswith("<!", at):
            at = _past_doctype(text, at)
        else:
            return at
    return len(text)


def _past(text: str, end: str, at: int) -> int:
    found = text.find(end, at)
    return len(text) if found < 0 else found + len(end)


def _past_doctype(text: str, at: int) -> int:
    close, subset = text.find(">", at), text.find("[", at)
    if 0 <= subset < close:
        close = text.find(">", max(text.find("]", subset), subset))
    return len(text) if close < 0 else close + 1


def parse(data: bytes | str) -> etree._Element:
    """The tree of one XML part. Stop(DAMAGED) for what is not well-formed or declares entities, Stop(TOO_LARGE) over
    the cap."""
    if len(data) > MAX_XML:
        raise Stop(Why.TOO_LARGE)
    if isinstance(data, str):
        data = _DECLARATION.sub("", data, count=1).lstrip("\ufeff \t\r\n").encode("utf-8", "replace")
    if data.count("<" if isinstance(data, str) else b"<") > MAX_TAGS:
        raise Stop(Why.TOO_LARGE)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        dtd_validation=False,
        remove_comments=False,
    )
    try:
        tree = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Stop(Why.DAMAGED) from error
    subset: Any = tree.getroottree().docinfo.internalDTD
    if subset is not None and any(True for _ in subset.iterentities()):
        raise Stop(Why.DAMAGED)  # entities would be left out of the text: a word could hide in one
    return tree


def text_of(tree: etree._Element) -> str:
    """All character data below `tree`, comments left out, in C."""
    return etree.tostring(tree, method="text", encoding="unicode", with_tail=False)


def broken_lines(data: str, blocks: re.Pattern[str]) -> str:
    """`data` with a line break before the end tag of each block, so that text of two blocks never grows together."""
    return blocks.sub("\n<", data)


def end_tags(names: Iterable[str]) -> re.Pattern[str]:
    """Matches the "<" of the end tag of, and of the empty element for, each local name under any prefix."""
    one = "|".join(names)
    return re.compile(rf"<(?=/(?:[\w.-]+:)?(?:{one})\s*>|(?:[\w.-]+:)?(?:{one})(?:\s[^<>]*)?/>)")


def loose(text: str) -> str:
    """Tags out of what would not parse: better the words of a damaged part than none."""
    return _TAG.sub("\n", text)


def plain(text: str) -> tuple[str, Why | None]:
    """The text of any XML, one line for each element, attributes that people read behind it."""
    try:
        tree = parse(text.replace("</", "\n</"))
    except Stop as stop:
        return loose(text), stop.why
    return f"{text_of(tree)}\n{attributes(text)}", None


_SPOKEN = re.compile(
    r"\s(?:[\w.-]+:)?(?:value|displayName|title|alt|descr|name|display|label|extension|content|author|text|comment|UnicodeString)"
    r'\s*=\s*(?:"([^"<]{2,4000})"|\'([^\'<]{2,4000})\')'
)


def attributes(text: str) -> str:
    """The values of attributes that hold words (CDA displayName, FHIR value, alternative texts …), one a line, each
    once."""
    found = dict.fromkeys(m[1] or m[2] for m in _SPOKEN.finditer(text))
    return "\n".join(_unescape(value) for value in found)


_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'"}
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});")


def _unescape(value: str) -> str:
    return _ENTITY.sub(lambda m: _ENTITIES.get(m[0]) or _character(m[0]), value) if "&" in value else value


def _character(reference: str) -> str:
    number = int(reference[3:-1], 16) if reference[2] in "xX" else int(reference[2:-1])
    return chr(number) if number < 0x110000 else ""
