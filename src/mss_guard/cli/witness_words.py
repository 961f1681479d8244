"""`audit verify` in words, and the reading of what a witness has kept: the DPO's mails, or files of heads."""

from __future__ import annotations

import email
import email.policy
import mailbox
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mss_guard.cli.language import t

if TYPE_CHECKING:
    from mss_guard.edge.journal import Head, Report, WriterReport


def heads(files: Sequence[Path]) -> list[Head]:
    """Every signed head in these files; a directory is all the files in it. Raises OSError."""
    from mss_guard.edge import journal

    every = [one for file in files for one in (sorted(file.iterdir()) if file.is_dir() else [file])]
    return [head for file in every for text in _texts(file) for head in journal.parse_heads(text)]


def _texts(file: Path) -> Iterator[str]:
    """A file of heads as it is; of mails, the text parts decoded."""
    raw = file.read_bytes()
    if raw.startswith(b"From "):
        box = mailbox.mbox(file, create=False)
        yield from (text for key in box.keys() for text in _bodies(box.get_bytes(key)))  # noqa: SIM118 - a mailbox is no dict
        return
    first = raw.partition(b"\n")[0]
    if b":" in first and not first.lstrip().startswith((b"{", b"<")):
        yield from _bodies(raw)
    else:
        yield raw.decode("utf-8", "replace")


def _bodies(raw: bytes) -> Iterator[str]:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    for part in message.walk():
        if isinstance(part, EmailMessage) and part.get_content_maintype() == "text":
            yield str(part.get_content())


def as_json(report: Report) -> dict[str, Any]:
    """The whole report; `unproven` is said of each writer."""
    kept = (
        "node",
        "writer",
        "segments",
        "records",
        "torn",
        "head",
        "first_seq",
        "last_seq",
        "signed",
        "signed_seq",
        "witnessed",
        "unproven",
    )
    writers = [{k: v for k, v in asdict(w).items() if k in kept} for w in report.writers]
    detail = [{"file": b.file, "line": b.line, "seq": b.seq, "what": b.what} for b in report.breaks]
    return {"ok": report.ok, "records": report.records, "breaks": [str(b) for b in report.breaks], "detail": detail,
            "ignored": report.ignored, "writers": writers}  # fmt: skip


def lines(report: Report, *, witnessed: bool) -> Iterator[str]:
    """One line a writer: what holds, and from where on nothing is proven."""
    for writer in report.writers:
        name = f"{writer.node}/{writer.writer}"
        yield t(
            f"{name} : {writer.records} enregistrements (n° {writer.first_seq} à {writer.last_seq}), {writer.segments} segment(s), "
            f"{writer.signed} tête(s) signée(s), tête {writer.head[:16]}",
            f"{name}: {writer.records} records (no. {writer.first_seq} to {writer.last_seq}), {writer.segments} segment(s), "
            f"{writer.signed} signed head(s), head {writer.head[:16]}",
        )
        if writer.unproven:
            yield _unproven(name, writer, witnessed=witnessed)
    if report.ignored:
        yield t(
            f"{report.ignored} tête(s) du témoin ignorée(s) : leur signature n'est pas bonne (copie abîmée ?)",
            f"{report.ignored} head(s) of the witness ignored: bad signature (mangled copy?)",
        )


def told(report: Report, seen: Mapping[str, int]) -> Iterator[str]:
    """What this host says that the witness has been told: a hint, no proof. `seen`: the last record, by node/writer."""
    for writer in report.writers:
        name = f"{writer.node}/{writer.writer}"
        if name in seen:
            behind = max(0, writer.last_seq - seen[name])
            yield t(
                f"{name} : témoin tenu au courant jusqu'au n° {seen[name]}, dit cette machine ; {behind} depuis, non prouvé(s) (--witness le vérifie)",
                f"{name}: witness told up to no. {seen[name]}, says this host; {behind} record(s) unproven since (--witness checks it)",
            )


def _unproven(name: str, writer: WriterReport, *, witnessed: bool) -> str:
    since = writer.last_seq - writer.unproven + 1
    whom = (
        t("la dernière tête gardée par le témoin", "the witness's last head")
        if witnessed
        else t("la dernière tête signée", "the last signed head")
    )
    return t(
        f"{name} : non prouvé, {writer.unproven} enregistrement(s) depuis le n° {since}, après {whom} : une fin coupée ou réécrite là ne se verrait pas",
        f"{name}: unproven, {writer.unproven} record(s) from no. {since} on, behind {whom}: an end cut or rewritten there would not show",
    )
