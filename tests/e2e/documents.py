"""The fictitious documents of `scripts/make-examples.py`, for the end-to-end tests."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_SOURCE = Path(__file__).resolve().parents[2] / "scripts" / "make-examples.py"
_spec = importlib.util.spec_from_file_location("make_examples", _SOURCE)
assert _spec is not None
assert _spec.loader is not None
examples = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(examples)

LISTED: str = examples.TRUSTED
LETTERS: dict[str, bytes] = {
    "pdf": examples.pdf(examples.LETTER),
    "docx": examples.docx(examples.LETTER),
    "zip in zip": examples.pack({"interne.zip": examples.pack({"doc.docx": examples.docx(examples.LETTER)})}),
}
