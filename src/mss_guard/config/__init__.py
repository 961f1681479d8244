"""Text in, Settings out, or every mistake at once. `check` and `warnings` say what a well-formed file still has
wrong.
"""

from __future__ import annotations

from pathlib import Path

from mss_guard.core import strict_yaml
from mss_guard.core.strict_yaml import Mistake, Mistakes

from .checks import check, unavailable, warnings
from .settings import Listener, LocalDomain, NextHop, Policy, Settings, Structure

PACKAGED = "structure: {name: structure sans configuration}\n"
"""What stands in the place of a file when there is none: all defaults. Good for `scan` and `lookup`, not for `run`."""

__all__ = [
    "PACKAGED",
    "Listener",
    "LocalDomain",
    "Mistake",
    "Mistakes",
    "NextHop",
    "Policy",
    "Settings",
    "Structure",
    "check",
    "load",
    "warnings",
]


def load(path: Path | None, text: str | bytes | None = None) -> Settings:
    """The configuration of a file; `text` is its content when it has been read already, `path` then only names it.

    Raises Mistakes with all that is wrong in the order of the file, what is not built yet included, and OSError when
    the file cannot be read.
    """
    if text is None:
        text = PACKAGED if path is None else path.read_bytes()
    document = strict_yaml.parse(text, str(path) if path else "configuration")
    later = tuple(unavailable(document))
    try:
        settings = strict_yaml.validate(document, Settings)
    except Mistakes as error:
        places = {(m.line, m.column) for m in error.mistakes}  # what is misspelt is not also "not built yet"
        wrong = [*error.mistakes, *(m for m in later if (m.line, m.column) not in places)]
        raise Mistakes(sorted(wrong, key=lambda m: (m.line, m.column))) from None
    if later:
        raise Mistakes(sorted(later, key=lambda m: (m.line, m.column)))
    return settings.placed(document)
