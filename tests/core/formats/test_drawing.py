"""Pictures are drawn before OCR: the same picture, smaller when it is large, and known to lie on its side."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw, ImageFont

from mss_guard.core.formats import drawing, turned

PAGE = (1654, 2339)


def page(size: tuple[int, int] = PAGE) -> Image.Image:
    """Lines of print, dark in the upper half only."""
    sheet = Image.new("L", size, 255)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size[0] // 50)
    words = "Madame Durand va bien, et rentre demain matin chez elle avec sa fille et un traitement léger".split()
    for line, row in enumerate(range(size[1] // 10, size[1] // 2, size[0] // 30)):
        pen.text((size[0] // 10, row), " ".join(words[line % 9 :] + words[: line % 5]), 0, font)
    return sheet


def saved(sheet: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    sheet.save(out, form, **options)
    return out.getvalue()


FILES = {
    "grey PNG": lambda sheet: saved(sheet, "PNG"),
    "black and white PNG": lambda sheet: saved(sheet.convert("1"), "PNG"),
    "PNG with a palette": lambda sheet: saved(sheet.convert("P"), "PNG"),
    "colour PNG": lambda sheet: saved(sheet.convert("RGB"), "PNG"),
    "grey JPEG": lambda sheet: saved(sheet, "JPEG"),
    "colour JPEG": lambda sheet: saved(sheet.convert("RGB"), "JPEG"),
    "CMYK JPEG": lambda sheet: saved(sheet.convert("CMYK"), "JPEG"),
    "progressive JPEG": lambda sheet: saved(sheet, "JPEG", progressive=True),
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("size", [PAGE, (2481, 3507)], ids=["200 dpi", "300 dpi"])
def test_a_drawing_shows_the_picture(kind: str, size: tuple[int, int]) -> None:
    """Same light and dark in the same places, at most ENOUGH pixels."""
    sheet = page(size)
    made = Image.open(io.BytesIO(drawing.drawn(FILES[kind](sheet), size)))
    assert made.format == "PPM"
    assert made.width * made.height <= drawing.ENOUGH * 1.01
    before, after = (list(one.resize((8, 8), Image.Resampling.BOX).tobytes()) for one in (sheet, made))
    assert max(abs(a - b) for a, b in zip(before, after, strict=True)) <= 12


@pytest.mark.parametrize(("dpi", "share"), [(150, 1.0), (200, 0.85), (300, 0.567)])
def test_a_large_sheet_keeps_its_fine_print(dpi: int, share: float) -> None:
    """An A3 page that says its resolution is drawn at that of a page, and not squeezed into the pixels of an A4."""
    size = (2339, 3307)
    for data in (saved(page(size), "PNG", dpi=(dpi, dpi)), saved(page(size), "JPEG", dpi=(dpi, dpi))):
        drawn = Image.open(io.BytesIO(drawing.drawn(data, size))).size
        assert drawn == tuple(pytest.approx(side * share, abs=3) for side in size)


ODD = {
    "transparent": saved(page().convert("RGBA"), "PNG"),
    "bitmap": saved(page(), "BMP"),
    "small": saved(page((400, 500)), "PNG"),
    "cut": saved(page(), "PNG")[:60],
    "cut JPEG": saved(page(), "JPEG")[:60],
}


@pytest.mark.parametrize("kind", ODD)
def test_what_cannot_be_drawn_goes_as_it_is(kind: str) -> None:
    """The tool may know it all the same."""
    assert drawing.drawn(ODD[kind], PAGE if kind != "small" else (400, 500)) is ODD[kind]


def pgm(sheet: Image.Image) -> bytes:
    return b"P5 %d %d 255\n" % sheet.size + sheet.tobytes()


@pytest.mark.parametrize("angle", [0, 2, 90, 180, 270])
def test_lines_from_top_to_bottom_are_seen(angle: int) -> None:
    """By the quarter turn; a tilt is none, and neither is standing on the head."""
    assert turned.sideways(pgm(page().rotate(angle, expand=angle % 90 == 0, fillcolor=255))) is (angle in (90, 270))


@pytest.mark.parametrize("angle", [90, 270])
@pytest.mark.parametrize("size", [PAGE, (1240, 1754)], ids=["200 dpi", "150 dpi"])
def test_a_page_on_its_side_is_turned_so_that_its_letters_stand(angle: int, size: tuple[int, int]) -> None:
    """Whichever side it lies on: more of French print rises above the small letters than hangs below them."""
    straight = pgm(page(size))
    assert turned.upright(pgm(page(size).rotate(angle, expand=True))) == straight


def test_what_is_no_drawing_is_not_turned() -> None:
    """A picture that is no PGM goes as it is; a blank page is turned some way."""
    assert turned.upright(b"GIF89a") == b"GIF89a"
    assert turned.upright(pgm(Image.new("L", (40, 60), 255))) == pgm(Image.new("L", (60, 40), 255))


@pytest.mark.parametrize("data", [b"", b"P5 9 9 255\n", b"P5 999999 999999 255\nx", saved(page(), "PNG")])
def test_what_is_no_drawing_lies_on_no_side(data: bytes) -> None:
    assert turned.sideways(data) is False
