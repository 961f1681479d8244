"""Sources outside the project: labelled texts and structured documents, read where they lie, copied nowhere.

Without them their rows are skipped, with the reason.
"""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

from bench.detection.cases import Case, as_it_is, as_mail, message

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
HARD = frozenset({"leaflets", "seq_emea", "medmcqa", "morfitt", "eds_pseudo_hand_neg"})
FORMATS = {"cda": "*.xml", "xdm": "**/*", "hl7v2": "*", "hprim": "*", "fhir": "*.*", "dicom": "*"}


def missing() -> str:
    """Why these sources are skipped; empty when they are there."""
    return "" if (DATA / "corpora").is_dir() else "les corpus étiquetés ne sont pas sur cette machine"


def texts() -> Iterator[tuple[str, str, bool, str]]:
    """(id, source, positive, text) of every labelled text."""
    for path in sorted((DATA / "corpora").glob("*/*.jsonl")):
        for line in filter(None, path.read_text("utf-8").split("\n")):
            entry = json.loads(line)
            yield entry["id"], entry["source"], entry["label"] == 1, entry["text"]


def labelled() -> Iterator[Case]:
    """Each text as it is, and a window of it as a mail."""
    for name, source, positive, text in texts():
        truth = "yes" if positive else "no"
        for view, raw in (("doc", as_it_is(text)), ("mail", as_mail(text, name))):
            yield Case(f"{name}:{view}", f"{source} ({view})", _measure(source, view, positive), truth, raw)


def _measure(source: str, view: str, positive: bool) -> str:
    if positive:
        if source == "eds_pseudo_hand":
            return "fragments of notes"
        return "letters" if view == "doc" else "windows of letters"
    return "hard negatives" if source in HARD else "ordinary"


def structured() -> Iterator[Case]:
    """Every structured document: attached, renamed, zipped, and as base64 in an OBX segment."""
    for folder, glob in FORMATS.items():
        for path in sorted(p for p in (DATA / folder).glob(glob) if p.is_file()):
            if "__ack" in path.name or path.name == "mail_patient_fin.eml":
                continue  # acknowledgements hold no patient
            content = path.read_bytes()
            if path.suffix == ".eml":
                yield Case(path.name, folder, "structured", "yes", content)
                continue
            for way, name, data in _ways(path.name, content):
                raw = message("Document", "Voir la pièce jointe.", files=[(name, data)])
                yield Case(f"{path.name}:{way}", f"{folder} ({way})", "structured", "yes", raw)
    for path in sorted((DATA / "fhir" / "negatives_annuaire").glob("*.json")):
        raw = message("Annuaire", "Voir la pièce jointe.", files=[(path.name, path.read_bytes())])
        yield Case(path.name, "fhir annuaire", "ordinary", "no", raw)


def _ways(name: str, content: bytes) -> Iterator[tuple[str, str, bytes]]:
    yield "as is", name, content
    yield "renamed", "document.txt", content
    yield "no name", "piece-jointe", content
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"envoi/{name}", content)
    yield "zipped", "envoi.zip", packed.getvalue()
    inside = base64.b64encode(content).decode()
    hl7 = (
        "MSH|^~\\&|APP|HOP|DEST|DEST|20261102||MDM^T02|1|P|2.5\r"
        f"OBX|1|ED|11502-2^CR^LN||^TEXT^XML^Base64^{inside}||||||F\r"
    )
    yield "base64 in OBX", "message.hl7", hl7.encode()
