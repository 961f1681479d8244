"""A Message to places and texts: its heads (subject, free-text fields, X-MSS marks), its parts one by one, and
messages in files."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime

from mss_guard.core import mime
from mss_guard.core.formats.reading import READ, Doc, Outcome, Reading, place, unreadable
from mss_guard.core.model import How, State, Where, Why

_FREE_TEXT = frozenset(
    {
        "from",
        "sender",
        "reply-to",
        "to",
        "cc",
        "bcc",
        "comments",
        "keywords",
        "organization",
        "thread-topic",
        "x-comment",
    }
    | {"disposition-notification-to", "resent-from", "resent-to", "resent-cc", "content-description", "summary"}
)
"""Header fields that people fill in. Subject stands apart; the others are written by programs."""

_MSS_MARKS = frozenset({"x-mss-codecda", "x-mss-ins", "x-mss-mes"})
"""Referentiel #2 of MSSanté: on mails about a patient. X-MSS-NIL stands on every mail of conformant software."""

_XDM_SUBJECT = "xdm/1.0/ddm+"
_ADDRESS = re.compile(r"<[^<>]*>|[^\s<>,;:\"]+@[^\s<>,;:\"]+")
_AUTHOR = re.compile(r"<\s*([^<>\s]+@[^<>\s]+)\s*>|([^\s<>,;:\"()]+@[^\s<>,;:\"()]+)")
_CORRESPONDENT = re.compile(r"""(?:^|,)\s*["']?([^<>,"]{2,200}?)["']?\s*<\s*([^<>\s]{1,320}@[^<>\s]{1,255})\s*>""")
_ADDRESSES_LENGTH = 20_000  # characters of one To or Cc field that are looked at for names
_MBOX = re.compile(rb"^From [^\r\n]*\r?\n(?=[A-Za-z-]+:)", re.MULTILINE)
_CID = re.compile(rb"cid:([^\"'\s<>()]{1,250})", re.IGNORECASE)
_DATE_LENGTH = 100  # characters: RFC 5322 dates have 31, old zone comments some more
_ID_LENGTH = 250
MAX_MBOX = 500  # messages read from one mailbox file


def referenced(message: mime.Message) -> frozenset[str]:
    """The Content-IDs that HTML parts show (RFC 2392)."""
    return frozenset(
        cid.decode("latin-1")
        for part in message.parts
        if part.declared == "text/html" and b"cid:" in part.data.lower()
        for cid in _CID.findall(part.data)
    )


def walk(reading: Reading, message: mime.Message, base: Doc | None = None) -> None:
    """Read every head and part. `base`: the document that the message was met in."""
    reading.messages += len(message.heads) - (0 if base else 1)
    for head in message.heads:
        _head(reading, head)
    for part in message.parts:
        body = not part.attachment and part.declared.startswith(("text/", "message/"))
        doc = Doc(
            data=part.data,
            part=part.id,
            name=f"{base.name}/{part.name}" if base and base.name and part.name else part.name,
            declared=part.declared,
            charset=part.charset,
            how=How.CARVED if part.carved else How.CONTAINER if base else How.MIME,
            where=Where.BODY if body else Where.ATTACHMENT,
            message=part.message,
            depth=base.depth if base else 0,
            archives=base.archives if base else 0,
            inline=bool(part.content_id) and part.content_id in reading.referenced,
        )
        if part.container:
            _container(reading, doc, part.why)
            continue
        if part.description:
            reading.text(doc, part.description, Where.HEADER)
        if part.why:
            _odd(reading, doc, part.why)
        else:
            reading.look(reading, doc)


def _container(reading: Reading, doc: Doc, why: Why | None) -> None:
    """A multipart or a message is a place only when something is wrong with it; what is inside has its own places."""
    if doc.name:
        reading.text(doc, doc.name, Where.NAME)
    if why:
        reading.places.append(place(doc, unreadable(why, _container_type(doc.declared))))


_CONTAINERS = frozenset(
    {"multipart/alternative", "multipart/digest", "multipart/encrypted", "multipart/mixed", "multipart/related"}
    | {"multipart/report", "multipart/signed", "message/global", "message/news", "message/rfc822"}
)


def _container_type(declared: str) -> str:
    """One of the known types: what a sender makes up may hold words, and these end in the journal."""
    if declared in _CONTAINERS:
        return declared
    return "message/rfc822" if declared.startswith("message/") else "multipart/mixed"


def _odd(reading: Reading, doc: Doc, why: Why) -> None:
    """An ambiguous part is read as far as it can be, and declared all the same: what policy takes more lightly (a long
    text, a picture without words) does not stand for the doubt."""
    slot = len(reading.places)
    reading.look(reading, doc)
    seen = reading.places[slot] if slot < len(reading.places) else None
    if seen is not None:
        graver = seen.why if seen.why not in (None, Why.PARTIAL, Why.NO_TEXT) else why
        reading.places[slot] = place(doc, Outcome(State.UNREADABLE, graver, seen.type))


def nested(reading: Reading, doc: Doc) -> Outcome:
    """A file that is a message, or a mailbox of them."""
    starts = [m.start() for m in _MBOX.finditer(doc.data)] if doc.data.startswith(b"From ") else []
    ends = [*starts[1:], len(doc.data)] if starts else []
    pieces = [doc.data[a:b] for a, b in zip(starts, ends, strict=True)] or [doc.data]
    inner = Doc(b"", doc.part, doc.name, depth=doc.depth + 1, archives=doc.archives)
    for n, piece in enumerate(pieces[:MAX_MBOX], 1):
        prefix = f"{doc.part}/{n}:mbox/" if len(pieces) > 1 else f"{doc.part}/"
        message = mime.parse(piece, prefix, reading.messages)
        reading.referenced |= referenced(message)
        walk(reading, message, inner)
    if len(pieces) > MAX_MBOX:
        return unreadable(Why.TOO_MANY, "application/mbox")
    return Outcome(READ.state, None, "application/mbox" if len(pieces) > 1 else "message/rfc822")


# --- heads ------------------------------------------------------------------------------------------------------------


def _head(reading: Reading, head: mime.Head) -> None:
    doc = Doc(b"", head.part, message=head.number)
    for header in head.headers:
        if header.name == "subject":
            subject = mime.decode_words(header.text)
            reading.text(doc, subject, Where.SUBJECT)
            if _XDM_SUBJECT in subject.lower() or subject.strip().upper() == "[FIN]":
                reading.mark(doc, "mss-subject")
        elif header.name in _FREE_TEXT:
            spoken = _ADDRESS.sub(" ", mime.decode_words(header.text)).strip(" ,;:\"'")
            if spoken:
                _spoken(reading, doc, spoken)
        elif header.name[:1] == "x" and header.name.replace("_", "-") in _MSS_MARKS:
            reading.mark(doc, "mss-header")


def _spoken(reading: Reading, doc: Doc, text: str) -> None:
    last = reading.texts[-1] if reading.texts else None
    if last is None or (last.part, last.where, last.text) != (doc.part, Where.HEADER, text):
        reading.text(doc, text, Where.HEADER)


# --- facts of the outer message ---------------------------------------------------------------------------------------


def _first(head: mime.Head, name: str) -> str:
    return next((h.text for h in head.headers if h.name == name), "")


def message_id(head: mime.Head) -> str:
    value = _first(head, "message-id").strip()
    return value if len(value) <= _ID_LENGTH and value.isascii() and value.isprintable() else ""


def date(head: mime.Head) -> str:
    """ISO 8601 with its offset, "" for a date without one or none at all."""
    value = _first(head, "date")[:_DATE_LENGTH]
    try:
        parsed: datetime = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
    return parsed.isoformat() if parsed.tzinfo is not None else ""


def automatic(head: mime.Head) -> bool:
    """Written by a program or sent through a list (RFC 3834 §5, RFC 2919, 2369): nobody is to be written to about
    it."""
    for header in head.headers:
        token = header.value.partition(b";")[0].strip().lower()
        if (
            (header.name == "auto-submitted" and token not in (b"no", b""))
            or (header.name == "precedence" and token in (b"bulk", b"junk", b"list"))
            or header.name.startswith("list-")
        ):
            return True
    return False


def author(head: mime.Head) -> str:
    match = _AUTHOR.search(_first(head, "from")[:4_000])
    return (match[1] or match[2]).lower() if match else ""


def correspondents(head: mime.Head) -> tuple[tuple[str, str], ...]:
    """(decoded name, address in lower case) of those in To and Cc who have a name."""
    return tuple(
        (" ".join(mime.decode_words(named[1]).split()), named[2].lower())
        for header in head.headers
        if header.name in ("to", "cc")
        for named in _CORRESPONDENT.finditer(header.text[:_ADDRESSES_LENGTH])
    )
