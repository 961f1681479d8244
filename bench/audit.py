"""`python -m bench.audit`: an index of 100,000 records, made, made again and searched, on SQLite or (`--url`) PostgreSQL."""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from mss_guard.edge.audit_index import Asked, Feeder, find, opened
from mss_guard.edge.journal import Found

_DOMAINS = [f"correspondant-{n}.fr" for n in range(400)] + ["orange.fr", "gmail.com", "ch-valmont.mssante.fr"]
_RULES = [f"document.type-{n}" for n in range(40)] + ["social.ppa", "identite.nir"]


def records(count: int) -> Iterator[Found]:
    """Decisions and their outcomes, a year of them, from two writers."""
    chance = random.Random(1)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(count // 2):
        at += timedelta(seconds=365 * 86_400 / count * 2)
        ref = f"MSSG-{number:08X}"[:9] + "-" + f"{number:04X}"[-4:]
        refused = chance.random() < 0.05
        action = "refuse" if refused else "relay"
        people = [
            {"domain": chance.choice(_DOMAINS), "who": {"key": "2026-0123abcd", "id": f"{chance.getrandbits(13):016x}"},
             "standing": "outside", "action": action, "reason": "health-data" if refused else None}
            for _ in range(chance.choice((1, 1, 1, 2, 5)))
        ]  # fmt: skip
        findings = [{"rule": chance.choice(_RULES), "category": "care", "level": "likely"} for _ in range(3 * refused)]
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        decision = {
            "v": 1, "kind": "decision", "seq": 2 * number, "at": stamp, "structure": f"maison-{number % 5}", "ref": ref, "action": action,
            "reason": "health-data" if refused else None, "sender": {"kind": "own", "domain": "tilleuls.fr", "who": {"id": f"{number % 80:016x}"}},
            "recipients": people, "findings": findings, "level": "likely" if refused else "none", "score": 900 * refused, "size": 20_000,
        }  # fmt: skip
        outcome = {
            "v": 1,
            "kind": "outcome",
            "seq": 2 * number + 1,
            "at": stamp,
            "structure": "x",
            "ref": ref,
            "outcome": "relayed",
            "replies": [{"code": 250}],
        }
        for record in (decision, outcome):
            yield Found("node-1", f"front-{number % 2}", "2026-01-01-001.jsonl", number + 1, record)


_ASKED = {
    "référence": Asked(ref="MSSG-0000-1234"),
    "adresse": Asked(who=frozenset({f"{77:016x}"})),
    "domaine": Asked(domain="orange.fr"),
    "règle": Asked(rule="social.ppa"),
    "famille": Asked(rule="document"),
    "motif et mois": Asked(reason="health-data", since="2026-06", until="2026-07"),
    "refusés": Asked(action="refuse"),
    "statut": Asked(standing="trusted"),
    "structure": Asked(structure="maison-3"),
    "rien de tel": Asked(domain="nulle-part.example"),
    "tout": Asked(),
}


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--records", type=int, default=100_000)
    options.add_argument("--url")
    given = options.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        opened(given.url or f"sqlite:///{folder}/audit.db", create=True) as store,
    ):
        feeder = Feeder(store)
        for word in ("faire", "refaire"):
            feeder.clear()
            started = time.monotonic()
            told = feeder.feed(records(given.records))
            print(f"{word} l'index : {told.records} enregistrements, {time.monotonic() - started:.1f} s")
        for name, asked in _ASKED.items():
            taken = []
            for _ in range(5):
                started = time.monotonic()
                page = find(store, asked, most=100)
                taken.append((time.monotonic() - started) * 1000)
            print(
                f"{name:16} {sorted(taken)[2]:7.1f} ms (au plus {max(taken):.1f})   {len(page.decisions)} décisions{'+' if page.more else ''}"
            )


if __name__ == "__main__":
    main()
