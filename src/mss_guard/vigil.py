"""What must not pass unheard: a fault of ours that keeps mail waiting, and a bypass that lets it through uninspected.

Once a second it looks at the bypass file and at the outages; letters go to the structure's contact (of a bypass to the
DPO too) straight through the next hop, and the status line says the same. Nothing here stands in a message's way.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from mss_guard import config
from mss_guard.core import addresses
from mss_guard.core.model import Address, HopReply
from mss_guard.core.notice import service
from mss_guard.core.notice.service import Letter
from mss_guard.edge import bypass
from mss_guard.edge.bypass import Bypass
from mss_guard.outages import AGAIN, Outages

PACE = 1.0  # seconds between two looks: how late a bypass begins at most
RETRY = 30.0  # seconds until a letter that the hop did not take is tried again
TRIES = 120
_MOST_LETTERS = 50
_ACTIVITY = {"on": "en service", "off": "arrêté", "ended": "à son terme"}

_log = structlog.get_logger("mss_guard.vigil")
Send = Callable[[bytes, bytes, bytes], Awaitable[HopReply]]
Note = Callable[[str, dict[str, Any]], None]
"""Has a record written as soon as the disk allows; never raises."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the vigil asks and uses. `settings`: those in force; `uninspected`: messages that passed so since the start; `changed`: the status
    line is another.
    """

    settings: Callable[[], config.Settings]
    hostname: str
    uninspected: Callable[[], int]
    send: Send
    note: Note
    changed: Callable[[], None]


class Vigil:
    """`bypassed` is asked for each message; `run` is a task of the service."""

    def __init__(self, around: Surroundings, outages: Outages) -> None:
        self._around, self._outages = around, outages
        first = around.settings()
        self._state, self._journal = Path(first.state), Path(first.audit.path)  # a reload changes neither
        self._bypass: Bypass | None = None
        self._told_at = datetime.min.replace(tzinfo=UTC)
        self._counted_from = 0
        self._letters: set[asyncio.Task[None]] = set()
        self._reserve_at = datetime.min.replace(tzinfo=UTC)

    def bypassed(self, now: datetime) -> bool:
        return self._bypass is not None and self._bypass.on(now)

    @property
    def uninspected(self) -> int:
        """Messages that passed uninspected since this bypass began, or since the start of the service within it."""
        return self._around.uninspected() - self._counted_from

    def status(self) -> str:
        """For the status line; empty when there is nothing to say."""
        said = [f"EN ATTENTE : {service.CAUSES[one.cause]}, {one.count} messages" for one in self._outages.open()]
        if self._bypass is not None:
            until = self._bypass.until.astimezone()
            said.insert(0, f"CONTOURNEMENT jusqu'à {until:%H:%M}, {self.uninspected} messages non examinés")
        return " ; ".join(said)

    async def run(self) -> None:
        while True:
            try:
                self.look(datetime.now(UTC))
            except Exception as fault:  # noqa: BLE001 - whoever watches over faults must outlive one
                _log.error("vigil.fault", error=type(fault).__name__)
            await asyncio.sleep(PACE)

    def look(self, now: datetime) -> None:
        """One look at everything. Does not wait for what it sends."""
        before = self.status()
        self._look_at_bypass(now)
        self._look_at_outages(now)
        if self._bypass is None and now - self._reserve_at >= timedelta(minutes=1):
            self._reserve_at = now
            bypass.keep_reserve(self._journal)
        if self.status() != before:
            self._around.changed()

    async def end(self) -> None:
        """What has not left yet is given up: the next start says it again."""
        for task in self._letters:
            task.cancel()
        await asyncio.gather(*self._letters, return_exceptions=True)

    # --- the bypass ---------------------------------------------------------------------------------------------------

    def _look_at_bypass(self, now: datetime) -> None:
        found, held = bypass.read(self._state), self._bypass
        if found is not None and not found.on(now):
            with suppress(OSError):
                bypass.remove(self._state)
            found = None
        if held is not None and found is None:
            self._over(held, now)
        elif found is not None and found != held:
            if held is None:
                self._counted_from = self._around.uninspected()
            self._bypass = found
            self._record("on", found)
            self._tell_bypass(found, now, again=False)
        elif found is not None and now - self._told_at >= AGAIN:
            self._tell_bypass(found, now, again=True)

    def _over(self, held: Bypass, now: datetime) -> None:
        early = now < held.until
        self._record("off" if early else "ended", held)
        letter = service.bypass_over(held.since.astimezone(), self.uninspected, self._around.hostname, early=early)
        self._write(letter, now, dpo=True)
        self._bypass = None

    def _tell_bypass(self, found: Bypass, now: datetime, *, again: bool) -> None:
        self._told_at = now
        until = found.until.astimezone()
        letter = service.bypass_on(until, found.by, found.reason, self.uninspected, self._around.hostname, again=again)
        self._write(letter, now, dpo=True)

    def _record(self, what: str, one: Bypass) -> None:
        fields = {
            "what": what, "since": _moment(one.since), "until": _moment(one.until), "by": one.by, "reason": one.reason,
            "uninspected": self.uninspected,
        }  # fmt: skip
        self._around.note("bypass", fields)
        _log.warning("bypass", state=_ACTIVITY[what], until=fields["until"], uninspected=self.uninspected)

    # --- faults of ours -----------------------------------------------------------------------------------------------

    def _look_at_outages(self, now: datetime) -> None:
        observe = self._around.settings().policy.mode == "observe"
        host = self._around.hostname
        for told in self._outages.due(now):
            since = told.since.astimezone()
            if told.over:
                self._write(service.fault_over(told.cause, since, told.count, host), now)
            else:
                self._write(service.fault(told.cause, since, told.count, host, observe=observe), now)
            _log.error("outage", cause=told.cause.value, messages=told.count, over=told.over)

    # --- letters ------------------------------------------------------------------------------------------------------

    def _write(self, letter: Letter, now: datetime, *, dpo: bool = False) -> None:
        structure = self._around.settings().structure
        named = [structure.contact.email, *([structure.dpo.email] if dpo else [])]
        known = [addresses.parse(name.encode(), smtputf8=True) for name in dict.fromkeys(named) if name]
        if not known:
            _log.error("letter.nobody", subject=letter.subject)
        for to in known:
            if len(self._letters) < _MOST_LETTERS:
                message_id = f"<guet.{secrets.token_hex(8)}@{self._around.hostname}>"
                sender = structure.contact.email or structure.dpo.email or ""
                raw = service.compose(letter, to, sender, structure.name, message_id=message_id, now=now.astimezone())
                task = asyncio.create_task(self._deliver(to, raw))
                self._letters.add(task)
                task.add_done_callback(self._letters.discard)

    async def _deliver(self, to: Address, raw: bytes) -> None:
        """Until the hop takes it or says never."""
        mail = b"MAIL FROM:<>" + (b"" if to.raw.isascii() else b" SMTPUTF8")
        for _ in range(TRIES):
            reply = await self._around.send(mail, b"RCPT TO:<" + to.raw + b">", raw)
            if reply.ok or reply.code >= 500:
                self._around.note(
                    "notice", {"outcome": "sent" if reply.ok else "lost", "code": reply.code, "notice": "service"}
                )
                return
            await asyncio.sleep(RETRY)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
