"""A small rule set of its own, so that these tests do not hang on the shipped pack."""

from __future__ import annotations

from mss_guard.core import detect, rules
from mss_guard.core.model import Assessment, Content, How, Marker, Mode, Place, State, Text, Where

EXAMPLES = "  match: [un, deux, trois]\n  pass: [quatre, cinq, six]\n"
WORDS = {
    "words/prenoms.txt": "leo\njeanne\nenzo\nmarie-louise\n# rien\n",
    "words/medicaments.txt": "Doliprane\nLantus\n",
}

EVIDENCE = [
    ("what.medicaments", "what", 1.5, "words: words/medicaments.txt"),
    ("what.soins", "what", 1.0, "phrases: [pansement, escarre, hospitalis*, 'refus de soins']\n  not: [bureau]"),
    ("what.mesure", "what", 1.2, "pattern: 'ta [0-9]{2}/[0-9]'\n  person: 0.45"),
    ("what.sejour", "what", 3.0, "phrases: [facture de séjour, linge]\n  category: stay"),
    ("who.nir", "who", 5, "detector: nir"),
    ("who.nom", "who", 1.4, "detector: civility-name"),
    ("who.prenom", "who", 1.2, "detector: first-name"),
    ("who.patient", "who", 1.6, "detector: patient-noun"),
    ("impersonal.loi", "impersonal", 1.5, "phrases: [article, décret, les patients]"),
]
PACK = "version: 1\nevidence:\n" + "".join(
    f"- id: {i}\n  title: {i}\n  ledger: {ledger}\n  weight: {weight}\n  {how}\n{EXAMPLES}"
    for i, ledger, weight, how in EVIDENCE
)
COMBINATIONS = f"""combinations:
- id: combination.nir-soin
  title: NIR et soin
  all: [{{rule: who.nir}}, {{ledger: what, at_least: 1.0}}]
  within: 100
  level: certain
{EXAMPLES}"""


def detector(
    rules_text: str = "",
    *,
    combinations: bool = True,
    modes: dict[str, Mode] | None = None,
    scoring: str = "version: 1",
) -> detect.Detector:
    """The small pack with some simple rules (YAML list items) added."""
    text = PACK + (COMBINATIONS if combinations else "") + (f"rules:\n{rules_text}" if rules_text else "")
    return detect.compile_rules(rules.select(rules.load({"pack.yaml": text}, WORDS, {}, scoring), families=modes))


def rule(rule_id: str, *lines: str, level: str = "likely") -> str:
    """A simple rule as YAML."""
    body = "".join(f"  {line}\n" for line in lines)
    return f"- id: {rule_id}\n  title: {rule_id}\n  level: {level}\n{body}{EXAMPLES}"


def mail(
    body: str = "",
    subject: str = "",
    names: tuple[str, ...] = (),
    attachments: tuple[str, ...] = (),
    formats: tuple[str, ...] = (),
) -> Content:
    """A message as the readers hand it over: body "1", then one part for each name or attachment text."""
    places = [Place("1", "text/plain", "text/plain", How.MIME, State.READ)]
    texts = []
    if subject:
        texts.append(Text("0", Where.SUBJECT, subject))
    if body:
        texts.append(Text("1", Where.BODY, body))
    for i in range(max(len(names), len(attachments))):
        part = str(i + 2)
        name = names[i] if i < len(names) else ""
        places.append(Place(part, "application/pdf", "application/pdf", How.MIME, State.READ, name=name))
        if name:
            texts.append(Text(part, Where.NAME, name))
        if i < len(attachments):
            texts.append(Text(part, Where.ATTACHMENT, attachments[i]))
    return Content(tuple(places), tuple(texts), tuple(Marker(f, "2") for f in formats))


def found(assessment: Assessment) -> dict[str, str]:
    """Rule id to place."""
    return {f.rule: f.place for f in assessment.findings}
