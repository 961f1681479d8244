"""What a part's headers say of its body: type, parameters, transfer encoding; and each other way to take them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mss_guard.core.mime import parameters
from mss_guard.core.mime.headers import Block
from mss_guard.core.mime.parameters import Parameter
from mss_guard.core.model import Why

MAX_READINGS = 3  # values of one duplicated field that are followed; the part is ambiguous anyway

_TYPE = re.compile(r'\s*"?([^\s/;",()]+)(\s*)/(\s*)([^\s;",()]+)"?\s*(.?)', re.DOTALL)
_COMMENT = re.compile(r"\([^()]*\)")
_BOUNDARY = frozenset({"boundary"})
_CHARSET = frozenset({"charset"})


@dataclass(frozen=True, slots=True)
class Facts:
    """`declared`: media type in lower case. `boundaries`: every value that some reader would take, likeliest first.
    `encoding`: the token of Content-Transfer-Encoding. `why`: what the headers contradict themselves in."""

    declared: str
    params: list[Parameter]
    boundaries: tuple[bytes, ...]
    encoding: str
    why: Why | None


def token(value: str) -> str:
    """What stands before the parameters, in lower case, without comments."""
    value = value.partition(";")[0]
    if "(" in value:
        value = _COMMENT.sub(" ", value)
    return value.strip().strip('"').lower()


def read(block: Block, default: str) -> list[Facts]:
    """The likeliest reading, then the others that a duplicate or a comment gives. `default`: the type that none means
    (RFC 2045 §5.2, RFC 2046 §5.1.5)."""
    types = list(dict.fromkeys(h.text for h in block.all("content-type"))) or [""]
    encodings = list(dict.fromkeys(token(h.text) for h in block.all("content-transfer-encoding"))) or [""]
    odd = len(types) > 1 or len(encodings) > 1 or _files_differ(block)
    why = block.why or (Why.AMBIGUOUS if odd else None)
    if len(types) == len(encodings) == 1 and "(" not in types[0]:
        return [_facts(types[0], encodings[0], default, why)]
    forms = [form for value in types[:MAX_READINGS] for form in _forms(value)]
    first, *others = [_facts(form, encodings[0], default, why) for form in forms]
    others += [_facts(forms[0], encoding, default, why) for encoding in encodings[1:MAX_READINGS]]
    if len(forms) > 1 and len(encodings) > 1:
        others.append(_facts(forms[-1], encodings[-1], default, why))
    return [first, *(other for other in others if _said(other) != _said(first))]


def _said(facts: Facts) -> tuple[object, ...]:
    return facts.declared, facts.boundaries, facts.encoding


def _forms(value: str) -> Iterator[str]:
    """A field as it is written, and what remains of it without comments, which comes first (RFC 2045 §5.1)."""
    if "(" in value:
        yield parameters.without_comments(value)
    yield value


def _facts(value: str, encoding: str, default: str, why: Why | None) -> Facts:
    params = parameters.parameters(value) if ";" in value or "=" in value else []
    if len(params) >= parameters.MAX_PARAMETERS:
        why = why or Why.TOO_MANY
    declared, odd = _declared(value, default)
    odd = odd or len(charsets(params)) > 1
    boundaries: tuple[bytes, ...] = ()
    if declared.startswith("multipart/"):
        boundaries, doubtful = _boundaries(params)
        odd = odd or doubtful
    return Facts(declared, params, boundaries, encoding, why or (Why.AMBIGUOUS if odd else None))


def charsets(params: list[Parameter]) -> list[str]:
    """Every label that some reader would take, in lower case, each once."""
    if len(params) < 2 or sum(p.name.startswith("charset") for p in params) < 2:
        return []
    return list(dict.fromkeys(label.strip().lower() for label in parameters.candidates(params, _CHARSET)))


def _declared(value: str, default: str) -> tuple[str, bool]:
    """The media type, and whether readers would differ on it. Without a subtype it is no type (RFC 2045 §5.2)."""
    worded = "=?" in value.partition(";")[0]
    if worded:
        value = parameters.words(value)
    match = _TYPE.match(value)
    if match is None:
        bare = token(value)
        return ("multipart/mixed", True) if bare == "multipart" else (default, worded)
    declared = f"{match[1]}/{match[4]}".lower()
    strange = worded or match[2] or match[3] or match[5] not in ("", ";", "(")
    return declared, bool(strange) and (declared.startswith(("multipart/", "message/")) or "multipart" in value.lower())


def _boundaries(params: list[Parameter]) -> tuple[tuple[bytes, ...], bool]:
    """Every boundary that these parameters may mean, and whether more than one was meant."""
    said = [p for p in params if p.name.partition("*")[0] == "boundary"]
    meant = list(dict.fromkeys(parameters.candidates(params, _BOUNDARY)))
    found = dict.fromkeys(form for value in meant for form in _spelled(value))
    blanks = any(value != value.rstrip() for value in meant)
    doubtful = len(meant) > 1 or blanks or any(p.loose for p in said)
    return tuple(value.encode("utf-8", "surrogateescape") for value in found if value), doubtful


def _spelled(value: str) -> Iterator[str]:
    """A value, and what is left of it for readers that end it earlier or see no quotes."""
    yield value.rstrip()
    yield value
    if value[:1] in "\"'":
        yield value.strip("\"'")
    if '"' in value:
        yield value.replace('"', "")
    yield value.partition(" ")[0].partition("\t")[0]


_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,5})\Z")
_FILENAME = frozenset({"filename"})


def _files_differ(block: Block) -> bool:
    """Two file names for the same file that end in different types: one client opens what the other shows as text."""
    fields = block.all("content-disposition")
    if not fields or not (len(fields) > 1 or "*" in fields[0].text or fields[0].text.lower().count("filename") > 1):
        return False
    names = [n for f in fields for n in parameters.candidates(parameters.parameters(f.text), _FILENAME)]
    ends = {found[1].lower() for name in names if (found := _EXTENSION.search(parameters.clean_name(name)))}
    return len(ends) > 1
