"""`directory update|search|status`: the local index of the national directory."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from mss_guard.cli.common import NO, OK, TEMPORARY, Config, Json, leave, plain, put, refusals, say
from mss_guard.cli.language import t

app = typer.Typer(
    no_args_is_help=True,
    help=t(
        "L'annuaire national des boîtes MSSanté, sur cette machine.",
        "The national directory of MSSanté boxes, on this machine.",
    ),
)


@app.command(
    help=t(
        "Lire l'extraction publique (texte ou zip, fichier ou adresse https) dans l'index local.",
        "Read the public extraction (text or zip, file or https address) into the local index.",
    )
)
def update(
    source: Annotated[str | None, typer.Argument(metavar="FILE|URL", show_default=False)] = None,
    config: Config = None,
    as_json: Json = False,
    accept_shrunken: Annotated[
        bool,
        typer.Option(
            "--accept-shrunken", help=t("Cette baisse de plus de 10 % est voulue.", "This drop of over 10 % is meant.")
        ),
    ] = False,
) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from mss_guard import addressbook, errands

    columns = (TextColumn("annuaire"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with refusals(), Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("", total=1.0)
        tick = lambda done: progress.update(bar, completed=done)  # noqa: E731
        made = addressbook.renew(errands.sound(config), source, tick, accept_shrunken=accept_shrunken)
    if isinstance(made, str):
        say(made)
        leave(TEMPORARY)
    told = asdict(made) | {"dated": made.dated.isoformat()}
    if as_json:
        put(told)
    else:
        for key, value in told.items():
            print(f"{key}: {value}")
    leave(OK)


@app.command(help=t("Chercher une boîte : nom, prénom, structure, ville.", "Search a box: name, structure, town."))
def search(
    text: Annotated[list[str], typer.Argument()],
    config: Config = None,
    as_json: Json = False,
    most: Annotated[int, typer.Option("--most", min=1, max=200)] = 20,
) -> None:
    from mss_guard import addressbook, errands

    with refusals():
        loaded = errands.read_for_scan(config)
        found = addressbook.search(loaded.settings, " ".join(text), most)
    if found is None:
        say(t("pas d'index : mss-guard directory update", "no index: mss-guard directory update"))
        leave(TEMPORARY)
    facts, rows = found
    now = datetime.now(UTC)
    for box in rows:
        trusted = addressbook.trusts(box.domain, loaded.state.knowledge, now)
        if as_json:
            put(_box(box) | {"trusted": trusted})
        else:
            print(plain(_line(box, trusted)))
    if not as_json:
        say(_date(facts))
    leave(OK if rows else NO)


@app.command(help=t("La date et la taille de l'index.", "Date and size of the index."))
def status(config: Config = None, as_json: Json = False) -> None:
    from mss_guard import addressbook, errands

    with refusals():
        book = addressbook.opened(errands.sound(config))
    facts = book.facts if book else None
    if facts is None:
        say(t("pas d'index : mss-guard directory update", "no index: mss-guard directory update"))
        leave(NO)
    if as_json:
        put(asdict(facts) | {"dated": facts.dated.isoformat()})
    else:
        print(_date(facts))
    leave(OK)


def _box(box: Any) -> dict[str, Any]:
    shown = {k: v for k, v in asdict(box).items() if v}
    return {"address": shown.pop("address"), "box": shown.pop("kind"), **shown}


def _line(box: Any, trusted: bool) -> str:
    who = " ".join(w for w in (box.given, box.surname) if w) or box.service
    about = ", ".join(
        w for w in (who, box.profession, box.structure or box.sign, f"{box.postcode} {box.town}".strip()) if w
    )
    warning = "" if trusted else t(" [domaine absent de la liste blanche]", " [domain not on the white list]")
    return f"{box.address} ({box.kind}) : {about}{warning}"


def _date(facts: Any) -> str:
    from mss_guard.addressbook import OLD

    days = (datetime.now(UTC) - facts.dated).days
    old = t(", ancien : mss-guard directory update", ", old: mss-guard directory update") if days > OLD else ""
    return t(
        f"annuaire du {facts.dated:%d/%m/%Y}, {facts.boxes} boîtes{old} ; à vérifier, et une boîte absente peut exister (liste rouge)",
        f"directory of {facts.dated:%Y-%m-%d}, {facts.boxes} boxes{old}; to be checked, and an absent box may exist (unlisted)",
    )
