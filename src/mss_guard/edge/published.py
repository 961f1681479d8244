"""The road to what is published for everybody, the white list and the directory: a GET over TLS. Knows nothing of what it
brings.

The servers of the trust space have a certificate of the IGC-Santé, which no system trusts (domain.md §1): the chain is then a
file that the configuration names, and nothing but that chain is trusted. Verification cannot be switched off.
"""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urljoin, urlsplit

STEP = 20.0  # seconds for the connection, and for each read
WHOLE = 120.0  # seconds for all of it (the list has 6 MB, the directory 20 zipped) on a slow line
MAX_BODY = 64 * 1024 * 1024  # octets kept in memory; the reader of lists takes no more either
MAX_FILE = 512 * 1024 * 1024  # octets kept in a file; the directory has 90 MB unzipped
_HOPS = 4
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Source:
    """Where something is published, who may vouch for it, and the way out of the house: `proxy` is (host, port) or None.

    Without `ca` the system's own authorities vouch, and the server may send on to another https address (open data portals do).
    """

    url: str
    ca: Path | None
    proxy: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Validators:
    """What the server said of the copy we hold (RFC 9110 §8.8); empty: nothing, so the list is asked for whole."""

    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer that speaks for what is published: new bytes, or None for 304, the copy we hold is still it."""

    body: bytes | None
    validators: Validators


@dataclass(frozen=True, slots=True)
class Unfetched:
    """Nothing came. `why`: French, for the administrator."""

    why: str


class _NotTakenError(Exception):
    pass


def get(source: Source, known: Validators = Validators()) -> Fetched | Unfetched:
    """What is published there now, in memory. Never raises; ends within WHOLE plus one STEP."""
    body = bytearray()
    answer = _guarded(source, known, body.extend, MAX_BODY)
    return replace(answer, body=bytes(body)) if isinstance(answer, Fetched) and answer.body is not None else answer


def save(source: Source, path: Path) -> Unfetched | None:
    """The same into a file, whole or not at all worth reading; None when it is there."""
    try:
        with path.open("wb") as file:
            answer = _guarded(source, Validators(), file.write, MAX_FILE)
    except OSError as problem:
        return Unfetched(f"{path} : {problem.strerror}")
    return answer if isinstance(answer, Unfetched) else None


def _guarded(source: Source, known: Validators, keep: Callable[[bytes], object], most: int) -> Fetched | Unfetched:
    try:
        return _get(source, known, keep, most)
    except _NotTakenError as refused:
        return Unfetched(str(refused))
    except ssl.SSLCertVerificationError as problem:
        return Unfetched(
            f"le certificat du serveur n'est pas admis par {source.ca or 'ce système'} : {problem.verify_message}"
        )
    except TimeoutError:
        return Unfetched("le serveur ne répond pas à temps")
    except (OSError, http.client.HTTPException, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or type(problem).__name__
        return Unfetched(f"le serveur ne peut pas être joint : {reason}")


def _get(source: Source, known: Validators, keep: Callable[[bytes], object], most: int) -> Fetched:
    until, url = time.monotonic() + WHOLE, source.url
    for _ in range(_HOPS if source.ca is None else 1):
        where = urlsplit(url)
        if where.scheme != "https" or not where.hostname:
            raise _NotTakenError("l'adresse doit commencer par https://")
        with closing(_connection(source, where.hostname, where.port or 443)) as connection:
            path = f"{where.path or '/'}{'?' if where.query else ''}{where.query}"
            connection.request("GET", path, headers=dict(_headers(known)))
            answer = connection.getresponse()
            if answer.status == 304 and known != Validators():
                return Fetched(None, known)
            if answer.status in (301, 302, 303, 307, 308) and source.ca is None:
                url = urljoin(url, answer.getheader("Location", ""))
                continue
            if answer.status != 200:  # a redirect too, under a pinned chain: it is pinned for this name
                raise _NotTakenError(f"le serveur répond {answer.status}")
            for piece in _pieces(answer, until, most):
                keep(piece)
            if answer.length:
                raise _NotTakenError("la réponse est incomplète")
            return Fetched(b"", Validators(answer.getheader("ETag", ""), answer.getheader("Last-Modified", "")))
    raise _NotTakenError("le serveur renvoie sans fin vers une autre adresse")


def _connection(source: Source, host: str, port: int) -> http.client.HTTPSConnection:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks chain and name, and holds no authority yet
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(source.ca) if source.ca else context.load_default_certs()
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


def _pieces(answer: http.client.HTTPResponse, until: float, most: int) -> Iterator[bytes]:
    size = 0
    while piece := answer.read1(_PIECE):
        size += len(piece)
        if size > most:
            raise _NotTakenError(f"la réponse dépasse {most // 1024 // 1024} Mo")
        if time.monotonic() > until:
            raise TimeoutError
        yield piece
