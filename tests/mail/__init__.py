"""The project's own labelled mails: YAML files a human can read, loaded as the messages that a client would send (README.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.mail import message, signatures
from tests.mail.own import own_text

HERE = Path(__file__).resolve().parent
HEALTH = ("yes", "no", "grey")
CATEGORIES = ("care", "social", "appointment", "stay", "employee", "employee-id", "none")
SPLITS = ("reglage", "mesure")
LARGEST_FILE = 30

_NEEDED = {"id", "health", "category", "why", "from", "to"}
_KNOWN = _NEEDED | {"cc", "subject", "html", "attachments", "text", "signature", "quoted", "date", "client", "headers"}
_TOP = {"mails", "signatures"}


@dataclass(frozen=True)
class Mail:
    """One labelled mail. `raw` is RFC 5322 with CRLF; `own` is what its author wrote, without signature, quote and subject."""

    id: str
    set: str
    file: str
    split: str
    health: str
    category: str
    why: str
    own: str
    raw: bytes


def mails(*sets: str, split: str = "") -> Iterator[Mail]:
    """Every mail of the sets named (all that are written one by one when none is), in a stable order.

    Raises ValueError with the file's name and the mail's id when a label, key or file name is not one that README.md lists.
    """
    for path in sorted(HERE.glob("*/*.yaml")):
        if (not sets or path.parent.name in sets) and (not split or split_of(path) == split):
            yield from _of_file(path)
    if "signatures" in sets and split in ("", split_of(signatures.SOURCE)):
        yield from _of_signatures()


def split_of(path: Path) -> str:
    """`reglage` when the name says so: rule authors may read it. All else, the lived weeks too, is only measured."""
    return "reglage" if path.stem.endswith("-reglage") else "mesure"


@cache
def _of_file(path: Path) -> tuple[Mail, ...]:
    name = f"{path.parent.name}/{path.name}"
    # No implicit types: `health: yes` and a room number stay the words they are.
    loaded = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)
    _refuse(name, set(loaded) - _TOP, "unknown keys")
    signatures = loaded.get("signatures") or {}
    return tuple(_mail(name, path, entry, signatures) for entry in loaded["mails"])


@cache
def _of_signatures() -> tuple[Mail, ...]:
    source = signatures.SOURCE
    return tuple(_mail(f"signatures/{source.name}", source, entry, {}) for entry in signatures.entries())


def _mail(name: str, path: Path, entry: Mapping[str, Any], signatures: Mapping[str, str]) -> Mail:
    where = f"{name}: {entry.get('id', '(no id)')}"
    _refuse(where, _NEEDED - set(entry), "missing keys")
    _refuse(where, set(entry) - _KNOWN, "unknown keys")
    _refuse(where, {entry["health"]} - set(HEALTH), "not a health label")
    _refuse(where, {entry["category"]} - set(CATEGORIES), "not a category")
    _refuse(where, {entry.get("signature")} - set(signatures) - {None}, "no such signature")
    try:
        raw = message.build(entry, signatures.get(entry.get("signature", ""), ""))
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise ValueError(f"{where}: {type(fault).__name__} {fault}") from fault
    return Mail(
        id=entry["id"],
        set=path.parent.name,
        file=name,
        split=split_of(path),
        health=entry["health"],
        category=entry["category"],
        why=entry["why"],
        own=own_text(entry),
        raw=raw,
    )


def _refuse(where: str, wrong: set[Any], what: str) -> None:
    if wrong:
        raise ValueError(f"{where}: {what}: {', '.join(sorted(map(str, wrong)))}")
