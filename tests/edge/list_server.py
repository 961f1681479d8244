"""A server of white lists on loopback, under a chain of its own: root, intermediate, server; and a proxy before it."""

from __future__ import annotations

import contextlib
import http.server
import select
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

import pytest

from mss_guard.core.trust import NAMESPACE


def white_list(count: int) -> bytes:
    entries = "".join(f"<Domaine><Nom>service-{n}.mssante.fr</Nom></Domaine>" for n in range(count))
    return f'<ListeBlancheMSSante xmlns="{NAMESPACE}"><ListeDomaines>{entries}</ListeDomaines></ListeBlancheMSSante>'.encode()


@dataclass
class Chain:
    """`ca` vouches for `server`; `expired` and `elsewhere` (another name) come from the same hands, `stranger` does not."""

    ca: Path
    server: ssl.SSLContext
    expired: ssl.SSLContext
    elsewhere: ssl.SSLContext
    stranger: Path


def make_chain(folder: Path) -> Chain:
    if subprocess.run(["which", "openssl"], capture_output=True).returncode:
        pytest.skip("openssl is missing: apt-get install openssl")
    ca = "basicConstraints=critical,CA:TRUE"
    _issue(folder, "root", "IGC essai racine", [ca])
    _issue(folder, "middle", "IGC essai organisations", [ca], by="root")
    _issue(folder, "server", "liste", ["subjectAltName=IP:127.0.0.1,DNS:localhost"], by="middle")
    _issue(folder, "expired", "liste", ["subjectAltName=IP:127.0.0.1"], by="middle", days="-1")
    _issue(folder, "elsewhere", "ailleurs", ["subjectAltName=DNS:ailleurs.test"], by="middle")
    _issue(folder, "stranger", "une autre racine", [ca])
    pinned = folder / "igc.pem"
    pinned.write_bytes((folder / "root.pem").read_bytes() + (folder / "middle.pem").read_bytes())
    contexts = [_context(folder, name) for name in ("server", "expired", "elsewhere")]
    return Chain(pinned, *contexts, stranger=folder / "stranger.pem")


def _issue(folder: Path, name: str, subject: str, extensions: list[str], by: str = "", days: str = "2") -> None:
    key, request, cert = folder / f"{name}.key", folder / f"{name}.csr", folder / f"{name}.pem"
    (folder / f"{name}.ext").write_text("\n".join(extensions))
    _openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={subject}",
             "-keyout", str(key), "-out", str(request))  # fmt: skip
    signer = ["-CA", f"{folder}/{by}.pem", "-CAkey", f"{folder}/{by}.key"] if by else ["-signkey", str(key)]
    _openssl("x509", "-req", "-in", str(request), *signer, "-days", days, "-extfile", str(folder / f"{name}.ext"),
             "-out", str(cert))  # fmt: skip


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def _context(folder: Path, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


@dataclass
class Answer:
    """What the server says next; the tests change it. `length`: what Content-Length claims, when it lies."""

    body: bytes = b""
    status: int = 200
    etag: str = '"1"'
    length: int | None = None
    asked: list[dict[str, str]] = field(default_factory=list)


@contextlib.contextmanager
def serving(context: ssl.SSLContext, answer: Answer) -> Iterator[int]:
    """The port of a running server."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer.asked.append(dict(self.headers))
            known = answer.etag and self.headers.get("If-None-Match") == answer.etag
            self.send_response(304 if known and answer.status == 200 else answer.status)
            if answer.etag:
                self.send_header("ETag", answer.etag)
            self.send_header("Last-Modified", formatdate(0, usegmt=True))
            self.send_header("Location", "https://127.0.0.1:1/ailleurs")
            body = b"" if known else answer.body
            self.send_header("Content-Length", str(len(body) if answer.length is None else answer.length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass  # a client that refuses the certificate is what some tests are about

    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def proxying() -> Iterator[tuple[int, list[bytes]]]:
    """A proxy that understands CONNECT alone: its port, and the requests it saw."""
    seen: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def one(client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            request = b""
            while b"\r\n\r\n" not in request:
                request += client.recv(4096)
            seen.append(request.split(b"\r\n", 1)[0])
            host, port = request.split()[1].decode().rsplit(":", 1)
            with socket.create_connection((host, int(port)), 5) as server:
                client.sendall(b"HTTP/1.1 200 oui\r\n\r\n")
                while True:
                    ready, _, _ = select.select([client, server], [], [], 10)
                    for end in ready:
                        data = end.recv(65536)
                        if not data:
                            return
                        (server if end is client else client).sendall(data)
                    if not ready:
                        return

    def loop() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()
    try:
        yield listener.getsockname()[1], seen
    finally:
        listener.close()
