"""Streams are unpacked in slices: whatever their size, all comes out, and what stands behind them is told."""

from __future__ import annotations

import bz2
import lzma
import random
import zlib
from collections.abc import Callable

import pytest

from mss_guard.core.formats import zipdir
from mss_guard.core.formats.reading import Reading, Stop
from mss_guard.core.model import Why

PACKERS: dict[str, tuple[Callable[[bytes], bytes], Callable[[], zipdir.Unpacker]]] = {
    "zlib": (zlib.compress, zlib.decompressobj),
    "bzip2": (bz2.compress, bz2.BZ2Decompressor),
    "xz": (lzma.compress, lzma.LZMADecompressor),
}
NOISE = random.Random(1).randbytes(300_000)
TEXTS = {"empty": b"", "short": b"x", "noise": NOISE, "pattern": b"ab" * 400_000, "zeros": bytes(3_000_000)}


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_stream_comes_out_whole_or_is_damaged(packer: str, text: bytes) -> None:
    pack, make = PACKERS[packer]
    packed, reading = pack(text), Reading(lambda _reading, _doc: None)
    assert zipdir.unpack(make(), packed, reading, zipdir.SCAN) == (text, b"")
    assert zipdir.unpack(make(), packed + b"rest", reading, zipdir.SCAN) == (text, b"rest")
    with pytest.raises(Stop) as stop:
        zipdir.unpack(make(), packed[:-3], reading, zipdir.SCAN)
    assert stop.value.why is Why.DAMAGED
