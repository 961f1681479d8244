"""The formats that are health data by their form alone: CDA, HL7 v2, HPRIM, FHIR, XDM metadata. Text in, marker
names out.

Acknowledgements and directory resources have the form without a patient: they get no marker."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from mss_guard.core.formats.reading import Holder
from mss_guard.core.formats.xmltext import Root

CDA_NAMESPACE = "urn:hl7-org:v3"
_XDM_NAMESPACE = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"
_FHIR_NAMESPACE = "http://hl7.org/fhir"
_HPRIM_NAMESPACE = "http://www.hprim.org/hprimXML"
_HL7_XML_NAMESPACE = "urn:hl7-org:v2xml"

MAX_JSON = 8 * 1024 * 1024  # characters given to json; larger ones are searched

CLINICAL = frozenset(
    [
        "AdverseEvent",
        "AllergyIntolerance",
        "Appointment",
        "CarePlan",
        "CareTeam",
        "ClinicalImpression",
        "Communication",
        "Composition",
        "Condition",
        "Consent",
        "Coverage",
        "DetectedIssue",
        "DeviceUseStatement",
        "DiagnosticReport",
        "DocumentManifest",
        "DocumentReference",
        "Encounter",
        "EpisodeOfCare",
        "ExplanationOfBenefit",
        "FamilyMemberHistory",
        "Flag",
        "Goal",
        "ImagingStudy",
        "Immunization",
        "List",
        "Media",
        "MedicationAdministration",
        "MedicationDispense",
        "MedicationRequest",
        "MedicationStatement",
        "NutritionOrder",
        "Observation",
        "Patient",
        "Person",
        "Procedure",
        "QuestionnaireResponse",
        "RelatedPerson",
        "RequestGroup",
        "RiskAssessment",
        "ServiceRequest",
        "Specimen",
        "Task",
        "VisionPrescription",
    ]
)
"""FHIR R4 resources about a person. Practitioner, Organization, CapabilityStatement … describe the directory (FHIR
R4 §1)."""

# --- HL7 v2 -----------------------------------------------------------------------------------------------------------

_MSH = re.compile(r"[\s\x0b\ufeff]{0,16}(?:[FB]HS[^\r\n]{0,500}[\r\n\s]+){0,2}MSH([^\w\s])([^\w\s]{2,6})\1")
_PATIENT_SEGMENT = re.compile(
    r"(?:\A|[\r\n\x0b])(?:PID|OBX|OBR|PV1|TXA|DG1|AL1|IN1|NK1|RXE|RXA|RXO|RXD|SCH|MRG|PRB|PR1)[^\w\s]"
)


def is_hl7(text: str) -> bool:
    """HL7 v2 in ER7 (HL7 2.5 §2.5), blank lines before it or not."""
    return _MSH.match(text) is not None


def hl7_marker(text: str) -> bool:
    """A message about a patient: an acknowledgement has MSH, MSA and ERR only."""
    return _PATIENT_SEGMENT.search(text) is not None


def hl7_text(text: str) -> str:
    """Segments as lines, delimiters as blanks, escapes undone (HL7 2.5 §2.7)."""
    match = _MSH.match(text)
    assert match is not None
    field, marks = match[1], match[2]
    escape = re.escape(marks[2]) if len(marks) > 2 else r"\\"
    plain = re.sub(rf"{escape}\.br{escape}", "\n", text)
    plain = re.sub(rf"{escape}[A-Z0-9.]{{1,20}}{escape}", " ", plain)
    return re.sub(f"[{re.escape(field + marks)}]+", " ", plain).replace("\r", "\n")


# --- HPRIM ------------------------------------------------------------------------------------------------------------

_HPRIM_END = re.compile(r"^[ \t]*\*{4}(?:LAB|FIN|FINFICHIER)\*{4}[ \t]*\r?$", re.MULTILINE)
_HPRIM_BIRTH = re.compile(r"\A\d{2}/\d{2}/\d{2,4}\Z")
_HPRIM_SANTE = re.compile(r"\s{0,16}H([^\w\s])([^\w\s]{3,5})\1([^\r\n]*)")
_HPRIM_TYPES = frozenset({"ADM", "ORM", "ORU", "REG", "FAC", "PRE"})  # ERR and ACK are acknowledgements
_HPRIM_VERSION = re.compile(r"\AH\d[.,]\d")


def is_hprim_medecin(text: str) -> bool:
    """HPRIM Médecin (HPRIM Net): 12 header lines with a date of birth among the first ten, then a line of four
    stars."""
    if "****" not in text or not _HPRIM_END.search(text):
        return False
    lines = text[:4_000].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return any(_HPRIM_BIRTH.match(line.strip()) for line in lines[:24])


def is_hprim_sante(text: str) -> bool:
    """HPRIM Santé 2.x: a header segment that declares its own delimiters, a known type and version, and a patient
    segment."""
    match = _HPRIM_SANTE.match(text)
    if not match:
        return False
    fields = {piece.strip() for piece in match[3].split(match[1])}
    if not fields & _HPRIM_TYPES or not any(_HPRIM_VERSION.match(piece) for piece in fields):
        return False
    return re.search(rf"[\r\n]P{re.escape(match[1])}", text) is not None


# --- FHIR -------------------------------------------------------------------------------------------------------------

_RESOURCE = re.compile(r'"resourceType"\s*:\s*"(\w{2,40})"')


def is_fhir_json(text: str) -> bool:
    """A clinical resource alone, in a list, a Bundle, contained, or one a line (NDJSON); also in JSON that does not
    parse."""
    named = {m[1] for m in _RESOURCE.finditer(text)}
    if not named & CLINICAL:
        return False
    try:
        return len(text) > MAX_JSON or any(r in CLINICAL for r in _resources(json.loads(text), 0))
    except (ValueError, RecursionError):  # a comma too many, NDJSON, or a bomb: the form has been seen, that is enough
        return True


def _resources(value: Any, depth: int) -> Iterator[str]:
    if depth > 12:
        return
    if isinstance(value, list):
        for item in value:
            yield from _resources(item, depth + 1)
    elif isinstance(value, dict):
        if isinstance(value.get("resourceType"), str):
            yield value["resourceType"]
        for key in ("resource", "entry", "contained", "parameter", "data", "bundle", "payload"):
            if key in value:
                yield from _resources(value[key], depth + 1)


_FHIR_INNER = re.compile(r"<(?:[\w.-]+:)?resource\s*>\s*<(?:[\w.-]+:)?(\w+)")

# --- XML --------------------------------------------------------------------------------------------------------------


def xml_marker(root: Root, text: str) -> Holder | None:
    """The marker that an XML root gives, None when it is none of ours."""
    if "ClinicalDocument" in text and (root.name, root.namespace) == ("ClinicalDocument", CDA_NAMESPACE):
        return "cda"
    if root.namespace == _FHIR_NAMESPACE:
        inner = {root.name} | {m[1] for m in _FHIR_INNER.finditer(text)}
        return "fhir" if inner & CLINICAL else None
    if root.namespace == _HPRIM_NAMESPACE:
        return "hprim" if root.name.startswith("evenement") else None
    if root.namespace == _HL7_XML_NAMESPACE:
        return "hl7v2" if re.search(r"<(?:[\w.-]+:)?(?:PID|OBX|OBR|PV1)\b", text) else None
    if root.name == "SubmitObjectsRequest" and root.namespace == _XDM_NAMESPACE:
        return "xdm" if "patientId" in text or "PatientInfo" in text else None
    if _INNER_CDA.search(text):
        return "cda"
    return None


_INNER_CDA = re.compile(r"<(?:[\w.-]+:)?ClinicalDocument\s[^<>]{0,2000}urn:hl7-org:v3")
