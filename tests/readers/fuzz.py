"""`make fuzz`: the properties of test_fuzz.py for as long as asked, with what the guard around readers hides."""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import tempfile
import time
from pathlib import Path

from mss_guard.core import formats
from tests.readers import mutation, unguarded


def example(chance: random.Random) -> bytes:
    """Bytes as the strategies of `mutation` draw them, without hypothesis: a seed names a run."""
    if chance.random() < 0.3:
        return chance.choice(mutation.signatures()) + chance.randbytes(chance.randrange(2_000))
    data = chance.choice(mutation.documents())
    for _ in range(chance.randint(1, 4)):
        data = (
            chance.choice(mutation.WAYS)(data, chance.randrange(1 << 20), chance.randrange(1 << 12)) if data else data
        )
    return data


def main() -> int:
    """Prints each new finding with the file its bytes were kept in; 1 when there was one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    asked = parser.parse_args()
    formats.warm()
    chance, ends, count = random.Random(asked.seed), time.monotonic() + asked.minutes * 60, 0
    kept = Path(tempfile.mkdtemp(prefix="mss-guard-fuzz-"))
    seen: set[str] = set()
    print(f"seed {asked.seed}, findings in {kept}")
    while time.monotonic() < ends:
        data, count = example(chance), count + 1
        for finding in sorted(_findings(data) - seen):
            seen.add(finding)
            path = kept / f"{hashlib.sha256(data).hexdigest()[:12]}.bin"
            path.write_bytes(data)
            print(f"{finding}: {path.name} ({len(data)} octets)", flush=True)
    print(f"{count} examples, {len(seen)} findings")
    return 1 if seen else 0


def _findings(data: bytes) -> set[str]:
    with unguarded.watched() as findings:
        try:
            if unguarded.places(data) < 1:
                findings.add("no place")
        except (Exception, unguarded.HangError) as failure:
            findings.add(f"{type(failure).__name__} past the table")
    return findings


if __name__ == "__main__":
    sys.exit(main())
