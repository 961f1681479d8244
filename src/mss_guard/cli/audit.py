"""`audit verify|search|show`: reading the journal. Addresses are typed by the officer; their keyed pseudonyms are computed here."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from mss_guard.cli import audit_index, witness_words
from mss_guard.cli.audit_index import Rebuild
from mss_guard.cli.common import NO, OK, USAGE, Config, Json, leave, put, refusals, say
from mss_guard.cli.language import t

app = typer.Typer(no_args_is_help=True, help=t("Le journal des décisions.", "The journal of decisions."))

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])]


@app.command(
    help=t(
        "Vérifier la chaîne : rien de modifié, rien de retiré.", "Verify the chain: nothing altered, nothing removed."
    )
)
def verify(
    config: Config = None,
    as_json: Json = False,
    witness: Annotated[
        list[Path] | None,
        typer.Option(
            help=t(
                "Ce que le témoin a gardé : messages reçus par le DPO (.eml, mbox), ou fichier de têtes. Répétable.",
                "What the witness has kept: the DPO's mails (.eml, mbox), or a file of heads. Repeatable.",
            )
        ),
    ] = None,
) -> None:
    from mss_guard import errands
    from mss_guard.edge import journal

    root, keys_dir = places(config)
    with refusals():
        witnessed = witness_words.heads(witness) if witness else None
        keys = journal.exported(keys_dir) or None
        report = journal.verify(root, keys, witnessed)
    if keys is None:
        say(t(f"Aucune clé publique dans {keys_dir} : les signatures ne sont comparées qu'aux clés que le journal nomme lui-même.",
              f"No public key in {keys_dir}: signatures are only compared with the keys that the journal itself names."))  # fmt: skip
    if witnessed == []:
        say(t("Aucune tête signée dans ce qu'a gardé le témoin.", "No signed head in what the witness kept."))
        leave(USAGE)
    if as_json:
        put(witness_words.as_json(report))
    for found in report.breaks:
        say(str(found))
    for line in witness_words.lines(report, witnessed=witnessed is not None):
        say(line)
    if witnessed is None:
        for line in witness_words.told(report, errands.witness_told(config)):
            say(line)
    if not as_json:
        print("verify: " + ("ok" if report.ok else "broken"))
    leave(OK if report.ok else NO)


@app.command(
    help=t(
        "Chercher des décisions : les plus récentes, la dernière en bas.",
        "Search decisions: the newest, the last one at the bottom.",
    )
)
def search(
    config: Config = None,
    as_json: Json = False,
    ref: str | None = None,
    address: Annotated[
        str | None, typer.Option(help=t("Une adresse, expéditeur ou destinataire.", "An address, sender or recipient."))
    ] = None,
    domain: str | None = None,
    rule: str | None = None,
    action: Annotated[str | None, typer.Option(help="relay | refuse | defer")] = None,
    reason: str | None = None,
    standing: Annotated[
        str | None, typer.Option(help="trusted | citizen | secure | inside | commercial | outside")
    ] = None,
    structure: str | None = None,
    uninspected: Annotated[str | None, typer.Option(help="bypass | fault | not-needed")] = None,
    since: Day = None,
    until: Day = None,
    kind: str = "decision",
    limit: int = 100,
) -> None:
    from mss_guard.core import addresses
    from mss_guard.edge import journal

    root, keys_dir = places(config)
    who: frozenset[str] = frozenset()
    if address is not None:
        parsed = addresses.parse(address.encode(), smtputf8=True)
        who = frozenset(p["id"] for p in journal.Keys(keys_dir).candidates(parsed))
        if not who:
            say(t("Aucune clé : aucune adresse ne peut être cherchée.", "No key: no address can be searched."))
            leave(NO)
    filters = journal.Filters(
        ref=ref, kinds=frozenset({kind}) if kind else frozenset(), since=_utc(since), until=_utc(until), action=action, reason=reason, domain=domain,
        who=who, rule=rule, uninspected=uninspected, standing=standing, structure=structure,
    )  # fmt: skip
    newest = deque(journal.search(root, filters), maxlen=limit)
    for found in newest:
        if as_json:
            put(found.record)
        else:
            print(summary(found.record))
    leave(OK if newest else NO)


@app.command(help=t("Tout ce qui est écrit sous une référence.", "All that is written under a reference."))
def show(reference: str, config: Config = None, as_json: Json = False) -> None:
    from mss_guard.edge import journal

    root, _ = places(config)
    found = journal.show(root, reference.strip().upper())
    if not found:
        say(t("Référence inconnue.", "Unknown reference."))
        leave(NO)
    for one in found:
        if as_json:
            put(one.record)
        else:
            print(f"{one.node}/{one.writer}/{one.segment}:{one.line}")
            for key, value in one.record.items():
                print(f"  {key}: {value}")


@app.command(
    help=t(
        "L'index SQL des recherches : y ajouter ce que le journal a de nouveau.",
        "The SQL index for searching: add what is new in the journal.",
    )
)
def index(config: Config = None, as_json: Json = False, rebuild: Rebuild = False) -> None:
    audit_index.refresh(config, as_json, rebuild)


def summary(record: dict[str, Any]) -> str:
    """One decision in one line, without any address."""
    domains = ", ".join(sorted({str(r.get("domain")) for r in record.get("recipients", [])})[:3])
    rules = ", ".join(str(f.get("rule")) for f in record.get("findings", [])[:3])
    what = record.get("action") or record.get("outcome")
    if record.get("would") not in (None, what):
        what = f"{what} ({t('aurait', 'would')} : {record['would']})"
    return (
        f"{str(record.get('at'))[:19]}Z  {record.get('ref')}  {what}  {record.get('reason') or '-'}  {domains}  {rules}"
    )


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


def places(config: Path | None) -> tuple[Path, Path]:
    """(journal, keys) of this configuration."""
    from mss_guard import errands

    with refusals():
        settings = errands.settings(config)
        root, keys = errands.journal_places(settings)
    if not root.is_dir():
        say(t(f"Aucun journal dans {root}.", f"No journal in {root}."))
        leave(USAGE)
    return root, keys
