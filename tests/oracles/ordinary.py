"""Ordinary messages: how many of them are called ambiguous, and how many are refused for what could not be read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.oracles import habits, programs
from tests.oracles.clients import CLIENTS, write
from tests.oracles.letters import LETTERS
from tests.oracles.verdicts import Judged, judge_all
from tests.readers.production import SHARED

_OUTSIDE = SHARED / "torture" / "mime"
_FOREIGN_DELIMITERS = "declares a boundary that none of its delimiter lines has: a template cut by hand"
BROKEN = {
    **{f"spamscope/mails/mail_malformed_{n}": "named malformed" for n in (1, 2, 3)},
    **{f"rspamd/messages/{name}.eml": _FOREIGN_DELIMITERS for name in (
        "btc2", "btc3", "btc4", "phish_sender", "phish_sender2", "phish_sender3", "phish_sender4", "phish_sender5",
        "phish_sender6")},
    "rspamd/messages/gargantua.eml": "one sample of every archive, most of them cut to their first octets",
    "rspamd/messages/mixed-html-zip.eml": "a zip of 51 octets without its directory",
}  # fmt: skip
"""Malformed messages of other projects, and what is wrong with each. They are judged and shown apart; what is whole and refused by right,
an encrypted PDF, counts."""

MAX_AMBIGUOUS, MAX_UNREAD = 0.002, 0.003


def made() -> Iterator[tuple[str, bytes]]:
    """Every client's and program's messages, named."""
    number = 0
    for client in CLIENTS:
        for letter in LETTERS:
            number += 1
            yield f"clients/{client.name}: {letter.title}", write(client, letter, number)
    for name, raw in habits.made():
        yield f"habits/{name}", raw
    with tempfile.TemporaryDirectory() as where:
        for n, (name, raw) in enumerate(programs.made(Path(where))):
            yield f"programs/{name} ({n})", raw


def collected() -> Iterator[tuple[str, bytes]]:
    """Messages of rspamd, mox and SpamScope; none when they are not beside us."""
    for project in ("rspamd", "mox", "spamscope"):
        for path in sorted((_OUTSIDE / project).rglob("*")):
            name = str(path.relative_to(_OUTSIDE))
            if path.is_file():
                yield ("broken/" if name in BROKEN else "") + name, path.read_bytes()


def report() -> bool:
    """Prints the counts by set and names every message that is ambiguous or unread; True when within the bounds."""
    judged = judge_all([*made(), *collected()])
    print("| set | messages | ambiguous | refused unread | level above none |\n|---|---|---|---|---|")
    for name in dict.fromkeys(key.partition("/")[0] for key in judged):
        _row(name, [value for key, value in judged.items() if key.startswith(f"{name}/")])
    ordinary = [value for key, value in judged.items() if not key.startswith("broken/")]
    _row("all but broken", ordinary)
    _row("all", list(judged.values()))
    for key, value in judged.items():
        if value.ambiguous or value.unread:
            known = BROKEN.get(key.removeprefix("broken/"), "")
            print(f"- {key}: {value.odd}{f' — {known}' if known else ''}")
    ambiguous = sum(value.ambiguous for value in ordinary) / len(ordinary)
    unread = sum(value.unread for value in ordinary) / len(ordinary)
    return ambiguous <= MAX_AMBIGUOUS and unread <= MAX_UNREAD


def _row(name: str, judged: list[Judged]) -> None:
    if not judged:
        return
    ambiguous, unread = sum(j.ambiguous for j in judged), sum(j.unread for j in judged)
    above = sum(j.assessment.level.rank > 0 for j in judged)
    print(f"| {name} | {len(judged)} | {ambiguous} ({ambiguous / len(judged):.2%}) | "
          f"{unread} ({unread / len(judged):.2%}) | {above} |")  # fmt: skip
