"""`explain REF|FILE`: a decision of the journal in words, or a file looked at with every clue."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from mss_guard.cli import audit, scanning
from mss_guard.cli.common import OK, Config, Json, leave, put
from mss_guard.cli.language import t

_REFERENCE = re.compile(r"MSSG-[2-9A-Z]{4}-[2-9A-Z]{4}", re.IGNORECASE)


SOMEBODY = "quelqu-un@exterieur.invalid"
"""To whom a file is looked at when nobody is named: any address outside."""


def explain(
    what: str,
    config: Config = None,
    as_json: Json = False,
    sender: Annotated[
        str | None, typer.Option("--from", help=t("D'un fichier : l'expéditeur.", "Of a file: the sender."))
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to", help=t("D'un fichier : un destinataire ; répétable.", "Of a file: a recipient; repeatable.")
        ),
    ] = None,
) -> None:
    if not _REFERENCE.fullmatch(what.strip()) or Path(what).exists():
        scanning.scan([what], config=config, as_json=as_json, explain=True, sender=sender, to=to or [SOMEBODY])
        return
    for one in audit.under(what, config):
        if as_json:
            put(one.record)
            continue
        for line in told(one.record):
            print(line)
    leave(OK)


def told(record: dict[str, Any]) -> list[str]:
    """One record in sentences."""
    kind = record.get("kind")
    if kind == "outcome":
        codes = ", ".join(f"{r['code']} {r.get('enhanced', '')}".strip() for r in record.get("replies", []))
        return [
            t(f"{record['at']} suite : {record['outcome']}", f"{record['at']} outcome: {record['outcome']}")
            + (f" ({codes})" if codes else "")
        ]
    if kind != "decision":
        return [f"{record['at']} {kind}"]
    lines = [
        t(f"{record['at']} décision : {record['action']}", f"{record['at']} decision: {record['action']}")
        + f" · {record.get('measure')} · {record.get('reason') or '-'}",
        t("  expéditeur", "  sender") + f" : {record['sender']['kind']} {record['sender'].get('domain') or ''}",
    ]
    lines += [
        t("  destinataire", "  recipient") + f" : {r['domain']} · {r['standing']} · {r['action']} ({r.get('reason') or '-'}) · "
        + t("ligne", "row") + f" {r.get('row')}"
        for r in record.get("recipients", [])
    ]  # fmt: skip
    if record.get("inspected"):
        lines.append(
            t("  contenu", "  content")
            + f" : {record.get('level', record.get('fault'))} ({record.get('score', 0) / 1000})"
        )
    lines += [
        f"  {f['rule']} · {t('partie', 'part')} {f.get('part')} · {f.get('place')} · {f.get('level')} · ×{f.get('count')}"
        for f in record.get("findings", [])
    ]
    lines += [
        f"  {t('illisible', 'unreadable')} : {p['part']} {p.get('type')} ({p.get('why')})"
        for p in record.get("places", [])
        if p["state"] == "unreadable"
    ]
    return lines
