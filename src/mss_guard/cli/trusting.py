"""`trust status|update|diff`: the white list in force, asked for anew, compared with another."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from mss_guard.cli.common import NO, OK, TEMPORARY, USAGE, Config, Json, leave, put, refusals, say
from mss_guard.cli.language import t

app = typer.Typer(
    no_args_is_help=True, help=t("La liste blanche de l'espace de confiance.", "The white list of the trust space.")
)

_AGES = {
    "fresh": t("récente", "fresh"),
    "late": t("non confirmée depuis plus de 24 h", "not confirmed for more than 24 h"),
    "old": t("non confirmée depuis plus de 7 jours", "not confirmed for more than 7 days"),
}


def _facts(loaded: Any, now: datetime) -> dict[str, Any]:
    from mss_guard.core import trust

    space = loaded.state.knowledge.space
    return {
        "source": space.source, "domains": len(space.domains), "dirty": space.dirty, "valid": loaded.state.knowledge.has_list(now),
        "age": trust.freshness(space, now),
        "generated": space.generated_at.isoformat() if space.generated_at else None,
        "confirmed": space.confirmed_at.isoformat() if space.confirmed_at else None,
        "age_hours": round((now - space.confirmed_at).total_seconds() / 3600, 1) if space.confirmed_at else None,
        "extra": len(space.extra), "deny": len(space.deny), "version": space.version[:16],
    }  # fmt: skip


def _tell(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        put(told)
        return
    for key, value in told.items():
        print(f"{key}: {_AGES.get(value, value) if key == 'age' else value}")


@app.command(help=t("Âge, taille, source, dernière bonne copie.", "Age, size, source, last good copy."))
def status(config: Config = None, as_json: Json = False) -> None:
    from mss_guard import errands

    with refusals():
        loaded = errands.read_for_scan(config)
    now = datetime.now(UTC)
    told = _facts(loaded, now)
    for sentence in loaded.said:
        say(sentence)
    _tell(told, as_json)
    leave(OK if told["valid"] else NO)


@app.command(
    help=t(
        "Demander la liste à sa source, la vérifier, la garder. Le service en marche la prend de lui-même.",
        "Ask the source for the list, check it, keep it. The running service takes it by itself.",
    )
)
def update(
    config: Config = None,
    as_json: Json = False,
    accept_shrunken: Annotated[
        bool,
        typer.Option(
            "--accept-shrunken",
            help=t("Cette liste plus courte de 10 % est voulue.", "This list, shorter by 10 %, is meant."),
        ),
    ] = False,
) -> None:
    from mss_guard import errands

    now = datetime.now(UTC)
    with refusals():
        renewal = errands.renew_list(config, now, accept_shrunken=accept_shrunken)
        for sentence in renewal.said:
            say(sentence)
        _tell({"renewed": renewal.renewed} | _facts(errands.read_for_scan(config), now), as_json)
    leave(OK if renewal.renewed else TEMPORARY)


@app.command(
    help=t(
        "Ce qui change entre deux fichiers de liste ; avec un seul, entre la liste en vigueur et lui. Statut 1 : différentes.",
        "What changes between two list files; with one, between the list in force and it. Status 1: they differ.",
    )
)
def diff(
    lists: Annotated[list[Path], typer.Argument(metavar="[OLD] NEW")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    from mss_guard import errands

    if len(lists) > 2:
        say(t("un fichier ou deux", "one file or two"))
        leave(USAGE)
    read: list[frozenset[str]] = []
    with refusals():
        if len(lists) == 1:
            read.append(errands.read_for_scan(config).state.knowledge.space.domains)
    for path in lists:
        found = errands.look_at_list(path)
        if isinstance(found, str):
            say(found)
            leave(USAGE)
        read.append(found.domains)
    gone, come = sorted(read[0] - read[1]), sorted(read[1] - read[0])
    if as_json:
        put({"added": come, "removed": gone, "before": len(read[0]), "after": len(read[1])})
    else:
        for sign, names in (("-", gone), ("+", come)):
            for name in names:
                print(f"{sign} {name}")
        say(f"{len(read[0])} → {len(read[1])} (+{len(come)} −{len(gone)})")
    leave(NO if gone or come else OK)
