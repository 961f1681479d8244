"""Both ends of a torture run: sessions that send until all is answered for good, and the sink behind the guard."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Callable

from tests.e2e.ledger import ORDINARY, SECURE, SENDER, Ledger

Reached = Callable[[str], None]
_OFFERS = b"250-sink\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n250 SIZE 60000000\r\n"


class Sink(socketserver.ThreadingTCPServer):
    """A next hop that completes a message by writing it into the ledger, then says 250. `reached` hears of each stage."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 100

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(("127.0.0.1", 0), _SinkSession)
        self.port: int = self.server_address[1]
        self.ledger = ledger
        self.reached: Reached = lambda stage: None
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _SinkSession(socketserver.StreamRequestHandler):
    server: Sink

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            self.wfile.write(b"220 sink ESMTP\r\n")
            recipients: list[str] = []
            while line := self.rfile.readline():
                verb = line[:4].upper()
                if verb == b"EHLO":
                    self.wfile.write(_OFFERS)
                    continue
                if verb == b"QUIT":
                    self.wfile.write(b"221 2.0.0 bye\r\n")
                    return
                if verb == b"DATA":
                    self.server.reached("hop DATA")
                    self.wfile.write(b"354 go\r\n")
                    if not self._message(recipients):
                        return
                    recipients = []
                    continue
                if verb == b"MAIL":
                    self.server.reached("MAIL")
                    recipients = []
                elif verb == b"RCPT":
                    recipients.append(line[line.find(b"<") + 1 : line.find(b">")].decode())
                elif verb == b"RSET":
                    recipients = []
                self.wfile.write(b"250 2.0.0 ok\r\n")

    def _message(self, recipients: list[str]) -> bool:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line[1:] if line.startswith(b".") else line)
        self.server.reached("hop dot")
        self.server.ledger.delivered(recipients, b"".join(lines))
        self.wfile.write(b"250 2.0.0 ok queued as A1\r\n")
        self.server.reached("after 250")
        return True


class Session(threading.Thread):
    """One client, on one connection as long as that lives. `lmtp`: two recipients, one answer each; `split`: one answer for both;
    `alone`: whom the others write to.

    Each message has a sender of its own, so that no cap a sender and hour keeps a report back.
    """

    def __init__(
        self,
        port: int,
        ledger: Ledger,
        reached: Reached,
        *,
        lmtp: bool,
        end: float,
        wait: float = 90.0,
        split: bool = False,
        alone: str = ORDINARY,
    ) -> None:
        super().__init__(daemon=True)
        self._port, self._ledger, self._reached, self._lmtp = port, ledger, reached, lmtp
        self._end, self._wait, self._split, self._alone = end, wait, split, alone
        self._connection: socket.socket | None = None
        self._buffer = b""
        self.slowest = 0.0  # seconds from our dot to the last answer

    def run(self) -> None:
        while (number := self._ledger.take()) is not None:
            waiting = [ORDINARY, SECURE] if self._lmtp or self._split else [self._alone]
            while waiting:
                if time.monotonic() > self._end:
                    return
                waiting = self._attempt(number, waiting)
                if waiting:
                    time.sleep(0.03)
            self._ledger.done()

    def _attempt(self, number: int, to: list[str]) -> list[str]:
        """The recipients for whom nothing is settled after this attempt."""
        try:
            return self._send(number, to)
        except OSError:
            with self._ledger.lock:
                self._ledger.unanswered += 1
            self._hang_up()
            time.sleep(0.2)  # as a mail server would, only sooner
            return to

    def _send(self, number: int, to: list[str]) -> list[str]:
        if self._connection is None:
            self._connection = socket.create_connection(("127.0.0.1", self._port), timeout=self._wait)
            self._reply()
            self._say(b"%b client.test" % (b"LHLO" if self._lmtp else b"EHLO"))
        lines = [
            b"MAIL FROM:<n%d.%b>" % (number, SENDER.encode()),
            *(b"RCPT TO:<%b>" % one.encode() for one in to),
            b"DATA",
        ]
        for line in lines:
            answer = self._say(line)
            if answer[0] not in "23":
                self._say(b"RSET")
                return [one for one in to if not self._ledger.answered(number, one, answer)]
        data = self._ledger.body(number)
        self._connection.sendall(data[: len(data) // 2])
        self._reached("DATA")
        self._connection.sendall(data[len(data) // 2 :] + b".\r\n")
        started = time.monotonic()
        self._reached("inspection")
        answers = [self._reply() for _ in to] if self._lmtp else [self._reply()] * len(to)
        self.slowest = max(self.slowest, time.monotonic() - started)
        return [one for one, answer in zip(to, answers, strict=True) if not self._ledger.answered(number, one, answer)]

    def _say(self, line: bytes) -> str:
        assert self._connection is not None
        self._connection.sendall(line + b"\r\n")
        return self._reply()

    def _reply(self) -> str:
        """The last line of the next reply."""
        while True:
            line, end, rest = self._buffer.partition(b"\r\n")
            if end:
                self._buffer = rest
                if line[3:4] != b"-":
                    if line.startswith(b"421"):
                        raise ConnectionError
                    return line.decode("ascii")
                continue
            assert self._connection is not None
            chunk = self._connection.recv(65536)
            if not chunk:
                raise ConnectionError
            self._buffer += chunk

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._buffer = None, b""
