"""The journal: chained records in canonical JSON, on disk before anything is done, their heads signed.

`journal/<node>/<writer>/<UTC date>-<nnn>.jsonl`, one line a record. Floors, from the top: `journal` (the service's
side, group commit) · `writer` (one directory: lock, recovery, durability) · `segments` (files) · `chain` (the next
record, as a value) · `canonical`, `tree`, `fields`, `heads` (what is signed). Beside them `verify`, `search`,
`purging` read; `keys` makes pseudonyms, `signing` signs. docs/journal.md gives every kind and field.
"""

from .collect import fresh_heads
from .errors import FieldError, JournalBusy, JournalUnavailable, KeyRefused
from .fields import KINDS, OUTCOMES
from .heads import Head
from .heads import parse as parse_heads
from .house import Purged
from .journal import Journal, Pace
from .keys import Keys, Pseudonym
from .prove import Proof, Unproven, document, prove, prove_one
from .search import Filters, Found, follow, oldest, read, search, show
from .signing import Public, SigningKeys, exported
from .verify import Break, Report, WriterReport, verify

__all__ = [
    "KINDS",
    "OUTCOMES",
    "Break",
    "FieldError",
    "Filters",
    "Found",
    "Head",
    "Journal",
    "JournalBusy",
    "JournalUnavailable",
    "KeyRefused",
    "Keys",
    "Pace",
    "Proof",
    "Pseudonym",
    "Public",
    "Purged",
    "Report",
    "SigningKeys",
    "Unproven",
    "WriterReport",
    "document",
    "exported",
    "follow",
    "fresh_heads",
    "oldest",
    "parse_heads",
    "prove",
    "prove_one",
    "read",
    "search",
    "show",
    "verify",
]
