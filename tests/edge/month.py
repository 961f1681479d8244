"""October 2026 as records of a journal, whose sums a reader can count by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mss_guard.edge.journal import Found

NURSE, CLERK = "a" * 16, "b" * 16


def recipient(domain: str, standing: str = "outside", action: str = "relay", **more: Any) -> dict[str, Any]:
    return {"domain": domain, "who": {"id": "c" * 16}, "standing": standing, "action": action, **more}


def finding(rule: str, category: str = "care", level: str = "likely") -> dict[str, Any]:
    return {"rule": rule, "category": category, "level": level, "place": "own"}


REFUSED = {"action": "refuse", "reason": "health-data", "health": True, "level": "likely", "mode": "enforce"}
SPARED = {
    "action": "relay",
    "would": "refuse",
    "reason": "health-data",
    "health": True,
    "level": "likely",
    "mode": "observe",
}
LOCKED = {"part": "2", "state": "unreadable", "why": "encrypted"}
STOPPED = recipient("cabinet-martin.fr", action="refuse", reason="health-data")

DECISIONS: tuple[tuple[str, str, dict[str, Any], str], ...] = (  # at, sender, fields, outcome
    ("2026-09-30T23:59:59", NURSE, {**REFUSED, "recipients": [STOPPED]}, "refused"),  # the month before
    ("2026-10-01T08:00:00", NURSE, {**REFUSED, "recipients": [STOPPED], "findings": [finding("document.crh"), finding("identite.nir")]}, "refused"),
    ("2026-10-02T08:00:00", NURSE, {"action": "relay", "mode": "enforce", "recipients": [recipient("ch.mssante.fr", "trusted")]}, "relayed"),
    ("2026-10-05T08:00:00", CLERK, {**REFUSED, "recipients": [STOPPED, recipient("gmail.com", action="refuse", reason="health-data")],
                                    "findings": [finding("document.crh")]}, "refused"),
    ("2026-10-20T08:00:00", CLERK, {"action": "relay", "mode": "enforce", "recipients": [recipient("ch.mssante.fr", "trusted")]}, "relayed"),
    ("2026-10-06T08:00:00", NURSE, {**SPARED, "recipients": [recipient("cabinet-martin.fr", would="refuse", reason="health-data")],
                                    "findings": [finding("document.crh", "social")]}, "relayed"),
    ("2026-10-06T09:00:00", NURSE, {**SPARED, "recipients": [recipient("gmail.com", would="refuse", reason="health-data")]}, "hop-refused"),
    ("2026-10-07T08:00:00", NURSE, {"action": "relay", "measure": "advise", "mode": "enforce", "health": True, "reason": "health-data",
                                    "recipients": [recipient("mdph44.fr", measure="advise", reason="health-data")],
                                    "findings": [finding("social.ppa", "social")]}, "relayed"),
    ("2026-10-08T08:00:00", CLERK, {"action": "defer", "mode": "enforce", "recipients": [recipient("x.fr", action="defer")]}, "deferred"),
    ("2026-10-09T08:00:00", CLERK, {"action": "refuse", "reason": "unreadable", "mode": "enforce",
                                    "recipients": [recipient("x.fr", action="refuse", reason="unreadable")],
                                    "places": [LOCKED, {**LOCKED, "part": "3"}]},
     "refused"),
    ("2026-10-10T08:00:00", CLERK, {"action": "relay", "mode": "enforce", "uninspected": "bypass", "recipients": [recipient("x.fr")]}, "relayed"),
    ("2026-10-11T08:00:00", CLERK, {"action": "relay", "mode": "enforce", "health": True, "approved": "MSSG-2222-2222",
                                    "recipients": [recipient("x.fr")], "findings": [finding("document.crh")]}, "unknown"),
    ("2026-10-13T08:00:00", CLERK, {"action": "relay", "mode": "enforce", "health": True, "recipients": [recipient("ch.mssante.fr", "trusted")]}, "relayed"),
    ("2026-11-01T00:00:00", NURSE, {**REFUSED, "recipients": [STOPPED]}, "refused"),  # the month after
)  # fmt: skip

ACTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("2026-10-03T10:00:00", {"kind": "exception", "what": "false-positive", "by": "dpo", "reason": "modèle de courrier", "ref": "MSSG-2222-2223"}),
    ("2026-10-04T10:00:00", {"kind": "exception", "what": "added", "by": "rssi", "reason": "essai <b>", "rule": "document.crh",
                             "until": "2026-11-01T00:00:00Z"}),
    ("2026-10-04T11:00:00", {"kind": "bypass", "what": "on", "by": "exploitant", "reason": "panne", "until": "2026-10-04T13:00:00Z"}),
    ("2026-10-04T12:00:00", {"kind": "open-identity", "by": "dpo", "reason": "plainte", "key": "dpo-00000000", "ref": "MSSG-2222-2223"}),
    ("2026-10-04T13:00:00", {"kind": "consult", "what": "decision", "by": "dpo"}),
    ("2026-11-04T13:00:00", {"kind": "consult", "what": "decision", "by": "dpo"}),
)  # fmt: skip


def records(structure: str = "tilleuls") -> Iterator[Found]:
    """One writer's records in order; references count up from MSSG-2222-2222, another structure's from MSSG-3333-2222."""
    seq, group = 0, "2222" if structure == "tilleuls" else "3333"

    def put(at: str, fields: dict[str, Any]) -> Found:
        nonlocal seq
        seq += 1
        whole = {"v": 1, "seq": seq, "at": f"{at}.000000Z", "structure": structure, **fields}
        whole |= {"ref": f"MSSG-{group}{fields['ref'][9:]}"} if "ref" in fields else {}
        return Found("node-1", f"front-{structure}", "2026-10-01-001.jsonl", seq, whole)

    for number, (at, who, fields, outcome) in enumerate(DECISIONS):
        ref = f"MSSG-2222-222{'23456789ABCDEFGH'[number]}"
        sender = {"kind": "own", "domain": "tilleuls.fr", "who": {"id": who}}
        yield put(at, {"kind": "decision", "ref": ref, "sender": sender, "findings": [], **fields})
        yield put(at, {"kind": "outcome", "ref": ref, "outcome": outcome})
    for at, fields in ACTS:
        yield put(at, fields)
