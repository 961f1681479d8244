"""Every rule's own examples are its tests: `match` must meet the rule, `pass` must not."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mss_guard.core.detect.assessing import Detector, assess
from mss_guard.core.detect.attachments import example_of
from mss_guard.core.detect.matcher import OF_LISTS
from mss_guard.core.detect.segments import whole
from mss_guard.core.model import Content, How, Place, State, Text, Where, Why
from mss_guard.core.normalise import fold
from mss_guard.core.people import People, Person, compile_people
from mss_guard.core.rules import Attachment, Combination, EvidenceRule, Rule
from mss_guard.core.rules.schema import Entry
from mss_guard.core.strict_yaml import Mistake


@dataclass(frozen=True, slots=True)
class ExampleFailure:
    """An example that its own rule gets wrong. `wanted`: it should have met the rule. `number` counts from 1."""

    rule: str
    number: int
    wanted: bool
    mistake: Mistake


def selftest(detector: Detector) -> tuple[ExampleFailure, ...]:
    """Run all examples of all rules in force."""
    failures = []
    for entry in detector.ruleset.entries.values():
        for key, examples, wanted in (("match", entry.match, True), ("pass", entry.passing, False)):
            for i, example in enumerate(examples):
                if meets(entry, example, detector) != wanted:
                    said = "devrait déclencher la règle" if wanted else "ne devrait pas déclencher la règle"
                    message = f"{entry.id} : l'exemple « {key} » n° {i + 1} {said}"
                    mistake = detector.ruleset.origins[entry.id].mistake(message, key, i)
                    failures.append(ExampleFailure(entry.id, i + 1, wanted, mistake))
    return tuple(failures)


def meets(entry: Entry, example: str, detector: Detector) -> bool:
    """Is the entry met by the example? A bare attachment's examples are file names; all others are bodies."""
    if _asks_lists(entry, detector):
        detector = replace(detector, matcher=detector.matcher.knowing(_example_lists()))
    if isinstance(entry, EvidenceRule):
        where = Where.BODY if Where.BODY in entry.where else entry.where[0]
        return entry.id in detector.matcher.scan(fold(example), where, whole()).evidence
    content = _content(entry, example)
    return any(f.rule == entry.id for f in assess(content, detector).findings)


def _asks_lists(entry: Entry, detector: Detector) -> bool:
    """Does the entry speak of persons whom only the people lists know?"""
    if isinstance(entry, Combination):
        named = {
            i for condition in entry.all for i in detector.ruleset.matching(condition) if condition.rule is not None
        }
        known = [detector.matcher.evidence[i] for i in named if i in detector.matcher.evidence]
        return bool(known) and all(one.detector in OF_LISTS for one in known)
    return isinstance(entry, EvidenceRule) and entry.detector in OF_LISTS


def _example_lists() -> People:
    """The lists of an invented house, by which the examples of the people detectors are tried."""
    residents = (
        Person("Durand", "Jeanne", "Martin", "12", "19340312"),
        Person("Le Goff", "Yves", "", "104", "19410702"),
    )
    return compile_people(residents, (Person("Leroy", "Sophie"), Person("Martin", "Paul")), bytes(32), 0.0)


_SUBJECT = "Objet : "
"""Begins the first line of a combination's example when that is the subject."""


def _content(entry: Entry, example: str) -> Content:
    if isinstance(entry, Rule) and entry.format:
        return Content(places=(), texts=(Text("1", Where.BODY, example),))
    if isinstance(entry, Rule) and entry.keywords is None and entry.pattern is None:
        return Content(places=(_place(example, entry.attachment),), texts=(Text("2", Where.NAME, example),))
    where = Where.BODY if not isinstance(entry, Rule) or Where.BODY in entry.where else entry.where[0]
    subject, separator, body = example.partition("\n")
    if isinstance(entry, Combination) and separator and subject.startswith(_SUBJECT):
        spoken = (Text("1", Where.SUBJECT, subject.removeprefix(_SUBJECT)), Text("1", Where.BODY, body))
        return Content(places=(), texts=spoken)
    places = (_place(_name_for(entry), entry.attachment),) if isinstance(entry, Rule) and entry.attachment else ()
    return Content(places=places, texts=(Text("1", where, example),))


def _name_for(rule: Rule) -> str:
    """A file name that the rule's own attachment condition accepts: its examples test the words."""
    assert rule.attachment is not None
    glob = next(iter((*rule.attachment.name, *rule.attachment.path)), "x").rpartition("/")[2]
    name = glob.replace("*", "x").replace("?", "x")
    kind = rule.attachment.type[0] if rule.attachment.type else ""
    return f"{name}.{kind}" if kind and "/" not in kind and "." not in name else name


def _place(name: str, wanted: Attachment | None = None) -> Place:
    """A place of that name; what no name can say (size, lock, types, path) is as the rule wants it."""
    unknown = "application/octet-stream"
    if wanted is None:
        return Place("2", unknown, unknown, How.MIME, State.READ, name=name)
    if wanted.path and "/" not in name:
        name = wanted.path[0].replace("*", "x").replace("?", "x").rpartition("/")[0] + "/" + name
    locked = bool(wanted.encrypted)
    return Place(
        "2",
        example_of(wanted.declared_type, unknown),
        example_of(wanted.true_type, unknown),
        How.MIME,
        State.UNREADABLE if locked else State.READ,
        Why.ENCRYPTED if locked else None,
        wanted.over,
        name,
    )
