"""Records of the journal as lines of a terminal: one for a list, or every field. No address stands in a record, nor here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mss_guard.cli.language import t


def summary(record: dict[str, Any]) -> str:
    """One record in one line, whatever its kind."""
    at, ref = f"{str(record.get('at'))[:19]}Z", record.get("ref") or "-"
    if record.get("kind") != "decision":
        words = (record.get("what"), record.get("notice"), record.get("outcome"), record.get("why"), record.get("by"))
        return "  ".join([at, str(ref), str(record.get("kind")), *(str(word) for word in words if word)])
    domains = ", ".join(sorted({str(r.get("domain")) for r in record.get("recipients", [])})[:3])
    rules = ", ".join(str(f.get("rule")) for f in record.get("findings", [])[:3])
    what = record.get("action")
    if record.get("would") not in (None, what):
        what = f"{what} ({t('aurait', 'would')} : {record['would']})"
    return f"{at}  {ref}  {what}  {record.get('reason') or '-'}  {domains}  {rules}"


def fields(record: dict[str, Any]) -> Iterator[str]:
    """Every field, the parts of a list one below the other."""
    for key, value in record.items():
        if isinstance(value, list) and any(isinstance(one, dict) for one in value):
            yield f"{key}:"
            yield from (f"  - {_said(one)}" for one in value)
        else:
            yield f"{key}: {_said(value)}"


def _said(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_said(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(_said(one) for one in value) or "-"
    if isinstance(value, bool):
        return t("oui", "yes") if value else t("non", "no")
    return "-" if value is None else str(value)
