"""Binary workbooks (XLS: MS-XLS, XLSB: MS-XLSB) through calamine: the cells of every sheet, hidden ones included."""

from __future__ import annotations

from io import BytesIO

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from mss_guard.core.formats.reading import MAX_TEXT, Stop
from mss_guard.core.model import Why

XLSB = "application/vnd.ms-excel.sheet.binary.macroEnabled.12"
MAX_SHEETS = 256  # Excel's own advice is 255; more only in made files
MAX_CELLS = 2_000_000  # of one sheet's outer measures: a sparse cell in the far corner makes 16 million


def text(data: bytes) -> str:
    """Sheet names and cells: a row a line, tabs between cells. Raises Stop: encrypted, damaged, too large or partial."""
    try:
        with CalamineWorkbook.from_filelike(BytesIO(data)) as book:
            return _sheets(book)
    except PasswordError:
        raise Stop(Why.ENCRYPTED) from None
    except (CalamineError, ValueError, OSError):
        raise Stop(Why.DAMAGED) from None


def _sheets(book: CalamineWorkbook) -> str:
    lines: list[str] = []
    length = 0
    for name in book.sheet_names[:MAX_SHEETS]:
        sheet = book.get_sheet_by_name(name)
        lines.append(name)
        if sheet.height * sheet.width > MAX_CELLS:
            raise Stop(Why.TOO_LARGE)
        for row in sheet.iter_rows():
            line = "\t".join(_said(cell) for cell in row).strip()
            if line:
                lines.append(line)
                length += len(line)
        if length > MAX_TEXT:
            break
    return "\n".join(lines)


def _said(cell: object) -> str:
    """A cell as people read it: numbers without ".0", dates as in France."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if hasattr(cell, "strftime") and hasattr(cell, "year"):
        return str(cell.strftime("%d/%m/%Y"))
    return str(cell)


def warm() -> None:
    """Load all that is loaded at first use."""
    try:
        text(b"")
    except Stop:
        return
