"""Pictures of text, as a scanner or a photograph would give them."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFont


def picture(text: str, format: str) -> bytes:  # noqa: A002
    """The text in 40-pixel letters, five words a line, black on white."""
    words = text.split()
    image = Image.new("L", (1240, 1754), 255)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(40)
    for row in range(0, len(words), 5):
        draw.text((60, 60 + row * 14), " ".join(words[row : row + 5]), fill=0, font=font)
    out = io.BytesIO()
    image.save(out, format, dpi=(150, 150))
    return out.getvalue()
