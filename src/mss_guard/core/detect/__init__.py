"""Content × Rules → Findings → Assessment. Pure; linear in the text."""

from mss_guard.core.detect.assessing import Detector, assess, compile_rules, titles
from mss_guard.core.detect.selftest import ExampleFailure, meets, selftest

__all__ = ["Detector", "ExampleFailure", "assess", "compile_rules", "meets", "selftest", "titles"]
