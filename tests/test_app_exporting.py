"""Records to a SIEM: each at least once and in order, whatever the collector, the disk or a kill does between two batches."""

import http.server
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest

from mss_guard import config, exporting
from mss_guard.edge.journal import Found, Journal
from tests.edge.journal_kit import message
from tests.edge.list_server import make_chain

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
TEXT = """\
structure: {{id: tilleuls, name: EHPAD Les Tilleuls, domains: [ehpad-les-tilleuls.fr]}}
audit: {{path: {folder}/journal, export: "https://127.0.0.1:{port}/siem", export_ca: "{ca}"}}
state: {folder}/state
"""


class Siem(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.answers.pop(0) if self.server.answers else 204
        if status is None:
            self.server.taken += [json.loads(line) for line in body.splitlines()]  # kept, and the answer is lost
            self.connection.close()
            return
        if status < 300:
            self.server.taken += [json.loads(line) for line in body.splitlines()]
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    return make_chain(tmp_path_factory.mktemp("chain"))


@pytest.fixture
def siem(chain):
    server = http.server.HTTPServer(("127.0.0.1", 0), Siem)
    server.socket = chain.server.wrap_socket(server.socket, server_side=True)
    server.taken, server.answers = [], []
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
async def house(tmp_path, chain, siem, monkeypatch):
    """(settings, journal) with a collector, batches of four records."""
    monkeypatch.setattr(exporting, "BATCH", 4)
    settings = config.load(None, TEXT.format(folder=tmp_path, port=siem.server_port, ca=chain.ca))
    journal = Journal.open(tmp_path / "journal", "n", "front-0", "tilleuls", tmp_path / "state" / "keys")
    yield settings, journal
    await journal.close()


async def write(journal, first, count):
    for number in range(first, first + count):
        for entry in message(number):
            await journal.append(entry.kind, entry.ref, entry.fields, None)


def numbers(siem):
    return [record["seq"] for record in siem.taken]


async def test_every_record_goes_once_while_all_is_well(house, siem):
    """Batch after batch to the end, then only what is new; nothing new is no request."""
    settings, journal = house
    await write(journal, 1, 5)
    assert exporting.push(settings, NOW) == (11, None)
    assert numbers(siem) == list(range(1, 12))
    assert exporting.push(settings, NOW) == (0, None)
    await write(journal, 10, 1)
    assert exporting.push(settings, NOW) == (2, None)
    assert numbers(siem) == list(range(1, 14))
    assert {"node", "writer", "segment", "line", "kind", "structure"} <= siem.taken[1].keys()


@pytest.mark.parametrize("fault", [500, 302, None])
async def test_what_the_collector_did_not_take_comes_again(house, siem, fault):
    """A fault, a redirect, an answer that was lost: the cursor stays, and the next push begins with the same record."""
    settings, journal = house
    await write(journal, 1, 5)
    siem.answers[:] = [204, fault]
    taken, why = exporting.push(settings, NOW)
    assert taken == 4
    assert why is not None
    assert exporting.status(settings).why == why
    assert exporting.push(settings, NOW)[1] is None
    assert set(numbers(siem)) == set(range(1, 12)), "none is left out"
    assert [n for n in numbers(siem) if numbers(siem).count(n) > 1] == ([5, 6, 7, 8] * 2 if fault is None else [])
    assert exporting.status(settings).why is None


async def test_a_disk_that_keeps_no_cursor_stops_the_pushing(house, siem, monkeypatch):
    """Without a cursor no second batch goes: it would come again and again. What was sent comes once more afterwards."""
    settings, journal = house
    await write(journal, 1, 5)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(exporting.durable, "publish", full)
        with pytest.raises(OSError, match="No space"):
            exporting.push(settings, NOW)
    assert numbers(siem) == [1, 2, 3, 4]
    exporting.push(settings, NOW)
    assert numbers(siem) == [1, 2, 3, 4, *range(1, 12)]


async def test_another_collector_gets_everything(house, siem, chain, tmp_path):
    """The cursor belongs to its address: a new one begins at the oldest record."""
    settings, journal = house
    await write(journal, 1, 2)
    exporting.push(settings, NOW)
    moved = TEXT.format(folder=tmp_path, port=siem.server_port, ca=chain.ca).replace("/siem", "/autre")
    assert exporting.push(config.load(None, moved), NOW)[0] == 5


async def test_the_service_rests_after_a_refusal_and_says_so_once(house, siem, caplog):
    """No hammering: a minute between two attempts; `late` speaks after three hours of them."""
    settings, journal = house
    clock = [NOW]
    exporter = exporting.Exporter(lambda: settings, lambda: clock[0])
    await write(journal, 1, 1)
    assert await exporter.once() == 3
    await write(journal, 2, 1)
    siem.answers[:] = [503, 503]
    assert await exporter.once() == 0
    assert (await exporter.once(), siem.answers) == (0, [503]), "resting"
    clock[0] += timedelta(minutes=2)
    assert await exporter.once() == 0
    assert exporting.late(settings, NOW + timedelta(hours=1)) is None
    assert "ne suit plus depuis 4 h : répond 503" in str(exporting.late(settings, NOW + timedelta(hours=4)))
    clock[0] += timedelta(minutes=2)
    assert await exporter.once() == 2


def test_what_goes_out_is_the_record_without_the_sealed_identity():
    """The sealed identity is the DPO's alone; a record beyond what syslog carries gives numbers for lists, and says so."""
    record = {
        "kind": "decision", "seq": 1, "at": "2026-11-26T08:00:00.000000Z",
        "sealed": {"key": "dpo-1", "box": "AAAA"}, "recipients": [{"domain": "x.fr"}],
    }  # fmt: skip
    told = json.loads(exporting.line(Found("n", "w", "s.jsonl", 1, record)).text)
    assert "sealed" not in told
    assert told["recipients"] == [{"domain": "x.fr"}]
    long = {**record, "recipients": [{"domain": f"{'x' * 60}.fr"}] * 2000}
    short = exporting.line(Found("n", "w", "s.jsonl", 1, long))
    assert json.loads(short.text)["recipients"] == 2000
    assert (json.loads(short.text)["cut"], short.kind) == (True, "decision")
