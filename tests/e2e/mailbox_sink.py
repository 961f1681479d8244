"""The world behind everything: an SMTP server that keeps what it is given, by recipient."""

from __future__ import annotations

import contextlib
import socketserver
import threading


class MailboxSink(socketserver.ThreadingTCPServer):
    """Listens on a free port at once; `to(address, mark)` returns the messages completed for it that hold `mark`, dot-unstuffed, in order."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.port: int = self.server_address[1]
        self.kept: list[tuple[str, str, bytes]] = []
        self.refuses = b""  # MAIL lines that begin so
        self.commands: list[bytes] = []  # MAIL and RCPT lines, with their parameters
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def to(self, address: str, mark: str = "") -> list[bytes]:
        wanted = mark.encode()
        return [data for _, recipient, data in list(self.kept) if recipient == address and wanted in data]

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Session(socketserver.StreamRequestHandler):
    server: MailboxSink

    def handle(self) -> None:
        sender, recipients = "", []
        with contextlib.suppress(OSError):
            self.wfile.write(b"220 sink ESMTP\r\n")
            while line := self.rfile.readline():
                verb = line[:4].upper()
                if verb == b"EHLO":
                    self.wfile.write(
                        b"250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 0\r\n"
                    )
                elif verb == b"DATA":
                    self.wfile.write(b"354 go\r\n")
                    data = self._data()
                    self.server.kept += [(sender, recipient, data) for recipient in recipients]
                    self.wfile.write(b"250 2.0.0 ok\r\n")
                elif self.server.refuses and line.startswith(self.server.refuses):
                    self.wfile.write(b"550 5.7.1 not from there\r\n")
                elif verb == b"QUIT":
                    self.wfile.write(b"221 2.0.0 bye\r\n")
                    return
                else:
                    if verb in {b"MAIL", b"RCPT"}:
                        self.server.commands.append(line.rstrip())
                    if verb == b"MAIL":
                        sender, recipients = _path(line), []
                    elif verb == b"RCPT":
                        recipients.append(_path(line))
                    self.wfile.write(b"250 2.0.0 ok\r\n")

    def _data(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) and line != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)


def _path(line: bytes) -> str:
    return line[line.find(b"<") + 1 : line.find(b">")].decode("utf-8", "replace")
