"""`make bench-detection`: recall and false alarms per source, worst first, at `likely` and `certain`, beside the goals.

Sources outside the project are used when they lie beside the checkout, else skipped and named. `--only TEXT` keeps the
sources whose name holds it; `--errors` lists each error by its id, level and rules, never by its text.
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence

from bench import people, threads
from bench.detection import corpora, evasion, generated, own, timing
from bench.detection.cases import Case
from bench.detection.judging import Judgement, judge_all
from bench.detection.report import Goal, Rate, table
from mss_guard.core.model import Level

LIKELY, CERTAIN = Level.LIKELY, Level.CERTAIN
EVADING = 400  # positives that every class of evasion is tried on

APART = frozenset({"appointment", "stay", "employee", "employee-id"})  # told right whatever the label of health

# measure: (goal at likely, goal at certain); recall for positives, false alarms for negatives
GOALS: dict[str, tuple[Goal | None, Goal | None]] = {
    "letters": (Goal(0.98, True), None),
    "structured": (None, Goal(1.0, True)),
    "short mails": (Goal(0.93, True), None),
    "forms": (Goal(0.95, True), None),
    "ordinary": (Goal(0.002, False), Goal(0.0003, False)),
    "hard negatives": (Goal(0.02, False), Goal(0.003, False)),
    "signatures": (Goal(0.0, False), Goal(0.0, False)),
    "national numbers": (Goal(1.0, True), None),
    "order numbers": (Goal(0.0, False), Goal(0.0, False)),
    "category": (Goal(0.90, True), None),
    "wrongly refused": (Goal(0.003, False), None),
}


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m bench.detection", description=__doc__)
    arguments.add_argument("--only", default="", metavar="SOURCE", help="sources whose name holds this")
    arguments.add_argument("--errors", action="store_true", help="every error by id, level and rules")
    options = arguments.parse_args()
    began = time.monotonic()
    cases = [c for c in gather() if options.only in c.source or options.only in c.measure]
    judged = list(judge_all(cases))
    sections = [rates(judged), overall(judged), precision(judged), evasions(judged), greys(judged), refusals(judged)]
    print("\n".join(section for section in sections if section))
    if options.errors:
        print(errors(judged))
    if not options.only:
        print(timing.report(judged))
        threads.report()
        people.report()
    spent = time.monotonic() - began
    print(
        f"\n{len(judged)} cases, {spent:.0f} s, {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB"
    )


def gather() -> Iterable[Case]:
    """Every case of every source that is there."""
    positives: list[tuple[str, str]] = list(own.evaded())
    if reason := corpora.missing():
        print(f"skipped: {reason}")
    else:
        yield from corpora.labelled()
        yield from corpora.structured()
        positives += [(name, text[:3000]) for name, _, positive, text in corpora.texts() if positive]
    yield from own.cases()
    yield from generated.signatures()
    yield from generated.national_numbers()
    yield from generated.order_numbers()
    random.Random("evasion").shuffle(positives)
    yield from evasion.cases(positives[:EVADING])


def rates(judged: Sequence[Judgement]) -> str:
    """One line a source, positives with the worst recall first, then negatives with the most false alarms."""
    by_source: dict[tuple[str, str, str], list[Judgement]] = defaultdict(list)
    for one in judged:
        if one.case.truth != "grey" and one.case.measure != "evasion":
            by_source[one.case.measure, one.case.source, one.case.truth].append(one)
    lines: dict[str, list[tuple[float, tuple[str, ...]]]] = {"yes": [], "no": []}
    for (measure, source, truth), ones in by_source.items():
        likely, certain = (at_least(ones, level) for level in (LIKELY, CERTAIN))
        badness = (1 - likely.value if truth == "yes" else likely.value, certain.value)
        lines[truth].append((badness[0] + badness[1] / 1000, (source, measure, str(likely), str(certain))))
    found = []
    for truth, title in (("yes", "Recall per source, worst first"), ("no", "False alarms per source, worst first")):
        rows = [row for _, row in sorted(lines[truth], key=lambda r: -r[0])]
        if rows:
            found.append(table(title, ("source", "measure", "likely", "certain"), rows))
    return "\n".join(found)


def at_least(ones: Sequence[Judgement], level: Level) -> Rate:
    return Rate(sum(one.level.rank >= level.rank for one in ones), len(ones))


def overall(judged: Sequence[Judgement]) -> str:
    """The goals; a measure's figure is its pool of sources, and never stands without the table above."""
    by_measure: dict[str, list[Judgement]] = defaultdict(list)
    for one in judged:
        if one.case.truth != "grey":
            by_measure[one.case.measure].append(one)
    rows = []
    for measure, goals in GOALS.items():
        for level, goal in zip((LIKELY, CERTAIN), goals, strict=True):
            if goal is None or measure not in by_measure:
                continue
            rate = at_least(by_measure[measure], level)
            if measure in ("signatures", "order numbers"):
                rate = Rate(sum(bool(one.refused) for one in by_measure[measure]), rate.n)
            rows.append((measure, str(level), str(goal), str(rate), exact(goal, rate)))
    return table("Goals", ("measure", "level", "goal", "rate (hits/n; 95 %)", ""), rows) if rows else ""


def exact(goal: Goal, rate: Rate) -> str:
    """A goal of all or none is met by the count itself."""
    if goal.wanted in (0.0, 1.0):
        return "met" if rate.value == goal.wanted else "MISSED"
    return goal.verdict(rate)


def precision(judged: Sequence[Judgement]) -> str:
    """What share of the alarms is right when one mail in ten is health data; 85 % of the others ordinary, 15 % hard."""
    pools = {
        "found": [j for j in judged if j.case.truth == "yes" and j.case.measure in ("letters", "short mails", "forms")],
        "ordinary": [j for j in judged if j.case.truth == "no" and j.case.measure == "ordinary"],
        "hard": [j for j in judged if j.case.truth == "no" and j.case.measure == "hard negatives"],
    }
    if not all(pools.values()):
        return ""
    rows = []
    for level in (LIKELY, CERTAIN):
        share = {name: at_least(ones, level).value for name, ones in pools.items()}
        right = 0.1 * share["found"]
        wrong = 0.9 * (0.85 * share["ordinary"] + 0.15 * share["hard"])
        rows.append((str(level), f"{right / (right + wrong):.2%}" if right + wrong else "-"))
    return table("Precision at 10 % prevalence (estimated)", ("level", "precision"), rows)


def evasions(judged: Sequence[Judgement]) -> str:
    """Recall of each class and what it loses against the plain text, in points."""
    by_class: dict[str, list[Judgement]] = defaultdict(list)
    for one in judged:
        if one.case.measure == "evasion":
            by_class[one.case.source].append(one)
    if "plain" not in by_class:
        return ""
    plain = at_least(by_class["plain"], LIKELY)
    rows = []
    for kind, ones in sorted(by_class.items(), key=lambda pair: at_least(pair[1], LIKELY).value):
        rate = at_least(ones, LIKELY)
        loss = 100 * (plain.value - rate.value)
        rows.append((kind, str(rate), f"{loss:+.1f}", "" if loss <= 1.0 else "MISSED"))
    return table("Evasion: at most 1 point lost", ("class", "recall at likely", "points lost", ""), rows)


def greys(judged: Sequence[Judgement]) -> str:
    """Grey cases, and those of staff, stays and appointments: what is made of them, and how often their category is the
    author's among those in which anything is found."""
    by_category: dict[str, list[Judgement]] = defaultdict(list)
    for one in judged:
        if one.case.category and (one.case.truth == "grey" or one.case.category in APART):
            by_category[one.case.category].append(one)
    rows = []
    whole = Rate(0, 0)
    for category, ones in sorted(by_category.items()):
        said = [one for one in ones if one.categories]
        right = Rate(sum(category in one.categories[:1] for one in said), len(said))
        whole = Rate(whole.hits + right.hits, whole.n + right.n)
        rows.append((category, str(len(ones)), str(at_least(ones, LIKELY)), str(right)))
    goal = GOALS["category"][0]
    assert goal is not None
    rows.append(("all in which something is found", str(whole.n), f"goal {goal}: {goal.verdict(whole)}", str(whole)))
    return table("Grey, by category", ("category", "n", "at likely", "category right"), rows) if rows else ""


def refusals(judged: Sequence[Judgement]) -> str:
    """Every ordinary mail of the lived weeks that would not leave, with the rule that kept it."""
    weeks = [one for one in judged if one.case.measure == "lived weeks" or one.case.source.startswith("semaine")]
    if not weeks:
        return ""
    wrong = [one for one in weeks if one.refused and one.case.truth == "no"]
    rate = Rate(len(wrong), len(weeks))
    rows = [(one.case.id, one.refused, ", ".join(one.rules[:4])) for one in wrong]
    goal = GOALS["wrongly refused"][0]
    assert goal is not None
    title = f"Lived weeks, wrongly refused: {rate} of all sent, goal {goal}: {goal.verdict(rate)}"
    return table(title, ("mail", "reason", "rules"), rows)


def errors(judged: Sequence[Judgement]) -> str:
    """Every miss at likely and every false alarm, by id and rules."""
    rows = [
        (j.case.source, j.case.id, str(j.level), ", ".join(j.rules[:5]) or "-")
        for j in judged
        if j.case.measure != "evasion"
        and (
            (j.case.truth == "yes" and j.level.rank < LIKELY.rank)
            or (j.case.truth == "no" and j.level.rank >= LIKELY.rank)
        )
    ]
    return table("Errors", ("source", "case", "level", "rules"), rows)


if __name__ == "__main__":
    main()
