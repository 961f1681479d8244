"""The next hop of a front that has a second road, too: it promises no more than both roads can keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mss_guard.core.model import HopReply
from mss_guard.edge.next_hop.offers import intersection
from mss_guard.edge.next_hop.pool import HopPool
from mss_guard.edge.next_hop.transaction import HopTransaction

_OURS = ("XFORWARD",)  # spoken to the ordinary hop alone


class Narrowed:
    """`hop` as it is, but for what it offers. A road that never answered yet narrows nothing: ordinary mail does not wait for it."""

    def __init__(self, hop: HopPool, road: HopPool) -> None:
        self._hop, self._road = hop, road

    def offers(self) -> Mapping[str, str] | None:
        mine, theirs = self._hop.offers(), self._road.offers()
        if mine is None or theirs is None:
            return mine
        return intersection([mine, {**theirs, **{word: mine[word] for word in _OURS if word in mine}}])

    async def refresh(self) -> None:
        await self._hop.refresh()
        await self._road.refresh()

    async def begin(
        self, mail_line: bytes, xforward: Sequence[bytes], *, per_recipient: bool = False
    ) -> tuple[HopTransaction | None, HopReply]:
        return await self._hop.begin(mail_line, xforward, per_recipient=per_recipient)
