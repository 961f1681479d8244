"""Pictures and scanned pages: which are asked of the OCR, and what its answer makes of the place."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image

from mss_guard.core import formats, mime
from mss_guard.core.formats import pictures, scans
from mss_guard.core.formats.legible import is_legible
from mss_guard.core.formats.tooling import Tool, ToolAnswer, Tools
from mss_guard.core.model import Content, State, Why
from tests.core.formats import build
from tests.core.formats.test_formats import only, text_of

formats.warm()

LETTER = "Madame Durand présente un diabète de type 2, traitement par insuline depuis janvier"
CRUMBS = "~ aa | .: ii 4 _ /\\ eel"


def saying(text: str = LETTER, why: Why | None = None, asked: list[bytes] | None = None) -> Tools:
    """An OCR that always answers this, and keeps what it was asked."""

    def answer(tool: Tool, data: bytes, /) -> ToolAnswer:
        assert tool is Tool.OCR
        if asked is not None:
            asked.append(data)
        return ToolAnswer(text, why)

    return answer


def picture(form: str, size: tuple[int, int] = (900, 1200), pages: int = 1) -> bytes:
    """Grey noise: no form makes few octets of it."""
    noise = [Image.effect_noise(size, 80).convert("L") for _ in range(pages)]
    out = io.BytesIO()
    more = {"save_all": True, "append_images": noise[1:]} if pages > 1 else {}
    noise[0].save(out, form, **more)
    return out.getvalue()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP"])
def test_every_usual_picture_is_measured_and_read(form: str):
    """Each form tells its measures, is read when OCR finds words and is no-text when it does not."""
    data = picture(form)
    assert pictures.measures(data) == (900, 1200)
    content = formats.read_document(data, "", saying())
    assert only(content) == (State.READ, None)
    assert "insuline" in text_of(content)
    assert only(formats.read_document(data, "", saying(CRUMBS))) == (State.UNREADABLE, Why.NO_TEXT)


@pytest.mark.parametrize("lossless", [True, False])
def test_a_webp_of_either_coding_is_measured(lossless: bool):
    """VP8L and VP8 keep their measures in different bits."""
    out = io.BytesIO()
    Image.new("RGB", (300, 700)).save(out, "WEBP", lossless=lossless)
    assert pictures.measures(out.getvalue()) == (300, 700)


ANSWERS: dict[str, tuple[ToolAnswer, tuple[State, Why | None]]] = {
    "late with words": (ToolAnswer(LETTER, Why.TIMEOUT), (State.UNREADABLE, Why.PARTIAL)),
    "late without": (ToolAnswer("", Why.TIMEOUT), (State.UNREADABLE, Why.NO_TEXT)),
    "damaged": (ToolAnswer("", Why.DAMAGED), (State.UNREADABLE, Why.DAMAGED)),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_a_failing_ocr_is_named(case: str):
    """A time-out never refuses by itself a photograph; damage is told."""
    answer, state = ANSWERS[case]
    assert only(formats.read_document(picture("PNG"), "", saying(answer.text, answer.why))) == state


def test_a_picture_of_too_many_pixels_is_not_asked():
    """A header that announces more than MAX_PIXELS is too-large before any work."""
    asked: list[bytes] = []
    content = formats.read_document(build.png(20_000, 20_000, 60_000), "", saying(asked=asked))
    assert (only(content), asked) == ((State.UNREADABLE, Why.TOO_LARGE), [])


def test_a_small_picture_is_asked_only_when_it_has_the_measures_of_a_page():
    """A logo costs nothing; a bare page of few octets is read, or opaque without words."""
    asked: list[bytes] = []
    assert only(formats.read_document(build.png(500, 500, 5_000), "", saying(asked=asked))) == (State.OPAQUE, None)
    assert asked == []
    page = build.png(1200, 1700, 9_000)
    assert only(formats.read_document(page, "", saying())) == (State.READ, None)
    assert only(formats.read_document(page, "", saying(CRUMBS))) == (State.OPAQUE, None)


def test_a_pasted_screenshot_is_read_and_a_shown_photograph_is_opaque():
    """What the HTML shows is asked too: words make it read, none leave it decoration."""
    head = (
        b"Content-Type: multipart/related; boundary=b\r\n\r\n"
        b'--b\r\nContent-Type: text/html\r\n\r\n<p>x<img src="cid:un@x">\r\n'
        b"--b\r\nContent-Type: image/png\r\nContent-ID: <un@x>\r\n\r\n"
    )
    raw = head + picture("PNG") + b"\r\n--b--"

    def shown(tools: Tools) -> tuple[State, Why | None]:
        place = formats.read(mime.parse(raw), tools).places[1]
        return place.state, place.why

    assert shown(saying()) == (State.READ, None)
    assert shown(saying(CRUMBS)) == (State.OPAQUE, None)


def asked_of(data: bytes) -> tuple[Content, list[bytes]]:
    asked: list[bytes] = []
    return formats.read_document(data, "", saying(asked=asked)), asked


def test_each_page_of_a_tiff_is_asked_alone():
    """Every page is sent as a file of one page, its own, up to the limit; beyond, the place is partial."""
    content, asked = asked_of(picture("TIFF", (300, 400), 3))
    assert only(content) == (State.READ, None)
    whole = [Image.open(io.BytesIO(data)) for data in asked]
    assert [page.n_frames for page in whole] == [1, 1, 1]
    assert len({page.tobytes() for page in whole}) == 3
    content, asked = asked_of(picture("TIFF", (220, 220), pictures.MAX_PAGES + 1))
    assert (only(content), len(asked)) == ((State.UNREADABLE, Why.PARTIAL), pictures.MAX_PAGES)


BROKEN: dict[str, Callable[[], bytes]] = {
    "loop": lambda: b"II*\x00\x08\x00\x00\x00" + bytes(2) + b"\x08\x00\x00\x00" + bytes(40_000),
    "no directory": lambda: b"MM\x00*\xff\xff\xff\xf0" + bytes(40_000),
    "jpeg without frame": lambda: b"\xff\xd8" + b"\xff\xe0\x00\x02" * 10_000 + b"\xff\xd9",
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_picture_is_no_text(case: str):
    """Directories in a ring, beyond the end or absent end in a state, with OCR's own answer."""
    assert only(formats.read_document(BROKEN[case](), "", saying("", Why.NO_TEXT))) == (State.UNREADABLE, Why.NO_TEXT)


def test_scanned_pages_of_a_pdf_are_drawn_and_read():
    """A page that is a picture is asked as a grey PGM at 170 dpi; a page with text is not."""
    content, asked = asked_of(build.pdf("un", "", image=True))
    assert only(content) == (State.READ, None)
    assert "insuline" in text_of(content)
    head = b"P5 1405 1989 255\n"
    assert [(page[: len(head)], len(page)) for page in asked] == [(head, len(head) + 1405 * 1989)]


def test_a_long_scan_is_partial_and_an_illegible_one_no_text():
    """Ten scanned pages are asked; the others make the document partial. Crumbs are no text."""
    content, asked = asked_of(build.pdf(*[""] * 40, image=True))
    assert (only(content), len(asked)) == ((State.UNREADABLE, Why.PARTIAL), scans.MAX_SCANNED)
    crumbs = formats.read_document(build.pdf("", image=True), "", saying(CRUMBS))
    assert only(crumbs) == (State.UNREADABLE, Why.NO_TEXT)


@pytest.mark.parametrize(
    ("text", "legible"),
    [(LETTER, True), ("", False), (CRUMBS, False), ("mnt rtl xcv bnm ptr", False), (LETTER + " .:|~" * 60, False)],
)
def test_words_are_told_from_crumbs(text: str, legible: bool):
    """Five pronounceable words that are most of the ink; a few runs of letters in a photograph are none."""
    assert is_legible(text) is legible


def test_a_large_picture_that_is_cut_is_damaged() -> None:
    """A page-like picture without its end is not passed for decoration, however few its octets."""
    whole = build.png(900, 900, 5_000)
    assert formats.read_document(whole).places[0].state is State.OPAQUE
    place = formats.read_document(whole[: len(whole) * 2 // 3]).places[0]
    assert (place.state, place.why) == (State.UNREADABLE, Why.DAMAGED)
