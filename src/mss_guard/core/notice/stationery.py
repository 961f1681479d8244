"""What notices are written on: the structure's letterhead, the templates, the roads, the language; prepared once, tried before use."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from jinja2 import FunctionLoader, StrictUndefined, Template, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict

from mss_guard.core import strict_yaml
from mss_guard.core.notice import regions, roads
from mss_guard.core.notice.regions import Region
from mss_guard.core.notice.roads import Roads
from mss_guard.core.notice.speech import SOURCE, CatalogueError, Speech, speech
from mss_guard.core.strict_yaml import Mistake, Mistakes

_TABLES = ("grades.yaml", "documents.yaml")
_SAYS = re.compile(r"""^\s*says:\s*(["']?)(.+?)\1\s*$""", re.MULTILINE)
TEXT, HTML, PHRASES = "notice.txt.j2", "notice.html.j2", "phrases.j2"


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What the structure puts on its notices. `domains`: its ordinary mail domains, A-labels. `secure_access`: how its secure
    boxes are opened; `secure_box`: the organisational box to put in copy; `region`: a key of grades.yaml.
    """

    structure: str
    domains: frozenset[str]
    contact_email: str
    contact_name: str = ""
    contact_phone: str = ""
    contact_hours: str = ""
    secure_access: str = ""
    secure_box: str = ""
    family_portal: str = ""
    region: str = ""
    secure_domains: frozenset[str] = frozenset()
    routed: bool = (
        False  # mail to MSSanté leaves by the structure's own way: an address of it can be written to from anywhere
    )

    @property
    def contact(self) -> str:
        parts = (self.contact_name, self.contact_phone, self.contact_email, self.contact_hours)
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Stationery:
    """Everything that a notice is made from but the occasion. `documents`: rule id → the sort of document, in words; `says`: the
    words of the rules for what a finding is about, and of whom.
    """

    letterhead: Letterhead
    roads: Roads
    regions: Mapping[str, Region]
    documents: Mapping[str, str]
    says: frozenset[str] = field(repr=False)
    speech: Speech
    text: Template = field(repr=False)
    html: Template = field(repr=False)

    @property
    def region(self) -> Region | None:
        return self.regions.get(self.letterhead.region)


class _Documents(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    version: Literal[1]
    documents: dict[str, str]


def prepare(
    letterhead: Letterhead,
    files: Mapping[str, str],
    language: str = SOURCE,
    catalogues: Mapping[str, bytes] | None = None,
    says: frozenset[str] = frozenset(),
) -> Stationery:
    """`files`: path → text, the shipped ones first; a later template or table of the same name replaces the earlier, a road adds
    to it. `catalogues`: language → compiled gettext catalogue (.mo); `says`: `rule_words`. Raises Mistakes with file, line and column.
    """
    named = {posixpath.basename(path): path for path in files if not _is_road(path)}
    tables = {name: files[path] for name, path in named.items() if name in _TABLES}
    if stray := [path for name, path in named.items() if name.endswith(".yaml") and name not in _TABLES]:
        words = f"fichier inconnu : {' ou '.join(_TABLES)} ici, les chemins dans roads/"
        raise Mistakes([Mistake(path, 1, 1, words) for path in stray])
    spoken = _speech(language, catalogues or {})
    return Stationery(
        letterhead,
        roads.load({path: text for path, text in files.items() if _is_road(path)}),
        regions.load(tables["grades.yaml"], named["grades.yaml"]),
        strict_yaml.load(tables["documents.yaml"], named["documents.yaml"], _Documents).documents,
        says,
        spoken,
        _template(_environment(files, named, spoken, html=False), TEXT, named),
        _template(_environment(files, named, spoken, html=True), HTML, named),
    )


def _is_road(path: str) -> bool:
    return posixpath.basename(posixpath.dirname(path)) == "roads"


def rule_words(rules: Iterable[str]) -> frozenset[str]:
    """What the rules of these files `say` of a finding. A worker tells which of them it met; any other word of his is not repeated."""
    return frozenset(found[2] for text in rules for found in _SAYS.finditer(text))


def _speech(language: str, catalogues: Mapping[str, bytes]) -> Speech:
    if language == SOURCE:
        return speech(SOURCE)
    if language not in catalogues:
        known = ", ".join(sorted({SOURCE, *catalogues}))
        raise Mistakes(
            [Mistake("configuration", 1, 1, f"structure.language : pas de catalogue « {language} » ({known})")]
        )
    try:
        return speech(language, catalogues[language])
    except CatalogueError as problem:
        raise Mistakes([Mistake(f"locale/{language}.mo", 1, 1, str(problem))]) from None


def _environment(
    files: Mapping[str, str], named: Mapping[str, str], spoken: Speech, *, html: bool
) -> ImmutableSandboxedEnvironment:
    """One for the text and one for the HTML: the phrases that both import must be escaped in one and plain in the other."""

    def load(name: str) -> tuple[str, str, None] | None:
        return (files[named[name]], named[name], None) if name in named and name.endswith(".j2") else None

    environment = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(load),
        extensions=["jinja2.ext.i18n"],
        autoescape=html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Sentences of ours are HTML as they stand; what `format` fills in is then escaped, and never twice.
    said = (lambda text: Markup(spoken._(text))) if html else spoken._  # noqa: S704
    environment.install_gettext_callables(said, spoken.plural, newstyle=False)  # type: ignore[attr-defined]
    environment.filters["mailto"] = mailto
    return environment


def _template(environment: ImmutableSandboxedEnvironment, name: str, named: Mapping[str, str]) -> Template:
    """Compiled, with all that it imports. Raises Mistakes."""
    try:
        environment.get_template(PHRASES)
        return environment.get_template(name)
    except TemplateSyntaxError as wrong:
        source = wrong.filename or named.get(wrong.name or "", name)
        raise Mistakes([Mistake(source, wrong.lineno, 1, f"modèle illisible : {wrong.message}")]) from None


def mailto(body: str, subject: str, to: str = "") -> str:
    """A draft as a link (RFC 6068): to whom, subject and text, which the mail program opens and nobody has sent yet."""
    lines = "\r\n".join(_unescaped(body).strip().splitlines())
    return f"mailto:{to}?subject={quote(_unescaped(subject).strip(), safe='')}&body={quote(lines, safe='')}"


def _unescaped(text: str) -> str:
    """What a macro of the HTML escaped, as it was written."""
    return text.unescape() if isinstance(text, Markup) else text


def to_field(addresses: tuple[tuple[str, str], ...]) -> str:
    """Local parts and domains as the `to` of a mailto link."""
    return ",".join(f"{quote(local, safe='')}@{quote(domain, safe='')}" for local, domain in addresses)
