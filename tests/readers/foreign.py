"""The same documents by programs of Debian: LibreOffice, 7z, zstd, genisoimage, gcab, tar, poppler, gpg, openssl."""

from __future__ import annotations

import json
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
PASSWORD = "Secret-2026"
_SAVED_LOCKED = {"doc": "MS Word 97", "xls": "MS Excel 97", "odt": "writer8", "ods": "calc8", "odp": "impress8"}
_LOCKS: dict[str, tuple[str, list[str]]] = {
    "7z": ("l.7z", ["7z", "a", f"-p{PASSWORD}", "-mhe=on", "l.7z", "note.txt"]),
    "zip (7z)": ("l.zip", ["7z", "a", "-tzip", f"-p{PASSWORD}", "-mem=AES256", "l.zip", "note.txt"]),
}
_KEY = [
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    "k.pem",
    "-out",
    "c.pem",
    "-subj",
    "/CN=a",
]
_GPG = ["gpg", "--batch", "--homedir", "keys", "--passphrase", PASSWORD, "--pinentry-mode", "loopback"]
_ONLY_LOCKED: dict[str, tuple[str, list[list[str]]]] = {
    "7z, names shown": ("n.7z", [["7z", "a", f"-p{PASSWORD}", "n.7z", "note.txt"]]),
    "7z, one entry locked": ("m.7z", [["7z", "a", "m.7z", "a.csv"], ["7z", "a", f"-p{PASSWORD}", "m.7z", "a.html"]]),
    "zip traditional (7z)": ("t.zip", [["7z", "a", "-tzip", f"-p{PASSWORD}", "t.zip", "note.txt"]]),
    "PGP armoured (gpg)": ("note.txt.asc", [["mkdir", "-m", "700", "keys"], [*_GPG, "-a", "-c", "note.txt"]]),
    "PGP binary (gpg)": ("note.txt.gpg", [[*_GPG, "-c", "note.txt"]]),
    "S/MIME mail (openssl)": (
        "s.eml",
        [_KEY, ["openssl", "smime", "-encrypt", "-in", "note.txt", "-out", "s.eml", "c.pem"]],
    ),
    "CMS (openssl)": (
        "s.p7m",
        [["openssl", "cms", "-encrypt", "-in", "note.txt", "-outform", "DER", "-out", "s.p7m", "c.pem"]],
    ),
}
_MACRO = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Module1" script:language="StarBasic">
Sub Save(source As String, target As String, filter As String, word As String)
Dim opening(0) As New com.sun.star.beans.PropertyValue
opening(0).Name = "Hidden"
opening(0).Value = True
doc = StarDesktop.loadComponentFromURL(source, "_blank", 0, opening())
Dim saving(1) As New com.sun.star.beans.PropertyValue
saving(0).Name = "FilterName"
saving(0).Value = filter
saving(1).Name = "Password"
saving(1).Value = word
doc.storeToURL(target, saving())
doc.close(True)
End Sub
</script:module>
"""
"""LibreOffice saves with a password by its Basic only; the profile has an empty Module1."""
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
    wanted = {"soffice", "gpg", "openssl"} | {command[0] for _, command in _PACKERS.values()}
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
    (where / "blank.pdf").write_bytes(blank + b"\n")  # poppler writes its update right behind it


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
            infilter = ["--infilter=HTML (StarWriter)"] if app else []
            if (
                _run([*_soffice(where), *infilter, "--convert-to", kind, source], where)
                and (where / f"a.{kind}").exists()
            ):
                yield (
                    f"{kind.upper()} (LibreOffice)",
                    f"a.{kind}",
                    (where / f"a.{kind}").read_bytes(),
                    _saved_locked(where, kind),
                )
    protect = {"EncryptFile": ("boolean", "true"), "DocumentOpenPassword": ("string", PASSWORD)}
    options = json.dumps({name: {"type": kind, "value": value} for name, (kind, value) in protect.items()})
    if _run(
        [*_soffice(where), "--convert-to", f"pdf:writer_pdf_Export:{options}", "--outdir", "locked", "a.odt"], where
    ):
        yield "PDF locked (LibreOffice)", "a.pdf", b"", (where / "locked/a.pdf").read_bytes()
    for name, (result, commands) in _ONLY_LOCKED.items():
        if all(_run(command, where) for command in commands):
            yield name, result, b"", (where / result).read_bytes()


def _soffice(where: Path) -> list[str]:
    return ["soffice", "--headless", f"-env:UserInstallation={(where / 'profile').as_uri()}"]


def _saved_locked(where: Path, kind: str) -> bytes | None:
    """The document that was just converted, saved again with the password."""
    module = where / "profile/user/basic/Standard/Module1.xba"
    if kind not in _SAVED_LOCKED or not module.parent.exists():
        return None
    module.write_text(_MACRO)
    target = where / f"locked.{kind}"
    said = ",".join(
        f'"{word}"' for word in ((where / f"a.{kind}").as_uri(), target.as_uri(), _SAVED_LOCKED[kind], PASSWORD)
    )
    _run([*_soffice(where), f"macro:///Standard.Module1.Save({said})"], where)
    return target.read_bytes() if target.exists() else None
