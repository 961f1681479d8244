"""What was promised, refused and delivered in a torture run; the messages that it counts.

Each message carries its number; everything about it follows from the number, so both ends know what it must be.
LOST = a 2xx was given for a recipient and the sink never completed the message for it, nor a report that it was refused. DUPLICATE = the sink completed it
more than once (its answer was lost on the way, as SMTP has always allowed).
"""

from __future__ import annotations

import base64
import collections
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from tests.e2e.documents import LETTERS, LISTED

ORDINARY = "qui@messagerie-ordinaire.example"
SECURE = LISTED
SENDER = "ide@ehpad-les-tilleuls.fr"

_TRACE = re.compile(rb"Received: [^\r]*\r\n(?:\t[^\r]*\r\n)+X-MSS-Guard-Id: (MSSG-\w{4}-\w{4})\r\n")
_TOLD = re.compile(rb"From: EHPAD Les Tilleuls <support@ehpad-les-tilleuls\.fr>\r\nTo: support@")
_REPORT = re.compile(rb"Content-Type: multipart/report;")
_ABOUT = re.compile(rb"Message-ID: <number\.(\d+)@e2e\.test>\r\n\r\n--")
_FINAL = re.compile(rb"Final-Recipient: rfc822; ([^\r\n]+)\r\n")
_NUMBER = re.compile(rb"X-Number: (\d+)\r\n")
_MENU = b"Le menu de la semaine est au tableau, avec la liste des ateliers.\r\n"


def health(number: int) -> bool:
    """Whether this message holds health data: it must never reach an ordinary address."""
    return number % 20 == 7


def body(number: int) -> bytes:
    """The message: mostly 3 kB of nothing in particular, now and then 400 kB, now and then a medical report."""
    head = b"Subject: message %d\r\nX-Number: %d\r\nMessage-ID: <number.%d@e2e.test>\r\nMIME-Version: 1.0\r\n" % (
        (number,) * 3
    )
    if health(number):
        return head + _report()
    return head + b"\r\n" + _MENU * (6000 if number % 25 == 0 else 40) + b"%d.\r\n" % number


def large(number: int) -> bytes:
    """5 MB of text."""
    return (
        body(number)
        if health(number)
        else body(number) + b"%d et la suite.\r\n" % number + _MENU * (5_000_000 // len(_MENU))
    )


@cache
def _report() -> bytes:
    document = base64.encodebytes(LETTERS["docx"]).replace(b"\n", b"\r\n")
    kind = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    return b"Content-Type: " + kind + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + document


@dataclass
class Ledger:
    """Shared by threads under `lock`. A key is (number, recipient)."""

    messages: int
    body: Callable[[int], bytes] = body
    lock: threading.Lock = field(default_factory=threading.Lock)
    next_number: int = 0
    finished: int = 0
    promised: set[tuple[int, str]] = field(default_factory=set)
    refused: set[tuple[int, str]] = field(default_factory=set)
    arrived: collections.Counter[tuple[int, str]] = field(default_factory=collections.Counter)
    reported: collections.Counter[tuple[int, str]] = field(default_factory=collections.Counter)
    references: set[str] = field(default_factory=set)
    told: int = 0
    altered: int = 0
    deferred: collections.Counter[str] = field(default_factory=collections.Counter)
    unanswered: int = 0

    def take(self) -> int | None:
        with self.lock:
            if self.next_number >= self.messages:
                return None
            self.next_number += 1
            return self.next_number

    def done(self) -> None:
        with self.lock:
            self.finished += 1

    def answered(self, number: int, recipient: str, reply: str) -> bool:
        """Whether `reply` settles the message for this recipient: a 4xx does not."""
        with self.lock:
            if reply[0] == "2":
                self.promised.add((number, recipient))
            elif reply[0] == "5":
                self.refused.add((number, recipient))
            else:
                self.deferred[reply[:9]] += 1
        return reply[0] in "25"

    def delivered(self, recipients: list[str], data: bytes) -> None:
        """The sink has a whole message."""
        if _REPORT.search(data[:2000]):
            self._reported(data)
            return
        if _TOLD.match(data):
            self._told(data)
            return
        trace, number = _TRACE.match(data), _NUMBER.search(data)
        with self.lock:
            if trace is None or number is None or data[trace.end() :] != self.body(int(number[1])):
                self.altered += 1
                return
            self.references.add(trace[1].decode())
            self.arrived.update((int(number[1]), recipient) for recipient in recipients)

    def _told(self, data: bytes) -> None:
        """The sink has a letter of the guard about itself: workers die, mail waits."""
        with self.lock:
            self.told += 1
            self.altered += _MENU in data or b"\r\nAuto-Submitted: auto-generated\r\n" not in data

    def _reported(self, data: bytes) -> None:
        """The sink has a whole report of ours."""
        about = _ABOUT.search(data)
        with self.lock:
            if about is None or _MENU in data or _report()[200:260] in data:
                self.altered += 1
                return
            self.reported.update((int(about[1]), name.decode()) for name in _FINAL.findall(data))

    @property
    def lost(self) -> set[tuple[int, str]]:
        return self.promised - set(self.arrived) - set(self.reported)

    @property
    def duplicates(self) -> int:
        return sum(n - 1 for n in self.arrived.values() if n > 1)

    @property
    def leaked(self) -> int:
        """Messages with health data that reached an ordinary address, and refused ones that arrived all the same."""
        wrong = {key for key in self.arrived if health(key[0]) and key[1] == ORDINARY}
        return len(wrong | (self.refused & set(self.arrived)))

    @property
    def misjudged(self) -> int:
        """Answers in the end that are not what the message deserves."""
        wrong = {key for key in self.promised - set(self.reported) if health(key[0]) and key[1] == ORDINARY}
        return len(wrong) + sum(not (health(n) and to == ORDINARY) for n, to in self.refused)

    def table(self) -> str:
        return (
            f"messages {self.messages} · finished {self.finished} · 2xx {len(self.promised)} · 550 {len(self.refused)}"
            f" · LOST {len(self.lost)} · duplicates {self.duplicates} · reports {sum(self.reported.values())}"
            f" for {len(self.reported)} · leaked {self.leaked} · misjudged {self.misjudged}"
            f" · altered {self.altered} · 4xx {sum(self.deferred.values())} {dict(self.deferred)}"
            f" · sessions cut without an answer {self.unanswered}"
        )
