"""`audit report|register`: the month as one HTML file, the entry of the violation register."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from mss_guard.cli import audit_index, identity
from mss_guard.cli.common import (
    NO,
    OK,
    TEMPORARY,
    USAGE,
    Config,
    Json,
    leave,
    private,
    put,
    refusals,
    say,
    whoever,
    write_down,
)
from mss_guard.cli.language import t

if TYPE_CHECKING:
    from mss_guard.core.report import Period

app = identity.app  # the group of audit.py, once more


@app.command(
    help=t(
        "Le rapport d'un mois, en un fichier HTML qui se suffit ; par défaut le mois passé.",
        "A month's report, one HTML file that needs nothing else; the month past by default.",
    )
)
def report(
    month: Annotated[str | None, typer.Option(help="2026-10")] = None,
    config: Config = None,
    output: audit_index.Output = None,
    structure: audit_index.Structures = None,
) -> None:
    from mss_guard import errands, reports

    period = _month(month)
    with refusals():
        loaded = errands.read_for_scan(config)
    with audit_index.index(config) as (settings, store, _fed):
        theirs = audit_index.whose(settings, structure)
        page = reports.monthly(loaded, reports.desk(loaded), store, period, theirs, datetime.now(UTC))
    write_down(config, "consult", None, {"what": "report", "by": whoever()})
    _give(page, output)
    leave(OK)


@app.command(
    help=t(
        "Une entrée pour le registre des violations (RGPD, art. 33) : ce qui est sorti malgré tout. Statut 1 : rien à inscrire.",
        "An entry for the violation register (GDPR art. 33): what left all the same. Status 1: nothing to enter.",
    )
)
def register(
    period: Annotated[str | None, typer.Option(help="2026-10 | 2026-10-01..2026-10-31")] = None,
    config: Config = None,
    as_json: Json = False,
    output: audit_index.Output = None,
    structure: audit_index.Structures = None,
) -> None:
    from mss_guard import reports
    from mss_guard.core import report as documents

    asked = _period(period)
    with audit_index.index(config) as (settings, store, _fed):
        theirs = audit_index.whose(settings, structure)
        found = reports.register(settings, store, asked, theirs)
    if found is None:
        say(t(f"Rien à inscrire, {asked.label}.", f"Nothing to enter, {asked.label}."))
        leave(NO)
    write_down(config, "consult", None, {"what": "report", "by": whoever(), "found": found.messages})
    if as_json and output is None:
        put(documents.as_json(found))
    else:
        text = json.dumps(documents.as_json(found), ensure_ascii=False, indent=1) + "\n" if as_json else None
        _give(text or documents.as_text(found, asked.label), output)
    leave(OK)


def _give(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
    else:
        try:
            private(output, text)
        except OSError as problem:
            from mss_guard import system_words

            say(system_words.said(problem))
            leave(TEMPORARY)


def _month(given: str | None) -> Period:
    from mss_guard.core import report as documents

    if given is None:
        return documents.last_month(_today())
    try:
        return _begun(documents.month(given))
    except (ValueError, OverflowError):  # the calendar ends with 9999
        _unsaid(given, t("un mois s'écrit 2026-10", "a month is written 2026-10"))


def _period(given: str | None) -> Period:
    """A month, or two days with both ends in."""
    from mss_guard.core import report as documents

    first, dots, last = (given or "").partition("..")
    if not dots:
        return _month(given)
    try:
        found = documents.Period(date.fromisoformat(first), date.fromisoformat(last) + timedelta(days=1))
    except (ValueError, OverflowError):
        _unsaid(given, t("une période s'écrit 2026-10-01..2026-10-31", "a period is written 2026-10-01..2026-10-31"))
    if found.first >= found.after:
        _unsaid(given, t("la fin vient avant le début", "it ends before it begins"))
    return _begun(found)


def _begun(period: Period) -> Period:
    """Of days that have not come nothing can be told."""
    if period.first > _today():
        _unsaid(period.label, t("cette période n'a pas commencé", "this period has not begun"))
    return period


def _today() -> date:
    return datetime.now(UTC).date()


def _unsaid(given: str | None, why: str) -> NoReturn:
    say(f"« {given} » : {why}")
    leave(USAGE)
