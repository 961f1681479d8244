"""Every corner of an office document where words can stand is read."""

from __future__ import annotations

import time

import pytest

from mss_guard.core import formats
from mss_guard.core.formats import spoken
from tests.readers.nooks import NOOKS
from tests.readers.samples import SENTINEL


@pytest.mark.parametrize("nook", NOOKS)
def test_words_in_every_corner_are_read(nook: str) -> None:
    """Each word stands by itself in the text; labels of a chart are lines."""
    formats.warm()
    content = formats.read_document(NOOKS[nook](SENTINEL))
    wanted = " ".join(SENTINEL.split())
    assert any(wanted in " ".join(text.text.split()) for text in content.texts)


def test_settings_are_no_words() -> None:
    """Fonts, styles, points of a drawing and types have blanks, too."""
    markup = (
        '<w:rFonts w:ascii="Times New Roman"/><a:latin typeface="Segoe UI Light"/><v:shape style="position: absolute"/>'
        '<style:font-face style:name="a" svg:font-family="Liberation Serif"/><w:style w:val="Heading 1"/><x points="0 0 1 2"/>'
    )
    assert spoken.attributes(markup) == []


@pytest.mark.parametrize("markup", ['a="' * 300_000, '="a b' * 300_000, "<f " * 300_000, '<f>"' * 300_000])
def test_looking_at_attributes_ends(markup: str) -> None:
    """Quotes and tags that never close cost no more than their length."""
    before = time.process_time()
    for look in (spoken.attributes, spoken.links, spoken.literals):
        look(markup)
    assert time.process_time() - before < 5
