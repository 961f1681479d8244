"""The load: mixed mails (text, HTML, a small PDF or DOCX, filler in the attachment), every one different, over raw SMTP sessions."""

from __future__ import annotations

import asyncio
import base64
import random
import time

from tests.e2e.documents import examples

_WORDS = (
    "bonjour menu semaine réunion planning salle livraison facture commande contrat devis mardi jeudi équipe accueil formation"
    " parking travaux ascenseur courrier bureau imprimante merci cordialement direction cuisine jardin atelier chorale"
).split()
FROM, TO = b"ide@ehpad-les-tilleuls.fr", b"contact@fournisseur.example"


def mails(size: int, count: int, seed: int) -> list[bytes]:
    """`count` messages of about `size` octets, CRLF and dot-stuffed; no two alike."""
    return [_mail(size, random.Random(f"{seed}-{number}-{size}")) for number in range(count)]


def _text(chance: random.Random, length: int) -> str:
    lines, total = [], 0
    while total < length:
        line = " ".join(chance.choices(_WORDS, k=11))
        lines.append(line)
        total += len(line) + 1
    return "\n".join(lines)


def _mail(size: int, chance: random.Random) -> bytes:
    boundary = f"b{chance.getrandbits(64):x}"
    head = (
        f"From: Accueil <{FROM.decode()}>\r\nTo: <{TO.decode()}>\r\nSubject: {' '.join(chance.choices(_WORDS, k=4))}\r\n"
        f"Message-ID: <{chance.getrandbits(96):x}@bench.test>\r\nDate: Mon, 02 Mar 2026 14:32:00 +0100\r\nMIME-Version: 1.0\r\n"
    )
    if size <= 2_000:
        body = _text(chance, max(200, size - len(head) - 100)).replace("\n", "\r\n")
        return f"{head}Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}\r\n".encode()
    text = _text(chance, min(6_000, size // 5))
    parts = [
        f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n".replace("\n", "\r\n").replace("\r\r", "\r").encode(),
        ("Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n<html><body><p>"
         + text.replace("\n", "</p>\r\n<p>") + "</p></body></html>\r\n").encode(),
    ]  # fmt: skip
    document = examples.docx(_text(chance, 2_000)) if chance.random() < 0.5 else examples.pdf(_text(chance, 1_500))
    parts.append(_attachment("document.bin", document))
    rest = size - sum(map(len, parts)) - 800
    if rest > 0:
        # A scanned page, as far as cost goes: bytes that no reader can shrink.
        parts.append(_attachment("plan.dwg", b"AC1027" + chance.randbytes(rest * 3 // 4)))
    body = b"".join(f"--{boundary}\r\n".encode() + part for part in parts) + f"--{boundary}--\r\n".encode()
    return f'{head}Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'.encode() + body


def _attachment(name: str, data: bytes) -> bytes:
    encoded = base64.encodebytes(data).replace(b"\n", b"\r\n")
    head = f'Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="{name}"\r\n\r\n'
    return head.encode() + encoded


async def send_all(port: int, batch: list[bytes], sessions: int) -> float:
    """Seconds until every message had its 250."""
    waiting = list(reversed(batch))
    started = time.monotonic()
    await asyncio.gather(*(_session(port, waiting) for _ in range(sessions)))
    return time.monotonic() - started


async def _session(port: int, waiting: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)

    async def say(line: bytes, expected: bytes) -> None:
        if line:
            writer.write(line)
        answer = await reader.readline()
        while answer[3:4] == b"-":
            answer = await reader.readline()
        if not answer.startswith(expected):
            raise RuntimeError(f"{line[:40]!r}: {answer!r}")

    await say(b"", b"220")
    await say(b"EHLO bench.test\r\n", b"250")
    while waiting:
        message = waiting.pop()
        await say(b"MAIL FROM:<%s>\r\n" % FROM, b"250")
        await say(b"RCPT TO:<%s>\r\n" % TO, b"250")
        await say(b"DATA\r\n", b"354")
        writer.write(message + b".\r\n")
        await say(b"", b"250")
    writer.close()
