"""Bytes that readers may meet: random ones behind every signature, and real documents broken in five ways."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from hypothesis import strategies as st

from mss_guard.core.formats import kinds
from tests.readers.samples import MADE

LONGEST = 60_000  # octets of a document that is broken: the larger ones (pictures) only cost time


def signatures() -> list[bytes]:
    """The first bytes that the sniffer knows."""
    return [signature for signature, _ in kinds._SIGNATURES]


@cache
def documents() -> tuple[bytes, ...]:
    """One of each format made in code."""
    return tuple(data for _, make in MADE.values() if len(data := make()) <= LONGEST)


def flip(data: bytes, at: int, value: int) -> bytes:
    """One octet changed."""
    spot = at % len(data)
    return data[:spot] + bytes([data[spot] ^ (value % 255 + 1)]) + data[spot + 1 :]


def cut(data: bytes, at: int, _value: int) -> bytes:
    """The end gone."""
    return data[: at % len(data)]


def splice(data: bytes, at: int, value: int) -> bytes:
    """The beginning of this, the end of another."""
    other = documents()[value % len(documents())]
    return data[: at % len(data)] + other[at % len(other) :]


def length(data: bytes, at: int, value: int) -> bytes:
    """Four octets become a length that lies."""
    lies = (0, 1, 0x7F, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, len(data))
    spot, order = at % len(data), ("little", "big")[value & 1]
    return data[:spot] + lies[(value >> 1) % len(lies)].to_bytes(4, order) + data[spot + 4 :]


def repeat(data: bytes, at: int, value: int) -> bytes:
    """A stretch of up to 200 octets, again and again."""
    spot = at % len(data)
    return data[:spot] + data[spot : spot + value % 200 + 1] * 50 + data[spot:]


WAYS: tuple[Callable[[bytes, int, int], bytes], ...] = (flip, cut, splice, length, repeat)
_STEP = st.tuples(st.sampled_from(WAYS), st.integers(0, 1 << 20), st.integers(0, 1 << 12))


def _broken(data: bytes, steps: list[tuple[Callable[[bytes, int, int], bytes], int, int]]) -> bytes:
    for way, at, value in steps:
        data = way(data, at, value) if data else data
    return data


SIGNED = st.builds(lambda head, tail: head + tail, st.sampled_from(signatures()), st.binary(max_size=2_000))
BROKEN = st.builds(lambda at, steps: _broken(documents()[at % len(documents())], steps),
                   st.integers(0, 1 << 16), st.lists(_STEP, min_size=1, max_size=4))  # fmt: skip
ANY = st.one_of(SIGNED, BROKEN, BROKEN)
