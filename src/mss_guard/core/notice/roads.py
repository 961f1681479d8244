"""The road to another way of sending depends on who the recipient is: kinds of recipients, how each is recognised, what is said.

The shipped roads are rules/notices/roads/*.yaml; a structure adds to what they recognise, or says it in its own words, in files
of the same form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import translate
from string import Formatter
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from mss_guard.core import addresses, strict_yaml
from mss_guard.core.boxes import words
from mss_guard.core.model import Address, Standing
from mss_guard.core.strict_yaml import Mistake, Mistakes


class Kind(StrEnum):
    """Who a recipient is for the person who writes to him, in the order in which a notice speaks of them."""

    PROFESSIONAL = "professionnel"
    ADMINISTRATION = "administration"
    RELATIVE = "proche"
    INSURER = "assurance"
    EMPLOYER = "employeur"
    PARTNER = "partenaire"
    INSIDE = "interne"
    UNKNOWN = "inconnu"


BOXED = frozenset({Kind.PROFESSIONAL, Kind.ADMINISTRATION, Kind.RELATIVE, Kind.UNKNOWN})
"""Kinds for whom the directory is asked: a doctor may write from a consumer's box; an insurer has no claim to a box of ours."""

Fact = Literal[
    "secure_access",
    "secure_box",
    "family_portal",
    "grades",
    "grades_site",
    "boxes",
    "contact",
    "structure",
    "recipients",
    "route",
]
"""What a sentence may hold as {fact}, or hang on by `when` and `unless`. Empty when the structure has not said it."""
FACTS: frozenset[str] = frozenset(Fact.__args__)  # type: ignore[attr-defined]


def _with_facts(text: str) -> str:
    try:
        named = [
            name for _, name, form, conversion in Formatter().parse(text) if name is not None or form or conversion
        ]
    except ValueError:
        raise ValueError("accolade seule : {fait}, ou {{ et }} pour des accolades") from None
    for name in named:
        if name not in FACTS:
            raise ValueError(f"fait inconnu : {{{name}}} (connus : {', '.join(sorted(FACTS))})")
    return text


def _domain(text: str) -> str:
    found = addresses.to_ascii(text)
    if found is None:
        raise ValueError(f"« {text} » n'est pas un nom de domaine")
    return found


def _glob(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9*?\[\]!-]{2,60}", text) or not re.search(r"[a-z0-9]{2}", text):
        raise ValueError(
            f"« {text} » : des minuscules sans accent, des chiffres, - et * ? [0-9], dont deux signes de suite"
        )
    return text


_Sentence = Annotated[str, Field(min_length=1, max_length=400), AfterValidator(_with_facts)]
_Glob = Annotated[str, AfterValidator(_glob)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(_Part):
    """One thing to do, said when its facts are there."""

    say: _Sentence
    when: Fact | None = None
    unless: Fact | tuple[Fact, ...] | None = None


class Draft(_Part):
    """A mail to begin with, which holds no health data."""

    link: _Sentence
    subject: _Sentence
    body: _Sentence


class Recognised(_Part):
    """`domains`: a name and all below it. `labels`: patterns of one label of the domain. `locals`: of a word before the @."""

    domains: tuple[Annotated[str, AfterValidator(_domain)], ...] = ()
    labels: tuple[_Glob, ...] = ()
    locals: tuple[_Glob, ...] = ()


class _Alert(_Part):
    rules: tuple[str, ...]
    say: _Sentence


class _File(_Part):
    version: Literal[1]
    kind: Kind | None = None
    name: _Sentence | None = None
    recognise: Recognised = Recognised()
    steps: tuple[Step, ...] | None = None
    short: tuple[Step, ...] | None = None
    draft: Draft | None = None
    invite: bool | None = None
    ordered: bool | None = None
    alerts: tuple[_Alert, ...] = ()


@dataclass(frozen=True, slots=True)
class Road:
    """What is said to who wrote to this kind. `name`: of the kind, where several roads stand in one notice; `ordered`: its steps
    follow each other, and are no choice.
    """

    name: str
    steps: tuple[Step, ...]
    short: tuple[Step, ...]
    draft: Draft | None = None
    invite: bool = False
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Roads:
    """All kinds. `alerts`: rule id → a sentence that stands before every road when this rule was met."""

    by_kind: Mapping[Kind, Road]
    domains: Mapping[str, Kind]
    alerts: Mapping[str, str]
    _labels: tuple[tuple[Kind, re.Pattern[str]], ...] = field(repr=False, default=())
    _locals: tuple[tuple[Kind, re.Pattern[str]], ...] = field(repr=False, default=())

    def kind(self, address: Address, standing: Standing) -> Kind:
        """Who this recipient is. The standing says it alone where it can; then the whole domain, its labels, and for an address
        where everybody may have a box the words before the @.
        """
        if standing in _BY_STANDING:
            return _BY_STANDING[standing]
        found = self._by_domain(address.domain)
        if found in (Kind.RELATIVE, Kind.UNKNOWN):
            spoken = words(address.local_part)
            return next((kind for kind, shape in self._locals if any(map(shape.fullmatch, spoken))), found)
        return found

    def _by_domain(self, domain: str) -> Kind:
        labels = domain.split(".")
        for start in range(len(labels)):
            if (known := self.domains.get(".".join(labels[start:]))) is not None:
                return known
        own = labels[:-1]
        return next((kind for kind, shape in self._labels if any(map(shape.fullmatch, own))), Kind.UNKNOWN)

    def sentences(self) -> Iterable[str]:
        """Everything that can be said, for the catalogues of translators."""
        for kind in Kind:
            road = self.by_kind[kind]
            yield road.name
            yield from (step.say for step in (*road.steps, *road.short))
            if road.draft:
                yield from (road.draft.link, road.draft.subject, road.draft.body)
        yield from self.alerts.values()


_BY_STANDING = {
    Standing.COMMERCIAL: Kind.PARTNER,
    Standing.INSIDE: Kind.INSIDE,
    Standing.SECURE: Kind.PROFESSIONAL,
    Standing.TRUSTED: Kind.PROFESSIONAL,
}
_LABELS_FIRST = (Kind.ADMINISTRATION, Kind.INSURER, Kind.EMPLOYER, Kind.PROFESSIONAL, Kind.PARTNER, Kind.RELATIVE)
"""Where two patterns fit, the more particular kind: a hospital's personnel office is an employer, mdph-ch.fr an administration."""


def load(texts: Mapping[str, str]) -> Roads:
    """The roads of these files (name → text), each later one adding to the earlier: shipped first, the structure's own after.

    Raises Mistakes with file, line and column: what is not of the form, a kind that no file speaks of.
    """
    files: list[_File] = []
    wrong: list[Mistake] = []
    for source, text in texts.items():
        try:
            files.append(_read(text, source))
        except Mistakes as mistakes:
            wrong += mistakes.mistakes
    if wrong:
        raise Mistakes(wrong)
    roads = {kind: road for kind in Kind if (road := _road([f for f in files if f.kind is kind])) is not None}
    lacking = [kind.value for kind in Kind if kind not in roads]
    if lacking:
        raise Mistakes([Mistake(next(iter(texts), "roads"), 1, 1, f"aucun chemin pour : {', '.join(lacking)}")])
    return Roads(
        roads,
        {domain: f.kind for f in files if f.kind for domain in f.recognise.domains},
        {rule: alert.say for f in files for alert in f.alerts for rule in alert.rules},
        tuple(_shapes(files, "labels")),
        tuple(_shapes(files, "locals")),
    )


def _read(text: str, source: str) -> _File:
    document = strict_yaml.parse(text, source)
    found = strict_yaml.validate(document, _File)
    if found.kind is None and not found.alerts:
        raise Mistakes([document.mistake((), f"clé manquante : « kind » (un de : {', '.join(Kind)}) ou « alerts »")])
    return found


def _road(files: Iterable[_File]) -> Road | None:
    """What the files of one kind say together: the last that says a thing is heard."""
    said: dict[str, object] = {}
    for file in files:
        said |= {
            k: v
            for k in ("name", "steps", "short", "draft", "invite", "ordered")
            if (v := getattr(file, k)) is not None
        }
    return Road(**said) if {"name", "steps", "short"} <= said.keys() else None  # type: ignore[arg-type]


def _shapes(files: Iterable[_File], where: str) -> Iterable[tuple[Kind, re.Pattern[str]]]:
    globs: dict[Kind, list[str]] = {}
    for file in files:
        if file.kind is not None:
            globs.setdefault(file.kind, []).extend(getattr(file.recognise, where))
    for kind in _LABELS_FIRST:
        if globs.get(kind):
            yield kind, re.compile("|".join(translate(glob) for glob in globs[kind]))
