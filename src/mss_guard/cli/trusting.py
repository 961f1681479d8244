"""`trust status`: the white list in force."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from mss_guard.cli.common import NO, OK, Config, Json, leave, put, refusals, say
from mss_guard.cli.language import t

app = typer.Typer(
    no_args_is_help=True, help=t("La liste blanche de l'espace de confiance.", "The white list of the trust space.")
)


@app.callback()
def _group() -> None:
    """Keeps `status` a subcommand while it is the only one."""


@app.command(help=t("Âge, taille, source, dernière bonne copie.", "Age, size, source, last good copy."))
def status(config: Config = None, as_json: Json = False) -> None:
    from mss_guard import app as roof

    with refusals():
        loaded = roof.read_for_scan(config)
    now = datetime.now(UTC)
    space, valid = loaded.state.knowledge.space, loaded.state.knowledge.has_list(now)
    told = {
        "source": space.source, "domains": len(space.domains), "dirty": space.dirty, "valid": valid,
        "generated": space.generated_at.isoformat() if space.generated_at else None,
        "confirmed": space.confirmed_at.isoformat() if space.confirmed_at else None,
        "age_hours": round((now - space.confirmed_at).total_seconds() / 3600, 1) if space.confirmed_at else None,
        "extra": len(space.extra), "deny": len(space.deny), "version": space.version[:16],
    }  # fmt: skip
    for sentence in loaded.said:
        say(sentence)
    if as_json:
        put(told)
    else:
        for key, value in told.items():
            print(f"{key}: {value}")
    leave(OK if valid else NO)
