"""What the hops offer: one keyword table a hop, their intersection, and which keyword a parameter needs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import reduce

from mss_guard.edge.next_hop.settings import Hop

NEEDS: Mapping[bytes, str] = {
    b"SIZE": "SIZE",  # RFC 1870
    b"BODY=8BITMIME": "8BITMIME",  # RFC 6152
    b"BODY=BINARYMIME": "BINARYMIME",  # RFC 3030
    b"SMTPUTF8": "SMTPUTF8",  # RFC 6531
    b"RET": "DSN",  # RFC 3461, these four
    b"ENVID": "DSN",
    b"NOTIFY": "DSN",
    b"ORCPT": "DSN",
    b"AUTH": "AUTH",  # RFC 4954
    b"REQUIRETLS": "REQUIRETLS",  # RFC 8689
    b"MT-PRIORITY": "MT-PRIORITY",  # RFC 6710
}
"""Parameter of MAIL or RCPT → the EHLO keyword it needs. Others are the hop's to judge."""

_PARAMETERS = re.compile(rb'[^<]*<(?:[^">]|"(?:[^"\\]|\\.)*")*>(.*)', re.DOTALL)


def missing(line: bytes, offers: Mapping[str, str]) -> bool:
    """Whether a MAIL or RCPT line carries a parameter that needs what this hop does not offer."""
    found = _PARAMETERS.match(line)
    words = found[1].upper().split() if found else []
    needed = (NEEDS.get(word) or NEEDS.get(word.partition(b"=")[0]) for word in words)
    return any(keyword is not None and keyword not in offers for keyword in needed)


def forwardable(lines: Sequence[bytes], offers: Mapping[str, str]) -> list[bytes]:
    """The XFORWARD commands as given, but for attributes that this hop does not name; none when it names none."""
    names = {name.encode() for name in offers.get("XFORWARD", "").upper().split()}
    attributes = ([word for word in line.split()[1:] if word.partition(b"=")[0].upper() in names] for line in lines)
    return [b" ".join([b"XFORWARD", *words]) for words in attributes if words]


def intersection(tables: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What every hop offers. SIZE: the smallest limit; other arguments: the words that all of them name."""
    return reduce(_common, tables[1:], dict(tables[0])) if tables else {}


def _common(left: Mapping[str, str], right: Mapping[str, str]) -> dict[str, str]:
    return {word: _arguments(word, left[word], right[word]) for word in left if word in right}


def _arguments(keyword: str, left: str, right: str) -> str:
    if keyword == "SIZE":  # RFC 1870 §4: absent or 0 says no limit
        limits = [int(text) for text in (left, right) if text.isascii() and text.isdigit() and int(text)]
        return str(min(limits)) if limits else ""
    return " ".join(word for word in left.split() if word in right.split())


class Offers:
    """The last EHLO answer of each hop that ever gave one, and when (`loop.time()`)."""

    def __init__(self) -> None:
        self._tables: dict[Hop, tuple[float, Mapping[str, str]]] = {}
        self._all: Mapping[str, str] | None = None

    def learn(self, hop: Hop, table: Mapping[str, str], now: float) -> None:
        self._tables[hop] = (now, table)
        self._all = intersection([table for _, table in self._tables.values()])

    def older_than(self, hop: Hop, moment: float) -> bool:
        return hop not in self._tables or self._tables[hop][0] < moment

    def all(self) -> Mapping[str, str] | None:
        """None before the first success."""
        return self._all
