"""Threads as five clients write them: every paragraph in its place, and what a clean answer under a clinical quotation is."""

from __future__ import annotations

import pytest

from mss_guard.core import inspection
from mss_guard.core.inspection import InspectionKnowledge
from mss_guard.core.model import Level
from mss_guard.core.wire import Request
from mss_guard.edge import library
from tests.mail.threads import KINDS, Thread, threads
from tests.mail.threads.placing import Placed, placed

EVERY = tuple(threads())


@pytest.fixture(scope="module")
def knowledge() -> InspectionKnowledge:
    shipped = library.read(())
    return inspection.load(inspection.pack(shipped.rules, shipped.words))


@pytest.fixture(scope="module")
def places(knowledge: InspectionKnowledge) -> list[Placed]:
    return [one for thread in EVERY for one in placed(thread, knowledge.detector.matcher)]


def _assess(thread: Thread, knowledge: InspectionKnowledge) -> inspection.Assessment:
    return inspection.inspect(thread.raw, Request("message", "", thread.recipients), knowledge)


def test_the_set_is_what_it_says() -> None:
    """120 different threads of two to six messages, every client last in some, every kind, both languages."""
    assert len({t.raw for t in EVERY}) == 120
    assert {len(t.clients) for t in EVERY} == {2, 3, 4, 5, 6}
    assert len({t.client for t in EVERY}) == 8
    assert {t.kind for t in EVERY} == set(KINDS)
    assert {t.id[-2:] for t in EVERY} == {"fr", "en"}


def test_nearly_every_paragraph_is_in_its_place(places: list[Placed]) -> None:
    """Own, quoted and forwarded: 97 in a hundred, in the plain text and in the HTML; signatures too."""
    paragraphs = [one for one in places if one.said.place != "signature"]
    assert len(paragraphs) > 1_000
    assert not [one for one in paragraphs if "missing" in one.got]
    assert sum(one.right for one in paragraphs) >= 0.97 * len(paragraphs)
    signatures = [one for one in places if one.said.place == "signature"]
    assert sum(one.right for one in signatures) >= 0.95 * len(signatures)


def test_own_words_are_never_taken_for_anothers(places: list[Placed]) -> None:
    """The one error that would hide something: unsure is own."""
    assert not [(one.thread.id, one.part, one.said.text) for one in places if one.harmful]


def test_a_clean_answer_under_a_clinical_quotation_is_quoted_only(knowledge: InspectionKnowledge) -> None:
    """Wherever the quotation is found at all, for the one who wrote it; and for nobody else."""
    found = [t for t in EVERY if t.kind == "quote" and _assess(t, knowledge).level.rank >= Level.LIKELY.rank]
    assert len(found) >= 40
    assert sum(_assess(t, knowledge).quoted_only for t in found) >= 0.95 * len(found)
    request = Request("message", "", ("quelqu.un@ailleurs.example",))
    assert not [t.id for t in found if inspection.inspect(t.raw, request, knowledge).quoted_only]


def test_a_clinical_answer_under_a_clean_quotation_is_own(knowledge: InspectionKnowledge) -> None:
    """Never quoted-only, and told as the sender's own."""
    judged = [(t.id, _assess(t, knowledge)) for t in EVERY if t.kind in ("own", "forward")]
    assert not [name for name, assessed in judged if assessed.quoted_only]
    own = [assessed for name, assessed in judged if "-own-" in name and assessed.level.rank >= Level.LIKELY.rank]
    assert len(own) >= 20
    assert all(any(f.place == "own" for f in assessed.findings) for assessed in own)
