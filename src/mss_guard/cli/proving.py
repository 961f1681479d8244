"""`audit prove|purge`: what is proven to a third party, and what goes at the end of its term."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from mss_guard.cli import audit, witness_words
from mss_guard.cli.common import NO, OK, Config, Json, leave, put, refusals, say, whoever, write_down
from mss_guard.cli.language import t

app = audit.app


@app.command(
    help=t(
        "La preuve, en JSON, qu'une décision est dans le journal ; docs/audit.md dit comment un tiers la vérifie.",
        "The proof, as JSON, that a decision stands in the journal; docs/audit.md says how a third party checks it.",
    )
)
def prove(
    reference: str,
    config: Config = None,
    witness: Annotated[
        list[Path] | None,
        typer.Option(
            help=t(
                "Ce que le témoin a gardé : la preuve s'appuie sur une tête qui s'y trouve.",
                "What the witness has kept: the proof leans on a head found there.",
            )
        ),
    ] = None,
) -> None:
    from mss_guard.edge import journal

    root, _ = audit.places(config)
    ref = reference.strip().upper()
    with refusals():
        every = journal.prove(root, ref, witness_words.heads(witness or []))
    proofs = [p for p in every if isinstance(p, journal.Proof)]
    if not every:
        say(t("Référence inconnue.", "Unknown reference."))
    for missing in (p for p in every if isinstance(p, journal.Unproven)):
        say(f"{missing.found.segment}:{missing.found.line} : {missing.why}")
    if not proofs:
        leave(NO)
    write_down(config, "consult", ref, {"what": "decision", "by": whoever()})
    put(journal.document(ref, proofs))
    leave(OK if len(proofs) == len(every) else NO)


@app.command(
    help=t(
        "Effacer les segments entiers au-delà de audit.retention, et les clés des années dont il ne reste rien ; le journal le dit.",
        "Delete whole segments beyond audit.retention, and the keys of years of which nothing is left; the journal says so.",
    )
)
def purge(config: Config = None, as_json: Json = False) -> None:
    from mss_guard import errands

    audit.places(config)
    with refusals():
        settings = errands.settings(config)
        gone = asyncio.run(errands.purge(settings))
    if as_json:
        put({"segments": gone.segments, "keys": list(gone.keys)})
        return
    say(t(f"{gone.segments} segment(s) effacé(s), {len(gone.keys)} clé(s) détruite(s). Le service en marche efface les siens lui-même, chaque jour.",
          f"{gone.segments} segment(s) deleted, {len(gone.keys)} key(s) destroyed. The running service deletes its own, daily."))  # fmt: skip
