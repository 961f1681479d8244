"""Words and phrases in one pass over the tokens."""

from __future__ import annotations

from mss_guard.core.detect.phrases import MOST_HITS, PhraseIndex
from mss_guard.core.normalise import fold


def met(text: str, *phrases: str) -> dict[str, list[str]]:
    index = PhraseIndex(phrases)
    names = {number: key for key, number in index.numbers.items()}
    folded = fold(text)
    return {names[n]: [folded.lower[s:e] for s, e in spans] for n, spans in index.locate(folded).items()}


def test_words_meet_whole_words() -> None:
    """A word is not found inside another one."""
    assert met("Lantus, lantusine; LANTUS", "Lantus", "ant") == {"lantus": ["lantus", "lantus"]}


def test_phrases_run_over_line_ends_and_signs() -> None:
    """Blanks, dashes, apostrophes and line ends between words are one; a long gap is not."""
    text = "compte-rendu\n d’hospitalisation. compte --------- rendu d hospitalisation; une --------- chute"
    assert met(text, "Compte rendu d'hospitalisation", "une chute") == {
        "compte rendu d hospitalisation": ["compte-rendu\n d'hospitalisation"]
    }


def test_a_star_stands_for_any_ending() -> None:
    """Stems are found in words and inside phrases."""
    assert met("hospitalisée puis réhospitalisée", "hospitalis*") == {"hospitalis*": ["hospitalisee"]}
    assert met("refus des soins", "refus* de* soin*", "soin") == {"refus* de* soin*": ["refus des soins"]}


def test_phrases_share_words() -> None:
    """One word may be alone, head of a phrase and part of another."""
    assert set(met("le plan de soins", "plan", "plan de soins", "soins", "plan de")) == {
        "plan",
        "plan de soins",
        "soins",
        "plan de",
    }


def test_a_sign_is_a_phrase_too() -> None:
    """What holds no letter is found as it is."""
    assert met("total 12 € net", "€") == {"¤": ["¤"]}


def test_hits_are_bounded() -> None:
    """Hostile repetition cannot grow the work of later steps."""
    assert len(met("soin " * 5000, "soin")["soin"]) == MOST_HITS


def test_stems_are_found_in_the_order_of_the_text() -> None:
    """Different words that one stem meets are one phrase's hits; a longer stem of the same word is another's."""
    text = "opération puis opérée, puis opération"
    assert met(text, "oper*", "opera*", "ope* puis") == {
        "oper*": ["operation", "operee", "operation"],
        "opera*": ["operation", "operation"],
        "ope* puis": ["operation puis", "operee, puis"],
    }


def test_a_phrase_has_its_words_in_their_order_wherever_its_longest_word_stands() -> None:
    """At the beginning, in the middle and at the end of the phrase and of the text."""
    phrases = ["traitement en cours", "en cours de traitement", "sous traitement par", "en* traitement*"]
    text = "traitement en cours; en cours de traitement. sous traitement par\nsous traitement, en traitement"
    assert met(text, *phrases) == {
        "traitement en cours": ["traitement en cours"],
        "en cours de traitement": ["en cours de traitement"],
        "sous traitement par": ["sous traitement par"],
        "en* traitement*": ["en traitement"],
    }
