"""What the author of a mail wrote: its text up to the first quotation, else its attachments, else its subject."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_QUOTE_STARTS = re.compile(
    r"""^(?: >
        | -{2,}\s*(?:message|mail|courriel|original|forwarded|d.but\ du|$) .*
        | _{8,}
        | (?:de|from|exp.diteur)\s*:\s*\S+
        | (?:le|on)\s .* (?:a\ .crit|wrote)\s*:\s*$
        | d.but\ du\ message
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_WORD = re.compile(r"[^\W_]+")


def own_text(entry: Mapping[str, Any]) -> str:
    """The words that count when two mails are compared; attachments count too."""
    kept = []
    for line in entry.get("text", "").splitlines():
        if _QUOTE_STARTS.match(line.strip()):
            break
        kept.append(line)
    own = "\n".join([*kept, *(_of_attachment(part) for part in entry.get("attachments") or [])])
    return own if own.strip() else entry.get("subject", "")


def _of_attachment(part: Mapping[str, Any]) -> str:
    rows = "\n".join(" ".join(row) for row in part.get("rows") or [])
    inner = "\n".join(_of_attachment(file) for file in part.get("files") or [])
    return "\n".join([part.get("text", ""), rows, inner])


def grams(text: str, size: int = 5) -> frozenset[tuple[str, ...]]:
    """The word n-grams of a text, case folded; a text shorter than one n-gram is one n-gram."""
    words = [word.casefold() for word in _WORD.findall(text)]
    return frozenset(tuple(words[at : at + size]) for at in range(max(1, len(words) - size + 1)))
