"""The door for compliance officers: web pages over the journal's index, with three acts that write. docs/console.md.

From the address inwards: `web` (routes, headers) · `desk` (signed in, allowed, token) · `pages`, `acts`, `signing_in`, `oidc` · `render`
(templates). Beside them `accounts`, `sessions`, `lockout`, `requests`. What the pages ask of the house is `ports.Office`; the roof answers.
"""

from mss_guard.edge.console.accounts import Account, Accounts, AccountsBroken, fit_name, weak
from mss_guard.edge.console.desk import Desk
from mss_guard.edge.console.lockout import Lockout
from mss_guard.edge.console.oidc import Provider
from mss_guard.edge.console.ports import (
    ALL,
    Decision,
    Exceptions,
    Identity,
    Line,
    Listing,
    Pending,
    Person,
    Proof,
    Signalled,
    State,
    Unavailable,
    Unwritten,
    View,
)
from mss_guard.edge.console.render import Renderer
from mss_guard.edge.console.requests import Requests
from mss_guard.edge.console.server import Listening, server
from mss_guard.edge.console.sessions import Sessions
from mss_guard.edge.console.web import build

__all__ = [
    "ALL", "Account", "Accounts", "AccountsBroken", "Decision", "Desk", "Exceptions", "Identity", "Line", "Listening", "Listing", "Lockout", "Pending",
    "Person", "Proof", "Provider", "Renderer", "Requests", "Sessions", "Signalled", "State", "Unavailable", "Unwritten", "View", "build", "fit_name",
    "server", "weak",
]  # fmt: skip
