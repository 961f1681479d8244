"""Values in a Markdown document: no name can end a cell, begin a heading, make a link or be markup."""

from __future__ import annotations

import re


def plain(text: str) -> str:
    """Paths, domains and addresses stay as they are written; what would be Markdown or HTML is escaped, and a line stays one line."""
    return re.sub(r"([|`\[\]#])", r"\\\1", " ".join(text.split())).replace("<", "&lt;")
