"""Words in a later picture of an animation, beside the pixels of any picture, and in drawings and lists."""

from __future__ import annotations

import io
import struct
import zlib
from base64 import b64encode
from collections.abc import Callable

import pytest
from PIL import Image, PngImagePlugin

from mss_guard.core import formats
from mss_guard.core.formats import animation, captions
from mss_guard.core.formats.tooling import Tool, ToolAnswer
from mss_guard.core.model import Content, State, Why
from tests.core.formats import build

WORDS = "Madame Durand souffre de diabète depuis longtemps"
BLANK, PAGE = (Image.new("RGB", (1240, 1754), colour) for colour in ("white", "black"))


def saved(form: str, *pictures: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    pictures[0].save(out, form, save_all=True, append_images=pictures[1:], duration=50, **options)
    return out.getvalue()


def dark(_tool: Tool, data: bytes, /) -> ToolAnswer:
    """Reads the words on any picture that is mostly black."""
    seen = Image.open(io.BytesIO(data)).convert("L").resize((1, 1)).tobytes()[0]
    return ToolAnswer(WORDS if seen < 100 else "", None)


def read(data: bytes, **options: object) -> Content:
    formats.warm()
    return formats.read_document(data, tools=dark, **options)


@pytest.mark.parametrize(("form", "options"), [("GIF", {}), ("WEBP", {"lossless": True}), ("WEBP", {}), ("PNG", {})])
def test_words_in_the_last_picture_are_read(form: str, options: dict[str, object]) -> None:
    """The first picture is blank; nobody who opens the file looks at it only."""
    content = read(saved(form, BLANK, PAGE, **options))
    assert [(p.state, p.why) for p in content.places] == [(State.READ, None)]
    assert any(WORDS in text.text for text in content.texts)


def test_of_many_pictures_some_are_looked_at() -> None:
    """A film in which words were seen is read in part; one without any is a picture without text, however small."""
    colours = [Image.new("RGB", (800, 800), (255 - n * 3, 255, 255)) for n in range(19)]
    film = saved("GIF", *colours, Image.new("RGB", (800, 800), "black"))
    frames, more = animation.frames(film)
    assert (len(frames), more) == (animation.LOOKED_AT, True)
    assert [p.why for p in read(film).places] == [Why.PARTIAL]
    assert [p.why for p in read(saved("GIF", *colours)).places] == [Why.NO_TEXT]


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_a_cut_animation_ends(form: str) -> None:
    """At any octet; what stands before the cut may be given."""
    data = saved(form, BLANK.resize((64, 64)), PAGE.resize((64, 64)))
    for end in range(0, len(data), 3):
        assert len(animation.frames(data[:end])[0]) <= 2
    assert animation.frames(saved(form, PAGE)) == ([], False)


def png_words(**options: object) -> bytes:
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt("Description", WORDS, **options) if "zip" in options else notes.add_text("Description", WORDS)
    out = io.BytesIO()
    Image.new("L", (64, 64)).save(out, "PNG", pnginfo=notes)
    return out.getvalue()


def exif(form: str) -> bytes:
    out = io.BytesIO()
    picture = Image.new("L", (64, 64))
    facts = picture.getexif()
    facts[0x010E] = WORDS
    picture.save(out, form, exif=facts)
    return out.getvalue()


def comment() -> bytes:
    out = io.BytesIO()
    Image.new("L", (64, 64)).save(out, "JPEG", comment=WORDS.encode())
    return out.getvalue()


CAPTIONS: dict[str, Callable[[], bytes]] = {
    "PNG text": png_words,
    "PNG packed text": lambda: png_words(zip=True),
    "JPEG comment": comment,
    "JPEG EXIF": lambda: exif("JPEG"),
    "WEBP EXIF": lambda: exif("WEBP"),
    "PNG EXIF": lambda: exif("PNG"),
}


@pytest.mark.parametrize("kind", CAPTIONS)
def test_a_caption_is_read_though_the_picture_is_opaque(kind: str) -> None:
    """A logo of 64 pixels is decoration, and what is written into it is text."""
    content = read(CAPTIONS[kind]())
    assert [p.state for p in content.places] == [State.OPAQUE]
    said = " ".join(text.text for text in content.texts)
    assert "Madame Durand souffre de diab" in said


@pytest.mark.parametrize("kind", CAPTIONS)
def test_looking_for_captions_ends(kind: str) -> None:
    data = CAPTIONS[kind]()
    for end in range(len(data)):
        captions.text(data[:end])


def emf() -> bytes:
    """An EMR_EXTTEXTOUTW record (MS-EMF §2.3.5.8) behind a header."""
    words = WORDS.encode("utf-16-le")
    record = (
        struct.pack("<LL", 84, 76 + len(words)) + bytes(36) + struct.pack("<LLL", len(WORDS), 76, 0) + bytes(20) + words
    )
    return struct.pack("<LL", 1, 108) + bytes(32) + b" EMF" + bytes(64) + record


def wmf() -> bytes:
    return b"\xd7\xcd\xc6\x9a" + bytes(36) + struct.pack("<LHH", 30, 0x0A32, 0) + WORDS.encode("cp1252") + bytes(6)


def xps() -> bytes:
    page = f'<FixedPage xmlns="http://schemas.microsoft.com/xps/2005/06"><Glyphs UnicodeString="{WORDS}"/></FixedPage>'
    return build.zipped({"[Content_Types].xml": "<Types/>", "Documents/1/Pages/1.fpage": page})


def ldif(value: str) -> bytes:
    return f"version: 1\ndn: cn=a,dc=b\ncn: a\ndescription:: {value[:40]}\n {value[40:]}\n".encode()


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg"><text>'
    + "".join(f"<tspan>{w} </tspan>" for w in WORDS.split())
    + "</text></svg>"
)
LISTS: dict[str, Callable[[], bytes]] = {
    "EMF": emf,
    "WMF": wmf,
    "XPS": xps,
    "SVG": SVG.encode,
    "LDIF": lambda: ldif(b64encode(WORDS.encode()).decode()),
}


@pytest.mark.parametrize("kind", LISTS)
def test_drawings_and_lists_are_read(kind: str) -> None:
    content = read(LISTS[kind]())
    assert any(WORDS in " ".join(text.text.split()) for text in content.texts)
    assert not any(place.why for place in content.places)


def test_short_values_of_a_list_are_decoded() -> None:
    """ "Zoé" is four letters of base64 too few for any other look at it; what is no text stays as it stands."""
    picture = b64encode(zlib.compress(b"\0" * 50)).decode()
    content = read(f"dn: cn=a\ncn:: {b64encode('Zoé'.encode()).decode()}\njpegPhoto:: {picture}\n".encode())
    said = "\n".join(text.text for text in content.texts)
    assert "cn: Zoé" in said
    assert picture in said
