"""Handing lines to a collector: what reaches an https address and a syslog server, and what is said when it does not."""

import contextlib
import http.server
import socket
import threading

import pytest

from mss_guard.edge.collector import Line, Road, hand_over, road
from tests.edge.list_server import make_chain

TEXTS = ['{"log":"tilleuls/n/front-0","seq":1}', '{"log":"tilleuls/n/front-0","seq":2}']
LINES = [Line(text, "journal-head", "2026-11-26T08:00:00.000000Z") for text in TEXTS]


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    return make_chain(tmp_path_factory.mktemp("chain"))


class Taker(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.asked.append(self.headers["Authorization"])
        self.server.taken.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def https(chain):
    server = http.server.HTTPServer(("127.0.0.1", 0), Taker)
    server.socket = chain.server.wrap_socket(server.socket, server_side=True)
    server.taken, server.asked, server.status = [], [], 204
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_an_https_collector_takes_one_line_a_head(https, chain):
    """A POST of newline-delimited JSON to the very path; a 2xx is an acceptance."""
    to = road(f"https://127.0.0.1:{https.server_port}/temoin?cle=a", chain.ca)
    assert hand_over(to, LINES, "guet.test") is None
    assert https.taken == [("/temoin?cle=a", "".join(f"{line}\n" for line in TEXTS).encode())]


def test_a_token_is_shown_to_who_asks_for_it(https, chain, tmp_path):
    """It is read from its file each time, and a file that is not there is a reason, never a fault."""
    token = tmp_path / "jeton"
    to = road(f"https://127.0.0.1:{https.server_port}/", chain.ca, token)
    assert "ne peut pas être joint" in hand_over(to, LINES, "g")
    token.write_text("abc\n")
    assert hand_over(to, LINES, "g") is None
    assert https.asked == ["Bearer abc"]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_any_other_answer_means_that_nothing_was_kept(https, chain, status):
    """A redirect, a refusal, a fault: said by its number."""
    https.status = status
    assert hand_over(road(f"https://127.0.0.1:{https.server_port}/", chain.ca), LINES, "g") == f"répond {status}"


def test_a_collector_nobody_vouches_for_is_not_told(https, chain):
    """The chain is verified, whatever stands at the address; a closed port is said, too."""
    strange = road(f"https://127.0.0.1:{https.server_port}/", chain.stranger)
    assert "certificat" in hand_over(strange, LINES, "g")
    assert https.taken == []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "ne peut pas être joint" in hand_over(road(f"https://127.0.0.1:{port}/", chain.ca), LINES, "g")


def test_a_syslog_collector_gets_framed_rfc_5424_messages_over_tls(chain):
    """Octet counting (RFC 5425), priority 110, one message a line, the JSON whole in MSG."""
    listening, got = socket.create_server(("127.0.0.1", 0)), []

    def serve():
        plain, _ = listening.accept()
        with chain.server.wrap_socket(plain, server_side=True) as secured:
            while piece := secured.recv(4096):
                got.append(piece)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    to = road(f"syslog+tls://127.0.0.1:{listening.getsockname()[1]}", chain.ca)
    assert hand_over(to, LINES, "guet.test") is None
    thread.join(10)
    listening.close()
    stream, messages = b"".join(got), []
    while stream:
        length, _, rest = stream.partition(b" ")
        messages.append(rest[: int(length)].decode())
        stream = rest[int(length) :]
    assert [m.split(" - ", 1)[1] for m in messages] == TEXTS
    assert all(
        m.startswith("<110>1 2026-11-26T08:00:00.000000Z ") and " guet.test mss-guard " in m and " journal-head - " in m
        for m in messages
    )


@pytest.mark.parametrize("step", ["accept", "handshake", "farewell", "part"])
def test_a_syslog_server_that_goes_away_has_taken_nothing(chain, step):
    """Gone at once, after the handshake, with or without TLS's farewell, amid the lines: none of it is an acceptance."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        plain, _ = listening.accept()
        with contextlib.suppress(OSError), plain:
            if step != "accept":
                with chain.server.wrap_socket(plain, server_side=True) as secured:
                    if step == "farewell":
                        secured.unwrap()
                    if step == "part":
                        secured.recv(2000)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    many = [Line('{"seq":1,"x":"%s"}' % ("y" * 4000), "decision", LINES[0].at)] * 4000
    said = hand_over(road(f"syslog+tls://127.0.0.1:{listening.getsockname()[1]}", chain.ca), many, "guet.test")
    thread.join(10)
    listening.close()
    assert said is not None


def test_addresses_that_are_none():
    """No scheme but these two, no password in the address, no blanks."""
    assert road("https://temoin.fr/a") == Road("https", "temoin.fr", 443, "/a")
    assert road("syslog+tls://siem.fr") == Road("syslog", "siem.fr", 6514)
    for text in (
        "http://temoin.fr/",
        "https://",
        "https://a:b@temoin.fr/",
        "syslog+tls://siem.fr/x",
        "https://t.fr:99999/",
        "https://t.fr/a b",
    ):
        assert road(text) is None, text
