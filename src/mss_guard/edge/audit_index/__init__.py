"""The door to the SQL index of the journal: SQLite on one machine, PostgreSQL for several nodes.

A copy for searching, and nothing more: made from the journal with a cursor, rebuilt from it at any time, never on the mail
path. What an index says is proved by the journal it was made from.
"""

from mss_guard.edge.audit_index.feeding import Fed, Feeder
from mss_guard.edge.audit_index.figures import Traffic, figures, traffic
from mss_guard.edge.audit_index.queries import Asked, Decision, Located, Page, after, events, find, located, one
from mss_guard.edge.audit_index.store import IndexBroken, Store, asking, opened

__all__ = [
    "Asked",
    "Decision",
    "Fed",
    "Feeder",
    "IndexBroken",
    "Located",
    "Page",
    "Store",
    "Traffic",
    "after",
    "asking",
    "events",
    "figures",
    "find",
    "located",
    "one",
    "opened",
    "traffic",
]
