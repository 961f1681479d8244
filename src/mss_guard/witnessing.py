"""Copies of the journal's signed heads, handed to a witness off the host: a daily mail to the DPO, or an address of its own.

What a witness holds nobody on this host can rewrite unseen. Runs beside the mail; no message ever waits for it.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import policy as email_policy
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path

import structlog

from mss_guard import doors
from mss_guard.config import Settings
from mss_guard.core import addresses
from mss_guard.edge import collector
from mss_guard.edge import journal as journals
from mss_guard.edge.journal import Head, Journal, JournalUnavailable
from mss_guard.edge.notifier import Send

TICK = 60.0  # seconds between two looks at what is due
EVERY = {"mail": timedelta(hours=24), "push": timedelta(seconds=55)}
AGAIN = {"mail": timedelta(minutes=15), "push": timedelta(seconds=55)}
LATE = {"mail": timedelta(hours=48), "push": timedelta(hours=3)}
"""Beyond it `doctor` says that there is no witness: an idle journal still signs each hour."""

_log = structlog.get_logger("mss_guard.witness")


@dataclass(frozen=True, slots=True)
class Status:
    """What became of it so far, kept in `state/witness.json`. `heads`: the last record witnessed, by `node/writer`. It only
    spares work and informs: the proof is what the witness holds.
    """

    at: str | None = None
    tried: str | None = None
    why: str | None = None
    road: str | None = None
    heads: dict[str, int] = field(default_factory=dict)


def status(settings: Settings) -> Status:
    """As last written; an empty one where there is none, or where it belongs to another road."""
    try:
        given = json.loads(_file(settings).read_bytes())
        found = Status(**given)
    except (OSError, ValueError, TypeError):
        return Status()
    return found if found.road == settings.audit.witness else Status()


def _file(settings: Settings) -> Path:
    return Path(settings.state) / "witness.json"


def kind(settings: Settings) -> str | None:
    """`mail`, `push` (https, syslog), or None: there is no witness."""
    word = settings.audit.witness
    if word == "mail":
        return "mail" if settings.structure.dpo.email else None
    return None if word == "none" else "push"


def late(settings: Settings, now: datetime) -> str | None:
    """Why there is no working witness, in French; None when there is one."""
    how = kind(settings)
    if how is None:
        missing = "structure.dpo.email manque" if settings.audit.witness == "mail" else "audit.witness: none"
        return f"aucun témoin hors de cette machine ({missing}) : une fin de journal réécrite par un administrateur ne se verrait pas"
    now_held = status(settings)
    if now_held.at is None:
        return "le témoin n'a encore rien reçu" + (
            f" : {now_held.why}" if now_held.why else " (la première copie part au démarrage)"
        )
    age = now - datetime.fromisoformat(now_held.at)
    if age > LATE[how]:
        return f"le témoin n'a rien reçu depuis {age // timedelta(hours=1)} h" + (
            f" : {now_held.why}" if now_held.why else ""
        )
    return None


class Witness:
    """The task that keeps a witness told. `settings`: those in force now."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        journal: Journal,
        submit: Send,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings, self._journal, self._submit, self._clock = settings, journal, submit, clock

    async def run(self) -> None:
        """For ever; a failure is said, and tried again."""
        while True:
            try:
                await self.once()
            except Exception as fault:  # noqa: BLE001 - the one task that tells the witness must not end
                _log.error("witness.fault", error=type(fault).__name__)
            await asyncio.sleep(TICK)

    async def once(self) -> bool:
        """Tell the witness what is new, when that is due. Whether it took something."""
        settings, now = self._settings(), self._clock()
        how, held = kind(settings), status(settings)
        if how is None or not _due(held, how, now):
            return False
        with suppress(JournalUnavailable):  # what is signed already can be witnessed all the same
            if how == "mail":
                await self._journal.checkpoint()
        found = await asyncio.to_thread(journals.fresh_heads, Path(settings.audit.path), held.heads)
        if not found:
            return False
        why = await self._tell(settings, how, found, now)
        self._note(settings, how, held, found, why, now)
        return why is None

    async def _tell(self, settings: Settings, how: str, found: Sequence[Head], now: datetime) -> str | None:
        if how == "mail":
            return await self._mail(settings, found, now)
        road = doors.witness(settings)
        if road is None:
            return "adresse de témoin illisible"
        lines = [collector.Line(h.line, "journal-head", h.at) for h in found]
        why = await asyncio.to_thread(collector.hand_over, road, lines, doors.hostname(settings))
        return f"le témoin : {why}" if why else None

    async def _mail(self, settings: Settings, found: Sequence[Head], now: datetime) -> str | None:
        dpo = addresses.parse((settings.structure.dpo.email or "").encode(), smtputf8=True)
        public = await asyncio.to_thread(journals.exported, Path(settings.state) / "keys")
        used = {k: public[k].pem for k in sorted({h.key for h in found}) if k in public}
        utf8 = b"" if dpo.raw.isascii() else b" SMTPUTF8"
        reply = await self._submit(
            b"MAIL FROM:<>" + utf8, b"RCPT TO:<" + dpo.raw + b">", letter(settings, found, used, now)
        )
        return None if reply.ok else f"le serveur suivant répond {reply.code}"

    def _note(
        self, settings: Settings, how: str, held: Status, found: Sequence[Head], why: str | None, now: datetime
    ) -> None:
        """In the state file; in the journal each mail, and each change of a road that is used every minute."""
        if why is None:
            seen = {**held.heads, **{h.log.partition("/")[2]: h.seq for h in found}}
            told = Status(now.isoformat(), now.isoformat(), None, settings.audit.witness, seen)
        else:
            _log.error("witness.refused", problem=why)
            told = replace(held, tried=now.isoformat(), why=why, road=settings.audit.witness)
        _keep(_file(settings), told)
        if how == "mail" or (held.why is None) != (why is None) or held.at is None:
            outcome = {"outcome": "lost" if why else "sent", "notice": f"witness-{how}", "recipients": 1}
            self._journal.append_late("notice", None, outcome, None)


def _due(held: Status, how: str, now: datetime) -> bool:
    """A clock that was set back makes it due, too."""
    if held.why is not None and held.tried is not None:
        return abs(now - datetime.fromisoformat(held.tried)) >= AGAIN[how]
    return held.at is None or abs(now - datetime.fromisoformat(held.at)) >= EVERY[how]


def _keep(path: Path, told: Status) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.write_text(json.dumps(asdict(told)) + "\n")
        draft.chmod(0o600)
        draft.replace(path)
    except OSError as problem:
        _log.error("witness.state", problem=type(problem).__name__)


def letter(settings: Settings, found: Sequence[Head], public: Mapping[str, str], now: datetime) -> bytes:
    """The daily mail to the DPO (CRLF): what it is, what to do with it, the heads, and the keys that signed them (id → PEM)."""
    structure = settings.structure
    message = EmailMessage(policy=email_policy.SMTP)
    sender = structure.contact.email or structure.dpo.email
    message["From"] = HeaderAddress("mss-guard", addr_spec=sender)
    message["To"] = HeaderAddress("", addr_spec=structure.dpo.email)
    message["Subject"] = f"Témoin du journal mss-guard, {structure.id}, {now.date().isoformat()} : à conserver"
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid("temoin", doors.hostname(settings))
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5
    message["X-Auto-Response-Suppress"] = "All"
    message["Content-Language"] = "fr"
    message.set_content(_words(found), charset="utf-8", cte="quoted-printable")
    for key, pem in public.items():
        # In a file of its own: in the text a base64 "=" is written "=3D", and who copies it from there has another key.
        message.add_attachment(pem, cte="7bit", filename=f"cle-{key}.pem.txt")
    return message.as_bytes()


def _words(found: Sequence[Head]) -> str:
    summary = [f"  {h.log} : {h.seq} enregistrements jusqu'au {h.at[:16].replace('T', ' ')} UTC" for h in found]
    return "\n".join([
        "Ce message est le témoin du journal des décisions. Il ne contient aucune donnée personnelle.",
        "",
        "À faire : conservez-le dans votre boîte, hors du serveur de messagerie filtré, aussi longtemps que le journal (dossier à part, sans l'effacer).",
        "Il prouve que rien n'a été changé ni coupé dans le journal avant les lignes ci-dessous, même par un administrateur.",
        "Rien reçu depuis deux jours ? Demandez pourquoi à l'exploitant : « mss-guard doctor » le dit.",
        "Pour vérifier : mss-guard audit verify --witness CE_MESSAGE.eml (docs/audit.md dit comment le faire sans mss-guard).",
        "",
        *summary,
        "",
        *(h.line for h in found),
        "",
        "La pièce jointe est la clé publique qui les a signées.",
        "",
    ])  # fmt: skip
