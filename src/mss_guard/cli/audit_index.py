"""`audit index` and `audit export`: the SQL index of the journal, and what officers take away from it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mss_guard.cli.common import OK, TEMPORARY, USAGE, Json, leave, private, put, refusals, say, whoever, write_down
from mss_guard.cli.language import t

ALL = "*"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a command's options ask, before addresses become pseudonyms."""

    address: str | None = None
    fields: dict[str, Any] | None = None
    structures: Sequence[str] | None = None


@contextmanager
def index(config: Path | None, *, rebuild: bool = False) -> Iterator[tuple[Any, Any, Any]]:
    """(settings, index, what was fed) of this configuration; says on stderr why there is none, and ends with status 75."""
    from mss_guard import auditing, errands, system_words
    from mss_guard.edge.audit_index import IndexBroken

    with refusals():
        settings = errands.settings(config)
    if not Path(settings.audit.path).is_dir():
        say(t(f"Aucun journal dans {settings.audit.path}.", f"No journal in {settings.audit.path}."))
        leave(USAGE)
    try:
        with auditing.fed(settings, rebuild=rebuild) as (store, told):
            yield settings, store, told
    except (IndexBroken, OSError) as problem:
        say(system_words.said(problem) if isinstance(problem, OSError) else str(problem))
        leave(TEMPORARY)


def whose(settings: Any, named: Sequence[str] | None) -> frozenset[str] | None:
    """The structures whose rows are meant: this one's own; those that are named; None for all, by `--structure '*'`."""
    if named and ALL in named:
        return None
    return frozenset(named or (settings.structure.id,))


def asked(settings: Any, wanted: Wanted) -> Any:
    """The question as the index understands it; status 1 when an address is asked for and no key is held."""
    from mss_guard import auditing
    from mss_guard.cli.common import NO

    who: frozenset[str] = frozenset()
    if wanted.address:
        who = auditing.pseudonyms(settings, wanted.address)
        if not who:
            say(t("Aucune clé : aucune adresse ne peut être cherchée.", "No key: no address can be searched."))
            leave(NO)
    return auditing.Asked(who=who, structures=whose(settings, wanted.structures), **(wanted.fields or {}))


def refresh(config: Path | None, as_json: bool, rebuild: bool) -> None:
    with index(config, rebuild=rebuild) as (settings, _, told):
        from mss_guard.edge.audit_index.store import shown

        if as_json:
            put({"index": shown(settings.audit.index), "records": told.records, "rebuilt": rebuild})
        else:
            said = t(f"{told.records} enregistrements ajoutés", f"{told.records} records added")
            print(f"{shown(settings.audit.index)} : {said}")
    leave(OK)


def export(config: Path | None, wanted: Wanted, form: Literal["csv", "json"], output: Path | None) -> None:
    """All fitting decisions, oldest first, streamed page by page."""
    from mss_guard.core import report
    from mss_guard.edge.audit_index import find

    with index(config) as (settings, store, _):
        question = asked(settings, wanted)
        write_down(config, "consult", None, {"what": "export", "by": whoever()})
        every = _every(find, store, question)
        lines = report.csv_lines(every) if form == "csv" else report.json_lines(every)
        if output is None:
            sys.stdout.write("".join(lines))
        else:
            private(output, lines)
    leave(OK)


def _every(find: Any, store: Any, question: Any) -> Iterator[Any]:
    skip, page = 0, find(store, question, most=1000)
    while page.decisions:
        yield from page.decisions
        skip += len(page.decisions)
        page = find(store, question, most=1000, skip=skip) if page.more else page.__class__((), False)


Ref = Annotated[str | None, typer.Option(help=t("Une référence.", "A reference."))]
Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", help=t("Fichier ; sinon la sortie standard.", "File; else standard output.")),
]
Form = Annotated[str, typer.Option("--format", help="csv | json")]
Rebuild = Annotated[
    bool, typer.Option("--rebuild", help=t("Tout refaire depuis le journal.", "Make it all again from the journal."))
]
JsonOut = Json
Structures = Annotated[
    list[str] | None,
    typer.Option(
        "--structure",
        help=t(
            "Cette structure au lieu de celle de la configuration ; répétable ; '*' : toutes celles de l'index.",
            "This structure instead of the configuration's own; repeatable; '*': all of the index.",
        ),
    ),
]
