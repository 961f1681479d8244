"""YAML as administrators mean it."""

from __future__ import annotations

from enum import StrEnum

import pytest
from pydantic import BaseModel, ConfigDict, Field

from mss_guard.core import strict_yaml
from mss_guard.core.strict_yaml import Mistakes


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    weight: float = Field(default=1.0, le=10)
    words: tuple[str, ...] = ()
    colour: Colour = Colour.RED


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    count: int = 0
    on: bool = False
    rules: tuple[Inner, ...] = ()
    either: str | tuple[str, ...] = ""


def wrong(text: str | bytes) -> list[str]:
    with pytest.raises(Mistakes) as caught:
        strict_yaml.load(text, "f.yaml", Outer)
    return [str(m) for m in caught.value.mistakes]


@pytest.mark.parametrize(
    "word",
    ["no", "on", "yes", "off", "012", "0x1F", "1_000", "12:30:00", "2026-01-01", "+33612345678", "~", "1e3", ".inf"],
)
def test_words_that_yaml_1_1_coerces_stay_strings(word: str) -> None:
    """A drug called `no`, a department `01` or a time of day is a string, not a surprise."""
    assert strict_yaml.load(f"name: {word}", "f.yaml", Outer).name == word


def test_plain_scalars_have_their_types() -> None:
    """true, false, null, integers and decimals are the only scalars that are not text; quoted ones are text."""
    document = strict_yaml.parse("a: true\nb: -12\nc: 1.50\nd: null\ne:\nf: '12'\ng: 0", "f")
    assert document.value == {"a": True, "b": -12, "c": 1.5, "d": None, "e": None, "f": "12", "g": 0}


def test_a_model_comes_back_with_tuples_and_enums() -> None:
    """Lists become tuples and words become enum members, without any other coercion."""
    loaded = strict_yaml.load("name: x\nrules:\n- {words: [a, b], colour: green, weight: 2}\n", "f", Outer)
    assert loaded.rules[0] == Inner(words=("a", "b"), colour=Colour.GREEN, weight=2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: a\nname: b", "f.yaml:2:1: clé « name » écrite deux fois"),
        ("name: &x a", "f.yaml:1:7: les ancres YAML (&nom) ne sont pas admises"),
        ("name: !!str a", "f.yaml:1:7: les étiquettes YAML (!nom) ne sont pas admises"),
        ("name: a\n---\nname: b", "f.yaml:2:1: un seul document YAML par fichier"),
        ("name: a\n[b]: c", "f.yaml:2:1: une clé doit être un texte simple"),
        ("name: a\nnam: b", "f.yaml:2:1: clé inconnue : « nam » ; vouliez-vous dire « name » ?"),
        ("name: a\nrules:\n- wieght: 2", "f.yaml:3:3: clé inconnue : « wieght » ; vouliez-vous dire « weight » ?"),
        ("name: a\nrules:\n- weight: 20", "f.yaml:3:11: doit être au plus 10"),
        ("name: 12", "f.yaml:1:7: il faut un texte (entre guillemets si besoin)"),
        ("name: a\ncount: '5'", "f.yaml:2:8: il faut un nombre entier"),
        ("name: a\non: yes", "f.yaml:2:5: il faut true ou false"),
        ("count: 5", "f.yaml:1:1: clé manquante : « name »"),
        ("", "f.yaml:1:1: clé manquante : « name »"),
        ("- a", "f.yaml:1:1: il faut des clés et des valeurs (clé: valeur)"),
        (
            "name: a\nrules:\n- colour: gren",
            "f.yaml:3:11: « gren » n'est pas admis ici ; vouliez-vous dire « green » ? (admis : red, green)",
        ),
        (b"name: caf\xe9", "f.yaml:1:1: ce fichier n'est pas en UTF-8"),
    ],
)
def test_each_mistake_has_its_line_and_column(text: str | bytes, expected: str) -> None:
    """What is wrong is said in French, at the line and column where it stands."""
    assert expected in wrong(text)


def test_all_mistakes_come_at_once() -> None:
    """One run of the loader shows every mistake, in the order of the file."""
    text = "name: 1\ncount: x\nrules:\n- weight: 99\n- couleur: red\n"
    assert [line.split(": ")[0] for line in wrong(text)] == ["f.yaml:1:7", "f.yaml:2:8", "f.yaml:4:11", "f.yaml:5:3"]


@pytest.mark.parametrize(
    "text", ["name: [a", "name: 'a", "\tname: a", "a: b: c", "name: \x00", "%YAML 9\n---\nname: a", "*x"]
)
def test_broken_yaml_is_a_mistake_never_a_crash(text: str) -> None:
    """What the parser cannot read comes back as a mistake with a place."""
    assert wrong(text)[0].startswith("f.yaml:")


def test_an_alias_bomb_is_refused_without_being_unfolded() -> None:
    """Aliases are refused by name, so nested ones cannot multiply."""
    text = "a: &a [x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nname: *c\n"
    assert "f.yaml:2:8: les alias YAML (*nom) ne sont pas admis" in wrong(text)


def test_deep_nesting_is_refused() -> None:
    """A thousand brackets are a mistake, not a RecursionError."""
    assert wrong("name: " + "[" * 1000) == ["f.yaml:1:30: plus de 24 niveaux d'imbrication"]


def test_a_byte_order_mark_is_passed_over() -> None:
    """Windows editors put a BOM first."""
    assert strict_yaml.load(b"\xef\xbb\xbfname: \xc3\xa9t\xc3\xa9", "f", Outer).name == "été"


def test_a_document_finds_the_place_of_a_path() -> None:
    """Later checks (duplicate ids, bad patterns) point at the same lines and columns."""
    document = strict_yaml.parse("rules:\n- id: a\n- id: b\n", "f.yaml")
    assert str(document.mistake(("rules", 1, "id"), "x")) == "f.yaml:3:7: x"
    assert str(document.mistake(("rules", 1, "id"), "x", key=True)) == "f.yaml:3:3: x"
    assert str(document.mistake(("rules", 1, "absent"), "x")) == "f.yaml:3:3: x"
