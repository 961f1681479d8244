"""What the next hop tests share: short timeouts, a pool on a fake hop, one message through it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from mss_guard.core.model import HopReply
from mss_guard.edge.next_hop import DnsResolver, Hop, HopPool, HopSettings, HopTransaction, Timeouts

MAIL = b"MAIL FROM:<agent@ehpad.test> RET=HDRS ENVID=QQ+3D"
RCPTS = (b"RCPT TO:<a@un.test> NOTIFY=FAILURE", b"RCPT TO:<b@deux.test>", b"rcpt to:<c@trois.test>")
XFORWARD = (b"XFORWARD NAME=pc1.test ADDR=192.0.2.7", b"XFORWARD PROTO=ESMTP HELO=[192.0.2.7]")
BODY = b"Subject: essai\r\n\r\n.point\r\nune ligne\xe9\r\n..deux\r\n.\r\nfin\r\n"
SHORT = Timeouts(
    slot=0.2, reach=1.0, dial=0.4, connect=0.3, command=0.3, rcpt=0.3, answer=0.4, quit=0.2, submit=1.0
)  # fmt: skip


def settings(*ports: int, **changes: object) -> HopSettings:
    hops = tuple(Hop("127.0.0.1", port) for port in ports)
    return HopSettings(**{"hops": hops, "helo": "garde.test", "timeouts": SHORT} | changes)  # type: ignore[arg-type]


@asynccontextmanager
async def pool(*ports: int, **changes: object) -> AsyncIterator[HopPool]:
    made = HopPool(settings(*ports, **changes), DnsResolver())
    try:
        yield made
    finally:
        await made.close(1.0)


def soon(seconds: float = 5.0) -> float:
    return asyncio.get_running_loop().time() + seconds


async def begun(
    where: HopPool, rcpts: Sequence[bytes] = RCPTS, xforward: Sequence[bytes] = (), *, per_recipient: bool = False
) -> HopTransaction:
    """A transaction with its recipients accepted."""
    transaction, reply = await where.begin(MAIL, xforward, per_recipient=per_recipient)
    assert transaction is not None, reply
    for line in rcpts:
        await transaction.rcpt(line)
    return transaction


async def say_all(where: HopPool, body: bytes = BODY, dot_in: float = 5.0) -> list[HopReply]:
    """One message for one recipient; every answer the hop's side gave, in order, as far as it came."""
    said: list[HopReply] = []
    transaction, reply = await where.begin(MAIL, XFORWARD)
    said.append(reply)
    if transaction is None:
        return said
    said.append(await transaction.rcpt(RCPTS[0]))
    if not said[-1].ok:
        await transaction.abandon()
        return said
    return said + await transaction.deliver((0,), body, soon(dot_in))
