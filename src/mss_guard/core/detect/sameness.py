"""By what a message is known again when its sender sends it once more, from whatever client: its attachments and own words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from mss_guard.core.detect.segments import FORWARDED, OWN, split
from mss_guard.core.mime.parts import Message
from mss_guard.core.model import Content, Finding, Level, Place, Where
from mss_guard.core.normalise import fold

_NO_LETTERS = bytes(c for c in range(256) if not chr(c).isalnum())
_DECLARED = re.compile(r"(?<![\w-])(MSSG-[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4})\s+OK\b", re.IGNORECASE)
_BODY = frozenset({"text/plain", "text/html"})


def content_digest(message: Message, content: Content, findings: Iterable[Finding], unread: Iterable[Place]) -> str:
    """SHA-256 over the sorted digests of the decoded attachments and the sender's own words (no quotation, no signature, no subject).

    Empty where it would not stand for all that was found: a finding in a quotation, in the subject or in a name, or in a
    place that only another reading of the bytes sees, could come back changed under the same digest. The key under which
    it is kept belongs to the front.
    """
    places = {f.place.split(" ")[0] for f in findings if f.level.rank >= Level.POSSIBLE.rank}
    if not places <= {OWN, "attachment"} or any(p.part.startswith("0") for p in unread):
        return ""
    if any(part.carved for part in message.parts):
        return ""
    attachments = sorted(
        hashlib.sha256(part.data).digest()
        for part in message.parts
        if not part.container and (part.message or part.attachment or part.declared not in _BODY)
    )
    own = sorted(
        {_own_words(text.text) for text in content.texts if text.where is Where.BODY and not text.message} - {""}
    )
    if not attachments and not own:
        return ""
    made = hashlib.sha256(b"".join(attachments))
    for words in own:
        made.update(b"\0" + words.encode("utf-8", "replace"))
    return made.hexdigest()


def declared(content: Content) -> str:
    """The reference that the subject declares harmless ("MSSG-XXXX-XXXX OK"), or ""."""
    subjects = (text.text for text in content.texts if text.where is Where.SUBJECT and not text.message)
    found = next((match for subject in subjects if (match := _DECLARED.search(subject))), None)
    return found[1].upper() if found else ""


def _own_words(text: str) -> str:
    """Letters and digits alone: clients wrap, mark and space a text each in its way."""
    folded = fold(text)
    segments = split(folded)
    ends = [*segments.starts[1:], len(folded.lower)]
    pieces = (
        folded.lower[segment.start : end]
        for segment, end in zip(segments.all, ends, strict=True)
        if segment.kind in (OWN, FORWARDED)
    )
    return "".join(pieces).encode("latin-1", "replace").translate(None, _NO_LETTERS).decode("latin-1")
