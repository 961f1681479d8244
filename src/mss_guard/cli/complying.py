"""`compliance kit`: the file a DPO needs, from this configuration."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from mss_guard.cli.common import NO, OK, Config, leave, private, refusals, say
from mss_guard.cli.language import t

app = typer.Typer(no_args_is_help=True, help=t("Le dossier du DPO.", "The DPO's file."))


@app.callback()
def group() -> None:
    """A group of its own, with one command today."""


@app.command(
    help=t(
        "Écrire le dossier : AIPD, registre, notes, clause, conservation, rôles, hébergement, d'après cette configuration.",
        "Write the file: impact assessment, register, notes, clause, retention, roles, hosting, from this configuration.",
    )
)
def kit(
    config: Config = None,
    out: Annotated[
        Path, typer.Option("-o", "--out", help=t("Dossier où écrire ; il est créé.", "Where to write; it is made."))
    ] = Path("dossier-dpo"),
    force: Annotated[
        bool, typer.Option("--force", help=t("Récrire ce qui y est.", "Overwrite what is there."))
    ] = False,
) -> None:
    from mss_guard import compliance, errands

    with refusals():
        loaded = errands.read_for_scan(config)
        made = compliance.documents(loaded, datetime.now().astimezone())
        out.mkdir(parents=True, exist_ok=True)
        there = [name for name in made if (out / name).exists()]
        if there and not force:
            say(
                t(
                    f"{out} : {', '.join(there)} s'y trouve(nt) déjà, peut-être complété(s) ; --force pour récrire",
                    f"{out}: {', '.join(there)} already there, filled in perhaps; --force to overwrite",
                )
            )
            leave(NO)
        for name, text in made.items():
            private(out / name, text)  # they name the DPO and the contact, and say where the house is weak
            print(out / name)
    leave(OK)
