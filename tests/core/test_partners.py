"""core.partners: whom secure boxes never write to."""

import pytest

from mss_guard.core import addresses, partners
from mss_guard.core.strict_yaml import Mistakes

FILE = """\
# fournisseurs, tenus par les achats
fournisseur.example
.groupe-materiel.example     # et toutes ses filiales
Commande@Grossiste.example   # cette adresse seule
élan-santé.example

"""


@pytest.mark.parametrize(
    ("mailbox", "commercial"),
    [
        ("x@fournisseur.example", True),
        ("x@FOURNISSEUR.example", True),
        ("x@sous.fournisseur.example", False),
        ("x@monfournisseur.example", False),
        ("x@groupe-materiel.example", True),
        ("x@lits.nord.groupe-materiel.example", True),
        ("x@faux-groupe-materiel.example", False),
        ("commande@grossiste.example", True),
        ("COMMANDE@grossiste.example", True),
        ("direction@grossiste.example", False),
        ("x@xn--lan-sant-9xai.example", False),
        ("postmaster", False),
    ],
)
def test_commercial(mailbox, commercial):
    """A name is exact, a dot before it takes in all below, an address is itself alone."""
    assert partners.parse(FILE, "partners.d/achats.txt").commercial(addresses.parse(mailbox.encode())) is commercial


def test_accented_names():
    """A U-label in the file meets the A-label on the wire."""
    read = partners.parse(FILE, "f")
    assert read.commercial(addresses.parse("x@élan-santé.example".encode(), smtputf8=True))


def test_every_bad_line_is_named_at_once():
    """A wrong file is refused whole, with file, line and column of each mistake."""
    with pytest.raises(Mistakes) as caught:
        partners.parse("bon.example\n  deux mots.example\n.fr\nx@\n", "partners.d/achats.txt")
    assert [(m.source, m.line, m.column) for m in caught.value.mistakes] == [
        ("partners.d/achats.txt", 2, 3),
        ("partners.d/achats.txt", 3, 1),
        ("partners.d/achats.txt", 4, 1),
    ]


def test_a_hash_may_stand_inside_an_address():
    """Only a # that stands apart begins a comment."""
    assert partners.parse("a#b@bon.example # note", "f").commercial(addresses.parse(b"a#b@bon.example"))


def test_union():
    """Configuration and files make one set."""
    entries = [partners.entry("a.example"), partners.entry(".b.example"), partners.entry("x@c.example")]
    both = partners.union([one for one in entries if one])
    for mailbox in (b"x@a.example", b"x@y.b.example", b"x@c.example"):
        assert both.commercial(addresses.parse(mailbox))
    assert partners.union([]) == partners.Partners()


def test_partners_that_are_also_listed():
    """check-config warns of each partner on the white list, families included."""
    read = partners.parse(FILE, "f")
    listed = frozenset({"fournisseur.example", "lits.groupe-materiel.example", "ch.mssante.fr"})
    assert read.also_listed(listed) == ("fournisseur.example", "lits.groupe-materiel.example")


def test_what_stands_behind_an_entry_is_its_reason():
    """A comment on an entry's own line says why; one on a line of its own does not. Shown by `lookup` and `partners list`."""
    read = partners.parse(FILE, "f") | partners.parse("autre.example\n", "g")
    reasons = {
        "x@lits.groupe-materiel.example": "et toutes ses filiales",
        "commande@grossiste.example": "cette adresse seule",
        "x@fournisseur.example": "",
        "x@ailleurs.example": "",
    }
    assert {text: read.reason(addresses.parse(text.encode())) for text in reasons} == reasons
    assert ".groupe-materiel.example" in read.entries()
