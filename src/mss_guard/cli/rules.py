"""`rules list|show|lint|test`: the rules in force, shipped and local. Every rule's own examples are its tests."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from mss_guard.cli.common import NO, OK, Config, Json, leave, put, refusals, say
from mss_guard.cli.language import t

app = typer.Typer(no_args_is_help=True, help=t("Les règles de détection.", "The detection rules."))


def _knowledge(config: Path | None) -> Any:
    from mss_guard import assembly, errands
    from mss_guard.core import inspection

    with refusals():
        loaded = assembly.load(errands.settings(config), datetime.now(UTC))
        return inspection.load(loaded.payload)


@app.command("list", help=t("Toutes les règles.", "All rules."))
def list_rules(config: Config = None, as_json: Json = False) -> None:
    ruleset = _knowledge(config).ruleset
    for identifier, entry in ruleset.entries.items():
        if as_json:
            put({"id": identifier, "title": entry.title, "source": entry.source, "mode": ruleset.modes[identifier], "family": entry.family,
                 "file": ruleset.origins[identifier].mistake("").source, "local": ruleset.origins[identifier].local})  # fmt: skip
        else:
            print(f"{identifier:<52} {ruleset.modes[identifier]:<8} {entry.title}")


@app.command(help=t("Une règle, en entier.", "One rule, whole."))
def show(identifier: str, config: Config = None) -> None:
    ruleset = _knowledge(config).ruleset
    entry = ruleset.entries.get(identifier)
    if entry is None:
        say(t("Règle inconnue.", "Unknown rule."))
        leave(NO)
    print(f"# {ruleset.origins[identifier].mistake('', 'id')}".rstrip(": "))
    for key, value in entry.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True).items():
        print(f"{key}: {value}")


@app.command(help=t("Ce qu'un auteur de règles devrait reprendre.", "What a rule author should mend."))
def lint(config: Config = None) -> None:
    from mss_guard.core import rules

    remarks = rules.lint(_knowledge(config).ruleset)
    for remark in remarks:
        print(remark.mistake)
    leave(NO if remarks else OK)


@app.command("test", help=t("Chaque règle sur ses propres exemples.", "Every rule on its own examples."))
def try_examples(config: Config = None) -> None:
    from mss_guard.core import inspection

    knowledge = _knowledge(config)
    failures = inspection.selftest(knowledge)
    for failure in failures:
        print(failure.mistake)
    entries = knowledge.ruleset.entries
    examples = sum(len(e.match) + len(e.passing) for e in entries.values())
    print(
        t(
            f"{len(entries)} règles, {examples} exemples, {len(failures)} en défaut",
            f"{len(entries)} rules, {examples} examples, {len(failures)} failing",
        )
    )
    leave(NO if failures else OK)
