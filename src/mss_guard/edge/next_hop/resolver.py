"""Host → addresses: literal addresses, the hosts file, then DNS (A and AAAA)."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import dns.asyncresolver
import dns.exception
import dns.resolver

LOOPBACK = ("127.0.0.1", "::1")


class Resolver(Protocol):
    """Never raises for a name that cannot be resolved: no address is then the answer."""

    async def addresses(self, host: str) -> Sequence[str]: ...


class DnsResolver:
    """dnspython's asyncio resolver. It does not read the hosts file, so we do; its cache keeps each answer for its TTL.

    `dns_resolver` None: the system's name servers; without any, only literals and the hosts file answer.
    """

    def __init__(
        self,
        hosts: Path = Path("/etc/hosts"),
        dns_resolver: dns.asyncresolver.Resolver | None = None,
        lifetime: float = 5.0,
    ) -> None:
        self._hosts = hosts
        self._lifetime = lifetime
        self._dns = dns_resolver or _system_resolver()

    async def addresses(self, host: str) -> Sequence[str]:
        """IPv4 first: a next hop is a neighbour, and IPv6 leading nowhere would cost each message a connect timeout."""
        return _literal(host) or self._from_hosts(host) or await self._from_dns(host)

    def _from_hosts(self, host: str) -> Sequence[str]:
        """hosts(5). `localhost` answers whatever the file says (RFC 6761 §6.3)."""
        name = host.rstrip(".").lower()
        try:
            rows = [row.partition("#")[0].split() for row in self._hosts.read_text("utf-8", "replace").splitlines()]
        except OSError:
            rows = []
        found = [a for row in rows if name in map(str.lower, row[1:]) for a in _literal(row[0])]
        return sorted(found, key=_is_v6) or (LOOPBACK if name == "localhost" else ())

    async def _from_dns(self, host: str) -> Sequence[str]:
        if self._dns is None:
            return ()
        v4, v6 = await asyncio.gather(self._query(self._dns, host, "A"), self._query(self._dns, host, "AAAA"))
        return (*v4, *v6)

    async def _query(self, resolver: dns.asyncresolver.Resolver, host: str, kind: str) -> list[str]:
        """Each kind alone: a name server that fails on AAAA must not hide the A records."""
        try:
            answer = await resolver.resolve(host, kind, raise_on_no_answer=False, search=True, lifetime=self._lifetime)
        except (dns.exception.DNSException, OSError, ValueError):
            return []
        return [str(row.address) for row in answer]


def _literal(host: str) -> Sequence[str]:
    try:
        return (str(ipaddress.ip_address(host.strip("[]"))),)
    except ValueError:
        return ()


def _is_v6(address: str) -> bool:
    return ":" in address


def _system_resolver() -> dns.asyncresolver.Resolver | None:
    try:
        made = dns.asyncresolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        return None
    made.cache = dns.resolver.LRUCache(1000)
    return made
