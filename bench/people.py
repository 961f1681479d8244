"""`python -m bench.people`: what the people lists bring and cost.

With a house's list (those whom the labelled care mails name, and ninety others): recall on the short care mails, false alarms
on everything else; staff at work, by the hundred; then the size, CPU and memory of a list of 50,000 residents.
"""

from __future__ import annotations

import gc
import random
import re
import statistics
import time
from collections.abc import Iterator, Sequence
from email import message_from_bytes, policy
from email.utils import parseaddr
from itertools import pairwise
from pathlib import Path

from tests import mail as labelled
from tests.core.detect.staff_mails import STAFF, staff_mails

from bench.detection import own
from bench.detection.cases import Case, message
from bench.detection.judging import Judgement, judge
from bench.detection.report import Goal, Rate, table
from mss_guard.core import formats, inspection, mime
from mss_guard.core.detect.acquaintance import Acquaintance
from mss_guard.core.detect.scenes import spots
from mss_guard.core.inspection import InspectionKnowledge
from mss_guard.core.model import Level
from mss_guard.core.normalise import fold
from mss_guard.core.people import People, Person, compile_people, dates, encode
from mss_guard.edge import library

KEY = bytes(range(32))
SYLLABLES = "ba be bi bo bou cha co da del du fa ga gar gi la le lo ma mar mi mo na ni pa per pi ra ri ro sa so ta ti tou va vi".split()


def main() -> None:
    report()


def report() -> None:
    """Both tables; also at the end of `python -m bench.detection`."""
    shelf = library.read(())
    first_names = frozenset(shelf.words["words/prenoms.txt"].split())
    _quality(shelf, first_names)
    _cost(first_names)


def _knowledge(shelf: library.Library, lists: People | None) -> InspectionKnowledge:
    return inspection.load(inspection.pack(shelf.rules, shelf.words, lists=lists))


# --- quality ----------------------------------------------------------------------------------------------------------


def _quality(shelf: library.Library, first_names: frozenset[str]) -> None:
    invented = [*_invented(90, "house", first_names)]
    house = compile_people([*_named(first_names), *invented], [*STAFF, *_writers()], KEY, 0.0)
    without, with_lists, apart = (
        _knowledge(shelf, lists) for lists in (None, house, compile_people(invented, STAFF, KEY, 0.0))
    )
    cases = list(own.cases())
    care = [c for c in cases if c.source.startswith("courts/") and c.truth == "yes"]
    staff = [Case(f"staff-{i}", "staff", "staff", "no", message(*one)) for i, one in enumerate(staff_mails())]
    listed = [c for c in care if _names_resident(c, with_lists)]
    rows = [
        _row("short care mails (courts), recall", care, without, with_lists, Goal(0.97, True)),
        _row("… those that name somebody on the list", listed, without, with_lists, Goal(0.97, True)),
        _row("all labelled `no`, false alarms", [c for c in cases if c.truth == "no"], without, with_lists, None),
        _row("staff at work, false alarms", staff, without, apart, Goal(0.0, False)),
        _row("… where residents bear the same names", staff, without, with_lists, None),
    ]
    print(table("People lists, at likely", ("mails", "without", "with", "goal", ""), rows))


def _row(
    name: str, of: Sequence[Case], without: InspectionKnowledge, with_lists: InspectionKnowledge, goal: Goal | None
) -> tuple[str, ...]:
    before, after = (_likely([judge(case, known) for case in of]) for known in (without, with_lists))
    said = "" if goal is None else "met" if goal.wanted == 0.0 and not after.hits else goal.verdict(after)
    return name, str(before), str(after), str(goal or ""), said


def _names_resident(case: Case, known: InspectionKnowledge) -> bool:
    found = spots(formats.read(mime.parse(case.raw)), known.detector.matcher)
    return any(not {"who.nom-resident", "who.nom-resident-seul"}.isdisjoint(s.matches.evidence) for s in found)


def _likely(judged: Sequence[Judgement]) -> Rate:
    return Rate(sum(one.level.rank >= Level.LIKELY.rank for one in judged), len(judged))


_CIVIL = re.compile(r"(?i)\b(?:mme|mlle|madame|monsieur|mr|m)\.? ((?:de la |de |du |d'|le |la )?[a-z]{2,}(?:-[a-z]+)?)")
_INITIALS = re.compile(r"\b(?:([A-Z])[. -]{0,2})?([A-Z])\b\.?")
_ROOM = re.compile(r"\b(?:ch|chb|chambre|appt|appartement|logement)\.? ?([0-9]{1,4})\b")
_WORDS = re.compile(r"[a-z]{2,}(?:-[a-z]+)?")


def _named(first_names: frozenset[str]) -> Iterator[Person]:
    """Whom the care mails name, read off without the rules: after a civility, or beside a known first name."""
    for one in labelled.mails("courts"):
        if one.health != "yes":
            continue
        message = message_from_bytes(one.raw, policy=policy.default)
        folded = fold(f"{message['subject']}\n{one.own}")
        for found in _CIVIL.finditer(folded.cased):
            yield Person(found[1])
        spoken = list(_WORDS.finditer(folded.lower))
        shouting = folded.cased.islower()
        for first, last in pairwise(spoken):
            beside = last.start() - first.end() == 1 and (shouting or folded.cased[last.start()].isupper())
            if beside and first[0] in first_names:
                yield Person(last[0], first[0])
        capital = {w[0] for w in spoken if w[0] in first_names and folded.cased[w.start()].isupper()}
        yield from (Person(f"{name}ier", name) for name in sorted(capital))
        rooms = [room[1] for room in _ROOM.finditer(folded.lower)]
        days = [readings[0] for _, _, readings in dates(folded.lower)]
        for said in _INITIALS.finditer(folded.cased):
            first, last = said[1] or "", said[2]
            yield from (Person(last, first, room=room) for room in rooms)
            yield from (Person(last, first, born=day) for day in days)


def _writers() -> Iterator[Person]:
    """Who signs the labelled mails with first name and surname: staff of these houses."""
    for one in labelled.mails():
        name = parseaddr(str(message_from_bytes(one.raw, policy=policy.default)["from"]))[0].split()
        if len(name) == 2:
            yield Person(name[1], name[0])


# --- cost -------------------------------------------------------------------------------------------------------------


def _invented(count: int, seed: str, first_names: frozenset[str]) -> Iterator[Person]:
    dice = random.Random(seed)
    firsts = sorted(n for n in first_names if n.isalpha() and n.isascii())
    for i in range(count):
        name, birth = ("".join(dice.choices(SYLLABLES, k=dice.randint(2, 4))) for _ in range(2))
        born = f"{dice.randint(1925, 2015)}{dice.randint(1, 12):02}{dice.randint(1, 28):02}"
        yield Person(name, dice.choice(firsts), birth if i % 3 else "", str(dice.randint(1, 999)), born)


def _cost(first_names: frozenset[str]) -> None:
    gc.collect()
    began = time.process_time()
    large = compile_people([*_invented(50_000, "large", first_names)], STAFF, KEY, 0.0)
    spent = time.process_time() - began
    file = len(encode(large))
    in_memory = sum(t.itemsize * len(t) for t in (large.words, large.resident_facts, large.staff_facts)) + len(
        large.roles
    )
    asked = Acquaintance(large, first_names)
    texts = [fold(one.own) for one in labelled.mails() if one.own]
    texts += [fold("\n".join(t.source for t in texts[i : i + 6])[:3000]) for i in range(0, min(len(texts), 300), 6)]
    times = {size: [] for size in ("a mail of tests/mail", "3 kB")}
    for text in texts:
        best = min(_timed(asked, text) for _ in range(5))
        times["3 kB" if len(text) >= 2900 else "a mail of tests/mail"].append(best * 1000)
    rows = [
        ("digest file", f"{file / 1e6:.1f} MB", ""),
        ("in a worker (tables)", f"{in_memory / 1e6:.1f} MB", "≤ 20 MB"),
        ("worker, resident set grown by", f"{_grown(large):.1f} MB", "≤ 20 MB"),
        ("lists update", f"{spent:.1f} s of CPU", ""),
    ]
    rows += [
        (
            f"time, {name} (n = {len(of)})",
            f"p50 {statistics.median(of):.3f} ms, p95 {sorted(of)[int(len(of) * 0.95)]:.3f} ms",
            "≤ 0.2 ms",
        )
        for name, of in times.items()
        if of
    ]
    print(table("50,000 residents", ("what", "measured", "goal"), rows))


def _timed(asked: Acquaintance, text: object) -> float:
    start = time.process_time()
    asked.meet(text)  # type: ignore[arg-type]
    return time.process_time() - start


def _grown(lists: People) -> float:
    """Resident megabytes that loading a payload with the lists adds to loading one without."""
    shelf = library.read(())
    payloads = [inspection.pack(shelf.rules, shelf.words, lists=one) for one in (None, lists)]
    held = [inspection.load(payloads[0])]
    gc.collect()
    before = _resident()
    held.append(inspection.load(payloads[0]))
    gc.collect()
    plain = _resident() - before
    before = _resident()
    held.append(inspection.load(payloads[1]))
    gc.collect()
    return (_resident() - before - plain + len(payloads[1]) - len(payloads[0])) / 1e6


def _resident() -> int:
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
