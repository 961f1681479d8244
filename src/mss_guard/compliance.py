"""The facts of a configuration for the file that a DPO needs (core/report/kit)."""

from __future__ import annotations

from datetime import datetime

from mss_guard import doors, witnessing
from mss_guard.assembly import Loaded
from mss_guard.config import Settings
from mss_guard.core import report
from mss_guard.core.report.kit import Facts, kit
from mss_guard.edge import library
from mss_guard.edge.audit_index.store import shown

_WITNESS = {"mail": "message quotidien au DPO", "none": "aucun"}


def documents(loaded: Loaded, now: datetime) -> dict[str, str]:
    """Document name → Markdown. Raises LibraryError."""
    return kit(library.compliance(), facts(loaded, now))


def facts(loaded: Loaded, now: datetime) -> Facts:
    """Everything the documents say of this structure, and what its configuration leaves open."""
    settings, knowledge = loaded.settings, loaded.state.knowledge
    structure, audit, policy = settings.structure, settings.audit, settings.policy
    return Facts(
        name=structure.name,
        made=report.french(now.date()),
        version=knowledge.version,
        mode={"observe": "observation", "enforce": "application"}.get(policy.mode or "", "pas encore choisie"),
        enforce=policy.mode == "enforce",
        domains=structure.domains,
        secure_domains=structure.secure_domains,
        secure_access=structure.secure_access or "",
        dpo=_person(structure.dpo.name, structure.dpo.email),
        contact=_person(structure.contact.name, structure.contact.phone, structure.contact.email),
        levels=policy.levels.model_dump(),
        inside=policy.inside,
        lists=_lists(settings),
        sealed=doors.identity_key(settings).is_file() and audit.identity == "sealed",
        export=audit.export.partition("?")[0] if audit.export else "",
        witness=_WITNESS.get(audit.witness, audit.witness.partition("?")[0]),
        no_witness=witnessing.kind(settings) is None,
        retention=f"{audit.retention.days} jours",
        retention_days=audit.retention.days,
        confidential=len(audit.confidential_senders),
        partners=len(knowledge.partners.domains) + len(knowledge.partners.families) + len(knowledge.partners.addresses),
        max_age=f"{settings.trust.max_age.days} jours",
        journal=audit.path,
        state=settings.state,
        index=shown(audit.index),
        hops=tuple(f"{hop.host}:{hop.port}" for hop in settings.hops),
        route=settings.routes.mssante.host if settings.routes.mssante else "aucune",
        gaps=tuple(_gaps(settings)),
    )


def _person(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)


def _lists(settings: Settings) -> str:
    named = [
        word
        for word, file in (("résidents", settings.lists.residents), ("personnel", settings.lists.staff))
        if file is not None
    ]
    return f"{' et '.join(named)}, en empreintes à clé, jamais montrées" if named else "aucune"


def _gaps(settings: Settings) -> list[str]:
    """What a DPO would ask about this configuration."""
    structure, audit = settings.structure, settings.audit
    asked = (
        (structure.dpo.email is None, "`structure.dpo` : sans lui, ni témoin par message, ni rapport du mois"),
        (structure.contact.email is None, "`structure.contact` : le personnel n'a personne à qui demander"),
        (not structure.secure_domains, "`structure.secure_domains` : aucune boîte sécurisée n'est connue"),
        (settings.policy.mode is None, "`policy.mode` : observe ou enforce"),
        (witnessing.kind(settings) is None, "`audit.witness` : aucun témoin hors de la machine"),
        (
            audit.identity == "sealed" and not doors.identity_key(settings).is_file(),
            "clé du DPO (`mss-guard audit keygen`) : sans elle, une référence ne dira jamais qui a écrit",
        ),
        (not audit.confidential_senders, "`audit.confidential_senders` : médecine du travail, syndicats, CSE, alerte"),
        (settings.trust.list is None, "`trust.list` : aucune liste blanche"),
    )
    return [words for missing, words in asked if missing]
