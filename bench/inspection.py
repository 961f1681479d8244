"""The inspection alone, as `make bench` shows it below the whole guard: one confined worker, asked as the front asks it.

CPU is the worker's own (its run time as the scheduler counts it), the wire's reading and writing included. The mails of 3 kB
are the project's labelled ones of that size, health and not; the megabyte is the texts of all of them, one mail after the
other in an order of its own. Memory is the worker's peak, pages it shares with its fork server included.
"""

from __future__ import annotations

import asyncio
import random
import statistics
from collections.abc import Sequence
from pathlib import Path

from tests.mail import mails as labelled

from bench import load
from mss_guard.core import inspection, wire
from mss_guard.edge import library
from mss_guard.edge.inspector import Inspector, Settings

SMALL = range(2_400, 3_600)
MEGABYTE = 1_000_000
GOALS = "≤ 1.5 ms for 3 kB, ≤ 60 ms per MB of text, ≤ 150 MiB"
REQUEST = wire.Request(recipients=(load.TO.decode(),))
HEAD = (
    f"From: <{load.FROM.decode()}>\r\nTo: <{load.TO.decode()}>\r\nSubject: Suite de notre échange\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
)


def rows() -> list[str]:
    """The three lines, measured now."""
    return asyncio.run(_rows())


async def _rows() -> list[str]:
    shelf = library.read(())
    worker = await Inspector.start(
        inspection.pack(shelf.rules, shelf.words), Settings(workers=1, messages=1_000_000, start_within=60.0)
    )
    try:
        pid = worker.stats().pids[0]
        every = list(labelled())
        small = [mail.raw for mail in every if len(mail.raw) in SMALL]
        await _spent(worker, pid, small[:20])  # warming
        three = await _spent(worker, pid, small)
        mixed = await _spent(worker, pid, load.mails(20_000, 60, 1))
        await _spent(worker, pid, load.mails(5_000_000, 2, 1))
        texts = [mail.own for mail in every if mail.own.strip()]
        large = await _spent(worker, pid, [_long(texts, seed) for seed in range(3)])
        late = sorted(three)[len(three) * 95 // 100]
        return [
            f"inspection alone, mail of 3 kB: p50 {statistics.median(three):.2f} ms, p95 {late:.2f} ms (n = {len(three)})",
            f"inspection alone, 20 kB mixed: p50 {statistics.median(mixed):.2f} ms",
            f"inspection alone, per MB of text: {statistics.median(large):.0f} ms",
            f"worker's peak memory: {_peak(pid):.0f} MiB   (goals: {GOALS})",
        ]
    finally:
        await worker.stop()


def _long(texts: Sequence[str], seed: int) -> bytes:
    """A plain mail of a megabyte."""
    order = random.Random(f"long-{seed}")
    said: list[str] = []
    total = 0
    while total < MEGABYTE:
        for text in order.sample(texts, len(texts)):
            said.append("\r\n".join(text.splitlines()))
            total += len(said[-1].encode()) + 4
    return (HEAD + "\r\n\r\n".join(said)).encode()[:MEGABYTE] + b"\r\n"


async def _spent(worker: Inspector, pid: int, batch: Sequence[bytes]) -> list[float]:
    """CPU milliseconds of the worker for each message."""
    spent = []
    for raw in batch:
        before = _run_time(pid)
        await worker.inspect(REQUEST, raw, 45.0)
        await asyncio.sleep(0.001)  # the worker is back at its read
        spent.append((_run_time(pid) - before) / 1e6)
    return spent


def _run_time(pid: int) -> int:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def _peak(pid: int) -> float:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024
