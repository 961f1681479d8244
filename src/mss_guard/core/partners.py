"""Commercial partners: correspondents that secure boxes never write to nor hear from, whatever the content.

Two ways of writing them down: lists in the configuration and files of one entry a line. An entry is a domain
("fournisseur.fr", exactly that name), a domain with all below it (".fournisseur.fr") or one address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from mss_guard.core import addresses
from mss_guard.core.model import Address
from mss_guard.core.strict_yaml import Mistake, Mistakes

_COMMENT = re.compile(r"(^|\s)#.*")  # a local part may hold a #, so a comment stands apart


@dataclass(frozen=True, slots=True)
class Partners:
    """All names as lower-case A-labels. `domains`: exact; `families`: the name and all below it; `addresses`: local
    part folded. `reasons`: entry as `entries` gives it → the comment that stands behind it in its file.
    """

    domains: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset()
    addresses: frozenset[tuple[str, str]] = frozenset()
    reasons: Mapping[str, str] = field(default_factory=dict, compare=False)

    def commercial(self, address: Address) -> bool:
        domain = address.domain
        if not domain:
            return False
        if domain in self.domains or (address.local_part.casefold(), domain) in self.addresses:
            return True
        return bool(self.families) and not self.families.isdisjoint(_with_parents(domain))

    def __or__(self, other: Partners) -> Partners:
        return Partners(
            self.domains | other.domains,
            self.families | other.families,
            self.addresses | other.addresses,
            {**self.reasons, **other.reasons},
        )

    def entries(self) -> tuple[str, ...]:
        """As they are written, sorted."""
        families = (f".{name}" for name in self.families)
        return tuple(sorted([*self.domains, *families, *(f"{local}@{domain}" for local, domain in self.addresses)]))

    def reason(self, address: Address) -> str:
        """Why this address is a partner's, as its file says; "" when nothing is said."""
        exact = f"{address.local_part.casefold()}@{address.domain}"
        names = (exact, address.domain, *(f".{name}" for name in _with_parents(address.domain)))
        return next((self.reasons[name] for name in names if name in self.reasons), "")

    def also_listed(self, listed: frozenset[str]) -> tuple[str, ...]:
        """Partners that stand on the white list too, in order: they are commercial first, and check-config warns."""
        below = (name for name in listed if not self.families.isdisjoint(_with_parents(name))) if self.families else ()
        return tuple(sorted((self.domains & listed).union(below)))


def entry(text: str) -> Partners | None:
    """One entry as a set of one, or None when it is neither a domain nor an address."""
    text = text.strip()
    if "@" in text:
        address = addresses.parse(text.encode("utf-8", "replace"), smtputf8=True)
        if address.malformed or not address.domain:
            return None
        return Partners(addresses=frozenset({(address.local_part.casefold(), address.domain)}))
    name = addresses.to_ascii(text.removeprefix("."))
    if name is None or "." not in name:  # a whole top-level domain could only be a slip
        return None
    return Partners(families=frozenset({name})) if text.startswith(".") else Partners(domains=frozenset({name}))


def parse(text: str, source: str) -> Partners:
    """A partner file: one entry a line, `#` at the start or after a space begins a comment, blank lines are free.

    Raises Mistakes with every bad line at once (file:line:column).
    """
    mistakes: list[Mistake] = []
    found: list[Partners] = []
    for number, line in enumerate(text.splitlines(), start=1):
        written = _COMMENT.sub("", line)
        if not written.strip():
            continue
        one = entry(written)
        if one is None:
            column = len(written) - len(written.lstrip()) + 1
            mistakes.append(
                Mistake(source, number, column, "ni un domaine, ni une adresse : " + ascii(written.strip())[:80])
            )
        else:
            said = " ".join(line[len(written) :].strip().removeprefix("#").split())
            found.append(replace(one, reasons=dict.fromkeys(one.entries(), said)) if said else one)
    if mistakes:
        raise Mistakes(tuple(mistakes))
    return union(found)


def union(several: Iterable[Partners]) -> Partners:
    """All of them as one."""
    total = Partners()
    for one in several:
        total |= one
    return total


def _with_parents(domain: str) -> set[str]:
    labels = domain.split(".")
    return {".".join(labels[at:]) for at in range(len(labels))}
