"""Settings of a listener and its limits, in SI units: sizes in bytes, times in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from mss_guard.edge.smtp_server.ports import ListenerFacts, ListenerMode, Senders

Network = IPv4Network | IPv6Network

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
MEMORY_FACTOR = 3
"""A message counts this many times its size while it is in flight: received, normalised, sent on."""


@dataclass(frozen=True, slots=True)
class FrontLimits:
    """How much, how many, how long.

    `size`: octets of a message with its CRLF, without dot-stuffing (RFC 1870 §5). `inspection_timeout` is a backstop:
    the judge holds 45 s for waiting and inspection itself, the rest is for its record. `dot_timeout`: from the client's
    dot to ours. `errors`: mistakes in the protocol, and `idle_commands`: commands that lead nowhere, both since the
    last MAIL or message; addresses and messages that are refused never count.
    """

    size: int = 50_000_000
    connections: int = 200
    per_client: int = 20
    recipients: int = 1000
    bytes_in_flight: int = 256_000_000
    errors: int = 20
    idle_commands: int = 100
    command_timeout: float = 300.0  # RFC 5321 §4.5.3.2.7
    data_idle_timeout: float = 180.0
    data_timeout: float = 3600.0  # the whole upload: one octet a minute must not hold memory for ever
    inspection_timeout: float = 50.0
    dot_timeout: float = 80.0
    refuse_bare_line_ends: bool = False  # False: normalised and noted
    refuse_nul: bool = False
    hops: int = 100  # Received fields, RFC 5321 §6.3

    def __post_init__(self) -> None:
        if self.size * MEMORY_FACTOR > self.bytes_in_flight:
            # Otherwise the largest messages would be told to come back until their sender gives up.
            raise ValueError(f"bytes_in_flight must be at least {MEMORY_FACTOR} x size")


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """Where a listener stands and whom it serves. `allow`: networks that may connect; `trusted`: those whose XFORWARD
    is believed.
    """

    address: str = "127.0.0.1"
    port: int = 0
    mode: ListenerMode = "smtp"
    senders: Senders = "own"
    name: str = "smtp"
    hostname: str = "mss-guard.invalid"
    allow: tuple[Network, ...] = LOOPBACK
    trusted: tuple[Network, ...] = LOOPBACK

    @property
    def facts(self) -> ListenerFacts:
        return ListenerFacts(mode=self.mode, senders=self.senders, name=self.name)


def client_address(peer: str) -> IPv4Address | IPv6Address:
    """The address of a peer; an IPv4 client of a dual-stack socket is an IPv4 client. A zone index is dropped."""
    address = ip_address(peer.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def within(address: IPv4Address | IPv6Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)
