"""A change of what the service knows, tried before it is taken: whatever goes wrong, the service goes on with what it had."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from mss_guard import assembly

TRIAL = 120.0  # seconds for the fresh process that tries a new configuration

_log = structlog.get_logger("mss_guard.service")


async def guarded(what: str, change: Callable[[], Awaitable[bool]]) -> bool:
    """False when the change fails, whatever the reason: the service goes on with what it had, and can be asked again."""
    try:
        return await change()
    except assembly.REFUSALS as refusal:
        for line in assembly.explain(refusal):
            _log.error("reload.refused", problem=line)
        return False
    except Exception as fault:  # noqa: BLE001 - a fault here must not end the one task that hears the next SIGHUP
        _log.error("reload.fault", during=what, error=type(fault).__name__)
        return False


async def tried_elsewhere(path: Path | None) -> bool:
    """`check-config` with every rule's examples, in a fresh process. Raises OSError when there can be none."""
    arguments = ["-m", "mss_guard", "check-config", "--for-run", "--examples", *(["-c", str(path)] if path else [])]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=None
    )
    try:
        return await asyncio.wait_for(process.wait(), TRIAL) == 0
    except BaseException:
        process.kill()
        await process.wait()
        raise
