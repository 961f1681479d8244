"""`console` and `console user …`: the web console for compliance officers, and its accounts."""

from __future__ import annotations

import asyncio
import getpass
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mss_guard.cli.common import NO, OK, TEMPORARY, USAGE, Config, Json, leave, put, refusals, say
from mss_guard.cli.language import t

if TYPE_CHECKING:
    from mss_guard.core.rights import Role
    from mss_guard.edge.console import Account, Accounts

app = typer.Typer(help=t("La console web des officiers de conformité.", "The web console for compliance officers."))
user = typer.Typer(no_args_is_help=True, help=t("Les comptes de la console.", "The console's accounts."))
app.add_typer(user, name="user")

Name = Annotated[str, typer.Argument(metavar="NOM", help=t("minuscules, chiffres, . - _", "lower case, digits, . - _"))]
RoleName = Annotated[str, typer.Option("--role", help="lecteur | dpo-rssi | exploitant | administrateur")]
Structures = Annotated[
    list[str] | None,
    typer.Option(
        "--structure",
        help=t(
            "La structure que ce compte voit, celle de la configuration sinon ; répétable ; '*' : toutes celles de l'index.",
            "The structure that this account sees, else the configuration's own; repeatable; '*': all of the index.",
        ),
    ),
]


@app.callback(invoke_without_command=True)
def console(context: typer.Context, config: Config = None) -> None:
    """Serve until stopped."""
    context.obj = config
    if context.invoked_subcommand is not None:
        return
    from mss_guard import console_service, errands
    from mss_guard.edge import logs
    from mss_guard.edge.audit_index import IndexBroken
    from mss_guard.edge.console import AccountsBroken

    logs.configure()
    with refusals():
        settings = errands.sound(config)
        try:
            asyncio.run(console_service.run(settings))
        except (console_service.NoAccounts, AccountsBroken) as refusal:
            say(str(refusal))
            leave(USAGE)
        except IndexBroken as problem:
            say(str(problem))
            leave(TEMPORARY)
        except KeyboardInterrupt:
            leave(OK)


def _accounts(context: typer.Context, config: Path | None) -> Accounts:
    from mss_guard import console_service, errands

    with refusals():
        return console_service.accounts(errands.settings(config or context.obj))


def _held(accounts: Accounts, name: str) -> Account:
    from mss_guard.edge.console import AccountsBroken

    try:
        known = accounts.all().get(name)
    except AccountsBroken as problem:
        say(str(problem))
        leave(USAGE)
    if known is None:
        say(t(f"{name} : aucun compte de ce nom", f"{name}: no such account"))
        leave(NO)
    return known


def _role(word: str) -> Role:
    from mss_guard.core.rights import Role

    try:
        return Role(word)
    except ValueError:
        say("--role lecteur | dpo-rssi | exploitant | administrateur")
        leave(USAGE)


def _password(name: str) -> str:
    """Twice from the terminal, else the first line of standard input; never an argument, never a default."""
    from mss_guard.edge.console import weak

    if sys.stdin.isatty():
        first = getpass.getpass(t("Mot de passe : ", "Password: "))
        if getpass.getpass(t("Encore une fois : ", "Once more: ")) != first:
            say(t("Les deux ne sont pas pareils.", "The two differ."))
            leave(USAGE)
    else:
        first = sys.stdin.readline().rstrip("\r\n")
    if (why := weak(first, name)) is not None:
        say(why)
        leave(USAGE)
    return first


@user.command(help=t("Ouvrir un compte.", "Open an account."))
def add(
    context: typer.Context, name: Name, role: RoleName, structure: Structures = None, config: Config = None
) -> None:
    from mss_guard import errands
    from mss_guard.edge.console import Account, fit_name

    accounts, kind = _accounts(context, config), _role(role)
    if not fit_name(name):
        say(t("NOM : de 2 à 30 minuscules, chiffres, . - _", "NAME: 2 to 30 lower-case letters, digits, . - _"))
        leave(USAGE)
    if name in accounts.all():
        say(t(f"{name} existe déjà", f"{name} exists already"))
        leave(NO)
    with refusals():
        own = errands.settings(config or context.obj).structure.id
    accounts.put(Account(name, kind, tuple(structure or (own,)), accounts.hashed(_password(name))))
    print(f"{name} ({kind})")


@user.command("list", help=t("Les comptes.", "The accounts."))
def list_(context: typer.Context, config: Config = None, as_json: Json = False) -> None:
    held = _accounts(context, config).all()
    for one in held.values():
        if as_json:
            put({"name": one.name, "role": one.role, "structures": list(one.structures), "disabled": one.disabled})
        else:
            closed = t("fermé", "closed") if one.disabled else ""
            print(f"{one.name:<30} {one.role:<15} {', '.join(one.structures)} {closed}".rstrip())
    leave(OK if held else NO)


@user.command(help=t("Changer un mot de passe.", "Change a password."))
def password(context: typer.Context, name: Name, config: Config = None) -> None:
    accounts = _accounts(context, config)
    known = _held(accounts, name)
    accounts.put(replace(known, password=accounts.hashed(_password(name))))


@user.command(help=t("Changer un rôle, ou les structures vues.", "Change a role, or the structures seen."))
def role(
    context: typer.Context, name: Name, role: RoleName, structure: Structures = None, config: Config = None
) -> None:
    accounts, kind = _accounts(context, config), _role(role)
    known = _held(accounts, name)
    accounts.put(replace(known, role=kind, structures=tuple(structure) if structure else known.structures))


@user.command(
    help=t("Fermer un compte ; ses sessions finissent aussitôt.", "Close an account; its sessions end at once.")
)
def disable(context: typer.Context, name: Name, config: Config = None) -> None:
    accounts = _accounts(context, config)
    accounts.put(replace(_held(accounts, name), disabled=True))


@user.command(help=t("Rouvrir un compte.", "Open a closed account again."))
def enable(context: typer.Context, name: Name, config: Config = None) -> None:
    accounts = _accounts(context, config)
    accounts.put(replace(_held(accounts, name), disabled=False))
