"""`mss-guard demo`: the main job end to end on loopback, through real SMTP, with nothing but what the package carries. Ends by itself."""

from __future__ import annotations

import asyncio
import email
import shutil
import smtplib
import sys
import tempfile
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import yaml

from mss_guard.cli.common import NO, OK, leave, say
from mss_guard.cli.language import t

SHOWN = "11b-compte-rendu-pdf"
"""The message whose notice and journal entry are shown."""

CONFIG = """\
structure:
  id: tilleuls
  name: EHPAD Les Tilleuls (démonstration)
  domains: [ehpad-les-tilleuls.fr]
  secure_domains: [ehpad-les-tilleuls.mssante.fr]
  secure_access: https://webmail.exemple.mssante.fr
  region: pays-de-la-loire
  contact: {{name: Support informatique, email: support@ehpad-les-tilleuls.fr, phone: 02 00 00 00 00, hours: 9 h - 17 h}}
listeners:
  - {{address: 127.0.0.1, port: 0, mode: smtp, senders: own}}
  - {{address: 127.0.0.1, port: 0, mode: smtp, senders: any}}
next_hop: {{host: 127.0.0.1, port: {hop}}}
limits: {{per_client: 100}}
smtp: {{hostname: demo.invalid}}
trust: {{list: {folder}/liste-demo.xml}}
partners: {{domains: [materiel-medical.example]}}
policy: {{mode: enforce, refusal: reject+notice}}
audit: {{path: {folder}/journal}}
state: {folder}/state
node: demo
"""


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one sample message. `expected`: what the table of docs/flow.md says of it."""

    file: str
    row: int
    recipients: str
    decision: str
    reason: str
    reference: str
    as_expected: bool


def demo() -> None:
    folder = Path(tempfile.mkdtemp(prefix="mss-guard-demo-"))
    try:
        good = asyncio.run(_play(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    leave(OK if good else NO)


async def _play(folder: Path) -> bool:
    from mss_guard import app, errands
    from mss_guard.edge import demo_hop, library, logs

    logs.configure("error", sys.stderr)
    hop = demo_hop.DemoHop(folder / "maildir")
    shutil.copyfile(library.shipped("rules") / "trust" / "liste-demo.xml", folder / "liste-demo.xml")
    config = folder / "mss-guard.yaml"
    config.write_text(CONFIG.format(hop=await hop.start(), folder=folder), encoding="utf-8")
    service = app.Service(config, await asyncio.to_thread(errands.read, config))
    await service.start()
    try:
        samples = yaml.safe_load((library.shipped("examples/mail") / "index.yaml").read_text(encoding="utf-8"))
        rows = [await _send(service, library.shipped("examples/mail"), sample) for sample in samples]
    finally:
        await service.stop(5.0)
        await hop.close()
    _table(rows)
    letter = next(row.reference for row in rows if row.file == SHOWN)
    notice_shown = _show_notice([hop.text(key) for _, key in hop.delivered], letter)
    root, _ = errands.journal_places(service.settings)
    verified = _show_journal(root, letter)
    return notice_shown and verified and all(row.as_expected for row in rows)


async def _send(service: Any, folder: Path, sample: dict[str, Any]) -> Row:
    """One message over SMTP, as its sender's mail server would send it."""
    front = service.fronts[0 if sample["senders"] == "own" else 1]
    raw = (folder / sample["file"]).read_bytes()
    seen = len(await _decisions(service))
    code, _ = await asyncio.to_thread(_smtp, front.port, sample["from"], sample["to"], raw)
    record = (await _decisions(service))[seen]
    decision = {2: t("transmis", "relayed"), 5: t("refusé", "refused"), 4: t("différé", "deferred")}[code // 100]
    rows = {r.get("row") for r in record["recipients"]}
    return Row(sample["file"].removesuffix(".eml"), sample["row"], ", ".join(sorted({r["domain"] for r in record["recipients"]})), decision,
               record.get("reason") or "-", record["ref"], sample["row"] in rows)  # fmt: skip


def _smtp(port: int, sender: str, recipients: list[str], raw: bytes) -> tuple[int, str]:
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        try:
            client.sendmail(sender, recipients, raw)
        except smtplib.SMTPDataError as refusal:
            said = refusal.smtp_error
            return refusal.smtp_code, said.decode("ascii", "replace") if isinstance(said, bytes) else said
    return 250, ""


async def _decisions(service: Any) -> list[dict[str, Any]]:
    from mss_guard import errands
    from mss_guard.edge import journal

    root, _ = errands.journal_places(service.settings)
    return [found.record for found in journal.search(root, journal.Filters(kinds=frozenset({"decision"})))]


def _table(rows: list[Row]) -> None:
    heads = (
        t("message", "message"),
        t("ligne", "row"),
        t("destinataires", "recipients"),
        t("décision", "decision"),
        t("raison", "reason"),
        t("référence", "reference"),
    )
    cells = [
        heads,
        *(
            (r.file, str(r.row) + ("" if r.as_expected else " ?"), r.recipients, r.decision, r.reason, r.reference)
            for r in rows
        ),
    ]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _show_notice(delivered: list[bytes], reference: str) -> bool:
    """The notice that went back to the sender of one message, as text."""
    for raw in delivered:
        message = email.message_from_bytes(raw, policy=default)
        assert isinstance(message, EmailMessage)
        if message["Auto-Submitted"] == "auto-replied" and reference in message["Subject"]:
            body = message.get_body(("plain",))
            print(f"\n--- {t('un avis', 'a notice')} : {message['Subject']}\n")
            print(body.get_content() if body is not None else "")
            return True
    say(t("L'avis n'est pas parti.", "The notice was not sent."))
    return False


def _show_journal(root: Path, reference: str) -> bool:
    """One entry, and the chain."""
    from mss_guard.cli import journal_words
    from mss_guard.edge import journal

    print(f"--- {t('une trace du journal', 'an entry of the journal')} : {reference}\n")
    for found in journal.show(root, reference):
        for line in journal_words.told(found.record):
            print(line)
    report = journal.verify(root)
    for problem in report.breaks:
        say(str(problem))
    print(f"\nverify: {'ok' if report.ok else 'broken'} ({report.records} {t('enregistrements', 'records')})")
    return report.ok
