"""An inspection module for workers that misbehave as the message's `X-Do:` field tells them."""

from __future__ import annotations

import re

from mss_guard.core.formats.tooling import Tools
from mss_guard.core.model import Assessment
from mss_guard.core.wire import Request
from tests.edge import worker_targets

_WHAT = re.compile(rb"^X-Do: ([a-z]+(?: [^\r\n]+)?)\r\n", re.MULTILINE)


def load(payload: bytes) -> bytes:
    return b""


def inspect(raw: bytes, request: Request, knowledge: bytes, ask: Tools) -> Assessment:
    told = _WHAT.search(raw)
    return worker_targets.inspect(raw, Request(name=told[1].decode() if told else ""), b"", ask)
