"""The same documents by programs of Debian: LibreOffice, 7z, zstd, genisoimage, gcab, tar, poppler."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

_OFFICE = {"soffice:writer": ("a.html", ("doc", "docx", "odt", "rtf", "pdf", "epub")),
           "soffice:calc": ("a.csv", ("xls", "xlsx", "ods")),
           "soffice:impress": ("a.fodp", ("ppt", "pptx", "odp"))}  # fmt: skip
_PACKERS: dict[str, tuple[str, list[str]]] = {
    "7z": ("a.7z", ["7z", "a", "a.7z", "note.txt"]),
    "zip (7z)": ("a.zip", ["7z", "a", "-tzip", "a.zip", "note.txt"]),
    "zst": ("note.txt.zst", ["zstd", "-q", "note.txt"]),
    "iso": ("a.iso", ["genisoimage", "-quiet", "-r", "-o", "a.iso", "note.txt"]),
    "cab (gcab)": ("a.cab", ["gcab", "-c", "a.cab", "note.txt"]),
    "tar (tar)": ("a.tar", ["tar", "cf", "a.tar", "note.txt"]),
    "xz (xz)": ("note.txt.xz", ["xz", "-k", "note.txt"]),
    "PDF attached (pdfattach)": ("b.pdf", ["pdfattach", "blank.pdf", "note.txt", "b.pdf"]),
}
_LOCKS: dict[str, tuple[str, list[str]]] = {
    "7z": ("l.7z", ["7z", "a", "-psecret", "-mhe=on", "l.7z", "note.txt"]),
    "zip (7z)": ("l.zip", ["7z", "a", "-tzip", "-psecret", "-mem=AES256", "l.zip", "note.txt"]),
}
_SLIDE = (
    '<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    ' xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.3"'
    ' office:mimetype="application/vnd.oasis.opendocument.presentation"><office:body><office:presentation><draw:page>'
    '<draw:frame svg:width="20cm" svg:height="5cm" svg:x="1cm" svg:y="1cm"><draw:text-box><text:p>{}</text:p></draw:text-box>'
    "</draw:frame></draw:page></office:presentation></office:body></office:document>"
)


def missing() -> list[str]:
    """The programs that this machine lacks."""
    wanted = {"soffice"} | {command[0] for _, command in _PACKERS.values()}
    return sorted(name for name in wanted if shutil.which(name) is None)


def _run(command: list[str], where: Path) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, cwd=where, capture_output=True, timeout=120).returncode == 0


def prepare(where: Path, text: str, blank: bytes) -> None:
    """The sources that the programs start from."""
    (where / "note.txt").write_text(f"{text}\n")
    (where / "a.html").write_text(f"<html><body><p>{text}</p></body></html>")
    (where / "a.csv").write_text(f"note\n{text}\n")
    (where / "a.fodp").write_text(_SLIDE.format(text))
    (where / "blank.pdf").write_bytes(blank)


def made(where: Path) -> Iterator[tuple[str, str, bytes, bytes | None]]:
    """(format, file name, bytes, encrypted bytes or None) of all that the programs here could make."""
    for name, (result, command) in _PACKERS.items():
        if _run(command, where):
            lock = _LOCKS.get(name)
            locked = (where / lock[0]).read_bytes() if lock and _run(lock[1], where) else None
            yield name, result, (where / result).read_bytes(), locked
    for source, kinds in _OFFICE.values():
        for kind in kinds:
            app = "writer_web_HTML" if source.endswith("html") else ""
            steps = ["soffice", "--headless", f"-env:UserInstallation={(where / 'profile').as_uri()}"]
            infilter = ["--infilter=HTML (StarWriter)"] if app else []
            if _run([*steps, *infilter, "--convert-to", kind, source], where) and (where / f"a.{kind}").exists():
                yield f"{kind.upper()} (LibreOffice)", f"a.{kind}", (where / f"a.{kind}").read_bytes(), None
