"""`make golden`: writes the golden files anew, and the picture of one notice in docs/. The diff is then read by a person."""

from __future__ import annotations

import sys

from tests.golden import book, browser


def main() -> int:
    wanted = book.golden()
    book.FOLDER.mkdir(exist_ok=True)
    for old in book.FOLDER.glob("*.txt"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (book.FOLDER / name).write_text(text, encoding="utf-8")
    print(f"{len(wanted)} files in {book.FOLDER}")
    if (missing := browser.missing()) is not None:
        print(f"no picture: {missing}")
        return 0
    with browser.page() as page:
        for name, kinds, boxes in (
            ("avis-professionnel", ("professionnel",), True),
            ("avis-proche", ("proche",), False),
        ):
            shown = next(
                p
                for p in book.pages()
                if (p.topic, p.kinds, p.boxes, p.language) == ("health-data", kinds, boxes, "fr")
            )
            page.set_content(shown.html)
            page.screenshot(path=browser.DOCS / f"{name}.png", full_page=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
