"""The road to the published white list: one conditional GET over TLS with a pinned chain. Knows nothing of what it brings.

The list's server has a certificate of the IGC-Santé, which no system trusts (domain.md §1): the chain is a file that the
configuration names, and nothing but that chain is trusted. Verification cannot be switched off.
"""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

STEP = 20.0  # seconds for the connection, and for each read
WHOLE = 120.0  # seconds for the whole list (6 MB in 2026) on a slow line
MAX_BODY = 64 * 1024 * 1024  # octets; the reader of lists takes no more either
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Source:
    """Where the list is published, who may vouch for it, and the way out of the house: `proxy` is (host, port) or None."""

    url: str
    ca: Path
    proxy: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Validators:
    """What the server said of the copy we hold (RFC 9110 §8.8); empty: nothing, so the list is asked for whole."""

    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer that speaks for the list: new bytes, or None for 304, the copy we hold is still the list."""

    body: bytes | None
    validators: Validators


@dataclass(frozen=True, slots=True)
class Unfetched:
    """No list came. `why`: French, for the administrator."""

    why: str


class _NotTakenError(Exception):
    pass


def get(source: Source, known: Validators = Validators()) -> Fetched | Unfetched:
    """The list as it is published now. Never raises; ends within WHOLE plus one STEP."""
    try:
        return _get(source, known)
    except _NotTakenError as refused:
        return Unfetched(str(refused))
    except ssl.SSLCertVerificationError as problem:
        return Unfetched(f"le certificat du serveur n'est pas admis par {source.ca} : {problem.verify_message}")
    except TimeoutError:
        return Unfetched("le serveur ne répond pas à temps")
    except (OSError, http.client.HTTPException, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or type(problem).__name__
        return Unfetched(f"le serveur ne peut pas être joint : {reason}")


def _get(source: Source, known: Validators) -> Fetched | Unfetched:
    until = time.monotonic() + WHOLE
    where = urlsplit(source.url)
    if where.scheme != "https" or not where.hostname:
        raise _NotTakenError("l'adresse de la liste doit commencer par https://")
    with closing(_connection(source, where.hostname, where.port or 443)) as connection:
        connection.request("GET", where.path or "/", headers=dict(_headers(known)))
        answer = connection.getresponse()
        if answer.status == 304 and known != Validators():
            return Fetched(None, known)
        if (
            answer.status != 200
        ):  # a redirect too: the chain is pinned for this name, and whoever moved the list says so
            raise _NotTakenError(f"le serveur répond {answer.status}")
        body = b"".join(_pieces(answer, until))
        if answer.length:
            raise _NotTakenError("la réponse est incomplète")
        return Fetched(body, Validators(answer.getheader("ETag", ""), answer.getheader("Last-Modified", "")))


def _connection(source: Source, host: str, port: int) -> http.client.HTTPSConnection:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks chain and name, and holds no authority yet
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(source.ca)
    except OSError as problem:
        raise _NotTakenError(f"{source.ca} : {problem.strerror or 'ce ne sont pas des certificats PEM'}") from None
    if source.proxy is None:
        return http.client.HTTPSConnection(host, port, timeout=STEP, context=context)
    connection = http.client.HTTPSConnection(*source.proxy, timeout=STEP, context=context)
    connection.set_tunnel(host, port)
    return connection


def _headers(known: Validators) -> Iterator[tuple[str, str]]:
    yield "User-Agent", "mss-guard"
    yield "Accept", "application/xml, text/xml"
    yield "Accept-Encoding", "identity"
    yield "Connection", "close"
    if known.etag:
        yield "If-None-Match", known.etag
    if known.modified:
        yield "If-Modified-Since", known.modified


def _pieces(answer: http.client.HTTPResponse, until: float) -> Iterator[bytes]:
    size = 0
    while piece := answer.read1(_PIECE):
        size += len(piece)
        if size > MAX_BODY:
            raise _NotTakenError(f"la réponse dépasse {MAX_BODY // 1024 // 1024} Mo")
        if time.monotonic() > until:
            raise TimeoutError
        yield piece
