"""The journal: chained records in canonical JSON, on disk before anything is done.

`journal/<node>/<writer>/<UTC date>-<nnn>.jsonl`, one line a record. Floors, from the top: `journal` (the service's
side, group commit) · `writer` (one directory: lock, recovery, durability) · `segments` (files) · `chain` (the next
record, as a value) · `canonical`, `tree`, `fields`. Beside them `verify` and `search` read, `keys` makes pseudonyms.
"""

from .errors import FieldError, JournalBusy, JournalUnavailable, KeyRefused
from .fields import OUTCOMES
from .journal import Journal
from .keys import Keys, Pseudonym
from .search import Filters, Found, search, show
from .verify import Break, Report, WriterReport, verify

__all__ = [
    "OUTCOMES",
    "Break",
    "FieldError",
    "Filters",
    "Found",
    "Journal",
    "JournalBusy",
    "JournalUnavailable",
    "KeyRefused",
    "Keys",
    "Pseudonym",
    "Report",
    "WriterReport",
    "search",
    "show",
    "verify",
]
