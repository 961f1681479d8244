"""The walk beside two oracles: the structures that Apache James mime4j and stalwart's mail-parser keep of their own test
messages. Equal: type, depth, order and count of all nodes, and the SHA-256 of every decoded leaf."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from lxml import etree

from mss_guard.core import mime
from tests.readers.production import SHARED

SETS = SHARED / "torture" / "mime"
DIFFERENCES = Path(__file__).with_name("differences.yaml")
MAX_UNEXPLAINED = 0.01


@dataclass(frozen=True, slots=True)
class Node:
    """One node in the order of the bytes. `digest`: of a leaf's decoded bytes, line ends as LF and none at the end;
    "" for a container."""

    depth: int
    type: str
    digest: str = ""


def digest(data: bytes | str) -> str:
    """Line ends are the form of a text, not its content: some oracles keep them, others write LF."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    return hashlib.sha256(raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")).hexdigest()


def ours(raw: bytes, *, as_text: bool = False) -> list[Node]:
    """What our walk makes of a message, preambles and epilogues left out. `as_text`: leaves of text are decoded, as
    the oracle hands out characters."""
    nodes: list[Node] = []
    above: list[mime.Part] = []
    for part in mime.parse(raw).parts:
        if ":" in part.id:
            continue
        while above and not _inside(above[-1], part):
            above.pop()
        leaf = "" if part.container else _leaf(part, as_text)
        nodes.append(Node(len(above), part.declared, leaf))
        if part.container:
            above.append(part)
    return nodes


def _inside(container: mime.Part, part: mime.Part) -> bool:
    if container.id == part.id:
        return container.declared.startswith("message/")
    return container.id == "0" or part.id.startswith(f"{container.id}.")


def _leaf(part: mime.Part, as_text: bool) -> str:
    if as_text and part.declared.startswith("text/"):
        return digest(mime.decode_text(part.data, part.charset))
    return digest(part.data)


# --- mime4j -----------------------------------------------------------------------------------------------------------

_TYPE = re.compile(r"\s*content-type\s*:\s*([^;\s]+)", re.IGNORECASE)


def mime4j() -> Iterator[tuple[str, bytes, list[Node]]]:
    """(name, message, nodes) of every .msg with its _decoded.xml."""
    for path in sorted((SETS / "mime4j").rglob("*.msg")):
        known = path.with_name(f"{path.stem}_decoded.xml")
        root = etree.fromstring(known.read_bytes(), etree.XMLParser(recover=True, resolve_entities=False))
        nodes: list[Node] = []
        _entity(root, 0, "text/plain", known.parent, nodes)
        yield f"mime4j/{path.parent.name}/{path.name}", path.read_bytes(), nodes


def _entity(element: Any, depth: int, default: str, where: Path, nodes: list[Node]) -> None:
    """A message or a body part: a header, then one body."""
    said = next((m[1] for field in element.findall("header/field") if (m := _TYPE.match(field.text or ""))), default)
    kind = said.lower() if "/" in said else default  # RFC 2045 §5.2
    for body in element:
        if body.tag == "multipart":
            nodes.append(Node(depth, kind))
            inner = "message/rfc822" if kind == "multipart/digest" else "text/plain"
            for part in body.findall("body-part"):
                _entity(part, depth + 1, inner, where, nodes)
        elif body.tag == "message":
            nodes.append(Node(depth, kind))
            _entity(body, depth + 1, "text/plain", where, nodes)
        elif body.tag in ("text-body", "binary-body"):
            file = where / (body.get("name") or "")
            nodes.append(Node(depth, kind, digest(file.read_bytes()) if file.is_file() else "not kept"))


# --- stalwart ---------------------------------------------------------------------------------------------------------


def stalwart() -> Iterator[tuple[str, bytes, list[Node]]]:
    """(name, message, nodes) of every .eml with its .json, as it is and with CRLF line ends."""
    for path in sorted((SETS / "stalwart-mail-parser").rglob("*.eml")):
        raw = path.read_bytes()
        name = f"stalwart/{path.parent.name}/{path.name}"
        for ending, message in ((".json", raw), (".crlf.json", raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))):
            known = path.with_suffix(ending)
            if known.is_file():
                nodes: list[Node] = []
                document = json.loads(known.read_bytes())
                _part(document["parts"], 0, 0, "text/plain", nodes)
                yield name + (" (CRLF)" if "crlf" in ending else ""), message, nodes


def _part(parts: list[dict[str, Any]], at: int, depth: int, default: str, nodes: list[Node]) -> None:
    part = parts[at]
    ((form, body),) = part["body"].items()
    kind = _declared(part) or default
    if form == "Multipart":
        nodes.append(Node(depth, kind))
        inner = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        for child in body:
            _part(parts, child, depth + 1, inner, nodes)
    elif form == "Message":
        nodes.append(Node(depth, kind))
        _part(body["parts"], 0, depth + 1, "text/plain", nodes)
    else:
        nodes.append(Node(depth, kind, digest(bytes(body) if isinstance(body, list) else body)))


def _declared(part: dict[str, Any]) -> str:
    for header in part["headers"]:
        if header["name"] == "content_type":
            said = header["value"]
            if isinstance(said, dict) and "ContentType" in said:
                kind = said["ContentType"]
                return f"{kind['c_type']}/{kind.get('c_subtype') or ''}".lower().rstrip("/")
    return ""


# --- the comparison ---------------------------------------------------------------------------------------------------


def compared() -> Iterator[tuple[str, bytes, list[Node], bool]]:
    """(name, message, the oracle's nodes, whether its texts are characters) of every message that has an oracle."""
    for name, raw, wanted in mime4j():
        yield name, raw, wanted, False
    for name, raw, wanted in stalwart():
        yield name, raw, wanted, True


def difference(wanted: list[Node], got: list[Node]) -> str:
    """The first thing in which two structures differ, in one line."""
    if wanted == got:
        return ""
    shape = [(node.depth, node.type) for node in wanted], [(node.depth, node.type) for node in got]
    if shape[0] == shape[1]:
        which = [n for n, (a, b) in enumerate(zip(wanted, got, strict=True)) if a.digest not in (b.digest, "not kept")]
        return f"content of node {', '.join(map(str, which))}" if which else ""
    return f"oracle {_drawn(wanted)} ours {_drawn(got)}"


def _drawn(nodes: list[Node]) -> str:
    return " ".join(f"{'·' * node.depth}{node.type}" for node in nodes) or "nothing"


# --- the table of differences -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """One message whose structure is not the oracle's. `who`: ours, oracle, either; "" when nobody has judged it yet,
    or when it differs otherwise than it did when it was judged."""

    message: str
    what: str
    print: str
    who: str = ""
    why: str = ""


def fingerprint(wanted: list[Node], got: list[Node]) -> str:
    """Eight digits that change with either structure or any content."""
    return hashlib.sha256(repr((wanted, got)).encode()).hexdigest()[:8]


def judged() -> tuple[int, list[Difference]]:
    """(messages compared, differences in the order of the sets)."""
    table = yaml.safe_load(DIFFERENCES.read_text("utf-8"))
    known = {(name, mark): entry for entry in table for name, mark in entry["messages"].items()}
    count, found = 0, []
    for name, raw, wanted, as_text in compared():
        count += 1
        got = ours(raw, as_text=as_text)
        if what := difference(wanted, got):
            mark = fingerprint(wanted, got)
            entry = known.get((name, mark), {"who": "", "why": ""})
            found.append(Difference(name, what, mark, entry["who"], entry["why"]))
    return count, found


def report() -> bool:
    """Prints each class of differences and whatever is unexplained; True when at most one in a hundred is."""
    count, found = judged()
    if not count:
        print("skipped: no oracles beside the repository")
        return True
    unexplained = [difference for difference in found if not difference.who]
    print(f"messages with an oracle {count}, equal {count - len(found)}, different {len(found)}, "
          f"unexplained {len(unexplained)} ({len(unexplained) / count:.1%})\n")  # fmt: skip
    print("| messages | who is right | why |\n|---|---|---|")
    for (who, why), names in _classes(found).items():
        print(f"| {', '.join(names)} | {who} | {why} |")
    for difference_ in unexplained:
        print(f"- {difference_.message} ({difference_.print}): {difference_.what}")
    return len(unexplained) <= MAX_UNEXPLAINED * count


def _classes(found: list[Difference]) -> dict[tuple[str, str], list[str]]:
    classes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in found:
        if one.who:
            classes[one.who, one.why].append(one.message)
    return classes
