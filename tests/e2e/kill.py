"""Kills the guard with SIGKILL, stage by stage, while sessions send over SMTP and LMTP; counts what was lost, which must be
nothing.

    python -m tests.e2e.kill --kills 60 --messages 5000
"""

from __future__ import annotations

import argparse
import collections
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e import processes
from tests.e2e.guard_process import Guard
from tests.e2e.ledger import ORDINARY, SECURE, Ledger
from tests.e2e.postfix import free_port
from tests.e2e.rooms import records
from tests.e2e.torture import Session, Sink

PLACES = {
    "MAIL": ("MAIL",),
    "DATA": ("DATA",),
    "inspection": ("inspection",),
    "between journal and the hop's 250": ("hop DATA", "hop dot"),
    "after it": ("after 250",),
}
"""Stage → where it is caught: in the sink, in a client, or (inspection) when a worker is seen computing."""

STAGES = tuple(PLACES)


@dataclass
class Report:
    """`orphans`: processes of a killed guard that outlived it by two seconds. `unrecorded`: messages that the sink has and the journal
    has no decision of. `faults`: of the inspection, by the journal, and of the front, by its log. `starts`: seconds each start took.
    """

    ledger: Ledger
    kills: collections.Counter[str] = field(default_factory=collections.Counter)
    orphans: int = 0
    unrecorded: int = 0
    faults: collections.Counter[str] = field(default_factory=collections.Counter)
    verified: bool = False
    status: int = -1
    starts: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def table(self) -> str:
        kills = ", ".join(f"{stage} {self.kills[stage]}" for stage in STAGES)
        return (
            f"{self.ledger.table()}\nkills {sum(self.kills.values())} ({kills}) · orphans {self.orphans} · unrecorded"
            f" {self.unrecorded} · audit verify {'ok' if self.verified else 'BROKEN'} · exit {self.status} · faults {dict(self.faults)} · start-up"
            f" {min(self.starts):.1f} to {max(self.starts):.1f} s · whole run {self.seconds:.0f} s"
        )


class Killer:
    """Armed for one place at a time; the first thread to reach it pulls the trigger."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._armed: str | None = None
        self._lock = threading.Lock()
        self.fired = threading.Event()

    def arm(self, place: str) -> None:
        self.fired.clear()
        with self._lock:
            self._armed = place

    def reached(self, place: str) -> None:
        if self._armed != place:
            return
        if place == "inspection" and not self._caught_inspecting():
            return
        with self._lock:
            if self._armed != place:
                return
            self._armed = None
            self._guard.kill()
        self.fired.set()

    def _caught_inspecting(self) -> bool:
        """A worker is on a processor: polled from when a message is complete; a miss leaves it to the next message."""
        end = time.monotonic() + 0.05
        while time.monotonic() < end:
            if processes.busy(self._guard.pid):
                return True
        return False


POLICIES = {
    "reject": "reject",
    "bounce": "bounce",
    "split": "reject, mixed: split",
    "route": "reject, to_mssante: route",
}


def torture(kills: int, messages: int, sessions: int = 10, seconds: float = 1200.0, policy: str = "reject") -> Report:
    """The whole run, under one of POLICIES. Kills go round the stages, evenly over the messages; it ends when every message is answered for good."""
    report = Report(Ledger(messages))
    sink, operator = Sink(report.ledger), Sink(report.ledger)
    route = f"routes: {{mssante: {{host: 127.0.0.1, port: {operator.port}, tls: may}}}}\n" if policy == "route" else ""
    ports = {free_port(): "mode: smtp", free_port(): "mode: lmtp"}
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        guard = Guard(Path(folder), sink.port, ports, refusal=POLICIES[policy], extra=route)
        killer = Killer(guard)
        # Under `route` the kills fall where the operator has the message; over lmtp half of each goes by either road.
        (operator if route else sink).reached = killer.reached
        try:
            _start(guard, report)
            clients = [
                Session(
                    list(ports)[n % 2],
                    report.ledger,
                    killer.reached,
                    lmtp=n % 2 == 1,
                    end=started + seconds,
                    split=policy == "split",
                    alone=SECURE if route else ORDINARY,
                )
                for n in range(sessions)
            ]
            for client in clients:
                client.start()
            _kill(kills, guard, killer, report, started + seconds)
            for client in clients:
                client.join(timeout=max(1.0, started + seconds - time.monotonic()))
            report.status = guard.stop()
            report.verified = _verified(guard)
            decisions = list(records(guard.folder, "decision"))
            report.unrecorded = len(report.ledger.references - {d["ref"] for d in decisions})
            report.faults = collections.Counter(d["fault"] for d in decisions if d.get("fault"))
            report.faults.update(re.findall(r'"error": "\w+", "place": "[^"]*"', guard.log.read_text()))
        finally:
            guard.abolish()
            sink.close()
            operator.close()
    report.seconds = time.monotonic() - started
    return report


def _kill(kills: int, guard: Guard, killer: Killer, report: Report, end: float) -> None:
    for turn in range(kills):
        due = report.ledger.messages * turn // (kills + 1)
        _wait(lambda due=due: report.ledger.finished >= due, end, f"message {due}")
        stage = STAGES[turn % len(STAGES)]
        places = PLACES[stage]
        killer.arm(places[turn // len(STAGES) % len(places)])
        if not killer.fired.wait(timeout=60):
            raise TimeoutError(f"stage {stage} was not reached")
        report.kills[stage] += 1
        report.orphans += guard.orphans(within=2.0)
        _start(guard, report)


def _start(guard: Guard, report: Report) -> None:
    started = time.monotonic()
    guard.start()
    report.starts.append(time.monotonic() - started)


def _verified(guard: Guard) -> bool:
    command = [sys.executable, "-m", "mss_guard", "audit", "verify", "-c", str(guard.config)]
    return subprocess.run(command, capture_output=True, timeout=120, check=False).returncode == 0


def _wait(condition: Callable[[], bool], end: float, what: str) -> None:
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.01)


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--kills", type=int, default=60)
    options.add_argument("--messages", type=int, default=5000)
    options.add_argument("--policy", choices=POLICIES, default="reject")
    given = options.parse_args()
    print(torture(given.kills, given.messages, policy=given.policy).table())
