"""The content digest: the same when five clients send a message again, another as soon as anything that counts is another."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

import pytest

from mss_guard.core import formats, mime
from mss_guard.core.detect.sameness import content_digest
from mss_guard.core.model import Category, Finding, Level
from tests.core.detect.resent import CLIENTS, DOCUMENT, TEXT, outlook

OWN = Finding("evidence.care", "", "1", 1, Category.CARE, "own", Level.LIKELY)


def digest(raw: bytes, *findings: Finding) -> str:
    message = mime.parse(raw)
    return content_digest(message, formats.read(message), findings or (OWN,), ())


def test_five_clients_send_the_same_message() -> None:
    """Charsets, wraps, alternatives, signatures, subjects and file names are each client's own; the content is one."""
    assert len({digest(client()) for client in CLIENTS.values()}) == 1
    assert digest(outlook()) != ""


@pytest.mark.parametrize("client", CLIENTS)
def test_another_word_is_another_content(client: str) -> None:
    """A changed name, a word more, a number."""
    changed = [TEXT.replace("Zyxwvut", "Zyxwvus"), TEXT.replace("mercredi", "mercredi 12"), TEXT + " Le NIR est joint."]
    assert digest(CLIENTS[client]()) not in {digest(CLIENTS[client](text)) for text in changed}


def test_another_document_is_another_content() -> None:
    """One octet, one attachment more, none."""

    def with_documents(*documents: bytes) -> str:
        message = EmailMessage()
        message.set_content(TEXT)
        for one in documents:
            message.add_attachment(one, maintype="application", subtype="pdf", filename="x.pdf")
        return digest(message.as_bytes(policy=SMTP))

    seen = [with_documents(*d) for d in ((DOCUMENT,), (DOCUMENT + b"\0",), (DOCUMENT, DOCUMENT), (), (b"",))]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("place", ["quoted", "forwarded", "signature", "subject", "name"])
def test_what_the_digest_would_not_cover_has_none(place: str) -> None:
    """Evidence in a quotation or in the subject could be replaced under the same digest, so there is none."""
    elsewhere = Finding("evidence.care", "", "1", 1, Category.CARE, place, Level.POSSIBLE)
    assert digest(outlook(), OWN, elsewhere) == ""


def test_a_message_without_words_of_its_own_has_none() -> None:
    """Nothing to be known by."""
    assert digest(b"Subject: x\r\n\r\n> avant\r\n> encore\r\n") == ""
