"""`setup postfix` and `notice preview`."""

from __future__ import annotations

import typer

from mss_guard.cli import postfix_recipe
from mss_guard.cli.common import Config, refusals
from mss_guard.cli.language import t

setup = typer.Typer(
    no_args_is_help=True,
    help=t("Ce qu'il faut coller dans le serveur de messagerie.", "What to paste into the mail server."),
)
notices = typer.Typer(no_args_is_help=True, help=t("Les avis aux expéditeurs.", "The notices to senders."))


@setup.callback()
def _setups() -> None:
    """Keeps `postfix` a subcommand while it is the only one."""


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
    from mss_guard import app

    with refusals():
        settings = app.settings(config)
    hop = settings.hops[0]
    place = (hop.host, hop.port)
    own = (*settings.structure.domains, *settings.structure.secure_domains)
    lmtp = next((x for x in settings.listeners if x.mode == "lmtp"), settings.listeners[0])
    smtp = next((x for x in settings.listeners if x.mode == "smtp"), settings.listeners[0])
    print(postfix_recipe.text((
        postfix_recipe.lmtp(f"[{lmtp.address}]:{lmtp.port}", place, hop.max_connections),
        postfix_recipe.proxy_filter(f"{smtp.address}:{smtp.port}", place, hop.max_connections, own=own),
        postfix_recipe.smart_host(f"[{smtp.address}]:{smtp.port}", place, hop.max_connections),
    )))  # fmt: skip


@notices.command(help=t("L'avis français, avant que le personnel le voie.", "The French notice, before staff see it."))
def preview(config: Config = None, html: bool = False) -> None:
    from mss_guard import app

    with refusals():
        loaded = app.read_for_scan(config)
        print(app.preview(loaded, html=html))
