"""Spots in, findings out: windows, simple rules and combinations brought together, and what their sum is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mss_guard.core.detect.combinations import Joined, Terms, join, resolve
from mss_guard.core.detect.ledgers import Scorer, Window, between, fixed_score, level_of
from mss_guard.core.detect.matcher import Matcher
from mss_guard.core.detect.reasons import reasons
from mss_guard.core.detect.scenes import Keep, Scene, Spot, attachment_numbers, everything, scenes, spots, without
from mss_guard.core.detect.simple import Met, meet
from mss_guard.core.detect.subjects import RENAMED, subject
from mss_guard.core.model import (
    MOST_NAMED,
    NOT_HEALTH,
    Assessment,
    Category,
    Content,
    Evidence,
    Finding,
    Level,
    Mode,
    Place,
    Where,
)
from mss_guard.core.people import People
from mss_guard.core.rules import Ruleset

MOST_FINDINGS = 200
_NEARLY = 1.0  # below the first threshold
_TITLES = {
    Category.CARE: "Ensemble d'indices : une personne et son état de santé ou ses soins",
    Category.SOCIAL: "Ensemble d'indices : une personne et son accompagnement social ou médico-social",
    Category.APPOINTMENT: "Ensemble d'indices : une personne et un rendez-vous de soins",
    Category.STAY: "Ensemble d'indices : une personne et son séjour",
    Category.EMPLOYEE: "Ensemble d'indices : la santé d'un salarié",
    Category.EMPLOYEE_ID: "Ensemble d'indices : un numéro de sécurité sociale de salarié",
}


def titles() -> dict[str, str]:
    """The titles of the findings that no entry of the rules makes: windows of evidence, by category."""
    return {f"evidence.{category}": title for category, title in _TITLES.items()}


@dataclass(frozen=True, slots=True)
class Detector:
    """A Ruleset compiled: all that judging needs."""

    ruleset: Ruleset
    matcher: Matcher
    scorer: Scorer
    terms: tuple[Terms, ...]


def compile_rules(ruleset: Ruleset, lists: People | None = None) -> Detector:
    """Once per state of knowledge. `lists`: residents and staff, where the structure gives them."""
    matcher = Matcher(ruleset, lists)
    scorer = Scorer(ruleset.scoring, matcher.evidence)
    return Detector(ruleset, matcher, scorer, resolve(ruleset, scorer))


@dataclass(frozen=True, slots=True)
class _Judged:
    findings: tuple[Finding, ...]
    windows: tuple[tuple[Spot, Window], ...]
    nearly: tuple[str, ...]


def assess(
    content: Content,
    detector: Detector,
    recipients: Sequence[str] = (),
    *,
    explain: bool = False,
    show_text: bool = False,
) -> Assessment:
    """What the rules make of a Content. `recipients`: lower-case addresses, to tell a quotation of theirs."""
    read = spots(content, detector.matcher)
    judged = _judge(content, read, detector, everything, explain=explain, show_text=show_text)
    level, score = _sum_up(judged.findings)
    quoted_only = False
    if level is not Level.NONE and (keep := without(content, read, recipients)) is not None:
        rest = _judge(content, read, detector, keep, explain=False, show_text=False)
        quoted_only = _sum_up(rest.findings)[0] is Level.NONE
    entries = detector.ruleset.entries
    whom, what = reasons(_strongest(judged.findings), read, entries, detector.scorer, everything)
    return Assessment(
        level=level,
        score=score,
        health=_is_health(judged.findings),
        findings=judged.findings[:MOST_FINDINGS],
        places=_places(content),
        quoted_only=quoted_only,
        message_id=content.message_id,
        date=content.date,
        automatic=content.automatic,
        evidence=tuple(_explained(s, w) for s, w in judged.windows) if explain else (),
        nearly=judged.nearly if explain else (),
        whom=whom,
        what=what,
        named=_named(content, recipients),
    )


def _places(content: Content) -> tuple[Place, ...]:
    """Without names, and with the number that the sender would count."""
    numbers = attachment_numbers(content)
    return tuple(
        replace(p, name="", attachment=number) if (number := numbers.get(p.part.split("/")[0], 0)) or p.name else p
        for p in content.places
    )


def _named(content: Content, recipients: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The display names that the message gives to recipients of the envelope, and to nobody else."""
    known = set(recipients)
    names = {address: name for name, address in content.correspondents if address in known and name}
    return tuple(names.items())[:MOST_NAMED]


def _sum_up(findings: Iterable[Finding]) -> tuple[Level, float]:
    """The level and score of what is allowed to act: rules in observation do not raise them."""
    best = _strongest(findings)
    return (best.level, best.score) if best is not None else (Level.NONE, 0.0)


def _strongest(findings: Iterable[Finding]) -> Finding | None:
    acting = [f for f in findings if f.mode in (Mode.ENFORCE, Mode.WARN)]
    return max(acting, key=lambda f: (f.level.rank, f.score), default=None)


def _is_health(findings: Iterable[Finding]) -> bool:
    return any(
        f.level in (Level.LIKELY, Level.CERTAIN)
        and f.category not in NOT_HEALTH
        and f.mode in (Mode.ENFORCE, Mode.WARN)
        for f in findings
    )


def _judge(
    content: Content, read: Sequence[Spot], detector: Detector, keep: Keep, *, explain: bool, show_text: bool
) -> _Judged:
    ruleset, scorer = detector.ruleset, detector.scorer
    met, nearly = meet(content, read, detector.matcher, ruleset.scoring, keep)
    numbers = attachment_numbers(content)
    findings = [_of_rule(one, ruleset, numbers, show_text=show_text) for one in met]
    windows: list[tuple[Spot, Window]] = []
    floor = ruleset.scoring.levels.possible - (_NEARLY if explain else 0.0)
    every_scene = scenes(read)
    for scene in every_scene:
        joined, lacking = join(detector.terms, scene, met, scorer, keep)
        for one in joined:
            here = (one.spot, *scene.twins) if one.spot is scene.spot else (one.spot,)
            findings += [_of_combination(one, spot, ruleset, show_text=show_text) for spot in here]
        nearly += lacking
        for window in scorer.best(scene, keep, floor=floor):
            here = (scene.spot, *scene.twins) if scene.spot is not None else scene.headings[:1]
            windows += [(spot, window) for spot in here]
            level = level_of(window.score, ruleset.scoring.levels)
            if level is not Level.NONE:
                findings += [_of_window(window, scene, spot, ruleset, level, show_text=show_text) for spot in here]
            elif window.score >= floor:
                nearly.append(f"evidence.{window.category}")
    if any(f.category in RENAMED for f in findings):
        about = _subjects(every_scene, keep, scorer)
        findings = [_about(f, about.get(f.part)) for f in findings]
    findings.sort(key=lambda f: (-f.level.rank, -f.score, f.rule, f.part))
    found = {f.rule for f in findings}
    return _Judged(tuple(findings), tuple(windows), tuple(dict.fromkeys(n for n in nearly if n not in found)))


def _bodies(scene: Scene) -> tuple[Spot, ...]:
    return (scene.spot, *scene.twins) if scene.spot is not None else scene.headings


def _subjects(every_scene: Iterable[Scene], keep: Keep, scorer: Scorer) -> dict[str, Category]:
    """By part, the category that what it is about gives its findings; parts that give none are left out."""
    about: dict[str, Category] = {}
    for scene in every_scene:
        if (category := subject(scene, keep, scorer)) is not None:
            about |= dict.fromkeys((s.text.part for s in _bodies(scene)), category)
            if scene.spot is not None and scene.spot.text.where is Where.BODY:
                about |= {h.text.part: category for h in scene.headings if h.text.where is Where.SUBJECT}
    return about


def _about(finding: Finding, category: Category | None) -> Finding:
    """A finding of care in a text about an employee's health, or an appointment, is of that category."""
    if category is None or finding.category not in RENAMED:
        return finding
    if finding.rule == f"evidence.{finding.category}":
        return replace(finding, rule=f"evidence.{category}", title=_TITLES[category], category=category)
    return replace(finding, category=category)


def _of_rule(one: Met, ruleset: Ruleset, numbers: dict[str, int], *, show_text: bool) -> Finding:
    if one.spot is not None:
        place = one.spot.place(one.spans[0][0])
    else:
        place = f"attachment {numbers[top]}" if (top := one.part.split("/")[0]) in numbers else "own"
    return Finding(
        rule=one.rule.id,
        title=one.rule.title,
        part=one.part,
        count=one.count,
        category=one.rule.category,
        place=place,
        level=one.rule.level,
        mode=ruleset.modes[one.rule.id],
        score=fixed_score(one.rule.level),
        shown=_excerpt(one.spot, one.spans[0]) if show_text and one.spot is not None else "",
        page=one.spot.pages.at(one.spans[0][0]) if one.spot is not None else 0,
    )


def _of_combination(one: Joined, spot: Spot, ruleset: Ruleset, *, show_text: bool) -> Finding:
    entry = one.combination
    return Finding(
        rule=entry.id,
        title=entry.title,
        part=spot.text.part,
        count=1,
        category=entry.category,
        place=spot.place(one.span[0]),
        level=entry.level,
        mode=ruleset.modes[entry.id],
        score=fixed_score(entry.level),
        shown=_excerpt(spot, one.span) if show_text else "",
        page=spot.pages.at(one.span[0]),
    )


def _of_window(window: Window, scene: Scene, spot: Spot, ruleset: Ruleset, level: Level, *, show_text: bool) -> Finding:
    return Finding(
        rule=f"evidence.{window.category}",
        title=_TITLES[window.category],
        part=spot.text.part,
        count=1,
        category=window.category,
        place=_window_place(window, spot),
        level=level,
        score=between(window.score, ruleset.scoring.levels),
        shown=_excerpt(spot, (window.start, window.end), margin=0) if show_text and scene.spot is not None else "",
        page=spot.pages.at(min(h.start for h in window.hits)) if spot is scene.spot and window.hits else 0,
    )


def _window_place(window: Window, spot: Spot) -> str:
    """The place where most of the window's evidence stands; the sender's own words when they are among it."""
    places = Counter(spot.place(h.start) for h in window.hits)
    if not places or "own" in places:
        return "own" if places or not spot.is_heading else spot.label
    return places.most_common(1)[0][0]


def _explained(spot: Spot, window: Window) -> Evidence:
    return Evidence(
        part=spot.text.part,
        place=_window_place(window, spot),
        start=spot.folded.origin(window.start),
        end=spot.folded.origin(window.end),
        what=window.what,
        who=window.who,
        impersonal=window.impersonal,
        score=round(window.score, 3),
    )


def _excerpt(spot: Spot, span: tuple[int, int], margin: int = 40) -> str:
    """The text as written around a place; only for `scan --explain --show-text`."""
    start, end = spot.folded.origin(span[0] - margin), spot.folded.origin(span[1] + margin)
    return " ".join(spot.folded.source[start:end].split())[:600]
