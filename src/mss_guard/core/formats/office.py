"""Documents that are zips of XML: OOXML (ECMA-376), ODF (OASIS 1.3), EPUB. Every XML part is read, whatever its role:
body, headers, notes, comments, tracked changes, text boxes, hidden sheets, properties. Everything else inside is
looked at."""

from __future__ import annotations

import re

from mss_guard.core.formats import sheets, xmltext, zipdir
from mss_guard.core.formats.reading import Doc, Outcome, Reading, Stop, read_unless, unreadable, worst
from mss_guard.core.formats.zipdir import Entry
from mss_guard.core.model import Why

_OOXML = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": sheets.XLSX,
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_MIMETYPE = re.compile(r"\Aapplication/(?:vnd\.oasis\.opendocument\.[\w.-]+|epub\+zip)\Z")

_BREAKS = xmltext.end_tags(
    ["p", "h", "br", "cr", "line-break", "row", "tr", "si", "sdt", "table-row", "title", "desc", "Company", "creator"]
)
_TABS = xmltext.end_tags(["tab", "tc", "table-cell", "ptab", "s"])
_META = xmltext.end_tags([r"[\w.-]+"])
_ALTERNATIVE = re.compile(r'\s(?:descr|title|alt|name|author|initials|userName|formatCode)="([^"]{3,4000})"')
_LOCKED = b"encryption-data"  # ODF 1.3 part 2 §3.4.1
_SILENT = (".rels", "[Content_Types].xml", "mimetype")
_NAMES_ARE_NOISE = re.compile(
    r"\A(?:Image|Picture|Rectangle|Table|Style|Zone de texte|Text Box|Normal|Grille|Group)", re.IGNORECASE
)
_PROPERTIES = re.compile(r"(?:\A|/)(?:docProps/|meta\.xml|customXml/)")
_NO_WORDS = re.compile(
    r"(?:\A|/)(?:theme/|settings\.xml|styles\.xml|fontTable\.xml|webSettings\.xml|numbering\.xml|manifest\.xml|tableStyles\.xml|presProps\.xml|viewProps\.xml)"
)


def family(data: bytes, entries: tuple[Entry, ...], names: set[str]) -> str:
    """The media type of an office document, "" for a plain zip."""
    if "[Content_Types].xml" in names:
        return next((kind for folder, kind in _OOXML.items() if any(n.startswith(folder) for n in names)), "")
    first = next((e for e in entries if e.name == "mimetype" and e.method == 0 and e.size < 200), None)
    if first is None or ("META-INF/manifest.xml" not in names and "META-INF/container.xml" not in names):
        return ""
    start = first.offset + 30 + len(first.name)
    declared = data[start : start + first.size].decode("latin-1").strip()
    return declared if _MIMETYPE.match(declared) else ""


def read(reading: Reading, doc: Doc, entries: tuple[Entry, ...], kind: str) -> Outcome:
    """Read every part. One broken part leaves the others readable and names the document."""
    reasons: list[Why | None] = []
    shared = sheets.Shared() if kind == sheets.XLSX else None
    for n, entry in enumerate(entries, 1):
        if not entry.folder and not entry.name.endswith(_SILENT):
            try:
                _part(reading, doc, entry, n, shared)
            except Stop as stop:
                if stop.why is Why.ENCRYPTED:
                    return unreadable(Why.ENCRYPTED, kind)
                reasons.append(stop.why)
    if shared is not None:
        try:
            reading.text(doc, shared.text())
        except Stop as stop:
            reasons.append(stop.why)
    return read_unless(worst(reasons), kind)


def _part(reading: Reading, doc: Doc, entry: Entry, number: int, shared: sheets.Shared | None) -> None:
    if entry.encrypted:
        raise Stop(Why.ENCRYPTED)
    data = zipdir.inflate(doc.data, entry, reading)
    if entry.name == "META-INF/manifest.xml" and _LOCKED in data:
        raise Stop(Why.ENCRYPTED)
    if not _is_xml(entry.name, data):
        if not entry.name.endswith("vbaProject.bin"):  # a program
            reading.look(reading, doc.child(number, "office", data, entry.shown))
    elif shared is None or not shared.take(entry.name, data):
        reading.text(doc, words(entry.name, data))


def _is_xml(name: str, data: bytes) -> bool:
    return name.lower().endswith((".xml", ".vml", ".xhtml", ".ncx", ".opf")) or data[:5] == b"<?xml"


def words(name: str, data: bytes) -> str:
    """The words of one XML part: paragraphs as lines, runs joined, alternative texts and sheet names behind them."""
    if _NO_WORDS.search(name) and name.rpartition("/")[2] != "styles.xml":
        return ""
    markup = xmltext.decode(data)
    if name.rpartition("/")[2] == "styles.xml" and "text:" not in markup:
        return ""  # OOXML styles have no words; ODF styles hold headers and footers
    pattern = _META if _PROPERTIES.search(name) else _BREAKS
    lined = xmltext.broken_lines(markup, pattern)
    text = xmltext.text_of(xmltext.parse(_TABS.sub("\t<", lined)))
    spoken = dict.fromkeys(m[1] for m in _ALTERNATIVE.finditer(markup) if not _NAMES_ARE_NOISE.match(m[1]))
    return "\n".join([text, *spoken])
