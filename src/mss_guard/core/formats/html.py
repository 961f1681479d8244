"""HTML to text (selectolax, lexbor): block tags become line breaks, inline tags nothing, hidden text stays text."""

from __future__ import annotations

import re
from base64 import b64encode
from html import unescape
from urllib.parse import unquote_to_bytes

from selectolax.lexbor import LexborHTMLParser

MAX_HTML = 20 * 1024 * 1024  # characters parsed as a tree: lexbor needs about twenty times that in memory
MAX_DEPTH = (
    1_000  # open elements within each other: the HTML5 algorithm walks them all at each tag; Chrome stops at 512
)
_FEW_TAGS = 10_000  # whatever their depth, these are parsed in well under a second
MAX_ATTRIBUTES = 5_000  # attribute values read from one document

_BLOCKS = (  # the most frequent first
    "p|br|div|td|tr|table|li|ul|tbody|h[1-6]|address|article|aside|blockquote|body|button|caption|center|dd|details|dialog|dir|dl|dt"
    "|fieldset|figcaption|figure|footer|form|frame|frameset|head|header|hgroup|hr|iframe|img|input|legend|main|menu|nav|noscript|ol"
    "|option|pre|section|select|summary|textarea|tfoot|th|thead|title|video"
)
# A letter is looked for first: megabytes of "<" alone must not be held against every name.
_BLOCK = re.compile(rf"<(?=/?[a-z])(?=/?(?:{_BLOCKS})[\s/>])", re.IGNORECASE)
_NESTING = re.compile(
    r"<(/?)(?=[a-z])(?!(?:p|br|img|hr|li|t[dhr]|input|meta|link|option|d[dt]|wbr|col|o:p)[\s/>])[a-z]", re.IGNORECASE
)
_TEMPLATE = re.compile(r"<(/?)template(?=[\s/>])", re.IGNORECASE)  # a template's content is no part of the tree
_QUOTE = re.compile(r"<blockquote(?:\s[^<>]{0,2000})?>|</blockquote(?=[\s/>])", re.IGNORECASE)
_OPENED, _CLOSED = (
    "\ufdd0",
    "\ufdd1",
)  # noncharacters, which no text holds (Unicode 23.7): where a quotation begins and ends
_MOST_MARKS = 5  # ">" before a line, however deep the quotation
_SPOKEN = "[alt], [title], [placeholder], [aria-label], [summary], [label], [content], input[value], [srcdoc]"
_NAMES = ("alt", "title", "placeholder", "aria-label", "summary", "label", "content", "value")
_DATA_URI = re.compile(
    r"""["'(\s]data:([\w.+/-]{0,80})[^,"'()\s]{0,80};base64,([A-Za-z0-9+/=%\s]{16,})""", re.IGNORECASE
)
_DATA = re.compile("data:", re.IGNORECASE)
_DATA_PLAIN = re.compile(  # percent-encoded; blanks stand in it where quotes allow them
    r"""(?:"\s*data:([^,"<>]{0,200},[^"]{8,})|'\s*data:([^,'<>]{0,200},[^']{8,})|[=(]\s*data:([^,\s"'<>()]{0,200},[^\s"'<>]{8,}))""",
    re.IGNORECASE,
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
    texts. Lines of a blockquote begin with "> ", as in plain text: what stands below it is the writer's own again.

    Outlook shows what stands in its conditional comments, others do not: lines that only it shows come last."""
    words = _words(markup, nested=nested)
    if (outlook := _for_outlook(markup[:MAX_HTML])) is None:
        return words
    known = set(words.split("\n"))
    return "\n".join([words, *(line for line in _words(outlook, nested=nested).split("\n") if line not in known)])


_CONDITIONAL = re.compile(
    r"(<!--\s*\[if\b[^<>]{0,400}>(?:\s*(?:<!)?-->)?)|((?:<!--\s*)?<!\[endif\]\s*(?:--)?\s*>)|(<xml(?=[\s>]))|(</xml\s*>)",
    re.IGNORECASE,
)
_TAG_OR_STYLE = re.compile(r"<style\b[^<]*</style\s*>|<[^<>]*>", re.IGNORECASE)


def _for_outlook(markup: str) -> str | None:
    """`markup` without the marks of conditional comments and without their <xml> islands, which are settings. None
    when no words stand in such comments."""
    if "<!--" not in markup:
        return None
    out: list[str] = []
    spoken = inside = False
    island = -1
    at = 0
    for tag in _CONDITIONAL.finditer(markup):
        if tag[1] or tag[2]:
            piece = markup[at : tag.start()]
            spoken = spoken or (inside and bool(_TAG_OR_STYLE.sub("", piece).strip()))
            out.append(piece)
            at, inside, island = tag.end(), bool(tag[1]) and not tag[1].endswith("-->"), -1
        elif tag[3] and inside and island < 0:
            island = tag.start()
        elif tag[4] and island >= 0:
            out.append(markup[at:island])
            spoken = spoken or bool(_TAG_OR_STYLE.sub("", markup[at:island]).strip())
            at, island = tag.end(), -1
    out.append(markup[at:])
    return "".join(out) if spoken or inside else None


def _words(markup: str, *, nested: bool) -> str:
    markup = _TEMPLATE.sub(r"<\1div", _BLOCK.sub("\n<", markup[:MAX_HTML]))
    quotes = "<blockquote" in markup.lower()
    if quotes:
        markup = _QUOTE.sub(_marked, markup.replace(_OPENED, "").replace(_CLOSED, ""))
    parser = LexborHTMLParser(markup)
    parser.strip_tags(["style", "script"])
    root = parser.root
    body = root.text(separator="") if root is not None else ""
    spoken = _attributes(parser, nested=nested)
    words = _SPACES.sub("\n", f"{body}\n{spoken}" if spoken else body).strip()
    return _quoted(words) if quotes else words


def _marked(tag: re.Match[str]) -> str:
    return _CLOSED + tag[0] if tag[0][1] == "/" else tag[0] + _OPENED


def _quoted(words: str) -> str:
    """Marks of quotations to ">" before their lines. Each mark begins a line, since a blockquote is a block."""
    lines = []
    depth = 0
    for line in words.split("\n"):
        depth = max(depth + line.count(_OPENED) - line.count(_CLOSED), 0)
        bare = line.replace(_OPENED, "").replace(_CLOSED, "")
        lines.append(f"{'>' * min(depth, _MOST_MARKS)} {bare}" if depth and bare else bare)
    return _SPACES.sub("\n", "\n".join(lines)).strip()


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
    """(declared type, base64 text) of each data: address (RFC 2397), whichever way it is encoded."""
    if not _DATA.search(markup):
        return []
    found = [(m[1].lower(), m[2].encode("ascii", "ignore")) for m in _DATA_URI.finditer(markup)]
    for m in _DATA_PLAIN.finditer(markup):
        kind, _, value = (m[1] or m[2] or m[3]).partition(",")
        if not kind.lower().rstrip().endswith(";base64"):
            found.append((kind.partition(";")[0].strip().lower(), b64encode(unquote_to_bytes(unescape(value)))))
    return list(dict.fromkeys(found))
