"""Word, Excel and PowerPoint 97, Outlook's MSG and winmail.dat: made here, octet by octet, and read."""

from __future__ import annotations

import struct
import time
import zlib

import pytest

from mss_guard.core import formats, mime
from mss_guard.core.formats import mapi
from mss_guard.core.formats.reading import Stop
from mss_guard.core.model import Content, State, Where, Why
from tests.core.formats import build
from tests.readers import cfb, old

SAID = "Madame Durand, née en 1931, souffre d’une démence évoluée"


def texts(content: Content) -> str:
    return "\n".join(t.text for t in content.texts)


def word(*pieces: tuple[str, bool]) -> dict[str, bytes]:
    """The streams of a DOC whose text is `pieces`; True: one octet a character."""
    text, places, descriptors = bytearray(), [0], b""
    for piece, narrow in pieces:
        at = 1024 + len(text)
        raw = piece.encode("cp1252" if narrow else "utf-16-le")
        descriptors += struct.pack("<HLH", 0, at * 2 | 0x40000000 if narrow else at, 0)
        text += raw + b"\x00" * (len(raw) % 2)
        places.append(places[-1] + len(piece))
    table = struct.pack(f"<{len(places)}L", *places) + descriptors
    clx = b"\x01\x03\x00abc" + b"\x02" + struct.pack("<L", len(table)) + table
    head = bytearray(1024)
    struct.pack_into("<HH6xH", head, 0, 0xA5EC, 0xC1, 0x0200)
    struct.pack_into("<LL", head, 0x1A2, 16, len(clx))
    return {"WordDocument": bytes(head + text), "1Table": bytes(16) + clx}


def test_every_piece_of_a_word_document_is_read() -> None:
    """Pieces of one and of two octets a character join to one text, and the place is wholly read."""
    content = formats.read_document(cfb.write(word((SAID[:20], True), (SAID[20:], False), ("\rEn-tête\x07", True))))
    assert SAID + "\nEn-tête" in texts(content)
    assert content.places[0].state is State.READ
    assert content.places[0].type == "application/msword"


def test_text_that_no_piece_covers_is_read_too() -> None:
    """What a fast save left behind is still in the file."""
    streams = word((SAID, True))
    streams["WordDocument"] += b"\x00" * 8 + b"Phrase effacee puis enregistree\r"
    assert "Phrase effacee" in texts(formats.read_document(cfb.write(streams)))


@pytest.mark.parametrize("cut", ["table", "stream", "clx"])
def test_a_word_document_without_its_pieces_is_damaged_and_its_runs_are_read(cut: str) -> None:
    """A table that is gone, or points outside, is said; the runs of text are read all the same."""
    streams = word((SAID, True))
    if cut == "table":
        del streams["1Table"]
    elif cut == "stream":
        streams["WordDocument"] = streams["WordDocument"][:-4]
    else:
        streams["1Table"] = bytes(600)
    content = formats.read_document(cfb.write(streams))
    assert content.places[0].why is Why.DAMAGED
    assert "Madame Durand" in texts(content)


def record(kind: int, body: bytes, version: int = 0, instance: int = 0) -> bytes:
    return struct.pack("<HHL", version | instance << 4, kind, len(body)) + body


def test_slides_objects_and_pictures_of_a_presentation_are_read() -> None:
    """Both kinds of text atoms, strings, a packed object and a picture each show."""
    inner = zlib.compress(cfb.write(word(("Objet incorporé", True))))
    slide = record(0x0FA0, SAID.encode("utf-16-le")) + record(0x0FA8, "Texte étroit".encode("latin-1"))
    notes = record(0x0FBA, "Note du présentateur".encode("utf-16-le"))
    parts = record(0x03EE, slide, version=0xF) + notes + record(0x1011, bytes(4) + inner, instance=1)
    picture = record(0xF01E, bytes(17) + build.png(600, 600, 60_000), instance=0x6E0)
    content = formats.read_document(cfb.write({"PowerPoint Document": parts, "Pictures": picture}))
    for said in (SAID, "Texte étroit", "Note du présentateur", "Objet incorporé"):
        assert said in texts(content)
    assert [p.type for p in content.places] == ["application/vnd.ms-powerpoint", "application/msword", "image/png"]
    assert content.places[0].state is State.READ


def test_a_locked_presentation_is_encrypted() -> None:
    """The current user's atom says so (MS-PPT §2.3.2)."""
    user = struct.pack("<HHLLL", 0, 0x0FF6, 20, 20, 0xF3D1C4DF)
    content = formats.read_document(cfb.write({"PowerPoint Document": bytes(64), "Current User": user}))
    assert content.places[0].why is Why.ENCRYPTED


def test_a_presentation_cut_short_is_damaged() -> None:
    """What stands before the break is read."""
    data = record(0x0FA0, SAID.encode("utf-16-le")) + record(0x0FA8, b"abc")[:-1]
    content = formats.read_document(cfb.write({"PowerPoint Document": data}))
    assert SAID in texts(content)
    assert content.places[0].why is Why.DAMAGED


def test_a_package_in_a_document_is_a_place_with_its_names() -> None:
    """The Packager's stream holds the file and where it came from."""
    inner = b"Bilan de Madame Durand"
    native = b"\x02\x00bilan.txt\x00C:\\dossier\\bilan.txt\x00" + struct.pack("<HHL", 0, 3, 4) + b"tmp\x00"
    native += struct.pack("<L", len(inner)) + inner
    streams = word((SAID, True)) | {"\x01Ole10Native": struct.pack("<L", len(native)) + native}
    content = formats.read_document(cfb.write(streams))
    assert content.places[1].name.endswith("bilan.txt")
    assert inner.decode() in texts(content)


def test_an_outlook_message_gives_its_subject_body_and_attachments() -> None:
    """The subject is one, the body is a body, the compressed RTF is opened."""
    content = formats.read_document(cfb.msg("Objet Durand", SAID))
    assert (Where.SUBJECT, "Objet Durand") in [(t.where, t.text) for t in content.texts]
    assert (Where.BODY, SAID) in [(t.where, t.text) for t in content.texts]
    assert content.places[0].type == "application/vnd.ms-outlook"
    assert content.places[0].state is State.READ


def test_winmail_gives_its_attachment() -> None:
    """An attachment in TNEF is a place with its name."""
    content = formats.read_document(old.tnef("bilan.txt", SAID.encode()))
    assert SAID in texts(content)
    assert content.places[1].name == "bilan.txt"
    assert content.places[0].state is State.READ


def test_winmail_cut_short_is_damaged() -> None:
    """What is left is read, and the break is named."""
    content = formats.read_document(old.tnef("bilan.txt", SAID.encode())[:-12])
    assert content.places[0].why is Why.DAMAGED


def test_a_binary_workbook_gives_its_cells() -> None:
    """XLSB is a zip of binary parts; its cells are read."""
    content = formats.read_document(old.xlsb(SAID))
    assert SAID in texts(content)
    assert content.places[0].state is State.READ


# --- Outlook's RTF (the two examples of MS-OXRTFCP §3.1 and §3.2) -----------------------------------------------------

_SIMPLE = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)
_CROSSING = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")


def test_the_examples_of_the_specification_unpack() -> None:
    """Literals, references into the dictionary, and a reference that crosses what it writes."""
    assert mapi.unpack(_SIMPLE) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert mapi.unpack(_CROSSING) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", Why.DAMAGED),
        (_SIMPLE[:8] + b"XXXX" + _SIMPLE[12:], Why.DAMAGED),
        (struct.pack("<LL", 16, 1 << 31) + b"LZFu" + bytes(8), Why.TOO_LARGE),
    ],
)
def test_rtf_that_cannot_be_unpacked_is_named(data: bytes, why: Why) -> None:
    """Never an endless ring."""
    with pytest.raises(Stop) as stop:
        mapi.unpack(data)
    assert stop.value.why is why


@pytest.mark.parametrize("size", [1, 4096, 70_000, 1_000_000])
def test_a_stream_alone_is_a_compound_file(size: int) -> None:
    """It comes back as it was put in, filled up to the least size of a stream of its own."""
    import olefile

    from mss_guard.core.formats import alone

    data = bytes(range(1, 251)) * (size // 250 + 1)
    made = alone.compound("Workbook", data[:size])
    assert made is not None
    with olefile.OleFileIO(made) as file:
        assert file.listdir() == [["Workbook"]]
        assert file.openstream("Workbook").read() == data[:size].ljust(4096, b"\0")
    assert alone.compound("Workbook", bytes(alone.MAX_OCTETS + 1)) is None


def test_the_largest_stream_alone_is_mapped_whole() -> None:
    import olefile

    from mss_guard.core.formats import alone

    data = bytes(range(256)) * (alone.MAX_OCTETS // 256)
    made = alone.compound("Workbook", data)
    assert made is not None
    with olefile.OleFileIO(made) as file:
        assert file.openstream("Workbook").read() == data


def workbook(text: str) -> bytes:
    """A BIFF8 stream of one sheet whose A1 is a label (MS-XLS §2.4.21, §2.4.28, §2.4.148)."""

    def record(kind: int, body: bytes = b"") -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def begin(kind: int) -> bytes:
        return record(0x0809, struct.pack("<HHHHLL", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))

    sheet = begin(0x10) + record(0x0204, struct.pack("<HHHHB", 0, 0, 0, len(text), 1) + text.encode("utf-16-le"))
    at = len(begin(5)) + 4 + 9 + 4
    book = begin(5) + record(0x0085, struct.pack("<LBBBB", at, 0, 0, 1, 0) + b"F") + record(0x000A)
    return book + sheet + record(0x000A)


def test_a_workbook_within_another_document_is_read_whole() -> None:
    """Its cells are read as those of a file, so the letter that holds it is wholly read."""
    streams = word(("Voici le tableau", True))
    content = formats.read_document(cfb.write({**streams, "ObjectPool/Workbook": workbook(SAID)}))
    assert SAID in texts(content)
    assert [(p.state, p.why) for p in content.places] == [(State.READ, None)]


@pytest.mark.parametrize("name", ["Root Entry", "Large"])
def test_a_stream_that_claims_more_than_the_file_is_damaged(name: str) -> None:
    """Found by fuzzing: a chain of sectors in a circle was followed for 800 MB."""
    data = bytearray(cfb.write({"Large": bytes(8_192), "Small": b"x" * 100}))
    entry = data.index(name.encode("utf-16-le") + b"\0\0")
    start = struct.unpack_from("<L", data, entry + 116)[0]
    struct.pack_into("<Q", data, entry + 120, 0x30000000)
    fat = 512 + 512 * struct.unpack_from("<L", data, 76)[0]
    struct.pack_into("<L", data, fat + 4 * start, start)
    before = time.process_time()
    content = formats.read_document(bytes(data))
    assert Why.DAMAGED in {place.why for place in content.places}
    assert time.process_time() - before < 2


def test_a_locked_document_whose_streams_are_too_long_is_not_tried() -> None:
    """The library that would open it reads streams to their claimed end."""
    data = bytearray(cfb.locked_ooxml())
    entry = data.index("EncryptedPackage".encode("utf-16-le") + b"\0\0")
    start = struct.unpack_from("<L", data, entry + 116)[0]
    struct.pack_into("<Q", data, entry + 120, 0x30000000)
    fat = 512 + 512 * struct.unpack_from("<L", data, 76)[0]
    struct.pack_into("<L", data, fat + 4 * start, start)
    before = time.process_time()
    content = formats.read(mime.parse(build.mail("mot de passe : Sesame-1", attachments={"a.docx": bytes(data)})))
    assert Why.ENCRYPTED in {place.why for place in content.places}
    assert time.process_time() - before < 2
