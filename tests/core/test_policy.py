"""core.policy: the decision table, enumerated against one written by hand.

EXPECTED is read from the design, cell by cell, and knows nothing of the code: sender × recipient → what happens for the
contents health, unreadable, possible, none. R refuse, r relay, n relay and note.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from types import MappingProxyType

import pytest

from mss_guard.core import addresses, partners, policy, trust
from mss_guard.core.model import (
    Action,
    Assessment,
    Category,
    Envelope,
    Fault,
    Finding,
    How,
    Level,
    Measure,
    Mode,
    Place,
    Reason,
    SenderKind,
    Standing,
    State,
    Why,
)
from mss_guard.core.policy import Knowledge, PolicySettings, Structure

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
STALE = NOW - timedelta(days=16)

INS = "1841276451089" + f"{97 - 1841276451089 % 97:02d}"
SENDERS = {
    "null": None,
    "secure": "secretariat@tilleuls.mssante.fr",
    "commercial": "contact@fournisseur.example",
    "own": "claire@tilleuls.example",
    "foreign listed": "medecin@ch-valombreuse.mssante.fr",
    "foreign citizen": f"{INS}@patient.mssante.fr",
    "foreign": "quelquun@ailleurs.example",
}
RECIPIENTS = {
    "malformed": "claire@tilleuls.example.",
    "impossible citizen": "277076322082911@patient.mssante.fr",
    "citizen": f"{INS}@patient.mssante.fr",
    "commercial": "contact@fournisseur.example",
    "secure": "infirmerie@tilleuls.mssante.fr",
    "trusted": "medecin@ch-valombreuse.mssante.fr",
    "inside": "paul@tilleuls.example",
    "outside": "famille@ordinaire.example",
    "postmaster inside": "Postmaster@tilleuls.example",
    "postmaster alone": "postmaster",
    "postmaster secure": "postmaster@tilleuls.mssante.fr",
    "postmaster outside": "postmaster@ordinaire.example",
}
CONTENTS = ("health", "unreadable", "possible", "none")

# rows: recipients; columns: null, secure, commercial, own, foreign listed, foreign citizen, foreign. One letter for all
# contents, or four.
BY_CONTENT = "RRnr"
INSIDE = "nrrr"
EXPECTED_OWN_LISTENER = {
    "malformed": ["R"] * 7,
    "impossible citizen": ["R"] * 7,
    "citizen": ["r"] * 7,
    "commercial": [BY_CONTENT, "R", BY_CONTENT, BY_CONTENT, BY_CONTENT, BY_CONTENT, BY_CONTENT],
    "secure": ["r", "r", "R", "R", "r", "r", "R"],
    "trusted": ["r"] * 7,
    "inside": ["r", "R", INSIDE, INSIDE, INSIDE, INSIDE, INSIDE],
    "outside": [BY_CONTENT, "R", BY_CONTENT, BY_CONTENT, BY_CONTENT, BY_CONTENT, BY_CONTENT],
    "postmaster inside": ["r"] * 7,
    "postmaster alone": ["r"] * 7,
    "postmaster secure": ["r"] * 7,
    "postmaster outside": [BY_CONTENT, "R", BY_CONTENT, BY_CONTENT, BY_CONTENT, BY_CONTENT, BY_CONTENT],
}
EXPECTED_ANY_LISTENER = EXPECTED_OWN_LISTENER | {"inside": ["r", "R", "r", INSIDE, "r", "r", "r"]}

# Without a usable list D is what waits: all that a listed name would have changed.
WAITS = "DDnr"
NO_LIST = {
    "malformed": ["R"] * 7,
    "impossible citizen": ["R"] * 7,
    "citizen": ["r"] * 7,
    "commercial": [BY_CONTENT, "R", BY_CONTENT, BY_CONTENT, BY_CONTENT, BY_CONTENT, BY_CONTENT],
    "secure": ["r", "r", "R", "R", "D", "r", "D"],
    "trusted": [WAITS, "D", WAITS, WAITS, WAITS, WAITS, WAITS],
    "inside": ["r", "D", INSIDE, INSIDE, INSIDE, INSIDE, INSIDE],
    "outside": [WAITS, "D", WAITS, WAITS, WAITS, WAITS, WAITS],
    "postmaster inside": ["r"] * 7,
    "postmaster alone": ["r"] * 7,
    "postmaster secure": ["r"] * 7,
    "postmaster outside": [WAITS, "D", WAITS, WAITS, WAITS, WAITS, WAITS],
}
NO_LIST_ANY = NO_LIST | {"inside": ["r", "D", "r", INSIDE, "r", "r", "r"]}
TABLES = {
    (True, "own"): EXPECTED_OWN_LISTENER,
    (True, "any"): EXPECTED_ANY_LISTENER,
    (False, "own"): NO_LIST,
    (False, "any"): NO_LIST_ANY,
}
MEANING = {"R": ("refuse", {"refuse"}), "r": ("relay", {"relay"}), "n": ("relay", {"note"}), "D": ("defer", {"defer"})}


def address(text):
    return addresses.parse(text.encode(), smtputf8=True)


def envelope(sender, *recipients):
    return Envelope(None if sender is None else address(sender), tuple(address(r) for r in recipients))


def finding(level=Level.LIKELY, category=Category.CARE, mode=Mode.ENFORCE, rule="document.lettre", part="1"):
    return Finding(rule=rule, title="", part=part, count=1, category=category, place="own", level=level, mode=mode)


def place(why=None, state=State.UNREADABLE, kind="application/zip", inline=False):
    return Place(part="2", declared=kind, type=kind, how=How.MIME, state=state, why=why, inline=inline)


def assessment(*findings, places=(), quoted_only=False):
    level = max((f.level for f in findings), key=lambda one: one.rank, default=Level.NONE)
    return Assessment(
        level=level,
        score=level.rank / 3,
        health=level.rank >= 2,
        findings=findings,
        places=tuple(places),
        quoted_only=quoted_only,
    )


CONTENT = {
    "health": assessment(finding()),
    "unreadable": assessment(places=[place(Why.ENCRYPTED)]),
    "possible": assessment(finding(Level.POSSIBLE)),
    "none": assessment(),
}
LIST = trust.TrustList(
    frozenset({"ch-valombreuse.mssante.fr", "test.mssante.fr", "fournisseur-liste.example"}), NOW, 3, 0
)
PARTNERS = partners.union(p for p in map(partners.entry, ["fournisseur.example", "fournisseur-liste.example"]) if p)


def knowledge(*, confirmed_at=NOW, extra=(), deny=(), **settings):
    return Knowledge(
        version="essai",
        structure=Structure(frozenset({"tilleuls.example"}), frozenset({"tilleuls.mssante.fr"})),
        space=trust.space(LIST if confirmed_at else None, confirmed_at=confirmed_at, extra=extra, deny=deny),
        partners=PARTNERS,
        settings=PolicySettings(**settings),
    )


def decided(sender, recipient, content, known=None, senders="own"):
    """The one recipient's verdict."""
    return policy.decide(envelope(sender, recipient), content, known or knowledge(), NOW, senders).recipients[0]


@pytest.mark.parametrize("confirmed_at", [NOW, STALE, None], ids=["list", "stale list", "no list"])
@pytest.mark.parametrize("senders", ["own", "any"])
@pytest.mark.parametrize("mode", ["enforce", "observe"])
def test_the_whole_table(mode, senders, confirmed_at):
    """Every sender × recipient × content × mode × list × listener answers as the table written by hand says, and
    nothing else.
    """
    known = knowledge(confirmed_at=confirmed_at, mode=mode)
    table = TABLES[confirmed_at == NOW, senders]
    for recipient, (column, sender), (nth, content) in product(RECIPIENTS, enumerate(SENDERS), enumerate(CONTENTS)):
        cell = table[recipient][column]
        action, measures = MEANING[cell if len(cell) == 1 else cell[nth]]
        got = decided(SENDERS[sender], RECIPIENTS[recipient], CONTENT[content], known, senders)
        where = (sender, recipient, content)
        assert (got.would if mode == "observe" else got.action) == action, where
        assert got.action is Action.RELAY or mode == "enforce", where
        assert got.would is None or mode == "observe", where
        assert got.measure in measures, where
        assert confirmed_at != NOW or got.row in range(1, 15), where
        message = policy.decide(envelope(SENDERS[sender], RECIPIENTS[recipient]), CONTENT[content], known, NOW, senders)
        assert (message.action, message.would, message.measure) == (got.action, got.would, got.measure), where


def test_needs_content_agrees_with_the_table():
    """What the content cannot change is decided without it, and only that: skipping the inspection never changes an
    answer.
    """
    for senders, confirmed_at, recipient, sender in product(
        ("own", "any"), (NOW, None), RECIPIENTS.values(), SENDERS.values()
    ):
        known = knowledge(confirmed_at=confirmed_at)
        question = envelope(sender, recipient)
        unlooked = policy.decide(question, None, known, NOW, senders)
        if not policy.needs_content(question, known, NOW, senders):
            for content in CONTENT.values():
                assert replace(policy.decide(question, content, known, NOW, senders), inspected=False) == unlooked
        else:
            assert unlooked.action is Action.DEFER


@pytest.mark.parametrize(
    ("sender", "recipient", "row", "reason"),
    [
        ("own", "malformed", 1, Reason.MALFORMED),
        ("own", "impossible citizen", 1, Reason.CITIZEN),
        ("null", "inside", 2, None),
        ("own", "postmaster secure", 2, None),
        ("secure", "commercial", 3, Reason.COMMERCIAL),
        ("commercial", "secure", 4, Reason.COMMERCIAL),
        ("secure", "inside", 5, Reason.SECURE_BOX),
        ("secure", "outside", 5, Reason.SECURE_BOX),
        ("own", "secure", 6, Reason.SECURE_BOX),
        ("foreign", "secure", 6, Reason.SECURE_BOX),
        ("foreign listed", "secure", 7, None),
        ("own", "trusted", 7, None),
        ("own", "inside", 9, None),
        ("own", "outside", 11, Reason.HEALTH),
    ],
)
def test_rows_and_reasons(sender, recipient, row, reason):
    """Each verdict names the row that decided and the reason it gives."""
    got = decided(SENDERS[sender], RECIPIENTS[recipient], CONTENT["health"])
    assert (got.row, got.reason) == (row, reason)


@pytest.mark.parametrize(
    ("sender", "kind"), [*zip(SENDERS.values(), ["null", "secure", "commercial", "own"] + ["foreign"] * 3, strict=True)]
)
def test_sender_kinds(sender, kind):
    """The envelope alone says what a sender is."""
    assert policy.classify_sender(None if sender is None else address(sender), knowledge()) == SenderKind(kind)


@pytest.mark.parametrize(
    ("mailbox", "standing", "said"),
    [
        ("x@ch-valombreuse.mssante.fr", Standing.TRUSTED, "liste blanche"),
        ("x@CH-Valombreuse.MSSANTE.fr", Standing.TRUSTED, ""),
        ("x@mssante.fr", Standing.OUTSIDE, "nom exact"),
        ("x@ch-valombreuse.mssante.fr.evil.com", Standing.OUTSIDE, "absent"),
        ("x@ch-valombreuse.mssante.fr.", Standing.MALFORMED, "point final"),
        ("x@test.mssante.fr", Standing.OUTSIDE, "trust.deny : domaine de test"),
        ("x@ajoute.example", Standing.TRUSTED, "trust.extra : convention"),
        ("x@fini.example", Standing.OUTSIDE, ""),
        ("x@fournisseur-liste.example", Standing.COMMERCIAL, ""),
        ("x@[192.0.2.1]", Standing.OUTSIDE, "littérale"),
        ("x%ch-valombreuse.mssante.fr@ailleurs.example", Standing.OUTSIDE, ""),
        ('"x@ch-valombreuse.mssante.fr"@ailleurs.example', Standing.OUTSIDE, ""),
        ("postmaster", Standing.INSIDE, "postmaster"),
        (f"{INS}+x@patient.mssante.fr", Standing.MALFORMED, "matricule INS"),
    ],
)
def test_look_up(mailbox, standing, said):
    """Standing and why, in French, by exact name only."""
    words = {
        "extra": [
            trust.LocalWord("ajoute.example", "convention"),
            trust.LocalWord("fini.example", "essai", date(2026, 11, 21)),
        ],
        "deny": [trust.LocalWord("test.mssante.fr", "domaine de test")],
    }
    found = policy.look_up(address(mailbox), knowledge(**words), NOW)
    assert found.standing is standing
    assert said in found.why
    assert found.otherwise is None


def test_local_words_need_no_list():
    """What the structure itself adds or denies is sure, list or no list."""
    words = {
        "extra": [trust.LocalWord("ajoute.example", "convention")],
        "deny": [trust.LocalWord("test.mssante.fr", "essai")],
    }
    known = knowledge(confirmed_at=None, **words)
    assert decided(SENDERS["own"], "x@ajoute.example", CONTENT["health"], known).action is Action.RELAY
    assert decided(SENDERS["own"], "x@test.mssante.fr", CONTENT["health"], known).action is Action.REFUSE


def outside(content, **settings):
    got = decided(SENDERS["own"], RECIPIENTS["outside"], content, knowledge(**settings))
    return got.measure, got.reason


REFUSED = (Measure.REFUSE, Reason.HEALTH)
NOTED = (Measure.NOTE, None)
ADVISED = (Measure.ADVISE, Reason.HEALTH)


@pytest.mark.parametrize(
    ("findings", "settings", "expected"),
    [
        ([finding(Level.CERTAIN)], {}, REFUSED),
        (
            [finding(Level.LIKELY)],
            {"levels": {Level.CERTAIN: Measure.REFUSE, Level.LIKELY: Measure.ADVISE, Level.POSSIBLE: Measure.NOTE}},
            ADVISED,
        ),
        ([finding(Level.CERTAIN)], {"levels": {Level.CERTAIN: Measure.CONFIRM}}, REFUSED),
        ([finding(category=Category.STAY)], {}, NOTED),
        ([finding(category=Category.EMPLOYEE_ID)], {}, NOTED),
        ([finding(category=Category.EMPLOYEE)], {}, REFUSED),
        ([finding(category=Category.STAY), finding(category=Category.SOCIAL)], {}, REFUSED),
        ([finding(category=Category.STAY)], {"categories": {}}, REFUSED),
        ([finding()], {"families": {"document": Mode.WARN}}, ADVISED),
        ([finding()], {"families": {"document": Mode.OBSERVE}}, NOTED),
        ([finding()], {"families": {"document": Mode.OFF}}, (Measure.RELAY, None)),
        ([finding()], {"families": {"attachment": Mode.OFF}}, REFUSED),
        ([finding(mode=Mode.OBSERVE)], {"families": {"document": Mode.ENFORCE}}, NOTED),
        ([finding(mode=Mode.WARN), finding(mode=Mode.OBSERVE)], {}, ADVISED),
        (
            [finding(mode=Mode.OBSERVE), finding(Level.POSSIBLE)],
            {"levels": {Level.LIKELY: Measure.REFUSE, Level.POSSIBLE: Measure.REFUSE}},
            REFUSED,
        ),
        ([finding(Level.POSSIBLE, Category.STAY)], {"levels": {Level.POSSIBLE: Measure.REFUSE}}, NOTED),
    ],
)
def test_levels_categories_and_modes(findings, settings, expected):
    """Categories go over levels, modes set a ceiling, and the strictest finding decides."""
    assert outside(assessment(*findings), **settings) == expected


HIDDEN = (Measure.REFUSE, Reason.UNREADABLE)


@pytest.mark.parametrize(
    ("content", "settings", "expected"),
    [
        *((assessment(places=[place(why)]), {}, NOTED if why in {Why.PARTIAL, Why.NO_TEXT} else HIDDEN) for why in Why),
        (assessment(finding(Level.POSSIBLE), places=[place(Why.NO_TEXT)]), {}, HIDDEN),
        (assessment(finding(Level.POSSIBLE, mode=Mode.OBSERVE), places=[place(Why.NO_TEXT)]), {}, NOTED),
        (assessment(places=[place(Why.ENCRYPTED)]), {"unreadable": {Why.ENCRYPTED: Measure.NOTE}}, NOTED),
        (assessment(places=[place(Why.ENCRYPTED)]), {"unreadable": {Why.ENCRYPTED: Measure.CONFIRM}}, HIDDEN),
        (assessment(places=[place(Why.NO_TEXT), place(Why.ENCRYPTED)]), {}, HIDDEN),
        (assessment(finding(category=Category.STAY), places=[place(Why.ENCRYPTED)]), {}, HIDDEN),
        (assessment(places=[place(state=State.OPAQUE, kind="video/mp4")]), {}, (Measure.RELAY, None)),
        (assessment(finding(Level.POSSIBLE), places=[place(state=State.OPAQUE, kind="video/mp4")]), {}, HIDDEN),
        (assessment(finding(Level.POSSIBLE), places=[place(state=State.OPAQUE, kind="image/png")]), {}, NOTED),
        (
            assessment(finding(Level.POSSIBLE), places=[place(state=State.OPAQUE, kind="audio/ogg", inline=True)]),
            {},
            NOTED,
        ),
        (assessment(places=[place(state=State.OPAQUE, kind="video/mp4")]), {"opaque": Measure.REFUSE}, HIDDEN),
    ],
)
def test_unreadable_and_opaque(content, settings, expected):
    """By reason; a suspicion refuses only near something readable; a logo is never a suspicion."""
    assert outside(content, **settings) == expected


def test_health_and_encrypted_at_once_take_the_stricter():
    """A lenient word for one facet never lets the other through."""
    content = assessment(finding(), places=[place(Why.ENCRYPTED)])
    assert outside(content) == REFUSED
    assert outside(content, families=MappingProxyType({"document": Mode.OBSERVE})) == HIDDEN


def test_quoted_reply():
    """A message whose only evidence is quoted has its own reason and its own key."""
    quoted = assessment(finding(), quoted_only=True)
    assert outside(quoted) == (Measure.REFUSE, Reason.QUOTED_ONLY)
    assert outside(quoted, quoted_reply=Measure.ADVISE) == (Measure.ADVISE, Reason.QUOTED_ONLY)


@pytest.mark.parametrize(
    ("category", "inside", "expected"),
    [
        (Category.CARE, Measure.NOTE, Action.RELAY),
        (Category.CARE, Measure.REFUSE, Action.REFUSE),
        (Category.EMPLOYEE, Measure.REFUSE, Action.RELAY),
        (Category.STAY, Measure.REFUSE, Action.RELAY),
    ],
)
def test_inside(category, inside, expected):
    """Between ordinary boxes of the house `policy.inside` decides; a sick leave on its way to the human resources is
    noted.
    """
    got = decided(
        SENDERS["own"], RECIPIENTS["inside"], assessment(finding(category=category)), knowledge(inside=inside)
    )
    assert (got.action, got.row) == (expected, 9)


@pytest.mark.parametrize("mode", ["enforce", "observe"])
def test_a_route_takes_the_structures_own_mail_alone(mode):
    """Own mail to a listed domain or a citizen goes by the route; strangers', other recipients', and all of it while observing, does not."""
    known = knowledge(to_mssante="route", mode=mode)
    for sender, recipient, road in (
        ("own", "trusted", "route"), ("own", "citizen", "route"), ("foreign", "trusted", "relay"), ("null", "trusted", "relay"),
        ("secure", "trusted", "relay"), ("own", "outside", "relay"), ("own", "inside", "relay"),
    ):  # fmt: skip
        verdict = policy.decide(envelope(SENDERS[sender], RECIPIENTS[recipient]), CONTENT["none"], known, NOW)
        assert verdict.action is Action.RELAY
        assert verdict.recipients[0].road == (road if mode == "enforce" else "relay"), (sender, recipient)


def test_to_mssante():
    """With `refuse` an ordinary box is sent to its secure box; strangers are relayed."""
    known = knowledge(to_mssante="refuse")
    for recipient in ("trusted", "citizen"):
        got = decided(SENDERS["own"], RECIPIENTS[recipient], CONTENT["none"], known)
        assert (got.action, got.reason, got.row) == (Action.REFUSE, Reason.USE_SECURE_BOX, 7)
        assert decided(SENDERS["foreign"], RECIPIENTS[recipient], CONTENT["none"], known).action is Action.RELAY


@pytest.mark.parametrize("mode", ["enforce", "observe"])
def test_a_fault_of_ours_waits_where_the_content_matters(mode):
    """Recipients decided without the content keep their verdict, the others wait; in observe all is relayed and written
    down.
    """
    question = envelope(SENDERS["own"], RECIPIENTS["trusted"], RECIPIENTS["outside"], RECIPIENTS["secure"])
    verdict = policy.decide(question, Fault.DIED, knowledge(mode=mode), NOW)
    enforced = [r.would or r.action for r in verdict.recipients]
    assert enforced == [Action.RELAY, Action.DEFER, Action.REFUSE]
    assert (verdict.would or verdict.action) is Action.REFUSE
    assert (verdict.action is Action.RELAY) is (mode == "observe")
    assert not verdict.inspected


def test_a_message_is_refused_over_deferred_over_relayed():
    """One smtp answer for all, in the order refuse, defer, relay; each recipient keeps its own verdict, doubles
    included.
    """
    known = knowledge(confirmed_at=None)
    question = envelope(SENDERS["own"], RECIPIENTS["citizen"], RECIPIENTS["outside"], RECIPIENTS["outside"])
    verdict = policy.decide(question, CONTENT["health"], known, NOW)
    assert verdict.action is Action.DEFER
    assert [r.action for r in verdict.recipients] == [Action.RELAY, Action.DEFER, Action.DEFER]
    with_secure = policy.decide(
        envelope(SENDERS["own"], RECIPIENTS["outside"], RECIPIENTS["secure"]), CONTENT["health"], known, NOW
    )
    assert (with_secure.action, with_secure.reason) == (Action.REFUSE, Reason.SECURE_BOX)


def test_nobody_to_decide_for_waits():
    """A message without recipients matches no row."""
    assert policy.decide(envelope(None), CONTENT["none"], knowledge(), NOW).action is Action.DEFER


def test_confirm_refuses_over_a_deferral():
    """`confirm` is a refusal with a way out: it stands over another recipient's deferral."""
    known = knowledge(levels={Level.LIKELY: Measure.CONFIRM}, confirmed_at=None)
    question = envelope(SENDERS["own"], RECIPIENTS["outside"], RECIPIENTS["commercial"])
    verdict = policy.decide(question, CONTENT["health"], known, NOW)
    assert [r.measure for r in verdict.recipients] == [Measure.DEFER, Measure.CONFIRM]
    assert (verdict.action, verdict.measure) == (Action.REFUSE, Measure.CONFIRM)
