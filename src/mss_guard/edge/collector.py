"""Handing lines of JSON to a collector off the host: an https address that takes a POST, or a syslog server over TLS (RFC 5424, RFC 5425).

The journal's signed heads go so to a witness, its records to a SIEM. Blocking, bounded, never raises; no message ever waits for it.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

STEP = 15.0  # seconds for the connection, and for each answer
LINGER = 0.25  # seconds in which a syslog server that has left is heard to leave
SYSLOG_PORT = 6514  # RFC 5425 §4.1
_PRIORITY = 13 * 8 + 6  # log audit, informational (RFC 5424 §6.2.1)


@dataclass(frozen=True, slots=True)
class Road:
    """Where a collector is. `ca`: PEM file of who may vouch for it; None: the system's. `token`: a file with the bearer token that
    an https collector asks for (RFC 6750).
    """

    kind: Literal["https", "syslog"]
    host: str
    port: int
    path: str = ""
    ca: Path | None = None
    token: Path | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of JSON. `kind`: the MSGID of RFC 5424; `at`: its TIMESTAMP."""

    text: str
    kind: str
    at: str


def road(text: str, ca: Path | None = None, token: Path | None = None) -> Road | None:
    """`https://host[:port]/path` or `syslog+tls://host[:port]` as a Road; None when it is neither."""
    try:
        where = urlsplit(text)
        port = where.port
    except ValueError:
        return None
    if not where.hostname or where.username is not None or not text.isprintable() or " " in text:
        return None
    if where.scheme == "https":
        path = (where.path or "/") + (f"?{where.query}" if where.query else "")
        return Road("https", where.hostname, port or 443, path, ca, token)
    if where.scheme == "syslog+tls" and where.path in ("", "/") and not where.query:
        return Road("syslog", where.hostname, port or SYSLOG_PORT, "", ca)
    return None


def hand_over(to: Road, lines: Sequence[Line], hostname: str) -> str | None:
    """Give these to the collector. None when it took them all, else why not, in French: then it may have taken some."""
    try:
        return _post(to, lines) if to.kind == "https" else _syslog(to, lines, hostname)
    except ssl.SSLCertVerificationError as problem:
        return f"son certificat n'est pas admis : {problem.verify_message}"
    except TimeoutError:
        return "pas de réponse à temps"
    except (OSError, http.client.HTTPException, ValueError) as problem:
        return f"ne peut pas être joint : {getattr(problem, 'strerror', None) or type(problem).__name__}"


def _context(to: Road) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=to.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _post(to: Road, lines: Sequence[Line]) -> str | None:
    body = "".join(f"{line.text}\n" for line in lines).encode()
    headers = {"Content-Type": "application/x-ndjson", "User-Agent": "mss-guard", "Connection": "close"}
    if to.token is not None:
        headers["Authorization"] = f"Bearer {to.token.read_text(encoding='ascii').strip()}"
    with closing(http.client.HTTPSConnection(to.host, to.port, timeout=STEP, context=_context(to))) as connection:
        connection.request("POST", to.path, body, headers)
        status = connection.getresponse().status
    return None if 200 <= status < 300 else f"répond {status}"  # a redirect too: nothing was kept


def _syslog(to: Road, lines: Sequence[Line], hostname: str) -> str | None:
    """Each line a message of its own, framed by its length. The server answers nothing: that the connection held to its
    end is all that can be had.
    """
    with socket.create_connection((to.host, to.port), STEP) as plain:  # noqa: SIM117 - one line would be too long
        with _context(to).wrap_socket(plain, server_hostname=to.host) as secured:
            for line in lines:
                message = (
                    f"<{_PRIORITY}>1 {line.at} {hostname} mss-guard {os.getpid()} {line.kind} - {line.text}".encode()
                )
                secured.sendall(b"%d %s" % (len(message), message))
            if _left(secured):
                return "a mis fin à la connexion avant la fin"
            with suppress(ssl.SSLEOFError):  # many servers end the connection without TLS's own farewell
                secured.unwrap()
    return None


def _left(secured: ssl.SSLSocket) -> bool:
    """Whether the server has ended the connection by itself: its farewell then says nothing of what it read."""
    secured.settimeout(LINGER)
    try:
        return secured.recv(64) == b""
    except TimeoutError:
        return False
    finally:
        secured.settimeout(STEP)
