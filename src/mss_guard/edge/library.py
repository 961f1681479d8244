"""Directories in, texts out: the shipped knowledge (rules, words, notices, demo list) and what the structure adds to it.

The rules travel inside the wheel as `mss_guard/rules`; in a checkout they stand beside `src`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_RULE_FOLDERS = ("documents", "attachments", "evidence", "combinations")


class LibraryError(Exception):
    """A directory or file of rules could not be read: a start-up refusal."""


@dataclass(frozen=True, slots=True)
class Library:
    """Texts by relative path; `local` are the structure's own rule files, by their full path: they override the shipped ones by id."""

    rules: Mapping[str, str]
    local: Mapping[str, str]
    words: Mapping[str, str]
    notices: Mapping[str, str]  # by path, the shipped ones first
    trust: Mapping[str, str] = field(default_factory=dict)
    catalogues: Mapping[str, bytes] = field(default_factory=dict)  # of the notices, by language

    @property
    def version(self) -> str:
        """SHA-256 over names and texts, first 16 hexadecimal digits: changes whenever a rule or a word does."""
        digest = hashlib.sha256()
        for name, text in sorted({**self.rules, **self.local, **self.words}.items()):
            digest.update(f"{name}\0{len(text)}\0".encode())
            digest.update(text.encode())
        return digest.hexdigest()[:16]


def shipped(folder: str) -> Path:
    """The shipped folder `rules` or `examples/mail`, in the installed package or in the checkout."""
    inside = _PACKAGE / folder
    return inside if inside.is_dir() else _PACKAGE.parents[1] / folder


def read(local: Iterable[Path], notices: Iterable[Path] = ()) -> Library:
    """The shipped knowledge with every `*.yaml` and `*.txt` of the local directories, and the structure's own notices; a missing
    local directory is no mistake.
    """
    root = shipped("rules")
    rules = {f"{p.relative_to(root)}": _text(p) for f in _RULE_FOLDERS for p in sorted((root / f).rglob("*.yaml"))}
    rules |= {p.name: _text(p) for p in sorted(root.glob("*.yaml"))}
    words = {f"{p.relative_to(root)}": _text(p) for p in sorted((root / "words").glob("*.txt"))}
    said = [root / "notices", *notices]
    trust = {p.name: _text(p) for p in sorted((root / "trust").glob("*.yaml"))}
    if not rules:
        raise LibraryError(f"aucune règle dans {root}")
    own: dict[str, str] = {}
    for folder in local:
        own |= {str(p): _text(p) for p in sorted(folder.rglob("*.yaml"))}
        words |= {f"{p.relative_to(folder)}": _text(p) for p in sorted(folder.rglob("*.txt"))}
    return Library(rules, own, words, _notices(said, root.parent), trust, _catalogues(said))


def _notices(folders: Iterable[Path], root: Path) -> dict[str, str]:
    """Templates and tables of the notices, in the order of the folders; shipped ones by their path below the checkout."""
    found: dict[str, str] = {}
    for folder in folders:
        for path in sorted([*folder.glob("*.j2"), *folder.glob("*.yaml"), *folder.glob("roads/*.yaml")]):
            found[str(path.relative_to(root) if path.is_relative_to(root) else path)] = _text(path)
    return found


def _catalogues(folders: Iterable[Path]) -> dict[str, bytes]:
    """Compiled translations, `locale/en.mo`, by language; a later folder's goes over an earlier's."""
    try:
        return {p.stem: p.read_bytes() for folder in folders for p in sorted(folder.glob("locale/*.mo"))}
    except OSError as problem:
        raise LibraryError(f"{problem.filename}: {problem}") from problem


def compliance() -> dict[str, str]:
    """Templates and tables of the DPO's file, by name. Raises LibraryError."""
    return {p.name: _text(p) for p in sorted((shipped("rules") / "compliance").iterdir())}


def partner_files(names: Iterable[str]) -> dict[str, str]:
    """Texts of the partner files that match the given paths or glob patterns ("/etc/mss-guard/partners.d/*.txt")."""
    found: dict[str, str] = {}
    for name in names:
        path = Path(name)
        matches = sorted(path.parent.glob(path.name)) if "*" in path.name else [path]
        found |= {str(p): _text(p) for p in matches}
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise LibraryError(f"{path}: {problem}") from problem
