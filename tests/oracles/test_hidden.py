"""A document behind odd MIME is found or declared, trick by trick; and reading twice costs bounded work."""

from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mss_guard.core import formats, mime
from mss_guard.core.mime import second, walk
from mss_guard.core.model import How, State, Why
from tests.oracles import hidden, names


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    formats.warm()


@pytest.mark.parametrize("trick", hidden.TRICKS)
def test_nothing_hidden_is_missed(trick: str) -> None:
    """Whatever the trick and the encoding, the sentence is found or a place is declared unreadable."""
    cells = {name: hidden.outcome(hidden.TRICKS[trick](payload)) for name, payload in hidden.PAYLOADS.items()}
    assert "missed" not in cells.values(), cells


@pytest.mark.parametrize("name", hidden.OTHERS)
def test_forgotten_encodings_are_not_missed(name: str) -> None:
    """yEnc, BinHex, uuencode, gzip64 and the like are found or declared."""
    assert hidden.outcome(hidden.OTHERS[name]) != "missed"


@pytest.mark.parametrize(("where", "raw"), list(names.messages()), ids=[key for key, _ in names.messages()])
def test_no_name_is_missed(where: str, raw: bytes) -> None:
    """Every value that some client would show as a file's name is told."""
    assert names.outcome(raw) == "found"


DECLARED = (
    "text/plain, then multipart", "multipart, then text/plain", "boundary twice, first false", "no boundary",
    "boundary true, boundary* false", "boundary with a NUL", "another boundary than said", "the same boundary inside",
    "more behind the delimiter", "after the closing delimiter", "after the end, no delimiter",
    "before the first delimiter", "a line without colon before the type", "blanks alone before the type",
    "a blank before the colon", "encoding twice, true first", "an unknown encoding", "encoding with a NUL",
    "base64 said of a clear multipart", "a message/partial", "a message/external-body", "two names", "no semicolon",
)  # fmt: skip


@pytest.mark.parametrize("trick", DECLARED)
def test_what_readers_differ_on_is_declared(trick: str) -> None:
    """Found or not, a message that two readers take differently is ambiguous."""
    raw = hidden.TRICKS[trick](hidden.PAYLOADS["docx, base64"])
    assert Why.AMBIGUOUS in {place.why for place in formats.read(mime.parse(raw)).places}


def test_what_only_another_reading_sees_is_carved() -> None:
    """A place that the likeliest reading has not says how it was come by."""
    raw = hidden.TRICKS["text/plain, then multipart"](hidden.PAYLOADS["docx, base64"])
    places = formats.read(mime.parse(raw)).places
    documents = [place for place in places if "wordprocessing" in place.type]
    assert {(place.how, place.state) for place in documents} == {(How.CARVED, State.READ)}


def test_other_readings_are_bounded() -> None:
    """Many ambiguous parts are not all read twice: the message says that there were too many."""
    part = b"--b\r\nContent-Transfer-Encoding: x-odd\r\n\r\n" + base64.b64encode(b"secret" * 20) + b"\r\n"
    message = mime.parse(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 200 + b"--b--")
    assert len(message.parts) < 2 * walk.MAX_PARTS
    assert Why.TOO_MANY in {p.why for p in message.parts}


def test_a_large_ambiguous_message_is_read_in_bounded_memory() -> None:
    """What is read again is at most MAX_AGAIN_OCTETS, and the rest is declared."""
    body = b"=?" * 12_000_000
    fields = b"".join(b"Content-Transfer-Encoding: x-%d\r\n" % n for n in range(9))
    message = mime.parse(fields + b"Content-Type: text/plain\r\nContent-Type: image/png\r\n\r\n" + body)
    assert sum(len(part.data) for part in message.parts) <= len(body) + walk.MAX_AGAIN_OCTETS
    assert Why.TOO_MANY in {part.why for part in message.parts}


def test_multiparts_within_each_other_are_held_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each multipart around another holds its body again; where that is too much the inner ones are declared."""
    monkeypatch.setattr(walk, "MAX_WALKED", 100_000)
    inner = b"Content-Type: text/plain\r\n\r\n" + b"texte " * 5_000
    for n in range(6):
        inner = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) + inner + b"\r\n--b%d--" % n
    assert Why.TOO_LARGE in {part.why for part in mime.parse(inner).parts}


def test_blocks_that_overlap_are_bounded() -> None:
    """Ten thousand announcements without a delimiter between them cost a few times the text, and say that they were not
    all read."""
    raw = b"Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n" * 10_000
    began = time.process_time()
    blocks, complete = second.announced(raw)
    assert not complete
    assert sum(map(len, blocks)) <= second.MAX_OVERLAP * len(raw)
    assert time.process_time() - began < 5  # a bound against hangs: it takes some ten milliseconds


_LINES = st.sampled_from(
    (b"--b", b"--b--", b"--c", b"", b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: multipart/mixed; boundary=c",
     b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: quoted-printable", b" ", b"texte", b"X : y",
     b"Content-Type: message/rfc822", b"Content-Type : text/html", b"TWFkYW1l")
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(_LINES, max_size=14), st.lists(_LINES, max_size=6))
def test_a_run_of_base64_is_always_handed_out(before: list[bytes], after: list[bytes]) -> None:
    """Wherever it stands, the letters of a document reach a reader: decoded, or as they are, to be carved. This is what
    lets ordinary messages do without a second reading of their raw bytes."""
    secret = b"Madame Durand est suivie pour un diabete depuis dix ans et demi, selon le docteur Martin."
    letters = base64.b64encode(secret)
    message = mime.parse(b"\r\n".join([*before, b"", letters, *after]))
    parts = message.parts
    if any(letters[:60].lower() in header.name.encode() for head in message.heads for header in head.headers):
        return  # a soft break made it the name of a field, which no reader shows
    everything = [part.data.replace(b"=\r\n", b"") for part in parts]
    shown = any(letters.rstrip(b"=")[:100] in data or secret[:60] in data for data in everything)
    assert shown or any(part.why for part in parts)
