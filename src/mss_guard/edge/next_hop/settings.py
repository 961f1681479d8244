"""What the next hop door is told when it is built. Frozen values; seconds everywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Tls(StrEnum):
    """`may` takes STARTTLS without checking the certificate, or clear text; `verify` checks it and never falls back."""

    NONE = "none"
    MAY = "may"
    VERIFY = "verify"


@dataclass(frozen=True, slots=True)
class Hop:
    """One next hop. `host` is a name or a literal address; `ca` a PEM file, None for the system's authorities.

    `cert`, `key`: PEM files of our own certificate, shown to a hop that asks for one. `user`, `password`: AUTH PLAIN
    (RFC 4616), spoken under `verify` alone.
    """

    host: str
    port: int
    tls: Tls = Tls.NONE
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    user: str | None = None
    password: str = field(default="", repr=False)

    @property
    def label(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Each step's own limit.

    RFC 5321 §4.5.3.2 gives a client minutes, but here another client waits behind us (Postfix's smtpd_proxy_timeout
    is 100 s a step): slot + reach + two commands stay below that. Only the answer to our dot has the RFC's ten minutes.
    """

    slot: float = 5.0  # for a free place among max_connections
    reach: float = 40.0  # all hops together, from resolving to the EHLO answer
    dial: float = 15.0  # one address, from connect to the EHLO answer
    connect: float = 5.0  # TCP alone
    command: float = 25.0  # XFORWARD, MAIL, RSET
    rcpt: float = 60.0  # hops look recipients up, and ask milters and DNS
    answer: float = 600.0  # after our dot (RFC 5321 §4.5.3.2.6)
    quit: float = 2.0  # RSET and QUIT of a connection that is given up
    submit: float = 80.0  # to our own dot, for a message of our own


@dataclass(frozen=True, slots=True)
class HopSettings:
    """The list of hops, tried in order, and the caps of design "The hop transaction"."""

    hops: tuple[Hop, ...]
    helo: str  # our own name, ASCII
    max_connections: int = 20
    reuse: int = 100  # messages on one connection
    idle: float = 60.0
    refresh: float = 60.0
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        if not self.hops or self.max_connections < 1:
            raise ValueError("at least one hop and one connection")
        if not (self.helo.isascii() and self.helo.isprintable() and self.helo) or " " in self.helo:
            raise ValueError("helo is one printable ASCII word")
