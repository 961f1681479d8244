"""HTML to text (selectolax, lexbor): block tags become line breaks, inline tags nothing, hidden text stays text."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

MAX_HTML = 20 * 1024 * 1024  # characters parsed as a tree: lexbor needs about twenty times that in memory
MAX_DEPTH = (
    1_000  # open elements within each other: the HTML5 algorithm walks them all at each tag; Chrome stops at 512
)
_FEW_TAGS = 10_000  # whatever their depth, these are parsed in well under a second
MAX_ATTRIBUTES = 5_000  # attribute values read from one document

_BLOCKS = (
    "address|article|aside|blockquote|body|br|button|caption|center|dd|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure"
    "|footer|form|frame|frameset|h[1-6]|head|header|hgroup|hr|iframe|img|input|legend|li|main|menu|nav|noscript|ol|option|p|pre"
    "|section|select|summary|table|tbody|td|textarea|tfoot|th|thead|title|tr|ul|video"
)
_BLOCK = re.compile(rf"<(?=/?(?:{_BLOCKS})[\s/>])", re.IGNORECASE)
_NESTING = re.compile(
    r"<(/?)(?!(?:p|br|img|hr|li|t[dhr]|input|meta|link|option|d[dt]|wbr|col|o:p)[\s/>])[a-z]", re.IGNORECASE
)
_TEMPLATE = re.compile(r"<(/?)template(?=[\s/>])", re.IGNORECASE)  # a template's content is no part of the tree
_SPOKEN = "[alt], [title], [placeholder], [aria-label], [summary], [label], [content], input[value], [srcdoc]"
_NAMES = ("alt", "title", "placeholder", "aria-label", "summary", "label", "content", "value")
_DATA_URI = re.compile(
    r"""["'(\s]data:([\w.+/-]{0,80})[^,"'()\s]{0,80};base64,([A-Za-z0-9+/=%\s]{16,})""", re.IGNORECASE
)
_SPACES = re.compile(r"\n\s+")

START = re.compile(
    r"\s*(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head|body|meta|div|p|table|span|style)\b",
    re.IGNORECASE | re.DOTALL,
)
"""What begins like this is HTML, whatever it is declared as."""

META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)


def too_deep(markup: str) -> bool:
    """True for nesting that would make the tree builder's time quadratic; elements that close by themselves do not nest."""
    if markup.count("<") < _FEW_TAGS:
        return False
    depth = 0
    for tag in _NESTING.finditer(markup):
        depth += -1 if tag[1] else 1
        if depth > MAX_DEPTH:
            return True
        depth = max(depth, 0)
    return False


def text(markup: str, *, nested: bool = False) -> str:
    """The words of `markup`: everything a client could show, plus what is only hidden by style, plus alternative
    texts."""
    markup = _TEMPLATE.sub(r"<\1div", _BLOCK.sub("\n<", markup[:MAX_HTML]))
    parser = LexborHTMLParser(markup)
    parser.strip_tags(["style", "script"])
    root = parser.root
    body = root.text(separator="") if root is not None else ""
    spoken = _attributes(parser, nested=nested)
    return _SPACES.sub("\n", f"{body}\n{spoken}" if spoken else body).strip()


def _attributes(parser: LexborHTMLParser, *, nested: bool) -> str:
    found: dict[str, None] = {}
    for n, node in enumerate(parser.css(_SPOKEN)):
        if n >= MAX_ATTRIBUTES:
            break
        attributes = node.attributes
        for name in _NAMES:
            value = attributes.get(name)
            if value and not value.isspace() and not (name == "content" and node.tag != "meta"):
                found.setdefault(value.strip())
        frame = attributes.get("srcdoc")
        if frame and not nested:
            found.setdefault(text(frame, nested=True))
    return "\n".join(found)


def data_uris(markup: str) -> list[tuple[str, bytes]]:
    """(declared type, base64 text) of each data: address (RFC 2397)."""
    if "data:" not in markup and "DATA:" not in markup:
        return []
    return [(m[1].lower(), m[2].encode("ascii", "ignore")) for m in _DATA_URI.finditer(markup)]
