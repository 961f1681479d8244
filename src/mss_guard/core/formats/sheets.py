"""XLSX workbooks by rows: shared strings in their cells, dates as people see them, hidden sheets and sheet names
included."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from lxml import etree

from mss_guard.core.formats import spoken, xmltext
from mss_guard.core.formats.reading import MAX_TEXT
from mss_guard.core.model import Why

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_MARGINS = ("{*}oddHeader", "{*}oddFooter", "{*}evenHeader", "{*}evenFooter", "{*}firstHeader", "{*}firstFooter")

_SHEET = re.compile(r"\Axl/(?:worksheets|chartsheets|macrosheets)/[^/]+\.xml\Z")
_DATES = frozenset({*range(14, 18), 22, *range(27, 32), 34, 35, 36, *range(50, 59)})  # ECMA-376 part 1 §18.8.30
_DATE_CODE = re.compile(r"[dj]{1,4}[^a-z\"]{0,3}m{1,5}|m{1,5}[^a-z\"]{0,3}[ya]{2,4}", re.IGNORECASE)
_LIST = re.compile(r"<(?:\w+:)?formula[12]?>([^<]{3,4000})</")
_EPOCH = dt.date(1899, 12, 30)  # serial 1 is 1900-01-01, with Lotus's 29 February 1900


class Shared:
    """What the parts of one workbook share; the sheets are put together once all parts have been seen."""

    def __init__(self) -> None:
        self.strings: list[str] = []
        self.dates: frozenset[str] = frozenset()
        self.names: list[str] = []
        self.sheets: list[etree._Element] = []
        self.told: list[str] = []

    def take(self, name: str, data: bytes) -> bool:
        """Take the part if it is one of the workbook's own."""
        if name == "xl/sharedStrings.xml":
            self.strings = [_string(item) for item in xmltext.parse(data)]
        elif name == "xl/styles.xml":
            self.dates = _date_styles(xmltext.parse(data))
        elif name == "xl/workbook.xml":
            tree = xmltext.parse(data)
            self.names = [str(e.get("name") or "") for e in tree.iter("{*}sheet", "{*}definedName")]
            self.told += [e.text or "" for e in tree.iter("{*}definedName")]
            self.told += spoken.attributes(xmltext.decode(data))
        elif _SHEET.match(name):
            self.sheets.append(xmltext.parse(data))
            self.told += _around(data)
        else:
            return False
        return True

    def text(self) -> tuple[str, Why | None]:
        """Sheet names, then every row of every sheet, cells joined by tabs; strings no cell shows come last. One
        string may stand in a million cells, and a million cells may be empty: PARTIAL past the text cap."""
        lines = list(self.names)
        used: set[int] = set()
        size = 0
        for sheet in self.sheets:
            for row in sheet.iter("{*}row"):
                values: list[str] = []
                for value in self._row(row, used):
                    size += len(value) + 1
                    if size > MAX_TEXT:
                        return "\n".join([*lines, "\t".join(values), value]), Why.PARTIAL
                    values.append(value)
                lines.append("\t".join(filter(None, values)))
            lines.extend(xmltext.text_of(e) for e in sheet.iter(*_MARGINS))
        lines.extend(s for n, s in enumerate(self.strings) if n not in used)
        lines.extend(dict.fromkeys(self.told))
        return "\n".join(filter(None, lines)), None

    def _row(self, row: etree._Element, used: set[int]) -> Iterator[str]:
        for cell in row:
            if not isinstance(cell.tag, str):
                continue
            kind = cell.get("t")
            value = cell.find("{*}v")
            raw = (value.text or "") if value is not None else ""
            if kind == "s" and raw.isdecimal() and int(raw) < len(self.strings):
                used.add(int(raw))
                yield self.strings[int(raw)]
            elif kind == "inlineStr":
                yield xmltext.text_of(cell).strip()
            elif raw and str(cell.get("s") or "0") in self.dates:
                yield _date(raw)
            else:
                yield raw


def _around(data: bytes) -> list[str]:
    """What a sheet says beside its cells: texts in formulas, lists and prompts of allowed values, links, scenarios."""
    markup = xmltext.decode(data)
    end = markup.rfind("sheetData")
    behind = markup[max(end, 0) :]
    lists = [m[1] for m in _LIST.finditer(behind)]
    return [*spoken.literals(markup), *lists, *spoken.attributes(behind)]


def _string(item: etree._Element) -> str:
    """A shared string: its runs without the phonetic guides."""
    return "".join(t.text or "" for t in item.iter("{*}t"))


def _date_styles(tree: etree._Element) -> frozenset[str]:
    """The cell styles that show a number as a date."""
    custom = {
        int(str(e.get("numFmtId")))
        for e in tree.iter("{*}numFmt")
        if str(e.get("numFmtId")).isdecimal() and _DATE_CODE.search(str(e.get("formatCode") or ""))
    }
    cells = next(tree.iter("{*}cellXfs"), None)
    formats = [str(e.get("numFmtId") or "0") for e in cells] if cells is not None else []
    return frozenset(str(n) for n, f in enumerate(formats) if f.isdecimal() and (int(f) in _DATES or int(f) in custom))


def _date(raw: str) -> str:
    try:
        days = int(float(raw))
        return (_EPOCH + dt.timedelta(days=days)).strftime("%d/%m/%Y") if 0 < days < 2_958_466 else raw
    except (ValueError, OverflowError):
        return raw
