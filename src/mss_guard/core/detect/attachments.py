"""What a rule may ask of an attachment: its names, its path, its types, its size, whether it is locked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from mss_guard.core.model import Place, Why
from mss_guard.core.normalise import fold
from mss_guard.core.rules import Attachment

_OFFICE = "application/vnd.openxmlformats-officedocument"
_TYPES: Mapping[str, tuple[str, ...]] = {
    "pdf": ("application/pdf",),
    "doc": ("application/msword",),
    "docx": (f"{_OFFICE}.wordprocessingml.document",),
    "xls": ("application/vnd.ms-excel",),
    "xlsx": (f"{_OFFICE}.spreadsheetml.sheet",),
    "xlsb": ("application/vnd.ms-excel.sheet.binary.macroenabled.12",),
    "ppt": ("application/vnd.ms-powerpoint",),
    "pptx": (f"{_OFFICE}.presentationml.presentation",),
    "odt": ("application/vnd.oasis.opendocument.text",),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet",),
    "odp": ("application/vnd.oasis.opendocument.presentation",),
    "rtf": ("application/rtf", "text/rtf"),
    "txt": ("text/plain",),
    "html": ("text/html",),
    "csv": ("text/csv",),
    "ics": ("text/calendar",),
    "vcf": ("text/vcard", "text/x-vcard"),
    "epub": ("application/epub+zip",),
    "zip": ("application/zip",),
    "7z": ("application/x-7z-compressed",),
    "rar": ("application/vnd.rar",),
    "eml": ("message/rfc822",),
    "msg": ("application/vnd.ms-outlook",),
    "image": ("image/*",),
    "video": ("video/*",),
    "audio": ("audio/*",),
    "jpg": ("image/jpeg",),
    "jpeg": ("image/jpeg",),
    "png": ("image/png",),
    "tif": ("image/tiff",),
    "tiff": ("image/tiff",),
    "heic": ("image/heic", "image/heif"),
    "mp4": ("video/mp4",),
    "mov": ("video/quicktime",),
    "xml": ("text/xml", "application/xml"),
}


def suiting(wanted: Attachment, places: Sequence[Place]) -> list[Place]:
    """The places for which every key of `wanted` holds."""
    inside = wanted.inside_archives or bool(wanted.path)
    return [p for p in places if (inside or "/" not in p.part) and _suits(wanted, p)]


def file_names(name: str) -> list[str]:
    """The folded candidate names of a place, without the folders of their container."""
    return [path.rsplit("/", 1)[-1] for path in paths(name)]


def paths(name: str) -> list[str]:
    """The folded candidate names of a place, each with the whole way to it: "envoi.zip/mars/bilan.pdf"."""
    return [fold(one).lower.strip() for one in name.split(" | ") if one.strip()]


def example_of(kinds: Sequence[str], otherwise: str) -> str:
    """A media type that the first of `kinds` accepts."""
    return next((one.replace("*", "x") for one in _media(kinds[0])), otherwise) if kinds else otherwise


def _suits(wanted: Attachment, place: Place) -> bool:
    if not wanted.over <= place.size or (wanted.under is not None and place.size >= wanted.under):
        return False
    if wanted.encrypted is not None and wanted.encrypted is not (place.unlocked or place.why is Why.ENCRYPTED):
        return False
    names = file_names(place.name)
    if not _any_glob(wanted.name, names) or not _any_glob(wanted.path, paths(place.name)):
        return False
    if not _any_type(wanted.declared_type, [place.declared]) or not _any_type(wanted.true_type, [place.type]):
        return False
    return _any_type(wanted.type, [place.type, place.declared]) or _any_ending(wanted.type, names)


def _any_glob(globs: Sequence[str], names: Sequence[str]) -> bool:
    """True without globs. `*` and `?` only; brackets are letters."""
    return not globs or any(fnmatchcase(n, fold(g).lower.replace("[", "[[]")) for n in names for g in globs)


def _any_type(kinds: Sequence[str], types: Sequence[str]) -> bool:
    """True without kinds. A kind is one of the table ("pdf") or a media type with `*` ("image/*")."""
    return not kinds or any(fnmatchcase(t.lower(), one) for kind in kinds for one in _media(kind) for t in types)


def _any_ending(kinds: Iterable[str], names: Sequence[str]) -> bool:
    return any(name.endswith("." + kind.lower()) for kind in kinds for name in names)


def _media(kind: str) -> tuple[str, ...]:
    lower = kind.lower()
    return (lower,) if "/" in lower else _TYPES.get(lower, ())
