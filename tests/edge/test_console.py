"""The console: who may do what, what is written before it is shown, what a browser is told, and that nothing typed becomes a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from mss_guard.core.rights import TABLE, Right, Role
from mss_guard.edge.console import Lockout, Sessions
from mss_guard.edge.console.accounts import Accounts, weak
from mss_guard.edge.console.desk import local_path
from mss_guard.edge.console.web import HEADERS, PAGES
from tests.edge import console_kit as kit
from tests.edge.console_kit import ELSEWHERE, PASSPHRASE, PASSWORD, ROLES, Browser, House, Pen, signed_in
from tests.test_app_judgement import OUTSIDE, OWN

ACTS = ("/a-tort", "/exceptions/approuver", "/exceptions/retirer", "/exceptions/confirmer", "/identite")
HOSTILE = [
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}",
    "%27%22",
    "../../etc/passwd",
    "a\u202eb",
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with kit.standing(tmp_path_factory.mktemp("console")) as one:
        yield one


@pytest.fixture(autouse=True)
def _morning(house: House) -> Iterator[None]:
    """Each test begins at the same hour: whoever is signed in stays so."""
    yield
    house.now = 1000.0


@pytest.fixture(scope="module")
def browsers(house: House) -> dict[str, Browser]:
    """Everybody signed in at one application."""
    app, found = house.app(), {}
    for name in (*ROLES, ELSEWHERE):
        found[name] = Browser(app)
        assert found[name].sign_in(name).status_code == 303
    return found


def address(path: str, house: House) -> str:
    for part, value in {"{ref}": house.refused, "{form}": "csv", "{which}": "rapport?mois=2026-10"}.items():
        path = path.replace(part, value)
    return path


# --- rights -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path", "right"), [(m, p, r) for m, p, r, _ in PAGES])
def test_each_page_opens_for_whom_the_table_says_and_for_nobody_else(
    house: House, browsers: dict[str, Browser], method: str, path: str, right: Right | None
) -> None:
    """By its address, too: 403 in French for another role, and the sign-in page for nobody."""
    for name, role in ROLES.items():
        answer = (
            browsers[name].get(address(path, house)) if method == "GET" else browsers[name].post(path, token="none")
        )
        allowed = right is None or role in TABLE[right]
        if method == "GET":
            assert answer.status_code == (200 if allowed else 403), (name, answer.text[:300])
        else:
            assert answer.status_code == 403
            assert ("Formulaire refusé" if allowed else "Accès refusé") in answer.text
    stranger = Browser(house.app())
    answer = stranger.get(address(path, house)) if method == "GET" else stranger.post(path, token="x")
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/connexion")


def test_nobody_who_administers_accounts_opens_identities() -> None:
    """Duties are apart: no role has both, and every right has somebody."""
    assert not TABLE[Right.ACCOUNTS] & TABLE[Right.IDENTITY]
    assert not TABLE[Right.ACCOUNTS] & TABLE[Right.SEARCH]
    assert all(TABLE[right] for right in Right)


def test_structures_are_separated(house: House, browsers: dict[str, Browser]) -> None:
    """Another structure's decision is as unknown as one that never was; lists, exports and figures hold only one's own."""
    zoe, marie = browsers[ELSEWHERE], browsers["marie"]
    assert zoe.get(f"/decisions/{house.refused}").status_code == 404
    assert zoe.get(f"/decisions/{house.refused}").text == zoe.get("/decisions/MSSG-ZZZZ-ZZZZ").text
    assert zoe.get(f"/decisions/{house.certain}").status_code == 200
    assert house.refused not in zoe.get("/decisions").text
    assert house.refused not in zoe.get("/decisions?structure=tilleuls").text
    assert house.refused not in zoe.get("/exporter/json").text
    assert house.certain in zoe.get("/exporter/csv").text
    assert house.refused in marie.get("/decisions").text
    for path, fields in (
        ("/identite", {"motif": "plainte"}),
        ("/exceptions/approuver", {"motif": "plainte"}),
        ("/a-tort", {"motif": "plainte", "verdict": "confirmed"}),
    ):
        assert zoe.post(path, ref=house.refused, **fields).status_code == 404


# --- what is written ------------------------------------------------------------------------------------------------------


def test_a_consultation_is_on_disk_before_it_is_shown(house: House, browsers: dict[str, Browser]) -> None:
    """`consult` with who and which reference; when the journal cannot take it, the decision is not shown, nor a report or export."""
    before = len(house.records("consult"))
    page = browsers["lea"].get(f"/decisions/{house.refused}")
    assert page.status_code == 200
    written = house.records("consult")[before:]
    assert [(r["what"], r["by"], r["ref"]) for r in written] == [("decision", "lea", house.refused)]
    Pen.full = True
    try:
        for path in (
            f"/decisions/{house.refused}",
            "/exporter/csv",
            "/rapports/rapport?mois=2026-10",
            f"/decisions?adresse={OUTSIDE}",
        ):
            hidden = browsers["marie"].get(path)
            assert hidden.status_code == 503
            assert "evidence.care" not in hidden.text
            assert "ne se montre pas" in hidden.text
        for path, fields in (("/exceptions/approuver", {}), ("/a-tort", {"verdict": "confirmed"})):
            assert browsers["marie"].post(path, ref=house.refused, motif="plainte", **fields).status_code == 503
        assert OWN not in opened(house, browsers["marie"]).text
    finally:
        Pen.full = False
    assert house.office.exceptions(None).passes == ()


def opened(
    house: House, browser: Browser, phrase: str = PASSPHRASE, motif: str = "plainte du cadre", **more: str
) -> Any:
    return browser.post(
        "/identite", ref=house.refused, motif=motif, phrase=phrase, files={"cle": ("cle-dpo.json", house.key)}, **more
    )


def test_an_identity_opens_with_key_passphrase_and_reason_alone(house: House, browsers: dict[str, Browser]) -> None:
    """Sender and recipient, once the record is written; without one of the three, nothing, and no record."""
    before = len(house.records("open-identity"))
    marie = browsers["marie"]
    for answer in (
        opened(house, marie, phrase="une autre phrase"),
        opened(house, marie, motif="x"),
        opened(house, marie, motif="pour b@x.fr"),
        marie.post("/identite", ref=house.refused, motif="plainte", phrase=PASSPHRASE, files={"cle": ("k", b"rien")}),
        marie.post("/identite", ref=house.refused, motif="plainte", phrase=PASSPHRASE),
    ):
        assert answer.status_code == 400
        assert OWN not in answer.text
    assert len(house.records("open-identity")) == before
    page = opened(house, marie)
    assert (page.status_code, OWN in page.text, OUTSIDE in page.text) == (200, True, True)
    last = house.records("open-identity")[-1]
    assert (last["ref"], last["by"], last["reason"]) == (house.refused, "marie", "plainte du cadre")
    assert house.key.decode()[:40] not in "".join(
        p.read_text(errors="replace") for p in (house.folder / "state").rglob("*") if p.is_file()
    )


def test_four_eyes_take_two_officers(house: House) -> None:
    """What one asks for waits; nobody confirms their own; the second, another officer, makes it an act that names both."""
    app = house.app(four_eyes=frozenset({"identity", "exceptions"}))
    marie, paul = Browser(app), Browser(app)
    marie.sign_in("marie")
    paul.sign_in("paul")
    assert opened(house, marie).status_code == 303
    (asked,) = house.office.exceptions(None).pending
    assert opened(house, marie, demande=asked.id).status_code == 409
    assert OWN not in opened(house, paul, phrase="pas la bonne", demande=asked.id).text
    assert OWN in opened(house, paul, demande=asked.id).text
    assert house.records("open-identity")[-1]["by"] == "marie:paul"
    assert house.office.exceptions(None).pending == ()
    assert marie.post("/exceptions/approuver", ref=house.second, motif="modèle de courrier").status_code == 303
    (asked,) = house.office.exceptions(None).pending
    assert house.office.exceptions(None).passes == ()
    assert marie.post("/exceptions/confirmer", demande=asked.id).status_code == 409
    assert paul.post("/exceptions/confirmer", demande=asked.id, non="1").status_code == 303
    assert (house.office.exceptions(None).passes, house.office.exceptions(None).pending) == ((), ())
    marie.post("/exceptions/approuver", ref=house.second, motif="modèle de courrier")
    (asked,) = house.office.exceptions(None).pending
    assert paul.post("/exceptions/confirmer", demande=asked.id).status_code == 303
    (given,) = house.office.exceptions(None).passes
    assert (given.ref, given.by) == (house.second, "marie, paul")
    assert house.records("exception")[-1]["by"] == "marie, paul"
    assert marie.post("/exceptions/retirer", quoi=house.second, motif="plus utile").status_code == 303
    (asked,) = house.office.exceptions(None).pending
    assert paul.post("/exceptions/confirmer", demande=asked.id).status_code == 303
    assert house.office.exceptions(None).passes == ()


def test_a_request_is_seen_and_confirmed_within_its_structure_alone(house: House) -> None:
    """An officer of another structure neither sees what waits nor can confirm it by its number."""
    app = house.app(four_eyes=frozenset({"exceptions"}))
    marie, zoe = Browser(app), Browser(app)
    marie.sign_in("marie")
    zoe.sign_in(ELSEWHERE)
    marie.post("/exceptions/approuver", ref=house.second, motif="modèle de courrier")
    (asked,) = house.office.exceptions(None).pending
    assert house.second not in zoe.get("/exceptions").text
    assert zoe.post("/exceptions/confirmer", demande=asked.id).status_code == 409
    assert house.office.exceptions(None).passes == ()
    house.office.settle(asked.id)


def test_a_refusal_is_lifted_and_taken_back_on_the_record(house: House, browsers: dict[str, Browser]) -> None:
    """What was not refused, or for its addresses, cannot be lifted; a pass stands on the page until it is taken back."""
    marie = browsers["marie"]
    assert marie.post("/exceptions/approuver", ref=house.relayed, motif="plainte").status_code == 409
    assert marie.post("/exceptions/approuver", ref=house.refused, motif="modèle de courrier").status_code == 303
    assert house.refused in marie.get("/exceptions").text
    assert house.records("exception")[-1]["what"] == "approved"
    assert marie.post("/exceptions/retirer", quoi="exc-00000000", motif="plus utile").status_code == 404
    assert marie.post("/exceptions/retirer", quoi=house.refused, motif="plus utile").status_code == 303
    assert [r["what"] for r in house.records("exception")[-2:]] == ["approved", "revoked"]


def test_a_false_positive_is_classed_once_and_counted_no_more(house: House, browsers: dict[str, Browser]) -> None:
    """Called wrong: in the queue and in the figures; found justified: out of both, and the page says which it was."""
    marie = browsers["marie"]
    assert marie.post("/a-tort", ref=house.refused, verdict="sans", motif="plainte").status_code == 400
    assert marie.post("/a-tort", ref=house.refused, verdict="confirmed", motif="modèle de courrier").status_code == 303
    assert [one.classed for one in house.office.signalled(None)] == ["confirmed"]
    assert len(house.office.figures(None, 7).false_positives) == 1
    marie.post("/a-tort", ref=house.refused, verdict="justified", motif="relu avec le cadre")
    assert [one.classed for one in house.office.signalled(None)] == ["justified"]
    assert house.office.figures(None, 7).false_positives == ()
    assert house.office.signalled(frozenset({"acacias"})) == ()


def test_an_address_that_is_searched_is_written_down_as_a_pseudonym(house: House, browsers: dict[str, Browser]) -> None:
    """Whose decisions an officer looked for is on the record, and the address is in no file."""
    page = browsers["marie"].get(f"/decisions?adresse={OUTSIDE}")
    assert house.refused in page.text
    last = house.records("consult")[-1]
    assert (last["what"], last["by"], last["found"]) == ("subject", "marie", 3)
    assert last["who"]
    assert house.refused not in browsers["marie"].get("/decisions?adresse=personne@nulle-part.fr").text


# --- signing in -----------------------------------------------------------------------------------------------------------


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same page, same status, and a hash is verified in both cases, so that the time tells nothing."""
    verified: list[str] = []
    real = type(house.accounts._hasher).verify
    monkeypatch.setattr(
        type(house.accounts._hasher), "verify", lambda self, h, p: verified.append(h) or real(self, h, p)
    )
    browser = Browser(house.app())
    answers = [browser.sign_in(name, "pas le bon mot") for name in ("marie", "inconnu")]
    assert [a.status_code for a in answers] == [401, 401]
    assert len(verified) == 2
    hide = [re.sub(r'name="(csrf|nom)" value="[^"]*"|value="(marie|inconnu)"', "", a.text) for a in answers]
    assert hide[0] == hide[1]


def test_five_misses_lock_a_name_and_time_opens_it(house: House) -> None:
    """Whether it exists or not; the right password is not even tried; after a quarter of an hour it is."""
    for name in ("paul", "personne"):
        browser = Browser(house.app())
        codes = [browser.sign_in(name, "pas le bon mot").status_code for _ in range(6)]
        assert codes == [401] * 4 + [429] * 2, name
        assert browser.sign_in(name).status_code == 429
    app = house.app()
    browser = Browser(app)
    for _ in range(5):
        browser.sign_in("paul", "pas le bon mot")
    house.now += 16 * 60
    assert browser.sign_in("paul").status_code == 303


def test_many_names_from_one_place_lock_the_place() -> None:
    """A list of passwords tried over many names stops, too; a right one forgives its name and not the place."""
    clock = [0.0]
    lock = Lockout(lambda: clock[0])
    assert not any(lock.miss(f"nom{n}", "192.0.2.1") for n in range(30))
    assert lock.locked("autre", "192.0.2.1")
    assert not lock.locked("autre", "192.0.2.2")
    lock.hit("nom1")
    assert lock.locked("autre", "192.0.2.1")
    clock[0] = 901.0
    assert not lock.locked("autre", "192.0.2.1")


def test_a_session_ends_when_idle_when_old_and_with_its_account(house: House) -> None:
    """A quarter of an hour without a page, eight hours in all, an account that was closed, a sign-out: each leads back to the sign-in."""
    browser = signed_in(house, "marie")
    house.now += 899
    assert browser.get("/").status_code == 200
    house.now += 901
    assert browser.get("/").headers["location"] == "/connexion"
    browser = signed_in(house, "marie")
    for _ in range(32):
        house.now += 890
        browser.get("/moi")
    house.now += 400
    assert browser.get("/").status_code == 303
    browser = signed_in(house, "otto")
    house.accounts.put(kit.Account("otto", Role.OPERATOR, ("*",), house.accounts.hashed(PASSWORD), disabled=True))
    assert browser.get("/").status_code == 303
    house.accounts.put(kit.Account("otto", Role.OPERATOR, ("*",), house.accounts.hashed(PASSWORD)))
    browser = signed_in(house, "marie")
    assert browser.post("/sortie").status_code == 303
    assert browser.get("/").status_code == 303


def test_signing_in_gives_a_new_session(house: House) -> None:
    """A cookie that was planted before opens nothing after; a new role holds at once; everywhere means everywhere."""
    app = house.app()
    browser = Browser(app)
    browser.get("/connexion")
    planted = browser.client.cookies["mss-guard"]
    browser.sign_in("marie")
    assert browser.client.cookies["mss-guard"] != planted
    thief = Browser(app)
    thief.client.cookies.set("mss-guard", planted)
    assert thief.get("/").status_code == 303
    other = Browser(app)
    other.sign_in("marie")
    browser.post("/sortie", partout="1")
    assert other.get("/").status_code == 303


@pytest.mark.parametrize(
    ("text", "path"),
    [("/decisions?ref=x", "/decisions?ref=x"), ("//evil.example/", "/"),
     ("https://evil.example/", "/"), ("/\\evil.example", "/"), ("/connexion", "/"), ("", "/"), ("/a\r\nb", "/")],
)  # fmt: skip
def test_after_the_sign_in_only_our_own_pages_follow(text: str, path: str) -> None:
    """No open redirect."""
    assert local_path(text) == path


def test_there_is_no_first_password_and_a_weak_one_is_refused(tmp_path: Path) -> None:
    """An empty file lets nobody in; short, even, and guessable passwords are not taken; a hash is argon2id."""
    accounts = Accounts(tmp_path)
    assert all(
        accounts.verify(name, word) is None for name in ("admin", "root", "") for word in ("", "admin", "password")
    )
    assert weak("trop court", "marie")
    assert weak("aaaaaaaaaaaaaaaa", "marie")
    assert weak("marie123456789", "marie")
    assert weak(PASSWORD, "marie") is None
    assert accounts.hashed(PASSWORD).startswith("$argon2id$")
    accounts.put(kit.Account("sso", Role.READER, ("*",), ""))
    assert accounts.verify("sso", "") is None


def test_a_table_of_sessions_has_its_end() -> None:
    """A flood of visitors who never sign in pushes out its own, not those who work."""
    clock = [0.0]
    sessions = Sessions(900, 28_800, lambda: clock[0])
    name, _ = sessions.begin(kit.console.Person("marie", Role.OFFICER))
    for _ in range(1500):
        sessions.begin()
    assert sessions.find(name) is not None


# --- what goes over the wire ----------------------------------------------------------------------------------------------


def test_every_answer_has_the_headers(house: House, browsers: dict[str, Browser]) -> None:
    """Pages, errors, redirects, downloads, the style sheet; no script is allowed anywhere, nothing is kept by the browser."""
    answers = [
        browsers["marie"].get(path)
        for path in (
            "/",
            "/decisions",
            f"/decisions/{house.refused}",
            "/rien",
            "/exporter/csv",
            "/connexion",
            "/decisions/x",
        )
    ]
    answers += [Browser(house.app()).get("/"), browsers["lea"].get("/comptes"), browsers["marie"].post("/", token="x")]
    for answer in answers:
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, (answer.url, name)
        assert "server" not in answer.headers
    sheet = browsers["marie"].get("/console.css")
    assert (sheet.status_code, sheet.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "script" not in HEADERS["Content-Security-Policy"]
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


def test_cookies_are_bound_to_the_host_and_to_https(house: House) -> None:
    """Strict and out of a script's reach; by https under the __Host- prefix, with HSTS."""
    plain = Browser(house.app()).get("/connexion").headers["set-cookie"].lower()
    assert "httponly" in plain
    assert "samesite=strict" in plain
    secure = Browser(house.app(secure=True), "https://testserver").get("/connexion")
    assert secure.headers["set-cookie"].startswith("__Host-mss-guard=")
    assert "; secure" in secure.headers["set-cookie"].lower()
    assert "strict-transport-security" in secure.headers


def test_a_form_from_elsewhere_does_nothing(house: House, browsers: dict[str, Browser]) -> None:
    """A wrong token, none, another session's, another site's Origin or Sec-Fetch-Site: 403, and no record."""
    marie, before = browsers["marie"], len(house.records("exception"))
    fields = {"ref": house.refused, "verdict": "confirmed", "motif": "modèle de courrier"}
    assert marie.post("/a-tort", token="", **fields).status_code == 403
    assert marie.post("/a-tort", token=browsers["paul"].token(), **fields).status_code == 403
    good = {"csrf": marie.token(), **fields}
    for headers in (
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert marie.client.post("/a-tort", data=good, headers=headers).status_code == 403
    assert marie.client.post("/a-tort", data={**good, "motif": "x" * 200_000}).status_code == 403
    assert marie.client.get("/a-tort?" + "&".join(f"{k}={v}" for k, v in good.items())).status_code == 200, (
        "a GET only looks"
    )
    assert len(house.records("exception")) == before


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_typed_stays_text(house: House, browsers: dict[str, Browser], text: str) -> None:
    """In every field of every form and in addresses: shown as text or refused, never markup, never SQL, never a template."""
    marie = browsers["marie"]
    names = (
        "ref",
        "adresse",
        "domaine",
        "regle",
        "statut",
        "action",
        "aurait",
        "motif",
        "structure",
        "depuis",
        "jusqu",
    )
    pages = [marie.client.get("/decisions", params={name: text}) for name in names]
    pages += [
        marie.client.get("/decisions/" + text.replace("/", "")),
        marie.client.get("/rapports/rapport", params={"mois": text}),
    ]
    pages += [marie.client.get("/", params={"jours": text}), marie.client.get("/decisions", params={"page": text})]
    pages += [marie.post(path, ref=text, motif=text, verdict=text, quoi=text, demande=text) for path in ACTS]
    stranger = Browser(house.app())
    pages += [stranger.sign_in(text, text), stranger.client.get("/connexion", params={"suite": text})]
    for page in pages:
        assert page.status_code < 500, page.url
        tree = html.fromstring(page.text or "<p>")
        assert not tree.xpath("//script|//img|//@onerror"), page.url
        assert "49" not in "".join(tree.xpath("//input[@name='domaine']/@value"))
    for name in ("domaine", "regle"):
        tree = html.fromstring(marie.client.get("/decisions", params={name: text}).text)
        typed = tree.xpath(f"//input[@name='{name}']/@value")
        assert typed == ([text] if text.isprintable() else [""])


def test_a_motive_of_the_journal_stays_text_on_every_page(house: House, browsers: dict[str, Browser]) -> None:
    """Officers' words come back in pages: escaped there, whatever they are."""
    browsers["marie"].post("/a-tort", ref=house.second, verdict="confirmed", motif="<b>gras</b> ' OR 1=1")
    for path in ("/a-tort", f"/decisions/{house.second}"):
        page = browsers["marie"].get(path)
        assert "&lt;b&gt;gras&lt;/b&gt;" in page.text
        assert not html.fromstring(page.text).xpath("//main//b[text()='gras']")
    assert "Des &lt;soins&gt;" in browsers["marie"].get(f"/decisions/{house.refused}").text


def test_nothing_of_a_message_or_a_person_is_on_any_page(house: House, browsers: dict[str, Browser]) -> None:
    """No address of sender or recipient: domains, rules and references only."""
    pages = [
        browsers["marie"].get(address(path, house)).text
        for method, path, _, _ in PAGES
        if method == "GET" and path != "/comptes"
    ]
    for page in pages:
        assert OWN not in page
        assert OUTSIDE not in page
        assert "@" not in "".join(html.fromstring(page).xpath("//body//text()"))


# --- pages ----------------------------------------------------------------------------------------------------------------


def test_a_decision_page_has_everything_and_its_proof(house: House, browsers: dict[str, Browser]) -> None:
    """Verdict, recipients and standings, rules with titles, outcome, knowledge, where it stands, and a live verification."""
    text = " ".join(html.fromstring(browsers["marie"].get(f"/decisions/{house.refused}").text).text_content().split())
    verdict = "Refusé : données de santé vers l'extérieur"
    for words in (
        verdict,
        "messagerie-ordinaire.example",
        "evidence.care",
        "issue : refusé",
        "front-tilleuls",
        "Inchangée",
        "N° ",
    ):
        assert words in text, words


def test_a_changed_record_is_seen_on_its_page(house: House, browsers: dict[str, Browser]) -> None:
    """One letter of the file altered: the page says so in red."""
    every = (house.folder / "journal" / "essai" / "front-tilleuls").glob("*.jsonl")
    (segment,) = (path for path in every if house.second.encode() in path.read_bytes())
    good = segment.read_bytes()
    line = next(one for one in good.splitlines() if house.second.encode() in one and b'"decision"' in one)
    segment.write_bytes(good.replace(line, line.replace(b'"size":17', b'"size":18')))
    try:
        page = browsers["marie"].get(f"/decisions/{house.second}").text
        assert "n'est plus celui qui a été signé" in html.fromstring(page).text_content()
        assert '<p class="bad">' in page
    finally:
        segment.write_bytes(good)


def test_filters_stand_in_the_address_and_pages_follow(house: House, browsers: dict[str, Browser]) -> None:
    """A whole reference leads to its page; filters come back filled in; an export takes the same question."""
    marie = browsers["marie"]
    assert marie.get(f"/decisions?ref={house.refused.lower()}").headers["location"] == f"/decisions/{house.refused}"
    page = html.fromstring(
        marie.get("/decisions?action=refuse&motif=health-data&domaine=messagerie-ordinaire.example").text
    )
    assert page.xpath("//select[@name='action']/option[@selected]/@value") == ["refuse"]
    assert len(page.xpath("//tbody/tr")) == 3
    (link, _) = page.xpath("//a[contains(@href, '/exporter/')]/@href")
    taken = marie.get(link)
    assert taken.headers["content-disposition"] == 'attachment; filename="decisions.csv"'
    assert len(taken.text.splitlines()) == 4


def test_reports_are_downloads_of_the_month(house: House, browsers: dict[str, Browser]) -> None:
    """The month's page as a file; a register with nothing to enter says so; a month that is none is told how one is written."""
    from datetime import UTC, datetime

    month = f"{datetime.now(UTC):%Y-%m}"
    page = browsers["lea"].get(f"/rapports/rapport?mois={month}")
    assert page.headers["content-disposition"] == f'attachment; filename="rapport-{month}.html"'
    assert "<h1>Rapport : " in page.text
    assert "Rien à inscrire" in browsers["lea"].get(f"/rapports/registre?mois={month}").text
    assert browsers["lea"].get("/rapports/rapport?mois=2026-13").status_code == 400
    assert house.records("consult")[-1]["what"] == "report"
