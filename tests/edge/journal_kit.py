"""Whole journals for tests, made by the real writer on a disk that does not wait for its platter; and an adversary who holds everything."""

import json
from datetime import UTC, datetime, timedelta

from mss_guard.edge.journal import SigningKeys, canonical, heads, segments
from mss_guard.edge.journal.chain import SUFFIX, Entry
from mss_guard.edge.journal.disk import RealDisk
from mss_guard.edge.journal.tree import EMPTY
from mss_guard.edge.journal.writer import Writer

DECISION = {"action": "relay", "sender": {"kind": "own"}, "recipients": []}
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def ref(number):
    text = ""
    for _ in range(8):
        number, digit = divmod(number, len(ALPHABET))
        text += ALPHABET[digit]
    return f"MSSG-{text[:4]}-{text[4:]}"


class QuickDisk(RealDisk):
    """The real files, without the wait."""

    def sync(self, fd):
        pass


class Clock:
    def __init__(self, now=START):
        self.now = now

    def __call__(self):
        self.now += timedelta(milliseconds=7)
        return self.now


def writer_of(base, name="front-0", clock=None, **more):
    """A signing writer of `base/journal/node-1`, its keys in `base/keys`."""
    clock = clock or Clock()
    signing = SigningKeys(base / "keys", clock=clock)
    return Writer(
        base / "journal" / "node-1" / name, "tilleuls", lambda: (), clock, QuickDisk(), signing=signing, wait=0, **more
    )


def message(number):
    return [
        Entry("decision", ref(number), DECISION, "abc"),
        Entry("outcome", ref(number), {"outcome": "relayed"}, "abc"),
    ]


def live(base, name="front-0", days=3, messages=8, every=3, clock=None, close=True, first=0):
    """Some days of a writer: a checkpoint after each `every` messages, the last day closed unless told otherwise."""
    clock = clock or Clock()
    writer = writer_of(base, name, clock)
    for day in range(days):
        for n in range(messages):
            writer.write(message(first + day * messages + n))
            if n % every == every - 1:
                writer.checkpoint()
        writer.note_head()
        clock.now += timedelta(days=day < days - 1)
    if close:
        writer.close()
    return writer


def records_of(directory):
    """(segment name, record) of a writer, in the order of the chain."""
    return [(p.name, json.loads(line.data)) for p in segments.ordered(directory) for line in segments.lines(p)]


def heads_of(directory, structure="tilleuls"):
    """The signed heads that stand in a writer's files."""
    log = f"{structure}/{directory.parent.name}/{directory.name}"
    found = (heads.of_record(r, log, name.removesuffix(SUFFIX)) for name, r in records_of(directory))
    return [h for h in found if h is not None]


def rewrite(directory, keys_dir, changed):
    """What an adversary with root and the signing key does: the same days with other records, numbered, hashed, rooted, signed and
    noted anew. `changed`: (segment name, record) pairs.
    """
    log = f"tilleuls/{directory.parent.name}/{directory.name}"
    seq, prev, tree, before, out = 0, "0" * 64, EMPTY, None, {}
    signing = SigningKeys(keys_dir, clock=Clock())
    for name, old in changed:
        record = {**old, "seq": seq + 1, "prev": prev}
        if record["kind"] == "segment-open":
            record["previous"] = before and {"segment": before, "records": tree.size, "root": tree.root}
            before, tree = name, EMPTY
        if "signature" in record:
            record |= {"records": tree.size, "root": tree.root}
            head = heads.of_record(record, log, name.removesuffix(SUFFIX))
            record["signature"] = signing.holder(head.key).sign(head.text)
        line = canonical.dumps(record)
        seq, prev = seq + 1, canonical.digest(line)
        tree = tree if record["kind"] == "segment-close" else tree.add(line)
        out.setdefault(name, []).append(line + b"\n")
    for path in segments.ordered(directory):
        path.write_bytes(b"".join(out.get(path.name, [])))
        if not out.get(path.name):
            path.unlink()
    (directory / segments.HEAD).write_text(json.dumps({"seq": seq, "hash": prev, "segment": before}))
