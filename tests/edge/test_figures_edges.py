"""What a month's numbers must not say: that a message left which did not, that somebody waits who was answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mss_guard.core.report import Count, Figures, Gone, Standing, as_text, entry, french, month, page
from mss_guard.edge.audit_index import Feeder, figures, opened
from mss_guard.edge.journal import Found
from tests.edge.month import LOCKED, NURSE, REFUSED, finding, recipient

OCTOBER = month("2026-10")
OWN = {"kind": "own", "domain": "tilleuls.fr", "who": {"id": NURSE}}


def told(folder: Path, *records: dict[str, Any]) -> Figures:
    """The figures of a journal of these records."""
    found = (
        Found("n", "front-0", "2026-10-01-001.jsonl", seq, {"v": 1, "seq": seq, "structure": "tilleuls", **fields})
        for seq, fields in enumerate(records, 1)
    )
    with opened(f"sqlite:///{folder}/audit.db", create=True) as store:
        Feeder(store).feed(found)
        return figures(store, OCTOBER)


def decided(day: int, ref: str, outcome: str, **fields: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    at = f"2026-10-{day:02}T08:00:00.000000Z"
    decision = {"kind": "decision", "at": at, "ref": f"MSSG-2222-{ref}", "sender": OWN, "mode": "enforce", **fields}
    return decision, {"kind": "outcome", "at": at, "ref": f"MSSG-2222-{ref}", "outcome": outcome}


def act(day: int, kind: str, month: int = 10, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "at": f"2026-{month}-{day:02}T09:00:00.000000Z", "by": "dpo", **fields}


def test_what_nobody_could_read_and_an_officer_let_out_is_entered_as_unknown(tmp_path: Path) -> None:
    """Apart from what was read: it may have held health data. What a policy lets pass unread without anybody's word is none of it."""
    unread = {"action": "relay", "recipients": [recipient("x.fr")], "places": [LOCKED]}
    found = told(
        tmp_path,
        *decided(2, "AAAA", "relayed", **unread, approved="MSSG-2222-ZZZZ"),
        *decided(3, "BBBB", "relayed", **unread),
        *decided(4, "CCCC", "hop-refused", **unread, declared="MSSG-2222-ZZZZ"),
    )
    assert found.gone == (Gone("approved", "unreadable", "x.fr", 1),)
    made = entry(found, "Les Tilleuls")
    assert made is not None
    assert (made.messages, made.unread) == (0, (Count("approved", 1),))
    assert "Transmis illisible, contenu inconnu :\n  - levée unique, approuvée : 1" in as_text(made, "octobre 2026")


def test_nobody_was_reached_by_a_message_that_was_refused_whole(tmp_path: Path) -> None:
    """Its recipient in the trust space counts neither into the share nor as what followed the refusal before it."""
    mixed = [recipient("ch.mssante.fr", "trusted"), recipient("x.fr", action="refuse", reason="health-data")]
    found = told(
        tmp_path,
        *decided(2, "AAAA", "refused", **REFUSED, recipients=[mixed[1]], findings=[finding("document.crh")]),
        *decided(3, "BBBB", "refused", **REFUSED, recipients=mixed, findings=[finding("document.crh")]),
    )
    assert (sum(week.into for week in found.weeks), found.refusals, found.followed) == (0, 2, 0)


def test_refusals_without_a_sender_are_told_apart(tmp_path: Path) -> None:
    """Of a confidential sender nobody can say what followed: the report says how many those are."""
    refusal, after = decided(2, "AAAA", "refused", **REFUSED, recipients=[])
    found = told(tmp_path, {**refusal, "sender": {"kind": "own"}, "confidential": True}, after)
    assert (found.refusals, found.unfollowed) == (0, 1)
    assert "1 autre(s), d&#39;expéditeurs confidentiels" in shown(found)


def test_only_what_waits_is_to_be_classed(tmp_path: Path) -> None:
    """A refusal that was judged, even after the month's end, asks for nothing; its rules are still named."""
    wrong = {"what": "false-positive", "reason": "menu"}
    refusals = [
        record
        for ref in ("AAAA", "BBBB")
        for record in decided(2, ref, "refused", **REFUSED, recipients=[], findings=[finding("document.crh")])
    ]
    signalled = [act(3, "exception", ref=f"MSSG-2222-{ref}", **wrong) for ref in ("AAAA", "BBBB")]
    found = told(
        tmp_path, *refusals, *signalled, act(2, "exception", 11, ref="MSSG-2222-AAAA", **wrong, why="confirmed")
    )
    assert (len(found.false_positives), found.unclassed) == (2, 1)
    assert "1 refus signalé(s) à tort attendent" in shown(found)


def test_a_report_is_no_consultation_of_a_decision(tmp_path: Path) -> None:
    found = told(
        tmp_path, act(2, "consult", what="report"), act(2, "consult", what="decision"), act(3, "consult", what="export")
    )
    assert found.consultations == 1


def test_an_approval_and_its_use_name_the_same_reference(tmp_path: Path) -> None:
    ref = "MSSG-2222-AAAA"
    found = told(
        tmp_path,
        act(2, "exception", what="approved", ref=ref, domains=["x.fr"], reason="courrier type"),
        act(3, "exception", what="used", ref=ref),
    )
    assert shown(found).count(ref) == 2


def shown(found: Figures) -> str:
    standing = Standing("Les Tilleuls", "enforce", OCTOBER.after, "fraîche", True, (), True, "là", True)
    assert french(standing.made)
    return page(found, standing, {}, lambda _: "inconnu")


@pytest.mark.parametrize(
    ("outcome", "fields", "counted"),
    [
        ("relayed", {"recipients": [recipient("x.fr"), recipient("y.fr"), recipient("y.fr")]}, 2),
        ("unknown", {"recipients": [recipient("x.fr")]}, 1),
        ("relayed", {"recipients": [], "sender": {"kind": "own"}, "confidential": True}, 1),
        ("relayed", {"recipients": [recipient("tilleuls.fr", "inside"), recipient("ch.mssante.fr", "trusted")]}, 0),
        ("hop-refused", {"recipients": [recipient("x.fr")]}, 0),
        ("hop-refused", {"recipients": [], "sender": {"kind": "own"}, "confidential": True}, 0),
        (
            "refused",
            {"action": "refuse", "reason": "secure-box", "recipients": [recipient("x.fr", action="refuse")]},
            0,
        ),
    ],
)
def test_what_was_not_looked_at_is_entered_as_the_rest_is(
    tmp_path: Path, outcome: str, fields: dict[str, Any], counted: int
) -> None:
    """Once for each domain outside that it may have reached; of a confidential sender, whose recipients are not kept, once: it may
    have gone anywhere. What stayed inside, or never left, is no violation.
    """
    found = told(tmp_path, *decided(2, "AAAA", outcome, **{"action": "relay", "uninspected": "bypass", **fields}))
    assert found.unseen == ((Count("bypass", counted),) if counted else ())
    made = entry(found, "Les Tilleuls")
    assert (made.unseen if made else ()) == found.unseen
