"""The door to the national directory: its open extraction read once into a local index, which answers in milliseconds."""

from mss_guard.edge.directory.extraction import Extraction, ExtractionRefusedError, read
from mss_guard.edge.directory.index import Directory, Facts, IndexUnavailableError, build

__all__ = ["Directory", "Extraction", "ExtractionRefusedError", "Facts", "IndexUnavailableError", "build", "read"]
