"""What judging costs: CPU of a 3 kB mail, of a megabyte of text, and the memory of one process with the rules."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from bench.detection.cases import message
from bench.detection.judging import Judgement, load
from bench.detection.report import table
from mss_guard.core import inspection
from mss_guard.core.wire import Request

THREE_KB = range(2_400, 3_600)
WORDS = 160_000  # about a megabyte


def report(judged: Sequence[Judgement]) -> str:
    """CPU milliseconds (`time.process_time`)."""
    small = [1000 * j.seconds for j in judged if len(j.case.raw) in THREE_KB]
    per_kb = [1e9 * j.seconds / len(j.case.raw) for j in judged if j.seconds]
    before = _resident()
    knowledge = load()
    memory = _resident() - before
    texts = [_plain(j.case.raw) for j in judged if j.case.measure in ("ordinary", "letters")]
    words = " ".join(texts).split()[:WORDS]
    lines = "\n".join(" ".join(words[i : i + 12]) for i in range(0, len(words), 12))
    raw = message("Long", lines)
    took = []
    for _ in range(3):
        start = time.process_time()
        inspection.inspect(raw, Request("message", "", (), False, False), knowledge)
        took.append(1000 * (time.process_time() - start))
    rows = [
        (
            "mail of 3 kB, median of",
            f"{statistics.median(small):.2f} ms" if small else "-",
            f"n = {len(small)}",
            "≤ 1.5",
        ),
        (
            "all cases, median per kB",
            f"{statistics.median(per_kb):.0f} µs" if per_kb else "-",
            f"n = {len(per_kb)}",
            "",
        ),
        ("text, per MB", f"{min(took) / (len(lines) / 1e6):.0f} ms", f"{len(lines) / 1e6:.2f} MB", "≤ 60"),
        ("memory of the rules", f"{memory / 2**20:.0f} MiB", f"{_resident() / 2**20:.0f} MiB in all", "≤ 150"),
    ]
    return table("Time and memory", ("what", "value", "of", "goal"), rows)


def _plain(raw: bytes) -> str:
    return raw.partition(b"\n\n")[2].decode("utf-8", "replace").replace("=\n", "")


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
