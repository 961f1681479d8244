"""The guard with a worker and a judge that fail on demand, quoting the message as loudly as they can.

`python -m tests.e2e.crashing run …` is `mss-guard run …`; `X-Crash: HOW` in a message says how it is to fail.
"""

from __future__ import annotations

import os
import pickle
import re
import signal
import struct
import sys
import warnings
from typing import Any

from mss_guard.core import inspection
from mss_guard.core.formats.tooling import Tools
from mss_guard.core.model import Assessment
from mss_guard.core.wire import Request

_HOW = re.compile(rb"^X-Crash: (\w+)", re.MULTILINE)
load = inspection.load
warm = getattr(inspection, "warm", lambda: None)


def inspect(raw: bytes, request: Request, knowledge: Any, ask: Tools) -> Assessment:
    """Fails as the message says, else inspects it."""
    asked = _HOW.search(raw)
    if asked is None or asked[1] == b"judge":
        return inspection.inspect(raw, request, knowledge, ask)
    words = raw.decode("utf-8", "replace")
    warnings.warn(words, stacklevel=1)
    print(words, file=sys.stderr)
    print(words, flush=True)
    how = asked[1].decode()
    if how in ("abort", "segv"):
        os.kill(os.getpid(), signal.SIGABRT if how == "abort" else signal.SIGSEGV)
    if how in ("lie", "huge"):
        said = pickle.dumps(words) if how == "lie" else raw * 400
        for fd in range(3, 64):
            try:
                os.write(fd, struct.pack(">I", len(said)) + said)
            except OSError:
                continue
    raise {"exit": SystemExit, "memory": MemoryError}.get(how, ValueError)(words)


def main() -> None:
    """The real command line, with two doors opened."""
    from mss_guard import doors, verdicts
    from mss_guard.cli import main as guard
    from mss_guard.edge import inspector

    doors.workers = lambda settings: inspector.Settings(workers=2, inspection="tests.e2e.crashing")  # type: ignore[assignment]
    honest = verdicts.Verdicts._content

    async def content(self: Any, submission: Any, *rest: Any) -> Any:
        if b"X-Crash: judge" in submission.data:
            raise RuntimeError(submission.data.decode("utf-8", "replace"))
        return await honest(self, submission, *rest)

    verdicts.Verdicts._content = content  # type: ignore[method-assign]
    guard()


if __name__ == "__main__":
    main()
