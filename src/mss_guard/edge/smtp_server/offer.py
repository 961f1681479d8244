"""What EHLO and LHLO offer: what we can do and every next hop can do too (RFC 5321 §4.1.1.1)."""

from __future__ import annotations

from collections.abc import Mapping

from mss_guard.edge.smtp_server.syntax import XFORWARD_ATTRIBUTES

_MIRRORED = ("8BITMIME", "SMTPUTF8", "DSN")


def lines(offers: Mapping[str, str] | None, *, size: int, trusted: bool) -> list[str]:
    """EHLO keyword lines, in a fixed order. `offers`: the hops' own, None before the first of them answered. `size`:
    our own limit.

    Before the first hop answered nothing is promised but codes, and MAIL is deferred anyway.
    """
    if offers is None:
        return ["ENHANCEDSTATUSCODES"]
    offered = [keyword for keyword in _MIRRORED if keyword in offers]
    if "SIZE" in offers:
        offered.insert(0, f"SIZE {_smaller(size, offers['SIZE'])}")
    offered.append("ENHANCEDSTATUSCODES")
    if trusted:
        offered.append("XFORWARD " + " ".join(_attributes(offers.get("XFORWARD"))))
    return offered


def reply(hostname: str, offered: list[str]) -> bytes:
    """A 250 of several lines, in one piece: a client that reads line by line must never be ahead of us."""
    text = [hostname, *offered]
    return "".join(f"250{' ' if last else '-'}{line}\r\n" for last, line in _marked(text)).encode("ascii")


def _marked(text: list[str]) -> list[tuple[bool, str]]:
    return [(index == len(text) - 1, line) for index, line in enumerate(text)]


def _smaller(ours: int, theirs: str) -> int:
    """SIZE without a number, or 0, is no limit at all (RFC 1870 §4)."""
    limit = int(theirs) if theirs.isascii() and theirs.isdigit() else 0
    return min(ours, limit) if limit else ours


def _attributes(theirs: str | None) -> list[str]:
    """A hop that knows no XFORWARD still leaves us the client's name for the record."""
    ours = [name.decode("ascii") for name in XFORWARD_ATTRIBUTES]
    if not theirs:
        return ours
    known = theirs.upper().split()
    return [name for name in ours if name in known] or ours
