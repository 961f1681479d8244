"""YAML as administrators mean it: text in, a validated pydantic model or every mistake out, with line and column.

The subset of YAML 1.2 that holds no surprise: `no`, `on`, `012`, `12:30` and dates stay strings; `true`, `false`,
`null`, plain integers and plain decimals are the only other scalars. Duplicate keys, anchors, aliases, tags and a
second document are mistakes. The reader consumes parser events with a stack of its own, so that nesting cannot exhaust
the interpreter's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]
Path = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)

MAX_DEPTH = 24
_INT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,18}")
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None, "": None}


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong in a file. Line and column count from 1; the message is French."""

    source: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}: {self.message}"


class Mistakes(Exception):  # noqa: N818 - the word of the house
    """A start-up refusal: all that is wrong, in the order of the file."""

    def __init__(self, mistakes: tuple[Mistake, ...] | list[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(m) for m in self.mistakes))


@dataclass(slots=True)
class Document:
    """A parsed file: its value, and where each path of it stands."""

    source: str
    value: Value
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def mistake(self, path: Path, message: str, *, key: bool = False) -> Mistake:
        """A Mistake at `path`, or at its nearest known ancestor. `key`: point at the key instead of the value."""
        known = self.keys if key and path in self.keys else self.values
        while path and path not in known:
            path = path[:-1]
        line, column = known.get(path, (1, 1))
        return Mistake(self.source, line, column, message)


def load(text: str | bytes, source: str, model: type[M]) -> M:
    """Parse and validate. Raises Mistakes; `source` is the file name to show in them."""
    return validate(parse(text, source), model)


# --- text -> Document -------------------------------------------------------------------------------------------------


def parse(text: str | bytes, source: str) -> Document:
    """Read one YAML document of the strict subset; an empty one is `{}`. Raises Mistakes."""
    reader = _Reader(Document(source, {}))
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = bytes(text[: error.start]).count(b"\n") + 1 if isinstance(text, bytes) else 1
        raise Mistakes([Mistake(source, line, 1, "ce fichier n'est pas en UTF-8")]) from None
    try:
        for event in yaml.parse(decoded, Loader=yaml.CSafeLoader):
            reader.take(event)
    except _TooDeep:
        pass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        reader.mistakes.append(Mistake(source, *where, f"YAML illisible : {error.problem or error.context}"))
    except yaml.YAMLError:
        reader.mistakes.append(Mistake(source, 1, 1, "YAML illisible : caractère interdit"))
    if reader.mistakes:
        raise Mistakes(sorted(reader.mistakes, key=lambda m: (m.line, m.column)))
    return reader.document


class _TooDeep(Exception):  # noqa: N818
    pass


@dataclass(slots=True)
class _Open:
    """A collection being read; `key` is the pending key of a mapping."""

    value: list[Value] | dict[str, Value]
    path: Path
    key: str | None = None


class _Reader:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.mistakes: list[Mistake] = []
        self._stack: list[_Open] = []
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                self._refuse_extras(event)
                self._scalar(event)
            case yaml.MappingStartEvent():
                self._refuse_extras(event)
                self._open({}, event)
            case yaml.SequenceStartEvent():
                self._refuse_extras(event)
                self._open([], event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._stack.pop()
            case yaml.AliasEvent():
                self._wrong(event, "les alias YAML (*nom) ne sont pas admis")
                self._put(None, event)
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents == 2:
                    self._wrong(event, "un seul document YAML par fichier")

    def _refuse_extras(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.anchor is not None:
            self._wrong(event, "les ancres YAML (&nom) ne sont pas admises")
        if event.tag is not None:
            self._wrong(event, "les étiquettes YAML (!nom) ne sont pas admises")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self._key(top, event)
            return
        plain = event.implicit[0] and event.style in (None, "")
        self._put(_resolve(event.value) if plain else event.value, event)

    def _key(self, top: _Open, event: yaml.ScalarEvent) -> None:
        assert isinstance(top.value, dict)
        top.key = event.value
        if top.key in top.value:
            self._wrong(event, f"clé « {top.key} » écrite deux fois")
        self.document.keys[(*top.path, top.key)] = _where(event)

    def _open(self, value: list[Value] | dict[str, Value], event: yaml.Event) -> None:
        if len(self._stack) >= MAX_DEPTH:
            self._wrong(event, f"plus de {MAX_DEPTH} niveaux d'imbrication")
            raise _TooDeep
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self._wrong(event, "une clé doit être un texte simple")
            top.key = ""
        self._stack.append(_Open(value, self._put(value, event)))

    def _put(self, value: Value, event: yaml.Event) -> Path:
        """Store a finished or opened value where it belongs; returns its path."""
        if not self._stack:
            path: Path = ()
            if self._documents == 1:
                self.document.value = {} if value is None else value
        else:
            top = self._stack[-1]
            if isinstance(top.value, list):
                path = (*top.path, len(top.value))
                top.value.append(value)
            else:
                path = (*top.path, top.key or "")
                top.value[top.key or ""] = value
                top.key = None
        self.document.values[path] = _where(event)
        return path

    def _wrong(self, event: yaml.Event, message: str) -> None:
        self.mistakes.append(Mistake(self.document.source, *_where(event), message))


def _where(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _resolve(text: str) -> Value:
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


# --- Document -> model ------------------------------------------------------------------------------------------------


def validate(document: Document, model: type[M]) -> M:
    """Check a Document against a pydantic model without coercion (a quoted "5" is no number). Raises Mistakes."""
    try:
        # Strict validation of JSON refuses coercions but knows that a list may be a tuple and a string an enum.
        return model.model_validate_json(json.dumps(document.value), strict=True)
    except ValidationError as error:
        found = {_translate(document, model, dict(e)) for e in error.errors(include_url=False)}
        raise Mistakes(sorted(found, key=lambda m: (m.line, m.column, m.message))) from None


_PLAIN = {
    "string_type": "il faut un texte (entre guillemets si besoin)",
    "int_type": "il faut un nombre entier",
    "float_type": "il faut un nombre",
    "bool_type": "il faut true ou false",
    "list_type": "il faut une liste",
    "tuple_type": "il faut une liste",
    "frozen_set_type": "il faut une liste",
    "set_type": "il faut une liste",
    "dict_type": "il faut des clés et des valeurs (clé: valeur)",
    "model_type": "il faut des clés et des valeurs (clé: valeur)",
    "model_attributes_type": "il faut des clés et des valeurs (clé: valeur)",
    "date_from_datetime_parsing": "il faut une date (AAAA-MM-JJ)",
    "date_parsing": "il faut une date (AAAA-MM-JJ)",
    "date_type": "il faut une date (AAAA-MM-JJ)",
}
_BOUNDS = {
    "greater_than": "doit être supérieur à {gt}",
    "greater_than_equal": "doit être au moins {ge}",
    "less_than": "doit être inférieur à {lt}",
    "less_than_equal": "doit être au plus {le}",
    "too_short": "il faut au moins {min_length} élément(s), il y en a {actual_length}",
    "too_long": "il faut au plus {max_length} éléments, il y en a {actual_length}",
    "string_too_short": "texte trop court : au moins {min_length} caractère(s)",
    "string_too_long": "texte trop long : au plus {max_length} caractères",
    "string_pattern_mismatch": "n'a pas la forme attendue ({pattern})",
}


def _translate(document: Document, model: type[BaseModel], error: dict[str, object]) -> Mistake:
    raw = error["loc"]
    assert isinstance(raw, tuple)
    kind, path = str(error["type"]), tuple(x for x in raw if isinstance(x, str | int))
    context = error.get("ctx")
    details: dict[str, object] = context if isinstance(context, dict) else {}
    if kind == "missing":
        return document.mistake(_real(document, path[:-1]), f"clé manquante : « {path[-1]} »")
    if kind == "extra_forbidden":
        hint = guess(str(path[-1]), _keys_at(model, path[:-1]))
        return document.mistake(_real(document, path), f"clé inconnue : « {path[-1]} »{hint}", key=True)
    path = _real(document, path)
    if kind in ("enum", "literal_error"):
        expected = str(details.get("expected", ""))
        words = re.findall(r"'([^']*)'", expected)
        given = error.get("input")
        hint = guess(given, words) if isinstance(given, str) else ""
        shown = f"« {given} »" if isinstance(given, str | int | float) else "cette valeur"
        return document.mistake(path, f"{shown} n'est pas admis ici{hint} (admis : {', '.join(words) or expected})")
    if kind in _BOUNDS:
        shorter = {k: f"{v:g}" if isinstance(v, float) else v for k, v in details.items()}
        return document.mistake(path, _BOUNDS[kind].format_map(shorter))
    if kind in ("value_error", "assertion_error"):
        return document.mistake(path, str(details.get("error", error["msg"])))
    return document.mistake(path, _PLAIN.get(kind, f"valeur refusée : {error['msg']}"))


def guess(word: str, known: list[str]) -> str:
    """` ; vouliez-vous dire « … » ?` when a known word is close, else nothing."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f" ; vouliez-vous dire « {close[0]} » ?" if close else ""


def _real(document: Document, path: Path) -> Path:
    """A pydantic location without the names of union branches that stand between the keys of the file."""
    real: Path = ()
    for step in path:
        if (*real, step) in document.values:
            real = (*real, step)
    return real


def _keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that the model at `path` knows."""
    models = [model]
    for step in path:
        if isinstance(step, str):
            deeper = [m for parent in models for m in _models_of(_annotation(parent, step))]
            models = deeper or models
    return [f.alias or name for m in models for name, f in m.model_fields.items()]


def _annotation(model: type[BaseModel], key: str) -> object:
    for name, info in model.model_fields.items():
        if key in (info.alias or name, name):
            return info.annotation
    return None


def _models_of(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for argument in get_args(annotation):
        yield from _models_of(argument)
