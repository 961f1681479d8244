"""The one table of readers, and the one place where they are called: whatever a reader does on hostile bytes ends
here as a state."""

from __future__ import annotations

from contextlib import suppress

from mss_guard.core.formats import (
    archives,
    books,
    html,
    kinds,
    officelock,
    ole,
    packed,
    pdf,
    pictures,
    rtf,
    sealed,
    sevenlock,
    strings,
    textual,
    tnef,
    xmltext,
)
from mss_guard.core.formats.naming import name_text
from mss_guard.core.formats.reading import (
    MAX_DEPTH,
    MAX_PLACES,
    Doc,
    Outcome,
    Reader,
    Reading,
    Stop,
    place,
    typed,
    unreadable,
)
from mss_guard.core.model import Why

READERS: dict[str, Reader] = {
    kinds.TEXT: textual.read,
    "pdf": pdf.read,
    "zip": archives.zip_file,
    "gzip": archives.gzip_file,
    "zlib": archives.zlib_file,
    "bzip2": archives.bzip2_file,
    "xz": archives.xz_file,
    "tar": archives.tar_file,
    "rtf": rtf.read,
    "ole": ole.read,
    "der": sealed.read,
    "dicom": strings.dicom,
    "picture": pictures.read,
    "opaque": strings.opaque,
    "program": strings.opaque,
    "strings": strings.read,
    "7z": sevenlock.reader,
    "rar": packed.reader("rar"),
    "cab": packed.reader("cab"),
    "iso": packed.reader("iso"),
    "zstd": packed.reader("zstd"),
    "archive": packed.reader("archive"),
    "tnef": tnef.read,
    "locked": strings.locked,
}


def look(reading: Reading, doc: Doc) -> None:
    """Read `doc` and what is inside it; its place, with its state, is kept before theirs."""
    if len(reading.places) >= MAX_PLACES:
        _full(reading, doc)
        return
    look_into(reading, doc, reading.open())


def look_into(reading: Reading, doc: Doc, slot: int) -> None:
    """Read `doc` whose place is kept at `slot` already."""
    kind = kinds.sniff(doc.data)
    if doc.declared.startswith("text/"):
        kind = _shown(reading, doc, kind)
    outcome = _guarded(reading, doc, READERS[kind.reader]) if doc.depth <= MAX_DEPTH else unreadable(Why.TOO_DEEP)
    reading.close(slot, place(doc, typed(outcome, kind.type)))


def _shown(reading: Reading, doc: Doc, kind: kinds.Kind) -> kinds.Kind:
    """What is declared as text is shown as text, whatever controls stand in it. A real picture or font stays one; the
    words in it are read all the same."""
    binary = kind.reader in kinds.SHOWN_OR_RUN
    if kind.reader == "strings" or (binary and kinds.mostly_letters(doc.data)):
        return kinds.Kind("text/plain", kinds.TEXT)
    if binary:
        with suppress(Stop):
            reading.text(doc, strings.runs(doc.data, accented=True))
    return kind


def _guarded(reading: Reading, doc: Doc, reader: Reader) -> Outcome:
    """The reader's outcome, or the state that its failure amounts to."""
    try:
        name_text(reading, doc)
        return reader(reading, doc)
    except Stop as stop:
        return unreadable(stop.why)
    except MemoryError:
        return unreadable(Why.TOO_LARGE)
    except RecursionError:
        return unreadable(Why.TOO_DEEP)
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException:  # noqa: BLE001  native readers panic past Exception (pyo3); a failure to read is a result
        return unreadable(Why.DAMAGED)


def _full(reading: Reading, doc: Doc) -> None:
    """The last place says that there were more; one is enough."""
    last = reading.places[-1]
    if last is None or last.why is not Why.TOO_MANY:
        reading.declare(doc, "", Why.TOO_MANY)


def warm() -> None:
    """Load and run every native library once, so that nothing is opened or imported afterwards."""
    kinds.warm()
    pdf.warm()
    packed.warm()
    books.warm()
    officelock.warm()
    html.text("<p>")
    xmltext.plain("<a/>")
