"""Content and rules in, an Assessment out."""

from __future__ import annotations

import time

import pytest

from mss_guard.core import detect, rules
from mss_guard.core.detect.ledgers import between, level_of
from mss_guard.core.model import Content, How, Level, Mode, Place, State, Text, Where
from mss_guard.core.rules import Thresholds
from tests.core.detect.kit import EXAMPLES, PACK, WORDS, detector, found, mail, rule

CARE = "Mme Durand : pansement refait, escarre au talon, Doliprane et Lantus donnés, TA 14/8, TA 12/7."


def test_what_and_who_together_are_health_data() -> None:
    """Care words close to a person give evidence.care, with the levels and scores of the scoring file."""
    result = detect.assess(mail(CARE), detector())
    assert found(result) == {"evidence.care": "own"}
    assert result.health
    assert result.level in (Level.LIKELY, Level.CERTAIN)


@pytest.mark.parametrize(
    "body", ["Pansement, escarre, Doliprane, Lantus.", "Mme Durand viendra mardi avec M. Petit.", ""]
)
def test_one_ledger_alone_is_nothing(body: str) -> None:
    """Care words without a person, or a person without care, conclude nothing."""
    result = detect.assess(mail(body), detector())
    assert (result.level, result.score, result.health, result.findings) == (Level.NONE, 0.0, False, ())


def test_far_apart_is_not_together() -> None:
    """The window is a window: a person and care words two pages apart do not add up."""
    result = detect.assess(
        mail("J'ai vu Mme Durand hier. " + "Du texte neutre. " * 60 + CARE[12:].split("TA")[0]), detector()
    )
    assert result.findings == ()


def test_subject_and_names_speak_for_the_body() -> None:
    """The person in the subject or a file name and the care in the body are one piece of news."""
    care = "Pansement refait, escarre au talon, Doliprane et Lantus donnés ce matin."
    assert found(detect.assess(mail(care, subject="Chute de Mme Durand"), detector())) == {"evidence.care": "own"}
    assert found(detect.assess(mail(care, names=("photo Mme Durand.jpg",)), detector())) == {"evidence.care": "own"}


def test_headings_alone_can_be_enough() -> None:
    """An empty body with a telling subject and file name is judged by them."""
    result = detect.assess(
        mail("", subject="Mme Durand, escarre, pansement", names=("lantus_doliprane_hospitalisation.mp4",)), detector()
    )
    assert found(result) == {"evidence.care": "subject"}


def test_attachments_are_numbered() -> None:
    """A finding in the second attachment says so, by number only."""
    result = detect.assess(mail("Bonjour", names=("a.pdf", "b.pdf"), attachments=("rien", CARE)), detector())
    assert found(result) == {"evidence.care": "attachment 2"}
    assert all(p.name == "" for p in result.places)


def test_impersonal_text_weighs_against() -> None:
    """Law and generalities lower the score; they never cancel an identifier."""
    law = " Article 3 du décret : les patients sont informés."
    plain = detect.assess(mail(CARE), detector())
    weaker = detect.assess(mail(CARE + law), detector())
    assert weaker.score < plain.score
    with_nir = detect.assess(mail(f"INS 279035121518989, pansement.{law * 5}"), detector())
    assert with_nir.level is Level.CERTAIN


def test_repeating_a_word_adds_nothing() -> None:
    """Only distinct hits count."""
    once = detect.assess(mail(CARE), detector())
    thrice = detect.assess(mail(CARE + " Pansement, pansement."), detector())
    assert once.score == thrice.score


def test_not_phrases_cancel() -> None:
    """A word of `not` near a hit takes it away."""
    text = "Mme Durand : TA 12/8, Lantus, pansement"
    with_it = detect.assess(mail(text), detector(), explain=True).evidence[0].what
    without = detect.assess(mail(text + " du bureau"), detector(), explain=True).evidence[0].what
    assert {i for i, _ in with_it} - {i for i, _ in without} == {"what.soins"}


def test_signatures_give_no_evidence() -> None:
    """A title and a name under "Cordialement" are nobody's health."""
    body = (
        "Bonjour,\nVoici le devis.\n\nCordialement,\nJeanne Durand\nPansement et escarre, Doliprane, hospitalisation\n"
    )
    assert detect.assess(mail(body), detector()).findings == ()


def test_a_stay_is_not_health() -> None:
    """Presence alone has its own category, which never makes `health` true; care beside it is judged by itself."""
    stay = detect.assess(mail("Facture de séjour de Mme Durand, linge de Mme Petit."), detector())
    assert found(stay) == {"evidence.stay": "own"}
    assert stay.health is False
    both = detect.assess(mail("Facture de séjour, linge. " + CARE), detector())
    assert both.health
    assert "evidence.care" in found(both)


def test_combinations_have_a_level_of_their_own() -> None:
    """A NIR with one care word in reach is certain; out of reach it is not."""
    near = "INS 279035121518989 : pansement"
    assert found(detect.assess(mail(near), detector())).keys() >= {"combination.nir-soin"}
    far = "INS 279035121518989. " + "Texte neutre. " * 30 + "pansement"
    result = detect.assess(mail(far), detector(), explain=True)
    assert "combination.nir-soin" not in found(result)
    assert "combination.nir-soin" in result.nearly


KEYWORDS = rule("local.ppa", "keywords: {any: [projet personnalisé], none: [trame vierge], near_person: true}")


@pytest.mark.parametrize(
    ("content", "meets"),
    [
        (mail("Le projet personnalisé de Mme Durand"), True),
        (mail("Le projet personnalisé du service"), False),
        (mail("Trame vierge de projet personnalisé, merci à Mme Durand"), False),
        (mail("Ci-joint", names=("Projet_personnalise_Leo D.docx",)), True),
        (mail("Pour Mme Durand, merci", subject="Projet personnalisé"), True),
        (mail("Voici", subject="Chute de Mme Durand", names=("x.pdf",), attachments=("Projet\npersonnalisé",)), True),
        (mail("Projet personnalisé" + " mot" * 200 + " de Mme Durand"), False),
    ],
)
def test_keywords_near_a_person(content: Content, meets: bool) -> None:
    """`near_person` wants a person within reach, in the subject or in a name; `none` cancels."""
    assert ("local.ppa" in found(detect.assess(content, detector(KEYWORDS)))) is meets


@pytest.mark.parametrize(
    ("keywords", "text", "meets"),
    [
        ("{all: [devis, fauteuil]}", "devis du fauteuil", True),
        ("{all: [devis, fauteuil]}", "devis du meuble", False),
        ("{any: [devis, facture], all: [fauteuil], within: 20}", "facture du fauteuil", True),
        ("{any: [devis, facture], all: [fauteuil], within: 20}", "facture" + " " * 40 + "fauteuil", False),
    ],
)
def test_keywords_any_all_within(keywords: str, text: str, meets: bool) -> None:
    """`all` must all stand, `within` so many characters."""
    assert ("local.a" in found(detect.assess(mail(text), detector(rule("local.a", f"keywords: {keywords}"))))) is meets


def test_all_counts_the_subject() -> None:
    """One phrase in the subject and one in the body are both said."""
    rules_text = rule("local.a", "keywords: {all: [devis, fauteuil]}")
    assert found(detect.assess(mail("le fauteuil", subject="Devis"), detector(rules_text)))


def test_patterns_run_on_folded_text() -> None:
    """An administrator's pattern need not care for accents, case or line ends."""
    rules_text = rule("local.a", r"pattern: 'degré d''aggir [1-6]\b'")
    assert found(detect.assess(mail("DEGRE\nD’AGGIR 2"), detector(rules_text))) == {"local.a": "own"}


@pytest.mark.parametrize(
    ("attachment", "name", "meets"),
    [
        ("{name: '*aggir*'}", "Grille AGGIR.pdf", True),
        ("{name: '*aggir*', type: xlsx}", "Grille AGGIR.pdf", False),
        ("{name: ['x*', 'ppa?durand*'], type: [docx, pdf]}", "PPA_Durand.pdf", True),
        ("{type: pdf}", "n'importe", True),
        ("{type: video}", "film.mp4", False),
    ],
)
def test_attachment_rules(attachment: str, name: str, meets: bool) -> None:
    """Globs meet folded names, kinds meet what the file is; a bare attachment rule is enough by itself."""
    rules_text = rule("local.a", f"attachment: {attachment}")
    assert (
        found(detect.assess(mail("x", names=(name,)), detector(rules_text))) == {"local.a": "attachment 1"}
    ) is meets


def test_archives_are_looked_into_only_when_asked() -> None:
    """Names inside a container count with inside_archives."""
    inner = Place("2/1:zip", "", "application/pdf", How.CONTAINER, State.READ, name="dossier/crh_durand.pdf")
    content = Content((inner,), (Text("1", Where.BODY, "x"),))
    closed = rule("local.a", "attachment: {name: 'crh*'}")
    opened = rule("local.a", "attachment: {name: 'crh*', inside_archives: true}")
    assert found(detect.assess(content, detector(closed))) == {}
    assert found(detect.assess(content, detector(opened))) == {"local.a": "attachment 1"}


def test_keywords_and_attachment_must_both_hold() -> None:
    """A rule with both keys wants both."""
    rules_text = rule("local.a", "keywords: {any: [gir]}", "attachment: {name: '*aggir*'}")
    assert found(detect.assess(mail("gir 2", names=("aggir.pdf",)), detector(rules_text))) == {"local.a": "own"}
    assert found(detect.assess(mail("gir 2", names=("autre.pdf",)), detector(rules_text))) == {}


def test_formats_are_certain_without_words() -> None:
    """A marker of a health format is a finding at its part."""
    rules_text = rule("format.cda", "format: cda", level="certain")
    result = detect.assess(mail("x", names=("a.xml",), formats=("cda",)), detector(rules_text))
    assert (result.level, result.health, result.findings[0].part) == (Level.CERTAIN, True, "2")


def test_rules_in_observation_raise_nothing() -> None:
    """A rule in observe is listed with its mode, but neither level nor health follow it."""
    rules_text = rule("local.a", "keywords: {any: [gir]}")
    result = detect.assess(mail("gir 2"), detector(rules_text, modes={"local": Mode.OBSERVE}))
    assert [(f.rule, f.mode) for f in result.findings] == [("local.a", Mode.OBSERVE)]
    assert (result.level, result.health) == (Level.NONE, False)


REPLY = "Bien reçu, merci.\n\nLe 4 mars 2025, Jean <jean@ville.fr> a écrit :\n> " + CARE.replace(", ", ",\n> ")


@pytest.mark.parametrize("same", [True, False])
def test_an_alternative_that_says_the_same_is_reported_as_well(same: bool) -> None:
    """Two parts with the same lines give the findings of both, and one that says something else its own only."""
    body = "Mme Durand a une escarre et du Doliprane."
    other = f"\n  {body}\n\n" if same else "Bonjour à tous"
    both = Content((), (Text("1", Where.BODY, body), Text("2", Where.BODY, other)))
    rules_text = rule("document.escarre", "keywords: {any: [escarre]}")
    assessment = detect.assess(both, detector(rules_text), explain=True, show_text=True)
    parts = ["1", "2"] if same else ["1"]
    assert {f.rule: [g.part for g in assessment.findings if g.rule == f.rule] for f in assessment.findings} == {
        "document.escarre": parts,
        "evidence.care": parts,
    }
    assert [e.part for e in assessment.evidence] == parts
    assert all("escarre" in f.shown for f in assessment.findings)


def test_quoted_only() -> None:
    """Evidence that only comes back to its author is quoted-only; with anything of one's own, or for others, it is not."""
    small = detector()
    result = detect.assess(mail(REPLY, subject="Re: point"), small, ["jean@ville.fr"])
    assert (found(result), result.quoted_only) == ({"evidence.care": "quoted"}, True)
    assert detect.assess(mail(REPLY), small, ["autre@ville.fr"]).quoted_only is False
    assert detect.assess(mail(CARE + "\n" + REPLY), small, ["jean@ville.fr"]).quoted_only is False
    assert detect.assess(mail("Bien reçu"), small, ["jean@ville.fr"]).quoted_only is False


def test_a_message_inside_is_forwarded() -> None:
    """The body of an attached message is somebody else's text that the sender hands on."""
    content = Content((), (Text("1", Where.BODY, "Pour info"), Text("2/1", Where.BODY, CARE, 1)))
    assert found(detect.assess(content, detector())) == {"evidence.care": "forwarded"}


def test_explain_names_rules_and_weights_and_shows_text_only_when_asked() -> None:
    """Evidence holds ids and numbers; `shown` the text as written, on request."""
    result = detect.assess(mail(CARE), detector(), explain=True)
    evidence = result.evidence[0]
    assert ("what.medicaments", 3.0) in evidence.what
    assert ("who.nom", 1.4) in evidence.who
    assert evidence.score > 0
    assert all(f.shown == "" for f in result.findings)
    shown = detect.assess(mail(CARE), detector(), explain=True, show_text=True).findings[0].shown
    assert "escarre au talon" in shown
    assert detect.assess(mail(CARE), detector()).evidence == ()


def test_scores_are_monotone_with_levels() -> None:
    """none < 0.25 <= possible < 0.5 <= likely < 0.8 <= certain <= 1, and never falling."""
    thresholds = Thresholds()
    steps = [x / 20 for x in range(-200, 200)]
    scores = [between(x, thresholds) for x in steps]
    assert scores == sorted(scores)
    bands = {Level.NONE: (0, 0.25), Level.POSSIBLE: (0.25, 0.5), Level.LIKELY: (0.5, 0.8), Level.CERTAIN: (0.8, 1.0001)}
    for step, score in zip(steps, scores, strict=True):
        low, high = bands[level_of(step, thresholds)]
        assert low <= score < high


def test_examples_are_tests() -> None:
    """An example that its own rule gets wrong is named with its place in the file."""
    text = (
        "- id: local.a\n  title: A\n  level: likely\n  keywords: {any: [gir]}\n"
        "  match: [le gir, rien, gir 2]\n  pass: [un, deux, le gir de trois]\n"
    )
    failures = [str(f.mistake) for f in detect.selftest(detector(text)) if f.rule == "local.a"]
    assert [f.split(": ", 2)[2] for f in failures] == [] or len(failures) == 2
    assert "l'exemple « match » n° 2 devrait déclencher la règle" in failures[0]
    assert "l'exemple « pass » n° 3 ne devrait pas déclencher la règle" in failures[1]


@pytest.mark.parametrize(
    "piece",
    ["pansement Mme Durand ", "INS 279035121518989 ", "projet personnalisé trame vierge ", "TA 12/8 le patient "],
)
def test_hostile_repetition_stays_linear(piece: str) -> None:
    """A hundred kilobytes of hits of every kind cost well under a second."""
    small = detector(KEYWORDS)
    content = mail(piece * (100_000 // len(piece)), subject="Mme Durand")
    start = time.process_time()
    detect.assess(content, small, explain=True)
    assert time.process_time() - start < 1.0


def test_what_a_protocol_is_called_is_nobodys_care() -> None:
    """Of an entry that covers, the words inside count as no WHAT; the same words elsewhere do."""
    covering = f"- id: topic.nom\n  title: nom\n  ledger: topic\n  weight: 0.1\n  covers: true\n  pattern: 'protocole [a-z]+'\n{EXAMPLES}"
    knowing = detect.compile_rules(rules.select(rules.load({"pack.yaml": PACK + covering}, WORDS, {}, "version: 1")))
    named = "Mme Durand relit le protocole escarre, le protocole pansement et le protocole Doliprane."
    assert detect.assess(mail(named), knowing).findings == ()
    assert detect.assess(mail(named), detector()).findings
    assert detect.assess(mail(CARE + " Protocole escarre."), knowing).health
