"""`python -m bench.bombs`: every bomb through the production pool, while a small mail every 100 ms is answered and the
event loop's lag is measured. Prints seconds and outcome of each; 1 when one took longer than five seconds."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time

from tests.core.formats import build
from tests.readers import production
from tests.readers.bombs import BOMBS

from mss_guard.cli.scanning import looks_like_message
from mss_guard.core.model import Assessment, Fault
from mss_guard.core.wire import Request
from mss_guard.edge.inspector import Inspector, Settings

TICK = 0.005


async def _lag(lags: list[float]) -> None:
    while True:
        due = time.monotonic() + TICK
        await asyncio.sleep(TICK)
        lags.append(time.monotonic() - due)


async def _small(pool: Inspector, took: list[float], faults: list[str]) -> None:
    mail = build.mail("Bonjour, le menu de mardi.")
    while True:
        began = time.monotonic()
        found = await pool.inspect(Request(), mail, production.BUDGET)
        took.append(time.monotonic() - began)
        if isinstance(found, Fault):
            faults.append(found.value)
        await asyncio.sleep(0.1)


def _said(found: Assessment | Fault) -> str:
    if isinstance(found, Fault):
        return f"fault {found.value}"
    whys = sorted({place.why.value for place in found.unreadable if place.why is not None})
    return f"{len(found.places)} places, {','.join(whys) or 'all read'}"


async def run() -> int:
    """Makes each bomb in a thread, so that making it is no lag of the guard."""
    pool = await Inspector.start(production.payload(), Settings(workers=2))
    lags: list[float] = []
    took: list[float] = []
    faults: list[str] = []
    late = 0
    try:
        for name, (file, make) in BOMBS.items():
            raw = await asyncio.to_thread(make)
            others = [asyncio.create_task(_lag(lags)), asyncio.create_task(_small(pool, took, faults))]
            message = looks_like_message(file, raw)
            began = time.monotonic()
            request = Request(kind="message" if message else "document", name="" if message else file)
            found = await pool.inspect(request, raw, production.BUDGET)
            seconds = time.monotonic() - began
            late += seconds > production.BUDGET
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            print(f"{name:30} {len(raw):10} octets {seconds:6.2f} s  {_said(found)}", flush=True)
    finally:
        await pool.stop()
    p999 = statistics.quantiles(lags, n=1000)[-1] if len(lags) > 1 else 0.0
    print(
        f"lag p99.9 {p999 * 1000:.1f} ms of {len(lags)}; small mails {len(took)}, slowest {max(took):.2f} s, faults {faults}"
    )
    return 1 if late or faults else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(run()))
