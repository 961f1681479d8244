"""Nothing that an envelope or a worker may validly say is too odd for the journal: a record that does not fit its schema is mail deferred
for ever.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mss_guard import record
from mss_guard.core import addresses, policy, wire
from mss_guard.core.model import (
    Action,
    Address,
    Assessment,
    Category,
    Envelope,
    Finding,
    HopReply,
    How,
    Level,
    Measure,
    Mode,
    Place,
    RecipientVerdict,
    Reply,
    SenderKind,
    Standing,
    State,
    Verdict,
    Why,
)
from mss_guard.core.wire import checks
from mss_guard.edge.journal import Keys, fields
from mss_guard.edge.journal.keys import Key
from mss_guard.edge.smtp_server.ports import ListenerFacts, Submission
from tests.test_app_record import NOW


class OneKey(Keys):
    """Real pseudonyms without a disk."""

    def current(self) -> Key:
        return Key(2026, bytes(32))


KEYS = OneKey(Path("unused"))
ASKED = wire.Request()
KNOWLEDGE = policy.Knowledge("0123456789abcdef", policy.Structure(frozenset()))
EMPTY = Assessment(Level.NONE, 0.0, False, (), ())
REGULAR = addresses.parse(b"a@b.fr")


def kept(address: Address, content: Assessment | None) -> dict[str, Any]:
    """The decision record of a message from and to `address`, written as the service would; raises FieldError."""
    rows = (RecipientVerdict(address, Standing.OUTSIDE, Action.REFUSE, Measure.REFUSE, None, 11),)
    verdict = Verdict(Action.REFUSE, Measure.REFUSE, None, rows, SenderKind.OWN)
    facts = ListenerFacts("lmtp", "own", "lmtp-0")
    submission = Submission(Envelope(address, (address,)), b"x", False, "::1", "h", (), facts, b"MAIL", (b"RCPT",))
    answers = (Reply(550, "5.7.1", "no"),)
    values = record.decision(submission, verdict, content, answers, KNOWLEDGE, NOW, KEYS, record.Times())
    fields.check("decision", "MSSG-2222-2222", values, KNOWLEDGE.version)
    return values


def carried(assessment: Assessment) -> Assessment:
    """As it comes out of a worker."""
    return wire.decode_assessment(wire.encode_assessment(assessment, ASKED), ASKED)


# --- the envelope -----------------------------------------------------------------------------------------------------

_LABELS = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", fullmatch=True)
_LITERALS = st.one_of(
    st.ip_addresses(v=4).map(lambda ip: f"[{ip}]"),
    st.ip_addresses(v=6).map(lambda ip: f"[IPv6:{ip}]"),
    st.ip_addresses(v=6).map(lambda ip: f"[ipv6:{ip.exploded.upper()}]"),
)
_DOMAINS = st.one_of(
    _LITERALS,
    st.lists(_LABELS, min_size=1, max_size=130).map(".".join),
    st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4).map(".".join),
)
_LOCALS = st.one_of(st.just("x"), st.text(max_size=20), st.text(max_size=20).map(lambda text: f'"{text}"'))
_MAILBOXES = st.builds(lambda local, domain: f"{local}@{domain}".encode(), _LOCALS, _DOMAINS)


@settings(max_examples=300, deadline=None)
@given(st.one_of(_MAILBOXES, st.binary(max_size=330)), st.booleans())
@example(b"x@[IPv6:2001:db8::1]", False)
@example(b"x@[192.0.2.1]", False)
@example(b"x@" + b"a." * 127 + b"a", False)
@example(b"x@" + b".".join([b"a" * 63] * 3 + [b"a" * 63]), False)
@example("é@méde-cin.fr".encode(), True)
@example(b"postmaster", False)
def test_every_address_that_is_read_can_be_written_down(raw: bytes, smtputf8: bool) -> None:
    """Sound or malformed, in any alphabet, as a literal or of 128 labels: its record fits, and names its domain."""
    address = addresses.parse(raw, smtputf8=smtputf8)
    values = kept(address, None)
    assert values["sender"]["domain"] == values["recipients"][0]["domain"] == address.domain


# --- the content ------------------------------------------------------------------------------------------------------

_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _word(first: str, further: str, most: int) -> st.SearchStrategy[str]:
    return st.builds(lambda a, b: a + b, st.sampled_from(first), st.text(further, max_size=most - 1))


_NUMBERS = st.lists(st.integers(0, 999_999).map(str), min_size=1, max_size=70).map(".".join)
_KINDS = st.just("") | _word(_LETTERS[:36], _LETTERS[:36] + ".+-", 32).map(lambda kind: f":{kind}")
_SEGMENTS = st.builds(lambda numbers, kind: numbers + kind, _NUMBERS, _KINDS)
_PARTS = st.lists(_SEGMENTS, min_size=1, max_size=30).map("/".join)  # the line from the workers shortens it
_HALVES = st.text(_LETTERS + "!#$&^_.+-", min_size=1, max_size=127)
_MEDIA = st.just("") | st.builds(lambda a, b: f"{a}/{b}", _HALVES, _HALVES)
_RULES = _word(_LETTERS, _LETTERS + "._-", 128)
_SPOTS = st.from_regex(checks.PLACE_WORD, fullmatch=True, alphabet=st.characters(codec="ascii"))
_FINDINGS = st.builds(
    Finding,
    rule=_RULES,
    title=st.text(max_size=5),
    part=_PARTS,
    count=st.integers(0, 1 << 31),
    category=st.sampled_from(Category),
    place=_SPOTS,
    level=st.sampled_from(Level),
    mode=st.sampled_from(Mode),
    score=st.floats(0, 1e6),
)
_PLACES = st.builds(
    Place,
    part=_PARTS,
    declared=_MEDIA,
    type=_MEDIA,
    how=st.sampled_from(How),
    state=st.sampled_from(State),
    why=st.sampled_from(Why),
    size=st.integers(0, 1 << 48),
)
_ASSESSMENTS = st.builds(
    Assessment,
    level=st.sampled_from((Level.LIKELY, Level.CERTAIN)),
    score=st.floats(0, 1),
    health=st.booleans(),
    findings=st.lists(_FINDINGS, max_size=3).map(tuple),
    places=st.lists(_PLACES, max_size=3).map(tuple),
    quoted_only=st.booleans(),
    message_id=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=250),
    automatic=st.booleans(),
)


def _finding(**changes: Any) -> Finding:
    values: dict[str, Any] = {
        "rule": "a.b", "title": "", "part": "1", "count": 1, "category": Category.CARE, "place": "own", "level": Level.LIKELY,
    }  # fmt: skip
    return Finding(**values | changes)


def _with(*findings: Finding, places: tuple[Place, ...] = ()) -> Assessment:
    return Assessment(Level.LIKELY, 0.5, False, findings, places)


def _place(part: str, type_: str) -> Place:
    return Place(part, type_, type_, How.MIME, State.READ)


@settings(max_examples=100, deadline=None)
@given(_ASSESSMENTS)
@example(_with(_finding(rule="local." + "x" * 122)))
@example(_with(_finding(part="1:openxml.document+flat-xml"), _finding(part="/".join(["1"] * 60))))
@example(_with(_finding(part=".".join(["1"] * 200))))
@example(_with(places=(_place("1", "!X#/$&^_"), _place("1", "a/" + "b" * 127), _place("1", "a" * 127 + "/b"))))
def test_every_assessment_that_leaves_a_worker_can_be_written_down(assessment: Assessment) -> None:
    """Whatever the line from the workers lets through fits the journal's schema."""
    assert kept(REGULAR, carried(assessment))["inspected"]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("", ""),
        ("Application/PDF", "application/pdf"),
        ("application/vnd.ms-excel", "application/vnd.ms-excel"),
        ("application/!dupont#jean", "application/octet-stream"),
        ("text/" + "x" * 127, "application/octet-stream"),
    ],
)
def test_a_media_type_that_is_none_of_the_usual_is_written_as_any_bytes(said: str, written: str) -> None:
    """A type is the sender's word: only those of a usual shape are repeated."""
    values = kept(REGULAR, carried(_with(places=(_place("1", said),))))
    assert values["places"][0]["type"] == written


# --- the next hop's words ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply", [b"250 9.9.9 ok\r\n", b"250 2.0.0 queued as " + b"A" * 200 + b"\r\n", b"550 0.1.1\r\n", b"250\r\n"]
)
def test_odd_words_of_the_next_hop_leave_a_record_all_the_same(reply: bytes) -> None:
    """An enhanced code of no class is no code, and a queue id is cut."""
    rows = (RecipientVerdict(REGULAR, Standing.OUTSIDE, Action.RELAY, Measure.RELAY, None, 11),)
    verdict = Verdict(Action.RELAY, Measure.RELAY, None, rows, SenderKind.OWN)
    told = record.outcome(verdict, [HopReply(int(re.match(rb"\d+", reply)[0]), reply)])  # type: ignore[index]
    fields.check("outcome", "MSSG-2222-2222", told, None)
