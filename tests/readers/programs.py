"""The tools of the core, asked of the programs directly: no confinement, for measuring readers alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile

from mss_guard.core.formats.tooling import Tool, ToolAnswer
from mss_guard.core.model import Why

_COMMANDS = {
    Tool.OCR: ["tesseract", "{}", "-", "-l", "fra"],
}


def ask(tool: Tool, data: bytes, /) -> ToolAnswer:
    """The text the program makes of `data`; NO_TEXT when it is absent or says nothing."""
    command = _COMMANDS[tool]
    if shutil.which(command[0]) is None:
        return ToolAnswer("", Why.NO_TEXT)
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            ran = subprocess.run(
                [word.format(file.name) for word in command], capture_output=True, timeout=30,
                env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return ToolAnswer("", Why.TIMEOUT)
    text = ran.stdout.decode("utf-8", "replace")
    return ToolAnswer(text, None if text.strip() else Why.NO_TEXT)
