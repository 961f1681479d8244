"""Detectors of persons: who is meant, and who is at work."""

from __future__ import annotations

import pytest

from mss_guard.core.detect.persons import ANCHORS, DETECTORS, Words
from mss_guard.core.normalise import fold
from mss_guard.core.rules.patterns import Pattern

WORDS = Words(frozenset({"leo", "jeanne", "enzo", "marie", "pierre", "sophie", "paul", "charlotte"}))


def values(detector: str, text: str) -> list[str]:
    return [value for _, _, value in DETECTORS[detector](fold(text), WORDS)]


MEETS = [
    ("nir", "INS 2 79 03 51 215 189 89", "279035121518989"),
    ("ipp", "IPP : 8001234567", "8001234567"),
    ("ipp", "Dossier patient n° 20254411 à reprendre", "20254411"),
    ("birth-date", "né(e) le 12/03/1940", "ne e le 12 03 1940"),
    ("birth-date", "Date de naissance : 3 mars 1941", "date de naissance 3 mars 1941"),
    ("birth-date", "12/03/1940 (date de naissance)", "12 03 1940 date de naissance"),
    ("civility-name", "La chute de Mme Durand cette nuit", "durand"),
    ("civility-name", "mme durand a chuté", "durand"),
    ("civility-name", "MME DURAND A CHUTÉ", "durand"),
    ("civility-name", "J'ai vu M. de la Tour hier", "tour"),
    ("capital-name", "Résultat pour Jeanne DURAND ce jour", "jeanne durand"),
    ("capital-name", "DURAND Jeanne, sortie", "durand jeanne"),
    ("first-name", "Hier Enzo a mordu un camarade", "enzo"),
    ("about-name", "le petit enzo a mordu", "enzo"),
    ("first-name", "Ma fille Jeanne tousse", "jeanne"),
    ("initials-room", "Mme B. (ch. 12) a refusé son repas", "mme b ch 12"),
    ("initials-room", "résidente ch. 4 : chute", "residente ch 4"),
    ("initials-room", "Bilan de Léo D. reçu", "leo d"),
    ("kinship", "Ma mère ne mange plus", "ma mere"),
    ("age-person", "Patiente de 82 ans vivant seule", "patiente de 82 ans"),
    ("age-person", "pat 78a vue ce jour", "pat 78a"),
    ("age-person", "Léo, 9 ans, crise", "leo 9 ans"),
    ("patient-noun", "La patiente dort mal", "patiente"),
    ("patient-noun", "Transmission :\nPatiente calme ce matin", "patiente"),
    ("about-name", "Je suis passée chez Mme Durand hier", "durand"),
    ("civility-name", "Stagiaire : Mme Durand, trois semaines à l'atelier", "durand"),
    ("row", "Enzo\nfièvre tombée, a gardé le riz\nPaul\nangoissé, a demandé son si besoin", "paul"),
    ("civility-name", "Passage chez M. et Mme Orsini hier", "orsini"),
    ("initials-room", "Le monsieur de la 117 a vomi", "monsieur de la 117"),
    ("initials-room", "La situation d'E. M. inquiète l'équipe, l'enfant T. aussi", "l enfant t"),
    ("kinship", "papa a fait un malaise", "papa a"),
    ("kinship", "Ma voisine ne sort plus", "ma voisine"),
    ("civility-name", "Mme Durand participe mieux aux soins", "durand"),
    ("initials-room", "la 12 a vomi", "la 12 a"),
    ("initials-room", "La famille Perrot est suivie", "la famille perrot"),
    ("subject-name", "lit 4 cette nuit", "lit 4"),
    ("subject-name", "votre père", "votre pere"),
    ("subject-name", "La dame du 3e", "la dame"),
]


@pytest.mark.parametrize(("detector", "text", "value"), MEETS)
def test_persons_are_met(detector: str, text: str, value: str) -> None:
    """Each way of naming or describing one person gives a hit with its folded value."""
    assert value in values(detector, text)


PASSES = [
    ("nir", "Commande 279035121518980 du 3 mars"),
    ("ipp", "Commande n° 4500012345"),
    ("birth-date", "La facture du 12/03/1940"),
    ("civility-name", "Bonjour Madame Durand, voici le devis"),
    ("civility-name", "Madame Durand,\nVoici le devis"),
    ("civility-name", "Mme Leroy, infirmière coordinatrice, présentera le protocole"),
    ("civility-name", "La directrice, Mme Leroy, vous attend"),
    ("civility-name", "Atelier chutes animé par Mme Leroy"),
    ("civility-name", "Mme Leroy, stagiaire infirmière, suivra la tournée"),
    ("row", "Bonjour Paul,\nvoici le planning de mai\n\nEnzo\néducateur au foyer des Lilas"),
    ("civility-name", "Mme Leroy tiendra le stand vaccination"),
    ("civility-name", "Présents : Sophie, Mme Leroy\nMme Leroy reprend le registre des stupéfiants"),
    ("first-name", "Étaient présents : Enzo, Sophie\nHier Enzo a repris le registre"),
    ("civility-name", "Madame la directrice, Monsieur le maire"),
    ("civility-name", "Madame, Monsieur, merci"),
    ("civility-name", "le Dr Durand et le professeur Petit"),
    ("capital-name", "Compte RENDU de la réunion"),
    ("capital-name", "Dr Paul MARTIN, cardiologue"),
    ("first-name", "Bonjour Sophie, voici"),
    ("first-name", "Sophie\n"),
    ("first-name", "12 rue Pierre Curie"),
    ("first-name", "la clinique Sainte Marie recrute"),
    ("initials-room", "La salle B. est libre"),
    ("kinship", "La fille du port"),
    ("age-person", "Ouvert à partir de 12 ans"),
    ("age-person", "Garantie 10 ans"),
    ("first-name", "porter des gants, une charlotte et un masque"),
    ("age-person", "Une personne de 60 ans et plus"),
    ("age-person", "Consultation de Mme Faure le 12 à 14 h"),
    ("age-person", "Mme Roux jeudi 12 à 9 h 30"),
    ("patient-noun", "Le patient doit être informé"),
    ("patient-noun", "Les patients attendent"),
    ("about-name", "Réunion chez Mme Leroy, directrice"),
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Bonjour Mme Durand,\nVoici le menu.", False),
        ("Bonjour Mme Durand", False),
        ("Bonjour, Mme Durand a chuté", True),
    ],
)
def test_a_person_greeted_is_not_the_one_spoken_of(text: str, found: bool) -> None:
    """A name behind a greeting is passed over only when the greeting ends with it."""
    assert bool(values("civility-name", text)) is found


@pytest.mark.parametrize(("detector", "text"), PASSES)
def test_others_are_passed_over(detector: str, text: str) -> None:
    """Salutations, professionals, ranges of ages, places and ordinary numbers are no person concerned."""
    assert values(detector, text) == []


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize(
    "piece", ["Mme A ", "M. Dupont 12 ans ", "Jean DURAND ", "1 ", "ne le 1/1/40 ", "Enzo ", "le petit ", "ipp 1", "A "]
)
def test_hostile_text_stays_linear(name: str, piece: str) -> None:
    """Four hundred kilobytes of bait end; a quadratic detector would run into the time limit."""
    list(DETECTORS[name](fold(piece * (400_000 // len(piece))), WORDS))


@pytest.mark.parametrize("name", ANCHORS)
def test_a_detector_finds_nothing_where_none_of_its_anchors_stands(name: str) -> None:
    """Whatever any example of this file lets it find, one of its anchors stands there: not asking it loses nothing."""
    anchors = [Pattern(source) for source in ANCHORS[name].of_cased]
    texts = [text.upper() if upper else text for _, text, *_ in (*MEETS, *PASSES) for upper in (False, True)]
    found = [text for text in texts if values(name, text)]
    assert found
    assert [text for text in found if not any(anchor.found(fold(text).cased_bytes) for anchor in anchors)] == []


def test_a_first_name_joined_to_others_is_looked_at_with_them() -> None:
    """Two joined names are one, which its first part decides; a name in a longer word is none."""
    text = "Hier Marie-Pierre est venue, Dupont-Pierre aussi, Zoe-Marie-Paul et jean_Paul non, ni Paul2 ni paul"
    assert values("first-name", text) == ["marie-pierre", "paul"]


def test_a_first_name_is_found_behind_any_number_of_capitalised_words() -> None:
    """A long report with many of them must not hide the person at its end."""
    assert values("first-name", "Le Rapport Annuel du Conseil . " * 400 + "puis Enzo a mordu") == ["enzo"]
