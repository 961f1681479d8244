"""The regional bodies for e-health (GRADeS) and their departments: whom an invitation names, and which boxes are near."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from mss_guard.core import strict_yaml

_TELLING = 6  # letters from which a department's name in a domain is no common word
_COMMON = frozenset({"manche", "landes"})


class Region(BaseModel):
    """One region's body. `site`: a bare domain name, where it is known for sure; `form`: where a box is asked for; `offer`: the
    box that the body gives.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    site: str = ""
    form: str = ""
    offer: str = ""
    departments: dict[str, str] = Field(default_factory=dict)  # code → name as domains write it

    @property
    def postcodes(self) -> frozenset[str]:
        """Beginnings of the region's postcodes. Corsica's were given before its department was cut in two."""
        return frozenset("20" if code[:2] in ("2A", "2B") else code for code in self.departments)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    version: Literal[1]
    regions: dict[str, Region]


def load(text: str, source: str) -> Mapping[str, Region]:
    """The regions by their id. Raises Mistakes."""
    return strict_yaml.load(text, source, _File).regions


def of_postcode(postcode: str, regions: Mapping[str, Region]) -> Region | None:
    return next((r for r in regions.values() if postcode.startswith(tuple(r.postcodes))), None) if postcode else None


def of_domain(domain: str, regions: Mapping[str, Region]) -> Region | None:
    """The region whose department a domain names (ch-vendee.fr, mdph44.fr); None when it names none, or two regions'."""
    own = domain.rpartition(".")[0]
    spoken = "-" + re.sub(r"[.-]+", "-", own) + "-"
    numbers = {n.upper() for n in re.findall(r"\b(?:mdph|cd|cg|departement|dac|mda)-?([0-9]{2}[0-9]?|2[ab])\b", own)}
    found = {
        region.name: region
        for region in regions.values()
        for code, name in region.departments.items()
        if code in numbers or (len(name) >= _TELLING and name not in _COMMON and f"-{name}-" in spoken)
    }
    return next(iter(found.values())) if len(found) == 1 else None
