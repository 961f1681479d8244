"""The month's report, sent to the DPO by the service itself: once a month, tried again until the mail server takes it.

The page is made in a process of its own, so that counting a month never holds up a message. An attempt is on disk before the
mail goes: without room for that nothing is sent, so that a full disk never becomes a mail every ten minutes.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from email import policy as email_policy
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path

import structlog

from mss_guard import doors, durable
from mss_guard.config import Settings
from mss_guard.core import addresses
from mss_guard.core.report import Period, last_month
from mss_guard.edge import journal as journals
from mss_guard.edge.journal import Journal
from mss_guard.edge.notifier import Send

TICK = 600.0  # seconds between two looks at what is due
AGAIN = timedelta(hours=1)
LONGEST = 600.0  # seconds that making the page may take
CATCH_UP = 3  # months at most that are sent late, after a service that stood still

_log = structlog.get_logger("mss_guard.report")
Make = Callable[[str], Awaitable[bytes | None]]
"""A month ("2026-10") → its page; None when it could not be made."""


@dataclass(frozen=True, slots=True)
class Status:
    """Kept in `state/report.json`. `month`: the last one that is done with, sent or without a journal; `sent`: the last one that the mail
    server took; `tried`: when the next one was last tried; `why`: what that attempt met.
    """

    month: str | None = None
    sent: str | None = None
    tried: str | None = None
    why: str | None = None


def status(settings: Settings) -> Status:
    """As last written; an empty one where there is none."""
    try:
        return Status(**json.loads(_file(settings).read_bytes()))
    except (OSError, ValueError, TypeError):
        return Status()


def _file(settings: Settings) -> Path:
    return Path(settings.state) / "report.json"


def due(settings: Settings, held: Status, now: datetime) -> Period | None:
    """The month whose report is to be sent now; None when there is none, or when nobody is to have it."""
    if not wanted(settings):
        return None
    resting = held.tried is not None and timedelta() <= now - datetime.fromisoformat(held.tried) < AGAIN
    return None if resting else _owed(held.month, now)


def wanted(settings: Settings) -> bool:
    """Whether somebody is to have the reports."""
    return settings.audit.report != "none" and settings.structure.dpo.email is not None


def _owed(done: str | None, now: datetime) -> Period | None:
    """The oldest month after the one done with, of those still sent; last month's where nothing was ever done."""
    months = [last_month(now.date())]
    while done is not None and len(months) < CATCH_UP:
        months.append(last_month(months[-1].first))
    return next((one for one in reversed(months) if _name(one) > (done or "")), None)


def _name(period: Period) -> str:
    return period.first.strftime("%Y-%m")


class Monthly:
    """The task. `make`: how a page is made; `page_of` by default."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        journal: Journal,
        submit: Send,
        make: Make,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings, self._journal, self._submit, self._make, self._clock = settings, journal, submit, make, clock
        self._taken = ""  # the last month that the mail server took: its note may not have reached the disk

    async def run(self) -> None:
        """For ever; a failure is said, and tried again."""
        while True:
            try:
                await self.once()
            except Exception as fault:  # noqa: BLE001 - the one task that sends reports must not end
                _log.error("report.fault", error=type(fault).__name__)
            await asyncio.sleep(TICK)

    async def once(self) -> bool:
        """Send the report that is due. Whether one was sent. Raises OSError when that cannot be noted; it is not sent a second time."""
        settings, now = self._settings(), self._clock()
        held = status(settings)
        period = due(settings, held, now)
        if period is None:
            return False
        there = await asyncio.to_thread(_has_records, Path(settings.audit.path), period)
        if _name(period) <= self._taken or not there:
            sent = self._taken or held.sent
            _keep(settings, Status(_name(period), sent))  # taken before, or a month before the guard
            return False
        held = replace(held, tried=now.isoformat())
        _keep(settings, held)
        why = await self._send(settings, period, now)
        self._note(period, why)
        _keep(settings, Status(_name(period), _name(period)) if why is None else replace(held, why=why))
        return why is None

    def _note(self, period: Period, why: str | None) -> None:
        """What became of it, in memory and in the journal."""
        if why is None:
            self._taken = _name(period)
        else:
            _log.error("report.refused", month=_name(period), problem=why)
        outcome = {"outcome": "lost" if why else "sent", "notice": "report-mail", "recipients": 1}
        self._journal.append_late("notice", None, outcome, None)

    async def _send(self, settings: Settings, period: Period, now: datetime) -> str | None:
        page = await self._make(_name(period))
        if page is None:
            return "le rapport n'a pas pu être fait"
        dpo = addresses.parse((settings.structure.dpo.email or "").encode(), smtputf8=True)
        utf8 = b"" if dpo.raw.isascii() else b" SMTPUTF8"
        reply = await self._submit(
            b"MAIL FROM:<>" + utf8, b"RCPT TO:<" + dpo.raw + b">", letter(settings, period, page, now)
        )
        return None if reply.ok else f"le serveur suivant répond {reply.code}"


def _has_records(root: Path, period: Period) -> bool:
    first = journals.oldest(root) if root.is_dir() else None
    return first is not None and date.fromisoformat(first) < period.after


def _keep(settings: Settings, told: Status) -> None:
    durable.publish(_file(settings), (json.dumps(asdict(told)) + "\n").encode(), Path(settings.state))


def letter(settings: Settings, period: Period, page: bytes, now: datetime) -> bytes:
    """The mail to the DPO (CRLF), the report attached."""
    structure = settings.structure
    message = EmailMessage(policy=email_policy.SMTP)
    message["From"] = HeaderAddress("mss-guard", addr_spec=structure.contact.email or structure.dpo.email)
    message["To"] = HeaderAddress("", addr_spec=structure.dpo.email)
    message["Subject"] = f"Rapport mss-guard, {structure.id}, {period.label}"
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid("rapport", doors.hostname(settings))
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5
    message["X-Auto-Response-Suppress"] = "All"
    message["Content-Language"] = "fr"
    words = (
        f"Le rapport de mss-guard pour {period.label} est joint : un fichier à ouvrir dans un navigateur, à imprimer ou à classer.\n"
        "Commencez par « À faire ». Il ne contient ni message, ni adresse, ni nom de personne, hors ceux des responsables qui ont agi.\n\n"
        f"Le refaire : mss-guard audit report --month {_name(period)}. Ne plus le recevoir : audit.report: none.\n"
    )
    message.set_content(words, charset="utf-8", cte="quoted-printable")
    name = f"rapport-{structure.id}-{_name(period)}.html"
    message.add_attachment(page, maintype="text", subtype="html", filename=name, params={"charset": "utf-8"})
    return message.as_bytes()


def maker(config: Path | None) -> Make:
    """Pages from `audit report` in a process of its own."""

    async def make(month: str) -> bytes | None:
        arguments = ["-m", "mss_guard", "audit", "report", "--month", month, *(["-c", str(config)] if config else [])]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=None
        )
        try:
            page, _ = await asyncio.wait_for(process.communicate(), LONGEST)
        except BaseException:
            process.kill()
            await process.wait()
            raise
        return page if process.returncode == 0 and page else None

    return make
