"""The inspection workers: hostile bytes are read in confined processes only, and nothing that comes from one is ever
unpickled.

The names below are loaded when they are first asked for: the process of a tool (`toolchild`) is a module of this
package, starts once a picture, and needs none of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mss_guard.edge.inspector.confinement import Layers
    from mss_guard.edge.inspector.pool import Inspector, prepare, probe
    from mss_guard.edge.inspector.terms import Settings, StartError, Stats
    from mss_guard.edge.inspector.tools import works
    from mss_guard.edge.inspector.unlooped import blocking

__all__ = ["Inspector", "Layers", "Settings", "StartError", "Stats", "blocking", "prepare", "probe", "works"]

_HOMES = {
    "blocking": "unlooped",
    "Layers": "confinement",
    **dict.fromkeys(("Inspector", "prepare", "probe"), "pool"),
    **dict.fromkeys(("Settings", "StartError", "Stats"), "terms"),
    "works": "tools",
}


def __getattr__(name: str) -> Any:
    """PEP 562."""
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
