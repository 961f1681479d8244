"""`bypass on|off|status`: relay uninspected for a limited time, loudly. The running service takes it up within a second."""

from __future__ import annotations

import getpass
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mss_guard.cli.common import NO, OK, TEMPORARY, USAGE, Config, Json, leave, put, refusals, say, sayable
from mss_guard.cli.language import t

if TYPE_CHECKING:
    from mss_guard.config import Settings

app = typer.Typer(
    no_args_is_help=True,
    help=t(
        "Laisser passer le courrier sans examen, pour un temps compté, au su de tous.",
        "Let mail pass uninspected for a limited time, loudly.",
    ),
)
_PATIENCE = 5.0  # seconds to wait for the service's own record that it has taken the command up


@app.command(
    help=t(
        "Commencer, ou changer la fin : tout passe sans examen, sauf ce que les lignes 1 à 6 de la table refusent.",
        "Begin, or move the end: all passes uninspected but for what rows 1 to 6 of the table refuse.",
    )
)
def on(
    reason: Annotated[
        str, typer.Option("--reason", help=t("Pourquoi (ne nommer aucun patient).", "Why (name no patient)."))
    ],
    lasting: Annotated[
        str, typer.Option("--for", help=t("Combien de temps, 12h au plus.", "How long, 12h at most."))
    ] = "2h",
    by: Annotated[str | None, typer.Option("--by", help=t("Qui le décide.", "Who decides it."))] = None,
    config: Config = None,
) -> None:
    from mss_guard.config.values import duration
    from mss_guard.edge import bypass

    now = datetime.now(UTC)
    try:
        span = duration(lasting)
    except ValueError as wrong:
        say(str(wrong))
        leave(USAGE)
    author = (by or _whoever()).strip()
    if not timedelta() < span <= bypass.LONGEST:
        say(t("de 1s à 12h", "from 1s to 12h"))
        leave(USAGE)
    if not sayable(reason.strip(), author):
        leave(USAGE)
    with refusals():
        settings = _settings(config)
        bypass.release_reserve(Path(settings.audit.path))
        bypass.write(Path(settings.state), bypass.Bypass(now, now + span, author, reason.strip()))
    say(
        t(
            f"Sans examen jusqu'au {now.astimezone() + span:%d/%m/%Y à %H:%M}.",
            f"Uninspected until {now.astimezone() + span:%Y-%m-%d %H:%M}.",
        )
    )
    _await(settings, now, "on")


@app.command(help=t("Finir maintenant.", "End it now."))
def off(config: Config = None) -> None:
    from mss_guard.edge import bypass

    now = datetime.now(UTC)
    with refusals():
        settings = _settings(config)
        there = bypass.remove(Path(settings.state))
    if not there:
        say(t("Il n'y avait pas de contournement.", "There was no bypass."))
        leave(NO)
    _await(settings, now, "off")


@app.command(help=t("En service ? Statut 1 : non.", "Is it on? Status 1: no."))
def status(config: Config = None, as_json: Json = False) -> None:
    from mss_guard.edge import bypass

    now = datetime.now(UTC)
    with refusals():
        settings = _settings(config)
        found = bypass.read(Path(settings.state))
    active = found if found is not None and found.on(now) else None
    told: dict[str, Any] = {"on": active is not None}
    if active is not None:
        told |= {
            "since": active.since.isoformat(), "until": active.until.isoformat(), "by": active.by, "reason": active.reason,
            "uninspected": _counted(settings, active.since),
        }  # fmt: skip
    if as_json:
        put(told)
    else:
        for key, value in told.items():
            print(f"{key}: {value}")
    leave(OK if active else NO)


def _settings(config: Path | None) -> Settings:
    from mss_guard import errands

    return errands.settings(config)


def _whoever() -> str:
    return os.environ.get("SUDO_USER") or getpass.getuser()


def _counted(settings: Settings, since: datetime) -> int:
    """Messages that the journal says passed uninspected since then: decided so, and taken by the next hop."""
    from mss_guard.edge import journal

    root = Path(settings.audit.path)
    records = [
        found.record
        for found in journal.search(root, journal.Filters(kinds=frozenset({"decision", "outcome"}), since=since))
    ]
    decided = {r["ref"] for r in records if r["kind"] == "decision" and r.get("uninspected") in ("bypass", "fault")}
    return sum(
        r["kind"] == "outcome" and r["ref"] in decided and r["outcome"] in ("relayed", "partly-relayed")
        for r in records
    )


def _await(settings: Settings, since: datetime, what: str) -> None:
    """Until the service's own record says that it has taken the command up."""
    from mss_guard.edge import journal

    root, end = Path(settings.audit.path), time.monotonic() + _PATIENCE
    wanted = journal.Filters(kinds=frozenset({"bypass"}), since=since)
    while time.monotonic() < end:
        if any(found.record["what"] == what for found in journal.search(root, wanted)):
            say(
                t(
                    "Le service l'a pris en compte et inscrit au journal.",
                    "The service has taken it up and written it down.",
                )
            )
            return
        time.sleep(0.2)
    say(t(
        "Pas encore inscrit au journal : le service tourne-t-il ? le journal peut-il être écrit (mss-guard doctor) ?",
        "Not in the journal yet: is the service running? can the journal be written (mss-guard doctor)?",
    ))  # fmt: skip
    leave(TEMPORARY)
