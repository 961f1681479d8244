"""`exceptions list|add|approve|revoke|declared`: what passes on somebody's word, once or until a day."""

from __future__ import annotations

import secrets
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from mss_guard.cli.common import NO, OK, USAGE, Config, Json, leave, put, refusals, say, sayable
from mss_guard.cli.language import t

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from mss_guard.config import Settings
    from mss_guard.core.policy.rows import Exemption

_IDLE = timedelta(days=90)
app = typer.Typer(
    no_args_is_help=True,
    help=t(
        "Laisser passer un message refusé, une fois, sur la parole de quelqu'un.",
        "Let one refused message through, once, on somebody's word.",
    ),
)
Who = Annotated[str, typer.Option("--by", help=t("Qui le décide.", "Who decides it."))]
Why = Annotated[str, typer.Option("--reason", help=t("Pourquoi (ne nommer aucun patient).", "Why (name no patient)."))]


@app.command(
    help=t(
        "Le même message, du même expéditeur, vers les mêmes destinataires ou moins, passera une fois.",
        "The same message, from the same sender, to the same recipients or fewer, will pass once.",
    )
)
def approve(
    ref: Annotated[str, typer.Argument(metavar="REF")],
    by: Who,
    reason: Why,
    lasting: Annotated[
        str,
        typer.Option("--for", help=t("Valable combien de temps, 72h au plus.", "How long it is valid, 72h at most.")),
    ] = "24h",
    config: Config = None,
) -> None:
    from mss_guard import errands, lifting
    from mss_guard.config.values import duration
    from mss_guard.edge import passes

    try:
        span = duration(lasting)
    except ValueError as wrong:
        say(str(wrong))
        leave(USAGE)
    if not timedelta() < span <= passes.LONGEST:
        say(t("de 1s à 72h", "from 1s to 72h"))
        leave(USAGE)
    if not sayable(by.strip(), reason.strip()):
        leave(USAGE)
    now = datetime.now(UTC)
    with refusals():
        settings = errands.settings(config)
        decided = _decision(Path(settings.audit.path), ref)
        why = (
            _unfit(decided)
            if decided is not None
            else t("référence inconnue du journal", "no such reference in the journal")
        )
        if decided is None or why is not None:
            say(f"{ref} : {why}")
            leave(NO)
        made = lifting.make(decided, ref, now + span, by.strip(), reason.strip())
        store = passes.Passes(Path(settings.state))
        if store.is_used(ref):
            say(t(f"{ref} a déjà servi : approuver le nouveau refus", f"{ref} was used: approve the new refusal"))
            leave(NO)
        if any(one.ref == ref for one in store.waiting()):
            say(
                t(
                    f"{ref} : une approbation attend déjà ce message",
                    f"{ref}: an approval waits for this message already",
                )
            )
            leave(NO)
        errands.note_pass(settings, made, "approved")
        store.give(made)
    say(t(
        f"Jusqu'au {(now + span).astimezone():%d/%m/%Y à %H:%M} : que l'expéditeur renvoie le même message, il passera une fois.",
        f"Until {(now + span).astimezone():%Y-%m-%d %H:%M}: have the sender send the same message again; it passes once.",
    ))  # fmt: skip


@app.command(
    help=t(
        "Une exception datée : de qui, vers qui, sur quoi. Jamais pour une certitude, une pièce illisible, une boîte sécurisée ou un partenaire.",
        "A dated exception: from whom, to whom, about what. Never for a certainty, an unreadable part, a secure box or a partner.",
    )
)
def add(
    sender: Annotated[
        str, typer.Option("--from", help=t("Adresse, domaine ou nom d'écoute.", "Address, domain or listener."))
    ],
    to: Annotated[
        str, typer.Option("--to", help=t("Adresse, domaine, outside ou inside.", "Address, domain, outside or inside."))
    ],
    until: Annotated[
        datetime,
        typer.Option(
            "--until", formats=["%Y-%m-%d"], help=t("Dernier jour, un an au plus.", "Last day, at most a year.")
        ),
    ],
    by: Who,
    reason: Why,
    category: str | None = None,
    rule: Annotated[str | None, typer.Option("--rule", help=t("Identifiant ou famille.", "Id or family."))] = None,
    level: Annotated[str, typer.Option("--level", help="possible | likely")] = "likely",
    action: Annotated[str, typer.Option("--action", help="relay | note | advise | confirm")] = "note",
    config: Config = None,
) -> None:
    from mss_guard import errands
    from mss_guard.core.model import Category, Level, Measure
    from mss_guard.core.policy.rows import Exemption, wrong
    from mss_guard.edge import exemptions

    if not sayable(by.strip(), reason.strip()):
        leave(USAGE)
    try:
        one = Exemption(
            f"exc-{secrets.token_hex(4)}", _place(sender), _place(to), Category(category) if category else None, rule, Level(level),
            Measure(action), reason.strip(), by.strip(), datetime.now().astimezone().date(), until.date(),
        )  # fmt: skip
    except ValueError as error:
        say(str(error))
        leave(USAGE)
    if (why := wrong(one)) is not None:
        say(why)
        leave(USAGE)
    with refusals():
        settings = errands.settings(config)
        held = exemptions.read(Path(settings.state))
        errands.note_exemption(settings, one, "added")
        exemptions.write(Path(settings.state), (*held, one))
    print(one.id)
    say(t("Le service la prend dans la minute.", "The service takes it within a minute."))


@app.command("list", help=t("Ce qui attend d'être utilisé.", "What waits to be used."))
def list_(config: Config = None, as_json: Json = False) -> None:
    from mss_guard import errands
    from mss_guard.edge import exemptions, passes

    with refusals():
        settings = errands.settings(config)
        waiting = passes.Passes(Path(settings.state)).waiting()
        rows = exemptions.read(Path(settings.state))
        hits = _hits(settings, rows)
    for one in waiting:
        told: dict[str, Any] = {
            "ref": one.ref, "until": one.until.isoformat(timespec="seconds"), "domains": list(one.domains), "recipients": len(one.recipients),
            "by": one.by, "reason": one.reason,
        }  # fmt: skip
        if as_json:
            put(told)
        else:
            print(
                f"{one.ref}  {one.until.astimezone():%d/%m/%Y %H:%M}  {', '.join(one.domains)}  {one.by} : {one.reason}"
            )
    today = datetime.now().astimezone().date()
    for row in rows:
        count, last = hits[row.id]
        idle = row.until < today or today - (last or row.made) > _IDLE
        said = {
            "id": row.id, "from": row.sender, "to": row.to, "category": row.category, "rule": row.rule, "level": row.level, "action": row.action,
            "until": row.until.isoformat(), "by": row.by, "reason": row.reason, "hits": count, "last": last.isoformat() if last else None,
            "remove": idle,
        }  # fmt: skip
        if as_json:
            put(said)
        else:
            about = row.rule or row.category or t("tout", "anything")
            advice = t("   à retirer : sans usage ou périmée", "   to be removed: unused or over") if idle else ""
            print(
                f"{row.id}  {row.sender} → {row.to}  {about} ≤ {row.level} : {row.action}  {row.until:%d/%m/%Y}  {count}×{advice}"
            )
    if not waiting and not rows:
        say(t("Aucune approbation n'attend, aucune exception datée.", "No approval waits, no dated exception."))
    leave(OK if waiting or rows else NO)


def _hits(settings: Settings, rows: Sequence[Exemption]) -> dict[str, tuple[int, date | None]]:
    """How often each row made a verdict milder, and when last, by the journal."""
    from mss_guard.edge import journal

    found: dict[str, tuple[int, date | None]] = {row.id: (0, None) for row in rows}
    if not rows:
        return found
    first = min(row.made for row in rows)
    since = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=1)
    for one in journal.search(Path(settings.audit.path), journal.Filters(kinds=frozenset({"decision"}), since=since)):
        for name in cast("list[str]", one.record.get("exceptions") or []):
            if name in found:
                found[name] = (found[name][0] + 1, datetime.fromisoformat(one.at).date())
    return found


def _place(text: str) -> str:
    """An address or a domain as verdicts know it: A-label, lower case; other words stay."""
    from mss_guard.core import addresses

    if "@" in text:
        parsed = addresses.parse(text.encode(), smtputf8=True)
        if parsed.malformed:
            raise ValueError(t("adresse mal formée", "malformed address"))
        return f"{parsed.local_part.casefold()}@{parsed.domain}"
    return (addresses.to_ascii(text) or "") if "." in text else text


@app.command(
    help=t(
        "Ce que des expéditeurs ont déclaré sans donnée de santé, et combien de fois contre chaque règle.",
        "What senders declared harmless, and how often against each rule.",
    )
)
def declared(days: int = 30, config: Config = None, as_json: Json = False) -> None:
    from mss_guard import errands
    from mss_guard.edge import journal

    since = datetime.now(UTC) - timedelta(days=days)
    with refusals():
        settings = errands.settings(config)
        wanted = journal.Filters(kinds=frozenset({"decision"}), since=since)
        every = (one.record for one in journal.search(Path(settings.audit.path), wanted))
        records = [record for record in every if record.get("declared")]
    rules: Counter[str] = Counter()
    for one in records:
        rules.update({finding["rule"] for finding in cast("list[dict[str, str]]", one.get("findings") or [])})
        if as_json:
            put({"ref": one["ref"], "at": one["at"], "declared": one["declared"]})
        else:
            print(f"{one['at']}  {one['ref']}")
    for rule, count in rules.most_common():
        say(f"{count:5}  {rule}")
    if not records:
        say(t(f"Aucune déclaration en {days} jours.", f"No declaration in {days} days."))
    leave(OK if records else NO)


@app.command(
    help=t("Reprendre une approbation qui n'a pas encore servi.", "Take back an approval that was not used yet.")
)
def revoke(ref: Annotated[str, typer.Argument(metavar="REF")], by: Who, reason: Why, config: Config = None) -> None:
    from mss_guard import errands
    from mss_guard.edge import exemptions, passes

    if not sayable(by.strip(), reason.strip()):
        leave(USAGE)
    with refusals():
        settings = errands.settings(config)
        store = passes.Passes(Path(settings.state))
        rows = exemptions.read(Path(settings.state))
        if (row := next((one for one in rows if one.id == ref), None)) is not None:
            errands.note_exemption(settings, row, "removed", by=by.strip(), reason=reason.strip())
            exemptions.write(Path(settings.state), tuple(one for one in rows if one is not row))
            return
        found = next((one for one in store.waiting() if one.ref == ref), None)
        if found is None or not store.revoke(ref):
            say(t("aucune approbation en attente sous cette référence", "no approval waits under this reference"))
            leave(NO)
        errands.note_pass(settings, found, "revoked", by=by.strip(), reason=reason.strip())


@app.command(
    "false-positive",
    help=t(
        "Inscrire au journal qu'un refus ou un signalement était à tort ; ne laisse rien passer.",
        "Write down that a refusal or a note was wrong; lets nothing pass.",
    ),
)
def false_positive(
    ref: Annotated[str, typer.Argument(metavar="REF")], by: Who, reason: Why, config: Config = None
) -> None:
    from mss_guard import errands, lifting

    if not sayable(by.strip(), reason.strip()):
        leave(USAGE)
    with refusals():
        settings = errands.settings(config)
        decided = _decision(Path(settings.audit.path), ref)
        if decided is None:
            say(t("référence inconnue du journal", "no such reference in the journal"))
            leave(NO)
        if not lifting.contestable(decided):
            say(t(*lifting.UNCONTESTED))
            leave(NO)
        errands.note_false_positive(settings, ref, by.strip(), reason.strip())


def _decision(root: Path, ref: str) -> dict[str, Any] | None:
    from mss_guard.edge import journal

    found = [one.record for one in journal.show(root, ref) if one.record.get("kind") == "decision"]
    return found[0] if found else None


def _unfit(decided: dict[str, Any]) -> str | None:
    """Why this refusal is none that a person can lift."""
    from mss_guard import lifting

    why = lifting.unfit(decided)
    return t(*lifting.UNFIT[why]) if why is not None else None
