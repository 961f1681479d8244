"""The shipped rules, judged by their own examples and by invented mail that their authors did not write into them."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest
import yaml

from mss_guard.core import inspection
from mss_guard.core.model import Level
from mss_guard.core.normalise import fold_words
from mss_guard.core.rules import lint
from mss_guard.core.wire import Request
from mss_guard.edge import library

HERE = Path(__file__).parent
RULES = HERE.parents[1] / "rules"
MOST_LINES = 300


def _payload() -> bytes:
    shelf = library.read(())
    return inspection.pack(shelf.rules, shelf.words)


@pytest.fixture(scope="module")
def pack() -> inspection.InspectionKnowledge:
    return inspection.load(_payload())


def _mails(folder: str, key: str) -> list[dict]:
    return [one for p in sorted((HERE / folder).glob("*.yaml")) for one in yaml.safe_load(p.read_text("utf-8"))[key]]


def _level(mail: dict, pack: inspection.InspectionKnowledge) -> Level:
    message = EmailMessage()
    message["From"] = "equipe@tilleuls.example"
    message["To"] = "correspondant@exemple.example"
    message["Subject"] = mail["subject"]
    message.set_content(mail["body"])
    for name in mail.get("files", ()):
        message.add_attachment(bytes(64), "application", "octet-stream", filename=name)
    assessed = inspection.inspect(message.as_bytes(), Request("message", "", (), False, False), pack)
    return assessed.level if assessed.health or assessed.level.rank < Level.LIKELY.rank else Level.POSSIBLE


def test_every_rule_holds_its_own_examples(pack: inspection.InspectionKnowledge) -> None:
    """Every `match` meets its rule and no `pass` does."""
    assert [str(f.mistake) for f in inspection.selftest(pack)] == []


def test_nothing_for_an_author_to_mend(pack: inspection.InspectionKnowledge) -> None:
    """Every rule has a source, three examples of each kind, and no two that look alike."""
    assert [str(one.mistake) for one in lint(pack.ruleset)] == []


def test_rule_files_are_short() -> None:
    """A sysadmin reads a rule file in one sitting."""
    long = [p.name for p in RULES.rglob("*.yaml") if len(p.read_text("utf-8").splitlines()) > MOST_LINES]
    assert long == []


SLIDES = [t for t in _mails("slides", "types") if len(t["mails"]) >= 5]
SECOND = [t for t in _mails("slides", "types") if len(t["mails"]) < 5]


def test_slide_mails_do_not_name_their_type() -> None:
    """Neither the title nor the acronym of a type stands in its mails: they are found by what they say."""
    named = [
        (kind["type"], mail["subject"])
        for kind in (*SLIDES, *SECOND)
        for mail in kind["mails"]
        for word in kind["absent"]
        if f" {fold_words(word)} "
        in f" {fold_words(' '.join([mail['subject'], mail['body'], *mail.get('files', ())]))} "
    ]
    assert named == []


def test_every_slide_type_is_covered() -> None:
    """Nineteen types and use cases, each with six mails of ours."""
    assert len(SLIDES) == 19
    assert all(len(kind["mails"]) >= 6 for kind in SLIDES)


@pytest.mark.parametrize("kind", SLIDES, ids=lambda kind: kind["type"])
def test_slide_mails_are_found(kind: dict, pack: inspection.InspectionKnowledge) -> None:
    """At least four of five mails of a type are likely or certain."""
    found = sum(_level(mail, pack).rank >= Level.LIKELY.rank for mail in kind["mails"])
    assert found >= 0.8 * len(kind["mails"])


def test_later_sets_are_found(pack: inspection.InspectionKnowledge) -> None:
    """Mails written later, of which the last were never tuned on: fewer are found, and it may not get worse."""
    mails = [mail for kind in SECOND for mail in kind["mails"]]
    found = sum(_level(mail, pack).rank >= Level.LIKELY.rank for mail in mails)
    assert found >= 0.8 * len(mails)


def test_ordinary_mail_stays_below_likely(pack: inspection.InspectionKnowledge) -> None:
    """No ordinary mail and no look-alike is likely, and at most one in twenty is possible."""
    levels = [(_level(mail, pack), mail["subject"]) for mail in _mails("ordinary", "mails")]
    assert len(levels) >= 120
    assert [subject for level, subject in levels if level.rank >= Level.LIKELY.rank] == []
    assert sum(level is Level.POSSIBLE for level, _ in levels) <= len(levels) / 20
