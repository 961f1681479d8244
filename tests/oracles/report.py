"""`make oracles-report`: the guard beside what others know of the same messages. Each part prints its tables."""

from __future__ import annotations

import sys

from mss_guard.core import formats
from tests.oracles import cases, hidden, names, ordinary, programs, structure

PARTS = {
    "Ordinary messages": ordinary.report,
    "Structure beside mime4j and stalwart": structure.report,
    "Hidden documents": hidden.report,
    "Hidden names": names.report,
    "Decided cases, and the states of common attachments": cases.report,
}


def main() -> int:
    """1 when a bound is not kept."""
    formats.warm()
    kept = []
    for title, part in PARTS.items():
        print(f"\n## {title}\n")
        kept.append(part())
        print(f"\n{'kept' if kept[-1] else 'NOT KEPT'}")
    if absent := programs.missing():
        print(f"\nPrograms missing here: {', '.join(absent)}.")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
