"""`scan` over outside documents: what is certain, what is not health data, and an answer for every hostile file."""

import time

import pytest

from tests.cli.kit import SHARED, run

FORMATS = ("cda", "xdm", "hl7v2", "hprim", "fhir", "dicom")


def files(*folders):
    found = sorted(p for folder in folders for p in (SHARED / folder).rglob("*") if p.is_file())
    if not found:
        pytest.skip(f"needs the test data in ../shared/data/{folders[0]}")
    return found


def is_about_nobody(path):
    """Acknowledgements and directory entries: the format of patient documents, without a patient."""
    return path.stem.endswith("ack") or path.parent.name == "negatives_annuaire"


def test_patient_documents_are_certain_and_their_like_are_not():
    """Each in its format, renamed, zipped or in a mail; ACKs and directory resources are not health data."""
    given = files(*FORMATS)
    lines = run("scan", "--json", *given, seconds=170).lines
    wrong = [
        path.name for path, line in zip(given, lines, strict=True)
        if (line["health"] if is_about_nobody(path) else line["level"] != "certain")
    ]  # fmt: skip
    assert wrong == []
    assert sum(map(is_about_nobody, given)) >= 12


@pytest.mark.slow
def test_every_hostile_file_gets_an_answer_in_time():
    """An assessment for each, within half a second on the average, and no death of a worker that shows."""
    given = files("torture")
    start = time.monotonic()
    ran = run("scan", "--json", *given, seconds=170)
    taken = time.monotonic() - start
    assert [line["path"] for line in ran.lines] == [str(path) for path in given]
    assert [line for line in ran.lines if "error" in line] == []
    assert ran.status in (0, 1)
    assert ran.err == ""
    assert taken / len(given) < 0.5
