"""`run`, `check-config`, `doctor`."""

from __future__ import annotations

import asyncio
import resource
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from mss_guard.cli.common import NO, OK, USAGE, Config, Json, leave, put, refusals, say
from mss_guard.cli.language import t


def run(config: Config = None, log_level: Annotated[str, typer.Option(help="debug | info | warning")] = "info") -> None:
    from mss_guard import app, assembly, doors, errands
    from mss_guard.config import check, warnings
    from mss_guard.core import inspection
    from mss_guard.edge import inspector, logs

    logs.configure(log_level)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold mail, and the key of the people lists
    with refusals():
        settings = errands.settings(config)
        mistakes = check(settings, datetime.now(UTC).date(), for_run=True)
        for mistake in (*mistakes, *warnings(settings)):
            say(str(mistake))
        if mistakes:
            leave(USAGE)
        app.hold_back_reload()
        loaded = assembly.load(settings, datetime.now(UTC), compiled=False, keep=True)
        inspector.prepare(doors.workers(settings), loaded.payload)
        inspection.load(loaded.payload, examples=True)  # meanwhile: which rule is wrong, if one is
        for sentence in loaded.said:
            say(sentence)
        asyncio.run(app.run(config, loaded))


def check_config(
    config: Config = None,
    for_run: Annotated[
        bool, typer.Option("--for-run/--for-scan", help=t("Aussi ce que « run » exige.", "Also what `run` asks for."))
    ] = True,
    examples: Annotated[
        bool,
        typer.Option(
            "--examples/--no-examples", help=t("Aussi les exemples de chaque règle.", "Also every rule's examples.")
        ),
    ] = True,
) -> None:
    from mss_guard import assembly, errands
    from mss_guard.config import check, warnings

    with refusals():
        settings = errands.settings(config)
        mistakes = check(settings, datetime.now(UTC).date(), for_run=for_run)
        for mistake in mistakes:
            say(str(mistake))
        for warning in warnings(settings):
            say(t("attention : ", "warning: ") + str(warning))
        loaded = assembly.load(settings, datetime.now(UTC), examples=examples)
        for sentence in loaded.said:
            say(t("attention : ", "warning: ") + sentence)
    if mistakes:
        leave(USAGE)
    say(t("La configuration est bonne.", "The configuration is good."))


def doctor(config: Config = None, as_json: Json = False) -> None:
    from mss_guard import checkup, errands
    from mss_guard.edge import logs

    logs.configure("error", sys.stderr)
    with refusals():
        settings = errands.settings(config)
    results = checkup.examine(settings, datetime.now(UTC))
    if as_json:
        put([{"check": r.name, "ok": r.ok, "needed": r.needed, "said": r.said, "remedy": r.remedy} for r in results])
    else:
        for result in results:
            mark = "✓" if result.ok else "✗" if result.needed else "!"
            print(
                f"{mark} {result.name} : {result.said}"
                + (f"\n    → {result.remedy}" if result.remedy and not result.ok else "")
            )
    leave(OK if all(r.ok or not r.needed for r in results) else NO)
