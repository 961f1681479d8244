"""`lists update`: residents and staff become keyed digests; their names are read here and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mss_guard.cli.common import OK, USAGE, Config, Json, leave, put, refusals, say
from mss_guard.cli.language import t

app = typer.Typer(
    no_args_is_help=True,
    help=t("Les listes de résidents et de personnel (facultatives).", "The lists of residents and staff (optional)."),
)


@app.callback()
def _group() -> None:
    """Keeps `update` a subcommand while it is the only one."""


@app.command(
    help=t(
        "Lire les fichiers CSV, n'en garder que des empreintes ; le service les prend de lui-même.",
        "Read the CSV files, keep nothing but digests of them; the service takes these by itself.",
    )
)
def update(
    config: Config = None,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key",
            help=t(
                "La clé, quand le service la reçoit de systemd (people.key).",
                "The key, when the service is given it by systemd (people.key).",
            ),
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    from mss_guard import doors, errands
    from mss_guard.edge import people_store

    people_store.leave_no_core()
    with refusals():
        sources = doors.people_sources(errands.settings(config))
        if not sources.given:
            say(t("Aucune liste n'est configurée (lists:).", "No list is configured (lists:)."))
            leave(USAGE)
        lists = people_store.update(sources, key)
    if as_json:
        put({"residents": lists.residents, "staff": lists.staff, "octets": sources.digests.stat().st_size})
    else:
        print(
            t(
                f"{lists.residents} résidents et {lists.staff} membres du personnel pris en compte.",
                f"{lists.residents} residents and {lists.staff} members of staff taken in.",
            )
        )
    leave(OK)
