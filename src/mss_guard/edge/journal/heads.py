"""A head: what is signed of a journal at one moment, and its spellings. Whoever holds a head can prove what stood there.

The signed text follows the C2SP checkpoint (tlog-checkpoint): origin, number of leaves, Merkle tree head, then lines of
our own for the chain over all segments. Fixed by design: add lines, never change them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

SIGNED = ("checkpoint", "segment-close")
"""Kinds of records that carry a signed head."""


@dataclass(frozen=True, slots=True)
class Head:
    """`log`: structure/node/writer. `size`, `root`: leaves and Merkle tree head of this segment so far. `seq`, `last`:
    number and SHA-256 of the last record covered, over all segments. `successor`: the key that signs from here on.
    """

    log: str
    segment: str
    size: int
    root: str
    seq: int
    last: str
    at: str
    key: str
    signature: str = ""
    successor: str | None = None

    @property
    def text(self) -> bytes:
        """The bytes that are signed."""
        lines = [
            f"mss-guard/journal/1/{self.log}/{self.segment}",
            str(self.size),
            base64.b64encode(bytes.fromhex(self.root)).decode(),
            f"seq {self.seq}",
            f"last {self.last}",
            f"at {self.at}",
            f"key {self.key}",
            *([f"successor {self.successor}"] if self.successor else []),
        ]
        return ("\n".join(lines) + "\n").encode()

    @property
    def line(self) -> str:
        """One line of JSON, as a witness keeps it."""
        return json.dumps({k: v for k, v in asdict(self).items() if v is not None}, separators=(",", ":"))


def of_record(record: Mapping[str, object], log: str, segment: str) -> Head | None:
    """The head that a record of SIGNED carries; None for every other record, an unsigned one or one of another shape."""
    if record.get("kind") not in SIGNED:
        return None
    seq, successor = record.get("seq"), record.get("successor")
    fields = {
        "log": log,
        "segment": segment,
        "size": record.get("records"),
        "root": record.get("root"),
        "seq": seq - 1 if isinstance(seq, int) else None,
        "last": record.get("prev"),
        "at": record.get("at"),
        "key": record.get("key"),
        "signature": record.get("signature"),
        "successor": successor.get("id") if isinstance(successor, dict) else successor,
    }
    return _head(fields)


def parse(text: str) -> Iterator[Head]:
    """Every head in a text: a mail's body, a syslog file, a file of heads. What is between them is passed over."""
    decoder, at = json.JSONDecoder(), text.find('{"log"')
    while at >= 0:
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError:
            at += 1
        else:
            if isinstance(value, dict) and (head := _head(value)) is not None:
                yield head
        at = text.find('{"log"', at)


def _head(given: Mapping[str, object]) -> Head | None:
    words = {k: given.get(k) for k in ("log", "segment", "root", "last", "at", "key", "signature")}
    numbers = {k: given.get(k) for k in ("size", "seq")}
    successor = given.get("successor")
    if not all(isinstance(v, str) for v in words.values()) or not all(type(v) is int for v in numbers.values()):
        return None
    if not (successor is None or isinstance(successor, str)):
        return None
    head = Head(**words, **numbers, successor=successor)  # type: ignore[arg-type]
    try:
        return head if len(bytes.fromhex(head.root)) == 32 else None
    except ValueError:
        return None
