"""`python -m bench.ocr`: what OCR finds of what the text layer holds, and what it costs.

Fictitious French letters, health and not, are drawn as pages: detection (health, with the shipped rules) of the text
itself beside detection of the picture, for each resolution and each mishap, by the tool worker of the service; then a
PDF of ten such pages. Recall is over the letters whose text is detected.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import random
import resource
import time
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFont

from bench.letters import LETTERS
from mss_guard.core import formats, inspection
from mss_guard.core.formats.tooling import Tool, ToolAnswer
from mss_guard.core.inspection import InspectionKnowledge
from mss_guard.core.wire import Request
from mss_guard.edge import library
from mss_guard.edge.inspector import tools

FONTS = ("LiberationSerif-Regular.ttf", "LiberationSans-Regular.ttf", "DejaVuSans.ttf", "DejaVuSerif.ttf")
FORMS = ("PNG", "JPEG")  # letters take turns
INCH_WIDE, INCH_HIGH, MARGIN, POINTS = 8.27, 11.69, 0.9, 11


class Confined:
    """The tool worker as the service runs it: one confined process a document."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._box = tools.Toolbox(1)

    def __call__(self, tool: Tool, data: bytes, /) -> ToolAnswer:
        return self._runner.run(self._asked(tool, data))

    async def _asked(self, tool: Tool, data: bytes) -> ToolAnswer:
        return await self._box.ask(tool, data, asyncio.get_running_loop().time() + 60)


CONFINED = Confined()


def cpu() -> float:
    """Seconds of this process and of those it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


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
    return inspection.inspect(data, Request(kind="document"), knowledge, CONFINED).health


def row(name: str, dpi: int, texts: list[tuple[int, str, bool]], knowledge: InspectionKnowledge) -> str:
    """One line of the table. Pages are drawn before the clock starts."""
    files = [
        saved([MISHAPS[name](page(text, dpi, number))], FORMS[number % len(FORMS)], dpi) for number, text, _ in texts
    ]
    before, used = time.monotonic(), cpu()
    found = [detected(data, knowledge) for data in files]
    seconds, used = (time.monotonic() - before) / len(files), (cpu() - used) / len(files)
    known = [hit for hit, (_, _, layer) in zip(found, texts, strict=True) if layer]
    false = sum(hit and not layer for hit, (_, _, layer) in zip(found, texts, strict=True))
    recall = 100 * sum(known) / max(len(known), 1)
    return f"{dpi:>4} | {name:<11} | {sum(known):>2}/{len(known):<2} {recall:5.1f} % | {false:>5} | {seconds:6.2f} | {used:6.2f}"


def ten_pages(texts: list[tuple[int, str, bool]], knowledge: InspectionKnowledge) -> str:
    data = saved([page(text, 200, number) for number, text, _ in texts[:10]], "PDF", 200)
    before, used = time.monotonic(), cpu()
    health = detected(data, knowledge)
    return f"PDF of ten scanned pages: health {health}, {time.monotonic() - before:.1f} s, CPU {cpu() - used:.1f} s"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--dpi", type=int, nargs="*", default=[300, 200, 150])
    options.add_argument("--letters", type=int, default=len(LETTERS))
    options.add_argument("--mishaps", nargs="*", default=list(MISHAPS), choices=MISHAPS)
    given = options.parse_args()
    tools.EACH = 60.0  # type: ignore[misc]  # a busy machine shall cost no words: CPU time is what is measured
    formats.warm()
    shelf = library.read(())
    knowledge = inspection.load(inspection.pack(shelf.rules, shelf.words))
    texts = [(n, text, detected(text.encode(), knowledge)) for n, text in enumerate(LETTERS[: given.letters])]
    print(f"{len(texts)} letters, {sum(layer for _, _, layer in texts)} detected by their text")
    print(" dpi | pages       | recall        | false | s/page | CPU s/page")
    for dpi in given.dpi:
        for name in given.mishaps:
            print(row(name, dpi, texts, knowledge), flush=True)
    print(ten_pages(texts, knowledge))


if __name__ == "__main__":
    main()
