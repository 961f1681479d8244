"""The spine: raw bytes and knowledge in, an Assessment out, in one straight line.

`pack` makes the payload that the roof hands to each inspection worker; `load` turns it into knowledge there. A payload
is JSON: {"rules": {path: text}, "local": {path: text}, "words": {path: text}, "disable": [id or glob],
"families": {family: mode}, "thresholds": {possible, likely, certain} or null, "own_domains": [domain], "people": key in
hexadecimal or null}, with a key followed by a NUL and the digest file of the people lists (`people.encode`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from mss_guard.core import detect, formats, mime, people, rules
from mss_guard.core.detect import Detector, ExampleFailure
from mss_guard.core.detect.sameness import content_digest, declared
from mss_guard.core.formats.tooling import Tools, no_tools
from mss_guard.core.model import Assessment, Level, Mode
from mss_guard.core.people import People
from mss_guard.core.rules import Ruleset, Thresholds
from mss_guard.core.strict_yaml import Mistake, Mistakes
from mss_guard.core.wire import Request

_TABLES = b"\0"  # stands in no JSON text


@dataclass(frozen=True, slots=True)
class InspectionKnowledge:
    """One state of the rules, compiled. `version` is a digest of all that was loaded."""

    version: str
    ruleset: Ruleset = field(repr=False)
    detector: Detector = field(repr=False)
    own_domains: tuple[str, ...] = ()


def pack(
    files: Mapping[str, str],
    words: Mapping[str, str],
    *,
    local: Mapping[str, str] | None = None,
    disable: Sequence[str] = (),
    families: Mapping[str, Mode] | None = None,
    thresholds: Mapping[str, float] | None = None,
    own_domains: Sequence[str] = (),
    lists: People | None = None,
) -> bytes:
    """The payload for `load`: canonical, so that equal knowledge has an equal version."""
    payload = {
        "rules": dict(files),
        "local": dict(local or {}),
        "words": dict(words),
        "disable": sorted(disable),
        "families": {k: str(v) for k, v in (families or {}).items()},
        "thresholds": dict(thresholds) if thresholds else None,
        "own_domains": sorted(own_domains),
        "people": lists.key.hex() if lists is not None else None,
    }
    text = json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return text if lists is None else text + _TABLES + people.encode(lists)


def version(payload: bytes) -> str:
    """The digest by which a state of the rules is known, compiled or not."""
    return sha256(payload).hexdigest()[:16]


def load(payload: bytes, *, examples: bool = False) -> InspectionKnowledge:
    """Compile a payload. Raises Mistakes; with `examples`, also for each example that its own rule gets wrong.

    Workers load what the roof has already loaded with its examples, and so leave them out.
    """
    text, _, tables = payload.partition(_TABLES)
    parts: dict[str, Any] = json.loads(text)
    everything = rules.load(parts["rules"], parts["words"], parts.get("local") or {})
    thresholds = _thresholds(parts.get("thresholds"), everything.scoring.levels)
    families = {family: Mode(mode) for family, mode in (parts.get("families") or {}).items()}
    ruleset = rules.select(everything, parts.get("disable") or (), families, thresholds)
    knowledge = InspectionKnowledge(
        version=version(payload),
        ruleset=ruleset,
        detector=detect.compile_rules(ruleset, _lists(parts.get("people"), tables)),
        own_domains=tuple(parts.get("own_domains") or ()),
    )
    if examples and (failures := selftest(knowledge)):
        raise Mistakes([f.mistake for f in failures])
    return knowledge


def _lists(key: str | None, tables: bytes) -> People | None:
    return people.decode(tables, bytes.fromhex(key)) if key else None


def _thresholds(wanted: Mapping[str, float] | None, shipped: Thresholds) -> Thresholds | None:
    """A structure's own thresholds over the shipped ones."""
    if not wanted:
        return None
    try:
        return Thresholds.model_validate({**shipped.model_dump(), **wanted})
    except ValueError:
        message = "seuils refusés : il faut trois nombres, possible < likely < certain"
        raise Mistakes([Mistake("configuration", 1, 1, message)]) from None


def selftest(knowledge: InspectionKnowledge) -> tuple[ExampleFailure, ...]:
    """Every example that its own rule gets wrong."""
    return detect.selftest(knowledge.detector)


def rehearse(knowledge: InspectionKnowledge) -> None:
    """Judge the examples of the rules once: RE2 builds its automata as it meets texts, and what the fork server has
    built no worker builds again.
    """
    selftest(knowledge)


def inspect(raw: bytes, request: Request, knowledge: InspectionKnowledge, tools: Tools = no_tools) -> Assessment:
    """Read a message or a document, and judge what was read. `tools`: the programs that readers may ask."""
    message = None if request.kind == "document" else mime.parse(raw)
    content = formats.read_document(raw, request.name, tools) if message is None else formats.read(message, tools)
    found = detect.assess(
        content,
        knowledge.detector,
        request.recipients,
        explain=request.explain,
        show_text=request.explain and request.show_text,
    )
    if message is None or not _may_be_refused(found):
        return found
    return replace(
        found,
        content=content_digest(message, content, found.findings, found.unreadable),
        declared=declared(content),
    )


def _may_be_refused(found: Assessment) -> bool:
    """For its content; all other messages need not be known again, and cost no digest."""
    return found.level.rank >= Level.LIKELY.rank or bool(found.unreadable)
