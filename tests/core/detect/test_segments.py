"""Who wrote which stretch of a mail body."""

from __future__ import annotations

import pytest

from mss_guard.core.detect.segments import split
from mss_guard.core.normalise import fold

OWN = "Merci, c'est noté.\n\n"

STYLES = {
    "gmail": ("quoted", "Le mar. 4 mars 2025 à 09:12, Jean Petit <jean@ville.fr> a écrit :\n\n> AUTRE texte\n"),
    "gmail-wrapped": ("quoted", "Le mar. 4 mars 2025 à 09:12, Jean Petit\n<jean@ville.fr> a écrit :\n> AUTRE texte\n"),
    "gmail-html": ("quoted", "Le mar. 4 mars 2025 à 09:12, Jean Petit <jean@ville.fr> a écrit :\nAUTRE texte\n"),
    "gmail-en": ("quoted", "On Tue, Mar 4, 2025 at 9:12 AM Jean Petit <jean@ville.fr> wrote:\n> AUTRE texte\n"),
    "thunderbird": ("quoted", "Le 04/03/2025 à 09:12, jean@ville.fr a écrit :\n> AUTRE texte\n"),
    "ios": (
        "quoted",
        "Envoyé de mon iPhone\n\n> Le 4 mars 2025 à 09:12, Jean <jean@ville.fr> a écrit :\n> \n> AUTRE texte\n",
    ),
    "outlook-old": (
        "quoted",
        (
            "-----Message d'origine-----\nDe : Jean Petit [mailto:jean@ville.fr]\nEnvoyé : mardi 4 mars 2025 09:12\n"
            "À : Accueil\nObjet : Bilan\n\nAUTRE texte\n"
        ),
    ),
    "outlook": (
        "quoted",
        (
            "________________________________\nDe : Jean Petit <jean@ville.fr>\nEnvoyé : mardi 4 mars 2025 09:12\nÀ : Accueil\n"
            "Cc : Paul\nObjet : Bilan\n\nAUTRE texte\n"
        ),
    ),
    "outlook-en": (
        "quoted",
        "From: Jean Petit <jean@ville.fr>\nSent: Tuesday, March 4, 2025 9:12 AM\nTo: Desk\nSubject: Report\n\nAUTRE texte\n",
    ),
    "zimbra": (
        "quoted",
        (
            '----- Mail original -----\nDe: "Jean Petit" <jean@ville.fr>\nÀ: "Accueil" <a@b.fr>\nEnvoyé: Mardi 4 Mars 2025 09:12:00\n'
            "Objet: Bilan\n\nAUTRE texte\n"
        ),
    ),
    "forward-gmail": (
        "forwarded",
        "---------- Forwarded message ---------\nDe : Jean Petit <jean@ville.fr>\nDate: mar. 4 mars 2025\nSubject: Bilan\nTo: x\n\nAUTRE texte\n",
    ),
    "forward-thunderbird": (
        "forwarded",
        "-------- Message transféré --------\nSujet : Bilan\nDate : 4 mars\nDe : jean@ville.fr\nPour : x\n\nAUTRE texte\n",
    ),
    "forward-apple": (
        "forwarded",
        "Début du message transféré :\n\nDe: Jean <jean@ville.fr>\nObjet: Bilan\n\nAUTRE texte\n",
    ),
}


@pytest.mark.parametrize("style", STYLES)
def test_each_style_of_quotation_is_known(style: str) -> None:
    """What others wrote is told from what the sender wrote above it, French and English clients alike."""
    kind, block = STYLES[style]
    folded = fold(OWN + block)
    segments = split(folded, "re: bilan")
    assert segments.at(0).kind == "own"
    assert segments.at(folded.cased.index("AUTRE")).kind == kind


@pytest.mark.parametrize("style", [s for s, (kind, _) in STYLES.items() if kind == "quoted"])
def test_the_quoted_author_is_read(style: str) -> None:
    """The address in the attribution tells whose words come back."""
    folded = fold(OWN + STYLES[style][1])
    assert split(folded, "re: bilan").at(folded.cased.index("AUTRE")).author == "jean@ville.fr"


def test_what_is_written_under_a_quotation_is_own() -> None:
    """An answer below "> " lines belongs to the sender."""
    folded = fold("Le 4 mars 2025, jean@ville.fr a écrit :\n> une question\n\nMA réponse\n> la suite\nMA fin")
    kinds = [
        split(folded).at(i).kind for i in (folded.lower.index(x) for x in ("question", "ma rep", "suite", "ma fin"))
    ]
    assert kinds == ["quoted", "own", "quoted", "own"]


def test_a_header_block_without_an_answer_is_own() -> None:
    """Unsure is own: a pasted header block proves no reply; under "TR:" it is a forward."""
    folded = fold(STYLES["outlook"][1])
    position = folded.cased.index("AUTRE")
    assert split(folded, "bilan").at(position).kind == "own"
    assert split(folded, "tr: bilan").at(position).kind == "forwarded"


@pytest.mark.parametrize("line", ["Le docteur a écrit : repos.", "De : Nantes\nA : Rennes", "De l'eau", "Objet : rien"])
def test_ordinary_lines_are_own(line: str) -> None:
    """Words that only look like an attribution change nothing."""
    assert split(fold(line)).at(len(line) - 1).kind == "own"


SIGNED = "Bonjour,\nMme Durand est sortie.\n\nCordialement,\n\nPaul MARTIN\nMédecin coordonnateur - EHPAD Les Tilleuls\n01 02 03 04 05\n"


def test_a_signature_is_set_apart() -> None:
    """The lines under a closing formula, or under "-- ", are nobody's news."""
    for text in (SIGNED, SIGNED.replace("Cordialement,", "-- ")):
        folded = fold(text)
        assert split(folded).at(folded.lower.index("durand")).kind == "own"
        assert split(folded).at(folded.lower.index("medecin coord")).kind == "signature"


@pytest.mark.parametrize("added", ["PS : NOUVELLE chute cette nuit", "Mme Durand a fait une NOUVELLE chute cette nuit"])
def test_news_under_a_signature_are_own(added: str) -> None:
    """A postscript or a sentence ends the signature, so that a closing formula hides nothing."""
    folded = fold(SIGNED + added)
    assert split(folded).at(folded.cased.index("NOUVELLE")).kind == "own"


def test_a_disclaimer_is_set_apart() -> None:
    """The legal footer of a mail system is not the sender's text."""
    folded = fold(
        "Voici le point.\n\nCe message et ses pièces jointes sont confidentiels et destinés à la personne visée.\n\nSuite"
    )
    segments = split(folded)
    kinds = [segments.at(folded.lower.index(x)).kind for x in ("point", "confidentiels", "suite")]
    assert kinds == ["own", "signature", "own"]


@pytest.mark.parametrize(
    "piece", ["\n> ", "\nde : x\na : b\n", "\nle 1 ", "\ncordialement\n", "\n-- \n", "> le 1 a ecrit :\n"]
)
def test_hostile_bodies_stay_linear(piece: str) -> None:
    """Half a megabyte of markers ends; a quadratic splitter would outlast the time limit."""
    folded = fold(piece * (500_000 // len(piece)))
    split(folded)


@pytest.mark.parametrize(
    "told",
    [
        "Le 3 mars Mme DURAND a chuté, hématome du front, TA 16/9. Le médecin a écrit : repos strict.",
        "Le 3 mars Mme DURAND a chuté, hématome du front.\nLe médecin a écrit :\nrepos strict",
        "Le 3 mars à 10:30, Mme DURAND a chuté, hématome, le docteur Petit a écrit :\nrepos strict",
        "Le 12/03 à 9h10 DURAND vomit encore, appel au 15, le régulateur qui a rappelé a écrit :\nrepos strict",
    ],
)
def test_a_sentence_that_ends_like_an_attribution_hides_nothing(told: str) -> None:
    """What is told before "a écrit :" counts, whoever wrote it: only a date, a time and a name are set apart."""
    folded = fold(told)
    assert split(folded, "re: bilan").at(folded.cased.index("DURAND")).kind != "signature"


FOOT = "Résidence du Parc\nEHPAD habilité à l'aide sociale - Unité protégée Alzheimer - PASA\n3 allée des Tilleuls - Tél. 02 00 00 10 10\n"


@pytest.mark.parametrize("gap", ["\n\n", "\n"])
@pytest.mark.parametrize("after", ["", "Pensez à l'environnement avant d'imprimer\n", "\n> Bonjour,\n> merci\n"])
def test_the_foot_of_a_house_is_a_signature_without_a_closing_formula(gap: str, after: str) -> None:
    """What a house calls itself under the last words is nobody's illness, in plain text and in HTML."""
    text = f"Madame, le contrat est joint.{gap}{FOOT}{after}"
    segments = split(fold(text))
    assert segments.at(3).kind == "own"
    assert segments.at(text.index("Alzheimer")).kind == "signature"


@pytest.mark.parametrize(
    "told",
    [
        FOOT + "\nMme Durand a chuté.\n",
        "Bonjour,\n\nUnité Alzheimer\nMme D. agitée cette nuit\n",
        "Bonjour,\n\nService de gériatrie\nPansement au talon, TA 18/9\n",
        FOOT,
    ],
)
def test_a_heading_over_news_is_no_foot(told: str) -> None:
    """A unit's name over what happened there, or at the top, hides nothing."""
    segments = split(fold(told))
    assert {segments.at(i).kind for i in range(len(told))} == {"own"}
