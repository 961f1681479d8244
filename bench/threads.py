"""`python -m bench.threads`: places in 120 threads of five clients' styles and in the labelled mails, and answers under
clinical quotations.

`--errors` lists what is wrong by thread, part and place, with the paragraph's first words (they are the generator's own).
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict

import yaml
from tests import mail as labelled
from tests.mail.threads import Thread, threads
from tests.mail.threads.placing import Placed, placed

from bench.detection.judging import load
from bench.detection.report import Goal, Rate, table
from mss_guard.core import formats, inspection, mime
from mss_guard.core.detect.scenes import Spot, spots
from mss_guard.core.model import Level, Where
from mss_guard.core.normalise import fold
from mss_guard.core.wire import Request


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m bench.threads", description=__doc__)
    arguments.add_argument("--errors", action="store_true")
    arguments.add_argument("--count", type=int, default=120)
    options = arguments.parse_args()
    report(options.count, errors=options.errors)


def report(count: int = 120, *, errors: bool = False) -> None:
    """Places and verdicts; also at the end of `python -m bench.detection`."""
    knowledge = load()
    all_threads = list(threads(count))
    every = [one for thread in all_threads for one in placed(thread, knowledge.detector.matcher)]
    body = [one for one in every if one.said.place != "signature"]
    by_client: dict[str, list[Placed]] = defaultdict(list)
    for one in body:
        by_client[one.thread.client].append(one)
    rows = [(name, *_line(ones, Goal(0.97, True))) for name, ones in sorted(by_client.items())]
    rows.append(("all, own or quoted", *_line(body, Goal(0.97, True))))
    rows.append(("own words taken for another's", str(Rate(sum(o.harmful for o in body), len(body))), "", ""))
    rows.append(("signature lines", *_line([o for o in every if o.said.place == "signature"], None)))
    print(table("Places, by the client of the last message", ("client", "right", "goal", ""), rows))
    print(table("Labelled mails with a quotation (tests/mail), line by line", ("words", "right"), _labelled(knowledge)))
    judged = {t.id: inspection.inspect(t.raw, Request("message", "", t.recipients), knowledge) for t in all_threads}
    print(table("Verdicts", ("threads", "right", "goal", ""), _verdicts(all_threads, judged)))
    if errors:
        for one in every:
            if not one.right:
                print(
                    f"{one.thread.id} part {one.part}: {one.said.place} taken for {set(one.got)}: {one.said.text[:50]}"
                )
        for thread in all_threads:
            if thread.kind == "quote" and not judged[thread.id].quoted_only:
                print(f"{thread.id}: not quoted-only", [(f.rule, f.place) for f in judged[thread.id].findings[:4]])


def _labelled(knowledge: inspection.InspectionKnowledge) -> list[tuple[str, ...]]:
    """The authors' own lines, and those they quote; who wrote these mails never saw the product."""
    counts = {"own words: own": [0, 0], "quoted words: another's (or a signature of theirs)": [0, 0]}
    raw = {one.id: one.raw for one in labelled.mails()}
    for path in sorted(labelled.HERE.glob("*/*.yaml")):
        for entry in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)["mails"]:  # noqa: S506 - BaseLoader makes strings only
            if not entry.get("quoted"):
                continue
            content = formats.read(mime.parse(raw[entry["id"]]))
            bodies = [s for s in spots(content, knowledge.detector.matcher) if s.text.where is Where.BODY]
            for (count, text), right in zip(
                zip(counts.values(), (entry.get("text", ""), entry["quoted"]), strict=True),
                ({"own"}, {"quoted", "forwarded", "signature"}),
                strict=True,
            ):
                places = [place for spot in bodies for line in _lines(text) for place in _place(spot, line)]
                count[0] += sum(place in right for place in places)
                count[1] += len(places)
    return [(name, str(Rate(*count))) for name, count in counts.items()]


_HEAD = re.compile(r"(?i)(?:le|on|de|from|à|a|to|envoy|sent|date|objet|subject|cc)\b.{0,80}[:,]")


def _lines(text: str) -> list[str]:
    """Those that say something and are no header."""
    bare = (line.lstrip("> ").strip() for line in text.split("\n"))
    return [line for line in bare if len(line) >= 40 and not _HEAD.match(line)]


def _place(spot: Spot, line: str) -> list[str]:
    words = map(re.escape, fold(line).lower.split())
    found = re.search(r"[\s>]+".join(words), spot.folded.lower)
    return [spot.place((found.start() + found.end()) // 2)] if found else []


def _line(ones: list[Placed], goal: Goal | None) -> tuple[str, str, str]:
    rate = Rate(sum(one.right for one in ones), len(ones))
    return str(rate), str(goal or ""), goal.verdict(rate) if goal else ""


def _verdicts(all_threads: list[Thread], judged: dict[str, inspection.Assessment]) -> list[tuple[str, ...]]:
    of = {kind: [judged[t.id] for t in all_threads if t.kind == kind] for kind in ("quote", "own", "none", "forward")}
    likely = {kind: [a for a in ones if a.level.rank >= Level.LIKELY.rank] for kind, ones in of.items()}
    wanted = (
        (
            "clinical quotation: quoted-only",
            Rate(sum(a.quoted_only for a in of["quote"]), len(of["quote"])),
            Goal(0.95, True),
        ),
        ("of these, found at likely", Rate(len(likely["quote"]), len(of["quote"])), None),
        (
            "clinical answer under a clean quotation: found, own, not quoted-only",
            Rate(
                sum(not a.quoted_only and any(f.place == "own" for f in a.findings) for a in likely["own"]),
                len(of["own"]),
            ),
            Goal(0.95, True),
        ),
        ("nothing clinical: passes", Rate(len(of["none"]) - len(likely["none"]), len(of["none"])), None),
        (
            "clinical forward: found, not quoted-only",
            Rate(sum(not a.quoted_only for a in likely["forward"]), len(of["forward"])),
            None,
        ),
    )
    return [(name, str(rate), str(goal or ""), goal.verdict(rate) if goal else "") for name, rate, goal in wanted]


if __name__ == "__main__":
    main()
