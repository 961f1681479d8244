"""What may be asked of the decisions: the words that each filter takes.

A mistyped filter is named: "nothing found" would be a false answer to a question that nobody understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Final

from mss_guard.core import addresses
from mss_guard.core.model import Action, Reason, Standing

REFERENCE: Final = re.compile(r"MSSG-[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}")
UNINSPECTED: Final = ("bypass", "fault", "not-needed")
_RULE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_DOMAIN: Final = re.compile(addresses.DOMAIN)
_MOMENT: Final = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d)?)?)?)?", re.ASCII)
_FORMS: Final = {4: "%Y", 7: "%Y-%m", 10: "%Y-%m-%d", 16: "%Y-%m-%dT%H:%M", 19: "%Y-%m-%dT%H:%M:%S"}


def faults(asked: Mapping[str, str | None], kinds: Collection[str] = ()) -> dict[str, str]:
    """What is wrong with each filter that cannot be meant, in French; empty when all can. `kinds`: of the journal's records.

    Names: ref, address, domain, rule, action, would, reason, standing, uninspected, kind, since, until (beginnings of UTC
    times, `until` excluded). Others, and empty ones, are passed over.
    """
    checks = _CHECKS if not kinds else {**_CHECKS, "kind": one_of(sorted(kinds))}
    given = {name: text for name, text in asked.items() if text and name in checks}
    found = {name: said for name, text in given.items() if (said := checks[name](text))}
    since, until = given.get("since"), given.get("until")
    if since and until and not {"since", "until"} & found.keys() and until <= since:
        found["until"] = f"« {until} » n'est pas après « {since} » : la fin, exclue, suit le début"
    return found


def one_of(words: Collection[str]) -> Callable[[str], str]:
    """A check that only these words pass."""
    listed = ", ".join(words)
    return lambda text: "" if text in words else f"« {text} » : un mot parmi {listed}"


def _ref(text: str) -> str:
    return "" if REFERENCE.fullmatch(text.upper()) else f"« {text} » : une référence s'écrit MSSG-7K3F-92QX"


def _address(text: str) -> str:
    parsed = addresses.parse(text.encode("utf-8", "replace"), smtputf8=True)
    if not parsed.malformed and parsed.domain:
        return ""
    why = f" ({addresses.in_french(parsed.malformed)})" if parsed.malformed else ""
    return f"« {text} » n'est pas une adresse{why}"


def _domain(text: str) -> str:
    known = addresses.to_ascii(text.lower()) or text.lower()
    return "" if _DOMAIN.fullmatch(known) else f"« {text} » n'est pas un domaine, tel que cabinet-martin.fr"


def _rule(text: str) -> str:
    return "" if _RULE.fullmatch(text) else f"« {text} » n'est ni une règle ni une famille, telle que document"


def _moment(text: str) -> str:
    form = _FORMS.get(len(text)) if _MOMENT.fullmatch(text) else None
    try:
        if form is not None:
            datetime.strptime(text, form)  # noqa: DTZ007 - only whether the calendar has it
            return ""
    except ValueError:
        pass
    return f"« {text} » n'est pas une date, telle que 2026-10-01"


_CHECKS: Final[Mapping[str, Callable[[str], str]]] = {
    "ref": _ref,
    "address": _address,
    "domain": _domain,
    "rule": _rule,
    "action": one_of(tuple(Action)),
    "would": one_of(tuple(Action)),
    "reason": one_of(tuple(Reason)),
    "standing": one_of(tuple(Standing)),
    "uninspected": one_of(UNINSPECTED),
    "since": _moment,
    "until": _moment,
}
