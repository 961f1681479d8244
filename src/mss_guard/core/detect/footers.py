"""The foot of a mail without a closing formula: what a house calls itself, what it offers, and how it is reached.

"Résidence du Parc / EHPAD, unité protégée Alzheimer / Tél. …" under the last words is a signature: it says of nobody what he has.
"""

from __future__ import annotations

from collections.abc import Iterator

from mss_guard.core.normalise import Folded
from mss_guard.core.rules.patterns import Pattern, Span

_NAMES_A_HOUSE = (
    rb"(?:(?:la|le|les|l'|notre) ?)?(?:residence|ehpad|centre|ch|chu|chr|chs|ghu|ght|gh|clinique|hopital|polyclinique|ime|impro|sessad|ssiad|spasad"
    rb"|sad|saad|service|services|pole|maison|foyer|association|mdph|mda|conseil departemental|departement|mairie|ville|commune|institut"
    rb"|etablissement|cabinet|pharmacie|laboratoire|unite|secretariat|direction|groupe|groupement|fondation|ccas|cias|adapei|apei|apf|apajh|udaf"
    rb"|adsea|ugecam|mutualite|croix-rouge|camsp|cmpp|cmp|dac|clic|plateforme|equipe|mecs|ditep|itep|esat|fam|mas|eam|eanm|savs|samsah"
    rb"|pmi|ase|crip|had|smr|ssr|usld|caf|cpam|carsat|msa|ars|agence|caisse|cooperative|entreprise|ecole|college|lycee|academie|inspection|csapa"
    rb"|caarud|pcpe|reseau|filiere|departement d'|pole d'|bureau|accueil|standard)\b[^\n.!?;]*"
)
_HOUSE = Pattern(_NAMES_A_HOUSE + rb"\n?\z")
_HOUSES = Pattern(rb"(?m)^[ >*_|-]*" + _NAMES_A_HOUSE + rb"$")
_SOMEBODY = Pattern(
    rb"\b(?:mme|mlle|mr|madame|monsieur|m\. ?[a-z]|patiente?|residente?|usagere?|elle|il|je|nous|vous|lui|son|sa|ses|ce matin|hier|cette nuit"
    rb"|aujourd'hui|demain|depuis|nee?"
    rb"|ne|n'[a-z]+|sont|ete|fait|faut|va|reste|refuse[a-z]*|merci|svp|agitee?|fievre|chutee?|tombee?|pansements?|escarres?|selles|vomi|mange|dort|ta [0-9]+"
    rb"|[0-9]+ ?mg)\b"
)
_AFTERWORD = Pattern(
    rb"pensez a l'env|avant d'imprimer|confidentiel|secret (?:medical|professionnel)|courriel|ce message|destinataire|composez le|(?m:^)text/html"
)
_MOST_LINES, _MOST_PARAGRAPHS, _LONGEST = 9, 4, 160


def footers(folded: Folded, start: int, end: int) -> Iterator[Span]:
    """What stands at the end of [start, end) and is the foot of a house. Never what stands first."""
    text, stop = folded.lower_bytes, end
    for _ in range(_MOST_PARAGRAPHS):
        stop = start + len(text[start:stop].rstrip(b" \n>\t"))
        begin = _paragraph_start(text, start, stop)
        foot = _foot(text[begin:stop])
        if foot is not None and begin + foot > start:
            yield begin + foot, stop
        if begin <= start or (foot != 0 and not _AFTERWORD.found(text[begin:stop])):
            return
        stop = begin


def _paragraph_start(text: bytes, start: int, stop: int) -> int:
    """Behind the last line before `stop` that holds nothing but blanks and quote marks."""
    line_end = stop
    while (newline := text.rfind(b"\n", start, line_end)) >= start:
        before = text.rfind(b"\n", start, newline)
        if not text[before + 1 if before >= start else start : newline].strip(b" >\t"):
            return newline + 1
        line_end = newline
    return start


def _foot(paragraph: bytes) -> int | None:
    """Where in a paragraph its foot begins: at the uppermost line of a house from which nothing is told of anybody."""
    found = None
    position = len(paragraph)
    lines = paragraph.rsplit(b"\n", _MOST_LINES)[-_MOST_LINES:]
    if not _HOUSES.found(b"\n".join(lines)):
        return None
    for line in reversed(lines):
        position -= len(line)
        said = line.strip(b" >*_-|\t")
        if _HOUSE.begins(said) and not _SOMEBODY.found(said):
            found = position if len(said) <= _LONGEST else found
        elif not _AFTERWORD.found(said) and (len(said) > _LONGEST or _SOMEBODY.found(said)):
            break
        position -= 1
    return found
