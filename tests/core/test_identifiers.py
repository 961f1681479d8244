"""core.identifiers: a patient's number in every way of writing, and what merely looks like one. All numbers are made up
here.
"""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mss_guard.core import identifiers


def with_key(number: str) -> str:
    """The key by the book, written here a second time: 97 minus the number modulo 97, Corsica's departments as 19 and
    18.
    """
    digits = number.replace("2A", "19").replace("2B", "18")
    return f"{number}{97 - int(digits) % 97:02d}"


PLAIN = with_key("1841276451089")
S, YY, MM, DD, CCC, OOO, KK = "1", "84", "12", "76", "451", "089", PLAIN[13:]

WRITINGS = {
    "plain": PLAIN,
    "spaces": f"{S} {YY} {MM} {DD} {CCC} {OOO} {KK}",
    "dots": f"{S}.{YY}.{MM}.{DD}.{CCC}.{OOO}.{KK}",
    "dashes": f"{S}-{YY}-{MM}-{DD}-{CCC}-{OOO}-{KK}",
    "no-break spaces": f"{S}\u00a0{YY}\u00a0{MM}\u202f{DD}\u202f{CCC}\u202f{OOO}\u202f{KK}",
    "slashes": f"{S}/{YY}/{MM}/{DD}/{CCC}/{OOO}/{KK}",
    "key named": f"{S} {YY} {MM} {DD} {CCC} {OOO} clé {KK}",
    "key in brackets": f"{PLAIN[:13]} (clé : {KK})",
    "key folded": f"{PLAIN[:13]} cle {KK}",
    "key after a bar": f"{PLAIN[:13]} | {KK}",
}

INS = [
    (with_key("2550699123456"), True),  # born abroad
    (with_key("199019741112 3".replace(" ", "")), True),  # overseas
    (with_key("155102A004012"), True),
    (with_key("272072B300012"), True),
    (with_key("1703098765432"), True),  # month 30: unknown
    (with_key("1702098765432"), True),  # month 20
    (with_key("7850578006084"), True),  # provisional
    (with_key("3850578006084"), True),
    (with_key("5850578006084"), False),  # no such first digit
    (with_key("0850578006084"), False),
    (with_key("1851378006084"), False),  # month 13
    (with_key("1854378006084"), False),  # month 43
    (with_key("1850078006084"), False),  # month 00
    (PLAIN[:14] + str((int(PLAIN[14]) + 1) % 10), False),
    (PLAIN + "0", False),
    (PLAIN[:13], False),
    ("", False),
    ("2A5102A00401268", False),
    (PLAIN[:13] + "٤٦", False),
]


@pytest.mark.parametrize(("number", "good"), INS)
def test_ins(number, good):
    """13 characters of plausible shape and the right key make an INS; nothing else does."""
    assert identifiers.ins_ok(number) is good
    assert identifiers.ins_local_part_ok(number) is good


def test_corsican_letters_in_lower_case():
    """Mail systems fold case: 2a is 2A."""
    number = with_key("155102A004012")
    assert identifiers.ins_local_part_ok(number.lower())


def test_nothing_may_be_added_to_a_citizens_local_part():
    """A suffix or separators make another mailbox, not the citizen's."""
    assert not identifiers.ins_local_part_ok(PLAIN + "+ordonnance")
    assert not identifiers.ins_local_part_ok(WRITINGS["spaces"])


@pytest.mark.parametrize("writing", WRITINGS.values(), ids=WRITINGS.keys())
@pytest.mark.parametrize("frame", ["{}", "Patient : {}, né en 1984", "({})", "CR_{}.pdf", "|{}^^^ASIP"])
def test_every_way_of_writing(writing, frame):
    """The number is found whole, wherever it stands, however it is written."""
    text = frame.format(writing)
    assert [text[a:b].rstrip(")") for a, b in identifiers.find_nirs(text)] == [writing.rstrip(")")]


@pytest.mark.parametrize(
    "label", ["NIR : ", "N° de sécu ", "numéro de sécurité sociale : ", "INS=", "matricule INS ", "Assuré : "]
)
def test_without_key_only_behind_a_label(label):
    """13 digits are a NIR only where they are called one."""
    assert len(list(identifiers.find_nirs(label + PLAIN[:13]))) == 1
    assert not list(identifiers.find_nirs("commande " + PLAIN[:13]))


LOOK_ALIKES = [
    "colis " + PLAIN[:14] + str((int(PLAIN[14]) + 1) % 10),
    "4111111111111111",
    "FR7630006000011234567890189",
    "0." + PLAIN,
    PLAIN + "0",
    "9" + PLAIN,
    "06 12 34 56 78",
    "1 84 12 76 451 089",
    "2024-11-22 10:42:17.123456",
]


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_look_alikes(text):
    """Parcels, cards, accounts, decimals and telephone numbers are not patients."""
    assert not list(identifiers.find_nirs(text))


def luhn(stem: str) -> str:
    """The stem with the check digit that a slow reading of Luhn's rule gives."""
    for last in "0123456789":
        digits = [int(c) for c in (stem + last)[::-1]]
        total = sum(digits[0::2]) + sum(sum(divmod(2 * d, 10)) for d in digits[1::2])
        if total % 10 == 0:
            return stem + last
    raise AssertionError


def test_professionals_and_structures_are_told_apart():
    """RPPS, FINESS and SIRET pass their own test and are never taken for a patient."""
    rpps, finess, siret = luhn("1000345678"), luhn("75071218"), luhn("7328293200007")
    assert identifiers.rpps_ok(rpps)
    assert identifiers.rpps_ok("8" + rpps)
    assert not identifiers.rpps_ok(rpps[:-1] + str((int(rpps[-1]) + 1) % 10))
    assert identifiers.finess_ok(finess)
    assert identifiers.finess_ok("1" + finess)
    assert identifiers.finess_ok("2A0000014")
    assert not identifiers.finess_ok("12345")
    assert identifiers.siret_ok(siret)
    for number in (rpps, "8" + rpps, finess, siret, "3" + siret):
        assert not list(identifiers.find_nirs(f"identifiant {number}"))


def test_a_siret_with_its_prefix_is_no_patient_even_with_a_right_key():
    """ "3" + SIRET is as long as an INS: one of 97 has the right key by chance, and Luhn then decides."""
    for stem in range(10_000):
        siret = luhn(f"85057800{stem:04d}1")
        if identifiers.ins_ok("3" + siret):
            assert not list(identifiers.find_nirs("3" + siret))
            return
    pytest.fail("no such number among the stems")


@given(st.text(alphabet="0123456789 .-/AB\u00a0NIRclé:", max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_ends_with_ordered_spans(text):
    """On any text the spans are in order, apart, and hold a whole number each."""
    end = 0
    for start, stop in identifiers.find_nirs(text):
        assert end <= start < stop
        assert sum(c.isalnum() for c in text[start:stop]) >= 13
        end = stop


@given(st.integers(min_value=0, max_value=10**10 - 1), st.sampled_from("1278"), st.integers(min_value=1, max_value=12))
@settings(max_examples=200, deadline=None)
def test_every_well_formed_number_is_found(rest, sex, month):
    """What ins_ok accepts, find_nirs finds."""
    number = with_key(f"{sex}{rest // 10**8:02d}{month:02d}{rest % 10**8:08d}")
    assert identifiers.ins_ok(number)
    assert list(identifiers.find_nirs(f"INS {number}.")) == [(4, 19)]


@pytest.mark.parametrize("unit", ["1 ", "1", PLAIN[:13] + " ", "1 84 12 76 451 089 ", "NIR ", "x"])
def test_a_million_characters_take_no_time(unit):
    """Long text of the worst kinds stays linear: twenty times the text takes about twenty times the time."""
    text = unit * (1_000_000 // len(unit))
    begun = time.process_time()
    list(identifiers.find_nirs(text))
    assert time.process_time() - begun < 5
