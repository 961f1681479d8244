"""`make bench`: the guard against the same load straight to the sink, as ratios of one run. Every message is different.

For 1 kB, 20 kB, 500 kB and 5 MB: CPU milliseconds of the guard (front, workers and journal together) per message, messages a second through
the guard and straight to the sink, interleaved, and the median of the per-round ratios. Then the inspection alone (inspection.py).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path

from tests.e2e.guard_process import Guard
from tests.e2e.mailbox_sink import MailboxSink
from tests.e2e.postfix import free_port

from bench import inspection
from bench.load import mails, send_all

SIZES = {"1 kB": (1_000, 400), "20 kB": (20_000, 300), "500 kB": (500_000, 24), "5 MB": (5_000_000, 6)}
TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(root: int) -> float:
    """User and system time of a process, its living descendants, and those it has waited for."""
    parents: dict[int, int] = {}
    times: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            times[int(entry.name)] = sum(map(int, fields[11:15])) / TICK
    total, wanted = 0.0, {root}
    grew = True
    while grew:
        more = {pid for pid, parent in parents.items() if parent in wanted} - wanted
        wanted |= more
        grew = bool(more)
    for pid in wanted:
        total += times.get(pid, 0.0)
    return total


def one_size(
    size: int, count: int, guard_port: int, sink_port: int, pid: int, rounds: int
) -> tuple[float, float, float, float]:
    """(guard's CPU ms per message, messages/s through the guard, messages/s straight, median ratio of the two)."""
    cpu, through, straight, ratios = [], [], [], []
    for turn in range(rounds + 1):
        batch, other = mails(size, count, turn * 2), mails(size, count, turn * 2 + 1)
        before = cpu_seconds(pid)
        slow = asyncio.run(send_all(guard_port, batch, sessions=10))
        spent = cpu_seconds(pid) - before
        fast = asyncio.run(send_all(sink_port, other, sessions=10))
        if turn == 0:
            continue  # warming
        cpu.append(spent / count * 1000)
        through.append(count / slow)
        straight.append(count / fast)
        ratios.append(fast / slow)
    return statistics.median(cpu), statistics.median(through), statistics.median(straight), statistics.median(ratios)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=5)
    rounds = options.parse_args().rounds
    sink = MailboxSink()
    port = free_port()
    keeper = threading.Event()

    def forget() -> None:  # the sink must not fill the memory of the bench
        while not keeper.wait(0.5):
            del sink.kept[:-10]

    threading.Thread(target=forget, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        guard = Guard(Path(folder), sink.port, {port: "mode: smtp"})
        guard.start()
        assert guard.process is not None
        try:
            print(f"{'size':>7} | {'CPU ms/message':>14} | {'through msg/s':>13} | {'straight msg/s':>14} | ratio")
            for name, (size, count) in SIZES.items():
                started = time.monotonic()
                cpu, through, straight, ratio = one_size(size, count, port, sink.port, guard.process.pid, rounds)
                print(
                    f"{name:>7} | {cpu:14.2f} | {through:13.1f} | {straight:14.1f} | {ratio:.2f}   ({time.monotonic() - started:.0f} s)",
                    flush=True,
                )
        finally:
            keeper.set()
            guard.stop()
    print(*inspection.rows(), sep="\n")


if __name__ == "__main__":
    main()
