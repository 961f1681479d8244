"""Templates into pages: everything that is filled in is escaped; a name that is not given is an error, never a blank."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mss_guard.core.report import charts, words
from mss_guard.core.rights import Right

FOLDER = Path(__file__).parent / "templates"


class Renderer:
    """`title`: rule id → its French title; `kind`: a domain → who stands behind it."""

    def __init__(self, title: Callable[[str], str]) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {
            "moment": moment,
            "number": charts.number,
            **{name.lower(): _sayer(table) for name, table in _TABLES.items()},
        }
        self._environment.globals |= {
            "bars": charts.bars, "Series": charts.Series, "table": charts.table, "percent": charts.percent, "title": title,
            "query": query, "Right": Right, "WORDS": _TABLES,
        }  # fmt: skip

    def render(self, template: str, /, **values: Any) -> str:
        return self._environment.get_template(template).render(values)


_TABLES: Mapping[str, dict[str, str]] = {
    "ACTION": words.ACTION, "REASON": words.REASON, "WHY": words.WHY, "CATEGORY": words.CATEGORY, "STANDING": words.STANDING,
    "LEVEL": words.LEVEL, "MODE": words.MODE, "MEASURE": words.MEASURE, "UNINSPECTED": words.UNINSPECTED, "ACT": words.ACT,
    "OUTCOME": words.OUTCOME, "SENDER": words.SENDER, "PLACE": words.PLACE,
}  # fmt: skip


def _sayer(table: dict[str, str]) -> Callable[[str | None], str]:
    return lambda word: words.said(table, word)


class Record(dict[str, Any]):
    """A record of the journal as templates read it: a field that this kind of record lacks is None there."""

    def __missing__(self, _: str) -> None:
        return None


def record(value: Any) -> Any:
    """Records in records, too."""
    if isinstance(value, Mapping):
        return Record({str(k): record(v) for k, v in value.items()})
    return [record(one) for one in value] if isinstance(value, list | tuple) else value


def moment(at: str) -> Markup:
    """A time of the journal (UTC) as this machine's, its zone named, for people and for machines."""
    try:
        when = datetime.fromisoformat(at)
    except ValueError:
        return Markup("{}").format(at)
    local = (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone()
    return Markup('<time datetime="{}">{}</time>').format(at, f"{local:%d/%m/%Y %H:%M:%S %Z}")


def query(given: Mapping[str, str], **changed: object) -> str:
    """The filters as a query string, some of them changed; empty ones left out."""
    whole = {**given, **{k: str(v) for k, v in changed.items()}}
    return urlencode({k: v for k, v in whole.items() if v})
