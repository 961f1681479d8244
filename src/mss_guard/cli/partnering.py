"""`partners list|suggest`: commercial partners with their reasons, and outside domains that a person may want to sort."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from mss_guard.cli import audit_index
from mss_guard.cli.common import NO, OK, Config, Json, leave, put, refusals
from mss_guard.cli.language import t

app = typer.Typer(no_args_is_help=True, help=t("Les partenaires commerciaux.", "The commercial partners."))


@app.command("list", help=t("Ceux qui sont en vigueur, avec leurs raisons.", "Those in force, with their reasons."))
def list_(config: Config = None, as_json: Json = False) -> None:
    from mss_guard import errands

    with refusals():
        held = errands.read_for_scan(config).state.knowledge.partners
    for name in held.entries():
        reason = held.reasons.get(name, "")
        if as_json:
            put({"entry": name, "reason": reason or None})
        else:
            print(f"{name:<50} {reason}".rstrip())
    leave(OK if held.entries() else NO)


@app.command(
    help=t(
        "Domaines extérieurs par trafic, d'après le journal, qui ne sont ni inscrits, ni partenaires, ni à vous : à trier par une personne.",
        "Outside domains by traffic, from the journal, that are neither listed nor partners nor yours: for a person to sort.",
    )
)
def suggest(
    days: Annotated[int, typer.Option(min=1, max=1096, help=t("Sur combien de jours.", "Over how many days."))] = 90,
    most: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 30,
    config: Config = None,
    as_json: Json = False,
    structure: audit_index.Structures = None,
) -> None:
    from mss_guard import errands, reports
    from mss_guard.edge.audit_index import traffic

    with refusals():
        loaded = errands.read_for_scan(config)
    since = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%d")
    with audit_index.index(config) as (settings, store, _fed):
        theirs = audit_index.whose(settings, structure)
        found = reports.to_sort(loaded, traffic(store, since, theirs))[:most]
    for one in found:
        if as_json:
            put(
                {
                    "domain": one.domain,
                    "sent": one.sent,
                    "received": one.received,
                    "health": one.health,
                    "kind": one.kind,
                }
            )
        else:
            told = t(f"{one.sent} envois, {one.received} reçus, {one.health} avec des données de santé ; {one.kind}",
                     f"{one.sent} sent, {one.received} received, {one.health} with health data; {one.kind}")  # fmt: skip
            print(f"{one.domain:<40} # {told}")
    leave(OK if found else NO)
