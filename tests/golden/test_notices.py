"""Each notice word for word, and what holds for all of them: short, plain, accessible, without a road that leads nowhere."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from selectolax.lexbor import LexborHTMLParser

from mss_guard.core import inspection
from mss_guard.core.model import Category, Level
from mss_guard.core.notice import readability, rehearsal
from mss_guard.core.notice.facts import BY_KIND
from mss_guard.core.notice.roads import Kind
from mss_guard.core.wire import Request
from mss_guard.edge import library
from tests.golden import book, browser, catalogue

PAGES = book.pages()
URGENT = (
    "Urgence : n'attendez pas une réponse par mail, téléphonez.",
    "Urgent? Do not wait for an answer by mail: telephone.",
)
FOR_PROFESSIONALS = re.compile(r"GRADeS|Mailiz|RPPS|ADELI|FINESS", re.IGNORECASE)
TAGS = frozenset("html head meta title body main h1 h2 h3 p ul ol li a strong br hr".split())
ATTRIBUTES = frozenset("lang charset style href".split())
STYLES = frozenset("font-family font-size line-height color background-color margin padding-left border-left".split())
"""What Outlook's Word engine draws as it is meant (Microsoft, "Word HTML and CSS rendering capabilities in Outlook")."""


def names(page):
    return f"{page.topic} {'+'.join(page.kinds)} {'boxes' if page.boxes else ''} {page.language}"


def shown(page):
    """What a reader of the HTML sees."""
    body = LexborHTMLParser(page.html).body
    return re.sub(r"[ \n]+", " ", body.text(separator=" "))


def test_every_notice_is_as_it_was_read_last():
    """One file for each topic, kind and language; a change of words that was meant: `make golden`, then read the diff."""
    wanted = book.golden()
    there = {path.name: path.read_text(encoding="utf-8") for path in book.FOLDER.glob("*.txt")}
    assert sorted(there) == sorted(wanted)
    assert [name for name, text in wanted.items() if there[name] != text] == []
    assert {topic for topic, *_ in (name.split(".") for name in wanted)} >= BY_KIND
    assert len({page.topic for page in PAGES}) == 14


@pytest.mark.parametrize("page", [p for p in PAGES if Kind.RELATIVE in p.kinds and not p.boxes], ids=names)
def test_a_relative_is_never_sent_where_only_professionals_get_in(page):
    """No notice to a relative, alone or among others, names a GRADeS, Mailiz, RPPS or FINESS: not in its drafts either."""
    for said in (page.subject, page.text, page.html, *page.drafts):
        assert FOR_PROFESSIONALS.search(said) is None


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_a_tired_nurse_reads_it_to_the_end(page):
    """At most 120 words before the technical block, in text and HTML, in plain language, the urgent word last; no law invoked."""
    mixed = len(page.kinds) == len(Kind)
    assert readability.word_count(page.text) <= (140 if mixed else 120)
    end = "Informations techniques" if page.language == "fr" else "Technical information"
    assert readability.word_count(shown(page).partition(end)[0]) <= (145 if mixed else 120)
    assert page.language != "fr" or readability.kandel_moles(page.text) >= 60
    assert readability.for_people(page.text).rstrip().endswith(URGENT)
    assert re.search(r"obligatoire|la loi\b|illégal|compulsory|by law|None|\{|\}|%\(", page.text + shown(page)) is None


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_text_and_html_say_the_same(page):
    """Every word of the text stands in the HTML; the invitation, which the text has to copy, is there a draft."""
    drafts = " ".join(page.drafts)
    there = set(re.findall(r"\w+", (shown(page) + book.unquote(drafts)).lower()))
    copied = "Invitation à copier" if page.language == "fr" else "Invitation to copy"
    numbered = re.sub(r"^\d\. ", "", page.text.partition(copied)[0], flags=re.MULTILINE)
    assert set(re.findall(r"\w+", numbered.lower())) <= there


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_outlook_draws_it_as_it_is_meant(page):
    """Few elements, few properties, nothing from elsewhere: no image, no table, no class, no script."""
    for node in LexborHTMLParser(page.html).css("*"):
        assert node.tag in TAGS
        assert set(node.attributes) <= ATTRIBUTES
        for declaration in filter(None, (node.attributes.get("style") or "").split(";")):
            assert declaration.partition(":")[0].strip() in STYLES
        assert re.match(r"https://|mailto:", node.attributes.get("href") or "https://")


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_its_drafts_open_in_every_mail_program(page):
    """Under 2,000 characters (Outlook's bound for a link), to ordinary addresses alone: nothing is retyped to MSSanté from here."""
    for draft in page.drafts:
        assert len(draft) < 2000
        assert draft.isascii()
        assert "mssante.fr" not in draft.partition("?")[0]


@pytest.fixture(scope="module")
def knowledge():
    """The shipped rules, compiled."""
    shelf = library.read(())
    return inspection.load(inspection.pack(shelf.rules, shelf.words))


def level(subject, text, markup, knowledge):
    mail = f"Subject: {subject}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{markup}\r\n{text}"
    return inspection.inspect(mail.encode(), Request(), knowledge).level


def test_notices_are_no_health_data_themselves(knowledge):
    """Notices have no pass: judged by the shipped rules, every one is `none`, in both languages."""
    levels = {names(page): level(page.subject, page.text, page.html, knowledge) for page in PAGES}
    assert [name for name, found in levels.items() if found is not Level.NONE] == []


def test_naming_a_sort_of_document_is_no_health_data(knowledge):
    """Whatever document, category or sort of thing a notice names, it stays `none`."""
    paper = book.paper("fr")
    said = re.findall(r'^\s+says: "([^"]+)"', "\n".join(library.read(()).rules.values()), re.MULTILINE)
    whom = [w for w in dict.fromkeys(said) if re.match(r"(une|des|la) personne|un proche", w)]
    found = [{"rule": rule} for rule in paper.documents]
    found += [{"category": category} for category in Category]
    found += [{"what": (what,), "whom": (whom[n % len(whom)],)} for n, what in enumerate(dict.fromkeys(said))]
    wrong = []
    for one in found:
        occasion = rehearsal.occasion("health-data", Kind.PROFESSIONAL, book.LETTERHEAD)
        finding = {"rule": "evidence.care"} | {k: v for k, v in one.items() if k in ("rule", "category")}
        assessment = replace(occasion.assessment, findings=(replace(occasion.assessment.findings[0], **finding),))
        assessment = replace(assessment, **{k: v for k, v in one.items() if k in ("what", "whom")})
        if level(*book.write(replace(occasion, assessment=assessment), paper), knowledge) is not Level.NONE:
            wrong.append(one)
    assert wrong == []


def test_every_document_rule_has_its_words():
    """A rule that names a document says so in the notice, too."""
    rules = re.findall(
        r"\bid: ((?:document|format|attachment)\.[a-z0-9-]+)", "\n".join(library.read(()).rules.values())
    )
    assert set(rules) - set(book.paper("fr").documents) == set()


def test_the_catalogues_are_whole():
    """Every sentence is in the template catalogue and translated, and what is compiled is what stands in the .po."""
    assert [path.name for path, data in catalogue.written().items() if path.read_bytes() != data] == []
    assert catalogue.missing() == []


def test_machines_that_read_aloud_can_read_it():
    """axe-core finds nothing in any notice: language, title, headings, contrast, landmarks, lists, links."""
    if (missing := browser.missing()) is not None:
        pytest.skip(missing)
    from axe_playwright_python.sync_playwright import Axe

    axe, found = Axe(), {}
    with browser.page() as page:
        for one in (p for p in PAGES if p.language == "fr" or p.boxes):
            page.set_content(one.html)
            violations = axe.run(page).response["violations"]
            if violations:
                found[names(one)] = [violation["id"] for violation in violations]
    assert found == {}
