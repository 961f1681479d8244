"""Values that administrators write in their own way: durations, sizes, networks, domains, addresses. Text in, value
out; ValueError in French.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated

from pydantic import PlainValidator

from mss_guard.core import addresses

_DURATION = re.compile(r"([0-9]{1,9})(s|min|h|d)")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_SIZE = re.compile(r"([0-9]{1,12})(|B|kB|MB|GB|KiB|MiB|GiB)")
_OCTETS = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}))*\.?")


def duration(value: object) -> timedelta:
    """`15d`, `2h`, `30min`, `45s`."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("il faut une durée : un nombre entier et s, min, h ou d (45s, 30min, 2h, 15d)")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def size(value: object) -> int:
    """`50MB` (a million octets each), `50MiB` (2^20 octets each), or a plain number of octets."""
    match = _SIZE.fullmatch(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None
    if match is None:
        raise ValueError("il faut une taille : un nombre entier et kB, MB, GB, KiB, MiB ou GiB (50MB)")
    return int(match[1]) * _OCTETS[match[2]]


def network(value: object) -> IPv4Network | IPv6Network:
    """`192.0.2.0/24`, `2001:db8::/32`, or one address."""
    try:
        return ip_network(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(
            "il faut un réseau en notation CIDR, sans bit après le masque (192.0.2.0/24, 2001:db8::/32)"
        ) from None


def domain(value: object) -> str:
    """A mail domain; comes out as A-label, lower case."""
    found = addresses.to_ascii(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("il faut un nom de domaine de messagerie (ehpad-les-tilleuls.fr)")
    return found


def mailbox(value: object) -> str:
    """A mail address."""
    text = value if isinstance(value, str) else ""
    found = addresses.parse(text.encode("utf-8", "surrogatepass"), smtputf8=True)
    if found.malformed or "@" not in text:
        raise ValueError("il faut une adresse de messagerie (nom@domaine.fr)")
    return text


def host(value: object) -> str:
    """A host name or an IP address."""
    text = value if isinstance(value, str) else ""
    try:
        return str(ip_address(text))
    except ValueError:
        if _HOST.fullmatch(text):
            return text
    raise ValueError("il faut un nom d'hôte ou une adresse IP")


def ip(value: object) -> str:
    """An IP address to listen on."""
    try:
        return str(ip_address(value if isinstance(value, str) else ""))
    except ValueError:
        raise ValueError("il faut une adresse IP (127.0.0.1, ::1)") from None


def slug(name: str) -> str:
    """A name as identifier: `EHPAD Les Tilleuls` → `ehpad-les-tilleuls`; at most 63 characters, `structure` when
    nothing is left.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:63].strip("-") or "structure"


Duration = Annotated[timedelta, PlainValidator(duration)]
Size = Annotated[int, PlainValidator(size)]
Network = Annotated[IPv4Network | IPv6Network, PlainValidator(network)]
Domain = Annotated[str, PlainValidator(domain)]
Mailbox = Annotated[str, PlainValidator(mailbox)]
Host = Annotated[str, PlainValidator(host)]
ListenAddress = Annotated[str, PlainValidator(ip)]
