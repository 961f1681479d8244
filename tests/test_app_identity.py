"""Who wrote to whom: sealed to the DPO, never a citizen's number, and hardly anything of a confidential sender."""

import dataclasses
import json
import time

import pytest

from mss_guard import assembly, config, errands
from mss_guard.edge.journal import KeyRefused, fields, sealing
from mss_guard.edge.journal.sealing import Identity
from mss_guard.privacy import Privacy
from tests.cli.kit import configure, run
from tests.test_app_judgement import HEALTH, house, submission

OWN, OUTSIDE = "claire.moreau@ehpad-les-tilleuls.fr", "paul.lefevre@ordinaire.example"
PASSPHRASE = "cinq mots tires au sort"
CITIZEN = "279035121518989@patient.mssante.fr"


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """The DPO's two files."""
    folder = tmp_path_factory.mktemp("dpo")
    private, public = sealing.make_pair(PASSPHRASE)
    (folder / "cle-dpo.json").write_bytes(private)
    (folder / "cle-dpo.pub.pem").write_bytes(public)
    return folder


@pytest.fixture(scope="module")
def state(tmp_path_factory, pair):
    loaded = errands.read_for_scan(configure(tmp_path_factory.mktemp("identity"))).state
    return dataclasses.replace(loaded, privacy=Privacy("tilleuls", sealing.sealer(pair / "cle-dpo.pub.pem")))


class Names:
    """Pseudonyms of the right shape that name nobody."""

    def pseudonym(self, address):
        return {"id": "0123456789abcdef", "key": "2026-01234567"}

    def message_id(self, text):
        return {"id": "0123456789abcdef", "key": "2026-01234567"}


async def judged(state, *to, sender=OWN):
    """The decision and outcome records of one message, as the journal would take them."""
    judge, journal, _, _ = house(state, HEALTH)
    journal.keys = Names()
    ruling = await judge.judge(submission(*to, sender=sender))
    await ruling.finish(None)
    for kind, ref, values in journal.records:
        fields.check(kind, ref, values, None)
    decision = {**journal.records[0][2], "ref": ruling.reference, "structure": "tilleuls"}
    return json.loads(json.dumps(decision)), journal.records[1][2]


async def test_the_dpo_opens_what_the_host_sealed_and_nobody_else(state, pair):
    """Sender and recipients come back by key and passphrase; the record holds no local part; a citizen's number is not even inside."""
    decision, _ = await judged(state, OUTSIDE, CITIZEN, "1 85 03 75 001 234 56@gmail.test".replace(" ", ""))
    text = json.dumps(decision)
    assert OWN.partition("@")[0] not in text
    assert OUTSIDE.partition("@")[0] not in text
    opener = sealing.opener(pair / "cle-dpo.json", PASSPHRASE)
    assert opener.open(decision) == Identity(OWN, (OUTSIDE, None, None))
    assert sealing.opener(pair / "cle-dpo.json", PASSPHRASE + "x") is None
    other = sealing.Opener(opener.id, sealing.X25519PrivateKey.generate())
    assert other.open(decision) is None


async def test_a_box_is_bound_to_its_reference_and_tells_no_length(state, pair):
    """Moved under another reference it does not open; addresses of other lengths make boxes of the same size."""
    decision, _ = await judged(state, OUTSIDE)
    longer, _ = await judged(state, "b" * 20 + OUTSIDE)
    opener = sealing.opener(pair / "cle-dpo.json", PASSPHRASE)
    assert opener.open({**decision, "ref": longer["ref"]}) is None
    assert len(decision["sealed"]["box"]) == len(longer["sealed"]["box"])


async def test_of_a_confidential_sender_only_verdict_and_counts_stay(state):
    """The occupational physician's mail is judged like any other; the record names nobody, no place, no rule, no queue."""
    plain, _ = await judged(dataclasses.replace(state, privacy=Privacy()), OUTSIDE)
    for word in (OWN.casefold(), OWN.partition("@")[2]):
        spared = dataclasses.replace(state, privacy=dataclasses.replace(state.privacy, confidential=frozenset({word})))
        decision, _ = await judged(spared, OUTSIDE, sender=OWN.upper() if "@" in word else OWN)
        assert {k: decision[k] for k in ("action", "measure", "reason", "would")} == {
            k: plain[k] for k in ("action", "measure", "reason", "would")
        }
        assert decision["counts"] == {
            "recipients": 1,
            "findings": len(plain["findings"]),
            "places": len(plain["places"]),
        }
        assert (decision["sender"], decision["recipients"], decision["confidential"]) == ({"kind": "own"}, [], True)
        assert not {"sealed", "findings", "places", "client", "message_id", "size", "level", "ms"} & set(decision)
    outcome = {"outcome": "relayed", "replies": [{"code": 250, "enhanced": "2.0.0", "queue_id": "4Xy7Z"}]}
    assert spared.privacy.outcome(outcome, submission(OUTSIDE).envelope)["replies"][0]["queue_id"] is None
    assert state.privacy.outcome(outcome, submission(OUTSIDE).envelope) == outcome


def test_confidential_senders_are_known_however_they_are_written(tmp_path):
    """An address in capitals, an accented domain, a whole domain: each is the one that the envelope will name."""
    text = (
        configure(tmp_path)
        .read_text()
        .replace("/journal,", "/journal, confidential_senders: [Medecin@Santé-Travail.example, cse.example],")
    )
    privacy = assembly.privacy(config.load(tmp_path / "mss-guard.yaml", text))
    for sender, spared in (
        ("MEDECIN@xn--sant-travail-eeb.example", True),
        ("x@CSE.example", True),
        ("autre@xn--sant-travail-eeb.example", False),
    ):
        assert privacy.spares(submission(OUTSIDE, sender=sender).envelope) is spared, sender


def test_sealing_costs_little(pair):
    """A tenth of a second for a hundred would already be too much on the mail path; a wide margin, in time of this process."""
    sealer, identity = sealing.sealer(pair / "cle-dpo.pub.pem"), Identity(OWN, (OUTSIDE,) * 20)
    before = time.process_time()
    for _ in range(50):
        sealer.seal("tilleuls", "MSSG-2222-2222", identity)
    assert time.process_time() - before < 1.0


def test_a_file_that_is_no_key_is_refused_in_words(tmp_path, pair):
    """A public key for the private one, any text, another kind of key."""
    (tmp_path / "x").write_text("rien")
    for path in (tmp_path / "x", pair / "cle-dpo.json"):
        with pytest.raises(KeyRefused, match="clé publique du DPO"):
            sealing.sealer(path)
    for path in (tmp_path / "x", pair / "cle-dpo.pub.pem"):
        with pytest.raises(KeyRefused, match="clé privée du DPO"):
            sealing.opener(path, PASSPHRASE)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("plainte du service, 2026-11-25", True),
        ("demande d'accès (RGPD, article 15)", True),
        ("ok", False),
        ("pour m.durand@ordinaire.fr", False),
        ("INS 185037500123456", False),
        ("rappeler le 06 12 34 56 78", False),
        ("deux\nlignes", False),
        ("x" * 201, False),
    ],
)
def test_a_reason_is_words_and_holds_no_address_and_no_number(text, fits):
    """It is the one text of the journal: what could name somebody mechanically does not get in."""
    values = {"key": "dpo-01234567", "reason": text, "by": "dpo"}
    if fits:
        fields.check("open-identity", "MSSG-2222-2222", values, None)
    else:
        with pytest.raises(fields.FieldError):
            fields.check("open-identity", "MSSG-2222-2222", values, None)


# --- the commands -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A host whose DPO made a key by the command, moved it away, and one refused message."""
    import asyncio

    from mss_guard.edge.journal import Journal
    from mss_guard.judgement import Judgement
    from tests.test_app_judgement import Inspector

    folder, usb = tmp_path_factory.mktemp("host"), tmp_path_factory.mktemp("usb")
    file = configure(folder)
    made = run("audit", "keygen", "--out", usb, "-c", file, stdin=f"{PASSPHRASE}\n".encode())
    assert made.status == 0, made.err

    async def one():
        loaded = errands.read_for_scan(file)
        root, keys = errands.journal_places(loaded.settings)
        journal = await asyncio.to_thread(Journal.open, root, loaded.settings.node, "front-0", "tilleuls", keys)
        judge = Judgement(loaded.state, Inspector(HEALTH), journal, lambda _: None)
        ruling = await judge.judge(submission(OUTSIDE, sender=OWN))
        await ruling.finish(None)
        await journal.close()
        return ruling.reference

    return file, usb, asyncio.run(one())


def test_from_the_reference_the_passphrase_gives_sender_and_recipient(desk):
    """The command asks for reason and passphrase; each opening is in the chain, and the chain still verifies."""
    file, usb, ref = desk
    ran = run(
        "audit",
        "open",
        ref,
        "--reason",
        "plainte du 2026-11-25",
        "--key",
        usb / "cle-dpo.json",
        "--json",
        "-c",
        file,
        stdin=f"{PASSPHRASE}\n".encode(),
    )
    assert ran.status == 0, ran.err
    assert (ran.lines[0]["sender"], ran.lines[0]["recipients"]) == (OWN, [OUTSIDE])
    shown = run("audit", "show", ref, "--json", "-c", file).lines
    (opened,) = [r for r in shown if r["kind"] == "open-identity"]
    assert (opened["reason"], bool(opened["by"])) == ("plainte du 2026-11-25", True)
    assert run("audit", "verify", "-c", file).status == 0


def test_without_key_passphrase_or_reason_nothing_opens_and_nothing_is_said(desk):
    """Status 1 or 2, nothing on standard output, and no record of an opening that was none."""
    file, usb, ref = desk
    openings = "audit", "search", "--kind", "open-identity", "--json", "-c", file
    before = len(run(*openings).lines)
    wrong = run(
        "audit",
        "open",
        ref,
        "--reason",
        "plainte",
        "--key",
        usb / "cle-dpo.json",
        "-c",
        file,
        stdin=b"pas la bonne phrase\n",
    )
    nokey = run("audit", "open", ref, "--reason", "plainte", "-c", file, stdin=f"{PASSPHRASE}\n".encode())
    noreason = run("audit", "open", ref, "--key", usb / "cle-dpo.json", "-c", file)
    unknown = run("audit", "open", "MSSG-ZZZZ-ZZZZ", "--reason", "plainte", "-c", file)
    assert [(r.status, r.out) for r in (wrong, nokey, noreason, unknown)] == [(1, ""), (2, ""), (2, ""), (1, "")]
    assert len(run(*openings).lines) == before


def test_a_copy_of_the_whole_host_gives_neither(desk):
    """In no file of the host, keys included, stands a local part of the message, nor the private key."""
    file, usb, _ = desk
    secret = json.loads((usb / "cle-dpo.json").read_text())["box"]
    every = [p for p in file.parent.rglob("*") if p.is_file() and p != file and p.name != "liste.xml"]
    assert any(p.name == "dpo.pub.pem" for p in every)
    for path in every:
        raw = path.read_bytes()
        assert OWN.partition("@")[0].encode() not in raw, path
        assert OUTSIDE.partition("@")[0].encode() not in raw, path
        assert secret.encode() not in raw, path


def test_a_person_is_told_what_the_journal_holds_of_them_alone(desk):
    """Role, verdict, categories; the others stand there as domains; the consultation is on the record."""
    file, _, ref = desk
    ran = run("audit", "subject", OUTSIDE, "-c", file)
    assert ran.status == 0, ran.err
    (told,) = ran.lines
    assert (told["ref"], told["role"], told["action"]) == (ref, ["recipient"], "refuse")
    assert OWN not in ran.out
    assert run("audit", "subject", "personne@nulle-part.fr", "-c", file).status == 1
    consults = run("audit", "search", "--kind", "consult", "--json", "-c", file).lines
    assert [c["found"] for c in consults if c["what"] == "subject"] == [1, 0]


def test_a_second_key_is_made_only_when_asked_for(desk, tmp_path):
    """`keygen` never takes the place of a key in use by mistake; a short passphrase makes none."""
    file, _, _ = desk
    assert run("audit", "keygen", "--out", tmp_path, "-c", file, stdin=f"{PASSPHRASE}\n".encode()).status == 1
    assert run("audit", "keygen", "--out", tmp_path, "--no-install", "-c", file, stdin=b"court\n").status == 2
    assert list(tmp_path.iterdir()) == []
