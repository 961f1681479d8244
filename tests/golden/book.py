"""Every notice, written on one letterhead: what the golden files hold, and what the other tests look through."""

from __future__ import annotations

import email
import email.policy
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from mss_guard.core import notice
from mss_guard.core.notice import rehearsal
from mss_guard.core.notice.facts import BY_KIND
from mss_guard.core.notice.roads import Kind
from mss_guard.edge import library

FOLDER = Path(__file__).parent / "notices"
LANGUAGES = ("fr", "en")
LETTERHEAD = notice.Letterhead(
    structure="EHPAD Les Tilleuls",
    domains=frozenset({"ehpad-les-tilleuls.fr"}),
    contact_email="support@ehpad-les-tilleuls.fr",
    contact_name="Support informatique",
    contact_phone="02 00 00 00 00",
    contact_hours="9 h - 17 h",
    secure_access="https://webmail.exemple.mssante.fr",
    secure_box="secretariat@ehpad-les-tilleuls.mssante.fr",
    family_portal="https://familles.exemple.fr",
    region="pays-de-la-loire",
)
MIXED: tuple[tuple[Kind, ...], ...] = (
    (Kind.PROFESSIONAL, Kind.RELATIVE),
    (Kind.PROFESSIONAL, Kind.ADMINISTRATION, Kind.INSURER),
    tuple(Kind),
)


@dataclass(frozen=True)
class Page:
    """One notice. `kinds`: of its recipients; () where they do not matter."""

    topic: str
    kinds: tuple[Kind, ...]
    boxes: bool
    language: str
    subject: str
    text: str
    html: str

    @property
    def drafts(self) -> tuple[str, ...]:
        """The mailto links, as a mail program reads them."""
        return tuple(html.unescape(found) for found in re.findall(r'href="(mailto:[^"]*)"', self.html))

    @property
    def name(self) -> str:
        kinds = "+".join(self.kinds) if len(self.kinds) < len(Kind) else "tous"
        return ".".join(filter(None, (self.topic, kinds, self.language, "txt")))

    @property
    def golden(self) -> str:
        """Subject, text and drafts; the HTML says the same, which a test of its own holds it to."""
        head = "avec des boîtes de l'annuaire" if self.boxes else "sans boîte"
        drafts = "".join(f"\n[brouillon] {unquote(draft)}\n" for draft in self.drafts).replace("\r\n", "\n")
        return f"===== {head} =====\nSubject: {self.subject}\n\n{self.text}{drafts}"


@cache
def paper(language: str) -> notice.Stationery:
    shelf = library.read(())
    says = notice.rule_words(shelf.rules.values())
    return notice.prepare(LETTERHEAD, shelf.notices, language, shelf.catalogues, says)


def write(occasion: notice.Occasion, stationery: notice.Stationery) -> tuple[str, str, str]:
    """(subject, text, HTML) of a notice, as a mail program shows them."""
    raw = notice.compose_notice(occasion, stationery, message_id="<n1@tilleuls.example>", now=rehearsal.AT)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    bodies = (message.get_body((kind,)).get_content().replace("\r\n", "\n") for kind in ("plain", "html"))
    return (message["Subject"], *bodies)


@cache
def pages() -> tuple[Page, ...]:
    return tuple(_pages())


def _pages() -> Iterator[Page]:
    for language in LANGUAGES:
        for topic, kind in rehearsal.cases():
            for boxes in rehearsal.with_boxes(topic, kind):
                one = rehearsal.occasion(topic, kind, LETTERHEAD, suggested=boxes)
                yield Page(topic, (kind,) if topic in BY_KIND else (), boxes, language, *write(one, paper(language)))
        for kinds in MIXED:
            one = rehearsal.occasion("health-data", kinds[0], LETTERHEAD, also=kinds[1:])
            yield Page("health-data", kinds, False, language, *write(one, paper(language)))


def golden() -> dict[str, str]:
    """File name → content: one file for each topic, kind and language, with and without boxes."""
    files: dict[str, list[str]] = {}
    for page in pages():
        files.setdefault(page.name, []).append(page.golden)
    return {name: "\n".join(parts) for name, parts in files.items()}
