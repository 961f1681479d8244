"""Rule files in, a checked Ruleset out, or every mistake at once."""

from __future__ import annotations

import pytest

from mss_guard.core import rules
from mss_guard.core.model import Level, Mode
from mss_guard.core.rules.lint import difference
from mss_guard.core.rules.patterns import Pattern, PatternSet, Zones, translate
from mss_guard.core.strict_yaml import Mistakes

EXAMPLES = """
  match: [Ci-joint le bilan annuel, Voici un bilan de plus, Il manque encore le bilan]
  pass: [Rien du tout ici, Une autre phrase, Encore un texte neutre]
"""
RULE = f"""version: 1
rules:
- id: local.bilan
  title: Bilan
  source: essai
  keywords: {{any: [bilan]}}
  level: likely{EXAMPLES}"""


def mistakes(
    files: dict[str, str], words: dict[str, str] | None = None, local: dict[str, str] | None = None
) -> list[str]:
    with pytest.raises(Mistakes) as caught:
        rules.load(files, words or {}, local)
    return [str(m) for m in caught.value.mistakes]


def test_a_rule_has_its_defaults() -> None:
    """A simple rule loads with care, enforce and every place but headers."""
    rule = rules.load({"a.yaml": RULE}, {}).entries["local.bilan"]
    assert isinstance(rule, rules.Rule)
    assert (rule.level, rule.mode, rule.category, rule.family) == (Level.LIKELY, Mode.ENFORCE, "care", "local")
    assert [str(w) for w in rule.where] == ["subject", "body", "attachment", "name"]


@pytest.mark.parametrize(
    ("change", "with_", "expected"),
    [
        ("level: likely", "level: none", "a.yaml:7:10: « none » n'est pas admis ici"),
        ("level: likely", "levl: likely", "a.yaml:7:3: clé inconnue : « levl » ; vouliez-vous dire « level » ?"),
        ("{any: [bilan]}", "{none: [bilan]}", "a.yaml:6:13: il faut « any » ou « all »"),
        (
            "keywords: {any: [bilan]}",
            "where: [body]",
            "a.yaml:3:3: il faut « keywords », « pattern », « attachment » ou",
        ),
        ("keywords: {any: [bilan]}", "pattern: '(a'", "a.yaml:6:12: motif RE2 refusé : missing )"),
        ("keywords: {any: [bilan]}", "pattern: 'a(?=b)'", "a.yaml:6:12: motif RE2 refusé : invalid perl operator"),
        ("keywords: {any: [bilan]}", "pattern: 'a*'", "a.yaml:6:12: ce motif accepte un texte vide"),
        (
            "keywords: {any: [bilan]}",
            "format: cda2",
            "a.yaml:6:11: « cda2 » n'est pas admis ici ; vouliez-vous dire « cda » ?",
        ),
        ("id: local.bilan", "id: Bilan", "a.yaml:3:7: n'a pas la forme attendue"),
        ("Il manque encore le bilan]", "]", "il faut au moins 3 exemples"),
        ("version: 1", "version: 2", "a.yaml:1:10: « 2 » n'est pas admis ici"),
    ],
)
def test_mistakes_point_at_the_file(change: str, with_: str, expected: str) -> None:
    """Each wrong key or value is named where it stands."""
    assert any(expected in line for line in mistakes({"a.yaml": RULE.replace(change, with_)}))


def test_mistakes_of_all_files_come_together() -> None:
    """A broken file does not hide the mistakes of the next one."""
    found = mistakes({"a.yaml": RULE.replace("likely", "sure"), "b.yaml": "version: 1\nrulse: []"})
    assert [line.split(":")[0] for line in found] == ["a.yaml", "b.yaml"]


def test_an_id_is_taken_once_and_a_local_file_overrides() -> None:
    """Two shipped rules cannot share an id; an administrator's rule replaces the shipped one."""
    assert "identifiant « local.bilan » déjà pris (a.yaml:3)" in mistakes({"a.yaml": RULE, "b.yaml": RULE})[0]
    loaded = rules.load({"a.yaml": RULE}, {}, {"/etc/x.yaml": RULE.replace("likely", "possible")})
    assert loaded.entries["local.bilan"].level is Level.POSSIBLE  # type: ignore[union-attr]


def test_unknown_lists_and_rules_are_named() -> None:
    """A words file or a condition that names nothing is a mistake with a guess."""
    evidence = (
        f"evidence:\n- id: what.soin\n  title: Soin\n  ledger: what\n  weight: 1\n  words: words/soin.txt{EXAMPLES}"
    )
    found = mistakes({"a.yaml": "version: 1\n" + evidence}, {"words/soins.txt": "toilette"})
    assert found == [
        "a.yaml:7:10: liste de mots introuvable ou vide « words/soin.txt » ; vouliez-vous dire « words/soins.txt » ?"
    ]
    joined = (
        f"combinations:\n- id: combination.a\n  title: A\n  level: certain\n  all: [{{rule: local.bilans}}]{EXAMPLES}"
    )
    assert (
        "règle inconnue « local.bilans » ; vouliez-vous dire « local.bilan » ?"
        in mistakes({"a.yaml": RULE + joined})[0]
    )


def test_a_structure_selects() -> None:
    """Disabled rules and families that are off are gone; a family can only hold its rules back; thresholds change."""
    loaded = rules.load({"a.yaml": RULE}, {})
    assert not rules.select(loaded, ["local.*"]).entries
    assert not rules.select(loaded, families={"local": Mode.OFF}).entries
    assert rules.select(loaded, families={"local": Mode.WARN}).modes == {"local.bilan": Mode.WARN}
    assert rules.select(loaded, thresholds=rules.Thresholds(likely=2)).scoring.levels.likely == 2
    with pytest.raises(Mistakes, match=r"règle inconnue « local\.bilam » ; vouliez-vous dire « local\.bilan »"):
        rules.select(loaded, ["local.bilam"])


def test_lint_wants_examples_that_differ() -> None:
    """Two examples that say the same, and a rule without a source, are pointed at."""
    text = RULE.replace("Voici un bilan de plus", "Ci-joint le bilan annuel.").replace("source: essai", "source: ''")
    remarks = [str(r.mistake) for r in rules.lint(rules.load({"a.yaml": text}, {}))]
    assert any("« source » manque" in r for r in remarks)
    assert any("a.yaml:8:37: local.bilan : exemples « match » 1 et 2 trop semblables" in r for r in remarks)
    assert rules.lint(rules.load({"a.yaml": RULE}, {})) == ()
    assert difference("abcdef", "ABCDÉF") == 0
    assert difference("abcdef", "uvwxyz") == 1


@pytest.mark.parametrize(
    ("pattern", "translated"),
    [
        ("à jeun", rb"a\s+jeun"),
        ("a +b", rb"a\s+b"),
        (r"a\ b", rb"a\ b"),
        ("[ é]x", b"[ e]x"),
        ("[] ] ", rb"[] ]\s+"),
        ("a ?b", rb"a\s?b"),
    ],
)
def test_patterns_meet_folded_and_wrapped_text(pattern: str, translated: bytes) -> None:
    """Accents in a pattern are folded, and its blanks also match a line end."""
    assert translate(pattern) == translated


def test_pattern_sets_name_what_matches() -> None:
    """A set tells which patterns to locate; offsets are positions in Latin-1."""
    assert list(PatternSet([b"abc", b"x+", b"[0-9]{3}"], case_sensitive=True).matching(b"zabc 123")) == [0, 2]
    assert Pattern(b"b+", case_sensitive=False).spans("°BB b".encode("latin-1"), 9) == [(1, 3), (4, 5)]
    assert Pattern(b"b", case_sensitive=True).spans(b"bbbb", 2) == [(0, 1), (1, 2)]


def test_zones_tell_what_is_near() -> None:
    """Zones join what overlaps, margins included."""
    zones = Zones([(10, 12), (14, 15), (40, 41)], 2)
    assert [zones.touch(s, s + 1) for s in (6, 7, 16, 17, 18, 37, 43, 44)] == [
        False,
        True,
        True,
        True,
        False,
        True,
        True,
        False,
    ]
