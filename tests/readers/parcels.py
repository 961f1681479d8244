"""OOXML and ODF packages with the words in one place each (ECMA-376 parts 1 and 2; ODF 1.3 parts 2 and 3)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

from tests.core.formats import build

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_EMPTY = "Bonjour"
Maker = Callable[[str], bytes]


def _document(body: str) -> str:
    return f'{_XML}<w:document xmlns:w="{_W}" xmlns:wp="{_WP}" xmlns:v="urn:schemas-microsoft-com:vml"><w:body>{body}</w:body></w:document>'


def _para(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def docx(body: str = _para(_EMPTY), parts: Mapping[str, bytes | str] | None = None) -> bytes:
    return build.zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": _document(body), **(parts or {})})


def _docx_part(name: str, root: str, inner: str = "") -> Maker:
    def make(text: str) -> bytes:
        body = _para(text) if not inner else f"<w:{inner}>{_para(text)}</w:{inner}>"
        return docx(parts={f"word/{name}": f'{_XML}<w:{root} xmlns:w="{_W}">{body}</w:{root}>'})

    return make


def _properties(text: str) -> str:
    core = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
    return f'{_XML}<cp:coreProperties xmlns:cp="{core}" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description>{text}</dc:description></cp:coreProperties>'


DOCX: dict[str, Maker] = {
    "body": lambda text: docx(_para(text)),
    "header": _docx_part("header1.xml", "hdr"),
    "footer": _docx_part("footer1.xml", "ftr"),
    "comment": _docx_part("comments.xml", "comments", "comment"),
    "note": _docx_part("footnotes.xml", "footnotes", "footnote"),
    "inserted": lambda text: docx(f"<w:p><w:ins><w:r><w:t>{text}</w:t></w:r></w:ins></w:p>"),
    "deleted": lambda text: docx(f"<w:p><w:del><w:r><w:delText>{text}</w:delText></w:r></w:del></w:p>"),
    "text box": lambda text: docx(
        f"<w:p><w:r><w:pict><v:shape><v:textbox><w:txbxContent>{_para(text)}</w:txbxContent></v:textbox></v:shape></w:pict></w:r></w:p>"
    ),
    "alt text": lambda text: docx(
        f'<w:p><w:r><w:drawing><wp:inline><wp:docPr id="1" name="a" descr="{text}"/></wp:inline></w:drawing></w:r></w:p>'
    ),
    "property": lambda text: docx(parts={"docProps/core.xml": _properties(text)}),
    "embedded": lambda text: docx(parts={"word/embeddings/a.docx": docx(_para(text))}),
}


def xlsx(strings: str = _EMPTY, parts: Mapping[str, bytes | str] | None = None, state: str = "") -> bytes:
    return build.zipped({
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": f'{_XML}<workbook xmlns="{_S}" xmlns:r="{_R}"><sheets><sheet name="F"{state} sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="{_R}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',  # noqa: E501
        "xl/sharedStrings.xml": f'{_XML}<sst xmlns="{_S}"><si><t>{strings}</t></si></sst>',
        "xl/worksheets/sheet1.xml": f'{_XML}<worksheet xmlns="{_S}"><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData></worksheet>',
        **(parts or {}),
    })  # fmt: skip


XLSX: dict[str, Maker] = {
    "cell": xlsx,
    "hidden sheet": lambda text: xlsx(text, state=' state="veryHidden"'),
    "comment": lambda text: xlsx(parts={
        "xl/comments1.xml": f'{_XML}<comments xmlns="{_S}"><commentList><comment ref="A1" authorId="0"><text><r><t>{text}</t></r></text></comment></commentList></comments>'  # noqa: E501
    }),
}  # fmt: skip


def _pptx(slide: str = _EMPTY, notes: str = "") -> bytes:
    def sheet(tag: str, text: str) -> str:
        return f'{_XML}<p:{tag} xmlns:p="{_P}" xmlns:a="{_A}"><p:cSld><p:spTree><p:sp><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:{tag}>'  # noqa: E501

    parts = {"ppt/notesSlides/notesSlide1.xml": sheet("notes", notes)} if notes else {}
    return build.zipped({"[Content_Types].xml": "<Types/>", "ppt/slides/slide1.xml": sheet("sld", slide), **parts})


PPTX: dict[str, Maker] = {"slide": _pptx, "notes": lambda text: _pptx(notes=text)}

_ODF = "urn:oasis:names:tc:opendocument:xmlns:"
ODF_SPACES = " ".join(f'xmlns:{name}="{_ODF}{name}:1.0"' for name in ("office", "text", "table", "style", "meta")) + (
    f' xmlns:draw="{_ODF}drawing:1.0" xmlns:svg="{_ODF}svg-compatible:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
)
_MIMETYPE = "application/vnd.oasis.opendocument."


def stored(entries: Mapping[str, bytes | str]) -> bytes:
    """Entries as they are: an ODF package's mimetype stands first and is stored (ODF 1.3 part 2 §3.3)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as package:
        for name, data in {"mimetype": "", "META-INF/manifest.xml": "<m/>", **entries}.items():
            package.writestr(name, data)
    return out.getvalue()


def odf(kind: str, body: str, parts: Mapping[str, bytes | str] | None = None) -> bytes:
    around = {
        "text": "{}",
        "spreadsheet": '<table:table table:name="F"><table:table-row><table:table-cell>{}</table:table-cell></table:table-row></table:table>',
        "presentation": "<draw:page><draw:frame><draw:text-box>{}</draw:text-box></draw:frame></draw:page>",
    }[kind.lower()].format(body)
    content = f"{_XML}<office:document-content {ODF_SPACES}><office:body><office:{kind.lower()}>{around}</office:{kind.lower()}></office:body></office:document-content>"  # noqa: E501
    return stored({"mimetype": _MIMETYPE + kind.lower(), "content.xml": content, **(parts or {})})  # fmt: skip


def _styles(element: str) -> Callable[[str, str], bytes]:
    def make(text: str, kind: str) -> bytes:
        page = f'<style:master-page style:name="M"><style:{element}><text:p>{text}</text:p></style:{element}></style:master-page>'
        styles = f"{_XML}<office:document-styles {ODF_SPACES}><office:master-styles>{page}</office:master-styles></office:document-styles>"
        return odf(kind, "<text:p>Bonjour</text:p>", {"styles.xml": styles})

    return make


def _inside(pattern: str) -> Callable[[str, str], bytes]:
    return lambda text, kind: odf(kind, pattern.format(text))


def _meta(text: str, kind: str) -> bytes:
    meta = f"{_XML}<office:document-meta {ODF_SPACES}><office:meta><dc:description>{text}</dc:description></office:meta></office:document-meta>"
    return odf(kind, "<text:p>Bonjour</text:p>", {"meta.xml": meta})


ODF: dict[str, Callable[[str, str], bytes]] = {
    "body": _inside("<text:p>{}</text:p>"),
    "header": _styles("header"),
    "footer": _styles("footer"),
    "comment": _inside("<text:p>Bonjour<office:annotation><text:p>{}</text:p></office:annotation></text:p>"),
    "tracked": _inside("<text:p>Bonjour</text:p><text:tracked-changes><text:changed-region><text:deletion><text:p>{}</text:p></text:deletion></text:changed-region></text:tracked-changes>"),  # noqa: E501
    "text box": _inside("<text:p><draw:frame><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame></text:p>"),
    "note": _inside("<text:p>a<text:note><text:note-body><text:p>{}</text:p></text:note-body></text:note></text:p>"),
    "alt text": _inside("<text:p><draw:frame><svg:desc>{}</svg:desc></draw:frame></text:p>"),
    "property": _meta,
    "embedded": lambda text, kind: odf(
        kind, "<text:p>Bonjour</text:p>", {"Objects/a.odt": odf("Text", f"<text:p>{text}</text:p>")}
    ),
}  # fmt: skip


def locked_odf(kind: str) -> bytes:
    """Its manifest says that content.xml is encrypted (ODF 1.3 part 2 §3.4)."""
    manifest = f'{_XML}<m:manifest xmlns:m="{_ODF}manifest:1.0"><m:file-entry m:full-path="content.xml" m:size="900"><m:encryption-data m:checksum="a"><m:algorithm m:algorithm-name="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/></m:encryption-data></m:file-entry></m:manifest>'  # noqa: E501
    return stored({"mimetype": _MIMETYPE + kind.lower(), "content.xml": bytes(range(256)) * 4,
                         "META-INF/manifest.xml": manifest})  # fmt: skip
