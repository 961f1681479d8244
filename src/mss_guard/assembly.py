"""From the configuration to the values each room is built with. Reads files through the doors that may; starts nothing."""

from __future__ import annotations

import email
import email.policy
import platform
import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from mss_guard import config
from mss_guard.core import addresses, inspection, notice, partners, policy, strict_yaml
from mss_guard.core.model import (
    Assessment,
    Category,
    Envelope,
    Finding,
    HopReply,
    How,
    Level,
    Measure,
    Place,
    Why,
)
from mss_guard.core.model import (
    State as PlaceState,
)
from mss_guard.core.notice.summary import compose_summary
from mss_guard.core.partners import Partners
from mss_guard.core.strict_yaml import Mistake, Mistakes
from mss_guard.core.trust import LocalWord, TrustSpace
from mss_guard.edge import inspector, library, trust_feed
from mss_guard.edge.inspector import StartError
from mss_guard.edge.journal import JournalBusy, JournalUnavailable, KeyRefused
from mss_guard.edge.library import Library, LibraryError
from mss_guard.edge.next_hop import Hop, HopSettings, Tls
from mss_guard.edge.notifier import Summary
from mss_guard.edge.smtp_server import FrontLimits, ListenerSettings
from mss_guard.edge.smtp_server.ports import ListenerMode
from mss_guard.judgement import State

REFUSALS = (Mistakes, LibraryError, StartError, JournalBusy, JournalUnavailable, KeyRefused, OSError)
"""What may keep a command from starting; each knows how to say so (`explain`)."""

_CATEGORY_SWITCH = {"enforce": None, "warn": Measure.ADVISE, "observe": Measure.NOTE, "off": Measure.RELAY}


class _Grades(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    site: str = ""


class _GradesFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    version: int
    regions: dict[str, _Grades]


@dataclass(frozen=True, slots=True)
class Loaded:
    """One state of everything that is read from files: configuration, rules, lists. `said`: what the administrator should hear."""

    settings: config.Settings
    shelf: Library
    payload: bytes
    rules: str
    state: State
    said: tuple[str, ...] = ()


def load(
    settings: config.Settings, now: datetime, *, compiled: bool = True, examples: bool = False, keep: bool = False
) -> Loaded:
    """Rules, words, notices, partners and white list of this configuration. Raises one of REFUSALS, all mistakes at once.

    `compiled`: the rules are compiled here, to see whether they can be; without it only the workers do, and refuse.
    `examples`: every rule is tried on its own examples too, and one that fails them does not load. `keep`: a good white
    list becomes the last good copy, as the service wants it; every other command only looks, and writes nothing.
    """
    shelf = library.read(Path(p) for p in settings.rules.paths)
    payload = inspection.pack(
        shelf.rules,
        shelf.words,
        local=shelf.local,
        disable=settings.rules.disabled(now.date()),
        families=settings.policy.families,
        thresholds=settings.rules.thresholds.model_dump() if settings.rules.thresholds else None,
        own_domains=settings.structure.domains,
    )
    rules = inspection.load(payload, examples=examples).version if compiled else inspection.version(payload)
    return _with_lists(settings, shelf, payload, rules, now, keep=keep)


def relist(loaded: Loaded, now: datetime) -> Loaded:
    """The same state with the white list and the partners read anew."""
    return _with_lists(loaded.settings, loaded.shelf, loaded.payload, loaded.rules, now, keep=True)


def _with_lists(
    settings: config.Settings, shelf: Library, payload: bytes, rules: str, now: datetime, *, keep: bool
) -> Loaded:
    fed = trust_feed.feed(
        Path(settings.trust.list) if settings.trust.list else None,
        Path(settings.state) / "trust",
        now=now,
        extra=_words(settings.trust.extra),
        deny=_words(settings.trust.deny),
        keep=keep,
    )
    known = _partners(settings)
    both = known.also_listed(fed.space.domains)
    said = [
        *fed.happened,
        *(f"{name} est partenaire et inscrit sur la liste blanche : traité comme partenaire" for name in both),
    ]
    knowledge = policy.Knowledge(
        version=_version(rules, fed.space.version, known, settings),
        structure=policy.Structure(frozenset(settings.structure.domains), frozenset(settings.structure.secure_domains)),
        space=fed.space,
        partners=known,
        settings=policy_settings(settings),
        max_age=settings.trust.max_age,
    )
    state = State(
        knowledge,
        hostname(settings),
        rules,
        letterhead(settings, shelf),
        shelf.notices,
        settings.smtp.enhanced_code,
        budget(settings),
    )
    return Loaded(settings, shelf, payload, rules, state, tuple(said))


def policy_settings(settings: config.Settings) -> policy.PolicySettings:
    """The section `policy:` as the decision table reads it. Without a mode (scan, demo) it judges as `enforce`."""
    given = settings.policy
    unreadable = given.unreadable.model_dump(by_alias=True)
    return policy.PolicySettings(
        mode=given.mode or "enforce",
        levels={Level(k): Measure(v) for k, v in given.levels.model_dump().items()},
        categories={k: m for k, v in given.categories.items() if (m := _category(v)) is not None},
        families=dict(given.families),
        inside=Measure(given.inside),
        to_mssante=given.to_mssante,
        unreadable={Why(k): _handling(v) for k, v in unreadable.items()},
        opaque=_handling(given.opaque),
        quoted_reply=Measure(given.quoted_reply),
        confirm=given.confirm,
        mixed=given.mixed,
        refusal=given.refusal,
        fault=given.fault,
    )


def _category(word: str) -> Measure | None:
    return _CATEGORY_SWITCH[word] if word in _CATEGORY_SWITCH else Measure(word)


def _handling(word: str) -> policy.Handling:
    return policy.SUSPICION if word == "suspicion" else Measure(word)


def _words(entries: Iterable[config.LocalDomain]) -> tuple[LocalWord, ...]:
    return tuple(LocalWord(e.domain, e.reason, e.until) for e in entries)


def letterhead(settings: config.Settings, shelf: Library) -> notice.Letterhead | None:
    """What the structure puts on its notices; None without a contact address, for a notice must say whom to ask. Raises Mistakes."""
    given = settings.structure
    if given.contact.email is None:
        return None
    grades = _grades(shelf, given.region)
    return notice.Letterhead(
        structure=given.name,
        domains=frozenset(given.domains),
        contact_email=given.contact.email,
        contact_name=given.contact.name or "",
        contact_phone=given.contact.phone or "",
        contact_hours=given.contact.hours or "",
        secure_access=given.secure_access or "",
        grades=grades.name if grades else "",
        grades_site=grades.site if grades else "",
    )


def _grades(shelf: Library, region: str | None) -> _Grades | None:
    """The regional body of the structure's region. An unknown region is a mistake, for the notice would name nobody."""
    if region is None:
        return None
    known = strict_yaml.load(shelf.notices["grades.yaml"], "rules/notices/grades.yaml", _GradesFile).regions
    if region not in known:
        raise Mistakes(
            (
                Mistake(
                    "configuration",
                    1,
                    1,
                    f"structure.region : région inconnue « {region} »{strict_yaml.guess(region, list(known))}",
                ),
            )
        )
    return known[region]


def summariser(loaded: Callable[[], Loaded]) -> Callable[[Summary], bytes]:
    """What writes the letter for notices beyond the hourly cap, with the state in force when it is written."""

    def write(summary: Summary) -> bytes:
        state = loaded().state
        assert state.letterhead is not None  # without one no notice was ever posted
        message_id = f"<recapitulatif.{secrets.token_hex(8)}@{state.hostname}>"
        return compose_summary(
            summary.sender,
            summary.references,
            summary.count,
            state.letterhead,
            message_id=message_id,
            now=datetime.now(UTC),
        )

    return write


def preview(loaded: Loaded, now: datetime, *, html: bool) -> str:
    """The notice of an invented refusal: a nurse's mail with a PDF to an ordinary address. Raises Mistakes without a contact address."""
    state = loaded.state
    if state.letterhead is None:
        raise Mistakes(
            (
                Mistake(
                    "configuration",
                    1,
                    1,
                    "structure.contact.email manque : un avis dit à qui s'adresser, sans elle aucun n'est envoyé",
                ),
            )
        )
    domain = min(state.letterhead.domains, default="exemple.invalid")
    envelope = Envelope(
        addresses.parse(f"prenom.nom@{domain}".encode()),
        (addresses.parse(b"destinataire@messagerie-ordinaire.example"),),
    )
    finding = Finding("document.exemple", "", "2", 1, Category.CARE, "attachment 2", Level.CERTAIN)
    place = Place("2", "application/pdf", "application/pdf", How.MIME, PlaceState.READ)
    assessment = Assessment(Level.CERTAIN, 1.0, True, (finding,), (place,))
    verdict = policy.decide(
        envelope,
        assessment,
        replace(state.knowledge, settings=replace(state.knowledge.settings, mode="enforce"), space=_some_list(now)),
        now,
        "own",
    )
    occasion = notice.Occasion("MSSG-2222-2222", envelope, verdict, assessment, (False,), now)
    raw = notice.compose_notice(
        occasion, state.letterhead, state.templates, message_id="<apercu@mss-guard.invalid>", now=now
    )
    message = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_body(("html" if html else "plain",))
    return f"Subject: {message['Subject']}\n\n{body.get_content() if body else ''}"


def _some_list(now: datetime) -> TrustSpace:
    """A list to judge by, so that a preview does not hang on the real one."""
    return TrustSpace(domains=frozenset({"exemple.mssante.fr"}), confirmed_at=now)


def notice_record(reply: HopReply) -> dict[str, Any]:
    """The `notice` record: sent or lost, and the hop's code."""
    return {"outcome": "sent" if reply.ok else "lost", "code": reply.code}


def budget(settings: config.Settings) -> float:
    """Seconds for waiting and inspection."""
    return settings.inspection.budget.total_seconds()


def _partners(settings: config.Settings) -> Partners:
    """The configuration's own entries and the files it names. Raises Mistakes, LibraryError."""
    texts = (*settings.partners.domains, *settings.partners.addresses)
    own = [entry for text in texts if (entry := partners.entry(text)) is not None]
    files = library.partner_files(settings.partners.files)
    return partners.union([*own, *(partners.parse(text, name) for name, text in files.items())])


def _version(rules: str, space: str, known: Partners, settings: config.Settings) -> str:
    """One state of knowledge: rules, list, partners and policy, in 16 hexadecimal digits."""
    parts = (
        rules,
        space,
        sorted(known.domains),
        sorted(known.families),
        sorted(known.addresses),
        settings.policy.model_dump_json(),
    )
    return sha256(repr(parts).encode()).hexdigest()[:16]


# --- settings of the doors --------------------------------------------------------------------------------------------


def hostname(settings: config.Settings) -> str:
    """Our own name in banners, trace headers and EHLO."""
    return settings.smtp.hostname or platform.node() or "mss-guard.invalid"


def listeners(settings: config.Settings) -> tuple[ListenerSettings, ...]:
    return tuple(
        ListenerSettings(
            address=one.address,
            port=one.port,
            mode=_mode(one.mode),
            senders=one.senders,
            name=f"{one.mode}-{number}",
            hostname=hostname(settings),
            allow=one.allow,
            trusted=settings.smtp.xforward_from,
        )
        for number, one in enumerate(settings.listeners)
    )


def _mode(word: str) -> ListenerMode:
    return "lmtp" if word == "lmtp" else "smtp"


def limits(settings: config.Settings) -> FrontLimits:
    given = settings.limits
    return FrontLimits(
        size=given.size,
        connections=given.connections,
        per_client=given.per_client,
        recipients=given.recipients,
        bytes_in_flight=given.bytes_in_flight,
        refuse_bare_line_ends=settings.smtp.bare_line_ends == "refuse",
    )


def hops(settings: config.Settings) -> HopSettings:
    found = tuple(Hop(h.host, h.port, Tls(h.tls), h.ca) for h in settings.hops)
    return HopSettings(found, hostname(settings), max_connections=max(h.max_connections for h in settings.hops))


def workers(settings: config.Settings) -> inspector.Settings:
    return inspector.Settings(workers=settings.inspection.workers or 0)


# --- what is said -----------------------------------------------------------------------------------------------------


def explain(refusal: BaseException) -> Sequence[str]:
    """A start-up refusal, one line each, in French."""
    if isinstance(refusal, Mistakes):
        return [str(m) for m in refusal.mistakes]
    if isinstance(refusal, JournalBusy):
        return [f"Le journal {refusal} est déjà tenu par un autre processus."]
    if isinstance(refusal, JournalUnavailable):
        return [f"Le journal ne peut pas être écrit ({refusal})."]
    if isinstance(refusal, OSError) and refusal.filename:
        return [f"{refusal.filename} : {refusal.strerror}"]
    return [str(refusal) or type(refusal).__name__]


def list_times(settings: config.Settings) -> tuple[tuple[str, float], ...]:
    """Modification times of the white list and of the partner files, to see whether one changed."""
    named = [settings.trust.list] if settings.trust.list else []
    found: list[tuple[str, float]] = []
    for name in [*named, *settings.partners.files]:
        path = Path(name)
        for one in sorted(path.parent.glob(path.name)):
            with suppress(OSError):
                found.append((str(one), one.stat().st_mtime))
    return tuple(found)


def needs_restart(old: config.Settings, new: config.Settings) -> tuple[str, ...]:
    """Keys that changed and that a reload leaves alone."""
    pairs = {
        "listeners": (old.listeners, new.listeners),
        "next_hop": (old.next_hop, new.next_hop),
        "limits": (old.limits, new.limits),
        "audit.path": (old.audit.path, new.audit.path),
        "state": (old.state, new.state),
        "workers": (old.workers, new.workers),
        "inspection.workers": (old.inspection.workers, new.inspection.workers),
        "node": (old.node, new.node),
        "structure.id": (old.structure.id, new.structure.id),
        "smtp": (old.smtp, new.smtp),
    }
    return tuple(key for key, (before, after) in pairs.items() if before != after)


def status(loaded: Loaded, now: datetime) -> str:
    """The status line of systemd."""
    knowledge = loaded.state.knowledge
    lists = (
        f"liste blanche : {len(knowledge.space.domains)} domaines"
        if knowledge.has_list(now)
        else "sans liste blanche valable"
    )
    return f"{knowledge.settings.mode}, {lists}, connaissances {knowledge.version}"


def reload_record(loaded: Loaded, what: str, result: str) -> dict[str, Any]:
    """The `reload` record: which state of knowledge is in force from here on."""
    knowledge = loaded.state.knowledge
    space = knowledge.space
    return {
        "what": what,
        "result": result,
        "version": knowledge.version,
        "mode": knowledge.settings.mode,
        "sources": {
            "rules": loaded.rules,
            "list": space.version[:16] or None,
            "list_size": len(space.domains),
            "list_date": _moment(space.generated_at),
            "list_confirmed": _moment(space.confirmed_at),
            "dirty": space.dirty,
            "partners": len(knowledge.partners.domains | knowledge.partners.families)
            + len(knowledge.partners.addresses),
        },
    }


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None
