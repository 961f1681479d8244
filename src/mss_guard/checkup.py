"""`doctor`: is this machine able to do the whole job? Looks and tries; changes nothing. What it says is fit for a ticket: no address, no name."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from mss_guard import addressbook, assembly, doors, exporting, monthly, witnessing
from mss_guard.config import Settings, check
from mss_guard.core import formats, trust
from mss_guard.core.formats.tooling import Tool
from mss_guard.edge import inspector, journal, postfix_setup
from mss_guard.edge.next_hop import DnsResolver, HopPool, HopSettings

FREE_DISK = 200 * 1024 * 1024  # octets; a day's journal of a large hospital is a tenth of it
SECURE_DAYS = 30
CERTIFICATE_DAYS = 30  # below it the certificate of the route is said to be near its end


@dataclass(frozen=True, slots=True)
class Result:
    """One check. `needed`: without it the guard cannot do its whole job (status 1)."""

    name: str
    ok: bool
    said: str
    remedy: str = ""
    needed: bool = True


def examine(settings: Settings, now: datetime) -> tuple[Result, ...]:
    """All checks, in the order in which a message meets what they look at. One that fails unexpectedly is a failed check."""
    found: list[Result] = []
    for name, one in _CHECKS:
        found += _guarded(name, one, settings, now)
    return tuple(found)


def _guarded(name: str, one: Check, settings: Settings, now: datetime) -> list[Result]:
    try:
        return list(one(settings, now))
    except assembly.REFUSALS as refusal:
        return [Result(name, False, "; ".join(assembly.explain(refusal)))]


def _configuration(settings: Settings, now: datetime) -> Iterator[Result]:
    mistakes = check(settings, now.date(), for_run=True)
    said = "bonne" if not mistakes else "; ".join(map(str, mistakes))
    yield Result("configuration", not mistakes, said, "mss-guard check-config")


def _rules(settings: Settings, now: datetime) -> Iterator[Result]:
    loaded = assembly.load(settings, now, examples=True)
    yield Result("règles", True, f"chargées, leurs exemples tiennent (version {loaded.rules})")
    named = loaded.state.stationery is not None
    yield Result(
        "avis",
        named,
        "disent à qui s'adresser" if named else "aucun ne partira : structure.contact.email manque",
        "structure.contact",
        needed=False,
    )
    yield from _white_list(loaded, now)


def _white_list(loaded: assembly.Loaded, now: datetime) -> Iterator[Result]:
    space = loaded.state.knowledge.space
    good = loaded.state.knowledge.has_list(now)
    age = "jamais confirmée" if space.confirmed_at is None else f"confirmée il y a {(now - space.confirmed_at).days} j"
    yield Result(
        "liste blanche",
        good,
        f"{len(space.domains)} domaines, {age}",
        "mss-guard trust update ; trust.list : un fichier récent ou l'adresse https et trust.ca",
    )
    state = trust.freshness(space, now)
    if good and state != "fresh":
        said = "plus de 24 h" if state == "late" else "plus de 7 jours : des domaines y manquent ou n'y sont plus"
        yield Result("liste blanche", False, f"non confirmée depuis {said}", "mss-guard trust update", needed=False)
    for sentence in loaded.said:
        if not sentence.startswith("listes de personnes"):
            yield Result("liste blanche", False, sentence, needed=False)
    yield from _people(loaded, now)


def _people(loaded: assembly.Loaded, now: datetime) -> Iterator[Result]:
    if not doors.people_sources(loaded.settings).given:
        return
    problems = tuple(assembly.people_said(loaded.settings, loaded.people_made, now))
    for sentence in problems:
        yield Result("listes de personnes", False, sentence.partition(" : ")[2], needed=False)
    if not problems and loaded.people_made is not None:
        days = (now - datetime.fromtimestamp(loaded.people_made, UTC)).days
        yield Result("listes de personnes", True, f"prises en compte, vieilles de {days} j")


def _directory(settings: Settings, now: datetime) -> Iterator[Result]:
    book = addressbook.opened(settings)
    if book is None:
        yield Result(
            "annuaire",
            False,
            "pas d'index : les avis ne proposeront aucune boîte",
            "mss-guard directory update",
            needed=False,
        )
        return
    days = (now - book.facts.dated).days
    said = f"{book.facts.boxes} boîtes, du {book.facts.dated:%d/%m/%Y}"
    yield Result("annuaire", days <= addressbook.OLD, said, "mss-guard directory update", needed=False)


def _libraries(_settings: Settings, _now: datetime) -> Iterator[Result]:
    try:
        formats.warm()
    except (ImportError, OSError) as problem:
        yield Result(
            "bibliothèques", False, str(problem), "apt-get install --no-install-recommends libmagic1 libarchive13"
        )
    else:
        yield Result("bibliothèques", True, "libmagic, libarchive, pdfium, lxml, re2 répondent")


def _confinement(settings: Settings, _now: datetime) -> Iterator[Result]:
    layers = asyncio.run(inspector.probe(doors.workers(settings)))
    missing = layers.missing
    yield Result(
        "confinement",
        not missing,
        f"tient : {', '.join(_holding(layers))}" if not missing else f"manque : {', '.join(missing)}",
        "un noyau Linux ≥ 5.13, hors d'un conteneur qui les retire",
    )
    if layers.weak:
        yield Result("confinement", False, f"couches absentes sur ce noyau : {', '.join(layers.weak)}", needed=False)


def _tools(_settings: Settings, _now: datetime) -> Iterator[Result]:
    works = asyncio.run(inspector.works(Tool.OCR))
    yield Result(
        "lecture des images",
        works,
        "tesseract répond, enfermé"
        if works
        else "absente : images et pages numérisées sont dites illisibles (no-text)",
        "apt-get install tesseract-ocr tesseract-ocr-fra ; il faut aussi Landlock (noyau ≥ 5.13) et seccomp",
        needed=False,
    )


def _holding(layers: Any) -> list[str]:
    """Every layer that holds, Landlock with its version."""
    facts = asdict(layers)
    return [f"landlock v{value}" if name == "landlock" else name for name, value in facts.items() if value]


def _ports(settings: Settings, _now: datetime) -> Iterator[Result]:
    for listener in settings.listeners:
        where = f"{listener.address}:{listener.port}"
        family = socket.AF_INET6 if ":" in listener.address else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((listener.address, listener.port))
            except OSError as problem:
                yield Result(
                    "écoute",
                    False,
                    f"{where} : {problem.strerror}",
                    "déjà servi par mss-guard ? sinon changer listeners.port",
                    needed=False,
                )
            else:
                yield Result("écoute", True, f"{where} est libre")


def _next_hop(settings: Settings, _now: datetime) -> Iterator[Result]:
    offers = asyncio.run(_offers(settings))
    names = ", ".join(f"{h.host}:{h.port}" for h in settings.hops)
    yield Result(
        "serveur suivant",
        offers is not None,
        f"{names} : " + ("ne répond pas" if offers is None else ", ".join(sorted(offers))),
        "next_hop",
    )
    if offers is not None and "XFORWARD" not in offers:
        yield Result("serveur suivant", False, "XFORWARD n'est pas offert : son journal ne dira pas le vrai client",
                     "smtpd_authorized_xforward_hosts (mss-guard setup postfix)", needed=False)  # fmt: skip


def _postfix(settings: Settings, _now: datetime) -> Iterator[Result]:
    setup = postfix_setup.read()
    if setup is None:
        return
    for sentence in postfix_setup.gaps(setup, frozenset(x.port for x in settings.listeners), settings.hops[0].port):
        yield Result("Postfix", False, sentence, "mss-guard setup postfix, docs/postfix.md", needed=False)


async def _offers(settings: Settings) -> dict[str, str] | None:
    return await _asked(doors.hops(settings))


async def _asked(given: HopSettings) -> dict[str, str] | None:
    pool = HopPool(given, DnsResolver())
    try:
        async with asyncio.timeout(10):
            await pool.refresh()
    except TimeoutError:
        return None
    finally:
        await pool.close(1.0)
    offers = pool.offers()
    return None if offers is None else dict(offers)


def _journal(settings: Settings, now: datetime) -> Iterator[Result]:
    for name, path in (("journal", Path(settings.audit.path)), ("état", Path(settings.state))):
        there = next(p for p in (path, *path.parents) if p.exists())
        writable = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
        said = f"{path} " + ("peut être écrit" if writable else "ne peut pas être écrit")
        yield Result(name, writable, said, "droits du répertoire")
        free = shutil.disk_usage(there).free
        remedy = "faire de la place : sans journal, tout courrier attend"
        yield Result(name, free > FREE_DISK, f"{free // 1024 // 1024} Mo libres", remedy)
    yield from _witness(settings, now)
    yield from _report(settings)
    if settings.audit.export is not None:
        why = exporting.late(settings, now)
        yield Result(
            "export",
            why is None,
            why or "le collecteur suit",
            "audit.export, audit.export_ca, audit.export_token",
            needed=False,
        )
    yield from _identity(settings)


def _identity(settings: Settings) -> Iterator[Result]:
    if settings.audit.identity == "sealed":
        sealed = assembly.privacy(settings).sealer is not None
        said = (
            "scellées pour le DPO"
            if sealed
            else "non scellées, pas de clé du DPO : une référence ne dira ni qui a écrit ni à qui"
        )
        yield Result("identités", sealed, said, "mss-guard audit keygen", needed=False)


def _witness(settings: Settings, now: datetime) -> Iterator[Result]:
    why = witnessing.late(settings, now)
    held = str(witnessing.status(settings).at)[:16].replace("T", " à ")
    yield Result(
        "témoin",
        why is None,
        why or f"hors de cette machine, dernière copie le {held} UTC",
        "structure.dpo.email, ou audit.witness : https://… ou syslog+tls://… (docs/journal.md)",
        needed=settings.policy.mode == "enforce",
    )


def _report(settings: Settings) -> Iterator[Result]:
    """Does the DPO get the month's report?"""
    if not monthly.wanted(settings):
        return
    held = monthly.status(settings)
    tried = f" (dernier essai le {held.tried[:10]})" if held.tried else ""
    sent = (
        f"dernier mois remis au DPO : {held.sent}"
        if held.sent
        else "aucun remis encore, le premier part au début du mois prochain"
    )
    said = f"pas remis : {held.why}{tried}" if held.why else sent
    yield Result("rapport du mois", held.why is None, said, "journalctl -u mss-guard, docs/rapports.md", needed=False)


def _routed(given: HopSettings, now: datetime) -> Iterator[Result]:
    """Is the operator there, and for how long is our certificate good?"""
    (hop,) = given.hops
    offers = asyncio.run(_asked(given))
    answer = "ne répond pas, ou refuse notre certificat ou notre compte" if offers is None else "répond"
    yield Result("route MSSanté", offers is not None, f"{hop.label} : {answer}", "routes.mssante (docs/route.md)")
    if hop.cert is not None:
        ends = x509.load_pem_x509_certificate(Path(hop.cert).read_bytes()).not_valid_after_utc
        left = (ends - now).days
        words = f"notre certificat expire dans {left} jour(s)" if left >= 0 else "notre certificat a expiré"
        yield Result(
            "route MSSanté",
            left > CERTIFICATE_DAYS,
            words,
            "le renouveler auprès de l'opérateur ou de l'ANS",
            needed=left < 0,
        )


def _road(settings: Settings, now: datetime) -> Iterator[Result]:
    given = doors.route(settings)
    if given is not None:
        yield from _routed(given, now)
    if settings.policy.mode == "enforce" and settings.policy.to_mssante == "relay":
        yield Result("route MSSanté", False, "to_mssante: relay sans route : un opérateur MSSanté rejette en général une boîte ordinaire",
                     "to_mssante: refuse, ou faire écrire depuis la boîte MSSanté")  # fmt: skip


def _seen(settings: Settings, now: datetime) -> Iterator[Result]:
    """Rows 3 to 6 act on what passes here alone: boxes that are opened in an operator's webmail never do."""
    root = Path(settings.audit.path)
    if not settings.structure.secure_domains or not root.is_dir():
        return
    wanted = journal.Filters(kinds=frozenset({"decision"}), since=now - timedelta(days=SECURE_DAYS))
    met = any(_of_secure(found.record) for found in journal.search(root, wanted))
    words = "vu" if met else "aucun message de vos boîtes sécurisées vu"
    yield Result("boîtes sécurisées", met, f"{words} depuis {SECURE_DAYS} jours",
                 "une boîte ouverte dans le webmail de l'opérateur ne passe pas par le guet : ses règles n'y jouent pas", needed=False)  # fmt: skip


def _of_secure(record: dict[str, Any]) -> bool:
    sender = record.get("sender") or {}
    return sender.get("kind") == "secure" or any(r.get("standing") == "secure" for r in record.get("recipients") or ())


Check = Callable[[Settings, datetime], Iterator[Result]]
_CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("configuration", _configuration),
    ("règles", _rules),
    ("annuaire", _directory),
    ("bibliothèques", _libraries),
    ("confinement", _confinement),
    ("lecture des images", _tools),
    ("écoute", _ports),
    ("serveur suivant", _next_hop),
    ("Postfix", _postfix),
    ("journal", _journal),
    ("route MSSanté", _road),
    ("boîtes sécurisées", _seen),
)
