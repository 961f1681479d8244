"""`python -m bench.journal`: what a record costs to append, alone and in company, and what 100,000 cost to verify.

Wall time for appends (a disk is waited for), process time for the rest; on a crowded machine only the latter means much.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path

from tests.edge.journal_kit import Clock, ref, writer_of
from tests.edge.test_journal_format import DECISION

from mss_guard.edge.journal import Journal, exported, prove, sealing, verify
from mss_guard.edge.journal.chain import Entry


async def appends(folder: Path, count: int, together: int) -> tuple[float, float, float]:
    """(median milliseconds of one `append`, records a second, milliseconds of CPU a record) with so many waiting at once."""
    journal = Journal.open(folder / "journal", "n", f"w{together}", "tilleuls", folder / "keys")
    taken: list[float] = []

    async def one(base: int) -> None:
        for number in range(count // together):
            before = time.perf_counter()
            await journal.append("decision", ref(base * count + number), DECISION, "abcdef0123456789")
            taken.append(time.perf_counter() - before)

    start, busy = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one(n) for n in range(together)))
    lasted, busy = time.perf_counter() - start, time.process_time() - busy
    await journal.close()
    return statistics.median(taken) * 1000, len(taken) / lasted, busy / len(taken) * 1000


def bare(folder: Path, count: int) -> float:
    """Median milliseconds of the disk alone: as many octets appended and made durable, by nobody's journal."""
    taken, line = [], b"x" * 1300
    with (folder / "bare").open("ab", buffering=0) as file:
        for _ in range(count):
            before = time.perf_counter()
            file.write(line)
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - before)
    return statistics.median(taken) * 1000


def filled(folder: Path, records: int) -> None:
    """One day of so many records, a head signed after each thousand."""
    writer = writer_of(folder, clock=Clock())
    for number in range(0, records, 1000):
        pair = [
            entry
            for n in range(number, number + 500)
            for entry in (Entry("decision", ref(n), DECISION), Entry("outcome", ref(n), {"outcome": "relayed"}))
        ]
        writer.write(pair)
        writer.checkpoint()
    writer.close()


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--records", type=int, default=100_000)
    records = options.parse_args().records
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name)
        print(f"the disk alone, append and fdatasync: median {bare(folder, 500):.2f} ms")
        for together in (1, 10, 50):
            median, rate, cpu = asyncio.run(appends(folder / "append", 1000, together))
            print(
                f"append, {together:3} together: median {median:.2f} ms, {rate:.0f} records/s, {cpu:.2f} ms CPU a record"
            )
        filled(folder, records)
        before = time.process_time()
        report = verify(folder / "journal", exported(folder / "keys"))
        print(
            f"verify {report.records} records, {report.writers[0].signed} heads: {time.process_time() - before:.2f} s CPU, ok={report.ok}"
        )
        before = time.process_time()
        found = prove(folder / "journal", ref(records // 4))
        print(f"prove one of them: {time.process_time() - before:.2f} s CPU, {len(found)} proofs")
        (folder / "dpo.pem").write_bytes(sealing.make_pair("cinq mots tires au sort")[1])
        sealer, identity = sealing.sealer(folder / "dpo.pem"), sealing.Identity("a@ehpad.fr", ("b@ordinaire.fr",))
        before = time.process_time()
        for _ in range(1000):
            sealer.seal("tilleuls", "MSSG-2222-2222", identity)
        print(f"seal one identity: {time.process_time() - before:.3f} ms CPU")


if __name__ == "__main__":
    main()
