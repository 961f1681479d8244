"""Imported once by the fork server, before it forks the first worker: what every worker shares is loaded here.

Importing has effects, which is all that the standard library's fork server offers (`set_forkserver_preload`): signals
that a terminal or systemd sends to the whole group are left to the front, which ends its workers itself; and the
modules that Python loads only when first used are loaded now, because a confined worker cannot open a file.
"""

from __future__ import annotations

import codecs
import contextlib
import encodings
import gc
import importlib
import pkgutil
import signal
import time
from collections.abc import Iterable
from typing import Final

LATE: Final = (
    *("_strptime", "ast", "bz2", "calendar", "copy", "csv", "ctypes", "decimal", "difflib", "fractions", "gzip"),
    *("html.entities", "html.parser", "io", "json", "linecache", "locale", "lzma", "quopri", "socket", "string"),
    *("stringprep", "textwrap", "tokenize", "traceback", "unicodedata", "urllib.parse", "xml.etree.ElementTree"),
    *("zipfile", "zlib"),
)
"""Modules of the standard library that readers, or the library itself, import only inside functions."""


def load_modules(packages: Iterable[str]) -> None:
    """Imports each of `packages` with all that is in it."""
    for name in packages:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{name}."):
            if not found.name.endswith(".__main__"):
                importlib.import_module(found.name)


def load_codecs() -> None:
    """Imports every codec of `encodings` and looks it up once; those of another system (mbcs, oem) have nothing to
    import.
    """
    for found in pkgutil.iter_modules(encodings.__path__):
        with contextlib.suppress(ImportError, LookupError):
            importlib.import_module(f"encodings.{found.name}")
            codecs.lookup(found.name)


def _prepare() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    time.tzset()
    load_codecs()
    for name in LATE:
        importlib.import_module(name)
    load_modules(("email",))
    with contextlib.suppress(Exception):  # what does not load here does not load in the first worker, which says so
        importlib.import_module("mss_guard.core.formats").warm()
    gc.collect()
    gc.freeze()


_prepare()
