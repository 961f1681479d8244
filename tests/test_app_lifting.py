"""Which decisions an officer may lift, and which may be called wrong."""

from typing import Any

import pytest

from mss_guard import lifting

WHO = {"key": "2026-00000000", "id": "a" * 16}
REFUSED: dict[str, Any] = {
    "action": "refuse",
    "sender": {"kind": "own", "who": WHO},
    "content": WHO,
    "recipients": [{"domain": "x.fr", "who": WHO, "action": "refuse", "row": 9}],
}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, None),
        ({"action": "relay"}, "not-refused"),
        ({"recipients": [{**REFUSED["recipients"][0], "row": 2}]}, "addresses"),
        ({"content": None}, "unrecognisable"),
        ({"sender": {"kind": "own"}, "recipients": [], "content": None, "confidential": True}, "confidential"),
    ],
)
def test_what_cannot_be_lifted_says_its_own_reason(changed: dict[str, Any], why: str | None) -> None:
    """Of a confidential sender nothing is kept to know the message by: that is the reason, not where its words stood."""
    assert lifting.unfit({**REFUSED, **changed}) == why
    assert why is None or lifting.UNFIT[why]


@pytest.mark.parametrize(
    ("decided", "may"),
    [
        ({"action": "refuse"}, True),
        ({"action": "defer"}, True),
        ({"action": "relay", "would": "refuse"}, True),
        ({"action": "relay", "findings": [{"rule": "document.crh"}]}, True),
        ({"action": "relay", "confidential": True, "counts": {"findings": 2}}, True),
        ({"action": "relay", "confidential": True, "counts": {"findings": 0}}, False),
        ({"action": "relay", "findings": []}, False),
    ],
)
def test_only_what_found_something_can_be_wrong(decided: dict[str, Any], may: bool) -> None:
    assert lifting.contestable(decided) is may
