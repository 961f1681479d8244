"""From the running service to the DPO's mailbox and back: the mail alone proves the journal, and betrays whoever cut it."""

import smtplib
import time

from tests.cli.kit import run
from tests.e2e.guard_process import Guard, running
from tests.e2e.mailbox_sink import MailboxSink
from tests.e2e.postfix import free_port

DPO = "dpo@ehpad-les-tilleuls.fr"


def test_the_mail_of_the_running_service_proves_its_journal(tmp_path):
    """A message is judged, the DPO's mail comes through the next hop; `audit verify` holds against it, and no longer once the journal is cut."""
    sink, port = MailboxSink(), free_port()
    guard = Guard(tmp_path, sink.port, {port: "mode: smtp"})
    guard.config.write_text(guard.config.read_text().replace("  contact:", f"  dpo: {{email: {DPO}}}\n  contact:"))
    try:
        with running(guard):
            end = time.monotonic() + 30
            while not sink.to(DPO) and time.monotonic() < end:
                time.sleep(0.1)
            with smtplib.SMTP("127.0.0.1", port) as client:
                client.sendmail(
                    "ide@ehpad-les-tilleuls.fr", ["collegue@ehpad-les-tilleuls.fr"], b"Subject: menu\r\n\r\nBonjour\r\n"
                )
            told = run("audit", "verify", "-c", guard.config)
            assert (told.status, told.out) == (0, "verify: ok\n"), told.err
            assert "témoin" in told.err
            assert "non prouvé" in told.err
    finally:
        sink.close()
    (mail,) = sink.to(DPO)
    (tmp_path / "temoin.eml").write_bytes(mail)
    assert run("audit", "verify", "--witness", tmp_path / "temoin.eml", "-c", guard.config).status == 0
    segment = next((tmp_path / "journal").rglob("*.jsonl"))
    segment.write_bytes(segment.read_bytes().splitlines(keepends=True)[0])
    next((tmp_path / "journal").rglob("head.json")).unlink()
    assert run("audit", "verify", "-c", guard.config).status == 0, "the host alone cannot tell"
    cut = run("audit", "verify", "--witness", tmp_path / "temoin.eml", "-c", guard.config)
    assert cut.status == 1
    assert "fin coupée" in cut.err
