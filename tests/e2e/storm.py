"""Kills random inspection workers with SIGKILL while large messages flow through the real guard.

python -m tests.e2e.storm --seconds 20
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e import ledger, processes
from tests.e2e.guard_process import Guard
from tests.e2e.ledger import Ledger
from tests.e2e.postfix import free_port
from tests.e2e.torture import Session, Sink

ANSWER_WITHIN = 85.0
"""Seconds from the client's dot to its answer: 80 to ours, and some for the wire."""


@dataclass
class Report:
    """`whole_after`: seconds from the last kill until as many workers as before were ready. `slowest`: dot to answer."""

    ledger: Ledger
    kills: int = 0
    workers: int = 0
    whole_after: float = 0.0
    slowest: float = 0.0
    pids: set[int] = field(default_factory=set)

    def table(self) -> str:
        return (
            f"{self.ledger.table()}\nkills {self.kills} · workers {self.workers}, {len(self.pids)} in all"
            f" · whole again {self.whole_after:.2f} s after the last kill · slowest answer {self.slowest:.1f} s"
        )


def storm(seconds: float, sessions: int = 4) -> Report:
    """Kill for so many seconds; then the pool must be whole, and every message be answered for good by retrying."""
    report = Report(Ledger(messages=10**6, body=ledger.large))
    sink = Sink(report.ledger)
    ports = {free_port(): "mode: smtp", free_port(): "mode: lmtp"}
    with tempfile.TemporaryDirectory() as folder:
        guard = Guard(Path(folder), sink.port, ports)
        try:
            guard.start()
            report.workers = len(processes.ready(guard.pid))
            end = time.monotonic() + seconds + 120
            clients = [
                Session(
                    list(ports)[n % 2], report.ledger, lambda stage: None, lmtp=n % 2 == 1, end=end, wait=ANSWER_WITHIN
                )
                for n in range(sessions)
            ]
            for client in clients:
                client.start()
            time.sleep(1.0)
            _kill(guard, report, time.monotonic() + seconds)
            report.whole_after = _whole(guard, report)
            report.ledger.messages = report.ledger.next_number  # no new ones
            for client in clients:
                client.join(timeout=ANSWER_WITHIN)
            report.slowest = max(client.slowest for client in clients)
        finally:
            guard.abolish()
            sink.close()
    return report


def _kill(guard: Guard, report: Report, end: float) -> None:
    due = time.monotonic()
    while due < end:
        found = processes.workers(guard.pid)
        report.pids.update(found)
        if found and processes.kill(random.choice(found)):
            report.kills += 1
        due = max(due + 0.1, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))


def _whole(guard: Guard, report: Report) -> float:
    started = time.monotonic()
    while time.monotonic() < started + 30:
        found = processes.ready(guard.pid)
        report.pids.update(found)
        if len(found) >= report.workers:
            break
        time.sleep(0.01)
    return time.monotonic() - started


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--seconds", type=float, default=20.0)
    print(storm(options.parse_args().seconds).table())
