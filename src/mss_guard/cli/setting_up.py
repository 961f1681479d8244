"""`setup postfix|exim|exchange|m365` and `notice preview`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mss_guard.cli import postfix_recipe, relay_recipes
from mss_guard.cli.common import USAGE, Config, leave, refusals, say
from mss_guard.cli.language import ASKED, t
from mss_guard.config import Listener

if TYPE_CHECKING:
    from mss_guard.previews import Measured

setup = typer.Typer(
    no_args_is_help=True,
    help=t("Ce qu'il faut coller dans le serveur de messagerie.", "What to paste into the mail server."),
)
notices = typer.Typer(no_args_is_help=True, help=t("Les avis aux expéditeurs.", "The notices to senders."))


@notices.callback()
def _notices() -> None:
    """Keeps `preview` a subcommand while it is the only one."""


@setup.command(
    help=t(
        "Pour Postfix, dans les trois poses, et comment revenir en arrière.",
        "For Postfix, three topologies, and how to undo each.",
    )
)
def postfix(config: Config = None) -> None:
    from mss_guard import errands

    with refusals():
        settings = errands.settings(config)
    hop = settings.hops[0]
    place = (hop.host, hop.port)
    own = (*settings.structure.domains, *settings.structure.secure_domains)
    lmtp = next((x for x in settings.listeners if x.mode == "lmtp"), settings.listeners[0])
    smtp = next((x for x in settings.listeners if x.mode == "smtp"), settings.listeners[0])
    print(_listeners_wanted(settings.listeners, lmtp, smtp))
    print(postfix_recipe.text((
        postfix_recipe.lmtp(f"[{lmtp.address}]:{lmtp.port}", place, hop.max_connections),
        postfix_recipe.proxy_filter(f"{smtp.address}:{smtp.port}", place, hop.max_connections, own=own),
        postfix_recipe.smart_host(f"[{smtp.address}]:{smtp.port}", place, hop.max_connections),
    )))  # fmt: skip


def _smtp_listener(listeners: Sequence[Listener]) -> tuple[str, int]:
    """Where a smart host connects: our smtp listener, else the one that has to become it."""
    found = next((x for x in listeners if x.mode == "smtp"), listeners[0])
    return found.address, found.port


@setup.command(help=t("Pour Exim, en relais.", "For Exim, as a smart host."))
def exim(config: Config = None) -> None:
    from mss_guard import errands

    with refusals():
        settings = errands.settings(config)
    hop = settings.hops[0]
    print(relay_recipes.exim(_smtp_listener(settings.listeners), (hop.host, hop.port)))


@setup.command(
    help=t("Pour Exchange Server, avec le texte français des avis.", "For Exchange Server, with the French texts.")
)
def exchange(config: Config = None) -> None:
    from mss_guard import errands

    with refusals():
        settings = errands.settings(config)
    print(relay_recipes.exchange(_smtp_listener(settings.listeners), settings.smtp.enhanced_code))


@setup.command(help=t("Pour Microsoft 365.", "For Microsoft 365."))
def m365(config: Config = None) -> None:
    from mss_guard import doors, errands

    with refusals():
        settings = errands.settings(config)
    named = settings.structure.name
    print(relay_recipes.m365(doors.hostname(settings), named, settings.smtp.enhanced_code))


def _listeners_wanted(given: Sequence[Listener], lmtp: Listener, smtp: Listener) -> str:
    """Which `listeners` each pose needs, and which of them this configuration has: an lmtp client on an smtp port only queues."""
    has = ", ".join(f"{x.mode} {x.address}:{x.port}" for x in given)
    wanted = {"A": ("lmtp", lmtp), "B et C": ("smtp", smtp)}
    lines = [f"Cette configuration écoute : {has}."]
    for poses, (mode, x) in wanted.items():
        there = "déjà là" if x.mode == mode else "À ÉCRIRE dans mss-guard.yaml, à la place ou sur un autre port"
        lines.append(f"  {poses} : listeners: [{{address: {x.address}, port: {x.port}, mode: {mode}}}]   ({there})")
    return "\n".join(lines) + "\n"


@notices.command(
    help=t(
        "L'avis, avant que le personnel le voie : un cas inventé, ou tous en chiffres (--all). --lang en : en anglais.",
        "The notice, before staff see it: one invented case, or all in numbers (--all). --lang en: in English.",
    )
)
def preview(
    config: Config = None,
    html: Annotated[bool, typer.Option("--html", help=t("La forme HTML.", "The HTML form."))] = False,
    reason: Annotated[
        str, typer.Option(help=t("Le motif (health-data, unreadable…).", "The reason (health-data, unreadable…)."))
    ] = "health-data",
    to: Annotated[
        str, typer.Option(metavar="KIND", help=t("Le destinataire : professionnel, proche…", "The recipient's kind."))
    ] = "professionnel",
    boxes: Annotated[
        bool,
        typer.Option("--boxes", help=t("Comme si l'annuaire proposait deux boîtes.", "As if two boxes were known.")),
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help=t("Tous : mots et lisibilité (Kandel-Moles).", "All: words and readability."))
    ] = False,
) -> None:
    from mss_guard import errands, previews

    for given, known in ((reason, previews.REASONS), (to, previews.KINDS)):
        if given not in known:
            say(t(f"« {given} » n'existe pas : {', '.join(known)}", f"'{given}' does not exist: {', '.join(known)}"))
            leave(USAGE)
    with refusals():
        loaded = errands.read_for_scan(config)
        if every:
            _table(errands.measure_notices(loaded, ASKED))
        else:
            print(errands.preview(loaded, previews.Asked(reason, to, boxes, ASKED, html)))


def _table(measured: Iterable[Measured]) -> None:
    heads = (t("motif", "reason"), t("destinataire", "recipient"), t("boîtes", "boxes"), t("mots", "words"))
    print(f"{heads[0]:<20}{heads[1]:<16}{heads[2]:<8}{heads[3]:>5}  Kandel-Moles")
    for one in measured:
        boxes = t("oui", "yes") if one.boxes else "-"
        print(f"{one.reason:<20}{one.kind or '-':<16}{boxes:<8}{one.words:>5}  {one.ease:>5}")
