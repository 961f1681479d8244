"""What is locked is opened with a password that stands in the same message, and says that it was."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import pytest

from mss_guard.core import formats, mime
from mss_guard.core.formats import passwords, unlocking
from mss_guard.core.formats.reading import Doc, Lock, Reading
from mss_guard.core.model import Content, State, Text, Where, Why
from tests.core.formats import build
from tests.readers import locks
from tests.readers.samples import SENTINEL

WORD = "Tilleuls2026"
SAID = f"Bonjour,\nLe mot de passe est {WORD}.\nCordialement"


def read(text: str, *documents: bytes, **headers: str) -> Content:
    formats.warm()
    attached = {f"piece{n}.bin": data for n, data in enumerate(documents)}
    return formats.read(mime.parse(build.mail(text, attachments=attached, **headers)))


def shows(content: Content) -> bool:
    return any(SENTINEL in text.text for text in content.texts)


@pytest.mark.parametrize("kind", locks.MADE)
def test_a_lock_with_its_key_beside_it_is_open(kind: str) -> None:
    """The document is read, and its place says how it was come by."""
    content = read(SAID, locks.MADE[kind](SENTINEL, WORD))
    assert shows(content)
    assert [place.state for place in content.places if place.unlocked] == [State.READ]
    assert not any(place.why for place in content.places)


@pytest.mark.parametrize("kind", locks.MADE)
def test_a_lock_without_its_key_is_encrypted(kind: str) -> None:
    """Nothing in the message opens it: the place is named, and nothing else is."""
    content = read("Bonjour, le mot de passe suit par SMS.", locks.MADE[kind](SENTINEL, WORD))
    assert not shows(content)
    assert Why.ENCRYPTED in {place.why for place in content.places}
    assert not any(place.unlocked for place in content.places)


SAYINGS = {
    "colon": "Mot de passe : Tilleuls2026",
    "sentence": "le mdp pour ouvrir le document est Tilleuls2026, bonne réception",
    "quoted": "Password: «Tilleuls2026»",
    "next line": "Voici le code :\n\nTilleuls2026\n\nCordialement",
    "bare": "Tilleuls2026",
    "full stop": "Code=Tilleuls2026.",
    "among words": "Bonjour, comme convenu, Tilleuls2026 pour le fichier. Bonne journée",
}


@pytest.mark.parametrize("saying", SAYINGS.values(), ids=SAYINGS)
def test_people_say_a_password_in_many_ways(saying: str) -> None:
    """Each of them is heard."""
    assert shows(read(saying, locks.zip_aes(SENTINEL, WORD)))


def test_a_password_in_the_subject_or_in_another_part_is_in_the_same_message() -> None:
    """Wherever it stands, even after the archive."""
    assert shows(read("Bonjour", locks.zip_aes(SENTINEL, WORD), Subject=f"Résultats (mdp {WORD})"))
    assert shows(read("Bonjour", locks.zip_aes(SENTINEL, WORD), f"mot de passe : {WORD}".encode()))


@pytest.mark.parametrize("password", ["12031954", "120354", "12/03/1954", "1540375116001", "154037511600123"])
def test_a_date_of_birth_or_a_social_security_number_is_a_password(password: str) -> None:
    """Laboratories use these; the letter holds them with other signs between the figures."""
    text = "Mme Exemple, née le 12/03/1954, n° 1 54 03 75 116 001 23 : protégé par votre date de naissance."
    assert shows(read(text, locks.zip_aes(SENTINEL, password)))


def test_a_password_may_hold_accents_and_blanks() -> None:
    assert shows(read("Mot de passe : Été à Sète\n", locks.zip_aes(SENTINEL, "Été à Sète")))


def test_what_an_opened_archive_holds_may_open_the_next() -> None:
    """A zip in a zip, the inner key in a text of the outer one."""
    inner = locks.zip_aes(SENTINEL, "Second-77")
    outer = locks.zip_of({"a.zip": inner, "lisez.txt": b"code : Second-77"}, WORD)
    content = read(SAID, outer)
    assert shows(content)
    assert sum(place.unlocked for place in content.places) == 3


def test_what_was_only_write_protected_asks_nobody() -> None:
    """Excel opens its own well-known password by itself."""
    assert shows(read("Bonjour", locks.ooxml(SENTINEL, "VelvetSweatshop")))


def test_an_encrypted_pdf_that_opens_for_anybody_is_read_whole() -> None:
    """The strings that only the file itself holds, too."""
    data = locks.pdf_for_anybody("Bonjour", hidden=SENTINEL)
    content = read("Bonjour", data)
    assert shows(content)
    assert not any(place.why for place in content.places)


def test_tries_are_bounded() -> None:
    """Many words, a costly lock: the work ends, and the place stays encrypted."""
    asked: list[str] = []

    def never(_: Reading, password: str) -> None:
        asked.append(password)

    reading = Reading(lambda _reading, _doc: None)
    reading.texts.append(Text("1", Where.BODY, "\n".join(f"mot de passe: Mot{n}" for n in range(10_000))))
    for cost in (unlocking.MAX_WORK // 10, 10):
        reading.lock(Lock(Doc(b"", "2"), cost, never))
    unlocking.open_all(reading, lambda _reading, _doc, _slot: None)
    assert len(asked) == 10


@pytest.mark.parametrize("text", ["mot de passe:\n" * 40_000, "code " * 100_000, "1" * 500_000, '"' * 500_000])
def test_looking_for_passwords_ends(text: str) -> None:
    """Linear in the text, whatever it is."""
    before = time.process_time()
    assert len(passwords.candidates([Text("1", Where.BODY, text)])) <= passwords.MAX_CANDIDATES
    assert time.process_time() - before < 5


def test_an_office_lock_that_costs_too_much_is_not_tried() -> None:
    """Ten million rounds would be fifteen seconds each."""
    data = locks.ooxml(SENTINEL, WORD).replace(b'spinCount="100000"', b'spinCount="999999"')
    content = read(SAID, data)
    assert Why.ENCRYPTED in {place.why for place in content.places}


@pytest.mark.parametrize("make", [locks.zip_aes, locks.zip_traditional], ids=["aes", "traditional"])
def test_a_damaged_locked_entry_stays_locked(make: Callable[[str, str], bytes]) -> None:
    """A changed octet of the packed text: the check fails, and the password does not count as the right one."""
    data = bytearray(make(SENTINEL, WORD))
    at = data.find(b"PK\x01\x02") - 14
    data[at] ^= 0xFF
    assert Why.ENCRYPTED in {place.why for place in read(SAID, bytes(data)).places}


def test_a_wrong_word_that_passes_the_first_look_opens_nothing() -> None:
    """The traditional cipher tells one octet: of 300 words one passes, and a stored entry would come out as noise."""
    words = "\n".join(f"mot de passe : Faux{n}" for n in range(300))
    content = read(words, locks.zip_traditional(SENTINEL, WORD, method=0))
    assert Why.ENCRYPTED in {place.why for place in content.places}


def test_the_bytes_of_a_pdf_copy_are_a_pdf() -> None:
    """The maker of the tests makes what it says: a file that needs its password."""
    import pypdfium2

    with pytest.raises(pypdfium2.PdfiumError):
        pypdfium2.PdfDocument(io.BytesIO(locks.pdf(SENTINEL, WORD)))
