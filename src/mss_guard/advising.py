"""Advice in use: which the structure wants, whom it has written to before, and that nobody hears the same twice a day."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from mss_guard.core.model import Address, Envelope, Verdict
from mss_guard.core.policy.advice import Advice, advice

REMEMBERED = 20_000
AGAIN = timedelta(days=1)
MOST_MET = 2_000_000  # pseudonyms kept in memory, eight octets and a slot each


class Keys(Protocol):
    """`edge.journal.Keys`, as far as advice knows it."""

    def pseudonym(self, address: Address) -> dict[str, str]: ...
    def candidates(self, address: Address) -> tuple[dict[str, str], ...]: ...


class Adviser:
    """`met` is filled from the journal when the service starts; before that nothing is called a first mail."""

    def __init__(self, keys: Keys) -> None:
        self._keys, self._salt = keys, secrets.token_bytes(16)
        self._met: set[int] | None = None
        self._told: OrderedDict[bytes, datetime] = OrderedDict()

    def learn(self, records: Iterable[Mapping[str, object]]) -> None:
        """Recipients in the trust space of every decision that the journal has. Takes seconds; belongs in a thread."""
        found: set[int] = set()
        for record in records:
            recipients = record.get("recipients")
            for one in recipients if isinstance(recipients, list) else ():
                who = one.get("who") if isinstance(one, dict) and one.get("standing") == "trusted" else None
                if isinstance(who, dict) and len(found) < MOST_MET:
                    found.add(int(str(who["id"]), 16))
        self._met = found

    def advise(
        self, envelope: Envelope, verdict: Verdict, boxes: frozenset[str], wanted: frozenset[Advice], now: datetime
    ) -> Advice | None:
        """What to tell, once a sender and day; whom he writes to is then known."""
        found = advice(envelope, verdict, boxes, wanted, self._known)
        if Advice.FIRST in wanted and self._met is not None:
            for address in envelope.rcpt_to:
                if address.domain:
                    self._met.add(int(self._keys.pseudonym(address)["id"], 16))
        return found if found is not None and self._fresh(envelope, found, now) else None

    def _known(self, address: Address) -> bool:
        if self._met is None:
            return True
        return any(int(one["id"], 16) in self._met for one in self._keys.candidates(address))

    def _fresh(self, envelope: Envelope, found: Advice, now: datetime) -> bool:
        sender = envelope.mail_from.raw.lower() if envelope.mail_from else b""
        mark = hashlib.blake2b(sender + found.encode(), key=self._salt, digest_size=16).digest()
        last = self._told.get(mark)
        if last is not None and now - last < AGAIN:
            return False
        self._told[mark] = now
        self._told.move_to_end(mark)
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        return True
