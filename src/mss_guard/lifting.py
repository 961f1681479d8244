"""Refusals that a person may lift, once: which ones, and the pass that lets the same message through. For the command line and the console."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mss_guard.edge.passes import Pass

_ROWS = frozenset({9, 11, 12, 13})
"""Rows of the decision table that look at the content (design.md §4)."""

UNFIT: Mapping[str, tuple[str, str]] = {
    "not-refused": ("ce message n'a pas été refusé", "this message was not refused"),
    "addresses": (
        "refusé pour ses adresses (boîte sécurisée, partenaire, adresse) et non pour son contenu : aucune approbation n'y peut rien",
        "refused for its addresses and not for its content: no approval can lift that",
    ),
    "confidential": (
        "l'expéditeur est confidentiel : le journal ne garde rien à quoi reconnaître ce message, une levée ne peut donc pas le laisser passer",
        "its sender is confidential: the journal keeps nothing to know this message by, so no approval can let it through",
    ),
    "unrecognisable": (
        "ce qui l'a fait refuser n'est ni dans le texte propre ni dans une pièce jointe (citation, objet, nom) : impossible à reconnaître",
        "what it was refused for is neither in its own text nor in an attachment (quotation, subject, name): it could not be known again",
    ),
}
"""Why not, in French and English."""

UNCONTESTED = (
    "ce message a été transmis sans que rien n'y soit signalé : il n'y a ni refus ni signalement à dire à tort",
    "this message was relayed with nothing noted: there is neither a refusal nor a note to call wrong",
)


def contestable(decided: Mapping[str, Any]) -> bool:
    """Whether a decision found anything that could have been wrong."""
    counts = decided.get("counts") or {}  # of a confidential sender
    found = decided.get("findings") or counts.get("findings")
    return decided.get("action") != "relay" or decided.get("would") == "refuse" or bool(found)


def unfit(decided: Mapping[str, Any]) -> str | None:
    """Why a decision is no refusal that a person can lift: a key of UNFIT; None when it is one."""
    if decided["action"] != "refuse":
        return "not-refused"
    if decided.get("confidential"):
        return "confidential"
    refused = [r for r in decided["recipients"] if r["action"] == "refuse"]
    if any(r.get("row") not in _ROWS for r in refused):
        return "addresses"
    known = decided.get("content") and decided["sender"].get("who") and all(r.get("who") for r in decided["recipients"])
    return None if known else "unrecognisable"


def make(decided: Mapping[str, Any], ref: str, until: datetime, by: str, reason: str) -> Pass:
    """The pass of a decision that is fit."""
    return Pass(
        ref=ref, sender=_id(decided["sender"]["who"]), recipients=tuple(sorted({_id(r["who"]) for r in decided["recipients"]})),
        domains=tuple(sorted({r["domain"] for r in decided["recipients"]})), content=_id(decided["content"]), until=until, by=by, reason=reason,
    )  # fmt: skip


def _id(pseudonym: Mapping[str, str]) -> str:
    return f"{pseudonym['key']}:{pseudonym['id']}"
