"""The inspection workers: hostile bytes are read in confined processes only, and nothing that comes from one is ever
unpickled.
"""

from mss_guard.edge.inspector.blocking import blocking
from mss_guard.edge.inspector.confinement import Layers
from mss_guard.edge.inspector.pool import Inspector, prepare, probe
from mss_guard.edge.inspector.terms import Settings, StartError, Stats
from mss_guard.edge.inspector.tools import works

__all__ = ["Inspector", "Layers", "Settings", "StartError", "Stats", "blocking", "prepare", "probe", "works"]
