"""`audit export`: decisions taken away in a file, or every new record pushed to the collector of the configuration."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mss_guard.cli import audit_index, reporting
from mss_guard.cli.audit import Day, iso
from mss_guard.cli.audit_index import Form, Output, Structures, Wanted
from mss_guard.cli.common import OK, TEMPORARY, USAGE, Config, fitting, leave, refusals, say
from mss_guard.cli.language import t

app = reporting.app  # the group of audit.py, once more


@app.command(
    help=t(
        "Emporter des décisions : CSV pour un tableur, ou JSON ; ou, avec --push, tout ce qui est nouveau vers le collecteur (audit.export).",
        "Take decisions away: CSV for a spreadsheet, or JSON; or, with --push, all that is new to the collector (audit.export).",
    )
)
def export(
    config: Config = None,
    form: Form = "csv",
    output: Output = None,
    push: Annotated[
        bool, typer.Option("--push", help=t("Vers le collecteur, maintenant.", "To the collector, now."))
    ] = False,
    ref: str | None = None,
    address: str | None = None,
    domain: str | None = None,
    rule: str | None = None,
    action: str | None = None,
    reason: str | None = None,
    standing: str | None = None,
    structure: Structures = None,
    since: Day = None,
    until: Day = None,
) -> None:
    if push:
        _push(config)
    if form not in ("csv", "json"):
        say("--format csv | json")
        leave(USAGE)
    fields = {
        "ref": ref and ref.upper(), "domain": domain, "rule": rule, "action": action, "reason": reason, "standing": standing,
        "since": iso(since), "until": iso(until),
    }  # fmt: skip
    fitting({**fields, "address": address})
    audit_index.export(config, Wanted(address, fields, structure), "csv" if form == "csv" else "json", output)


def _push(config: Path | None) -> None:
    from mss_guard import errands, exporting

    with refusals():
        settings = errands.settings(config)
        taken, why = exporting.push(settings, datetime.now(UTC))
    print(t(f"{taken} enregistrements remis", f"{taken} records handed over"))
    if why is not None:
        say(why)
        leave(TEMPORARY if settings.audit.export else USAGE)
    leave(OK)
