"""What is packed into characters: base64 runs (HL7 OBX, CDA nonXMLBody, JSON, XML, plain text), uuencoded blocks,
quoted-printable, and parts of a message that stand in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mss_guard.core import mime
from mss_guard.core.formats import kinds
from mss_guard.core.formats.reading import Doc, Holder, Reading, Stop
from mss_guard.core.mime.transfer import base64, quoted_printable
from mss_guard.core.model import How, Why

MAX_CARVED = 200  # blocks decoded from one text: an HL7 batch of a laboratory's day stays below
MIN_RUN = 60  # letters of one line: RFC 2045 lines have 76, PEM has 64, uninterrupted ones more; words have fewer

_BREAK = r"(?:[ \t]*\r?\n[ \t]*|\\r|\\n|\\\.br\\|\\X0[AD]\\|&#(?:10|13|x[AaDd]);){1,4}"
_RUN = re.compile(
    rf"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{{{MIN_RUN},}}(?:{_BREAK}[A-Za-z0-9+/]{{{MIN_RUN},}})*(?:{_BREAK}[A-Za-z0-9+/]{{2,75}}(?![\w.,;]))?={{0,2}}"
)
_BREAKS = re.compile(_BREAK)

_TRUSTED = frozenset({"pdf", "zip", "rtf", "ole", "gzip", "xz", "picture", "dicom", "zlib", kinds.TEXT})
"""Readers whose signatures do not turn up by chance in decoded noise."""


def extract(reading: Reading, doc: Doc, text: str, kind: Holder) -> str:
    """`text` without the encoded blocks in it; these are read as places of their own. `kind` says what holds them."""
    if "begin " in text:
        written = doc.data if b"begin " in doc.data else text.encode("utf-8", "replace")  # wide characters
        for n, (name, body) in enumerate(mime.uu_blocks(written), 1):
            if n > MAX_CARVED:
                raise Stop(Why.TOO_MANY)
            reading.spend(len(body))
            reading.look(reading, doc.child(n, "uuencode", body, name, How.CARVED))
    if not _has_run(text):
        return text
    kept: list[str] = []
    last = carved = 0
    for run in _RUN.finditer(text):
        data = _decoded(_BREAKS.sub("", run[0]))
        if data is None:
            continue
        carved += 1
        if carved > MAX_CARVED:
            raise Stop(Why.TOO_MANY)
        reading.spend(len(data))
        reading.look(reading, doc.child(carved, kind, data, "", How.CARVED))
        kept.append(text[last : run.start()])
        last = run.end()
    kept.append(text[last:])
    return "\n".join(kept)


_ESCAPES = re.compile(r"=[89A-F][0-9A-F]")  # of bytes beyond ASCII; addresses of the web hold "=20" and "=3D"
_DENSE = 20  # one octet in so many is "=": every letter is escaped


def from_mail(reading: Reading, doc: Doc, shown: str) -> None:
    """Parts of a message pasted or hidden in a text, and quoted-printable that no field announces. `shown`: the words
    of the document, without markup."""
    data = doc.data
    if b"content-transfer-encoding" in data.lower():
        blocks, all_of_them = mime.announced(data)
        for n, body in enumerate(blocks, 1):
            reading.spend(len(body))
            reading.look(reading, doc.child(n, "mime", body, "", How.CARVED))
        if not all_of_them:
            raise Stop(Why.TOO_MANY)
    if "=" in shown and (shown.count("=") * _DENSE > len(shown) or len(_ESCAPES.findall(shown)) > 1):
        written = shown.encode("utf-8", "replace")
        plain = quoted_printable(written)
        if plain != written:
            reading.text(doc, mime.decode_text(plain, doc.charset))


def _has_run(text: str) -> bool:
    """Cheap test before the pattern: some line or word is as long as a run must be."""
    return max(map(len, text.split()), default=0) >= MIN_RUN


def _decoded(letters: str) -> bytes | None:
    """The bytes of a run, None when nothing says that it is base64 of something to read."""
    data, _ = base64(letters.encode("ascii"))
    kind = kinds.sniff(data)
    if kind.reader not in _TRUSTED:
        return None
    if kind.reader == kinds.TEXT and not _is_prose(data):
        return None
    return data


def _is_prose(data: bytes) -> bool:
    """Decoded noise has controls and broken UTF-8; text has neither."""
    try:
        text = data[:2000].decode("utf-8") if data[:2] not in (b"\xff\xfe", b"\xfe\xff") else data.decode("utf-16")
    except UnicodeDecodeError as error:
        return error.start > 1900
    return all(c.isprintable() or c in "\t\r\n\x0b\x0c\ufeff" for c in text[:2000])


def base64_blocks(reading: Reading, doc: Doc, blocks: Iterable[tuple[str, bytes]], kind: Holder) -> None:
    """Read blocks that say themselves that they are base64, such as data: addresses; pictures among them are inline."""
    for n, (declared, letters) in enumerate(blocks, 1):
        if n > MAX_CARVED:
            raise Stop(Why.TOO_MANY)
        data, _ = base64(letters)
        reading.spend(len(data))
        child = doc.child(n, kind, data, "", How.CARVED)
        reading.look(reading, child.shown() if declared.startswith("image/") else child)
