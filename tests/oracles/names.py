"""File names hidden by odd fields: every value that some client would show is a name that rules can match."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import quote

from mss_guard.core import formats, mime
from mss_guard.core.model import State, Where
from tests.readers.report import folded

NAME = "compte-rendu psychiatrie Éric Durand.pdf"
_PCT = quote(NAME)
_LATIN = quote(NAME.encode("latin-1"))
_B = f"=?utf-8?b?{base64.b64encode(NAME.encode()).decode()}?="
_Q = "=?iso-8859-1?q?compte-rendu_psychiatrie_=C9ric_Durand=2Epdf?="
_A, _Z = _PCT[:30], _PCT[30:]

DISPOSITION: dict[str, str] = {
    "raw, quoted": f'filename="{NAME}"',
    "raw, no quotes": f"filename={NAME}",
    "raw, single quotes": f"filename='{NAME}'",
    "raw, open quote": f'filename="{NAME}',
    "blanks around =": f'filename = "{NAME}"',
    "capitals": f'FILENAME="{NAME}"',
    "a comment before": f'(x) filename="{NAME}"',
    "a comment behind": f'filename="{NAME}" (x)',
    "no semicolon before": f'size=12 filename="{NAME}"',
    "two semicolons": f';;filename="{NAME}"',
    "encoded word, base64": f'filename="{_B}"',
    "encoded word, quoted-printable": f'filename="{_Q}"',
    "encoded word, no quotes": f"filename={_B}",
    "encoded words, folded": 'filename="=?utf-8?q?compte-rendu_psychiatrie_?=\r\n =?utf-8?q?=C3=89ric_Durand.pdf?="',
    "extended": f"filename*=utf-8''{_PCT}",
    "extended, quoted": f"filename*=\"utf-8''{_PCT}\"",
    "extended, a language": f"filename*=utf-8'fr'{_PCT}",
    "extended, no charset": f"filename*=''{_PCT}",
    "extended, no quotes marks": f"filename*={_PCT}",
    "extended, latin": f"filename*=iso-8859-1''{_LATIN}",
    "extended, wrong charset": f"filename*=x-unknown''{_PCT}",
    "extended marks in a plain one": f"filename=utf-8''{_PCT}",
    "percent in a plain one": f"filename={_PCT}",
    "in pieces": f"filename*0*=utf-8''{_A}; filename*1*={_Z}",
    "in pieces, other order": f"filename*1*={_Z}; filename*0*=utf-8''{_A}",
    "in pieces from one": f"filename*1*=utf-8''{_A}; filename*2*={_Z}",
    "in pieces with leading zeros": f"filename*00*=utf-8''{_A}; filename*01*={_Z}",
    "in plain pieces": f'filename*0="{NAME[:20]}"; filename*1="{NAME[20:]}"',
    "pieces and plain": f"filename=a.pdf; filename*0*=utf-8''{_A}; filename*1*={_Z}",
    "twice, first": f'filename="{NAME}"; filename=a.pdf',
    "twice, last": f'filename=a.pdf; filename="{NAME}"',
    "plain and extended": f"filename=a.pdf; filename*=utf-8''{_PCT}",
    "extended and plain": f"filename*=utf-8''a.pdf; filename=\"{NAME}\"",
    "a NUL in it": f'filename="a.pdf\0{NAME}"',
    "a turn of direction": f'filename="\u202e{NAME}"',
    "escapes": 'filename="' + "".join(f"\\{c}" if c.isalpha() and c.isascii() else c for c in NAME) + '"',
    "a path": f'filename="C:\\\\docs\\\\{NAME}"',
    "as name": f'name="{NAME}"',
    "folded": f'\r\n\tfilename="{NAME[:20]}\r\n {NAME[20:].strip()}"',
}
"""Parameters of a Content-Disposition."""

FIELDS: dict[str, str] = {
    "name of the type": f'Content-Type: application/pdf; name="{NAME}"',
    "name of a second type": f'Content-Type: application/pdf\r\nContent-Type: application/pdf; name="{NAME}"',
    "a second disposition": f'Content-Disposition: attachment; filename=a.pdf\r\nContent-Disposition: attachment; filename="{NAME}"',
    "no token of disposition": f'Content-Disposition: ; filename="{NAME}"',
    "nothing but the parameter": f'Content-Disposition: filename="{NAME}"',
    "description": f"Content-Description: {NAME}",
    "description, encoded": f"Content-Description: {_B}",
    "location": f"Content-Location: {_PCT}",
    "filename in the type": f'Content-Type: application/pdf; filename="{NAME}"',
    "external body": f'Content-Type: message/external-body; access-type=local-file; name="{NAME}"',
    "of a message": f'Content-Type: message/rfc822; name="{NAME}"',
    "of a multipart": f'Content-Type: multipart/mixed; boundary=c; name="{NAME}"',
    "a blank before the colon": f'Content-Disposition : attachment; filename="{NAME}"',
}  # fmt: skip


def messages() -> Iterator[tuple[str, bytes]]:
    """(where the name stands, message)."""
    fields = {
        **{f"filename: {key}": f"Content-Disposition: attachment; {value}" for key, value in DISPOSITION.items()},
        **FIELDS,
    }
    for key, field in fields.items():
        head = "Subject: Bonjour\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        yield key, f"{head}{field}\r\n\r\nBonjour\r\n--b--\r\n".encode()
    yield "uuencode", f"Subject: x\r\n\r\nVoici\r\n\r\nbegin 644 {NAME}\r\n#8F]N\r\n`\r\nend\r\n".encode()


def outcome(raw: bytes) -> str:
    content = formats.read(mime.parse(raw))
    told = [text.text for text in content.texts if text.where in (Where.NAME, Where.HEADER)]
    if any(folded(NAME) in folded(text) for text in told):
        return "found"
    return "unreadable" if any(place.state is State.UNREADABLE for place in content.places) else "missed"


def report() -> bool:
    """Prints the counts and what was missed; True when nothing was."""
    cells = {key: outcome(raw) for key, raw in messages()}
    kinds = sorted(set(cells.values()))
    print(f"hidden names {len(cells)}: {', '.join(f'{kind} {list(cells.values()).count(kind)}' for kind in kinds)}")
    for key, cell in cells.items():
        if cell != "found":
            print(f"- {key}: {cell}")
    return "missed" not in cells.values()
