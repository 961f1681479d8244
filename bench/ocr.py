"""`python -m bench.ocr`: what OCR finds of what the text layer holds, and what it costs.

Fictitious French letters, health and not, are drawn as pages: detection (health, with the shipped rules) of the text
itself beside detection of the picture, for each resolution and each mishap, with tesseract on one thread; then a PDF of
ten such pages. Recall is over the letters whose text is detected.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import subprocess
import time
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFont

from bench.letters import LETTERS
from mss_guard.core import formats, inspection
from mss_guard.core.formats.tooling import Tool, ToolAnswer
from mss_guard.core.inspection import InspectionKnowledge
from mss_guard.core.model import Why
from mss_guard.core.wire import Request
from mss_guard.edge import library

FONTS = ("LiberationSerif-Regular.ttf", "LiberationSans-Regular.ttf", "DejaVuSans.ttf", "DejaVuSerif.ttf")
COMMAND = ("tesseract", "stdin", "stdout", "-l", "fra", "--psm", "1")
INCH_WIDE, INCH_HIGH, MARGIN, POINTS = 8.27, 11.69, 0.9, 11


def tesseract(tool: Tool, data: bytes, /) -> ToolAnswer:
    """The tool worker's answer, without its confinement."""
    if tool is not Tool.OCR:
        return ToolAnswer("", Why.NO_TEXT)
    done = subprocess.run(  # noqa: S603  a constant command
        COMMAND, input=data, capture_output=True, check=False, env={**os.environ, "OMP_THREAD_LIMIT": "1"}
    )
    return ToolAnswer(done.stdout.decode(), Why.DAMAGED if done.returncode else None)


def page(text: str, dpi: int, number: int) -> Image.Image:
    """`text` on a white A4 sheet; letters take turns with the fonts."""
    sheet = Image.new("L", (round(INCH_WIDE * dpi), round(INCH_HIGH * dpi)), 255)
    font = ImageFont.truetype(FONTS[number % len(FONTS)], round(POINTS * dpi / 72))
    pen = ImageDraw.Draw(sheet)
    room, y = sheet.width - 2 * MARGIN * dpi, MARGIN * dpi
    for paragraph in text.split("\n"):
        line = ""
        for word in [*paragraph.split(), ""]:
            longer = f"{line} {word}".strip()
            if word and pen.textlength(longer, font) <= room:
                line = longer
                continue
            pen.text((MARGIN * dpi, y), line, 0, font)
            y, line = y + 1.4 * POINTS * dpi / 72, word
    return sheet


def noisy(sheet: Image.Image) -> Image.Image:
    """A grey background, grain, and one speck in 500 pixels, the same each time."""
    grain = Image.effect_noise(sheet.size, 40)
    out = Image.blend(sheet, grain, 0.25)
    chance, pixels = random.Random(1), out.load()
    assert pixels is not None
    for _ in range(out.width * out.height // 500):
        pixels[chance.randrange(out.width), chance.randrange(out.height)] = chance.choice((0, 255))
    return out


def tilted(sheet: Image.Image) -> Image.Image:
    return sheet.rotate(2, Image.Resampling.BICUBIC, fillcolor=255)


def turned(sheet: Image.Image) -> Image.Image:
    return sheet.rotate(90, expand=True)


MISHAPS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "clean": lambda sheet: sheet,
    "tilted 2°": tilted,
    "noisy": noisy,
    "rotated 90°": turned,
}


def saved(sheets: list[Image.Image], form: str, dpi: int) -> bytes:
    out = io.BytesIO()
    sheets[0].save(out, form, dpi=(dpi, dpi), resolution=dpi, save_all=len(sheets) > 1, append_images=sheets[1:])
    return out.getvalue()


def detected(data: bytes, knowledge: InspectionKnowledge) -> bool:
    return inspection.inspect(data, Request(kind="document"), knowledge, tesseract).health


def row(name: str, dpi: int, texts: list[tuple[int, str, bool]], knowledge: InspectionKnowledge) -> str:
    """One line of the table. Pages are drawn before the clock starts."""
    files = [saved([MISHAPS[name](page(text, dpi, number))], "BMP", dpi) for number, text, _ in texts]
    before = time.monotonic()
    found = [detected(data, knowledge) for data in files]
    seconds = (time.monotonic() - before) / len(files)
    known = [hit for hit, (_, _, layer) in zip(found, texts, strict=True) if layer]
    false = sum(hit and not layer for hit, (_, _, layer) in zip(found, texts, strict=True))
    recall = 100 * sum(known) / max(len(known), 1)
    return f"{dpi:>4} | {name:<11} | {sum(known):>2}/{len(known):<2} {recall:5.1f} % | {false:>5} | {seconds:6.2f}"


def ten_pages(texts: list[tuple[int, str, bool]], knowledge: InspectionKnowledge) -> str:
    data = saved([page(text, 200, number) for number, text, _ in texts[:10]], "PDF", 200)
    before = time.monotonic()
    health = detected(data, knowledge)
    return f"PDF of ten scanned pages: health {health}, {time.monotonic() - before:.1f} s"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--dpi", type=int, nargs="*", default=[300, 200, 150])
    options.add_argument("--letters", type=int, default=len(LETTERS))
    given = options.parse_args()
    formats.warm()
    shelf = library.read(())
    knowledge = inspection.load(inspection.pack(shelf.rules, shelf.words))
    texts = [(n, text, detected(text.encode(), knowledge)) for n, text in enumerate(LETTERS[: given.letters])]
    print(f"{len(texts)} letters, {sum(layer for _, _, layer in texts)} detected by their text")
    print(" dpi | pages       | recall        | false | s/page")
    for dpi in given.dpi:
        for name in MISHAPS:
            print(row(name, dpi, texts, knowledge), flush=True)
    print(ten_pages(texts, knowledge))


if __name__ == "__main__":
    main()
