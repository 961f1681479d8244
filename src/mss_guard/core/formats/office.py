"""Documents that are zips of XML: OOXML (ECMA-376), ODF (OASIS 1.3), EPUB. Every XML part is read, whatever its role:
body, headers, notes, comments, tracked changes, text boxes, hidden sheets, properties. Everything else inside is
looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mss_guard.core.formats import books, certain, odflock, sheets, spoken, xmltext, zipdir
from mss_guard.core.formats.reading import Doc, Outcome, Reading, Stop, read_unless, unreadable, worst
from mss_guard.core.formats.zipdir import Entry
from mss_guard.core.model import Why

_OOXML = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": sheets.XLSX,
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_MIMETYPE = re.compile(r"\Aapplication/(?:vnd\.oasis\.opendocument\.[\w.-]+|epub\+zip)\Z")

_KNOWN = frozenset(
    {"application/epub+zip"}
    | {
        f"application/vnd.oasis.opendocument.{kind}{template}"
        for kind in ("text", "spreadsheet", "presentation", "graphics", "chart", "image", "formula")
        for template in ("", "-template")
    }
    | {f"application/vnd.oasis.opendocument.{kind}" for kind in ("text-master", "text-web", "base", "database")}
)
"""The types as they are said in a report: what a sender makes up after the dot may hold words."""

_BREAKS = xmltext.end_tags(
    [
        "p",
        "h",
        "br",
        "cr",
        "line-break",
        "row",
        "tr",
        "si",
        "sdt",
        "table-row",
        "title",
        "desc",
        "Company",
        "creator",
        "v",
    ]
)
_TABS = xmltext.end_tags(["tab", "tc", "table-cell", "ptab", "s"])
_META = xmltext.end_tags([r"[\w.-]+"])
_OWN = re.compile(
    r"\A(?:(?:word|xl|ppt|docProps|customXml|_rels|META-INF|Object[ \w-]{0,40}|OEBPS|OPS|EPUB)/.+|[^/]+)\Z",
    re.IGNORECASE,
)
"""Where XML is of the document's own; elsewhere it is looked at as any file would be."""
_PROGRAM = re.compile(r"\A(?:word|xl|ppt)/vbaProject\.bin\Z")
_OLE = b"\xd0\xcf\x11\xe0"
_PROPERTIES = re.compile(r"(?:\A|/)(?:docProps/|meta\.xml|customXml/)")
_NO_WORDS = re.compile(
    r"\A(?:\[Content_Types\]\.xml|(?:[\w.-]+/){0,6}_rels/[^/]+\.rels|(?:word|xl|ppt)/theme/(?:theme|themeOverride)\d+\.xml"
    r"|(?:word|xl|ppt)/(?:\w+/)?(?:settings|styles|fontTable|webSettings|numbering|tableStyles|presProps|viewProps)\.xml"
    r"|(?:Object[ \w-]{0,40}/)?(?:settings|styles|META-INF/manifest)\.xml)\Z"
)
"""Parts that hold settings: of their character data, which is mostly none, the lines with blanks in them are read."""


def family(data: bytes, entries: tuple[Entry, ...], names: set[str]) -> str:
    """The media type of an office document, "" for a plain zip."""
    if "[Content_Types].xml" in names and "xl/workbook.bin" in names:
        return books.XLSB
    if "[Content_Types].xml" in names:
        return next((kind for folder, kind in _OOXML.items() if any(n.startswith(folder) for n in names)), "")
    if "META-INF/manifest.xml" not in names and "META-INF/container.xml" not in names:
        return ""
    first = next((e for e in entries if e.name == "mimetype" and e.method == 0 and e.size < 200), None)
    if first is None:  # packed against the rule (ODF 1.3 part 2 §3.3); LibreOffice opens it all the same
        return "application/vnd.oasis.opendocument" if "content.xml" in names else ""
    start = first.offset + 30 + len(first.name)
    declared = data[start : start + first.size].decode("latin-1").strip()
    if not _MIMETYPE.match(declared):
        return ""
    return declared if declared in _KNOWN else "application/vnd.oasis.opendocument"


def read(reading: Reading, doc: Doc, entries: tuple[Entry, ...], kind: str) -> Outcome:
    """Read every part. One broken part leaves the others readable and names the document."""
    if locked := _locked(reading, doc, entries):
        return unreadable(locked, kind)
    reasons: list[Why | None] = []
    shared = sheets.Shared() if kind == sheets.XLSX else None
    for n, entry in enumerate(entries, 1):
        if not entry.folder:
            try:
                _part(reading, doc, entry, n, shared)
            except Stop as stop:
                reasons.append(stop.why)
    if kind == books.XLSB:
        try:
            reading.text(doc, books.text(doc.data))
        except Stop as stop:
            reasons.append(stop.why)
    if shared is not None:
        try:
            text, why = shared.text()
            reading.text(doc, text)
            reasons.append(why)
        except Stop as stop:
            reasons.append(stop.why)
    return read_unless(worst(reasons), kind)


def _locked(reading: Reading, doc: Doc, entries: tuple[Entry, ...]) -> Why | None:
    """ENCRYPTED when parts are, by the zip itself or as the manifest says."""
    if any(entry.encrypted for entry in entries):
        return Why.ENCRYPTED
    manifest = next((entry for entry in entries if entry.name == odflock.MANIFEST), None)
    said = zipdir.inflate(doc.data, manifest, reading) if manifest else b""
    if odflock.MARK not in said:
        return None
    odflock.offer(reading, doc, entries, said)
    return Why.ENCRYPTED


def _part(reading: Reading, doc: Doc, entry: Entry, number: int, shared: sheets.Shared | None) -> None:
    data = zipdir.inflate(doc.data, entry, reading)
    if _PROGRAM.match(entry.name) and data.startswith(_OLE):
        return
    if entry.name == "mimetype" and data.decode("latin-1").strip() in _KNOWN:
        return
    markup = xmltext.decode(data) if _is_xml(entry.name, data) and _OWN.match(entry.name) else None
    if markup is None or _is_certain(markup):
        reading.look(reading, doc.child(number, "office", data, entry.shown))
    elif shared is None or not shared.take(entry.name, data):
        reading.text(doc, words(entry.name, markup))


def _is_xml(name: str, data: bytes) -> bool:
    if name.lower().endswith((".xml", ".vml", ".xhtml", ".ncx", ".opf")):
        return True
    head = data[:80].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"<?xml") or (name.endswith(".rels") and head.startswith(b"<"))


def _is_certain(text: str) -> bool:
    """A patient document among the parts."""
    root = xmltext.root(text)
    return root is not None and certain.xml_marker(root, text) is not None


def _said_in_settings(name: str, markup: str) -> Iterable[str]:
    if name.endswith(".rels"):
        return spoken.links(markup)
    return spoken.phrases(markup) if name.endswith("settings.xml") else ()


def words(name: str, markup: str) -> str:
    """The words of one XML part: paragraphs as lines, runs joined, alternative texts and sheet names behind them."""
    if _NO_WORDS.match(name) and not (name.endswith("styles.xml") and "text:" in markup):  # headers of ODF stand there
        lines = xmltext.text_of(xmltext.parse(markup.replace("</", "\n</"))).split("\n")
        return "\n".join([*(line for line in lines if " " in line.strip()), *_said_in_settings(name, markup)])
    pattern = _META if _PROPERTIES.search(name) else _BREAKS
    lined = xmltext.broken_lines(markup, pattern)
    text = xmltext.text_of(xmltext.parse(_TABS.sub("\t<", lined)))
    known = set(text.split("\n"))
    return "\n".join([text, *(value for value in spoken.attributes(markup) if value not in known)])
