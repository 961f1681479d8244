"""The Merkle tree hash of RFC 6962 §2.1, grown one leaf at a time.

Only the right edge is kept: one hash for each power of two in the number of leaves, so a day of records costs some 20
hashes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tree:
    """`edge` holds the roots of the full subtrees, the largest first: sizes are the powers of two of `size`."""

    size: int = 0
    edge: tuple[bytes, ...] = ()

    def add(self, leaf: bytes) -> Tree:
        """The tree with one more leaf."""
        edge, node, full = self.edge, leaf_hash(leaf), self.size
        while full & 1:
            edge, node, full = edge[:-1], _join(edge[-1], node), full >> 1
        return Tree(self.size + 1, (*edge, node))

    @property
    def root(self) -> str:
        """The Merkle tree head, 64 hexadecimal digits."""
        if not self.edge:
            return hashlib.sha256(b"").hexdigest()
        *left, node = self.edge
        for sibling in reversed(left):
            node = _join(sibling, node)
        return node.hex()


EMPTY = Tree()


def leaf_hash(leaf: bytes) -> bytes:
    """RFC 6962 §2.1: the hash of one leaf."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def audit_path(leaves: Sequence[bytes], index: int) -> tuple[list[bytes], bytes]:
    """The Merkle audit path of RFC 6962 §2.1.1 for one of these leaf hashes, nearest first, and the tree head.

    Level by level: an odd node at the end goes up as it is.
    """
    path: list[bytes] = []
    level, at = list(leaves), index
    while len(level) > 1:
        sibling = at ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        paired = [_join(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level, at = paired + level[len(paired) * 2 :], at >> 1
    return path, level[0]


def _join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
