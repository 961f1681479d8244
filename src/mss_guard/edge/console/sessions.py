"""Sessions, kept here and not in the browser: a random name in a cookie, its digest in this table. A restart signs everybody out."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from mss_guard.edge.console.ports import Person

MOST = 1000


@dataclass(slots=True)
class Session:
    """`person` None: nobody has signed in yet (the form's token and an OIDC attempt hang on it)."""

    csrf: str
    began: float
    seen: float
    person: Person | None = None
    by_oidc: bool = False
    notes: dict[str, str] = field(default_factory=dict)


class Sessions:
    """`idle`, `longest`: seconds. `clock`: seconds, monotonic."""

    def __init__(self, idle: float, longest: float, clock: Callable[[], float]) -> None:
        self._idle, self._longest, self._clock = idle, longest, clock
        self._held: dict[str, Session] = {}

    def begin(self, person: Person | None = None, *, by_oidc: bool = False) -> tuple[str, Session]:
        """(the cookie's value, the session). Always a new name: one that was known before the sign-in opens nothing after it."""
        self._clean()
        name, now = secrets.token_urlsafe(32), self._clock()
        session = Session(secrets.token_urlsafe(32), now, now, person, by_oidc)
        self._held[_digest(name)] = session
        return name, session

    def find(self, name: str | None) -> Session | None:
        """The living session of a cookie, its idle time begun anew."""
        session = self._held.get(_digest(name)) if name else None
        if session is None or self._over(session):
            self.end(name)
            return None
        session.seen = self._clock()
        return session

    def end(self, name: str | None) -> None:
        if name:
            self._held.pop(_digest(name), None)

    def end_all(self, person: str) -> None:
        """Every session of somebody."""
        for key in [k for k, s in self._held.items() if s.person is not None and s.person.name == person]:
            del self._held[key]

    def _over(self, session: Session) -> bool:
        now = self._clock()
        return now - session.seen > self._idle or now - session.began > self._longest

    def _clean(self) -> None:
        for key in [k for k, s in self._held.items() if self._over(s)]:
            del self._held[key]
        while len(self._held) >= MOST:  # the oldest that nobody signed in to, else the oldest
            nobody = next((k for k, s in self._held.items() if s.person is None), None)
            del self._held[nobody or next(iter(self._held))]


def same(given: str, expected: str) -> bool:
    """Compared without telling how much fits."""
    return hmac.compare_digest(given.encode(), expected.encode())


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
