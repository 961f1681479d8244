"""A MSSanté box as the national directory shows it, and the forms under which its owner is looked for.

Source: the open extraction "Extraction_Correspondance_MSSante" of the Annuaire Santé (31 columns, domain.md §5); the four
kinds of box are the referential's (nominative, organisational, applicative, citizen's).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from mss_guard.core import identifiers
from mss_guard.core.addresses import PATIENT_DOMAIN

Kind = Literal["nominative", "organisationnelle", "applicative", "citoyenne", "inconnue"]


@dataclass(frozen=True, slots=True)
class Box:
    """One box. Texts are as the directory writes them; an organisational box has no person, and most have no service."""

    address: str
    kind: Kind
    surname: str = ""
    given: str = ""
    profession: str = ""
    skill: str = ""
    service: str = ""
    structure: str = ""
    sign: str = ""
    postcode: str = ""
    town: str = ""
    department: str = ""

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def local_part(self) -> str:
        return self.address.rpartition("@")[0]


_AUTOMATIC = re.compile(
    r"(?:^|[._-])(?:ne[._-]?pas[._-]?repondre|no[._-]?reply|noreply|donotreply|mailer|daemon|robot|automate|connecteur|interface"
    r"|appli|application|hl7|dmp|xdm)(?:$|[._@-])|pharmacrypt",
    re.IGNORECASE,
)


def automatic(address: str) -> bool:
    """An address that a program reads or writes, by its form: never to be proposed to a person."""
    return _AUTOMATIC.search(address) is not None


def kind_of(local_part: str, domain: str, known: Box | None) -> tuple[Kind, str]:
    """(kind of box, how that is known: `annuaire`, `forme`, or nothing)."""
    if domain == PATIENT_DOMAIN:
        return ("citoyenne", "forme") if identifiers.ins_local_part_ok(local_part) else ("inconnue", "")
    if automatic(f"{local_part}@{domain}"):
        return "applicative", "forme"
    return (known.kind, "annuaire") if known is not None else ("inconnue", "")


def plain(text: str) -> str:
    """Lower case, no accents, ligatures opened: "ŒUVRE Hélène" → "oeuvre helene"."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "oe"))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


_WORD = re.compile(r"[a-z0-9]+")


def words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(plain(text)))


def letters(text: str) -> str:
    """A name as one word, as staff and machines write it in an address: "Le Goff-Ménard" → "legoffmenard"."""
    return "".join(_WORD.findall(plain(text)))


_SHORT = (
    ("etablissement d hebergement pour personnes agees dependantes", "ehpad"),
    ("etablissement hebergement personnes agees dependantes", "ehpad"),
    ("etab heberg pers agees depend", "ehpad"),
    ("service de soins infirmiers a domicile", "ssiad"),
    ("service soins infirmiers a domicile", "ssiad"),
    ("institut medico educatif", "ime"),
    ("institut medico pedagogique", "imp"),
    ("centre hospitalier universitaire", "chu"),
    ("centre hospitalier regional", "chr"),
    ("centre hospitalier intercommunal", "chi"),
    ("centre hospitalier", "ch"),
    ("groupe hospitalier", "gh"),
    ("maison de sante pluriprofessionnelle", "msp"),
    ("maison de sante", "msp"),
    ("centre medico psychologique", "cmp"),
    ("centre medico psycho pedagogique", "cmpp"),
    ("centre d action medico sociale precoce", "camsp"),
    ("foyer d accueil medicalise", "fam"),
    ("maison d accueil specialisee", "mas"),
    ("hospitalisation a domicile", "had"),
    ("maison departementale des personnes handicapees", "mdph"),
    ("selarl", ""), ("selas", ""), ("sarl", ""), ("scm", ""), ("sas", ""), ("scp", ""), ("eurl", ""),
)  # fmt: skip
"""Long forms of the directory and the short forms of domain names; company forms say nothing."""
_EMPTY = frozenset(
    "de du des la le les l d et a au aux en sur sous pour association asso fondation residence site".split()
)


_SORTS = frozenset(
    "ehpad ssiad ime imp chu chr chi ch gh msp ms cmp cmpp camsp fam mas had mdph clinique hopital polyclinique foyer cabinet"
    " laboratoire pharmacie centre maison groupe".split()
)


def title(text: str) -> tuple[str, ...]:
    """The telling words of a structure's name: "EHPAD Résidence Les Tilleuls" → ("ehpad", "tilleuls")."""
    return tuple(w for w in _shortened(text) if w not in _EMPTY)


def house_keys(structure: str, sign: str, town: str) -> set[str]:
    """The single words as which a mail domain may write a structure: with and without its little words, its town, its sort.

    "EHPAD Les Tilleuls" at Nantes → ehpadtilleuls, ehpadlestilleuls, lestilleuls, ehpadtilleulsnantes …
    """
    keys: set[str] = set()
    for name in (structure, sign):
        spoken, telling = list(_shortened(name)), list(title(name))
        ways = [spoken, telling]
        ways += [[*way, letters(town)] for way in (spoken, telling) if town]
        ways += [way[1:] for way in (spoken, telling) if len(way) > 1 and way[0] in _SORTS]
        keys.update("".join(way) for way in ways)
    return {key for key in keys if len(key) > 5}


_LONG = re.compile(r"\b(?:" + "|".join(long for long, _ in _SHORT) + r")\b")
_SHORT_OF = dict(_SHORT)


@lru_cache(maxsize=4096)
def _shortened(text: str) -> tuple[str, ...]:
    return tuple(_LONG.sub(lambda found: _SHORT_OF[found[0]], " ".join(words(text))).split())
