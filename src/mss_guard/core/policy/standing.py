"""Who is who: the sender's kind and each recipient's standing, first match, with the reason for `lookup`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mss_guard.core import identifiers
from mss_guard.core.addresses import PATIENT_DOMAIN, in_french
from mss_guard.core.model import Address, SenderKind, Standing
from mss_guard.core.policy.knowledge import Knowledge


@dataclass(frozen=True, slots=True)
class Lookup:
    """A recipient's standing and why, in French. `otherwise`: what it would be if the missing or stale list said the
    contrary.
    """

    standing: Standing
    why: str
    otherwise: Standing | None = None


def classify_sender(mail_from: Address | None, knowledge: Knowledge) -> SenderKind:
    """First match. Only the envelope counts: whether MAIL FROM is genuine is the mail server's business."""
    if mail_from is None:
        return SenderKind.NULL
    if mail_from.domain in knowledge.structure.secure_domains:
        return SenderKind.SECURE
    if knowledge.partners.commercial(mail_from):
        return SenderKind.COMMERCIAL
    if mail_from.malformed is None and (not mail_from.domain or mail_from.domain in knowledge.structure.domains):
        return SenderKind.OWN
    return SenderKind.FOREIGN


def standing(address: Address, knowledge: Knowledge, now: datetime) -> Standing:
    """A recipient's standing, as far as the list at hand knows."""
    return look_up(address, knowledge, now).standing


def look_up(address: Address, knowledge: Knowledge, now: datetime) -> Lookup:
    """First match, with the reason. The last three answers hang on the list; without a usable one they carry their
    contrary.
    """
    domain, space = address.domain, knowledge.space
    if address.malformed is not None:
        return Lookup(Standing.MALFORMED, f"adresse mal formée : {in_french(address.malformed)}")
    if not domain:
        return Lookup(Standing.INSIDE, "postmaster sans domaine : la structure elle-même")
    if domain == PATIENT_DOMAIN:
        if identifiers.ins_local_part_ok(address.local_part):
            return Lookup(Standing.CITIZEN, "matricule INS bien formé, dans Mon espace santé")
        return Lookup(Standing.MALFORMED, "matricule INS impossible : longueur, forme ou clé fausse")
    if denied := space.denied(domain, now):
        return Lookup(Standing.OUTSIDE, f"écarté par trust.deny : {denied.reason}")
    if knowledge.partners.commercial(address):
        return Lookup(Standing.COMMERCIAL, "partenaire commercial")
    if domain in knowledge.structure.secure_domains:
        return Lookup(Standing.SECURE, "domaine MSSanté de la structure")
    if added := space.added(domain, now):
        return Lookup(Standing.TRUSTED, f"ajouté par trust.extra : {added.reason}")
    if domain.startswith("["):
        return Lookup(Standing.OUTSIDE, "adresse IP littérale : jamais dans l'espace de confiance")
    return _by_list(domain, knowledge, knowledge.has_list(now))


def _by_list(domain: str, knowledge: Knowledge, has_list: bool) -> Lookup:
    own = domain in knowledge.structure.domains
    unlisted = Standing.INSIDE if own else Standing.OUTSIDE
    doubt = "" if has_list else " ; liste blanche absente ou trop ancienne pour s'y fier"
    tests = knowledge.space.for_tests(domain)
    if tests is not None and not own:
        return Lookup(unlisted, f"domaine d'essai, écarté d'office : {tests.reason} (trust.extra l'admet)")
    if knowledge.space.listed(domain):
        return Lookup(Standing.TRUSTED, "inscrit tel quel sur la liste blanche" + doubt, None if has_list else unlisted)
    why = "domaine ordinaire de la structure" if own else "absent de la liste blanche"
    if not own and f".{domain}".endswith(".mssante.fr"):
        why += " : finir par mssante.fr ne suffit pas, le nom exact doit y être"
    return Lookup(unlisted, why + doubt, None if has_list else Standing.TRUSTED)
