"""`mss-guard` as its users call it: a process with arguments in, status and two streams out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "mail"
DEMO_LIST = ROOT / "rules" / "trust" / "liste-demo.xml"
SHARED = ROOT.parent / "shared" / "data"

CONFIG = """\
structure:
  id: tilleuls
  name: EHPAD Les Tilleuls
  domains: [ehpad-les-tilleuls.fr]
  secure_domains: [ehpad-les-tilleuls.mssante.fr]
  contact: {{name: Support, email: support@ehpad-les-tilleuls.fr, phone: 02 00 00 00 00}}
listeners: [{{port: {port}}}]
next_hop: {{host: 127.0.0.1, port: {hop}}}
smtp: {{hostname: guet.tilleuls.test}}
trust: {{list: {trust}, max_age: 3650d}}
partners: {{domains: [materiel-medical.example]}}
policy: {{mode: {mode}, to_mssante: {to_mssante}}}
audit: {{path: {folder}/journal, index: 'sqlite:///{folder}/audit.db'}}
state: {folder}/state
"""


@dataclass(frozen=True)
class Ran:
    """How one call ended."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        """Standard output as JSON, one value a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def run(
    *arguments: str | Path,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    seconds: float = 120.0,
) -> Ran:
    """In French unless the arguments or the environment say otherwise, whatever the locale of whoever runs the tests."""
    inherited = {k: v for k, v in os.environ.items() if k not in ("LC_ALL", "MSS_GUARD_CONFIG")}
    done = subprocess.run(
        [sys.executable, "-m", "mss_guard", *(str(a) for a in arguments)],
        input=stdin, capture_output=True, timeout=seconds, cwd=cwd, check=False,
        env={**inherited, "LC_ALL": "C.UTF-8", **(environment or {})},
    )  # fmt: skip
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def configure(
    folder: Path,
    *,
    trust: Path = DEMO_LIST,
    mode: str = "enforce",
    to_mssante: str = "relay",
    hop: int = 10026,
    port: int = 0,
    extra: str = "",
) -> Path:
    """A configuration of its own in `folder`, with a white list as fresh as today."""
    mine = folder / "liste.xml"
    mine.write_bytes(trust.read_bytes())
    file = folder / "mss-guard.yaml"
    file.write_text(
        CONFIG.format(trust=mine, folder=folder, mode=mode, to_mssante=to_mssante, hop=hop, port=port) + extra
    )
    return file
