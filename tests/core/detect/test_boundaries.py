"""The lines that open what somebody else wrote, and what each is."""

from __future__ import annotations

import pytest

from mss_guard.core.detect.boundaries import FORWARD, HEADERS, REPLY, WROTE, boundaries
from mss_guard.core.normalise import fold

BLOCK = "De : Jean\nEnvoyé : mardi\nÀ : Marie\nObjet : suivi"


def met(text: str) -> list[tuple[str, str]]:
    folded = fold(text)
    return [(folded.lower[b.start : b.end], b.kind) for b in boundaries(folded.lower_bytes)]


@pytest.mark.parametrize(
    ("text", "opened", "kind"),
    [
        ("----- Message d'origine -----", "----- message d'origine -----", REPLY),
        ("> > -------- Message transféré --------", "> > -------- message transfere --------", FORWARD),
        ("Begin forwarded message:", "begin forwarded message:", FORWARD),
        ("Le 3 mars 2026 à 10:12, Jean a écrit :", "le 3 mars 2026 a 10:12, jean a ecrit :", WROTE),
        ("Le 3 mars 2026\nà 10:12, Jean Durand\n<a@b.fr> a\n> écrit :", None, WROTE),
        ("On Tue, 3 Mar 2026 Jean <a@b.fr> wrote:", "on tue, 3 mar 2026 jean <a@b.fr> wrote:", WROTE),
        ("2026-03-03 10:12 GMT+01:00 Jean <a@b.fr>:", "2026-03-03 10:12 gmt+01:00 jean <a@b.fr>:", WROTE),
        (BLOCK, None, HEADERS),
    ],
)
def test_each_style_is_known(text: str, opened: str | None, kind: str) -> None:
    """Whole, whatever stands around it; what stands on the lines before and after is none of it."""
    assert met(text) == [(opened or fold(text).lower, kind)]
    assert met(f"Bonjour,\n\n{text}\nMerci") == [(opened or fold(text).lower, kind)]


@pytest.mark.parametrize(
    "text",
    [
        "Je vois : le 3 mars il a écrit :",  # not at the beginning of a line
        "Le médecin a écrit :",  # no date
        "Le 3 mars, il a été dit ceci\n\n\n\nJean a écrit :",  # four lines
        "Le 3 mars " + "x" * 201 + " a écrit :",  # too long a line
        "Le 3 mars, Jean décrit :",
        "De : Jean\nObjet : suivi",
    ],
)
def test_others_open_nothing(text: str) -> None:
    """Sentences that only look like one."""
    assert met(text) == []


def test_a_line_that_may_open_something_hides_none_after_it() -> None:
    """A candidate that proves to be nothing is passed over by its line alone; what is taken is not looked at again."""
    text = f"Le 3 mars, rien.\nLe 4 mars, Jean a écrit :\nOn 5 March nothing\n-- Message initial --\n{BLOCK}"
    assert [kind for _, kind in met(text)] == [WROTE, REPLY, HEADERS]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece", ["le 1 ", "le 1 ecrit\n", "le 1 a ecrit\n", "de : \n", "> le 1\n", "le 1" + "x" * 150 + "\n"]
)
def test_hostile_text_stays_linear(piece: str) -> None:
    """Four hundred kilobytes of bait end."""
    boundaries(piece.encode() * (400_000 // len(piece)))
