"""Rows of the index and records of the journal, as the console's pages show them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mss_guard.core.policy import Knowledge
from mss_guard.core.policy.rows import Exemption
from mss_guard.core.report import Act, words
from mss_guard.core.report.words import said
from mss_guard.edge import audit_index, journal
from mss_guard.edge.audit_index import Asked, Store
from mss_guard.edge.console import Line, Proof, Signalled, View
from mss_guard.edge.journal import Found


def line(one: audit_index.Decision) -> Line:
    f = one.fields
    return Line(
        f["ref"], f["at"], f["structure"], f["action"], f["would"] or "", f["reason"] or "", f["level"] or "", f["sender_domain"] or "",
        tuple(dict.fromkeys(r["domain"] for r in one.recipients if r["domain"])), one.rules, one.outcome or "",
    )  # fmt: skip


def dated(row: Exemption, *, named: bool) -> Act:
    """A dated exception. `named`: with the addresses it is for; else an address is told by its domain alone."""
    about = f"règle {row.rule}" if row.rule else said(words.CATEGORY, row.category) if row.category else "tout"
    limits = f"{about}, jusqu'au niveau « {said(words.LEVEL, row.level)} » : {said(words.MEASURE, row.action)}"
    ways = " → ".join(one if named else _place(one) for one in (row.sender, row.to))
    return Act(row.made.isoformat(), "added", row.id, row.by, row.reason, f"{ways} ; {limits}", row.until.isoformat())


def _place(text: str) -> str:
    return f"une adresse de {text.rpartition('@')[2]}" if "@" in text else text


def from_index(one: audit_index.Decision) -> dict[str, Any]:
    """What the index alone knows of a decision of another machine, in the journal's shape."""
    f = one.fields
    return {
        **{k: f[k] for k in ("ref", "at", "structure", "action", "would", "reason", "level", "score", "size", "mode", "knowledge", "inspected", "uninspected")},
        "sender": {"kind": f["sender_kind"] or "–", "domain": f["sender_domain"]},
        "recipients": [dict(r) for r in one.recipients],
        "findings": [{"rule": rule} for rule in one.rules],
    }  # fmt: skip


def proof(root: Path, keys: Path, found: Found, here: str) -> Proof:
    """The record's way to a signed root, made and checked now."""
    seq = found.record.get("seq")
    made = journal.prove_one(root, found)
    if isinstance(made, journal.Unproven):
        return Proof(f"N° {seq} de {here}", made.why, False if made.altered else None)
    public = journal.exported(keys).get(made.head.key)
    if public is None or not public.signed(made.head):
        return Proof(f"N° {seq} de {here}", "La tête signée ne se vérifie pas avec les clés de cette machine.", False)
    said = f"Inchangée : {len(made.path)} empreintes mènent à la racine signée le {made.head.at[:16].replace('T', ' à ')} UTC."
    return Proof(f"N° {seq} de {here}", said, True)


def signalled(store: Store, view: View, since: str) -> tuple[Signalled, ...]:
    """Refusals called wrong, or declared harmless, from a UTC day on, the latest first."""
    told = [
        e
        for e in audit_index.events(store, "exception", since, view)
        if e.get("what") in ("false-positive", "declared")
    ]
    classed = {str(e.get("ref")): str(e["why"]) for e in told if e.get("why") in ("confirmed", "justified")}
    first: dict[str, dict[str, Any]] = {}
    for one in told:
        first.setdefault(str(one.get("ref")), one)
    rules = {
        ref: page.decisions[0].rules
        for ref in first
        if (page := audit_index.find(store, Asked(ref=ref, structures=view), most=1)).decisions
    }
    return tuple(
        Signalled(
            ref, str(e.get("at")), str(e.get("what")), str(e.get("by") or ""), str(e.get("reason") or ""), rules.get(ref, ()), classed.get(ref, "")
        )
        for ref, e in reversed(first.items())
    )  # fmt: skip


def sources(knowledge: Knowledge) -> dict[str, object]:
    """What is in force, and where it comes from."""
    space, partners = knowledge.space, knowledge.partners
    return {
        "Connaissances": knowledge.version,
        "Liste blanche": space.source or "–",
        "Domaines inscrits": len(space.domains),
        "Ajoutés, retirés ici": f"{len(space.extra)}, {len(space.deny)}",
        "Partenaires": len(partners.domains) + len(partners.families) + len(partners.addresses),
    }
