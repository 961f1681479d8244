"""`audit verify|search|show`: reading the journal. Addresses are typed by the officer; their keyed pseudonyms are computed here."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mss_guard.cli import audit_index, record_lines, witness_words
from mss_guard.cli.audit_index import Rebuild
from mss_guard.cli.common import NO, OK, USAGE, Config, Json, fitting, leave, put, refusals, say, whoever, write_down
from mss_guard.cli.language import t

if TYPE_CHECKING:
    from mss_guard.edge import journal

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
    limit: Annotated[int, typer.Option(min=1)] = 100,
) -> None:
    from mss_guard.core import addresses
    from mss_guard.edge import journal

    root, keys_dir = places(config)
    fitting(
        {"ref": ref, "address": address, "domain": domain, "rule": rule, "action": action, "reason": reason,
         "standing": standing, "uninspected": uninspected, "kind": kind, "since": iso(since), "until": iso(until)},
        journal.KINDS,
    )  # fmt: skip
    names: list[dict[str, str]] = []
    if address is not None:
        with refusals():
            names = list(journal.Keys(keys_dir).candidates(addresses.parse(address.encode(), smtputf8=True)))
        if not names:
            say(t("Aucune clé : aucune adresse ne peut être cherchée.", "No key: no address can be searched."))
            leave(NO)
    who = frozenset(name["id"] for name in names)
    filters = journal.Filters(
        ref=ref and ref.upper(), kinds=frozenset({kind}) if kind else frozenset(), since=_utc(since), until=_utc(until), action=action,
        reason=reason, domain=domain, who=who, rule=rule, uninspected=uninspected, standing=standing, structure=structure,
    )  # fmt: skip
    newest = deque(journal.search(root, filters), maxlen=limit)
    if address is not None:
        write_down(config, "consult", None, {"what": "subject", "who": names, "found": len(newest), "by": whoever()})
    elif ref is not None and newest:  # the same as `show`
        write_down(config, "consult", ref.upper(), {"what": "decision", "by": whoever()})
    for found in newest:
        if as_json:
            put(found.record)
        else:
            print(record_lines.summary(found.record))
    leave(OK if newest else NO)


@app.command(help=t("Tout ce qui est écrit sous une référence.", "All that is written under a reference."))
def show(reference: str, config: Config = None, as_json: Json = False) -> None:
    for one in under(reference, config):
        if as_json:
            put(one.record)
            continue
        print(f"{one.node}/{one.writer}/{one.segment}:{one.line}")
        for line in record_lines.fields(one.record):
            print(f"  {line}")


@app.command(
    help=t(
        "L'index SQL des recherches : y ajouter ce que le journal a de nouveau.",
        "The SQL index for searching: add what is new in the journal.",
    )
)
def index(config: Config = None, as_json: Json = False, rebuild: Rebuild = False) -> None:
    audit_index.refresh(config, as_json, rebuild)


def under(reference: str, config: Path | None) -> list[journal.Found]:
    """All records under a reference, after their consultation has been written down; status 1 when there are none."""
    from mss_guard.edge import journal

    root, _ = places(config)
    ref = reference.strip().upper()
    found = list(journal.show(root, ref))
    if not found:
        say(t("Référence inconnue.", "Unknown reference."))
        leave(NO)
    write_down(config, "consult", ref, {"what": "decision", "by": whoever()})
    return found


def iso(moment: datetime | None) -> str | None:
    """As filters write a moment."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S") if moment else None


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
