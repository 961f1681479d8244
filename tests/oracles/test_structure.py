"""The structure of other projects' test messages is theirs, or the difference is judged and written down."""

from __future__ import annotations

import pytest
import yaml

from mss_guard.core import mime
from mss_guard.core.model import Why
from tests.oracles import structure
from tests.oracles.structure import Node

needs_oracles = pytest.mark.skipif(not structure.SETS.is_dir(), reason="no oracles beside the repository")


@needs_oracles
def test_every_difference_is_judged() -> None:
    """Of 294 structures, each that is not ours has a line that says who is right; none is judged that is equal."""
    count, found = structure.judged()
    assert count > 290
    assert [(one.message, one.print, one.what) for one in found if not one.who] == []
    table = yaml.safe_load(structure.DIFFERENCES.read_text("utf-8"))
    assert {one.message for one in found} == {name for entry in table for name in entry["messages"]}


@needs_oracles
def test_what_is_said_to_be_ambiguous_is() -> None:
    """Where the table says that a difference is declared, the message carries it."""
    table = yaml.safe_load(structure.DIFFERENCES.read_text("utf-8"))
    said = {name for entry in table if "ambiguous" in entry["why"] for name in entry["messages"]}
    declared = {
        name
        for name, raw, _, _ in structure.compared()
        if Why.AMBIGUOUS in {part.why for part in mime.parse(raw).parts}
    }
    assert said <= declared


def test_a_difference_is_seen() -> None:
    """Type, depth, order, count and content each make a difference."""
    known = [Node(0, "multipart/mixed"), Node(1, "text/plain", "a"), Node(1, "text/html", "b")]
    others = [
        [known[0], known[1]],
        [known[0], known[2], known[1]],
        [known[0], known[1], Node(2, "text/html", "b")],
        [known[0], known[1], Node(1, "text/plain", "b")],
        [known[0], known[1], Node(1, "text/html", "c")],
    ]
    assert all(structure.difference(known, other) for other in others)
    assert structure.difference(known, list(known)) == ""


def test_our_nodes() -> None:
    """A nested message adds a level, and so does its multipart."""
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n--b--"
    assert [(node.depth, node.type) for node in structure.ours(raw)] == [
        (0, "multipart/mixed"), (1, "message/rfc822"), (2, "text/plain")]  # fmt: skip
