"""One letter for every way of writing that letter."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mss_guard.core.normalise import fold, fold_words


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("Hémoglobine", "hemoglobine"),
        ("he\u0301moglobine", "hemoglobine"),
        ("di\u200babè\u00adte\ufeff", "diabete"),
        ("cаnсеr", "cancer"),  # Cyrillic а, с, е
        ("αnxiοlуtique", "anxiolytique"),
        ("𝐝𝐢𝐚𝐛𝐞̀𝐭𝐞", "diabete"),
        ("ＤＩＡＢＥＴＥ", "diabete"),
        ("ﬁèvre", "fievre"),
        ("cœur, Æsculape", "coeur, aesculape"),
        ("l’état – « grave »…", 'l\'etat - " grave "...'),
        ("38°5", "38°5"),
        ("500 µg", "500 ug"),
        ("SpO₂ ② ٣", "spo2 2 3"),
        ("hospita-\nlisation", "hospitalisation"),
        ("hospita-\r\n> lisation", "hospitalisation"),
        ("Porte-\nManteau", "porte-\nmanteau"),
        ("d i a b e t e", "diabete"),
        ("d.i.a.b.è.t.e", "diabete"),
        ("a b c d", "a b c d"),
        ("SantÃ© de lâ€™Ã©lÃ¨ve", "sante de l'eleve"),
        ("Ã la carte", "a la carte"),
        ("d\x00i\x00abete", "diabete"),
        ("un\u00a0deux\u202ftrois\tquatre", "un deux trois quatre"),
        ("ligne\r\nsuivante\rencore\u2028fin", "ligne\nsuivante\nencore\nfin"),
        ("漢", "¬"),
    ],
)
def test_ways_of_writing_fold_to_one(written: str, compared: str) -> None:
    """Accents, invisible characters, homoglyphs, ligatures, line wraps, spaced letters and mojibake are undone."""
    assert fold(written).lower == compared


def test_case_is_kept_beside_the_lower_reading() -> None:
    """The cased reading differs from the lower one in nothing but case, position by position."""
    folded = fold("Mme DURAND-Lefèvre, née le 3")
    assert folded.cased == "Mme DURAND-Lefevre, nee le 3"
    assert folded.lower == folded.cased.lower()


def test_phrases_are_words_with_single_blanks() -> None:
    """A phrase of a rule is compared by its words alone."""
    assert fold_words("Compte-rendu  d’Hospitalisation") == "compte rendu d hospitalisation"


def test_a_position_leads_back_to_the_text_as_written() -> None:
    """An excerpt is cut from what the sender wrote, not from the folded text."""
    text = "Bœuf… di\u200babète d e s s e r t"
    folded = fold(text)
    start = folded.lower.index("diabete")
    assert text[folded.origin(start) : folded.origin(start + 7)] == "di\u200babète"
    start = folded.lower.index("dessert")
    assert text[folded.origin(start) : folded.origin(start + 7)] == "d e s s e r t"


@given(st.text(max_size=200) | st.text(alphabet="aé -\n>’Ã©â€™.́\u200bœdB1", max_size=60))
def test_any_text_folds_to_aligned_latin1(text: str) -> None:
    """Whatever comes in: both readings, their bytes and the offset map have one length."""
    folded = fold(text)
    assert len(folded.cased) == len(folded.lower) == len(folded.lower_bytes) == len(folded.cased_bytes)
    assert folded.lower.encode("latin-1").decode("latin-1") == folded.lower
    origins = [folded.origin(i) for i in range(len(folded) + 1)]
    assert origins == sorted(origins)
    assert all(0 <= o <= len(text) for o in origins)


@pytest.mark.parametrize("piece", ["a ", "d-\n", "Ã©", "é\u0301", "ꙮ", "> ", "1.", "’", "\u200b"])
def test_hostile_repetition_stays_linear(piece: str) -> None:
    """A hundred kilobytes of the same trap cost well under a second."""
    start = time.process_time()
    fold(piece * (100_000 // len(piece)))
    assert time.process_time() - start < 0.5


def test_a_question_about_a_text_is_answered_once() -> None:
    """Detectors that ask the same share the answer, and another text has its own."""
    asked: list[str] = []

    def answer() -> int:
        asked.append("")
        return len(asked)

    text = fold("Bonjour")
    assert [text.once("how many", answer), text.once("how many", answer), text.once("more", answer)] == [1, 1, 2]
    assert fold("Bonjour").once("how many", answer) == 3
