"""7z archives that 7-Zip locked, by every packer and with names locked or not, opened with the password beside them."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from mss_guard.core import formats, mime
from mss_guard.core.formats import sevenlock
from mss_guard.core.formats.reading import Doc, Reading, Stop
from mss_guard.core.model import Content, Why
from tests.core.formats import build
from tests.readers import locks
from tests.readers.samples import SENTINEL

pytestmark = pytest.mark.skipif(shutil.which("7z") is None, reason="7z is missing: apt-get install p7zip-full")
WORD = "Tilleuls2026"
WAYS: dict[str, list[str]] = {
    "LZMA2": [], "LZMA": ["-m0=LZMA"], "stored": ["-mx0"], "PPMd": ["-m0=PPMd"], "BZip2": ["-m0=BZip2"],
    "BCJ": ["-m0=BCJ", "-m1=LZMA"], "names locked": ["-mhe=on"], "not solid": ["-ms=off"], "names in clear": ["-mhc=off"],
}  # fmt: skip


def packed(where: Path, *options: str, **files: bytes) -> bytes:
    for name, data in files.items():
        (where / name).write_bytes(data)
    subprocess.run(["7z", "a", *options, "a.7z", *files], cwd=where, check=True, capture_output=True)
    return (where / "a.7z").read_bytes()


def read(text: str, data: bytes) -> Content:
    formats.warm()
    return formats.read(mime.parse(build.mail(text, attachments={"a.bin": data})))


@pytest.mark.parametrize("way", WAYS)
def test_a_locked_archive_is_opened_with_the_password_beside_it(way: str, tmp_path: Path) -> None:
    """All its files are read; with other words than the password it stays encrypted."""
    data = packed(
        tmp_path, f"-p{WORD}", *WAYS[way], note=SENTINEL.encode(), blank=b"Bonjour " * 5_000, large=bytes(100_000)
    )
    content = read(f"Le mot de passe est {WORD}.", data)
    assert any(SENTINEL in text.text for text in content.texts)
    assert [p.part for p in content.places if p.unlocked] == ["2"]
    assert not any(p.why for p in content.places)
    shut = read("mot de passe : Faux-1, Faux-2 ou Faux-3", data)
    assert Why.ENCRYPTED in {p.why for p in shut.places}
    assert not any(p.unlocked for p in shut.places)


def test_one_locked_file_among_others_is_opened(tmp_path: Path) -> None:
    """What was read before is not told twice."""
    packed(tmp_path, public=b"Bonjour a tous les residents")
    content = read(f"code {WORD}", packed(tmp_path, f"-p{WORD}", note=SENTINEL.encode()))
    assert any(SENTINEL in text.text for text in content.texts)
    assert sorted(p.part for p in content.places if p.part != "1") == ["2", "2/1:7z", "2/2:7z"]


def test_an_open_archive_around_a_locked_one_is_not_unlocked(tmp_path: Path) -> None:
    """Any word would open what has no lock."""
    content = read("mot de passe : Faux-1", packed(tmp_path, inner=locks.zip_aes(SENTINEL, WORD)))
    assert not any(p.unlocked for p in content.places)
    assert Why.ENCRYPTED in {p.why for p in content.places}


@pytest.mark.parametrize("way", ["LZMA2", "names locked", "names in clear"])
def test_a_broken_archive_opens_nothing_and_raises_nothing(way: str, tmp_path: Path) -> None:
    """Octets changed in the header and in front of it, checksums made true again by nobody."""
    whole, chance = packed(tmp_path, f"-p{WORD}", *WAYS[way], note=SENTINEL.encode()), random.Random(3)
    header = len(whole) - int.from_bytes(whole[20:28], "little")
    for _ in range(60):
        broken = bytearray(whole[header:])
        for _ in range(chance.randint(1, 3)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        reading = Reading(lambda _reading, _doc: None)
        try:
            sevenlock._open(whole, bytes(broken), reading, WORD)
        except Stop:
            continue
    for end in range(0, len(whole), 7):
        sevenlock.offer(Reading(lambda _reading, _doc: None), Doc(whole[:end], "1"))
