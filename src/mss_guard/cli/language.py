"""French by default; English with `--lang en` or LC_ALL=C. Both versions of a sentence stand side by side where it is said."""

from __future__ import annotations

import os
import sys
from typing import Literal

Language = Literal["fr", "en"]


def chosen(arguments: list[str], environment: dict[str, str]) -> tuple[Language, list[str]]:
    """The language, and the arguments without `--lang X` / `--lang=X`, wherever it stood."""
    language: Language = "en" if environment.get("LC_ALL") in ("C", "POSIX") else "fr"
    rest: list[str] = []
    waiting = False
    for argument in arguments:
        if waiting or argument.startswith("--lang="):
            language = "en" if argument.removeprefix("--lang=").startswith("en") else "fr"
            waiting = False
        elif argument == "--lang":
            waiting = True
        else:
            rest.append(argument)
    return language, rest


LANGUAGE, ARGUMENTS = chosen(sys.argv[1:], dict(os.environ))
ASKED = LANGUAGE if len(ARGUMENTS) < len(sys.argv) - 1 else None
"""The language of `--lang`, where it was given; None where it is only the environment's."""


def t(french: str, english: str) -> str:
    """The sentence in the language of this run."""
    return english if LANGUAGE == "en" else french
