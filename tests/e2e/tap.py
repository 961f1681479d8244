"""A recording relay in front of a TCP port: keeps what clients send, so that a test can compare what went in and what came out."""

from __future__ import annotations

import contextlib
import socket
import threading


class Tap:
    """Listens on a free port of 127.0.0.1 and hands on to the target.

    `messages`: every DATA block that came to its final dot, still dot-stuffed, without that dot. `commands`: every command line.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._links: set[socket.socket] = set()
        self.messages: list[bytes] = []
        self.commands: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # close() alone would leave the accept waiting
        self._listener.close()

    def turn_to(self, target: int) -> None:
        """From now on to another port; what is connected to the old one loses its connection."""
        if target != self._target:
            self._target = target
            for link in list(self._links):
                with contextlib.suppress(OSError):
                    link.shutdown(socket.SHUT_RDWR)

    def find(self, mark: str) -> bytes | None:
        """The first message with this Message-ID in its own header."""
        wanted = f"<{mark}>".encode()
        return next((m for m in list(self.messages) if m.find(wanted, 0, m.find(b"\r\n\r\n")) >= 0), None)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    client.close()
                    continue
                self._links.add(server)
                threading.Thread(target=_pump, args=(client, server, _Reading(self)), daemon=True).start()
                threading.Thread(target=_pump, args=(server, client, None, self._links), daemon=True).start()


class _Reading:
    """One client's stream, told apart into commands and DATA blocks. Good for clients that wait for the answer to DATA."""

    def __init__(self, tap: Tap) -> None:
        self._tap = tap
        self._rest = bytearray()
        self._in_data = False

    def feed(self, chunk: bytes) -> None:
        searched = max(0, len(self._rest) - 4)
        self._rest += chunk
        while True:
            end = self._rest.find(b"\r\n.\r\n" if self._in_data else b"\r\n", searched)
            if end < 0:
                return
            searched = 0
            if self._in_data:
                self._tap.messages.append(bytes(self._rest[2 : end + 2]))
                del self._rest[: end + 5]
                self._in_data = False
            else:
                line = bytes(self._rest[:end])
                self._tap.commands.append(line)
                self._in_data = line.upper() == b"DATA"
                # the CRLF of DATA stays: a lone dot on the first line ends an empty message
                del self._rest[: end if self._in_data else end + 2]


def _pump(
    source: socket.socket, drain: socket.socket, reading: _Reading | None, links: set[socket.socket] | None = None
) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(1 << 16):
            if reading is not None:
                reading.feed(chunk)
            drain.sendall(chunk)
    with contextlib.suppress(OSError):
        drain.shutdown(socket.SHUT_WR)
    if links is not None:  # the server has said its last word
        links.discard(source)
        source.close()
        drain.close()
