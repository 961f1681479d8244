"""The Merkle tree hash of RFC 6962 §2.1, grown one leaf at a time.

Only the right edge is kept: one hash for each power of two in the number of leaves, so a day of records costs some 20
hashes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tree:
    """`edge` holds the roots of the full subtrees, the largest first: sizes are the powers of two of `size`."""

    size: int = 0
    edge: tuple[bytes, ...] = ()

    def add(self, leaf: bytes) -> Tree:
        """The tree with one more leaf."""
        edge, node, full = self.edge, hashlib.sha256(b"\x00" + leaf).digest(), self.size
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


def _join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
