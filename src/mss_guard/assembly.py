"""From the configuration to the values each room is built with. Reads files through the doors that may; starts nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from mss_guard import config, doors, system_words
from mss_guard.core import addresses, inspection, notice, partners, policy, strict_yaml
from mss_guard.core.model import (
    Level,
    Measure,
    Why,
)
from mss_guard.core.notice.rehearsal import rehearse
from mss_guard.core.partners import Partners
from mss_guard.core.people import People
from mss_guard.core.policy.rows import Exemption
from mss_guard.core.strict_yaml import Mistake, Mistakes
from mss_guard.core.trust import LocalWord
from mss_guard.edge import exemptions, library, people_store, published, trust_feed
from mss_guard.edge.inspector import StartError
from mss_guard.edge.journal import JournalBusy, JournalUnavailable, KeyRefused, sealing
from mss_guard.edge.library import Library, LibraryError
from mss_guard.edge.people_store import PeopleRefused
from mss_guard.privacy import Privacy
from mss_guard.verdicts import State

REFUSALS = (Mistakes, LibraryError, PeopleRefused, StartError, JournalBusy, JournalUnavailable, KeyRefused, OSError)
"""What may keep a command from starting; each knows how to say so (`explain`)."""

OLD_LIST = 7  # days from which a list of people is said to be old
_CATEGORY_SWITCH = {"enforce": None, "warn": Measure.ADVISE, "observe": Measure.NOTE, "off": Measure.RELAY}


@dataclass(frozen=True, slots=True)
class Loaded:
    """One state of everything that is read from files: configuration, rules, lists. `said`: what the administrator should hear."""

    settings: config.Settings
    shelf: Library
    payload: bytes
    rules: str
    state: State
    said: tuple[str, ...] = ()
    people_made: float | None = None


def load(
    settings: config.Settings, now: datetime, *, compiled: bool = True, examples: bool = False, keep: bool = False
) -> Loaded:
    """Rules, words, notices, partners and white list of this configuration. Raises one of REFUSALS, all mistakes at once.

    `compiled`: the rules are compiled here, to see whether they can be; without it only the workers do, and refuse.
    `examples`: every rule is tried on its own examples too, and one that fails them does not load. `keep`: a good white
    list becomes the last good copy, as the service wants it; every other command only looks, and writes nothing.
    """
    shelf = library.read((Path(p) for p in settings.rules.paths), (Path(p) for p in settings.notices.paths))
    lists = people_store.read(doors.people_sources(settings))
    payload = _packed(settings, shelf, lists, now)
    rules = inspection.load(payload, examples=examples).version if compiled else inspection.version(payload)
    return _with_lists(settings, shelf, payload, rules, lists, now, keep=keep)


def relist(loaded: Loaded, now: datetime) -> Loaded:
    """The same state with the white list, the partners and the people lists read anew."""
    lists = people_store.read(doors.people_sources(loaded.settings))
    payload = _packed(loaded.settings, loaded.shelf, lists, now)
    return _with_lists(loaded.settings, loaded.shelf, payload, inspection.version(payload), lists, now, keep=True)


def _packed(settings: config.Settings, shelf: Library, lists: People | None, now: datetime) -> bytes:
    return inspection.pack(
        shelf.rules,
        shelf.words,
        local=shelf.local,
        disable=settings.rules.disabled(now.date()),
        families=settings.policy.families,
        thresholds=settings.rules.thresholds.model_dump() if settings.rules.thresholds else None,
        own_domains=settings.structure.domains,
        lists=lists,
    )


def _with_lists(
    settings: config.Settings,
    shelf: Library,
    payload: bytes,
    rules: str,
    lists: People | None,
    now: datetime,
    *,
    keep: bool,
) -> Loaded:
    fed = trust_feed.feed(
        Path(settings.trust.file) if settings.trust.file else None,
        doors.trust_state(settings),
        now=now,
        extra=_words(settings.trust.extra),
        deny=_words(settings.trust.deny),
        tests=_test_domains(shelf),
        keep=keep,
        published=settings.trust.published,
    )
    known = _partners(settings)
    both = known.also_listed(fed.space.domains)
    said = [
        *fed.happened,
        *(f"{name} est partenaire et inscrit sur la liste blanche : traité comme partenaire" for name in both),
    ]
    exempted = _exempted(Path(settings.state), serving=keep)
    knowledge = policy.Knowledge(
        version=_version(rules, fed.space.version, known, settings, exempted),
        structure=policy.Structure(frozenset(settings.structure.domains), frozenset(settings.structure.secure_domains)),
        space=fed.space,
        partners=known,
        settings=policy_settings(settings),
        max_age=settings.trust.max_age,
        exemptions=exempted,
    )
    state = State(
        knowledge,
        doors.hostname(settings),
        rules,
        stationery(settings, shelf),
        settings.smtp.enhanced_code,
        doors.budget(settings),
        privacy(settings),
    )
    made = lists.made if lists is not None else None
    return Loaded(settings, shelf, payload, rules, state, (*said, *people_said(settings, made, now)), made)


def privacy(settings: config.Settings) -> Privacy:
    """What the journal keeps of identities. Raises KeyRefused, and OSError when the key that is named is not there."""
    audit, place = settings.audit, doors.identity_key(settings)
    wanted = audit.identity == "sealed" and (audit.identity_key is not None or place.is_file())
    confidential = frozenset(map(_sender, audit.confidential_senders))
    return Privacy(settings.structure.id, sealing.sealer(place) if wanted else None, confidential)


def _sender(word: str) -> str:
    """A confidential sender as an envelope will name it: the domain as A-label, the local part case-folded."""
    if "@" not in word:
        return word
    address = addresses.parse(word.encode(), smtputf8=True)
    return f"{address.local_part.casefold()}@{address.domain}"


def people_said(settings: config.Settings, made: float | None, now: datetime) -> Iterator[str]:
    """What the administrator should hear of the people lists. `made`: POSIX seconds, None where there are no digests."""
    sources = doors.people_sources(settings)
    if not sources.given:
        return
    update = "lancez « mss-guard lists update »"
    if made is None:
        yield f"listes de personnes : pas encore prises en compte, {update}"
        return
    if people_store.newer_source(sources):
        yield f"listes de personnes : un fichier a changé depuis la dernière prise en compte, {update}"
    age = (now - datetime.fromtimestamp(made, UTC)).days
    if age >= OLD_LIST:
        yield f"listes de personnes : vieilles de {age} jours (plus de {OLD_LIST}), exportez-les de nouveau puis {update}"


def _exempted(state: Path, *, serving: bool) -> tuple[Exemption, ...]:
    """The dated exceptions. Out of reach, a command that only looks does without; the service refuses to start or keeps
    its last good rows, for to forget them would turn a fault of ours into refusals.
    """
    try:
        return exemptions.read(state)
    except OSError:
        if serving:
            raise
        return ()


@dataclass(frozen=True, slots=True)
class Renewal:
    """What came of asking for the list anew. `renewed`: it is the source's own word of today; `said`: French sentences."""

    renewed: bool
    said: tuple[str, ...] = ()


def renew_list(settings: config.Settings, now: datetime, *, accept_shrunken: bool = False) -> Renewal:
    """Fetch the list, or read its file again, and keep it as the last good copy when it is good. Takes up to two minutes."""
    source, state = doors.list_source(settings), doors.trust_state(settings)
    if source is None:
        if settings.trust.file is None:
            return Renewal(False, ("trust.list manque : ni adresse ni fichier",))
        fed = trust_feed.feed(Path(settings.trust.file), state, now=now, accept_shrunken=accept_shrunken)
        return Renewal(fed.used == "source", fed.happened)
    answer = published.get(source, published.Validators(*trust_feed.tags_of(source.url, state)))
    if isinstance(answer, published.Unfetched):
        return Renewal(False, (f"liste blanche {source.url} : {answer.why}",))
    tags = (answer.validators.etag, answer.validators.modified)
    return Renewal(*trust_feed.receive(answer.body, tags, source.url, state, now=now, accept_shrunken=accept_shrunken))


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
        to_mssante="refuse" if given.to_mssante == "route" and settings.routes.mssante is None else given.to_mssante,
        unreadable={Why(k): _handling(v) for k, v in unreadable.items()},
        opaque=_handling(given.opaque),
        quoted_reply=Measure(given.quoted_reply),
        confirm=given.confirm,
        mixed=given.mixed,
        refusal=given.refusal,
        fault=given.fault,
        fault_after=given.fault_after,
        advice=frozenset(policy.Advice(f"advice-{word}") for word in given.advice),
        boxes=frozenset(box.address.lower() for box in settings.structure.secure_boxes),
    )


def _category(word: str) -> Measure | None:
    return _CATEGORY_SWITCH[word] if word in _CATEGORY_SWITCH else Measure(word)


def _handling(word: str) -> policy.Handling:
    return policy.SUSPICION if word == "suspicion" else Measure(word)


class _TestDomains(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    version: int
    domains: tuple[_TestDomain, ...]


class _TestDomain(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    domain: str
    reason: str


def _test_domains(shelf: Library) -> tuple[LocalWord, ...]:
    """The names that the published list carries for tests alone (rules/trust/essais.yaml)."""
    given = strict_yaml.load(shelf.trust["essais.yaml"], "rules/trust/essais.yaml", _TestDomains)
    return tuple(LocalWord(e.domain, e.reason) for e in given.domains)


def _words(entries: Iterable[config.LocalDomain]) -> tuple[LocalWord, ...]:
    return tuple(LocalWord(e.domain, e.reason, e.until) for e in entries)


def stationery(settings: config.Settings, shelf: Library) -> notice.Stationery | None:
    """What the structure writes its notices on, tried; None without a contact address, for a notice must say whom to ask.
    Raises Mistakes.
    """
    given = settings.structure
    letterhead = notice.Letterhead(
        structure=given.name,
        domains=frozenset(given.domains),
        contact_email=given.contact.email or "",
        contact_name=given.contact.name or "",
        contact_phone=given.contact.phone or "",
        contact_hours=given.contact.hours or "",
        secure_access=given.secure_access or "",
        secure_box=given.secure_boxes[0].address if given.secure_boxes else "",
        family_portal=given.family_portal or "",
        region=given.region or "",
        routed=doors.routed(settings),
        secure_domains=frozenset(given.secure_domains),
    )
    says = notice.rule_words((*shelf.rules.values(), *shelf.local.values()))
    paper = notice.prepare(letterhead, shelf.notices, given.language, shelf.catalogues, says)
    if given.region is not None and given.region not in paper.regions:
        guessed = strict_yaml.guess(given.region, list(paper.regions))
        words = f"structure.region : région inconnue « {given.region} »{guessed}"
        raise Mistakes([Mistake("configuration", 1, 1, words)])
    own = any(not path.startswith("rules/") for path in shelf.notices)
    if own or given.language != "fr":  # the shipped French is tried by the tests
        rehearse(paper)
    return paper if given.contact.email is not None else None


def in_language(loaded: Loaded, paper: notice.Stationery, language: str) -> notice.Stationery:
    """The same in another language. Raises Mistakes."""
    return notice.prepare(paper.letterhead, loaded.shelf.notices, language, loaded.shelf.catalogues, paper.says)


def _partners(settings: config.Settings) -> Partners:
    """The configuration's own entries and the files it names. Raises Mistakes, LibraryError."""
    texts = (*settings.partners.domains, *settings.partners.addresses)
    own = [entry for text in texts if (entry := partners.entry(text)) is not None]
    files = library.partner_files(settings.partners.files)
    return partners.union([*own, *(partners.parse(text, name) for name, text in files.items())])


def _version(
    rules: str, space: str, known: Partners, settings: config.Settings, exempted: tuple[Exemption, ...]
) -> str:
    """One state of knowledge: rules, list, partners, policy and exceptions, in 16 hexadecimal digits."""
    parts = (
        rules,
        space,
        sorted(known.domains),
        sorted(known.families),
        sorted(known.addresses),
        settings.policy.model_dump(),
        *exempted,
    )
    return sha256(repr(parts).encode()).hexdigest()[:16]


def explain(refusal: BaseException) -> Sequence[str]:
    """A start-up refusal, one line each, in French."""
    if isinstance(refusal, Mistakes):
        return [str(m) for m in refusal.mistakes]
    if isinstance(refusal, JournalBusy):
        return [f"Le journal {refusal} est déjà tenu par un autre processus."]
    if isinstance(refusal, JournalUnavailable):
        return [f"Le journal ne peut pas être écrit ({refusal})."]
    if isinstance(refusal, OSError):
        return [system_words.said(refusal)]
    return [str(refusal) or type(refusal).__name__]
