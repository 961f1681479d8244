"""Detectors of persons that have a number, a date, an age or a relation, and the table of all detectors.

Each takes a reading of a text and yields spans with a value. The patterns are ours, run on RE2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from mss_guard.core.detect.names import (
    CAPITAL,
    CIVIL,
    HASTY,
    INITIALS,
    MOST,
    Found,
    Words,
    about_name,
    capital_name,
    civility_name,
    first_name,
    full_name,
    initials_room,
    is_first_name,
    subject_name,
)
from mss_guard.core.detect.working import tidy
from mss_guard.core.identifiers import find_nirs
from mss_guard.core.normalise import Folded
from mss_guard.core.rules.patterns import Pattern

_MONTHS = rb"(?:janv|fevr|mars|avr|mai|juin|juil|aout|sept|oct|nov|dec)[a-z]*\.?"
_DATE = rb"[0-9]{1,2}(?:er)?[/. -](?:[0-9]{1,2}|" + _MONTHS + rb")[/. -](?:19|20)?[0-9]{2}"


# --- identifiers ------------------------------------------------------------------------------------------------------

_MANY_DIGITS = Pattern(rb"[1-478](?:[^0-9\n]{0,3}[0-9AB]){12}")


def nir(folded: Folded, words: Words) -> Iterator[Found]:
    """National numbers (INS, NIR) with a right key; `identifiers` knows their ways of writing."""
    if not _MANY_DIGITS.found(folded.cased_bytes):
        return
    for start, end in find_nirs(folded.cased):
        if _GOODS.search(folded.lower, max(0, start - 40), start):
            continue
        yield start, end, re.sub("[^0-9AB]", "", folded.cased[start:end].upper())


_GOODS = re.compile(
    r"\b(?:commande|facture|colis|suivi|reference|ref|devis|bon|livraison|avoir|contrat|client|abonnement|expedition|lot"
    r"|serie|article|ticket|iban|compte|mandat|virement|paiement|transaction)s?(?: (?:numero|de|du|est|le|la|sont|suivante?)){0,3}"
    r" ?(?:n[o\xb0]\.?)? ?[:#]? ?$"
)
"""Labels of numbers that name goods, not people."""


_IPP = Pattern(
    rb"(?i)\b(?:ipp|nip|nda|iep|n(?:[o\xb0]|um(?:ero)?)\.? ?(?:de )?(?:dossier|patient|sejour|venue|episode)"
    rb"(?: patient| medical)?|dossier(?: patient| medical)?|numero d'identification (?:permanent|patient)[a-z ]{0,12})"
    rb"\s?(?:n\xb0|numero|no)?\s?[:=#]?\s{0,3}[a-z]{0,2}[0-9][0-9 ]{4,14}[0-9]\b"
)


def ipp(folded: Folded, words: Words) -> Iterator[Found]:
    """Labelled numbers of patients and stays in a hospital system."""
    for start, end in _IPP.spans(folded.cased_bytes, MOST):
        yield start, end, re.sub("[^0-9]", "", folded.lower[start:end])


_BORN = Pattern(
    rb"(?i)\b(?:nee?\b(?:\(e\))?|n\(e\)|ddn\b|d\.d\.n\b|dn\b|date (?:de )?naiss(?:ance)?\b|naissance\b)\)?"
    rb"[^0-9a-z\n]{0,6}(?:le|the)?[^0-9a-z]{0,4}" + _DATE + rb"\b"
    rb"|\b" + _DATE + rb"\s?\((?:date de naissance|ddn|naissance|nee? le)\)"
)


def birth_date(folded: Folded, words: Words) -> Iterator[Found]:
    """Such as "Né(e) le …", "DDN …", and the date before its label."""
    for start, end in _BORN.spans(folded.cased_bytes, MOST):
        yield start, end, tidy(folded.lower[start:end])


def _wrapping(pattern: bytes) -> Pattern:
    """A pattern whose blanks may be line ends."""
    return Pattern(pattern.replace(b" ", rb"\s"))


# --- descriptions -----------------------------------------------------------------------------------------------------

_KIN = _wrapping(
    rb"\b(?:ma (?:mere|fille|femme|soeur|grand-mere|belle-mere|compagne|maman|tante|niece)"
    rb"|mon (?:pere|fils|mari|frere|grand-pere|beau-pere|compagnon|papa|oncle|neveu|epoux|bebe)|mon epouse"
    rb"|(?:sa|notre|votre|leur) (?:mere|fille|femme|soeur|grand-mere|maman|petite-fille)"
    rb"|(?:son|notre|votre|leur) (?:pere|fils|mari|frere|grand-pere|papa|epoux|petit-fils|bebe)"
    rb"|(?:la|le|l')\s?(?:fille|fils|mere|pere|mari|femme|frere|soeur|epouse|conjoint|maman|papa|grand-mere|grand-pere) de\b"
    rb"|(?:ma|mon|sa|son|notre|votre) (?:voisine?|cousine?|copine|copain|conjointe?|compagne|compagnon|epouse|ainee?|cadette?"
    rb"|grand-tante|grand-oncle|beau-fils|belle-fille|bru|gendre|colocataire|petit[- ]ami|petite[- ]amie)"
    rb"|votre (?:maman|papa|enfant|bebe|epouse|conjointe?|femme|mari|oncle|tante)"
    rb"|(?:papa|maman|mamie|mamy|papy|papi|tata|tonton) (?:a|est|ne|n'|se|s'|va|fait|dort|mange|boit|vit|refuse|tombe|perd"
    rb"|oublie|reste|prend|avait|etait|tousse|pleure|souffre|marche|sort|rentre|confond|respire|vomit|parle|demande)\b)"
)


def kinship(folded: Folded, words: Words) -> Iterator[Found]:
    """Such as "Ma mère", "son fils", "la fille de": one person, by a relation."""
    for start, end in _KIN.spans(folded.lower_bytes, MOST):
        yield start, end, tidy(folded.lower[start:end])


_ROW = Pattern(
    rb"(?m)^[^\n]{0,24}?\b[A-Z]{2,}(?:[ '-][A-Z]{2,}){0,3}[ ;,\t|]{1,3}[A-Z][A-Za-z-]+(?:[ ;,\t|]{1,3}[A-Za-z'-]+){0,2}"
    rb"[ ;,\t|]{1,3}(?:[0-3]?[0-9][/.-][01]?[0-9][/.-](?:19|20)?[0-9]{2}|(?:19|20)[0-9]{2})\b"
    rb"|(?m:^) ?[A-Z]\. ?[A-Z]\.?[ ;,\t|]{1,3}(?:19|20)[0-9]{2}\b"
    rb"|(?m:^) ?(?:M\.? |Mme |Mr )?[A-Z][A-Za-z'-]{2,}(?: [A-Z][A-Za-z'-]+)?[ ;,\t|]{1,3}"
    rb"(?:(?i:ch(?:bre|ambre)?)\.? ?[0-9]{1,3}[a-zA-Z]?\b|[0-9]{3} ?:)"
    rb"|(?m:^) ?(?i:ch(?:bre|ambre)?)\.? ?[0-9]{1,3}[a-zA-Z]? ?[:,-]"
)


def row(folded: Folded, words: Words) -> Iterator[Found]:
    """A row of a table that begins with somebody: "MAURIN ODILE 12/04/1948", "S. K. 1974", "Perret ch 101 :"."""
    for start, end in _ROW.spans(folded.cased_bytes, MOST):
        if not _NO_NAME.match(folded.lower, start):
            yield start, end, tidy(folded.lower[start:end])
    if not words.encoded.isdisjoint(folded.distinct):
        cells = [
            span
            for _, span in _NAME_CELL.groups(folded.cased_bytes, MOST)
            if is_first_name(folded.cased[slice(*span)], words)
        ]
        yield from ((a, b, folded.lower[a:b]) for a, b in (cells if len(cells) > 1 else ()))


_NAME_CELL = Pattern(
    rb"(?m)^[ >*|-]*([A-Z][a-z]+(?:-[A-Z][a-z]+)?)(?: [A-Z]\.?)? *\n[ >*|-]*[a-z0-9][a-z0-9',.]* [a-z0-9',.\"]+ [^\n]+$",
    captures=True,
)
"""A line that is a first name over a line that tells something: two of them are a table of persons, in HTML above all."""


_NO_NAME = re.compile(
    r" ?(?:salle|lot|article|poste|page|niveau|etage|chambre|batiment|bat|ligne|groupe|equipe|semaine|jour|total|point|phase"
    r"|etape|annexe|question|exercice|module|chapitre|partie|table|tableau|figure|version|porte|bureau|box|lit|secteur"
    r"|janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre|lundi|mardi|mercredi|jeudi"
    r"|vendredi|samedi|dimanche|le|la|les|de|du|des|en|au|a|depuis|tel|tour|zone|unite|prix|quantite|reference|ref|code"
    r"|cp|bp|rue|avenue|place|paris|lyon|nantes|loi|decret|arrete|objet|date|heure|delai|budget|compte|facture|devis)\b"
)


_PERSON = (
    rb"patiente?|pat|pt|pte|homme|femme|enfant|garcon|garconnet|fillette|fille|residente?|usagere?|dame|monsieur|madame"
    rb"|adolescente?|nourrisson|bebe|nouveau-ne|personne|jeune|ado|mme|eleve|beneficiaire|sujet"
)
_AGE = _wrapping(
    rb"\b(?:" + _PERSON + rb")(?: [a-z'-]{2,20}){0,2}[ ,(]{1,3}(?:agee?s?(?:\(e\))? )?(?:de )?"
    rb"[0-9]{1,3} ?(?:ans|a|mois|jours|semaines)\b"
    rb"|\b(?:agee?(?:\(e\))?) (?:seulement )?de [0-9]{1,3} ?(?:ans|mois)\b"
    rb"|(?:^|[ \n(])[fh] ?,? ?[0-9]{2} ?a(?:ns)?\b"
)
_NAME_AGE = _wrapping(rb"\b[A-Z][A-Za-z'-]+(?: [A-Z][A-Za-z'.-]*)?[ ,(]{1,3}[0-9]{1,3} ?(?:ans|mois)\b")
_YEARS = _wrapping(rb"[0-9] ?(?:ans|mois)\b")
_OLDER = re.compile(r"\s?(?:et plus|et moins|ou plus|minimum|d'experience|d'anciennete|de garantie|a [0-9])")


def age_person(folded: Folded, words: Words) -> Iterator[Found]:
    """Such as "Patient de 82 ans", "Léo, 9 ans", "pat 78a": one person with an age, not a range of ages."""
    for start, end in _AGE.spans(folded.lower_bytes, MOST):
        if not _is_range(folded, start, end):
            yield start, end, tidy(folded.lower[start:end])
    for start, end in _NAME_AGE.spans(folded.cased_bytes, MOST) if _YEARS.found(folded.lower_bytes) else ():
        name = re.match(r"[A-Za-z'-]+", folded.cased[start:end])
        known = name is not None and (is_first_name(name.group(), words) or name.group().isupper())
        if known and not _is_range(folded, start, end):
            yield start, end, tidy(folded.lower[start:end])


def _is_range(folded: Folded, start: int, end: int) -> bool:
    text = folded.lower[start:end]
    if re.search(r"partir|moins de|plus de|entre|jusqu| a [0-9]", text):
        return True
    if text.endswith("a") and _A_DATE.search(text + folded.lower[end : end + 4]):
        return True
    return bool(_OLDER.match(folded.lower[end : end + 20]))


_A_DATE = re.compile(
    r"\b(?:le|du|au|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) [0-9]{1,2} a|[0-9]h? ?a [0-9]"
)
"""Such as "Mme Roux le 12 à 14 h": folded, "à" is the "a" of years."""


_PATIENT = _wrapping(
    rb"\b(?:(?:le|la|ce|cette|notre|votre|mon|ma|du|au) (?:patiente?|resident|residente|jeune|beneficiaire"
    rb"|petite? [a-z]+|nourrisson|defunte?|majeur protege)"
    rb"|l'(?:usagere?|enfant|adolescente?|interesse|interessee|eleve)|cet (?:enfant|usager|eleve)"
    rb"|son enfant|notre usager)\b"
)
_GENERIC = re.compile(
    r"\s(?:doit|doivent|peut|peuvent|pourra|devra|n'est pas|a le droit|a droit|est informe|est libre|au centre|au coeur|ou son"
    r"|ou sa|ou le|ou la|et son entourage|et sa famille|et le soignant|en situation|de (?:moins|plus) de"
    r"|agee? de (?:moins|plus)|en-dessous|et (?:de )?l'a|ou (?:de )?l'a|handicapee?|a charge|mineure?|ayant|age\b|sain)\b"
)
_GENERALLY = re.compile(
    r"\b(?:chez|pour|entre|selon|si|tout|chaque|que|quand|lorsque|dont|droits? d[eu]|age d[eu]|interet d[eu]) ?$"
)
_BARE = Pattern(rb"(?m)(?:^[> *-]{0,6}|[.:;] )(?:patiente?|residente?|pat\.?|usagere?|enfant) (?:[a-z]+)")


def patient_noun(folded: Folded, words: Words) -> Iterator[Found]:
    """Such as "La patiente", "notre résident", "l'enfant", or a line that opens with "Patiente …": one person, unnamed."""
    for start, end in _PATIENT.spans(folded.lower_bytes, MOST):
        before = folded.lower[max(0, start - 16) : start]
        definite = folded.lower[start] in "cnmv"
        if not _GENERIC.match(folded.lower[end : end + 24]) and (definite or not _GENERALLY.search(before)):
            yield start, end, folded.lower[start:end].replace("'", " ").split()[-1]
    for start, end in _BARE.spans(folded.lower_bytes, MOST):
        yield start, end, folded.lower[start:end].strip(" >*-.:;\n").split()[0]


Detector = Callable[[Folded, Words], Iterator[Found]]

DETECTORS: Mapping[str, Detector] = {
    "nir": nir,
    "ipp": ipp,
    "birth-date": birth_date,
    "civility-name": civility_name,
    "capital-name": capital_name,
    "first-name": first_name,
    "full-name": full_name,
    "subject-name": subject_name,
    "initials-room": initials_room,
    "kinship": kinship,
    "row": row,
    "age-person": age_person,
    "patient-noun": patient_noun,
    "about-name": about_name,
}


@dataclass(frozen=True, slots=True)
class Anchors:
    """Where none of these stands, a detector finds nothing and need not be asked; by the reading they are for."""

    cased: tuple[Pattern, ...] = ()
    lower: tuple[Pattern, ...] = ()

    @property
    def of_cased(self) -> tuple[bytes, ...]:
        """All of them for the reading that keeps its case: one pass over it tells which detectors to ask."""
        return (*(p.source for p in self.cased), *(b"(?i:" + p.source + b")" for p in self.lower))


ANCHORS: Mapping[str, Anchors] = {
    "ipp": Anchors(cased=(_IPP,)),
    "birth-date": Anchors(cased=(_BORN,)),
    "civility-name": Anchors(cased=(CIVIL, HASTY)),
    "capital-name": Anchors(cased=(CAPITAL,)),
    "initials-room": Anchors(cased=(INITIALS,)),
    "kinship": Anchors(lower=(_KIN,)),
    "patient-noun": Anchors(lower=(_PATIENT, _BARE)),
}
"""A detector that is not here is asked for every text: "first-name" looks for its words itself. "nir", "row" and
"age-person" count what they repeat: beside the others in one automaton they multiplied the states that RE2 builds for
each new text, for which it took five times as long as for all of them apart.
"""
