"""The journal's values: canonical JSON, the RFC 6962 tree, the chain, the shapes that keep text out, keys and
pseudonyms.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from mss_guard.core.model import Address
from mss_guard.edge.journal import FieldError, KeyRefused, Keys, canonical, fields
from mss_guard.edge.journal.chain import GENESIS, Chain, Entry
from mss_guard.edge.journal.tree import Tree

NOW = datetime(2026, 11, 22, 22, 0, 0, 123456, tzinfo=UTC)

# The vectors of the reference implementation (google/certificate-transparency, merkle tree tests), as transparency-dev
# keeps them: eight leaves, and the tree head after each.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def test_tree_heads_are_those_published_for_rfc_6962():
    """The tree head after each leaf is the published one, the empty tree's is SHA-256 of nothing."""
    tree = Tree()
    assert tree.root == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        tree = tree.add(bytes.fromhex(leaf))
        assert tree.root == root


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), inner, max_size=4)
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), _values, max_size=6))
def test_our_encoder_gives_rfc_8785(record):
    """For values without fractions the fast encoder and the rfc8785 package agree byte for byte, and both read back."""
    assert canonical.dumps(record) == rfc8785.dumps(record)
    assert canonical.loads(canonical.dumps(record)) == record


@pytest.mark.parametrize(
    "line",
    [b'{"b":1,"a":2}', b'{"a": 1}', b'{"a":1,"a":1}', b'{"a":1.0}', b"[]", b'{"a":NaN}', b"\xff", b'{"a":"\\u0041"}'],
)
def test_another_spelling_is_no_record(line):
    """Only the one canonical spelling of a JSON object reads as a record."""
    assert canonical.loads(line) is None


def test_chain_numbers_hashes_and_stamps():
    """Each record holds the next number, the SHA-256 of the one before and UTC microseconds."""
    chain, first = Chain("tilleuls").add(
        Entry("clock-jump", None, {"before": "2026-11-22T22:00:00Z", "back_ms": 1}), NOW
    )
    chain, second = chain.add(Entry("outcome", "MSSG-2222-2222", {"outcome": "relayed"}), NOW + timedelta(seconds=1))
    one, two = canonical.loads(first), canonical.loads(second)
    assert (one["seq"], one["prev"], two["seq"], two["prev"]) == (1, GENESIS, 2, canonical.digest(first))
    assert (one["at"], two["ref"], two["structure"]) == ("2026-11-22T22:00:00.123456Z", "MSSG-2222-2222", "tilleuls")


def test_time_in_the_chain_never_runs_back_in_silence():
    """Less than a second back repeats the last time; more is shown as it is, and asks for a clock-jump record."""
    chain, _ = Chain("tilleuls").add(Entry("outcome", None, {}), NOW)
    assert chain.jump(NOW - timedelta(milliseconds=900)) is None
    assert chain.add(Entry("outcome", None, {}), NOW - timedelta(milliseconds=900))[0].at == NOW
    jump = chain.jump(NOW - timedelta(hours=2))
    assert jump.kind == "clock-jump"
    assert jump.fields["back_ms"] == 7_200_000


def test_a_record_written_late_tells_when_it_happened():
    """What a full disk held back for more than 5 s has `event_at` beside `at`."""
    entry = Entry("outcome", None, {"outcome": "relayed"}, None, NOW)
    assert "event_at" not in canonical.loads(Chain("a").add(entry, NOW)[1])
    record = canonical.loads(Chain("a").add(entry, NOW + timedelta(minutes=3))[1])
    assert (record["event_at"], record["at"]) == ("2026-11-22T22:00:00.123456Z", "2026-11-22T22:03:00.123456Z")


# --- shapes -----------------------------------------------------------------------------------------------------------

WHO = {"key": "2026-0123abcd", "id": "0123456789abcdef"}
DECISION = {
    "listener": "smtp-10025",
    "front": "smtp",
    "client": "192.0.2.7",
    "mode": "enforce",
    "sender": {"kind": "own", "domain": "ehpad-les-tilleuls.fr", "who": WHO},
    "message_id": WHO,
    "size": 20480,
    "inspected": True,
    "level": "certain",
    "score": 990,
    "health": True,
    "action": "refuse",
    "measure": "refuse",
    "reason": "health-data",
    "would": None,
    "recipients": [
        {
            "domain": "ordinaire.fr",
            "who": WHO,
            "standing": "outside",
            "action": "refuse",
            "row": 11,
            "reason": "health-data",
        }
    ],
    "findings": [
        {
            "rule": "document.compte-rendu",
            "part": "2/1:zip",
            "place": "attachment 1",
            "count": 3,
            "category": "care",
            "level": "certain",
        }
    ],
    "places": [
        {"part": "2", "type": "application/zip", "how": "mime", "state": "unreadable", "why": "encrypted", "size": 12}
    ],
    "reply": {"code": 550, "enhanced": "5.7.1"},
    "ms": {"inspection": 12, "total": 15},
}


def test_a_whole_decision_fits():
    """All that the service has to say of a message has its field."""
    fields.check("decision", "MSSG-7K3F-92QX", DECISION, "abcdef0123456789")


CANARY = "Dupont Jean, VIH+"
BAD = [
    ("decision", {**DECISION, "subject": CANARY}),
    ("decision", {**DECISION, CANARY: 1}),
    ("decision", {**DECISION, "listener": CANARY}),
    ("decision", {**DECISION, "sender": {"kind": "own", "domain": "Dupont Jean"}}),
    ("decision", {**DECISION, "sender": {"kind": "own", "address": "a@b.fr"}}),
    ("decision", {**DECISION, "recipients": [{**DECISION["recipients"][0], "domain": "jean@ordinaire.fr"}]}),
    ("decision", {**DECISION, "findings": [{"rule": "a", "title": CANARY}]}),
    ("decision", {**DECISION, "findings": [{"rule": "a", "part": "2/1:zip/crh dupont.pdf"}]}),
    ("decision", {**DECISION, "places": [{"part": "2", "state": "read", "name": "crh.pdf"}]}),
    ("decision", {**DECISION, "score": 0.97}),
    ("decision", {**DECISION, "health": 1}),
    ("decision", {**DECISION, "client": "hostname"}),
    ("decision", {k: v for k, v in DECISION.items() if k != "action"}),
    ("outcome", {"outcome": CANARY}),
    ("outcome", {"outcome": "relayed", "replies": [{"code": 250, "text": CANARY}]}),
    ("outcome", {"outcome": "relayed", "replies": [{"code": 250, "queue_id": CANARY}]}),
    ("checkpoint", {}),
    ("poem", {}),
]


@pytest.mark.parametrize(("kind", "values"), BAD)
def test_what_has_no_field_or_another_shape_cannot_be_written(kind, values):
    """A name, a text, a fraction or an unknown field is a bug; the exception names the place and repeats nothing."""
    with pytest.raises(FieldError) as caught:
        fields.check(kind, "MSSG-7K3F-92QX", values, None)
    assert "Dupont" not in str(caught.value)


@pytest.mark.parametrize(("ref", "knowledge"), [("185037500123456", None), (None, CANARY)])
def test_header_fields_have_shapes_too(ref, knowledge):
    """A reference is a reference, a knowledge version a hash."""
    with pytest.raises(FieldError):
        fields.check("outcome", ref, {"outcome": "relayed"}, knowledge)


def test_no_field_hides_a_header_field():
    """The fields of a kind and those of the chain stand side by side in a record: their names differ."""
    names = set(re.findall(r'^ {12}"([a-z_]+)":', Path(fields.__file__).read_text(), re.MULTILINE))
    assert "recipients" in names
    assert not names & set(fields.HEADER)


def test_the_page_on_the_journal_names_every_kind_and_field():
    """docs/journal.md is what the readers of the files go by: each kind has its line, each line its fields."""
    page = (Path(fields.__file__).parents[4] / "docs" / "journal.md").read_text()
    rows = {m[1]: m[0] for m in re.finditer(r"^\| `([a-z-]+)` \|.*$", page, re.MULTILINE)}
    source = Path(fields.__file__).read_text()
    source = source[source.index("SCHEMAS") :]
    for kind in fields.SCHEMAS:
        assert kind in rows, kind
        block = source[source.index(f'    "{kind}": fields(') :]
        block = block[: block.find('\n    "', 10)] if '\n    "' in block[10:] else block
        names = re.findall(r'^ {12}"([a-z_]+)":', block, re.MULTILINE)
        assert [n for n in names if f"`{n}`" not in rows[kind]] == [], kind


# --- keys -------------------------------------------------------------------------------------------------------------


def address(text):
    local, _, domain = text.rpartition("@")
    return Address(text.encode(), local, domain)


def test_a_pseudonym_is_keyed_and_stable(tmp_path):
    """The same mailbox has one pseudonym within a year however it is written, another under another key; the key is
    0600.
    """
    keys = Keys(tmp_path / "keys", clock=lambda: NOW)
    who = keys.pseudonym(address("Marie.Durand@ordinaire.fr"))
    assert (
        who
        == keys.pseudonym(address("marie.durand@ordinaire.fr"))
        == Keys(tmp_path / "keys", clock=lambda: NOW).pseudonym(address("marie.durand@ordinaire.fr"))
    )
    assert who != keys.pseudonym(address("marie.durant@ordinaire.fr"))
    assert who["id"] != keys.message_id("marie.durand@ordinaire.fr")["id"]
    assert who != Keys(tmp_path / "other", clock=lambda: NOW).pseudonym(address("marie.durand@ordinaire.fr"))
    assert [oct(p.stat().st_mode & 0o777) for p in (tmp_path / "keys").iterdir()] == ["0o600"]


def test_a_search_tries_the_key_of_every_year(tmp_path):
    """A new UTC year has a new key, and `candidates` gives the pseudonym of each year."""
    now = [datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)]
    keys = Keys(tmp_path, clock=lambda: now[0])
    old = keys.pseudonym(address("a@ordinaire.fr"))
    now[0] += timedelta(seconds=2)
    new = keys.pseudonym(address("a@ordinaire.fr"))
    assert (old["key"][:4], new["key"][:4]) == ("2026", "2027")
    assert keys.candidates(address("A@ordinaire.fr")) == (old, new)


def test_a_credential_goes_first(tmp_path, monkeypatch):
    """A key in systemd's credential directory is used, and none is made."""
    (tmp_path / "cred").mkdir()
    (tmp_path / "cred" / "pseudonym-2026.key").write_bytes(b"k" * 32)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "cred"))
    Keys(tmp_path / "keys", clock=lambda: NOW).pseudonym(address("a@ordinaire.fr"))
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize(("content", "mode"), [(b"short", 0o600), (b"k" * 32, 0o640)])
def test_a_key_that_is_short_or_readable_by_others_stops_the_start(tmp_path, content, mode):
    """A key file that protects nothing is refused in words."""
    path = tmp_path / "pseudonym-2026.key"
    path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(KeyRefused, match=r"clé trop courte|chmod 600"):
        Keys(tmp_path, clock=lambda: NOW).current()
