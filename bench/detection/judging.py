"""Cases in, judgements out, with the shipped rules and the default policy, in at most two processes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context

from bench.detection.cases import Case
from mss_guard.core import inspection
from mss_guard.core.inspection import InspectionKnowledge
from mss_guard.core.model import Assessment, Level, Measure
from mss_guard.core.policy import PolicySettings
from mss_guard.core.policy.facets import facets
from mss_guard.core.wire import Request
from mss_guard.edge import library

PROCESSES = 2


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a case. `level`: of health data, as `scan` says it; `rules`: those at its level, gravest first."""

    case: Case
    level: Level
    categories: tuple[str, ...]
    rules: tuple[str, ...]
    refused: str  # the reason of a refusal on the way outside, "" when it passed
    quoted_only: bool
    unreadable: tuple[str, ...]
    seconds: float  # CPU of the inspection


_knowledge: InspectionKnowledge | None = None


def load() -> InspectionKnowledge:
    """The shipped rules."""
    shipped = library.read(())
    return inspection.load(inspection.pack(shipped.rules, shipped.words))


def judge(case: Case, knowledge: InspectionKnowledge) -> Judgement:
    """One case."""
    kind = "document" if case.name else "message"
    request = Request(kind, case.name, case.recipients)
    start = time.process_time()
    assessed = inspection.inspect(case.raw, request, knowledge)
    seconds = time.process_time() - start
    return Judgement(
        case=case,
        level=assessed.level if assessed.health or assessed.level.rank < Level.LIKELY.rank else Level.POSSIBLE,
        categories=tuple(dict.fromkeys(str(f.category) for f in assessed.findings if f.level.rank >= Level.LIKELY.rank))
        or tuple(dict.fromkeys(str(f.category) for f in assessed.findings)),
        rules=tuple(dict.fromkeys(f.rule for f in assessed.findings if f.level is assessed.level)),
        refused=_refusal(assessed),
        quoted_only=assessed.quoted_only,
        unreadable=tuple(str(p.why) for p in assessed.unreadable),
        seconds=seconds,
    )


def _refusal(assessed: Assessment) -> str:
    """Why the default policy keeps it from an ordinary address outside, "" when it goes."""
    refusing = [f for f in facets(assessed, PolicySettings()) if f.outside is Measure.REFUSE]
    if not refusing:
        return ""
    if refusing[0].kind == "unreadable":
        return "unreadable: " + ",".join(sorted({str(p.why) for p in assessed.unreadable}) or ["opaque"])
    return str(refusing[0].reason)


def judge_all(cases: Iterable[Case]) -> Iterator[Judgement]:
    """All cases, in their order."""
    with get_context("fork").Pool(PROCESSES, _start) as pool:
        yield from pool.imap(_one, cases, chunksize=32)


def _start() -> None:
    global _knowledge  # noqa: PLW0603  one state of the rules for each process
    _knowledge = load()


def _one(case: Case) -> Judgement:
    assert _knowledge is not None
    return judge(case, _knowledge)
