"""The file that a DPO needs, ready to fill in: templates of the shipped knowledge, with the facts of one configuration.

Pure: texts in, texts out. What only the structure knows is marked in the templates, what nobody has verified too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from jinja2 import DictLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict

from mss_guard.core import rights, strict_yaml
from mss_guard.core.report.markdown import plain

CLAIMS, SOURCES = "promesses.yaml", "sources.yaml"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Claim(_Part):
    """`tests`: `file::function` of the sources, each of which fails when the claim is false."""

    id: str
    says: str
    tests: tuple[str, ...]


class Source(_Part):
    name: str
    says: str
    where: str
    verified: bool


class _Claims(_Part):
    version: Literal[1]
    claims: tuple[Claim, ...]


class _Sources(_Part):
    version: Literal[1]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the templates call `f`: all of it from the configuration in force. `gaps`: what it leaves open, in French."""

    name: str
    made: str
    version: str
    mode: str
    enforce: bool
    domains: tuple[str, ...]
    secure_domains: tuple[str, ...]
    secure_access: str
    dpo: str
    contact: str
    levels: Mapping[str, str]
    inside: str
    lists: str
    sealed: bool
    export: str
    witness: str
    no_witness: bool
    retention: str
    retention_days: int
    confidential: int
    partners: int
    max_age: str
    journal: str
    state: str
    index: str
    hops: tuple[str, ...]
    route: str
    gaps: tuple[str, ...]

    def told(self) -> dict[str, Any]:
        """As Markdown takes them: no value can end a cell, begin a heading or be markup."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self)} | {"gaps": self.gaps}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    return tuple(map(_plain, value)) if isinstance(value, tuple) else value


def claims(files: Mapping[str, str]) -> tuple[Claim, ...]:
    """The claims of `promesses.yaml`. Raises Mistakes."""
    return strict_yaml.load(files[CLAIMS], CLAIMS, _Claims).claims


def kit(files: Mapping[str, str], facts: Facts) -> dict[str, str]:
    """Document name → Markdown, for each `*.md.j2` of `files`. Raises Mistakes for the two tables."""
    environment = ImmutableSandboxedEnvironment(
        loader=DictLoader(dict(files)), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )  # fmt: skip
    given = {
        "f": facts.told(),
        "claims": claims(files),
        "sources": strict_yaml.load(files[SOURCES], SOURCES, _Sources).sources,
        "roles": [str(role) for role in rights.Role],
        "rights": [(str(right), [str(role) for role in who]) for right, who in rights.TABLE.items()],
    }
    return {
        name.removesuffix(".j2"): environment.get_template(name).render(given).rstrip() + "\n"
        for name in sorted(files)
        if name.endswith(".md.j2")
    }
