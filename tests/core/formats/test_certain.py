"""Certain formats: documents of our own first, then public samples when they are at hand."""

from __future__ import annotations

import base64
import time
from pathlib import Path

import pytest

from mss_guard.core import formats
from mss_guard.core.model import State
from tests.core.formats import build

DATA = Path(__file__).parents[3].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="public sample documents absent")

formats.warm()

CDA = '<ClinicalDocument xmlns="urn:hl7-org:v3"><title>Lettre</title>{}</ClinicalDocument>'
PROLOG = '<?xml version="1.0" encoding="{}"?>' + "<!-- un commentaire -->" * 200 + "<?a b?>" * 5
HL7 = "MSH|^~\\&|A|B|C|D|20240101||ORU^R01|1|P|2.5\rPID|||1||DURAND^JEANNE\rOBX|1|TX|x||diabète\r"
ACK = "MSH|^~\\&|A|B|C|D|20240101||ACK^R01|1|P|2.5\rMSA|AA|015\r"
HPRIM = (
    "12\nDURAND\nJEANNE\n1 rue\n\n75001 PARIS\n01/02/1950\n\n\n12/03/2024\nLABO\nMED\n"
    "Cher confrère,\n****FIN****\n****FINFICHIER****\n"
)
SANTE = "H|~^\\&|A.HPR||001||ORU|||002||P|H2.2~C|2024\rP|1|01||02|DURAND~JEANNE\rL|1\r"


def n1(payload: bytes) -> str:
    return CDA.format(
        f'<nonXMLBody><text representation="B64">{base64.encodebytes(payload).decode()}</text></nonXMLBody>'
    )


POSITIVE: dict[str, tuple[bytes, str]] = {
    "cda": (CDA.format("").encode(), "cda"),
    "cda, prefix": (b'<v:ClinicalDocument xmlns:v="urn:hl7-org:v3"><v:title>x</v:title></v:ClinicalDocument>', "cda"),
    "cda, long prolog": ((PROLOG.format("utf-8") + CDA.format("")).encode(), "cda"),
    "cda, mark": (b"\xef\xbb\xbf" + CDA.format("").encode(), "cda"),
    "cda, utf-16": ((PROLOG.format("utf-16") + CDA.format("")).encode("utf-16"), "cda"),
    "cda, cut": (CDA.format("<a>").encode()[:-30], "cda"),
    "cda in an envelope": (f'<Envelope xmlns="soap"><Body>{CDA.format("")}</Body></Envelope>'.encode(), "cda"),
    "xdm": (build.zipped({"IHE_XDM/SUBSET01/METADATA.XML": "<a/>"}), "xdm"),
    "xdm, lower case": (build.zipped({"ihe_xdm/subset01/metadata.xml": "<a/>"}), "xdm"),
    "hl7": (HL7.encode(), "hl7v2"),
    "hl7, blank lines": (b"\r\n\r\n" + HL7.encode("cp1252"), "hl7v2"),
    "hl7, wrong tilde": (HL7.replace("~", "\u02dc").encode(), "hl7v2"),
    "hl7, framed": (b"\x0b" + HL7.encode() + b"\x1c\r", "hl7v2"),
    "hprim medecin": (HPRIM.encode("latin-1"), "hprim"),
    "hprim medecin, utf-16": (HPRIM.encode("utf-16"), "hprim"),
    "hprim sante": (SANTE.encode(), "hprim"),
    "hprim sante, other marks": (SANTE.replace("|~^\\&|", "|\\^&~|").encode(), "hprim"),
    "hprim xml": (b'<evenementsPatients xmlns="http://www.hprim.org/hprimXML"><x/></evenementsPatients>', "hprim"),
    "fhir": (b'{"resourceType": "Patient", "name": []}', "fhir"),
    "fhir bundle": (b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Observation"}}]}', "fhir"),
    "fhir, comma too many": (b'{"resourceType": "Patient", "name": [],}', "fhir"),
    "fhir lines": (b'{"resourceType":"Organization"}\n{"resourceType":"Condition"}\n', "fhir"),
    "fhir xml": (b'<Observation xmlns="http://hl7.org/fhir"><status value="final"/></Observation>', "fhir"),
    "fhir xml bundle": (
        b'<Bundle xmlns="http://hl7.org/fhir"><entry><resource><Patient/></resource></entry></Bundle>',
        "fhir",
    ),
    "dicom": (b"\0" * 128 + b"DICM\x02\x00\x00\x00UL\x04\x00" + b"\0" * 60, "dicom"),
}

NEGATIVE: dict[str, bytes] = {
    "ack": ACK.encode(),
    "hprim xml acknowledgement": b'<acquittementsPatients xmlns="http://www.hprim.org/hprimXML"/>',
    "fhir directory": b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Practitioner"}}]}',
    "fhir capability": b'{"resourceType":"CapabilityStatement","rest":[{"resource":[{"type":"Patient"}]}]}',
    "fhir xml directory": b'<Organization xmlns="http://hl7.org/fhir"/>',
    "a guide about CDA": b'<html><body>La racine est &lt;ClinicalDocument xmlns="urn:hl7-org:v3"&gt;</body></html>',
    "a text about HL7": b"Le segment MSH|^~\\&| ouvre un message, PID| porte le patient.",
    "a letter with stars": b"****FIN****",
    "a plain zip": build.zipped({"SUBSET01.txt": "x"}),
    "another xml": b'<ClinicalDocument xmlns="urn:autre"/>',
}


@pytest.mark.parametrize("case", POSITIVE)
def test_certain_formats_are_marked(case: str):
    """A patient document of each format carries its marker, alone and renamed inside a zip."""
    data, marker = POSITIVE[case]
    assert [m.format for m in formats.read_document(data, "x.dat").markers] == [marker]
    inside = formats.read_document(build.zipped({"note.txt": data}))
    assert [(m.format, m.part) for m in inside.markers] == [(marker, "1/1:zip")]


@pytest.mark.parametrize("case", NEGATIVE)
def test_their_look_alikes_are_not(case: str):
    """Acknowledgements, directory resources and texts about the formats carry none."""
    assert formats.read_document(NEGATIVE[case]).markers == ()


def test_documents_inside_are_read():
    """The base64 body of a level-1 CDA and of an OBX segment is read as a place of its own."""
    inner = build.pdf("Madame Durand va bien")
    for data in (n1(inner), HL7 + "OBX|2|ED|x||^AP^^Base64^" + base64.b64encode(n1(inner).encode()).decode() + "\r"):
        content = formats.read_document(data.encode())
        assert any("Madame Durand va bien" in t.text for t in content.texts)
        assert "cda" in {m.format for m in content.markers}


def files(*folders: str) -> list[Path]:
    return sorted(p for folder in folders for p in (DATA / folder).rglob("*") if p.is_file())


@needs_data
def test_public_samples_are_marked():
    """Every public patient document has a marker; acknowledgements and directory resources have none."""
    for path in files("cda", "xdm", "hl7v2", "hprim", "fhir", "dicom"):
        expected = not (path.stem.endswith("ack") or path.parent.name == "negatives_annuaire")
        assert bool(formats.read_document(path.read_bytes(), path.name).markers) is expected, path.name


@needs_data
def test_torture_files_all_end_in_a_state():
    """Every hostile or odd file gives an answer, each place a state, each unreadable one a reason."""
    start = time.process_time()
    slowest = 0.0
    for path in files("torture"):
        before = time.process_time()
        content = formats.read_document(path.read_bytes(), path.name)
        slowest = max(slowest, time.process_time() - before)
        for place in content.places:
            assert (place.why is not None) is (place.state is State.UNREADABLE)
            assert place.type or place.state is State.UNREADABLE
    print(f"torture: {time.process_time() - start:.1f} s of CPU in all, {slowest:.2f} s the slowest")
    assert slowest < 10
