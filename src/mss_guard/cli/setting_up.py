"""`setup postfix` and `notice preview`."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from mss_guard.cli import postfix_recipe
from mss_guard.cli.common import Config, refusals
from mss_guard.cli.language import t
from mss_guard.config import Listener

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
    print(_listeners_wanted(settings.listeners, lmtp, smtp))
    print(postfix_recipe.text((
        postfix_recipe.lmtp(f"[{lmtp.address}]:{lmtp.port}", place, hop.max_connections),
        postfix_recipe.proxy_filter(f"{smtp.address}:{smtp.port}", place, hop.max_connections, own=own),
        postfix_recipe.smart_host(f"[{smtp.address}]:{smtp.port}", place, hop.max_connections),
    )))  # fmt: skip


def _listeners_wanted(given: Sequence[Listener], lmtp: Listener, smtp: Listener) -> str:
    """Which `listeners` each pose needs, and which of them this configuration has: an lmtp client on an smtp port only queues."""
    has = ", ".join(f"{x.mode} {x.address}:{x.port}" for x in given)
    wanted = {"A": ("lmtp", lmtp), "B et C": ("smtp", smtp)}
    lines = [f"Cette configuration écoute : {has}."]
    for poses, (mode, x) in wanted.items():
        there = "déjà là" if x.mode == mode else "À ÉCRIRE dans mss-guard.yaml, à la place ou sur un autre port"
        lines.append(f"  {poses} : listeners: [{{address: {x.address}, port: {x.port}, mode: {mode}}}]   ({there})")
    return "\n".join(lines) + "\n"


@notices.command(help=t("L'avis français, avant que le personnel le voie.", "The French notice, before staff see it."))
def preview(config: Config = None, html: bool = False) -> None:
    from mss_guard import app

    with refusals():
        loaded = app.read_for_scan(config)
        print(app.preview(loaded, html=html))
