"""`python -m bench.directory`: the index of a directory of 536,000 lines (time, memory, size), and how well and how fast it
proposes a box for recipients written as staff write them. `--file` takes a real extraction for the first part."""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench import annuaire
from mss_guard.core.proposals import Correspondent, propose
from mss_guard.edge import directory


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--lines", type=int, default=536_000)
    options.add_argument("--file", type=Path)
    options.add_argument("--errors", action="store_true")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = given.file or Path(folder) / "Extraction_Correspondance_MSSante_202608261200.txt"
        people, houses, boxes = ([], [], {}) if given.file else annuaire.write(file, given.lines)
        index = Path(folder) / "annuaire.db"
        started, cpu = time.monotonic(), time.process_time()
        with directory.read(file) as extraction:
            facts = directory.build(extraction, index, lambda _: None)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"index: {facts.boxes} boîtes, {time.monotonic() - started:.1f} s (CPU {time.process_time() - cpu:.1f} s), "
              f"{index.stat().st_size / 1e6:.0f} Mo, mémoire au plus {peak:.0f} Mo")  # fmt: skip
        if people:
            _quality(
                directory.Directory(index),
                [*annuaire.asked(people[:200], houses[:100], boxes)],
                [*annuaire.strangers(300)],
                given.errors,
            )


def _quality(book: directory.Directory, known: list[annuaire.Asked], unknown: list[annuaire.Asked], show: bool) -> None:
    right, single, wrong, silent = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    times = []
    for one in [*known, *unknown]:
        local_part, _, domain = one.address.rpartition("@")
        cpu = time.process_time()
        found = propose(Correspondent(local_part, domain, one.display), book, lambda _: True, one.nearby)
        times.append((time.process_time() - cpu) * 1000)
        hit = not one.meant.isdisjoint(p.box.address for p in found)
        right[one.style] += hit
        single[one.style] += len(found) == 1
        wrong[one.style] += len(found) == 1 and not hit
        silent[one.style] += not found
        if show and (not hit if one.meant else found):
            print(
                f"  {one.style}: {one.display!r} {one.address} → {[p.box.address for p in found]}, attendu {sorted(one.meant)[:3]}"
            )
    asked = Counter(one.style for one in [*known, *unknown])
    print(f"{'':40} | demandés | bonne dans les 3 | seule et fausse | rien")
    for style, count in asked.items():
        print(f"{style:40} | {count:8} | {right[style]:16} | {wrong[style]:15} | {silent[style]}")
    styles = {one.style for one in known}
    hits, errors = sum(right[s] for s in styles), sum(wrong.values())
    print(
        f"bonne boîte parmi trois : {hits}/{len(known)} ({hits / len(known):.1%}) ; seule et fausse : {errors}/{len(known) + len(unknown)}"
    )
    times.sort()
    print(
        f"temps (CPU) par destinataire : médiane {times[len(times) // 2]:.2f} ms, p99 {times[int(len(times) * 0.99)]:.2f} ms, au plus {times[-1]:.2f} ms"
    )


if __name__ == "__main__":
    main()
