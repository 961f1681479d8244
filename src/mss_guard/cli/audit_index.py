"""`audit index` and `audit export`: the SQL index of the journal, and what officers take away from it."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mss_guard.cli.common import OK, TEMPORARY, USAGE, Json, leave, put, refusals, say, whoever, write_down
from mss_guard.cli.language import t

COLUMNS = (
    "reference", "date", "structure", "action", "aurait", "motif", "niveau", "expediteur", "destinataires", "statuts", "regles", "suite",
)  # fmt: skip
"""Headings of the export. Addresses are not among them: the journal has none in clear."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a command's options ask, before addresses become pseudonyms."""

    address: str | None = None
    fields: dict[str, str | None] | None = None


@contextmanager
def index(config: Path | None, *, rebuild: bool = False) -> Iterator[tuple[Any, Any, Any]]:
    """(settings, index, what was fed) of this configuration; says on stderr why there is none, and ends with status 75."""
    from mss_guard import app as roof
    from mss_guard import auditing
    from mss_guard.edge.audit_index import IndexBroken

    with refusals():
        settings = roof.settings(config)
    if not Path(settings.audit.path).is_dir():
        say(t(f"Aucun journal dans {settings.audit.path}.", f"No journal in {settings.audit.path}."))
        leave(USAGE)
    try:
        with auditing.fed(settings, rebuild=rebuild) as (store, told):
            yield settings, store, told
    except (IndexBroken, OSError) as problem:
        say(str(problem))
        leave(TEMPORARY)


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
    return auditing.Asked(who=who, **(wanted.fields or {}))


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
    from mss_guard.edge.audit_index import find

    with index(config) as (settings, store, _):
        question = asked(settings, wanted)
        write_down(config, "consult", None, {"what": "export", "by": whoever()})
        lines = _csv(find, store, question) if form == "csv" else _json(find, store, question)
        if output is None:
            sys.stdout.write("".join(lines))
        else:
            with output.open("w", encoding="utf-8", newline="") as file:
                file.writelines(lines)
    leave(OK)


def _every(find: Any, store: Any, question: Any) -> Iterator[Any]:
    skip, page = 0, find(store, question, most=1000)
    while page.decisions:
        yield from page.decisions
        skip += len(page.decisions)
        page = find(store, question, most=1000, skip=skip) if page.more else page.__class__((), False)


def _csv(find: Any, store: Any, question: Any) -> Iterator[str]:
    """Semicolons and a byte order mark, as French spreadsheets expect; no cell begins like a formula."""
    yield "\ufeff"
    yield _line(COLUMNS)
    for one in _every(find, store, question):
        yield _line(list(row(one).values()))


def _line(cells: Any) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerow([safe(str(c)) for c in cells])
    return buffer.getvalue()


def safe(cell: str) -> str:
    """Never a formula for a spreadsheet (OWASP, CSV injection)."""
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _json(find: Any, store: Any, question: Any) -> Iterator[str]:
    import json

    for one in _every(find, store, question):
        told = {
            **one.fields,
            "recipients": [dict(r) for r in one.recipients],
            "rules": one.rules,
            "outcome": one.outcome,
        }
        yield json.dumps(told, ensure_ascii=False) + "\n"


def row(one: Any) -> dict[str, str]:
    """A decision as one line of a table, without an address."""
    f = one.fields
    values = (
        f["ref"], f["at"][:19] + "Z", f["structure"], f["action"], f["would"] or "", f["reason"] or "", f["level"] or "",
        f["sender_domain"] or "", _joined(r["domain"] for r in one.recipients), _joined(r["standing"] for r in one.recipients),
        _joined(one.rules), one.outcome or "",
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def _joined(words: Any) -> str:
    return " ".join(dict.fromkeys(w for w in words if w))


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
