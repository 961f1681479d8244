"""The command line: arguments in, calls to the roof, words out. Heavy rooms are imported inside the commands, so that --help is quick."""

from __future__ import annotations

import typer

from mss_guard.cli import (
    bypassing,
    complying,
    consoles,
    demo,
    directory,
    excepting,
    exporting,
    journal_words,
    lists,
    native,
    partnering,
    rules,
    scanning,
    service,
    setting_up,
    trusting,
)
from mss_guard.cli.common import open_streams
from mss_guard.cli.language import ARGUMENTS, t

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help=t(
        "Le guet des données de santé : rien ne sort hors MSSanté. En anglais avec --lang en ou LC_ALL=C.",
        "The guard of health data: nothing leaves but to MSSanté. French by default; --lang fr|en.",
    ),
)
app.command(help=t("Le service, au premier plan.", "The service, in the foreground."))(service.run)
app.command(
    "check-config",
    help=t("Toutes les erreurs d'un coup, avec ligne et colonne.", "Every mistake at once, with line and column."),
)(service.check_config)
app.command(
    help=t("Ce que le guet dirait d'un message ou d'un document.", "What the guard would say of a message or document.")
)(scanning.scan)
app.command(help=t("Le statut d'une adresse, et pourquoi.", "The standing of an address, and why."))(scanning.lookup)
app.command(
    help=t(
        "Pourquoi cette décision (référence) ou ce que dirait le guet (fichier).",
        "Why this decision (reference), or what the guard would say (file).",
    )
)(journal_words.explain)
app.command(help=t("Cette machine peut-elle faire tout le travail ?", "Is this machine able to do the whole job?"))(
    service.doctor
)
app.command(
    help=t("Le travail entier, de bout en bout, sur cette machine.", "The whole job, end to end, on this machine.")
)(demo.demo)
app.add_typer(trusting.app, name="trust")
app.add_typer(directory.app, name="directory")
app.add_typer(rules.app, name="rules")
app.add_typer(lists.app, name="lists")
app.add_typer(partnering.app, name="partners")
app.add_typer(exporting.app, name="audit")
app.add_typer(bypassing.app, name="bypass")
app.add_typer(consoles.app, name="console")
app.add_typer(complying.app, name="compliance")
app.add_typer(excepting.app, name="exceptions")
app.add_typer(setting_up.notices, name="notice")
app.add_typer(setting_up.setup, name="setup")


def main() -> None:
    """The entry point; `--lang` may stand anywhere."""
    open_streams()
    try:
        app(args=ARGUMENTS, prog_name="mss-guard")
    except (ImportError, OSError) as problem:
        package = native.missing()
        if package is None:
            raise
        typer.echo(
            t(
                f"Il manque une bibliothèque : apt-get install --no-install-recommends {package}",
                f"A library is missing: apt-get install --no-install-recommends {package}",
            ),
            err=True,
        )
        raise SystemExit(2) from problem
