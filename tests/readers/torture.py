"""Every file of the torture sets through the production pool: answers, crashes, answers beyond the deadline, peak memory."""

from __future__ import annotations

import asyncio
import collections
import sys
import time
from pathlib import Path

from mss_guard.cli.scanning import looks_like_message
from mss_guard.core.model import Assessment, Fault, State
from mss_guard.core.wire import Request
from mss_guard.edge.inspector import Inspector, Settings
from tests.readers import production

SETS = ("torture", "cda", "hl7v2", "xdm")


def peak_kib(pids: tuple[int, ...]) -> int:
    """The highest resident size that any of these processes has reached (VmHWM of proc(5)), in KiB; 0 when none lives."""
    peak = 0
    for pid in pids:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        peak = max([peak, *(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))])
    return peak


async def run(files: list[Path]) -> int:
    """Prints the counts; 1 when anything crashed, was late or grew beyond the bound."""
    counts: collections.Counter[str] = collections.Counter()
    peak, slowest, bad = 0, (0.0, ""), []
    pool = await Inspector.start(production.payload(), Settings(workers=1))
    try:
        for path in files:
            raw = path.read_bytes()
            message = looks_like_message(path.name, raw)
            request = Request(kind="message" if message else "document", name="" if message else path.name)
            began = time.monotonic()
            found = await pool.inspect(request, raw, production.BUDGET)
            slowest = max(slowest, (time.monotonic() - began, path.name))
            peak = max(peak, peak_kib(tuple(pool.stats().pids)))
            if isinstance(found, Fault):
                bad.append(f"{found.value} {path.name}")
            counts.update(_states(found))
    finally:
        await pool.stop()
    print(
        f"files {len(files)}, faults {len(bad)}, slowest {slowest[0]:.2f} s ({slowest[1]}), peak {peak / 1024:.0f} MiB"
    )
    print("\n".join([*(f"{count:7} {what}" for what, count in counts.most_common()), *bad]))
    return 1 if bad or peak > 768 * 1024 else 0


def _states(found: Assessment | Fault) -> list[str]:
    if isinstance(found, Fault):
        return [f"file: {found.value}"]
    places = [f"place: {place.state.value} {place.why.value if place.why else ''}".strip() for place in found.places]
    silent = [] if found.places else ["file: no place"]
    locked = any(place.state is State.UNREADABLE for place in found.places)
    return ["file: answered", *silent, *places, *(["file: with an unreadable place"] if locked else [])]


def main() -> int:
    """Skips, with the reason, when the sets are not beside the repository."""
    files = sorted(path for name in SETS for path in (production.SHARED / name).rglob("*") if path.is_file())
    if not files:
        print("skipped: no torture sets beside the repository")
        return 0
    return asyncio.run(run(files))


if __name__ == "__main__":
    sys.exit(main())
