"""Libraries that come from Debian and not from PyPI: which one is missing, said by its package."""

from __future__ import annotations

import importlib
from typing import Final

_PACKAGES: Final = {"magic": "libmagic1", "libarchive": "libarchive13"}


def missing() -> str | None:
    """The package of the first library that does not load, None when all do."""
    for module, package in _PACKAGES.items():
        try:
            importlib.import_module(module)
        except (ImportError, OSError):
            return package
    return None
