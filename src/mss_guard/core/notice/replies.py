"""What an SMTP client hears: one ASCII line under 200 characters, the reference first, so that it survives every mail
system's bounce.

A reply names domains, never a local part; a deferral never names its cause. French without accents, because a reply
without SMTPUTF8 is ASCII (RFC 5321 §4.2).
"""

from __future__ import annotations

from mss_guard.core.model import Action, Address, Reason, RecipientVerdict, Reply, Verdict

REFUSED = "5.7.1"  # delivery not authorized, message refused (RFC 3463 §3.8)
_LIMIT = 199

_WORDS = {
    Reason.HEALTH: "Message non transmis{to} : semble contenir des donnees de sante. Utilisez votre boite MSSante.",
    Reason.UNREADABLE: "Message non transmis{to} : piece jointe illisible ou protegee. Utilisez votre boite MSSante.",
    Reason.QUOTED_ONLY: "Message non transmis{to} : effacez la partie citee, puis renvoyez votre reponse.",
    Reason.SECURE_BOX: "Refus{to}. Boites MSSante : "
    "elles ne servent pas a recevoir ou envoyer des messages non securises.",
    Reason.USE_SECURE_BOX: "Message non transmis{to} : adresse MSSante. Ecrivez depuis votre boite MSSante.",
    Reason.COMMERCIAL: "Refus{to}. Boites MSSante : "
    "elles ne servent pas a communiquer avec des partenaires commerciaux.",
    Reason.MALFORMED: "Message non transmis{to} : adresse de destinataire mal ecrite. Corrigez-la, puis renvoyez.",
    Reason.CITIZEN: "Message non transmis{to} : matricule INS impossible. Corrigez l'adresse, puis renvoyez.",
    Reason.POLICY: "Message non transmis{to} : regle de la structure. Demandez a votre contact informatique.",
}
_DEFER = "Message differe, votre serveur reessaiera de lui-meme."


def reply(verdict: Verdict, reference: str, enhanced: str = REFUSED) -> Reply | None:
    """The one answer of smtp for the whole message, None when it is permitted. `enhanced`: 5.7.1, or 5.7.900 to 5.7.999
    for Exchange.
    """
    if verdict.action is Action.RELAY:
        return None
    if verdict.action is Action.DEFER:
        return _deferral(reference)
    refused = [r for r in verdict.recipients if r.action is Action.REFUSE]
    named = next((r for r in refused if r.reason is verdict.reason), refused[0])
    return _refusal(verdict.reason, named.address, len(refused) - 1, reference, enhanced)


def replies(verdict: Verdict, reference: str, enhanced: str = REFUSED) -> tuple[Reply | None, ...]:
    """One answer per recipient, in the order of the envelope, as lmtp gives them; None for a permitted one."""
    return tuple(_own(recipient, reference, enhanced) for recipient in verdict.recipients)


def _own(recipient: RecipientVerdict, reference: str, enhanced: str) -> Reply | None:
    if recipient.action is Action.RELAY:
        return None
    if recipient.action is Action.DEFER:
        return _deferral(reference)
    return _refusal(recipient.reason, recipient.address, 0, reference, enhanced)


def _deferral(reference: str) -> Reply:
    return Reply(451, "4.3.0", f"{reference} {_DEFER}")  # no word of the cause, promise 4


def _refusal(reason: Reason | None, address: Address, others: int, reference: str, enhanced: str) -> Reply:
    words = _WORDS[reason or Reason.POLICY]
    more = f" et {others} autre{'s' if others > 1 else ''}" if others else ""
    room = _LIMIT - len(Reply(550, enhanced, f"{reference} {words.format(to='')}").line())
    about = (_cut(address.domain, room - len(more) - len(" ()")) + more).strip()
    to = f" ({about})" if about else ""
    return Reply(550, enhanced, f"{reference} {words.format(to=to)}")


def _cut(domain: str, room: int) -> str:
    """The end of a long name is what tells whose it is, so the beginning goes."""
    return domain if len(domain) <= room else "..." + domain[-(room - 3) :]
