"""Reply bytes → HopReply (RFC 5321 §4.2), which replies a stage may get, and the 451 lines that are ours."""

from __future__ import annotations

import re
from enum import StrEnum

from mss_guard.core.model import HopReply, Reply

LINE_LIMIT = 2048
"""Octets of one reply line, CRLF included. RFC 5321 §4.5.3.1.5 says 512; Postfix's client takes 2048."""
REPLY_LIMIT = 32 * 1024
"""Octets of one whole reply."""

# SMTP never used 1xx, and 6xx does not exist; a stray control character would desynchronise the client behind us.
_LINE = re.compile(rb"([2-5][0-5][0-9])(?:([ -])[\t\x20-\x7e\x80-\xff]*)?\r\n")


class JunkError(Exception):
    """The peer does not speak SMTP."""


class Stage(StrEnum):
    """Where a transaction with the hop stands; the first six are before any word of a message."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    BANNER = "banner"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    XFORWARD = "xforward"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"
    RSET = "rset"
    QUIT = "quit"


def possible(stage: Stage, code: int) -> bool:
    """Whether a server can mean `code` at `stage`: 4xx and 5xx always, 354 to DATA only, 2xx to all others."""
    if code >= 400:
        return True
    return code == 354 if stage is Stage.DATA else code < 300


def take(buffer: bytearray) -> HopReply | None:
    """Cut one whole reply off the front of `buffer`. None: not there yet. Raises JunkError: it never will be."""
    end, code = 0, b""
    while (newline := buffer.find(b"\n", end)) >= 0:
        line = _LINE.fullmatch(buffer, end, newline + 1)
        if line is None or newline - end >= LINE_LIMIT or (code and line[1] != code):
            raise JunkError
        end, code = newline + 1, line[1]
        if line[2] != b"-":
            wire = bytes(buffer[:end])
            del buffer[:end]
            return HopReply(int(code), wire)
    if len(buffer) - end > LINE_LIMIT or len(buffer) > REPLY_LIMIT:
        raise JunkError
    return None


def offered(ehlo: HopReply) -> dict[str, str]:
    """EHLO reply → {KEYWORD: arguments} (RFC 5321 §4.1.1.1); the first line is the greeting."""
    lines = (line[4:].decode("ascii", "replace") for line in ehlo.wire.split(b"\r\n")[1:-1])
    return {keyword.upper(): rest.strip() for keyword, _, rest in (line.strip().partition(" ") for line in lines)}


def _own(enhanced: str, text: str, *, unknown: bool = False) -> HopReply:
    return HopReply(451, Reply(451, enhanced, text).wire(), unknown)


UNREACHABLE = _own("4.4.1", "Serveur suivant injoignable, reessayez plus tard")
LOST = _own("4.4.2", "Liaison avec le serveur suivant interrompue, reessayez plus tard")
LATE = _own("4.4.5", "Delai de traitement depasse, reessayez plus tard")
BUSY = _own("4.3.2", "Trop d'envois en cours, reessayez plus tard")
FAULT = _own("4.3.0", "Incident temporaire, reessayez plus tard")
MISSING = _own("4.3.3", "Option momentanement indisponible, reessayez plus tard")
UNKNOWN = _own("4.4.2", "Reponse du serveur suivant non recue, reessayez plus tard", unknown=True)
