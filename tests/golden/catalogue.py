"""Makes the catalogues of the notices anew: every French sentence into locale/notices.pot, and each locale/xx.po, merged, into xx.mo.

python -m tests.golden.catalogue           # or: make catalogue
python -m tests.golden.catalogue --check   # status 1 when a file on disk is not what this would write, or a translation is missing
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import yaml
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from mss_guard.core.notice import facts, roads, speech, summary, words
from mss_guard.edge import library

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "rules" / "notices" / "locale"
_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
"""The same on every day, so that a catalogue changes only when a sentence does."""
_SENTENCE = re.compile(r'_\("((?:[^"\\]|\\.)*)"\)')


def sentences() -> Iterator[tuple[str, ...]]:
    """(sentence,) or (one, many), as the code, the templates, the roads and the tables have them."""
    shelf = library.read(())
    for path, text in shelf.notices.items():
        if path.endswith(".j2"):
            yield from ((found,) for found in _SENTENCE.findall(text))
    for said in (words.MESSAGES, speech.MESSAGES, facts.MESSAGES, summary.MESSAGES):
        yield from ((one,) for one in said)
    yield from ((speech.ONE_MORE, speech.MORE), *summary.PLURALS)
    paths = {path: text for path, text in shelf.notices.items() if "/roads/" in path}
    yield from ((one,) for one in roads.load(paths).sentences())
    tables = {Path(path).name: yaml.safe_load(text) for path, text in shelf.notices.items() if path.endswith(".yaml")}
    yield from ((one,) for one in tables["documents.yaml"]["documents"].values())
    yield from ((region["offer"],) for region in tables["grades.yaml"]["regions"].values() if "offer" in region)
    yield from (
        (said,) for text in shelf.rules.values() for said in re.findall(r'^\s+says: "([^"]+)"', text, re.MULTILINE)
    )


def template() -> Catalog:
    made = Catalog(project="mss-guard", charset="utf-8", header_comment="# mss-guard", fuzzy=False)
    for said in sentences():
        made.add(said if len(said) > 1 else said[0])
    return made


def written() -> dict[Path, bytes]:
    """What each file should hold."""
    source = template()
    files = {LOCALE / "notices.pot": _po(source)}
    for path in sorted(LOCALE.glob("*.po")):
        catalogue = read_po(io.BytesIO(path.read_bytes()), locale=path.stem)
        catalogue.update(source, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        catalogue.creation_date = catalogue.revision_date = _NO_DATE
        binary = io.BytesIO()
        write_mo(binary, catalogue)
        files |= {path: _po(catalogue), path.with_suffix(".mo"): binary.getvalue()}
    return files


def _po(catalogue: Catalog) -> bytes:
    text = io.BytesIO()
    write_po(text, catalogue, width=150, sort_output=True, omit_header=False, no_location=True)
    dated = re.compile(
        rb'^"(?:POT-Creation-Date|PO-Revision-Date|Last-Translator|Generated-By|Report-Msgid-Bugs-To)[^\n]*\n',
        re.MULTILINE,
    )
    return dated.sub(b"", text.getvalue())


def missing() -> list[str]:
    """Sentences without a translation, by language."""
    return [
        f"{path.stem}: {message.id}"
        for path in sorted(LOCALE.glob("*.po"))
        for message in read_po(io.BytesIO(path.read_bytes()))
        if message.id
        and (not message.string or not all(message.string if isinstance(message.string, tuple) else (message.string,)))
    ]


def main() -> int:
    if "--check" in sys.argv:
        old = [path.name for path, data in written().items() if not path.exists() or path.read_bytes() != data]
        problems = [f"not up to date: {name} (make catalogue)" for name in old] + missing()
        print("\n".join(problems) or "catalogues up to date")
        return 1 if problems else 0
    for path, data in written().items():
        path.write_bytes(data)
    print("\n".join(missing()) or "every sentence is translated")
    return 0


if __name__ == "__main__":
    sys.exit(main())
