"""Decisions as somebody takes them away: CSV for French spreadsheets, JSON lines. Without an address, for the journal has none in clear."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

COLUMNS = (
    "reference", "date", "structure", "action", "aurait", "motif", "niveau", "expediteur", "destinataires", "statuts", "regles", "suite",
)  # fmt: skip


class Decision(Protocol):
    """A decision as the index tells it."""

    @property
    def fields(self) -> Mapping[str, Any]: ...
    @property
    def recipients(self) -> tuple[Mapping[str, Any], ...]: ...
    @property
    def rules(self) -> tuple[str, ...]: ...
    @property
    def outcome(self) -> str | None: ...


def csv_lines(every: Iterable[Decision]) -> Iterator[str]:
    """Semicolons and a byte order mark, as French spreadsheets expect; no cell begins like a formula."""
    yield "\ufeff"
    yield _line(COLUMNS)
    for one in every:
        yield _line(list(row(one).values()))


def json_lines(every: Iterable[Decision]) -> Iterator[str]:
    for one in every:
        told = {
            **one.fields,
            "recipients": [dict(r) for r in one.recipients],
            "rules": one.rules,
            "outcome": one.outcome,
        }
        yield json.dumps(told, ensure_ascii=False) + "\n"


def row(one: Decision) -> dict[str, str]:
    """A decision as one line of a table."""
    f = one.fields
    values = (
        f["ref"], f["at"][:19] + "Z", f["structure"], f["action"], f["would"] or "", f["reason"] or "", f["level"] or "",
        f["sender_domain"] or "", _joined(r["domain"] for r in one.recipients), _joined(r["standing"] for r in one.recipients),
        _joined(one.rules), one.outcome or "",
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def safe(cell: str) -> str:
    """Never a formula for a spreadsheet (OWASP, CSV injection)."""
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _line(cells: Iterable[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerow([safe(str(c)) for c in cells])
    return buffer.getvalue()


def _joined(words: Iterable[str | None]) -> str:
    return " ".join(dict.fromkeys(w for w in words if w))
