"""`audit prove`, checked by nothing but docs/audit.md: the page's own lines, python3 and openssl."""

import asyncio
import email
import email.policy
import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mss_guard import config, errands, witnessing
from mss_guard.edge.journal import Journal, exported, fresh_heads
from tests.cli.kit import ROOT, configure, run
from tests.edge.journal_kit import message, ref

PAGE = ROOT / "docs" / "audit.md"


async def _fill(root, keys):
    journal = await asyncio.to_thread(Journal.open, root, "essai", "front-0", "tilleuls", keys)
    for number in range(21):
        for entry in message(number):
            await journal.append(entry.kind, entry.ref, entry.fields, None)
        if number == 12:
            await journal.checkpoint()
    await journal.close()


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """A journal; the page's lines as a file; the public key and the DPO's mail."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is missing: apt-get install openssl")
    folder = tmp_path_factory.mktemp("prove")
    file = configure(folder)
    root, keys = errands.journal_places(config.load(file))
    asyncio.run(_fill(root, keys))
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (folder / "verifier.py").write_text(code)
    ((name, public),) = exported(keys).items()
    text = file.read_text().replace("  contact:", "  dpo: {email: dpo@ehpad-les-tilleuls.fr}\n  contact:")
    letter = witnessing.letter(config.load(file, text), fresh_heads(root, {}), {name: public.pem}, datetime.now(UTC))
    (folder / "temoin.eml").write_bytes(letter)
    (key,) = email.message_from_bytes(letter, policy=email.policy.default).iter_attachments()
    (folder / "cle.pem").write_text(key.get_content())
    assert public.pem.strip().encode() in letter.replace(b"\r\n", b"\n"), "readable in the source, too"
    return folder


def follow(bench, proof, key="cle.pem", mail="temoin.eml"):
    """The page's procedure, in a python of its own without site packages: what it prints."""
    (bench / "preuve.json").write_text(proof)
    command = [sys.executable, "-I", "verifier.py", "preuve.json", key, *([mail] if mail else [])]
    done = subprocess.run(command, cwd=bench, capture_output=True, text=True, timeout=60)
    assert done.returncode == (1 if "False" in done.stdout else 0), done.stderr
    return done.stdout.replace("\n  ", " ").splitlines()


def test_the_page_is_one_page_and_its_procedure_forty_lines():
    """As the auditor was promised."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(code.splitlines()) <= 40
    assert len(PAGE.read_text().splitlines()) <= 80
    imported = re.findall(r"^(?:import|from) (.*)", code, re.MULTILINE)
    assert not [line for line in imported if "mss_guard" in line]


@pytest.mark.parametrize("number", [0, 5, 12, 13, 20])
def test_a_third_party_checks_any_record_with_the_page_alone(bench, number):
    """Decision and outcome, at every kind of place in the tree: in the journal, signed, with the witness."""
    ran = run("audit", "prove", ref(number), "-c", bench / "mss-guard.yaml")
    assert ran.status == 0, ran.err
    told = follow(bench, ran.out)
    assert [line.split()[0] for line in told] == ["decision", "outcome"]
    assert all(line.count("True") == 3 and ref(number) in line for line in told), told


def test_a_proof_that_was_tampered_with_does_not_hold(bench):
    """Another record, another place, another root, another key, another mail: each False is the right one."""
    good = json.loads(run("audit", "prove", ref(7), "-c", bench / "mss-guard.yaml").out)

    def told(change, **files):
        proof = json.loads(json.dumps(good))
        change(proof["proofs"][0])
        return re.findall(r"True|False", follow(bench, json.dumps(proof), **files)[0])

    assert told(lambda p: None) == ["True", "True", "True"]
    assert told(lambda p: p.update(record=p["record"].replace('"relay"', '"refuse"'))) == ["False", "True", "True"]
    assert told(lambda p: p.update(index=p["index"] + 1)) == ["False", "True", "True"]
    assert told(lambda p: p.update(path=p["path"][:-1])) == ["False", "True", "True"]
    assert told(lambda p: p["head"].update(size=p["head"]["size"] - 1))[1] == "False"
    assert told(lambda p: p["head"].update(root="00" * 32)) == ["False", "False", "True"]
    other = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True).stdout
    public = subprocess.run(["openssl", "pkey", "-pubout"], input=other, capture_output=True).stdout
    (bench / "autre.pem").write_bytes(public)
    assert told(lambda p: None, key="autre.pem") == ["True", "False", "True"]
    (bench / "vide.eml").write_bytes(b"Subject: rien\r\n\r\nrien\r\n")
    assert told(lambda p: None, mail="vide.eml") == ["True", "True", "False"]
    assert told(lambda p: None, mail=None) == ["True", "True"]


def test_prove_says_when_there_is_nothing_to_prove(bench, tmp_path):
    """An unknown reference and a damaged segment are status 1, and no proof is printed."""
    unknown = run("audit", "prove", "MSSG-ZZZZ-ZZZZ", "-c", bench / "mss-guard.yaml")
    assert (unknown.status, unknown.out) == (1, "")
    segment = next(s for s in (bench / "journal").rglob("*.jsonl") if s.parent.name != "cli")
    good = segment.read_bytes()
    segment.write_bytes(good.replace(ref(3).encode(), ref(99).encode()))
    try:
        ran = run("audit", "prove", ref(7), "-c", bench / "mss-guard.yaml")
    finally:
        segment.write_bytes(good)
    assert (ran.status, ran.out) == (1, "")
    assert "audit verify" in ran.err


def test_a_witness_s_mail_chooses_the_head(bench):
    """With `--witness` the proof leans on a head that this very mail holds, and the command verifies the whole from it."""
    file = bench / "mss-guard.yaml"
    ran = run("audit", "prove", ref(2), "--witness", bench / "temoin.eml", "-c", file)
    assert (ran.status, len(ran.lines[0]["proofs"])) == (0, 2)
    assert run("audit", "verify", "--witness", bench / "temoin.eml", "-c", file).status == 0
    (Path(bench) / "rien.txt").write_text("rien")
    assert run("audit", "verify", "--witness", bench / "rien.txt", "-c", file).status == 2


def test_a_journal_without_its_public_keys_is_verified_by_its_own_words(bench):
    """A copy whose keys stayed behind raises no false alarm; that nobody vouches for its keys is said."""
    hidden = {p: p.read_bytes() for p in (bench / "state" / "keys").glob("*.pub.pem")}
    for path in hidden:
        path.unlink()
    try:
        ran = run("audit", "verify", "-c", bench / "mss-guard.yaml")
    finally:
        for path, raw in hidden.items():
            path.write_bytes(raw)
    assert (ran.status, ran.out) == (0, "verify: ok\n")
    assert "Aucune clé publique" in ran.err
