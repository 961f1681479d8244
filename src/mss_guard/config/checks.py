"""What a well-formed configuration can still have wrong: roads that are not built yet, and values that do not go
together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from ipaddress import ip_address

from mss_guard.core import partners
from mss_guard.core.strict_yaml import Document, Mistake, Path, Value

from .settings import LOOPBACK, Settings

LONGEST_OBSERVATION = timedelta(days=60)
SHORTEST_RETENTION, LONGEST_RETENTION = timedelta(days=30), timedelta(days=1096)
_WITNESS = re.compile(r"https://[^\s/?#@]+(?:[/?][^\s#]*)?|syslog\+tls://[^\s/?#@]+/?")
_NOT_YET = "pas encore disponible"


def _is(*words: Value) -> Callable[[Value], bool]:
    return lambda value: value in words


def _above_one(value: Value) -> bool:
    return isinstance(value, int) and value > 1


UNAVAILABLE: tuple[tuple[Path, Callable[[Value], bool]], ...] = (
    (("listeners", "*", "mode"), _is("milter")),
    (("workers",), _above_one),
)
"""Keys whose value asks for what is not built: accepted as written nowhere, ignored in silence never."""


def unavailable(document: Document) -> Iterator[Mistake]:
    """A Mistake for each value of the file that is right but not built yet."""
    for pattern, asks in UNAVAILABLE:
        for path, value in _at(document.value, pattern):
            if asks(value):
                key = ".".join(str(step) for step in path)
                # Of a URL only the scheme: it may hold a password.
                shown = f" « {value.partition('://')[0]} »" if isinstance(value, str) else ""
                yield document.mistake(path, f"{key}{shown} : {_NOT_YET}")


def _at(value: Value, pattern: Path, path: Path = ()) -> Iterator[tuple[Path, Value]]:
    """The values of the file that a pattern names; "*" is every key or index."""
    if not pattern:
        yield path, value
        return
    step, rest = pattern[0], pattern[1:]
    items: dict[str, Value] | dict[int, Value] = {}
    if isinstance(value, dict):
        items = value
    elif isinstance(value, list):
        items = dict(enumerate(value))
    for key, inner in items.items():
        if step in ("*", key):
            yield from _at(inner, rest, (*path, key))


# --- values that do not go together -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wrong:
    path: Path
    message: str


def check(settings: Settings, today: date, *, for_run: bool) -> tuple[Mistake, ...]:
    """What must be put right before the service may start (`for_run`) or a message may be scanned; with line and
    column.
    """
    found = [*_always(settings), *(_before_running(settings, today) if for_run else ())]
    return _placed(settings, found)


def warnings(settings: Settings) -> tuple[Mistake, ...]:
    """What may be meant, but is worth a word."""
    found: list[_Wrong] = []
    policy, audit = settings.policy, settings.audit
    if policy.mode == "enforce" and policy.to_mssante == "relay" and settings.routes.mssante is None:
        words = (
            "to_mssante: relay sans routes.mssante : les opérateurs MSSanté n'acceptent que les domaines de la liste "
            "blanche, un message d'une boîte ordinaire y sera en général rejeté"
        )
        found.append(_Wrong(("policy", "to_mssante"), words))
    if policy.to_mssante == "route" and settings.routes.mssante is None:
        words = "to_mssante: route sans routes.mssante : ce qui va vers MSSanté sera refusé (« écrivez depuis votre boîte MSSanté »)"
        found.append(_Wrong(("policy", "to_mssante"), words))
    if policy.to_mssante != "route" and settings.routes.mssante is not None:
        words = "routes.mssante ne sert qu'avec policy.to_mssante: route"
        found.append(_Wrong(("routes", "mssante"), words))
    if policy.mode == "enforce" and audit.witness == "mail" and settings.structure.dpo.email is None:
        words = "structure.dpo.email manque : le journal n'a pas de témoin hors de cette machine"
        found.append(_Wrong(("structure",), words))
    if settings.trust.list is None:
        words = "aucune liste blanche (trust.list) : tout message de santé vers l'extérieur sera mis en attente"
        found.append(_Wrong(("trust", "list"), words))
    entries = (partners.entry(text) for text in settings.partners.domains)
    both = partners.union(e for e in entries if e).also_listed(frozenset(x.domain for x in settings.trust.extra))
    for index, extra in enumerate(settings.trust.extra):
        if extra.domain in both:
            words = f"{extra.domain} est aussi partenaire commercial : il sera traité comme partenaire"
            found.append(_Wrong(("trust", "extra", index), words))
    return _placed(settings, found)


def _always(settings: Settings) -> Iterator[_Wrong]:
    yield from _names(settings)
    yield from _amounts(settings)
    for index, hop in enumerate(settings.hops):
        where: Path = ("next_hop", index) if isinstance(settings.next_hop, tuple) else ("next_hop",)
        if hop.ca is not None and hop.tls != "verify":
            yield _Wrong((*where, "ca"), "ca ne sert qu'avec tls: verify")


def _names(settings: Settings) -> Iterator[_Wrong]:
    for index, domain in enumerate(settings.structure.domains):
        if domain in settings.structure.secure_domains:
            yield _Wrong(
                ("structure", "domains", index), f"{domain} est aussi dans secure_domains : c'est l'un ou l'autre"
            )
    for index, text in enumerate(settings.partners.domains):
        if "@" in text or partners.entry(text) is None:
            words = f"« {text} » n'est pas un domaine (exemple.fr, ou .exemple.fr : lui et tout ce qui est dessous)"
            yield _Wrong(("partners", "domains", index), words)


def _amounts(settings: Settings) -> Iterator[_Wrong]:
    thresholds = settings.rules.thresholds
    if thresholds is not None and not thresholds.possible <= thresholds.likely <= thresholds.certain:
        yield _Wrong(("rules", "thresholds"), "il faut possible ≤ likely ≤ certain")
    if settings.limits.bytes_in_flight < 3 * settings.limits.size:
        words = "trop petit : un message compte trois fois sa taille (3 × limits.size)"
        yield _Wrong(("limits", "bytes_in_flight"), words)
    if not timedelta(seconds=1) <= settings.inspection.budget <= timedelta(seconds=45):
        yield _Wrong(("inspection", "budget"), "il faut entre 1s et 45s : au-delà, l'expéditeur n'attend plus")
    if not timedelta(minutes=1) <= settings.policy.fault_after <= timedelta(days=1):
        yield _Wrong(("policy", "fault_after"), "il faut entre 1min et 1d")
    if settings.trust.max_age < timedelta(days=1):
        yield _Wrong(("trust", "max_age"), "il faut au moins 1d")
    yield from _list_source(settings)
    yield from _confirming(settings)
    yield from _audit(settings)
    yield from _console(settings)
    yield from _route(settings)


def _audit(settings: Settings) -> Iterator[_Wrong]:
    audit = settings.audit
    if not SHORTEST_RETENTION <= audit.retention <= LONGEST_RETENTION:
        yield _Wrong(("audit", "retention"), "il faut entre 30d et 1096d (trois ans)")
    if audit.witness not in ("mail", "none") and not _WITNESS.fullmatch(audit.witness):
        yield _Wrong(
            ("audit", "witness"),
            "il faut mail (au DPO, chaque jour), https://hôte/chemin, syslog+tls://hôte[:port] ou none",
        )
    elif audit.witness_ca is not None and audit.witness in ("mail", "none"):
        yield _Wrong(("audit", "witness_ca"), "witness_ca ne sert qu'avec un témoin en https:// ou syslog+tls://")
    if audit.export is not None and not _WITNESS.fullmatch(audit.export):
        yield _Wrong(("audit", "export"), "il faut https://hôte/chemin ou syslog+tls://hôte[:port]")
    for key in ("export_ca", "export_token"):
        if getattr(audit, key) is not None and audit.export is None:
            yield _Wrong(("audit", key), f"{key} ne sert qu'avec audit.export")
    if not audit.index.startswith(("sqlite:///", "postgresql://")):
        yield _Wrong(("audit", "index"), "sqlite:////chemin/absolu ou postgresql://utilisateur@hôte/base")


def _route(settings: Settings) -> Iterator[_Wrong]:
    """Credentials go to whom we have verified alone, and belong together."""
    route, where = settings.routes.mssante, ("routes", "mssante")
    if route is None:
        return
    if (route.cert is None) != (route.key is None):
        yield _Wrong((*where, "cert"), "cert et key vont ensemble")
    if (route.user is None) != (route.password is None):
        yield _Wrong((*where, "user"), "user et password (un fichier) vont ensemble")
    if route.tls != "verify" and (route.ca or route.cert or route.user):
        yield _Wrong((*where, "tls"), "ca, cert et user demandent tls: verify : un mot de passe ne va pas à un inconnu")


def _console(settings: Settings) -> Iterator[_Wrong]:
    """Passwords and sessions cross no network in clear; who signs in elsewhere comes back to a known address."""
    console = settings.console
    outside = not any(ip_address(console.address) in one for one in LOOPBACK)
    if outside and console.tls is None:
        words = "hors de cette machine, il faut console.tls, ou 127.0.0.1 derrière un serveur mandataire (proxies, url)"
        yield _Wrong(("console", "address"), words)
    if console.proxies and console.url is None:
        yield _Wrong(("console", "proxies"), "il faut console.url : l'adresse https que voient les navigateurs")
    if console.oidc is not None and console.url is None:
        yield _Wrong(("console", "oidc"), "il faut console.url : l'adresse https où le fournisseur renvoie")
    if not timedelta(minutes=1) <= console.idle <= console.session <= timedelta(hours=24):
        yield _Wrong(("console", "idle"), "il faut 1min ≤ idle ≤ session ≤ 24h")


def _confirming(settings: Settings) -> Iterator[_Wrong]:
    """A measure that only a declaration or an approval can answer wants one of them to be there."""
    policy = settings.policy
    if policy.confirm != "off":
        return
    tables: tuple[tuple[str, Mapping[str, str]], ...] = (
        ("levels", policy.levels.model_dump()),
        ("categories", {key.value: value for key, value in policy.categories.items()}),
        ("unreadable", policy.unreadable.model_dump(by_alias=True)),
    )
    wanted: list[Path] = [
        ("policy", name, key) for name, table in tables for key, value in table.items() if value == "confirm"
    ]
    wanted += [
        ("policy", name) for name, value in (("opaque", policy.opaque), ("inside", policy.inside)) if value == "confirm"
    ]
    for path in wanted:
        yield _Wrong(
            path, "confirm demande policy.confirm: sender (l'expéditeur déclare) ou approver (exceptions approve)"
        )


def _list_source(settings: Settings) -> Iterator[_Wrong]:
    """The list is fetched over TLS under a pinned chain, or it is a file; there is no third way."""
    trust = settings.trust
    if "://" in (trust.list or "") and not trust.published:
        yield _Wrong(("trust", "list"), "une liste se prend en https:// (chaîne vérifiée) ou dans un fichier")
    if trust.published and trust.ca is None:
        words = (
            "trust.ca manque : le fichier PEM de la chaîne IGC-Santé, sans lequel le serveur ne peut pas être vérifié"
        )
        yield _Wrong(("trust", "list"), words)
    for key, given in (("ca", trust.ca), ("proxy", trust.proxy)):
        if given is not None and not trust.published:
            yield _Wrong(("trust", key), f"{key} ne sert qu'avec une liste en https://")


def _before_running(settings: Settings, today: date) -> Iterator[_Wrong]:
    structure, policy = settings.structure, settings.policy
    if not structure.domains:
        yield _Wrong(("structure",), "structure.domains manque : les domaines de messagerie ordinaires de la structure")
    if policy.mode is None:
        yield _Wrong(("policy",), "policy.mode manque : écrivez observe (rien n'est bloqué) ou enforce")
    if (
        policy.mode == "observe"
        and policy.observe_until is not None
        and policy.observe_until > today + LONGEST_OBSERVATION
    ):
        yield _Wrong(("policy", "observe_until"), "trop loin : au plus 60 jours après aujourd'hui")
    if policy.mode == "enforce" and policy.observe_until is not None:
        yield _Wrong(("policy", "observe_until"), "n'a de sens qu'avec mode: observe")
    yield from _ports(settings)


def _ports(settings: Settings) -> Iterator[_Wrong]:
    for key, given in (("listeners", settings.listeners), ("next_hop", settings.hops)):
        if not given:
            yield _Wrong((key,), "il en faut au moins un")
    seen: set[tuple[str, int]] = set()
    hops = {(hop.host, hop.port) for hop in settings.hops}
    for index, listener in enumerate(settings.listeners):
        here = (listener.address, listener.port)
        if listener.port and here in seen:
            yield _Wrong(("listeners", index), f"{here[0]}:{here[1]} est écouté deux fois")
        if here in hops:
            yield _Wrong(
                ("listeners", index), f"{here[0]}:{here[1]} est aussi le next_hop : le courrier tournerait en rond"
            )
        seen.add(here)


def _placed(settings: Settings, found: list[_Wrong]) -> tuple[Mistake, ...]:
    document = settings.document or Document("configuration", {})
    return tuple(sorted((document.mistake(w.path, w.message) for w in found), key=lambda m: (m.line, m.column)))
