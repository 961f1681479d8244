"""The far corners of OOXML and ODF packages, each with the words in it (ECMA-376 parts 1 and 2; ODF 1.3 part 3)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.core.formats import build
from tests.readers import parcels

Maker = Callable[[str], bytes]
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
_C = 'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
_S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'

_RUN = "<a:p><a:r><a:t>{}</a:t></a:r></a:p>"
_PARAGRAPH = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>"
_CHART = f"<c:chartSpace {_C} {_A}><c:title><c:tx><c:rich>{_RUN}</c:rich></c:tx></c:title></c:chartSpace>"
_ART = f'<dgm:dataModel xmlns:dgm="d" {_A}><dgm:pt><dgm:t>{_RUN}</dgm:t></dgm:pt></dgm:dataModel>'
_CUSTOM = '<Properties xmlns:vt="v"><property name="a"><vt:lpwstr>{}</vt:lpwstr></property></Properties>'


def _categories(text: str) -> str:
    """A chart's cached labels, one word each: they must not grow together."""
    points = "".join(f"<c:pt><c:v>{word}</c:v></c:pt>" for word in text.split())
    return f"{_XML}<c:chartSpace {_C}><c:strCache>{points}</c:strCache></c:chartSpace>"


def _part(package: Callable[..., bytes], name: str, pattern: str, text: str) -> bytes:
    return package(parts={name: _XML + pattern.format(text)})


def _pptx(parts: dict[str, bytes | str]) -> bytes:
    return build.zipped({"[Content_Types].xml": "<Types/>", "ppt/slides/slide1.xml": "<a/>", **parts})


def _sheet(pattern: str, text: str) -> bytes:
    return parcels.xlsx(parts={"xl/worksheets/sheet2.xml": f"{_XML}<worksheet {_S}>{pattern.format(text)}</worksheet>"})


def _book(pattern: str, text: str) -> bytes:
    return parcels.xlsx(parts={"xl/workbook.xml": f"{_XML}<workbook {_S}>{pattern.format(text)}</workbook>"})


def _body(pattern: str, text: str) -> bytes:
    return parcels.docx(pattern.format(text))


_DOCX_BODY = {
    "field": '<w:p><w:r><w:instrText>COMMENTS "{}"</w:instrText></w:r></w:p>',
    "simple field": '<w:p><w:fldSimple w:instr=" QUOTE &quot;{}&quot;"/></w:p>',
    "form field": '<w:p><w:r><w:fldChar><w:ffData><w:textInput><w:default w:val="{}"/></w:textInput></w:ffData></w:fldChar></w:r></w:p>',
    "control's title": '<w:sdt><w:sdtPr><w:alias w:val="{}"/></w:sdtPr></w:sdt>',
    "drop-down": '<w:sdt><w:sdtPr><w:dropDownList><w:listItem w:displayText="{}" w:value="1"/></w:dropDownList></w:sdtPr></w:sdt>',
    "link's tip": '<w:p><w:hyperlink w:tooltip="{}"><w:r><w:t>a</w:t></w:r></w:hyperlink></w:p>',
    "formula": '<w:p><m:oMath xmlns:m="m"><m:r><m:t>{}</m:t></m:r></m:oMath></w:p>',
    "WordArt": '<w:p><w:r><w:pict><v:shape><v:textpath string="{}"/></v:shape></w:pict></w:r></w:p>',
}
_DOCX_PARTS = {
    "endnote": ("word/endnotes.xml", f"<w:endnotes {_W}><w:endnote>{_PARAGRAPH}</w:endnote></w:endnotes>"),
    "glossary": ("word/glossary/document.xml", f"<w:glossaryDocument {_W}>{_PARAGRAPH}</w:glossaryDocument>"),
    "chart": ("word/charts/chart1.xml", _CHART),
    "SmartArt": ("word/diagrams/data1.xml", _ART),
    "own property": ("docProps/custom.xml", _CUSTOM),
    "custom XML": ("customXml/item1.xml", "<r><n>{}</n></r>"),
    "custom XML attribute": ("customXml/item1.xml", '<r n="{}"/>'),
    "variable": ("word/settings.xml", f'<w:settings {_W}><w:docVars><w:docVar w:name="a" w:val="{{}}"/></w:docVars></w:settings>'),
    "link's goal": ("word/_rels/document.xml.rels", '<Relationships><Relationship Id="r" Target="file:///C:/{}.docx" TargetMode="External"/></Relationships>'),
    "author": ("word/people.xml", '<w15:people xmlns:w15="x"><w15:person w15:author="{}"/></w15:people>'),
}  # fmt: skip
_SHEETS = {
    "header": "<headerFooter><oddHeader>&amp;C{}</oddHeader></headerFooter>",
    "inline string": '<sheetData><row><c r="A1" t="inlineStr"><is><t>{}</t></is></c></row></sheetData>',
    "formula's result": '<sheetData><row><c r="A1" t="str"><f>A2</f><v>{}</v></c></row></sheetData>',
    "formula's text": '<sheetData><row><c r="A1"><f>IF(A2,"{}",1)</f></c></row></sheetData>',
    "prompt": '<dataValidations><dataValidation prompt="{}"/></dataValidations>',
    "list": '<dataValidations><dataValidation><formula1>"{}"</formula1></dataValidation></dataValidations>',
    "link's tip": '<hyperlinks><hyperlink ref="A1" tooltip="{}" display="a"/></hyperlinks>',
    "scenario": '<scenarios><scenario name="a" comment="{}"/></scenarios>',
}
_BOOKS = {
    "sheet's name": '<sheets><sheet name="{}"/></sheets>',
    "name's value": '<definedNames><definedName name="a">"{}"</definedName></definedNames>',
    "name's comment": '<definedNames><definedName name="a" comment="{}">1</definedName></definedNames>',
}
_XLSX_PARTS = {
    "text box": ("xl/drawings/drawing1.xml", f'<xdr:wsDr xmlns:xdr="x" {_A}><xdr:txBody>{_RUN}</xdr:txBody></xdr:wsDr>'),
    "alt text": ("xl/drawings/drawing1.xml", '<xdr:wsDr xmlns:xdr="x"><xdr:cNvPr id="1" name="a" descr="{}"/></xdr:wsDr>'),
    "chart": ("xl/charts/chart1.xml", _CHART),
    "table's column": ("xl/tables/table1.xml", f'<table {_S}><tableColumns><tableColumn id="1" name="{{}}"/></tableColumns></table>'),
    "pivot's items": ("xl/pivotCache/pivotCacheDefinition1.xml", f'<p {_S}><sharedItems><s v="{{}}"/></sharedItems></p>'),
    "pivot's records": ("xl/pivotCache/pivotCacheRecords1.xml", f'<pivotCacheRecords {_S}><r><s v="{{}}"/></r></pivotCacheRecords>'),
    "threaded comment": ("xl/threadedComments/threadedComment1.xml", "<ThreadedComments><threadedComment><text>{}</text></threadedComment></ThreadedComments>"),
    "other book's cells": ("xl/externalLinks/externalLink1.xml", f'<externalLink {_S}><cell r="A1" t="str"><v>{{}}</v></cell></externalLink>'),
    "old comment": ("xl/drawings/vmlDrawing1.vml", '<xml xmlns:v="v"><v:textbox><div>{}</div></v:textbox></xml>'),
    "chart sheet's footer": ("xl/chartsheets/sheet1.xml", f"<chartsheet {_S}><headerFooter><oddFooter>{{}}</oddFooter></headerFooter></chartsheet>"),
    "own property": ("docProps/custom.xml", _CUSTOM),
}  # fmt: skip
_PPTX_PARTS = {
    "comment": ("ppt/comments/comment1.xml", f"<p:cmLst {_P}><p:cm><p:text>{{}}</p:text></p:cm></p:cmLst>"),
    "master": ("ppt/slideMasters/slideMaster1.xml", f"<p:sldMaster {_P} {_A}>{_RUN}</p:sldMaster>"),
    "handout": ("ppt/handoutMasters/handoutMaster1.xml", f"<p:handoutMaster {_P} {_A}>{_RUN}</p:handoutMaster>"),
    "hidden slide": ("ppt/slides/slide2.xml", f'<p:sld {_P} {_A} show="0">{_RUN}</p:sld>'),
    "alt text": ("ppt/slides/slide2.xml", f'<p:sld {_P}><p:cNvPr id="1" name="a" descr="{{}}"/></p:sld>'),
    "section": ("ppt/presentation.xml", f'<p:presentation {_P}><p14:section xmlns:p14="x" name="{{}}"/></p:presentation>'),
    "tag": ("ppt/tags/tag1.xml", f'<p:tagLst {_P}><p:tag name="A" val="{{}}"/></p:tagLst>'),
    "SmartArt": ("ppt/diagrams/data1.xml", _ART),
    "chart": ("ppt/charts/chart1.xml", _CHART),
}  # fmt: skip
_ODF_BODY = {
    "table's name": '<text:p>x</text:p><table:table table:name="{}"/>',
    "cell's string": '<table:table-cell office:string-value="{}"/>',
    "formula's text": '<table:table-cell table:formula="of:=&quot;{}&quot;"/>',
    "list": '<table:content-validation table:condition="cell-content-is-in-list(&quot;{}&quot;)"/>',
    "help": '<table:help-message table:title="{}"/>',
    "hidden text": '<text:p><text:hidden-text text:string-value="{}"/></text:p>',
    "variable": '<text:user-field-decl text:name="a" office:string-value="{}"/>',
    "drop-down": '<text:drop-down><text:label text:value="{}"/></text:drop-down>',
    "placeholder": '<text:p><text:placeholder text:description="{}">a</text:placeholder></text:p>',
    "bookmark": '<text:p><text:bookmark text:name="{}"/></text:p>',
    "link's title": '<text:p><text:a office:title="{}">a</text:a></text:p>',
    "form's label": '<form:button xmlns:form="f" form:label="{}"/>',
    "form's value": '<form:text xmlns:form="f" form:current-value="{}"/>',
    "drawing's title": "<draw:frame><svg:title>{}</svg:title></draw:frame>",
    "drawing's name": '<draw:frame draw:name="{}"/>',
    "speaker's notes": '<presentation:notes xmlns:presentation="p"><text:p>{}</text:p></presentation:notes>',
}
_META = "<office:document-meta {}><office:meta><meta:user-defined>{}</meta:user-defined></office:meta></office:document-meta>"


def _odf(kind: str, pattern: str, text: str) -> bytes:
    return parcels.odf(kind, pattern.format(text))


def _odf_parts(kind: str, name: str, pattern: str, text: str) -> bytes:
    return parcels.odf(kind, "<text:p>x</text:p>", {name: _XML + pattern.format(parcels.ODF_SPACES, text)})


NOOKS: dict[str, Maker] = {
    **{f"DOCX {name}": partial(_body, pattern) for name, pattern in _DOCX_BODY.items()},
    **{f"DOCX {name}": partial(_part, parcels.docx, *part) for name, part in _DOCX_PARTS.items()},
    "DOCX chart's labels": lambda text: parcels.docx(parts={"word/charts/chart1.xml": _categories(text)}),
    "DOCX letter by letter": lambda text: parcels.docx(
        "<w:p>" + "".join(f"<w:r><w:t>{c}</w:t></w:r>" for c in text.replace(" ", "\xa0")) + "</w:p>"
    ),
    "DOCX HTML chunk": lambda text: parcels.docx(
        parts={"word/afchunk.htm": f"<html><body><p>{text}</p></body></html>"}
    ),
    "DOCX MHTML chunk": lambda text: parcels.docx(
        parts={"word/afchunk.mht": f"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<html><p>{text}</p></html>"}
    ),
    "DOCX embedded XLSX": lambda text: parcels.docx(parts={"word/embeddings/a.xlsx": parcels.xlsx(text)}),
    **{f"XLSX {name}": partial(_sheet, pattern) for name, pattern in _SHEETS.items()},
    **{f"XLSX {name}": partial(_book, pattern) for name, pattern in _BOOKS.items()},
    **{f"XLSX {name}": partial(_part, parcels.xlsx, *part) for name, part in _XLSX_PARTS.items()},
    "XLSX embedded DOCX": lambda text: parcels.xlsx(
        parts={"xl/embeddings/a.docx": parcels.docx(_PARAGRAPH.format(text))}
    ),
    **{f"PPTX {name}": partial(_part, _pptx, *part) for name, part in _PPTX_PARTS.items()},
    **{
        f"OD{kind[0]} {name}": partial(_odf, kind, pattern)
        for kind in ("Text", "Spreadsheet", "Presentation")
        for name, pattern in _ODF_BODY.items()
    },
    "ODT own property": partial(_odf_parts, "Text", "meta.xml", _META),
    "ODS chart": partial(
        _odf_parts,
        "Spreadsheet",
        "Object 1/content.xml",
        "<office:document-content {}><text:p>{}</text:p></office:document-content>",
    ),
}
