"""Who may receive what: the decision table, and nothing else in the house says no."""

from mss_guard.core.policy.advice import Advice
from mss_guard.core.policy.decision import decide, decide_uninspected, lift, liftable, needs_content
from mss_guard.core.policy.exempting import exempt
from mss_guard.core.policy.knowledge import (
    SUSPICION,
    Handling,
    Knowledge,
    PolicySettings,
    Senders,
    Structure,
)
from mss_guard.core.policy.standing import Lookup, classify_sender, look_up, standing
from mss_guard.core.policy.turning import Turn, turns

__all__ = [
    "SUSPICION",
    "Advice",
    "Handling",
    "Knowledge",
    "Lookup",
    "PolicySettings",
    "Senders",
    "Structure",
    "Turn",
    "classify_sender",
    "decide",
    "decide_uninspected",
    "exempt",
    "lift",
    "liftable",
    "look_up",
    "needs_content",
    "standing",
    "turns",
]
