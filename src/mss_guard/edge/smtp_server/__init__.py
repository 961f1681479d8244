"""The SMTP and LMTP door: in lock-step with the next hop, judged at the end of the message. `ports` says what it asks
of its neighbours.
"""

from mss_guard.edge.smtp_server.ports import Judge, ListenerFacts, NextHop, Ruling, Submission, Transaction
from mss_guard.edge.smtp_server.room import Room
from mss_guard.edge.smtp_server.second_road import SecondRoad
from mss_guard.edge.smtp_server.server import Front, serve
from mss_guard.edge.smtp_server.settings import FrontLimits, ListenerSettings

__all__ = [
    "Front",
    "FrontLimits",
    "Judge",
    "ListenerFacts",
    "ListenerSettings",
    "NextHop",
    "Room",
    "Ruling",
    "SecondRoad",
    "Submission",
    "Transaction",
    "serve",
]
