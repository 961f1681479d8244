"""What every command shares: the configuration option, start-up refusals said on stderr, JSON on stdout, the statuses of the interface."""

from __future__ import annotations

import asyncio
import getpass
import io
import json
import os
import re
import stat
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from mss_guard.cli.language import t

OK, NO, USAGE, TEMPORARY = 0, 1, 2, 75

Config = Annotated[
    Path | None,
    typer.Option(
        "-c",
        "--config",
        envvar="MSS_GUARD_CONFIG",
        help=t("Le fichier de configuration.", "The configuration file."),
        show_default=False,
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help=t("Écrire du JSON sur la sortie standard.", "Write JSON to standard output."))
]


def leave(status: int) -> NoReturn:
    raise typer.Exit(status)


def say(*words: str) -> None:
    """For people, on stderr."""
    print(*(plain(word) for word in words), file=sys.stderr)


def put(value: Any) -> None:
    """One JSON value, on one line of stdout; plain ASCII where the terminal has no UTF-8."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(value, ensure_ascii=not utf8))


def plain(text: str) -> str:
    """A line for a terminal: what would steer it (addresses and file names may hold anything) is shown escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def open_streams() -> None:
    """A name that is no text (a surrogate from the command line) is written escaped, in JSON too; never an exception."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def sayable(*words: str) -> bool:
    """Can these stand in the journal as somebody's name and reason? Says so when they cannot."""
    from mss_guard.edge.journal.shapes import reason

    fine = all(reason(word) is None for word in words)
    if not fine:
        say(t(
            "--reason et --by : une ligne de 3 à 200 caractères, sans adresse et sans numéro",
            "--reason and --by: one line of 3 to 200 characters, without an address or a number",
        ))  # fmt: skip
    return fine


@contextmanager
def refusals() -> Iterator[None]:
    """Start-up refusals (configuration, rules, lists, confinement) become lines on stderr and status 2."""
    from mss_guard.assembly import REFUSALS, explain

    try:
        yield
    except REFUSALS as refusal:
        for line in explain(refusal):
            say(line)
        leave(USAGE)


def fitting(asked: Mapping[str, str | None], kinds: Collection[str] = ()) -> None:
    """Names each filter that cannot be meant, and ends with status 2."""
    from mss_guard.core import questions

    wrong = questions.faults(asked, kinds)
    for name, said in wrong.items():
        say(f"--{name} : {said}")
    if wrong:
        leave(USAGE)


def private(path: Path, text: str | Iterable[str]) -> None:
    """A file that only its owner reads, whatever the umask: what officers take away names domains, acts and officers. What is no file
    keeps its mode: by `-o /dev/null` root would close that to everybody. Raises OSError.
    """
    fresh = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    if stat.S_ISREG(os.fstat(fresh).st_mode):
        os.fchmod(fresh, 0o600)
    with os.fdopen(fresh, "w", encoding="utf-8", newline="") as file:
        file.writelines([text] if isinstance(text, str) else text)


def whoever() -> str:
    """Who sits there, as the system knows them; `sudo` is looked through."""
    name = os.environ.get("SUDO_USER") or getpass.getuser()
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:60] or "inconnu"


def write_down(config: Path | None, kind: str, ref: str | None, fields: dict[str, object]) -> None:
    """The record of this act, on disk before anything is shown; what cannot be written down does not happen (status 75)."""
    from mss_guard import errands, system_words
    from mss_guard.edge.journal import JournalBusy, JournalUnavailable, KeyRefused

    try:
        asyncio.run(errands.write_down(errands.settings(config), kind, ref, fields))
    except (JournalBusy, JournalUnavailable, KeyRefused, OSError) as met:
        problem = system_words.said(met) if isinstance(met, OSError) else str(met)
        say(
            t(
                f"Le journal ne peut pas être écrit ({problem}) : rien n'est montré.",
                f"The journal cannot be written ({problem}): nothing is shown.",
            )
        )
        leave(TEMPORARY)
