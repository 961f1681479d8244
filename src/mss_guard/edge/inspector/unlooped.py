"""The pool for callers without an event loop: `scan` and tests of rules."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mss_guard.core.model import Assessment, Fault
from mss_guard.core.wire import Request
from mss_guard.edge.inspector.pool import Inspector, prepare
from mss_guard.edge.inspector.terms import Settings

Inspect = Callable[[Request, bytes, float], Assessment | Fault]


@contextmanager
def blocking(payload: bytes, settings: Settings | None = None) -> Iterator[Inspect]:
    """`with blocking(payload) as inspect: inspect(request, raw, 45.0)`; one worker unless the settings say more.

    Raises StartError.
    """
    settings = settings or Settings(workers=1)
    prepare(settings, payload)
    with asyncio.Runner() as runner:
        inspector = runner.run(Inspector.start(payload, settings))
        try:
            yield lambda request, raw, budget_s: runner.run(inspector.inspect(request, raw, budget_s))
        finally:
            runner.run(inspector.stop())
