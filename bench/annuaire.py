"""A synthetic extraction of the directory, in the published format, and recipients as staff write them.

Everything is invented: surnames are built of syllables over a short list of common ones (so that namesakes are as frequent
as in France), towns and structures likewise. Deterministic for a seed.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from zlib import crc32

HEADER = (
    "Type de BAL|Adresse BAL|Type Identifiant PP|Identifiant PP|Identification nationale PP|Type identifiant structure"
    "|Identification Structure|Service de rattachement|Civilité d'exercice|Nom d'exercice|Prénom d'exercice|Catégorie profession"
    "|Libellé de catégorie profession|Code Profession|Libellé Profession|Code savoir-faire|Libellé savoir-faire|Dématérialisation"
    "|Raison Sociale structure BAL|Enseigne commerciale structure BAL|L2COMPLEMENTLOCALISATION structure BAL"
    "|L3COMPLEMENTDISTRIBUTION structure BAL|L4NUMEROVOIE structure BAL|L4COMPLEMENTNUMEROVOIE structure BAL"
    "|NL4TYPEVOIE structure BAL|L4LIBELLEVOIE structure BAL|L5LIEUDITMENTION structure BAL|L6LIGNEACHEMINEMENT structure BAL"
    "|Code postal structure BAL|Département structure BAL|Pays structure BAL\n"
)
_COMMON = (
    "martin bernard thomas petit robert richard durand dubois moreau laurent simon michel lefebvre leroy roux david bertrand morel"
    " fournier girard bonnet dupont lambert fontaine rousseau vincent muller lefevre faure andre mercier blanc guerin boyer garnier"
    " chevalier francois legrand gauthier garcia perrin robin clement morin nicolas henry roussel mathieu gautier masson marchand duval"
    " denis dumont marie lemaire noel meyer dufour meunier brun blanchard giraud joly riviere lucas brunet gaillard barbier arnaud"
    " martinez gerard roche renard schmitt roy leroux colin vidal caron picard roger fabre aubert lemoine renaud dumas lacroix olivier"
    " philippe bourgeois pierre benoit rey leclerc payet rolland leclercq guillaume lecomte lopez jean dupuy guillot hubert berger"
    " carpentier sanchez dupuis moulin louis deschamps huet vasseur perez boucher fleury royer klein jacquet adam paris poirier marty"
).split()
_STARTS = (
    "ba be bo bra cha che cla co cre da de do du fa fe fla ga ge gra gui ha ja jo la le lo"
    " ma me mo na ni pa pe pla po qui ra re ro sa se so ta te tra va ve vi"
).split()
_ENDS = (
    "bert chard din don dier fait gnac lard let lier lin lot mont nard net"
    " nier quet rand reau riac ron sard seau tel teau thier ton tron vel vert vier zac"
).split()
_GIVEN = (
    "marie jean pierre michel andre philippe nathalie isabelle sylvie catherine francoise christine jacques bernard alain patrick"
    " nicolas christophe julien thomas sebastien celine julie aurelie emilie camille lea manon chloe lucas hugo antoine paul louis"
    " sophie anne claire helene valerie sandrine stephanie veronique brigitte laurence corinne olivier laurent eric thierry pascal"
    " frederic david stephane vincent guillaume mathieu maxime romain alexandre anthony kevin florian quentin elodie laura marine"
    " pauline mathilde lucie sarah charlotte juliette margaux clara emma ines jeanne alice louise agathe anais amandine audrey"
    " jean-pierre jean-paul marie-claude anne-sophie marie-helene jean-marc jean-luc marie-pierre pierre-yves anne-laure"
).split()
_JOBS = (("Médecin", 40), ("Infirmier", 25), ("Pharmacien", 9), ("Masseur-Kinésithérapeute", 9), ("Chirurgien-Dentiste", 7),
         ("Sage-Femme", 3), ("Orthophoniste", 3), ("Psychologue", 2), ("Pédicure-Podologue", 2))  # fmt: skip
_SORTS = ("EHPAD", "ETABLISSEMENT D'HEBERGEMENT POUR PERSONNES AGEES DEPENDANTES", "SSIAD", "IME", "CENTRE HOSPITALIER", "CLINIQUE",
          "PHARMACIE", "FAM", "MAS", "LABORATOIRE", "CENTRE DE SANTE")  # fmt: skip
_NAMES = (
    "TILLEULS PINS CHENES ROSES GLYCINES MIMOSAS BRUYERES CEDRES LILAS MARRONNIERS ACACIAS OLIVIERS HIRONDELLES"
    " COTEAUX VIGNES SOURCES FONTAINES MAGNOLIAS BOULEAUX PEUPLIERS JARDINS ALOUETTES"
).split()
_BOXES = ("secretariat", "accueil", "direction", "ide", "medecins", "cardiologie", "admissions")
_OPERATORS = (
    "medecin.mssante.fr",
    "infirmier.mssante.fr",
    "pro.mssante.fr",
    "aura.mssante.fr",
    "oc.mssante.fr",
    "apicrypt.mssante.fr",
)


def slug(text: str, join: str = "-") -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    return join.join(re.findall("[a-z0-9]+", plain))


@dataclass(frozen=True)
class Person:
    address: str
    surname: str
    given: str
    job: str
    structure: str
    town: str


@dataclass(frozen=True)
class House:
    address: str
    sort: str
    name: str
    town: str
    box: str


class World:
    """Persons and structures, drawn one by one."""

    def __init__(self, seed: int = 1) -> None:
        self.chance = random.Random(seed)
        made = {a + b for a in _STARTS for b in _ENDS} | {
            a + m + b for a in _STARTS for m in _STARTS[::3] for b in _ENDS[::3]
        }
        self.surnames = [*_COMMON, *sorted(made - set(_COMMON))]
        self.weights = list(accumulate(1 / (rank + 60) for rank in range(len(self.surnames))))
        self.towns = sorted(
            {
                f"{p}{a}{m}{b}"
                for p in ("", "Saint-", "Mont")
                for a in _STARTS
                for m in ("", *_STARTS[::6])
                for b in _ENDS[::2]
            }
        )
        self.chance.shuffle(self.towns)
        self.crowds = list(
            accumulate(1 / (rank + 20) for rank in range(len(self.towns)))
        )  # towns are of very unequal sizes
        self.seen: set[str] = set()
        self.houses: dict[str, str] = {}
        self.built: list[tuple[House, str]] = []

    def town(self) -> str:
        return self.chance.choices(self.towns, cum_weights=self.crowds)[0]

    def surname(self) -> str:
        name = self.chance.choices(self.surnames, cum_weights=self.weights)[0]
        return f"le {name}" if self.chance.random() < 0.02 else name

    def person(self) -> Person:
        c = self.chance
        given, surname, town = c.choice(_GIVEN), self.surname(), self.town().title()
        job = c.choices([j for j, _ in _JOBS], [w for _, w in _JOBS])[0]
        structure = c.choice(
            [
                f"CABINET DU DR {surname.upper()}",
                f"CENTRE HOSPITALIER DE {town.upper()}",
                f"MAISON DE SANTE DE {town.upper()}",
                "",
            ]
        )
        address = self._free(f"{slug(given)}.{slug(surname, '')}", c.choice(_OPERATORS))
        return Person(address, surname, given, job, structure, town)

    def house(self) -> House:
        c = self.chance
        if self.built and c.random() < 2 / 3:  # a structure has three boxes, more or less
            old, domain = c.choice(self.built)
            box = c.choice(_BOXES)
            return replace(old, address=self._free(box, domain), box=box)
        sort, town = c.choice(_SORTS), self.town().title()
        name = (
            town.upper()
            if sort == "CENTRE HOSPITALIER"
            else f"LES {c.choice(_NAMES)}"
            if c.random() < 0.6
            else f"RESIDENCE {self.surname().upper()}"
        )
        box = c.choice(_BOXES)
        place = slug(f"{'ehpad' if sort == _SORTS[1] else sort} {name}")
        if c.random() < 0.3 or self.houses.setdefault(place, town) != town:  # a domain has one owner
            place = slug(f"{place} {town}")
        house = House(self._free(box, f"{place}.mssante.fr"), sort, name, town, box)
        self.built.append((house, f"{place}.mssante.fr"))
        return house

    def _free(self, local_part: str, domain: str) -> str:
        number, address = 1, f"{local_part}@{domain}"
        while address in self.seen:
            number += 1
            address = f"{local_part}{number}@{domain}"
        self.seen.add(address)
        return address


def department(town: str) -> str:
    """Each town lies in one of 95 departments."""
    return f"{crc32(town.encode()) % 95 + 1:02}"


def line(who: Person | House) -> str:
    columns = [""] * 31
    if isinstance(who, Person):
        columns[0], columns[1], columns[9], columns[10], columns[14] = (
            "PER",
            who.address,
            who.surname.upper(),
            who.given.title(),
            who.job,
        )
        columns[18] = who.structure
    else:
        columns[0], columns[1], columns[7], columns[18] = "ORG", who.address, who.box.title(), f"{who.sort} {who.name}"
    columns[27], columns[28], columns[30] = (
        f"{10_000 + len(who.town) * 97} {who.town.upper()}",
        str(10_000 + len(who.town) * 97),
        "France",
    )
    return "|".join(columns) + "\n"


Houses = dict[tuple[str, str, str], frozenset[str]]


def write(path: Path, lines: int, seed: int = 1) -> tuple[list[Person], list[House], Houses]:
    """An extraction of so many lines (85 % persons); gives back some of each, to be asked for, and the boxes of each house."""
    world = World(seed)
    people: list[Person] = []
    houses: list[House] = []
    every: dict[tuple[str, str, str], set[str]] = {}
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for number in range(lines):
            who = world.person() if world.chance.random() < 0.85 else world.house()
            file.write(line(who))
            if isinstance(who, House):
                every.setdefault((who.sort, who.name, who.town), set()).add(who.address)
            if number % 601 == 0:
                (people if isinstance(who, Person) else houses).append(who)  # type: ignore[arg-type]
    return people, houses, {house: frozenset(boxes) for house, boxes in every.items()}


@dataclass(frozen=True)
class Asked:
    """A recipient as written, and the boxes that would be right."""

    style: str
    display: str
    address: str
    meant: frozenset[str]  # any box of the structure that is written to; empty: the directory does not hold it
    nearby: frozenset[str] = frozenset()


def region(town: str) -> frozenset[str]:
    """The eight departments around a town's own; around nowhere in particular for "", as for correspondents far away."""
    own = int(department(town)) if town else 40
    return frozenset(f"{(own + step - 1) % 95 + 1:02}" for step in range(-4, 4))


def asked(
    people: Sequence[Person], houses: Sequence[House], boxes: Mapping[tuple[str, str, str], frozenset[str]]
) -> Iterator[Asked]:
    """One recipient for each of them, in the styles in which staff write."""
    for number, p in enumerate(people):
        given, surname, town = p.given.title(), p.surname.title(), slug(p.town)
        g, s = slug(p.given), slug(p.surname, "")
        title = "Dr " if p.job in ("Médecin", "Chirurgien-Dentiste") else ""
        kind = p.structure.partition(" ")[0]
        place = {"CABINET": f"cabinet-{s}.fr", "CENTRE": f"ch-{town}.fr", "MAISON": f"msp-{town}.fr"}.get(
            kind, f"{town}.fr"
        )
        job = {"Infirmier": "IDEL", "Masseur-Kinésithérapeute": "kiné", "Pharmacien": "pharmacien"}.get(p.job, p.job)
        styles = (
            ("titre, nom", f"{title}{given} {surname.upper()}", f"{g[0]}{s}@{place}"),
            ("nom prénom", f"{surname.upper()} {given}", f"{g}.{s}@{place}"),
            ("sans nom affiché", "", f"{g}.{s}@{place}"),
            ("initiale et lieu", "", f"{g[0]}.{s}@{place}"),
            ("métier, messagerie grand public", f"{given} {surname} ({job})", f"{g[0]}{s}@gmail.com"),
            ("initiale collée et lieu", "", f"{g[0]}{s}@{town}.fr"),
            ("nom affiché, prénom seul à l'adresse", f"{given} {surname}", f"{g}@cabinet-{s}-{town}.fr"),
        )
        style, display, address = styles[number % len(styles)]
        yield Asked(style, display, address, frozenset({p.address}), region(p.town if number % 7 else ""))
    for number, h in enumerate(houses):
        sort = {"EHPAD": "ehpad", _SORTS[1]: "ehpad", "CENTRE HOSPITALIER": "ch"}.get(h.sort, slug(h.sort))
        name, town = slug(h.name.removeprefix("DE ")), slug(h.town)
        domain = (
            f"{sort}-{name}.fr"
            if sort == "ch"
            else (f"{sort}-{name}-{town}.fr", f"{sort}{name.replace('-', '')}-{town}.fr", f"{sort}-{name}.fr")[
                number % 3
            ]
        )
        yield Asked(
            "structure",
            "",
            f"{(h.box, 'accueil', 'contact')[number % 3]}@{domain}",
            boxes[h.sort, h.name, h.town],
            region(h.town if number % 7 else ""),
        )


def strangers(count: int, seed: int = 3) -> Iterator[Asked]:
    """Recipients whom the directory does not hold: families, suppliers, professionals without a box."""
    world, c = World(seed + 1000), random.Random(seed)
    for number in range(count):
        given, surname = c.choice(_GIVEN), world.surname()
        g, s = slug(given), slug(surname, "")
        yield (
            Asked(
                "famille",
                f"{given.title()} {surname.title()}",
                f"{g}.{s}@{c.choice(('gmail.com', 'orange.fr', 'laposte.net'))}",
                frozenset(),
                region(""),
            ),
            Asked(
                "fournisseur",
                f"{given.title()} {surname.title()}",
                f"{g[0]}.{s}@{slug(world.town())}-materiel.fr",
                frozenset(),
                region(""),
            ),
            Asked("société", "", f"contact@{s}-{slug(world.town())}.fr", frozenset(), region("")),
        )[number % 3]
