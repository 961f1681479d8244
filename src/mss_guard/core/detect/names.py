"""Detectors of names: whom a text names, and who in it is only at work.

A name in a salutation, with a profession beside it, or behind "Dr" is somebody at work: no person concerned. The value
of a find makes hits distinct: the same person named twice counts once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import compress, count, islice

from mss_guard.core.detect.working import PROFESSION_AFTER, PROFESSION_WORDS, at_work, tidy
from mss_guard.core.normalise import Folded
from mss_guard.core.rules.patterns import Pattern, Span

Found = tuple[int, int, str]
MOST = 500

_STOP = frozenset(
    re.findall(
        r"[^ ]+",
        "la le les l un une des de du d et ou est a au aux en sur pour par avec dans qui que se sa son ses ce "
        "cet cette votre notre vos nos leur leurs je vous nous il elle ils elles on ne pas merci bonjour "
        "bonsoir cordialement tous toutes tout toute monsieur madame mademoiselle messieurs mesdames mme mlle "
        "mr docteur dr pr maitre ci suite afin mais si puis sera ete etait sont ont avez avons serait cher "
        "chere chers cheres veuillez bien etc",
    )
)
_CIVILITY = rb"(?i:mme|mlle|melle|madame|mademoiselle|monsieur|mr|messrs|mrs|miss)\.?|M\."
HASTY = Pattern(rb"(?:^|[^0-9a-zA-Z' ] ?|[a-z,] )(M|m\.?) ([a-z]{3,}|[A-Z][a-z]+|[A-Z]{3,})\b", captures=True)
"""Such as "m coste" or "M COSTE": a civility without its dot, as thumbs write it."""
_NAME = rb"[A-Za-z][a-z]*(?:['-]?[A-Za-z][a-z]*)*"
_PARTICLE = rb"(?:(?i:de la|de|du|d'|le|la|el|ben|van|von) ?)?"


@dataclass(frozen=True, slots=True)
class Words:
    """The word lists that detectors use: folded first names."""

    first_names: frozenset[str]
    encoded: frozenset[bytes] = field(init=False, repr=False)
    """The same, as `Folded.words` has them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "encoded", frozenset(name.encode("latin-1", "replace") for name in self.first_names))


CIVIL = Pattern(
    rb"\b(?:"
    + _CIVILITY
    + rb")\s{1,3}(?:(?:et|ou|&)\s(?:"
    + _CIVILITY
    + rb")\s{1,3})?("
    + _PARTICLE
    + _NAME
    + rb"(?:\s"
    + _NAME
    + rb"){0,2})",
    captures=True,
)


def _name_span(folded: Folded, span: Span) -> tuple[int, str] | None:
    """The part of a captured run of words that is a name: its end and its folded value."""
    start, end = span
    kept: list[str] = []
    reached = start
    for i, match in enumerate(re.finditer(r"[A-Za-z][A-Za-z'-]*", folded.cased[start:end])):
        word = match.group()
        lower = word.lower()
        particle = lower.rstrip("'") in ("de", "d", "du", "la", "le", "el", "ben", "van", "von")
        if particle and not kept and i < 2:
            continue
        if lower in _STOP or lower in PROFESSION_WORDS or (i and word.islower()) or (len(word) < 2 and not kept):
            break
        kept.append(lower)
        reached = start + match.end()
    return (reached, " ".join(kept)) if kept and len(kept[0]) > 1 else None


def _civil_names(folded: Folded) -> tuple[tuple[int, int, str], ...]:
    """Start, end and value of each name behind a civility; several detectors ask."""
    return folded.once("civil names", lambda: tuple(_behind_civilities(folded)))


def _behind_civilities(folded: Folded) -> Iterator[tuple[int, int, str]]:
    for whole, name in CIVIL.groups(folded.cased_bytes, MOST):
        if (found := _name_span(folded, name)) is not None:
            yield whole[0], found[0], found[1]
    for _, civil, name in HASTY.groups(folded.cased_bytes, MOST):
        value = folded.lower[slice(*name)]
        if value not in _STOP and value not in PROFESSION_WORDS:
            yield civil[0], name[1], value


def civility_name(folded: Folded, words: Words) -> Iterator[Found]:
    """Such as "Mme Durand": not in a salutation, not beside a profession."""
    for start, end, value in _civil_names(folded):
        if not at_work(folded, start, end):
            yield start, end, value.split(" ")[-1]


_ABOUT = Pattern(
    rb"(?i)\b(?:chez|pour|concernant|concerne|au sujet de|a propos de|objet ?:|suivi de|etat de(?: sante de)?"
    rb"|dossier(?: de)?|situation de|accompagnement de|visite (?:de|chez)|soins (?:de|chez|a)|famille de|admission de"
    rb"|sortie de|retour de|bilan(?: [a-z]+)? de|chute de|traitement de|ordonnance de|resultats de|crises? de|videos? de"
    rb"|photos? de|prise en charge de|(?:mdph|geva(?:-?sco)?|ppa|irm|scanner|radio|toilette|pansement|dossier [a-z]+) de"
    rb"|(?:mere|pere|maman|papa|parents|soeur|frere|fille|fils|mari|femme|epouse|tutrice|tuteur) de"
    rb"|notre (?:residente?|patiente?)|la residente|le resident|la patiente|le patient|l'usager)\s?$"
)


def about_name(folded: Folded, words: Words) -> Iterator[Found]:
    """Such as "Chez Mme Durand", "concernant Enzo", "le petit Jules": a person somebody writes about."""
    for start, end, value in _civil_names(folded):
        before = folded.cased_bytes[max(0, start - 30) : start]
        if _ABOUT.found(before) and not PROFESSION_AFTER.begins(folded.lower_bytes[end : end + 60]):
            yield start, end, value.split(" ")[-1]
    for start, end, surname in _first_names(folded, words):
        before = folded.cased_bytes[max(0, start - 30) : start]
        if _ABOUT.found(before):
            yield start, end + surname, tidy(folded.lower[start : end + surname]).split(" ")[-1]
    for _, (start, end) in _CHILD.groups(folded.cased_bytes, MOST):
        if is_first_name(folded.lower[start:end], words):
            yield start, end, folded.lower[start:end]


CAPITAL = Pattern(
    rb"\b[A-Z][a-z]+(?:-[A-Z][a-z]+)?\s(?:(?i:de|du|d'|le|la|el|ben)\s?)?[A-Z]{2,}(?:['-][A-Z]+)*(?:\s[A-Z]{2,})?\b"
    rb"|\b[A-Z]{2,}(?:['-][A-Z]+)*\s[A-Z][a-z]+(?:-[A-Z][a-z]+)?\b"
)


def capital_name(folded: Folded, words: Words) -> Iterator[Found]:
    """Such as "Jeanne DURAND" or "DURAND Jeanne": a known first name beside a name in capitals."""
    for start, end in CAPITAL.spans(folded.cased_bytes, MOST):
        tokens = folded.cased[start:end].split()
        first = [t for t in tokens if not t.isupper() and is_first_name(t, words)]
        if first and not at_work(folded, start, end):
            yield start, end, tidy(folded.lower[start:end])


def is_first_name(word: str, words: Words) -> bool:
    lower = word.lower()
    return lower in words.first_names or lower.split("-")[0] in words.first_names


_CAPITALISED = re.compile(r"\b[A-Z][a-z]{2,}(?:-[A-Z][a-z]+)?\b", re.ASCII)
_JOINED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_CHILD = Pattern(
    rb"(?i)\b(?:(?:le |la |du |au )?(?:petite?|jeune)|l'enfant|l'eleve|mon fils|ma fille|son fils|sa fille|notre fils"
    rb"|notre fille|votre fils|votre fille|mon frere|ma soeur|mon mari|ma femme|ma mere|mon pere|prenomm?ee?)"
    rb"\s{1,2}([A-Za-z][a-z]{2,}(?:-[a-z]+)?)\b",
    captures=True,
)
_NOT_A_PERSON = re.compile(
    r"\b(?:rue|avenue|av|bd|boulevard|place|allee|quai|impasse|cours|chemin|route|saint|sainte|st|ste|ecole|college|lycee"
    r"|clinique|hopital|residence|institut|centre|fondation|association|ville|batiment|salle|espace|villa|fete de la|la"
    r"|les|des|une?|par|cordialement|dr|docteur|pr|me|maitre|avec|cabinet|maison)[ -]{1,2}$"
)


def first_name(folded: Folded, words: Words) -> Iterator[Found]:
    """A first name alone, capitalised inside a sentence."""
    for start, end, surname in _first_names(folded, words):
        if not surname:
            yield start, end, folded.lower[start:end]


def full_name(folded: Folded, words: Words) -> Iterator[Found]:
    """Such as "Jeanne Durand": a known first name with a surname in ordinary letters, no civility before it."""
    for start, end, surname in _first_names(folded, words):
        if surname and not _CIVIL_BEFORE.search(folded.lower[max(0, start - 14) : start]):
            yield start, end + surname, tidy(folded.lower[start : end + surname])


def subject_name(folded: Folded, words: Words) -> Iterator[Found]:
    """A subject that is little more than whom it is about: "Zoé", "Suivi Mme Roux", "K. O., né en 87", "ch 8", "mon mari"."""
    if len(folded) > _SHORT:
        return
    found = _ALONE.match(folded.cased)
    if found is not None:
        yield found.start(1), found.end(1), tidy(found.group(1).lower())
        return
    said = [(m.start(), m.end()) for m in _SUBJECT_WORD.finditer(folded.cased) if m.group().lower() not in _REPLYING]
    if len(said) > _FEW_WORDS:
        return
    civil = [(start, end, value.split(" ")[-1]) for start, end, value in _civil_names(folded)]
    if civil:
        yield from civil
        return
    for start, end in said if len(said) <= _FEWER_WORDS else ():
        if folded.cased[start].isupper() and is_first_name(folded.cased[start:end], words):
            yield start, end, folded.lower[start:end]


_SHORT, _FEW_WORDS, _FEWER_WORDS = 80, 5, 3
_SUBJECT_WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")
_REPLYING = frozenset({"re", "tr", "fw", "fwd", "rep"})
_ALONE = re.compile(
    r"(?:(?:Re|RE|TR|Tr|Fwd?|FWD?) ?: ?)*(?:(?i:suivi|pour|point|nouvelles|concerne|concernant|situation|au sujet) ?(?i:de|d'|du)? ?:? ?)?"
    r"([A-Z]\. ?[A-Z]\.?(?=[ ,:;(-]|$)|(?i:(?:ch(?:b|bre|ambre)?|box|lit|appt?|studio)\.? ?(?:n. ?)?[0-9]{1,4}[a-z]?\b(?=(?: [^ ]+){0,4}$)"
    r"|(?:la|le) [0-9]{1,3}$|(?:ma|mon|sa|son|votre|notre|ton|ta|leur) (?:mere|pere|mari|femme|fils|fille|maman|papa|frere|soeur|conjointe?"
    r"|epouse|epoux|bebe|grand-mere|grand-pere|mamie|papi|tante|oncle|voisine?|compagne|compagnon|petite?[ -](?:fille|fils)|belle-mere"
    r"|beau-pere)(?=(?: [^ ]+){0,2}$)|(?:papa|maman|mamie|mamy|papi|papy)(?=(?: [^ ]+){0,2}$)"
    r"|(?:la|le|notre|votre|cette|ce|l') ?(?:patiente?|residente?|dame|monsieur|petite?|jeune|enfant|usagere?|bebe)(?=(?: [^ ]+){0,4}$)))"
)
_CIVIL_BEFORE = re.compile(r"(?:mme|mlle|melle|madame|mademoiselle|monsieur|mr?)\.? ?$")
_SURNAME = re.compile(r"(?:\s(?:(?:de la|de|du|le|la|el|ben) |d')?[A-Z][A-Za-z'-]+){1,2}")


def _known(folded: Folded, words: Words) -> list[int]:
    """Which words of the text are first names."""
    if words.encoded.isdisjoint(folded.distinct):
        return []
    return list(compress(count(), map(words.encoded.__contains__, folded.words)))


def _first_names(folded: Folded, words: Words) -> tuple[tuple[int, int, int], ...]:
    """Start and end of each known first name in a sentence, and how long the surname after it is; several detectors
    ask.
    """
    return folded.once(("first names", words), lambda: tuple(_in_sentences(folded, words)))


def _in_sentences(folded: Folded, words: Words) -> Iterator[tuple[int, int, int]]:
    for start, end in islice(_capitalised(folded, words, _known(folded, words)), MOST):
        if _in_sentence(folded, start, end):
            surname = _SURNAME.match(folded.cased[end : end + 60]) if folded.cased[end - 1].islower() else None
            yield start, end, surname.end() if surname else 0


def _capitalised(folded: Folded, words: Words, known: Iterable[int]) -> Iterator[Span]:
    """The capitalised first names among the `known` words: what stands joined to one is looked at with it, once.

    In a line that has no capitals, or nothing else, capitals say nothing and are not asked for.
    """
    text, ends = folded.cased, folded.ends
    reached = 0
    for at in known:
        end = ends[at] + at
        start = end - len(folded.words[at])
        if start < reached:
            continue
        if not text[start].isupper() or text[start + 1 : start + 2].isupper():
            if folded.words[at] not in _ALSO_NOUNS and _of_one_case(text, start):
                reached = end
                yield start, end
            continue
        while start > reached and text[start - 1] in _JOINED:
            start -= 1
        while end < len(text) and text[end] in _JOINED:
            end += 1
        reached = end
        yield from (m.span() for m in _CAPITALISED.finditer(text, start, end) if is_first_name(m.group(), words))


def _of_one_case(text: str, position: int) -> bool:
    line = text[text.rfind("\n", 0, position) + 1 : (text.find("\n", position) + 1 or len(text) + 1) - 1]
    return len(line) > _SOME_WORDS and (line.islower() or line.isupper())


_ALSO_NOUNS = frozenset(
    b"alba aurore barbe capucine charlotte claire constance garance gloria jade luna marguerite marjolaine max octave placide"
    b" prune roman sam violette".split()
)
"""First names that are words of every day too: without their capital nobody is meant ("gants, charlotte, masque")."""
_SOME_WORDS = 15  # characters of a line from which its lack of capitals says something


def _in_sentence(folded: Folded, start: int, end: int) -> bool:
    before = folded.lower[max(0, start - 30) : start]
    after = folded.cased[end : end + 3]
    starts_line = not before.strip(" >") or before.rstrip(" >").endswith("\n")
    if starts_line and re.match(r"\s?(?:,|!|\n|$)", after):
        return False  # a salutation or a signed line
    surname = _SURNAME.match(folded.cased[end : end + 60])
    whole = end + surname.end() if surname else end
    return not (_NOT_A_PERSON.search(before) or at_work(folded, start, whole))


INITIALS = Pattern(
    rb"\b(?:(?i:mme|mlle|melle|madame|mademoiselle|monsieur|mr|m\.?|residente?|patiente?|usagere?|l'enfant|jeune|petite?"
    rb"|l'eleve|situation d[e']|concernant))\s{1,2}"
    rb"[A-Z](?:\.|\b)(?:\s?-?[A-Z]\.)?[ ,(]{0,3}"
    rb"(?:(?i:ch(?:b|bre|ambre)?|app(?:t|artement)?|lit)\.?\s?(?:n\xb0\s?)?[0-9]{1,4})?"
    rb"|\b(?i:residente?|patiente?|mme|mr?|dame|monsieur|madame)\.?[ ,(]{1,3}(?i:de la |du |au |en )?"
    rb"(?i:ch(?:b|bre|ambre)?|lit|studio|app(?:t|artement)?)\.?\s?(?:n\xb0\s?)?[0-9]{1,4}\b"
    rb"|\b(?i:residente?|patiente?|dame|monsieur|mamie|papi|mamy|papy|celui|celle|locataire)\s(?i:de la|du|au)\s[0-9]{1,4}\b"
    rb"|\b(?i:la famille|la fratrie|les epoux) [A-Z][A-Za-z'-]{2,}\b"
    rb"|\b(?i:la) [0-9]{1,3} (?i:a|est|ne|n'|refuse|vomit|tousse|dort|crie|reste|va|mange|sature|desature)\b"
    rb"|\b(?i:le) [0-9]{1,3} (?i:ne|n'|refuse|vomit|tousse|dort|crie|mange|sature|desature)\b"
    rb"|\b[A-Z][a-z]+ [A-Z]\.(?:\s?[,(]?\s?(?i:ch(?:b|bre|ambre)?)\.?\s?[0-9]{1,4})?"
)


def initials_room(folded: Folded, words: Words) -> Iterator[Found]:
    """Such as "Mme B. (ch. 12)", "M. D.", "résidente chambre 4", "Léo D."."""
    for start, end in INITIALS.spans(folded.cased_bytes, MOST):
        text = folded.cased[start:end]
        first, _, rest = text.partition(" ")
        named = first[0].isupper() and len(rest.strip()) == 2 and rest.strip().endswith(".")
        if named and first.lower() in _CIVIL_WORDS:
            named = False
        if named and not is_first_name(first, words):
            continue
        if not at_work(folded, start, end):
            yield start, end, tidy(text.lower())


_CIVIL_WORDS = frozenset(
    re.findall(
        r"[^ ]+",
        "mme mlle melle madame mademoiselle monsieur mr m m. resident residente patient patiente usager usagere",
    )
)
