"""core.notice: the reply that survives any mail system, and the French letter that says nothing of what it is about."""

import email
import email.policy
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from mss_guard.core import addresses, notice
from mss_guard.core.model import (
    Action,
    Assessment,
    Category,
    Envelope,
    Finding,
    How,
    Level,
    Measure,
    Place,
    Reason,
    RecipientVerdict,
    SenderKind,
    Standing,
    State,
    Verdict,
    Why,
)
from mss_guard.core.notice import Letterhead, Occasion, Suggested, readability
from mss_guard.edge import library

FILES = library.read(()).notices
REFERENCE = "MSSG-7K3F-92QX"
AT = datetime(2026, 11, 22, 10, 42, tzinfo=timezone(timedelta(hours=1)))
INS = "277076322082910"
LETTERHEAD = Letterhead(
    structure="EHPAD Les Tilleuls",
    domains=frozenset({"tilleuls.example"}),
    contact_email="informatique@tilleuls.example",
    contact_name="Service informatique",
    contact_phone="02 00 00 00 00",
    contact_hours="du lundi au vendredi, 9 h à 17 h",
    secure_access="https://webmail.operateur.example",
    region="pays-de-la-loire",
)
PAPER = notice.prepare(LETTERHEAD, FILES)


def address(text):
    return addresses.parse(text.encode(), smtputf8=True)


def recipient(text, action=Action.REFUSE, reason=Reason.HEALTH, measure=None):
    return RecipientVerdict(
        address(text),
        Standing.OUTSIDE,
        action,
        measure or Measure(action.value),
        reason if action is Action.REFUSE or measure else None,
        11,
    )


def verdict(*recipients, action=Action.REFUSE, reason=Reason.HEALTH, measure=None):
    return Verdict(action, measure or Measure(action.value), reason, recipients, SenderKind.OWN)


def assessment(place="attachment 2", part="2", category=Category.CARE, **more):
    found = Finding("document.lettre", "Lettre", part, 1, category, place, Level.LIKELY)
    pdf = Place("2", "application/pdf", "application/pdf", How.MIME, State.READ, attachment=3)
    return Assessment(
        Level.LIKELY, 0.8, True, (found,), more.pop("places", (pdf,)), message_id="<abc@tilleuls.example>", **more
    )


REASONS = {
    Reason.HEALTH: "donnees de sante",
    Reason.UNREADABLE: "illisible",
    Reason.QUOTED_ONLY: "partie citee",
    Reason.SECURE_BOX: "elles ne servent pas a recevoir ou envoyer des messages non securises",
    Reason.USE_SECURE_BOX: "votre boite MSSante",
    Reason.COMMERCIAL: "partenaires commerciaux",
    Reason.MALFORMED: "mal ecrite",
    Reason.CITIZEN: "matricule INS impossible",
    Reason.POLICY: "regle",
}
LONG = "x@" + ".".join(["un-tres-long-nom-de-domaine"] * 8) + ".exemple.fr"


def check_line(reply):
    line = reply.line()
    assert line.isascii()
    assert line.isprintable()
    assert len(line) < 200
    assert "  " not in line
    assert reply.text.startswith(REFERENCE)
    return line


@pytest.mark.parametrize(("reason", "said"), REASONS.items())
@pytest.mark.parametrize("others", [0, 1, 999])
@pytest.mark.parametrize(
    "to",
    [
        "famille.dupont@ordinaire.example",
        LONG,
        "x@élan-vital.example",
        "postmaster",
        "cassée@@x",
        f"{INS}@patient.mssante.fr",
    ],
)
def test_one_line_whatever_the_reason_and_the_names(reason, said, others, to):
    """Every refusal is one ASCII line under 200 characters that begins with the reference and never holds a local
    part.
    """
    refused = verdict(*[recipient(to, reason=reason)] * (others + 1), reason=reason)
    reply = notice.reply(refused, REFERENCE)
    line = check_line(reply)
    assert line.startswith("550 5.7.1 MSSG-7K3F-92QX ")
    assert said in line
    for local_part in ("famille", "dupont", "cassée", INS):
        assert local_part not in line
    if others:
        assert f"et {others} autre" in line


GOLDEN = [
    (["x@ordinaire.example"], "ordinaire.example"),
    (["x@un.example", "y@deux.example", "z@trois.example"], "un.example et 2 autres"),
    (["x@élan.example"], "xn--lan-9la.example"),
    (["x@[192.0.2.1]"], "[192.0.2.1]"),
]


@pytest.mark.parametrize(("to", "named"), GOLDEN)
def test_the_words_of_a_refusal(to, named):
    """The reply names the first refused domain as it travels, and a count."""
    assert notice.reply(verdict(*map(recipient, to)), REFERENCE).line() == (
        f"550 5.7.1 MSSG-7K3F-92QX Message non transmis ({named}) : "
        "semble contenir des donnees de sante. Utilisez votre boite MSSante."
    )


def test_a_long_name_keeps_its_end():
    """Whose a name is stands at its end: the beginning is cut."""
    line = check_line(notice.reply(verdict(recipient(LONG)), REFERENCE))
    assert "(..." in line
    assert ".exemple.fr)" in line


def test_the_first_refused_domain_is_the_one_that_decided():
    """With several reasons the reply names a domain to which its own reason applies."""
    mixed = verdict(
        recipient("a@relaye.example", Action.RELAY),
        recipient("b@ordinaire.example"),
        recipient("c@tilleuls.mssante.fr", reason=Reason.SECURE_BOX),
        reason=Reason.SECURE_BOX,
    )
    assert "(tilleuls.mssante.fr et 1 autre)" in notice.reply(mixed, REFERENCE).text


def test_a_deferral_has_no_word_of_the_cause():
    """451 4.3.0, the reference, and that the server will try again by itself."""
    for reply in (
        notice.reply(verdict(recipient("x@y.example", Action.DEFER), action=Action.DEFER, reason=None), REFERENCE),
        *notice.replies(verdict(recipient("x@y.example", Action.DEFER), action=Action.DEFER, reason=None), REFERENCE),
    ):
        assert check_line(reply) == "451 4.3.0 MSSG-7K3F-92QX Message differe, votre serveur reessaiera de lui-meme."


def test_lmtp_answers_each_recipient():
    """One answer per recipient in order, doubles included, None for the permitted, each with its own domain and no
    count.
    """
    answers = notice.replies(
        verdict(
            recipient("a@un.example"),
            recipient("b@deux.example", Action.RELAY),
            recipient("a@un.example"),
            recipient("c@trois.example", Action.DEFER),
        ),
        REFERENCE,
    )
    assert [None if a is None else a.code for a in answers] == [550, None, 550, 451]
    assert "(un.example)" in check_line(answers[0])


def test_permitted_has_no_reply():
    """A permitted message is answered by the next hop alone."""
    assert (
        notice.reply(verdict(recipient("a@un.example", Action.RELAY), action=Action.RELAY, reason=None), REFERENCE)
        is None
    )


def test_configured_enhanced_code():
    """Exchange chooses its own text by a code of the structure's."""
    assert notice.reply(verdict(recipient("x@y.example")), REFERENCE, "5.7.901").line().startswith("550 5.7.901 MSSG-")


# --- the letter -----------------------------------------------------------------------------------


def compose(
    judged=None,
    seen=None,
    delivered=None,
    sender="claire.petit@tilleuls.example",
    letterhead=LETTERHEAD,
    size=0,
    **suggested,
):
    judged = judged or verdict(recipient("famille@ordinaire.example"))
    delivered = delivered if delivered is not None else (False,) * len(judged.recipients)
    envelope = Envelope(address(sender), tuple(r.address for r in judged.recipients))
    occasion = Occasion(REFERENCE, envelope, judged, seen, delivered, AT, size, Suggested(**suggested))
    paper = PAPER if letterhead is LETTERHEAD else notice.prepare(letterhead, FILES)
    raw = notice.compose_notice(occasion, paper, message_id="<n1@tilleuls.example>", now=AT + timedelta(seconds=2))
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", raw) is None
    return email.message_from_bytes(raw, policy=email.policy.default)


def text_of(message):
    return message.get_body(("plain",)).get_content()


def html_of(message):
    return message.get_body(("html",)).get_content()


def test_headers():
    """From the structure's contact to the sender, automatic, answering the message by its id, and without its
    subject.
    """
    message = compose(seen=assessment())
    assert message["From"] == "EHPAD Les Tilleuls <informatique@tilleuls.example>"
    assert message["To"] == "claire.petit@tilleuls.example"
    assert message["Subject"] == "Message non transmis (MSSG-7K3F-92QX)"
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["In-Reply-To"] == message["References"] == "<abc@tilleuls.example>"
    assert message["Message-ID"] == "<n1@tilleuls.example>"
    assert message["Date"] == "Sun, 22 Nov 2026 10:42:02 +0100"
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert not message.defects


def test_the_letter_of_a_refusal():
    """What, to whom, where, what sort, what to do, whom to ask, urgency and reference, in this order."""
    text = text_of(compose(seen=assessment()))
    said = [
        "Message non transmis",
        "Votre message à famille@ordinaire.example, envoyé le dimanche 22 novembre à 10 h 42, n'a pas été transmis.",
        "La 3e pièce jointe (PDF) semble contenir des données de santé.",
        "https://webmail.operateur.example",
        "Service informatique, 02 00 00 00 00, informatique@tilleuls.example",
        "Référence : MSSG-7K3F-92QX",
        "Urgence : n'attendez pas une réponse par mail, téléphonez.",
        "Motif : health-data",
    ]
    places = [text.index(words) for words in said]
    assert places == sorted(places)


def test_a_password_beside_its_box_protects_nothing():
    """The letter says so, in text and HTML, by the number of the attachment alone."""
    opened = Place(
        "3/1:zip", "application/pdf", "application/pdf", How.CONTAINER, State.READ, unlocked=True, attachment=2
    )
    outer = Place("3", "application/zip", "application/zip", How.MIME, State.READ, attachment=2)
    message = compose(seen=assessment("attachment 3", "3/1:zip", places=(outer, opened)))
    said = (
        "La 2e pièce jointe (archive) est protégée par un mot de passe qui se trouve dans le même message : "
        "cela ne protège rien."
    )
    assert said in text_of(message)
    assert said in html_of(message)
    assert "mot de passe" not in text_of(compose(seen=assessment()))


SEEN = {
    Reason.HEALTH: assessment(),
    Reason.UNREADABLE: assessment(
        places=(
            Place("2", "application/zip", "application/zip", How.MIME, State.UNREADABLE, Why.ENCRYPTED, attachment=1),
        )
    ),
    Reason.QUOTED_ONLY: assessment("quoted", "1", quoted_only=True),
}


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("bare", [False, True], ids=["full letterhead", "bare letterhead"])
def test_every_reason_is_short_and_whole(reason, bare):
    """Each reason makes at most 120 words before the technical block, in text and HTML alike, and never invokes the
    law.
    """
    letterhead = (
        Letterhead("Structure", frozenset({"tilleuls.example"}), "contact@tilleuls.example") if bare else LETTERHEAD
    )
    judged = verdict(recipient("famille@ordinaire.example", reason=reason), reason=reason)
    message = compose(judged, SEEN.get(reason), letterhead=letterhead)
    text, html = text_of(message), html_of(message)
    assert readability.word_count(text) <= 120
    assert "semble contenir" in text or reason not in (Reason.HEALTH, Reason.QUOTED_ONLY)
    for body in (text, html):
        assert "Urgence : n&#39;attendez" in body or "Urgence : n'attendez" in body
        assert re.search(r"obligatoire|la loi|illégal|interdit par", body) is None
        assert "None" not in body
        assert "\n\n\n" not in body


def test_the_html_is_accessible():
    """Language, title and headings; no image, no table, no colour that alone carries a meaning, no script."""
    html = html_of(compose(seen=assessment()))
    assert '<html lang="fr">' in html
    assert html.count("<h1") == 1
    assert html.count("<h2") == 4
    assert re.search(r"<(img|table|script|font|style|link)\b", html) is None


def test_who_received_it_and_who_did_not():
    """Five names and a count on each side; citizens are never named."""
    judged = verdict(
        *(recipient(f"r{n}@ordinaire.example") for n in range(7)),
        recipient(f"{INS}@patient.mssante.fr", Action.RELAY),
        recipient("medecin@ch.mssante.fr", Action.RELAY),
    )
    text = text_of(compose(judged, assessment(), (False,) * 7 + (True, True)))
    assert "r4@ordinaire.example et 2 autres, envoyé" in text
    assert "r5@" not in text
    assert "L'ont reçu : une adresse patient, medecin@ch.mssante.fr." in text
    assert "Personne" not in text


def test_advice():
    """A message relayed with advice is told as sent."""
    judged = verdict(
        recipient("famille@ordinaire.example", Action.RELAY, measure=Measure.ADVISE),
        action=Action.RELAY,
        measure=Measure.ADVISE,
    )
    text = text_of(compose(judged, assessment(), (True,)))
    assert text.startswith("Message transmis, à vérifier")
    assert "à famille@ordinaire.example, envoyé le dimanche 22 novembre à 10 h 42, est parti." in text
    assert "Non transmis" not in text
    assert "La prochaine fois" in text
    assert notice.wanted(judged)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("own", "Le texte du message"),
        ("subject", "L'objet du message"),
        ("name", "Le nom d'une pièce jointe"),
        ("forwarded", "Le message transféré"),
        ("signature", "La signature"),
        ("attachment 3", "La 3e pièce jointe (PDF)"),
    ],
)
def test_places_in_words(place, said):
    """Where something was found is said by kind and number."""
    assert f"{said} semble contenir" in text_of(compose(seen=assessment(place, "2/1:zip")))


def test_nothing_invisible_and_nothing_injected():
    """Controls, bidi marks and markup in what the outside chose come out as plain text or not at all."""
    odd = replace(
        LETTERHEAD,
        structure="EHPAD\x00\x1b[31m\u202e <b>Tilleuls</b>\r\nBcc: x@y.fr",
        contact_name="<script>x</script>",
    )
    message = compose(
        verdict(recipient("fam'ille+<b>@ordinaire.example"), recipient("fam&ille@ordinaire.example")),
        assessment(),
        letterhead=odd,
    )
    assert message["Bcc"] is None
    for body in (text_of(message), html_of(message)):
        assert not set(body) & {"\x00", "\x1b", "\u202e"}
    assert "<script" not in html_of(message)
    assert "fam&amp;ille" in html_of(message)


@pytest.mark.parametrize("message_id", ["", "abc", "<a b@c>", "<a@b>\r\nX: y", "<" + "a" * 300 + "@b>"])
def test_an_odd_message_id_is_left_out(message_id):
    """What is no plain Message-ID is not repeated."""
    assert compose(seen=replace(assessment(), message_id=message_id))["In-Reply-To"] is None


@pytest.mark.parametrize("local_part", ["claire", '"claire petit"', "o'hara", "a,b"])
def test_odd_senders_can_be_written_to(local_part):
    """A quoted local part comes back quoted."""
    sender = f"{local_part}@tilleuls.example"
    if address(sender).malformed is None:
        assert compose(sender=sender)["To"].addresses[0].username == address(sender).local_part


@pytest.mark.parametrize(
    ("sender", "seen", "automatic", "may"),
    [
        ("claire@tilleuls.example", assessment(), None, True),
        ("claire@TILLEULS.example", assessment(), None, True),
        ("claire@tilleuls.example", assessment(automatic=True), None, False),
        ("claire@tilleuls.example", None, None, False),
        ("claire@tilleuls.example", None, False, True),
        ("claire@ailleurs.example", assessment(), None, False),
        ("claire@tilleuls.mssante.fr", assessment(), None, False),
        ("postmaster@tilleuls.example", assessment(), None, False),
        ("MAILER-DAEMON@tilleuls.example", assessment(), None, False),
        (None, assessment(), None, False),
    ],
)
def test_may_notify(sender, seen, automatic, may):
    """Only people of the structure are written to: no null sender, no stranger, no list, no automatic mail, no
    doubt.
    """
    envelope = Envelope(None if sender is None else address(sender), ())
    assert notice.may_notify(envelope, seen, LETTERHEAD.domains, automatic=automatic) is may


@pytest.mark.parametrize(
    ("header", "automatic"),
    [
        (b"Auto-Submitted: auto-replied", True),
        (b"auto-submitted :\tauto-generated", True),
        (b"Auto-Submitted: no", False),
        (b"Auto-Submitted:   no; x=y", False),
        (b"Precedence: BULK", True),
        (b"Precedence: first-class", False),
        (b"List-Id: <x.y>", True),
        (b"X-List-Id: <x.y>", False),
        (b"Subject: List-Id: x", False),
    ],
)
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_says_automatic(header, automatic, end):
    """A look at the header alone: the same words in the body mean nothing."""
    assert notice.says_automatic(b"From: a@b.fr" + end + header + end + end + b"Bonjour" + end) is automatic
    assert not notice.says_automatic(b"From: a@b.fr" + end + end + header + end)


def test_nothing_is_told_in_observe():
    """In observe all is relayed, and nobody is written to."""
    observed = replace(
        verdict(recipient("x@y.example", Action.RELAY, measure=Measure.REFUSE), action=Action.RELAY),
        would=Action.REFUSE,
    )
    assert not notice.wanted(observed)
    assert notice.wanted(verdict(recipient("x@y.example")))


def test_the_regional_bodies():
    """Each region has a name, its site where there is one is a bare domain name, and no department is in two."""
    assert len(PAPER.regions) == 18
    for body in PAPER.regions.values():
        assert body.name
        assert not body.site or addresses.to_ascii(body.site) == body.site
    codes = [code for body in PAPER.regions.values() for code in body.departments]
    assert len(codes) == len(set(codes)) == 101
