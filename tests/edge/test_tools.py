"""The programs outside the parser worker: what they may do, and what the front makes of them."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from mss_guard.core.formats.tooling import Tool, ToolAnswer
from mss_guard.core.model import Fault, Why
from mss_guard.core.wire import Request
from mss_guard.edge.inspector import Inspector, Settings, ocr, tools
from mss_guard.edge.inspector.confinement import landlock_abi
from mss_guard.edge.inspector.terms import UNCONFINED

needs_landlock = pytest.mark.skipif(landlock_abi() < 1, reason="this kernel has no Landlock: tools are off here")
needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="tesseract is missing: apt-get install tesseract-ocr tesseract-ocr-fra"
)
PYTHON = next((p for p in ("/usr/bin/python3", "/usr/local/bin/python3") if Path(p).exists()), "")

ATTEMPTS = {
    "read a password file": "open('/etc/passwd').read()",
    "read a process": "open('/proc/1/environ','rb').read()",
    "list the root": "os.listdir('/')",
    "write a file": "open('/tmp/mss-guard-tool', 'w')",
    "write to shared memory": "open('/dev/shm/x', 'w')",
    "tcp": "socket.socket(socket.AF_INET, socket.SOCK_STREAM)",
    "udp": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "unix": "socket.socket(socket.AF_UNIX)",
    "a pair": "socket.socketpair()",
    "fork": "os.fork()",
    "spawn": "os.posix_spawn('/usr/bin/true', ['true'], {})",
    "a thread": "__import__('threading').Thread(target=print).start()",
    "signal the front": "os.kill(os.getppid(), 0)",
    "leave its session": "os.setsid()",
    "run what is not the system's": "os.execv(OUTSIDE, [OUTSIDE])",
    "memory beyond its limit": "bytearray(1 << 30)",
}


def confined(code: str, outside: Path) -> str:
    """What `code` says, run by Python in place of a tool."""
    script = f"import os, socket\nOUTSIDE={str(outside)!r}\ntry:\n    {code}\n    print('done')\nexcept BaseException as e:\n    print(type(e).__name__)\n"
    command = [sys.executable, "-I", "-m", "mss_guard.edge.inspector.toolchild", PYTHON, "-I", "-S", "-c", script]
    ran = subprocess.run(command, capture_output=True, timeout=30, text=True, env={"LANG": "C.UTF-8"})
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@needs_landlock
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_tool_can_do_nothing_but_read_and_write_its_streams(attempt: str, tmp_path: Path) -> None:
    """Each attempt is denied by the kernel."""
    outside = tmp_path / "program"
    outside.write_text("#!/bin/sh\necho done\n")
    outside.chmod(0o755)
    denied = {"PermissionError", "OSError", "RuntimeError", "MemoryError"}
    assert confined(ATTEMPTS[attempt], outside) in denied


@needs_landlock
def test_a_tool_can_read_what_it_is_made_of(tmp_path: Path) -> None:
    """The control of the test above: libraries and language files under /usr are readable."""
    assert confined("os.listdir('/usr/share')", tmp_path) == "done"


def picture(words: str) -> bytes:
    image = Image.new("L", (1200, 700), 255)
    ImageDraw.Draw(image).text((60, 100), words, fill=0, font=ImageFont.load_default(48))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


async def asked(box: tools.Toolbox, data: bytes = b"x", within: float = 20) -> ToolAnswer:
    return await box.ask(Tool.OCR, data, asyncio.get_running_loop().time() + within)


@needs_landlock
@needs_tesseract
async def test_a_picture_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time the answer is known, even where the program has gone."""
    box = tools.Toolbox(1)
    first = await asked(box, picture("Madame Durand va bien"))
    assert first.why is None
    assert "Madame Durand va bien" in first.text
    monkeypatch.setattr(tools, "program", lambda tool: None)
    assert await asked(box, picture("Madame Durand va bien")) == first
    assert (await asked(box, picture("Autre chose"))).why is Why.NO_TEXT


@needs_landlock
@needs_tesseract
async def test_what_is_no_picture_is_damaged() -> None:
    """The program's own failure is a state of the document."""
    assert (await asked(tools.Toolbox(1), b"no picture at all")).why is Why.DAMAGED


def children() -> set[str]:
    """The command lines of all processes of this one's."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            if entry.read_text().rpartition(")")[2].split()[1] == str(os.getpid()):
                found.add(entry.with_name("cmdline").read_text())
        except OSError:
            continue
    return found


COMMANDS = [
    (("sleep", "30"), Why.TIMEOUT),
    (("false",), Why.DAMAGED),
    (("yes",), Why.PARTIAL),
    (("no-such-program",), Why.NO_TEXT),
    (("true",), None),
]


@needs_landlock
@pytest.mark.parametrize(("command", "why"), COMMANDS)
async def test_every_end_of_a_tool_is_an_answer(
    command: tuple[str, ...], why: Why | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Late, failed, endless, absent or silent: an answer in time, and no process is left."""
    monkeypatch.setattr(tools, "_COMMANDS", {Tool.OCR: (command,)})
    monkeypatch.setattr(tools, "EACH", 1.5)
    answer = await asked(tools.Toolbox(1), bytes(1_000_000))
    assert answer.why is why
    assert len(answer.text) <= tools.MAX_TEXT
    assert not [line for line in children() if command[0] in line]


@needs_landlock
async def test_where_the_process_cannot_shut_itself_in_the_tool_stays_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not tried again: the kernel will not change."""
    monkeypatch.setattr(tools, "_COMMANDS", {Tool.OCR: (("sh", "-c", f"exit {UNCONFINED}"),)})
    box = tools.Toolbox(1)
    assert (await asked(box)).why is Why.NO_TEXT
    monkeypatch.setattr(tools, "_COMMANDS", {Tool.OCR: (("true",),)})
    assert (await asked(box, b"other")).why is Why.NO_TEXT


@needs_landlock
@needs_tesseract
@pytest.mark.parametrize("angle", [90, 180, 270])
async def test_a_page_on_its_side_is_read(angle: int) -> None:
    """Its letters are not believed as they stand, so it is asked for again."""
    lines = "\n".join(f"Madame Durand va bien et rentre chez elle le {n} mars au matin" for n in range(1, 12))
    sheet = Image.new("L", (1700, 1000), 255)
    ImageDraw.Draw(sheet).text((60, 100), lines, fill=0, font=ImageFont.load_default(36), spacing=24)
    out = io.BytesIO()
    sheet.rotate(angle, expand=True).save(out, "PNG")
    answer = await tools.Toolbox(1).ask(Tool.OCR, out.getvalue(), asyncio.get_running_loop().time() + 20)
    assert answer.text.count("Madame Durand va bien") >= 9


def test_a_table_of_words_is_lines() -> None:
    """Rows in their order, a blank line between paragraphs; what is no row of a word is left out."""
    row = "5\t1\t{}\t1\t{}\t1\t0\t0\t9\t9\t{}\t{}"
    table = "\n".join([
        "level\tpage_num", row.format(1, 1, 96.5, "Madame"), row.format(1, 1, 90, "Durand"), row.format(1, 2, 91, "bien"),
        "4\t1\t1\t1\t1\t0\t0\t0\t9\t9\t-1\t", row.format(2, 1, "nan?", "x"), row.format(2, 1, 10, "fin\tfin"), "5\t", "",
    ])  # fmt: skip
    page = ocr.page(table)
    assert page.text == "Madame Durand\nbien\n\nfin\tfin"
    assert (page.words, page.doubtful) == (4, False)
    assert ocr.page("\n".join(row.format(1, n, 21, "uauwia") for n in range(9))).doubtful


async def test_time_spent_is_a_time_out() -> None:
    """A message whose share is used up asks in vain."""
    assert (await asked(tools.Toolbox(1), within=-1)).why is Why.TIMEOUT


# --- through a parser worker ------------------------------------------------------------------------------------------

SETTINGS = Settings(workers=1, inspection="tests.edge.worker_targets", readers=())


async def inspected(name: str, raw: bytes, budget: float = 20) -> tuple[str, ...] | Fault:
    pool = await Inspector.start(b"", SETTINGS)
    try:
        found = await pool.inspect(Request(name=name), raw, budget)
        return found if isinstance(found, Fault) else found.nearly
    finally:
        await pool.stop()


@needs_landlock
@needs_tesseract
async def test_a_parser_worker_has_its_picture_read() -> None:
    """The text comes back to the worker that asked, in the middle of its message."""
    assert await inspected("ask", picture("Madame Durand")) == ("why.None", "word.madame", "word.durand")


async def test_a_message_may_ask_so_often_and_no_more() -> None:
    """Beyond the bound the worker does not even ask."""
    assert await inspected(f"ask {tools.MAX_ASKED + 1}", b"x") == ("why.no-text",)


@pytest.mark.parametrize("forgery", ["tool", "length", "endless"])
async def test_a_worker_that_asks_for_what_there_is_not_is_ended(forgery: str) -> None:
    """An unknown tool, a document over the bound, questions without end: a fault of the worker, nothing is run."""
    assert await inspected(f"forged {forgery}", b"") is Fault.PROTOCOL
