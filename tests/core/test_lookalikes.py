"""core.lookalikes: which listed name an address nearly wrote."""

import random

import pytest

from mss_guard.core.lookalikes import distance, near

LISTED = frozenset(
    f"{head}.mssante.fr"
    for head in "ch-valmont chu-nord ehpad-les-tilleuls medecin.oc medecin infirmier ssiad-du-lac cd03.aura ime-les-pins".split()
) | {"mssante.operateur.example"}

MEANT = {
    "ch-valmont.fr": ["ch-valmont.mssante.fr"],  # its owner has a secure domain
    "ch-valmont.example": ["ch-valmont.mssante.fr"],
    "ch-valmon.mssante.fr": ["ch-valmont.mssante.fr"],  # one letter missing
    "hc-valmont.mssante.fr": ["ch-valmont.mssante.fr"],  # two swapped
    "ch-valmont.msante.fr": ["ch-valmont.mssante.fr"],  # the space misspelt
    "ch-valmont.mssante.com": ["ch-valmont.mssante.fr"],
    "ch-valmont-mssante.fr": ["ch-valmont.mssante.fr"],
    "ehpad-les-tilleul.mssante.fr": ["ehpad-les-tilleuls.mssante.fr"],
    "ehpad-le-tilleul.mssante.fr": ["ehpad-les-tilleuls.mssante.fr"],  # two slips in a long name
    "xn--ch-vlmont-y2a.mssante.fr": ["ch-valmont.mssante.fr"],  # ch-välmont
    "infirmiers.mssante.fr": ["infirmier.mssante.fr"],
    "medcin.mssante.fr": ["medecin.mssante.fr"],
    "cd03.mssante.fr": [],  # a parent is not its child
    "chu-sud.mssante.fr": [],  # another hospital, not a slip
    "gmail.com": [],
    "mssante.fr": [],
    "ch-valmont.mssante.fr": [],  # listed: nothing to ask
    "wanadoo.fr": [],
    "[192.0.2.1]": [],
    "": [],
}


@pytest.mark.parametrize(("domain", "meant"), MEANT.items(), ids=MEANT)
def test_the_name_that_was_meant(domain, meant):
    """A slip, a misspelt space or the owner's ordinary domain leads to the listed name; a different name leads nowhere."""
    assert list(near(domain, LISTED)) == meant


def test_the_index_finds_what_comparing_with_every_name_finds():
    """Random slips in random names: the same answer as the slow way."""
    chance = random.Random(7)
    heads = ["".join(chance.choices("abcdeiorst-", k=chance.randint(4, 18))).strip("-") or "x" for _ in range(300)]
    listed = frozenset(f"{h}.mssante.fr" for h in heads)
    for head in heads:
        letters = list(head)
        for _ in range(chance.randint(1, 2)):
            where = chance.randrange(len(letters) + 1)
            letters[where : where + chance.randint(0, 1)] = chance.choice(["", "z", "q"])
        asked = "".join(letters)
        allowed = 2 if len(asked) >= 12 else 1 if len(asked) >= 6 else 0
        slow = {n for n in listed if distance(asked, n.removesuffix(".mssante.fr"), allowed) <= allowed}
        if f"{asked}.mssante.fr" not in listed and asked:
            assert set(near(f"{asked}.mssante.fr", listed)) <= slow
            assert bool(near(f"{asked}.mssante.fr", listed)) == bool(slow)
