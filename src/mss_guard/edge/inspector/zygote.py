"""Imported once by the fork server, before it forks the first worker: what every worker shares is loaded here.

Importing has effects, which is all that the standard library's fork server offers (`set_forkserver_preload`): signals
that a terminal or systemd sends to the whole group are left to the front, which ends its workers itself; the modules
that Python loads only when first used are loaded now, because a confined worker cannot open a file; and the rules that
the front holds ready are compiled. Nothing here starts a thread, and nothing hostile is read.
"""

from __future__ import annotations

import codecs
import contextlib
import encodings
import gc
import importlib
import os
import pickle
import pkgutil
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from mss_guard.core import wire
from mss_guard.core.formats.tooling import no_tools
from mss_guard.edge.inspector.terms import PARCEL

LATE: Final = (
    *("_strptime", "ast", "bz2", "calendar", "copy", "csv", "ctypes", "decimal", "difflib", "fractions", "gzip"),
    *("html.entities", "html.parser", "io", "json", "linecache", "locale", "lzma", "quopri", "socket", "string"),
    *("stringprep", "textwrap", "tokenize", "traceback", "unicodedata", "urllib.parse", "xml.etree.ElementTree"),
    *("zipfile", "zlib"),
)
"""Modules of the standard library that readers, or the library itself, import only inside functions."""

_SAMPLE: Final = b"""\
From: a@example.org\r\nSubject: =?utf-8?q?essai?=\r\nDate: Mon, 5 Jan 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n\
Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-15\r\n\r\nLu.\r\n\
--b\r\nContent-Type: text/html\r\n\r\n<p>Bonjour.</p>\r\n\
--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\nAAECAw==\r\n--b--\r\n"""
"""Read once before the doors close, so that whatever is loaded at first use (libmagic's database, lazy imports) is
loaded.
"""


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


class Held(NamedTuple):
    """What is loaded, and what it was loaded from."""

    source: tuple[str | None, Sequence[str], bytes]
    inspection: Any
    knowledge: Any


def loaded(inspection: str | None, readers: Sequence[str], payload: bytes) -> tuple[Any, Any]:
    """(module, knowledge): those that the fork server holds, else loaded now. Whatever a loader raises is raised."""
    if _held is not None and _held.source == (inspection, readers, payload):
        return _held.inspection, _held.knowledge
    return _load(inspection, readers, payload)


def _load(name: str | None, readers: Sequence[str], payload: bytes) -> tuple[Any, Any]:
    if name is None:
        return None, None
    inspection: Any = importlib.import_module(name)
    load_modules(readers)
    if hasattr(inspection, "warm"):
        inspection.warm()
    knowledge = inspection.load(payload)
    inspection.inspect(_SAMPLE, wire.Request(), knowledge, no_tools)
    if hasattr(inspection, "rehearse"):
        inspection.rehearse(knowledge)
    return inspection, knowledge


def _hold() -> Held | None:
    """Loads what the front has put ready. What fails here fails in the worker too, which says so."""
    try:
        sys.path[:], *source = pickle.loads(Path(os.environ.pop(PARCEL)).read_bytes())  # noqa: S301  from the front
        return Held((*source,), *_load(*source))
    except BaseException:  # noqa: BLE001  SystemExit of a reader, too, must not be taken for an end of ours
        return None


def _prepare() -> Held | None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    time.tzset()
    load_codecs()
    for name in LATE:
        importlib.import_module(name)
    load_modules(("email",))
    with contextlib.suppress(Exception):  # what does not load here does not load in the first worker, which says so
        importlib.import_module("mss_guard.core.formats").warm()
    held = _hold()
    gc.collect()
    gc.freeze()
    return held


_held: Final = _prepare()
