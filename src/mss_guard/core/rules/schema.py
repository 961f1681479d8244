"""The form of a rule file and of the scoring file: what YAML keys exist, their bounds and their defaults.

Three kinds of entries: a *rule* (the simple form, which concludes by itself), an *evidence* (one kind of words or one
detector, which fills a ledger), a *combination* (entries that, close together, conclude with a fixed level).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from mss_guard.core.model import Category, Level, Mode, Where

Format = Literal["cda", "xdm", "hl7v2", "hprim", "fhir", "dicom", "mss-header", "mss-subject"]
Detector = Literal[
    "nir",
    "ipp",
    "birth-date",
    "civility-name",
    "capital-name",
    "first-name",
    "full-name",
    "subject-name",
    "initials-room",
    "kinship",
    "row",
    "age-person",
    "patient-noun",
    "about-name",
    "resident",
    "resident-surname",
    "staff",
]
ID = r"^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+$"
OF_EMPLOYEES = frozenset({Category.EMPLOYEE, Category.EMPLOYEE_ID})
DEFAULT_WHERE = (Where.SUBJECT, Where.BODY, Where.ATTACHMENT, Where.NAME)


def _many(value: object) -> object:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _concluding(level: Level) -> Level:
    if level is Level.NONE:
        raise ValueError("« none » n'est pas admis ici (admis : certain, likely, possible)")
    return level


Text = Annotated[str, Field(min_length=1, max_length=2000)]
Id = Annotated[str, Field(pattern=ID, max_length=100)]
Phrase = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
Phrases = Annotated[tuple[Phrase, ...], BeforeValidator(_many)]
Pattern = Annotated[str, Field(min_length=1, max_length=4000)]
Concluding = Annotated[Level, AfterValidator(_concluding)]
Examples = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=8000)], ...], Field(min_length=3)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Keywords(_Strict):
    """Folded phrases; a word may end in `*` (any ending). `none` cancels a hit within 60 characters of it."""

    any: Phrases = ()
    all: Phrases = ()
    none: Phrases = ()
    near_person: bool = False
    within: int | None = Field(default=None, ge=1, le=5000)

    @model_validator(mode="after")
    def _has_keywords(self) -> Keywords:
        if not self.any and not self.all:
            raise ValueError("il faut « any » ou « all »")
        return self


_UNITS = {"": 1, "o": 1, "b": 1, "ko": 1000, "kb": 1000, "mo": 1000**2, "mb": 1000**2, "go": 1000**3, "gb": 1000**3}
_SIZE = re.compile(r"(\d{1,12})\s*([a-z]{0,2})")


def _octets(value: object) -> object:
    """ "300 kB" or "300 ko" to 300000; a bare number is octets."""
    if not isinstance(value, str):
        return value
    said = _SIZE.fullmatch(value.strip().lower())
    if said is None or said[2] not in _UNITS:
        raise ValueError("taille attendue : un nombre suivi de kB ou MB, par exemple 300 kB")
    return int(said[1]) * _UNITS[said[2]]


Types = Annotated[tuple[Text, ...], BeforeValidator(_many)]
Octets = Annotated[int, BeforeValidator(_octets), Field(ge=0)]


class Attachment(_Strict):
    """Globs (`*`, `?`) and kinds (`pdf`, or a MIME type); every key given must hold for one place.

    `type`: by content, by what the sender declares, or by the name's ending; `true_type` and `declared_type` one of
    these alone. `path`: the whole way through containers, "envoi.zip/mars/bilan.pdf". `over`, `under`: octets.
    """

    name: Phrases = ()
    type: Types = ()
    inside_archives: bool = False
    path: Phrases = ()
    true_type: Types = ()
    declared_type: Types = ()
    over: Octets = 0
    under: Octets | None = None
    encrypted: bool | None = None

    @model_validator(mode="after")
    def _has_one(self) -> Attachment:
        if not (self.name or self.type or self.path or self.true_type or self.declared_type) and self.encrypted is None:
            raise ValueError("il faut « name », « type », « path », « true_type », « declared_type » ou « encrypted »")
        if self.under is not None and self.under <= self.over:
            raise ValueError("« under » doit dépasser « over »")
        return self


class _Entry(_Strict):
    id: Id
    title: Text
    source: str = ""
    mode: Mode = Mode.ENFORCE
    match: Examples
    # `pass` is a Python keyword
    passing: Examples = Field(alias="pass")

    @property
    def family(self) -> str:
        return self.id.split(".", 1)[0]


class Rule(_Entry):
    """The simple form: keywords or a pattern, an attachment, a format; all the keys given must hold."""

    keywords: Keywords | None = None
    pattern: Pattern | None = None
    attachment: Attachment | None = None
    format: Annotated[tuple[Format, ...], BeforeValidator(_many)] = ()
    where: tuple[Where, ...] = Field(default=DEFAULT_WHERE, min_length=1)
    category: Category = Category.CARE
    level: Concluding = Level.LIKELY
    # A format has no example that fits a line of text; those of a bare attachment are file names.
    match: tuple[Text, ...] = ()
    passing: tuple[Text, ...] = Field(default=(), alias="pass")

    @model_validator(mode="after")
    def _has_condition(self) -> Rule:
        if self.keywords is not None and self.pattern is not None:
            raise ValueError("« keywords » ou « pattern », pas les deux")
        if self.keywords is None and self.pattern is None and self.attachment is None and not self.format:
            raise ValueError("il faut « keywords », « pattern », « attachment » ou « format »")
        if not self.format and (len(self.match) < 3 or len(self.passing) < 3):
            raise ValueError("il faut au moins 3 exemples « match » et 3 exemples « pass »")
        return self


class EvidenceRule(_Entry):
    """What fills a ledger: words, phrases, a pattern on lower-case text, one on cased text, or a detector."""

    ledger: Literal["what", "who", "impersonal", "topic"]  # topic: counts in no ledger, tells the category
    weight: float = Field(gt=0, le=10)
    cap: int = Field(default=5, ge=1, le=50)
    category: Category = Category.CARE
    says: str = Field(default="", max_length=80)  # for staff: « une personne nommée », « des médicaments »
    words: Text | None = None
    phrases: Phrases = ()
    pattern: Pattern | None = None
    cased: Pattern | None = None
    detector: Detector | None = None
    # `not` is a Python keyword
    cancel: Phrases = Field(default=(), alias="not")
    where: tuple[Where, ...] = Field(default=DEFAULT_WHERE, min_length=1)
    # how something is told rather than what: weighs in a window, never in a combination
    style: bool = False
    # topic only: names what some body or meeting is about; what begins inside it is nobody's state or care
    covers: bool = False
    # who only: it says who somebody is, so that a rule that needs a person near its words is met by it
    identity: bool = True
    # share of the weight that also counts as a person: values and narration imply one (what only)
    person: float = Field(default=0.0, ge=0, le=1)

    @model_validator(mode="after")
    def _has_source(self) -> EvidenceRule:
        if not (self.words or self.phrases or self.pattern or self.cased or self.detector):
            raise ValueError("il faut « words », « phrases », « pattern », « cased » ou « detector »")
        return self

    def names_for(self, category: Category) -> bool:
        """Is this WHO evidence of a person whom a finding of that category may be about? Staff: only of employees."""
        return self.category not in OF_EMPLOYEES or category in OF_EMPLOYEES


class Condition(_Strict):
    """One term of a combination: an entry (id or glob), a family, or the weight of a ledger nearby."""

    rule: str | None = Field(default=None, min_length=1)
    family: str | None = Field(default=None, min_length=1)
    ledger: Literal["what", "who", "impersonal"] | None = None
    at_least: float = Field(default=0.1, gt=0, le=100)
    everywhere: bool = False  # a ledger: the whole text, not only what is near
    style: bool = False  # a ledger: with the entries of style
    identity: bool = False  # who: only the entries that say who somebody is

    @model_validator(mode="after")
    def _has_one(self) -> Condition:
        if sum(x is not None for x in (self.rule, self.family, self.ledger)) != 1:
            raise ValueError("il faut exactement une clé parmi « rule », « family » et « ledger »")
        if self.everywhere and self.ledger is None:
            raise ValueError("« everywhere » ne va qu'avec « ledger »")
        return self


class Combination(_Entry):
    """Conditions that all hold within so many characters, and none of the others there.

    `passage`: and within one item of a list or one paragraph, whatever the rest of the text is about. `longest`: only
    where one author has written no more characters, signature and quotations apart.
    """

    all: tuple[Condition, ...] = Field(min_length=1)
    none: tuple[Condition, ...] = ()
    within: int = Field(default=300, ge=1, le=5000)
    passage: bool = False
    longest: int | None = Field(default=None, ge=20, le=5000)
    category: Category = Category.CARE
    level: Concluding


Entry = Rule | EvidenceRule | Combination


class RuleFile(_Strict):
    """One file of rules/ or rules.d/."""

    version: Literal[1]
    rules: tuple[Rule, ...] = ()
    evidence: tuple[EvidenceRule, ...] = ()
    combinations: tuple[Combination, ...] = ()

    def entries(self) -> Iterator[tuple[tuple[str, int], Entry]]:
        """Every entry with its path in the file."""
        for i, rule in enumerate(self.rules):
            yield ("rules", i), rule
        for i, evidence in enumerate(self.evidence):
            yield ("evidence", i), evidence
        for i, combination in enumerate(self.combinations):
            yield ("combinations", i), combination


# --- scoring.yaml -----------------------------------------------------------------------------------------------------


class Window(_Strict):
    size: int = Field(default=450, ge=50, le=5000)
    stride: int = Field(default=150, ge=10, le=1000)

    @model_validator(mode="after")
    def _divides(self) -> Window:
        if self.size % self.stride:
            raise ValueError("« size » doit être un multiple de « stride »")
        return self


class Coefficients(_Strict):
    """score = what*ln(1+WHAT) + who*ln(1+WHO) - impersonal*ln(1+IMPERSONAL) - document*ln(1+D) - base, and minus
    general*(D - general_from), where D is IMPERSONAL of the whole text.
    """

    what: float = Field(default=1.9, ge=0)
    who: float = Field(default=1.9, ge=0)
    impersonal: float = Field(default=1.5, ge=0)
    document: float = Field(default=0.5, ge=0)
    general: float = Field(default=0.0, ge=0)
    general_from: float = Field(default=3.0, ge=0)
    general_most: float = Field(default=2.0, ge=0)  # never more than this is taken off for it
    base: float = 4.6
    unspecific: float = Field(default=1.6, ge=0)  # taken off when no person is named, numbered or aged


class Thresholds(_Strict):
    possible: float = -0.6
    likely: float = 0.3
    certain: float = 3.0

    @model_validator(mode="after")
    def _ascend(self) -> Thresholds:
        if not self.possible < self.likely < self.certain:
            raise ValueError("il faut possible < likely < certain")
        return self


class Distances(_Strict):
    cancel: int = Field(default=40, ge=0, le=1000)
    none: int = Field(default=60, ge=0, le=1000)
    person: int = Field(default=300, ge=1, le=5000)


class Guard(_Strict):
    """IMPERSONAL from which a rule that needs a person is not met: near its words, or in the whole text."""

    near: float = Field(default=100.0, gt=0)
    whole: float = Field(default=100.0, gt=0)


class Scoring(_Strict):
    """rules/scoring.yaml."""

    version: Literal[1] = 1
    window: Window = Window()
    coefficients: Coefficients = Coefficients()
    impersonal_cap: float = Field(default=6.0, ge=0)
    levels: Thresholds = Thresholds()
    distances: Distances = Distances()
    guard: Guard = Guard()
    specific: float = Field(default=1.2, ge=0)  # weight from which it names, numbers or ages one
    identifiers: tuple[str, ...] = ("nir", "ipp", "resident")  # detectors that nothing impersonal weakens
