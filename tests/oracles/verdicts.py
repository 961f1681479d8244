"""A message in, the verdict of the shipped rules and the default policy for one recipient outside, through the
production pool."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from mss_guard.core import addresses, policy, trust
from mss_guard.core.model import Action, Assessment, Envelope, Fault, Measure, Reason, Why
from mss_guard.core.partners import Partners
from mss_guard.core.policy.facets import ContentKind, facets
from mss_guard.core.wire import Request
from mss_guard.edge.inspector import Inspector, Settings
from tests.readers import production

_NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
_BUDGET = 45.0  # seconds: the product's own for waiting and inspection
_LIST = trust.TrustList(frozenset({"ch-valombreuse.mssante.fr"}), _NOW, 1, 0)
_KNOWN = policy.Knowledge(
    version="oracles",
    structure=policy.Structure(frozenset({"tilleuls.example"}), frozenset({"tilleuls.mssante.fr"})),
    space=trust.space(_LIST, confirmed_at=_NOW),
    partners=Partners(),
    settings=policy.PolicySettings(),
)
_ENVELOPE = Envelope(addresses.parse(b"claire@tilleuls.example"), (addresses.parse(b"jean@ordinaire.example"),))


@dataclass(frozen=True, slots=True)
class Judged:
    """What the guard made of one message. `unread`: what could not be read is enough to refuse it."""

    assessment: Assessment
    action: Action
    reason: Reason | None
    unread: bool

    @property
    def ambiguous(self) -> bool:
        return any(place.why is Why.AMBIGUOUS for place in self.assessment.places)

    @property
    def odd(self) -> str:
        """The unreadable places in one line."""
        return ", ".join(f"{p.part} {p.type} {p.why.value if p.why else ''}" for p in self.assessment.unreadable)


def judge(assessment: Assessment) -> Judged:
    """The default policy's verdict on a letter of the structure to a family."""
    verdict = policy.decide(_ENVELOPE, assessment, _KNOWN, _NOW)
    unread = any(
        facet.kind is ContentKind.UNREADABLE and facet.outside is Measure.REFUSE
        for facet in facets(assessment, _KNOWN.settings)
    )
    return Judged(assessment, verdict.action, verdict.reason, unread)


def judge_all(messages: Iterable[tuple[str, bytes]]) -> dict[str, Judged]:
    """Every message through one worker of the production pool, by name. A fault of ours is raised: there must be
    none."""
    return asyncio.run(_judge_all(list(messages)))


async def _judge_all(messages: list[tuple[str, bytes]]) -> dict[str, Judged]:
    pool = await Inspector.start(production.payload(), Settings(workers=1))
    judged = {}
    try:
        for name, raw in messages:
            found = await pool.inspect(Request(kind="message"), raw, _BUDGET)
            if isinstance(found, Fault):
                raise RuntimeError(f"{name}: {found.value}")
            judged[name] = judge(found)
    finally:
        await pool.stop()
    return judged
