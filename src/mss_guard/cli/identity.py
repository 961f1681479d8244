"""`audit keygen|open|subject`: the DPO's key, the identity behind a reference, what the journal holds of one person (RGPD art. 15)."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mss_guard.cli import audit, proving
from mss_guard.cli.common import NO, OK, USAGE, Config, Json, fitting, leave, put, refusals, say, whoever, write_down
from mss_guard.cli.language import t

PRIVATE, PUBLIC = "cle-dpo.json", "cle-dpo.pub.pem"
Key = Annotated[
    Path,
    typer.Option(
        envvar="MSS_GUARD_DPO_KEY",
        help=t("La clé privée du DPO, par exemple sur sa clé USB.", "The DPO's private key, say on a USB stick."),
    ),
]
Reason = Annotated[
    str,
    typer.Option(
        help=t("Pourquoi ; écrit au journal, ne nommez personne.", "Why; written into the journal, name nobody.")
    ),
]


app = proving.app  # the group of audit.py, in three files


@app.command(
    help=t(
        "La paire de clés du DPO : la privée, sous phrase de passe, se garde ailleurs que sur cette machine.",
        "The DPO's key pair: the private one, under a passphrase, is kept elsewhere than on this host.",
    )
)
def keygen(
    config: Config = None,
    out: Annotated[Path, typer.Option(help=t("Où écrire la paire.", "Where to write the pair."))] = Path(),
    install: Annotated[
        bool, typer.Option(help=t("Mettre la clé publique en service ici.", "Put the public key to use here."))
    ] = True,
    replace: Annotated[bool, typer.Option(help=t("Remplacer celle qui sert.", "Replace the one in use."))] = False,
) -> None:
    from mss_guard import doors, errands
    from mss_guard.edge.journal import sealing

    with refusals():
        place = doors.identity_key(errands.settings(config)) if install else None
        if place is not None and place.exists() and not replace:
            say(t(f"{place} : une clé du DPO sert déjà ; --replace pour en changer (l'ancienne privée ouvre toujours ce qu'elle scellait).",
                  f"{place}: a DPO key is in use already; --replace changes it (the old private one still opens what it sealed)."))  # fmt: skip
            leave(NO)
        private, public = sealing.make_pair(_new_passphrase())
        _write(out / PRIVATE, private, 0o600)
        _write(out / PUBLIC, public, 0o644)
        if place is not None:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if replace:
                place.unlink(missing_ok=True)
            _write(place, public, 0o644)
    say(t(f"Clé privée : {out / PRIVATE}. Déplacez-la hors de cette machine, sur deux supports ; sans elle et sa phrase de passe, rien ne s'ouvre.",
          f"Private key: {out / PRIVATE}. Move it off this host, onto two media; without it and its passphrase nothing opens."))  # fmt: skip
    if place is not None:
        say(
            t(
                f"Clé publique en service : {place} (systemctl reload mss-guard).",
                f"Public key in use: {place} (systemctl reload mss-guard).",
            )
        )
    leave(OK)


def _new_passphrase() -> str:
    from mss_guard.edge.journal import sealing

    first = _passphrase(t("Phrase de passe (12 caractères au moins) : ", "Passphrase (12 characters at least): "))
    if len(first) < sealing.PASSPHRASE_LEAST:
        say(
            t(
                "Trop courte : 12 caractères au moins, mieux cinq mots tirés au sort.",
                "Too short: 12 characters at least, better five words drawn by lot.",
            )
        )
        leave(USAGE)
    if sys.stdin.isatty() and _passphrase(t("Encore une fois : ", "Once more: ")) != first:
        say(t("Les deux ne sont pas pareilles.", "The two differ."))
        leave(USAGE)
    return first


def _passphrase(prompt: str) -> str:
    """From the terminal without showing it, else the first line of standard input."""
    return getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def _write(path: Path, content: bytes, mode: int) -> None:
    """A new file; what stands there stays. Raises OSError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as file:
        file.write(content)


@app.command(
    "open",
    help=t(
        "L'expéditeur et les destinataires d'une décision, avec la clé du DPO ; écrit au journal avant d'être montré.",
        "Sender and recipients of a decision, with the DPO's key; written into the journal before it is shown.",
    ),
)
def open_(
    reference: str, reason: Reason, config: Config = None, key: Key = Path(PRIVATE), as_json: Json = False
) -> None:
    from mss_guard.edge import journal
    from mss_guard.edge.journal import sealing

    root, _ = audit.places(config)
    ref = reference.strip().upper()
    _check_reason(reason)
    found = [f for f in journal.show(root, ref) if f.record.get("kind") == "decision"]
    if not found:
        say(t("Référence inconnue.", "Unknown reference."))
        leave(NO)
    record = found[0].record
    sealed = record.get("sealed")
    if not isinstance(sealed, dict):
        say(
            t(
                "Aucune identité n'est scellée ici : pas de clé du DPO ce jour-là, ou expéditeur confidentiel.",
                "No identity is sealed here: no DPO key that day, or a confidential sender.",
            )
        )
        leave(NO)
    with refusals():
        opener = sealing.opener(key, _passphrase(t("Phrase de passe du DPO : ", "The DPO's passphrase: ")))
    if opener is None:
        say(t("Ce n'est pas la phrase de passe de cette clé.", "This is not the passphrase of this key."))
        leave(NO)
    identity = opener.open(record)
    if identity is None:
        say(
            t(
                f"Cette clé ({opener.id}) n'ouvre pas : il faut {sealed.get('key')}.",
                f"This key ({opener.id}) does not open it: {sealed.get('key')} is wanted.",
            )
        )
        leave(NO)
    write_down(config, "open-identity", ref, {"key": opener.id, "reason": reason, "by": whoever()})
    recipients = sealing.passages(identity, [str(r.get("domain")) for r in _listed(record, "recipients")])
    if as_json:
        put({"ref": ref, "at": record.get("at"), "sender": identity.sender, "recipients": list(recipients)})
        return
    print(t("expéditeur", "sender") + f" : {identity.sender or '<>'}")
    for one in recipients:
        print(t("destinataire", "recipient") + f" : {one}")


@app.command(
    help=t(
        "Tout ce que le journal tient d'une adresse, en JSON, pour répondre à une personne (RGPD, article 15) ; écrit au journal.",
        "All that the journal holds of an address, as JSON, to answer a person (GDPR article 15); written into the journal.",
    )
)
def subject(address: str, config: Config = None, reason: Reason = "demande d'accès (RGPD, article 15)") -> None:
    from mss_guard.core import addresses
    from mss_guard.edge import journal

    root, keys_dir = audit.places(config)
    fitting({"address": address})
    _check_reason(reason)
    parsed = addresses.parse(address.encode(), smtputf8=True)
    with refusals():
        names = journal.Keys(keys_dir).candidates(parsed)
    who = frozenset(n["id"] for n in names)
    found = list(journal.search(root, journal.Filters(kinds=frozenset({"decision"}), who=who))) if who else []
    fields = {"what": "subject", "found": len(found), "who": list(names), "by": whoever(), "reason": reason}
    write_down(config, "consult", None, fields)
    for one in found:
        put(_of(one.record, who))
    leave(OK if found else NO)


def _of(record: dict[str, Any], who: frozenset[str]) -> dict[str, Any]:
    """What one decision says of this person, and of nobody else: others stand there as domains."""
    sender = record.get("sender") or {}
    mine = [r for r in _listed(record, "recipients") if _named(r, who)]
    others = {str(r.get("domain")) for r in _listed(record, "recipients")}
    roles = [*(["sender"] if _named(sender, who) else []), *(["recipient"] if mine else [])]
    return {
        "ref": record.get("ref"), "at": record.get("at"), "structure": record.get("structure"), "role": roles, "sender_domain": sender.get("domain"),
        "recipient_domains": sorted(others), "action": record.get("action"), "reason": record.get("reason"), "size": record.get("size"),
        "level": record.get("level"), "categories": sorted({str(f.get("category")) for f in _listed(record, "findings")}),
        "rules": sorted({str(f.get("rule")) for f in _listed(record, "findings")}), "address_sealed": "sealed" in record,
        "own": [{k: r.get(k) for k in ("standing", "action", "reason")} for r in mine],
    }  # fmt: skip


def _named(person: dict[str, Any], who: frozenset[str]) -> bool:
    return str((person.get("who") or {}).get("id")) in who


def _listed(record: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return [one for one in record.get(key) or [] if isinstance(one, dict)]


def _check_reason(reason: str) -> None:
    from mss_guard.edge.journal import shapes

    if shapes.reason(reason) is not None:
        say(t("--reason : de 3 à 200 caractères, sans adresse ni numéro : elle reste au journal.",
              "--reason: 3 to 200 characters, no address, no number: it stays in the journal."))  # fmt: skip
        leave(USAGE)
