"""Messages that programs of Debian and of Python's library make, and reports that mail servers make: swaks, s-nail,
openssl, `email` of both generations."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from email import encoders, policy
from email.header import Header
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.base import MIMEBase
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

from tests.oracles.clients import CLIENTS, write
from tests.oracles.letters import LETTERS, Letter

PROGRAMS = ("swaks", "s-nail", "openssl")


def missing() -> list[str]:
    return [name for name in PROGRAMS if shutil.which(name) is None]


def made(where: Path) -> Iterator[tuple[str, bytes]]:
    """(what made it, message) of every letter by every program here; `where` is an empty directory."""
    for letter in LETTERS:
        files = []
        for file in (*letter.pictures, *letter.files):
            path = where / file.name
            path.write_bytes(file.data)
            files.append((path, file.type))
        if shutil.which("swaks"):
            yield "swaks", _swaks(letter, files)
        if shutil.which("s-nail"):
            yield "s-nail", _s_nail(letter, files, where)
        yield "EmailMessage", _email(letter)
        yield "MIMEMultipart", _legacy(letter)
    yield from _reports()
    if shutil.which("openssl"):
        yield from _signed(where)


def _swaks(letter: Letter, files: list[tuple[Path, str]]) -> bytes:
    command = ["swaks", "--dump-mail", "--to", "jean@ordinaire.example", "--from", "secretariat@tilleuls.example",
               "--header", f"Subject: {letter.subject}", "--body", letter.text or " "]  # fmt: skip
    for path, kind in files:
        command += ["--attach-type", kind, "--attach", f"@{path}"]
    return (
        subprocess.run(command, capture_output=True, check=True, timeout=60)
        .stdout.replace(b"\r\n", b"\n")
        .replace(b"\n", b"\r\n")
    )


def _s_nail(letter: Letter, files: list[tuple[Path, str]], where: Path) -> bytes:
    """s-nail hands its message to a program in the place of sendmail; this one keeps it."""
    kept = where / "kept"
    keeper = where / "keeper"
    keeper.write_text(f"#!/bin/sh\ncat > '{kept}'\n")
    keeper.chmod(0o755)
    command = ["s-nail", "-:/", "-S", f"mta={keeper}", "-S", "ttycharset=utf-8", "-S", "sendcharsets=utf-8,iso-8859-1",
               "-S", "sendwait", "-r", "secretariat@tilleuls.example", "-s", letter.subject]  # fmt: skip
    for path, kind in files:
        command += ["-a", f"{path}=windows-1252" if kind == "text/csv" else str(path)]
    subprocess.run([*command, "jean@ordinaire.example"], input=letter.text.encode(), check=True, timeout=60,
                   env={"PATH": "/usr/bin:/bin", "HOME": str(where), "LC_ALL": "C.UTF-8"}, capture_output=True)  # fmt: skip
    return kept.read_bytes().replace(b"\n", b"\r\n")


def _email(letter: Letter) -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "Secrétariat <secretariat@tilleuls.example>", "jean@ordinaire.example"
    message["Subject"] = letter.subject
    message.set_content(letter.text)
    for file in (*letter.pictures, *letter.files):
        major, minor = file.type.split("/")
        message.add_attachment(file.data, maintype=major, subtype=minor, filename=file.name)
    return message.as_bytes(policy=policy.SMTP)


def _legacy(letter: Letter) -> bytes:
    message = MIMEMultipart()
    message["From"], message["To"] = "secretariat@tilleuls.example", "jean@ordinaire.example"
    message["Subject"] = Header(letter.subject, "utf-8")
    message.attach(MIMEText(letter.text, "plain", "utf-8"))
    for file in (*letter.pictures, *letter.files):
        major, minor = file.type.split("/")
        part: MIMEBase
        if major == "image":
            part = MIMEImage(file.data, minor)
        elif major == "application":
            part = MIMEApplication(file.data, minor)
        else:
            part = MIMEBase(major, minor)
            part.set_payload(file.data)
            encoders.encode_base64(part)
        part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", file.name))
        message.attach(part)
    return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _reports() -> Iterator[tuple[str, bytes]]:
    """What mail servers, lists and clients answer by themselves (RFC 3464, 8098, 5545)."""
    inner = write(CLIENTS[3], LETTERS[1], 77)
    head = inner.partition(b"\r\n\r\n")[0] + b"\r\n"
    for name, kind, returned in (("a DSN with the message", "message/rfc822", inner),
                                 ("a DSN with the headers", "text/rfc822-headers", head)):  # fmt: skip
        yield name, _multipart("report; report-type=delivery-status", "C5A1F2E0.17646/mail.tilleuls.example", [
            b"Content-Description: Notification\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nVotre message n'a pas pu partir.\r\n",
            (b"Content-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n"
            b"Reporting-MTA: dns; mail.tilleuls.example\r\n\r\nFinal-Recipient: rfc822; jean@ordinaire.example\r\n"
            b"Action: failed\r\nStatus: 5.1.1\r\n"),
            b"Content-Description: Undelivered Message\r\nContent-Type: " + kind.encode() + b"\r\n\r\n" + returned])  # fmt: skip
    yield "a read receipt", _multipart("report; report-type=disposition-notification", "--_x_mdn_1", [
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nLe message a \xc3\xa9t\xc3\xa9 lu.\r\n",
        (b"Content-Type: message/disposition-notification\r\n\r\nReporting-UA: poste-12; Thunderbird\r\n"
        b"Original-Message-ID: <1@ordinaire.example>\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n")])  # fmt: skip
    for outer in CLIENTS:
        yield f"{outer.name}, a message forwarded as attachment", _multipart("mixed", f"fwd_{len(outer.name)}_x", [
            b"Content-Type: text/plain; charset=us-ascii\r\n\r\nPour information.\r\n",
            b"Content-Type: message/rfc822; name=\"Devis.eml\"\r\nContent-Disposition: attachment; filename=\"Devis.eml\"\r\n\r\n"
            + write(outer, LETTERS[3], 5)])  # fmt: skip
    for client in CLIENTS[:8]:  # Mailman puts the message in a part and its footer in the next
        entity = b"Content-Type" + write(client, LETTERS[0], 9).partition(b"Content-Type")[2]
        yield f"{client.name}, through a list", _multipart("mixed", "===============2345678901234567890==", [
            entity, (b"Content-Type: text/plain; charset=\"utf-8\"\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n"
            b"Content-Disposition: inline\r\n\r\nX19fX19fX19fX19fX19fX19fX18KTGlzdGUgZGUgZGlmZnVzaW9uIGRlcyBwYXJ0ZW5haXJlcwo=\r\n")])  # fmt: skip


def _multipart(kind: str, boundary: str, parts: list[bytes]) -> bytes:
    mark = b"\r\n--" + boundary.encode()
    head = (
        f"From: MAILER <mailer@tilleuls.example>\r\nTo: jean@ordinaire.example\r\nSubject: Information\r\n"
        f'MIME-Version: 1.0\r\nContent-Type: multipart/{kind};\r\n\tboundary="{boundary}"\r\n'
    )
    return head.encode() + b"".join(mark + b"\r\n" + part for part in parts) + mark + b"--\r\n"


def _signed(where: Path) -> Iterator[tuple[str, bytes]]:
    for client in CLIENTS[:6]:
        whole = write(client, LETTERS[3], 12)
        yield f"{client.name}, signed", signature(whole, where)
        yield f"{client.name}, signed, opaque", signature(whole, where, "-nodetach")


def signature(whole: bytes, where: Path, *options: str) -> bytes:
    """The entity of a message under S/MIME (RFC 8551) by openssl, with a certificate of its own kept in `where`."""
    key, certificate, entity = where / "k.pem", where / "c.pem", where / "entity"
    if not key.exists():
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                        "-days", "30", "-subj", "/CN=Claire Dubois"], check=True, capture_output=True, timeout=60)  # fmt: skip
    entity.write_bytes(b"Content-Type" + whole.partition(b"Content-Type")[2])
    command = ["openssl", "smime", "-sign", "-in", entity, "-signer", certificate, "-inkey", key, "-binary",
               "-crlfeol", "-from", "secretariat@tilleuls.example", "-subject", "Facture", *options]  # fmt: skip
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
