"""Rule files and word lists in, one checked Ruleset out, or every mistake of every file at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from mss_guard.core.model import Mode
from mss_guard.core.rules.patterns import compile_pattern
from mss_guard.core.rules.schema import Combination, Condition, Entry, EvidenceRule, Rule, RuleFile, Scoring, Thresholds
from mss_guard.core.strict_yaml import Document, Mistake, Mistakes, Path, guess, parse, validate

SCORING = "scoring.yaml"
_SEVERITY = (Mode.OFF, Mode.OBSERVE, Mode.WARN, Mode.ENFORCE)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an entry was written, to point at it in a mistake."""

    document: Document = field(repr=False)
    path: Path
    local: bool

    def mistake(self, message: str, *below: str | int) -> Mistake:
        return self.document.mistake((*self.path, *below), message)


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All entries in force by id, in the order of the files; `modes` after families; words by list name."""

    entries: Mapping[str, Entry]
    words: Mapping[str, tuple[str, ...]]
    scoring: Scoring
    modes: Mapping[str, Mode]
    origins: Mapping[str, Origin] = field(repr=False)

    def matching(self, condition: Condition) -> tuple[str, ...]:
        """The ids that a condition names; empty for a ledger."""
        if condition.family is not None:
            return tuple(i for i, e in self.entries.items() if e.family == condition.family)
        if condition.rule is not None:
            return tuple(i for i in self.entries if fnmatchcase(i, condition.rule))
        return ()


def load(
    files: Mapping[str, str], words: Mapping[str, str], local: Mapping[str, str] | None = None, scoring: str = ""
) -> Ruleset:
    """Read the shipped `files` and the administrator's `local` ones (which override by id). Raises Mistakes.

    `files` may hold scoring.yaml; `scoring` is used when it does not. Word lists hold one word or phrase a line, `#`
    starts a comment.
    """
    mistakes: list[Mistake] = []
    lists = {name: _words(text) for name, text in words.items()}
    settings = Scoring()
    entries: dict[str, Entry] = {}
    origins: dict[str, Origin] = {}
    sources = [(n, t, False) for n, t in files.items()] + [(n, t, True) for n, t in (local or {}).items()]
    if scoring and SCORING not in files:
        sources.append((SCORING, scoring, False))
    for name, text, is_local in sources:
        try:
            document = parse(text, name)
            if name == SCORING:
                settings = validate(document, Scoring)
                continue
            for path, entry in validate(document, RuleFile).entries():
                origin = Origin(document, path, is_local)
                mistakes += _duplicate(entry, origin, origins)
                entries[entry.id], origins[entry.id] = entry, origin
        except Mistakes as error:
            mistakes += error.mistakes
    for entry_id, entry in entries.items():
        mistakes += _check(entry, origins[entry_id], lists, entries, complete=not mistakes)
    if mistakes:
        raise Mistakes(mistakes)
    return Ruleset(entries, lists, settings, {i: e.mode for i, e in entries.items()}, origins)


def select(
    ruleset: Ruleset,
    disable: Sequence[str] = (),
    families: Mapping[str, Mode] | None = None,
    thresholds: Thresholds | None = None,
) -> Ruleset:
    """A structure's own view: ids (or globs) left out, families held back, thresholds of its own. Raises Mistakes."""
    mistakes = [
        Mistake("configuration", 1, 1, f"rules.disable : règle inconnue « {one} »{guess(one, list(ruleset.entries))}")
        for one in disable
        if not any(fnmatchcase(i, one) for i in ruleset.entries)
    ]
    known = sorted({e.family for e in ruleset.entries.values()})
    mistakes += [
        Mistake("configuration", 1, 1, f"policy.families : famille inconnue « {one} »{guess(one, known)}")
        for one in families or {}
        if one not in known
    ]
    if mistakes:
        raise Mistakes(mistakes)
    modes = {
        i: min(e.mode, (families or {}).get(e.family, Mode.ENFORCE), key=_SEVERITY.index)
        for i, e in ruleset.entries.items()
        if not any(fnmatchcase(i, one) for one in disable)
    }
    modes = {i: mode for i, mode in modes.items() if mode is not Mode.OFF}
    scoring = ruleset.scoring.model_copy(update={"levels": thresholds}) if thresholds else ruleset.scoring
    return replace(
        ruleset, entries={i: e for i, e in ruleset.entries.items() if i in modes}, modes=modes, scoring=scoring
    )


def _words(text: str) -> tuple[str, ...]:
    lines = (line.split("#", 1)[0].strip() for line in text.splitlines())
    return tuple(line for line in lines if line)


def _duplicate(entry: Entry, origin: Origin, origins: Mapping[str, Origin]) -> Iterator[Mistake]:
    before = origins.get(entry.id)
    if before is not None and before.local == origin.local:
        first = before.mistake("", "id")
        yield origin.mistake(f"identifiant « {entry.id} » déjà pris ({first.source}:{first.line})", "id")


def _check(
    entry: Entry,
    origin: Origin,
    words: Mapping[str, tuple[str, ...]],
    entries: Mapping[str, Entry],
    *,
    complete: bool,
) -> Iterator[Mistake]:
    """What the schema cannot see: patterns that RE2 refuses, lists and entries that do not exist."""
    if isinstance(entry, Combination):
        # an entry of a file that did not load would be missed here, and misreported
        if complete:
            yield from _check_conditions(entry, origin, entries)
        return
    if isinstance(entry, EvidenceRule) and entry.words is not None and not words.get(entry.words):
        yield origin.mistake(
            f"liste de mots introuvable ou vide « {entry.words} »{guess(entry.words, list(words))}", "words"
        )
    for key in ("pattern", "cased") if isinstance(entry, EvidenceRule) else ("pattern",):
        pattern = getattr(entry, key)
        if pattern is not None:
            yield from _check_pattern(pattern, key, origin)


def _check_pattern(pattern: str, key: str, origin: Origin) -> Iterator[Mistake]:
    try:
        compiled = compile_pattern(pattern, case_sensitive=key == "cased")
    except ValueError as error:
        yield origin.mistake(str(error), key)
        return
    if compiled.found(b""):
        yield origin.mistake("ce motif accepte un texte vide : il se déclencherait partout", key)


def _check_conditions(entry: Combination, origin: Origin, entries: Mapping[str, Entry]) -> Iterator[Mistake]:
    families = sorted({e.family for e in entries.values()})
    for key, conditions in (("all", entry.all), ("none", entry.none)):
        for i, condition in enumerate(conditions):
            if condition.family is not None and condition.family not in families:
                hint = guess(condition.family, families)
                yield origin.mistake(f"famille inconnue « {condition.family} »{hint}", key, i, "family")
            if condition.rule is not None and not any(fnmatchcase(j, condition.rule) for j in entries):
                yield origin.mistake(
                    f"règle inconnue « {condition.rule} »{guess(condition.rule, list(entries))}", key, i, "rule"
                )


__all__ = ["Origin", "Rule", "Ruleset", "load", "select"]
