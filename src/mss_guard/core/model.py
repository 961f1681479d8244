"""The words of the house: every value that passes between rooms. Nothing here computes; every value is frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Level(StrEnum):
    """How sure an assessment is. Ordered by `rank`."""

    NONE = "none"
    POSSIBLE = "possible"
    LIKELY = "likely"
    CERTAIN = "certain"

    @property
    def rank(self) -> int:
        return _LEVEL_RANK[self]


_LEVEL_RANK = {Level.NONE: 0, Level.POSSIBLE: 1, Level.LIKELY: 2, Level.CERTAIN: 3}


class Category(StrEnum):
    """Whose secret a finding is about."""

    CARE = "care"
    SOCIAL = "social"
    APPOINTMENT = "appointment"
    STAY = "stay"
    EMPLOYEE = "employee"
    EMPLOYEE_ID = "employee-id"


NOT_HEALTH = frozenset({Category.STAY, Category.EMPLOYEE_ID})
"""Categories that never make `health` true (interface.md, scan)."""


class Mode(StrEnum):
    """What a rule or a rule family is allowed to do."""

    ENFORCE = "enforce"
    WARN = "warn"  # relay, and tell the sender
    OBSERVE = "observe"  # write down only
    OFF = "off"


class Why(StrEnum):
    """Why a place could not be read (interface.md, `unreadable.why`)."""

    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    AMBIGUOUS = "ambiguous"
    TOO_LARGE = "too-large"
    TOO_DEEP = "too-deep"
    TOO_MANY = "too-many"
    TIMEOUT = "timeout"
    PARTIAL = "partial"
    NO_TEXT = "no-text"


class State(StrEnum):
    """Every place is one of these; nothing is passed over in silence (promise 9)."""

    READ = "read"
    OPAQUE = "opaque"
    UNREADABLE = "unreadable"


class How(StrEnum):
    """How a place was come by."""

    MIME = "mime"
    CONTAINER = "container"
    CARVED = "carved"


class Where(StrEnum):
    """The kind of text a Text is, before quotes and signatures are told apart."""

    SUBJECT = "subject"
    HEADER = "header"
    BODY = "body"
    ATTACHMENT = "attachment"
    NAME = "name"


# --- what came in -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox as SMTP said it (RFC 5321 §4.1.2).

    `raw` is exactly what stood between < and >, never changed. `domain` is the A-label, lower case; an address literal keeps its brackets
    ("[192.0.2.1]"); it is "" for `postmaster` without a domain and for what is malformed. `malformed` says why in a few English words.
    """

    raw: bytes
    local_part: str
    domain: str
    malformed: str | None = None

    @property
    def text(self) -> str:
        """For scan and lookup only, never for a log."""
        return self.raw.decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Envelope:
    """RFC 5321 envelope. `mail_from` is None for the null return path <>. Recipients in the order given, duplicates included."""

    mail_from: Address | None
    rcpt_to: tuple[Address, ...]


# --- what was read ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """One part, or one place inside a container. `part` is number and kind only: "2", "2/1:zip" (never a name).

    `name` (all candidate names joined by " | ", inside containers the whole path) stays inside the worker.
    """

    part: str
    declared: str
    type: str
    how: How
    state: State
    why: Why | None = None
    size: int = 0
    name: str = ""
    inline: bool = False
    unlocked: bool = False  # it was encrypted, and a password that stands in the same message opened it
    attachment: int = 0  # the n of "attachment n" that it is or lies in; 0: the message itself


@dataclass(frozen=True, slots=True)
class Text:
    """A stretch of text with the place it was read from. `message` numbers the (nested) message it belongs to: 0 is the outer one."""

    part: str
    where: Where
    text: str
    message: int = 0
    pages: tuple[int, ...] = ()  # of a paged document: where each page begins in `text`, and where the last ends


@dataclass(frozen=True, slots=True)
class Marker:
    """A certain format met at a place: cda, xdm, hl7v2, hprim, fhir, dicom, mss-header, mss-subject."""

    format: str
    part: str


@dataclass(frozen=True, slots=True)
class Content:
    """All that could be read of a message or document, and what could not."""

    places: tuple[Place, ...]
    texts: tuple[Text, ...]
    markers: tuple[Marker, ...] = ()
    message_id: str = ""  # header Message-ID of the outer message, ASCII, <= 250 characters, "" when absent or odd
    date: str = ""  # header Date as ISO 8601 with offset, "" when absent or odd
    automatic: bool = False  # Auto-Submitted other than no, Precedence bulk|junk|list, any List-* header
    author: str = ""  # address of the outer From, lower case; stays inside the worker
    correspondents: tuple[tuple[str, str], ...] = ()  # (name, address in lower case) of the outer To and Cc; likewise


# --- what was found ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule met in one place. Never holds matched text, but in `shown` when `scan --explain --show-text` asked.

    `level` NONE: evidence only, concludes nothing by itself. `place`: own | quoted | forwarded | signature | subject | name | attachment n.
    """

    rule: str
    title: str
    part: str
    count: int
    category: Category
    place: str
    level: Level
    mode: Mode = Mode.ENFORCE
    score: float = 0.0
    shown: str = ""
    page: int = 0  # of a paged document, from 1; 0: none, or not known

    @property
    def family(self) -> str:
        return self.rule.split(".", 1)[0]


@dataclass(frozen=True, slots=True)
class Evidence:
    """For `--explain`: what one window's ledgers saw. Rule ids and weights, no text."""

    part: str
    place: str
    start: int
    end: int
    what: tuple[tuple[str, float], ...]
    who: tuple[tuple[str, float], ...]
    impersonal: tuple[tuple[str, float], ...]
    score: float


MOST_NAMED = 20
"""Recipients whose display name leaves the worker; for the others nothing is looked up."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What inspection makes of a message; all that leaves the worker. Holds no text or subject, and no name but `named`."""

    level: Level
    score: float  # 0..1, monotone with level
    health: bool  # likely or certain in a category that counts (interface.md)
    findings: tuple[Finding, ...]
    places: tuple[Place, ...]  # names blanked
    quoted_only: bool = False
    message_id: str = ""
    date: str = ""
    automatic: bool = False
    evidence: tuple[Evidence, ...] = ()
    nearly: tuple[str, ...] = ()  # rule ids that nearly fired
    whom: tuple[str, ...] = ()  # of whom the strongest finding is, and…
    what: tuple[str, ...] = ()  # … what sort of things it says: words of the rules, for staff
    named: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """(address, display name) of envelope recipients, for the question to the local directory; never logged nor journalled."""
    content: str = field(default="", repr=False)
    """64 hexadecimal digits by which the same message is known again (core/detect/sameness); "" where nothing stands for it all."""
    declared: str = ""  # the reference that the subject says is harmless ("MSSG-XXXX-XXXX OK"), "" for none

    @property
    def unreadable(self) -> tuple[Place, ...]:
        return tuple(p for p in self.places if p.state is State.UNREADABLE)

    @property
    def opaque(self) -> tuple[Place, ...]:
        return tuple(p for p in self.places if p.state is State.OPAQUE)

    @property
    def unlocked(self) -> tuple[Place, ...]:
        return tuple(p for p in self.places if p.unlocked)


# --- what is decided --------------------------------------------------------------------------------------------------


class SenderKind(StrEnum):
    NULL = "null"
    SECURE = "secure"
    COMMERCIAL = "commercial"
    OWN = "own"
    FOREIGN = "foreign"


class Standing(StrEnum):
    """A recipient's relation to the trust space."""

    TRUSTED = "trusted"
    CITIZEN = "citizen"
    SECURE = "secure"
    INSIDE = "inside"
    COMMERCIAL = "commercial"
    OUTSIDE = "outside"
    MALFORMED = "malformed"


class Action(StrEnum):
    RELAY = "relay"
    REFUSE = "refuse"
    DEFER = "defer"


class Measure(StrEnum):
    RELAY = "relay"
    NOTE = "note"
    ADVISE = "advise"
    CONFIRM = "confirm"
    REFUSE = "refuse"
    DEFER = "defer"


class Reason(StrEnum):
    HEALTH = "health-data"
    UNREADABLE = "unreadable"
    SECURE_BOX = "secure-box"
    USE_SECURE_BOX = "use-secure-box"
    COMMERCIAL = "commercial-partner"
    MALFORMED = "malformed-address"
    CITIZEN = "citizen-address"
    QUOTED_ONLY = "quoted-only"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class RecipientVerdict:
    """One recipient's own verdict, as lmtp would answer it. `would`: in `observe`, what enforcing would have done."""

    address: Address
    standing: Standing
    action: Action
    measure: Measure
    reason: Reason | None
    row: int  # the row's table that decided, 0 when none matched
    would: Action | None = None
    road: Literal["relay", "route"] = (
        "relay"  # route: by the structure's own way into the trust space, never by the ordinary hop
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens to the message under `policy.mixed`, and each recipient's own verdict, in the order of the envelope."""

    action: Action
    measure: Measure
    reason: Reason | None
    recipients: tuple[RecipientVerdict, ...]
    sender: SenderKind
    would: Action | None = None
    inspected: bool = True  # False: decided by rows that do not look at the content


# --- what is said -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reply:
    """An SMTP reply of our own: one ASCII line under 200 characters, code and enhanced code of one class (RFC 3463 §2)."""

    code: int
    enhanced: str
    text: str

    def __post_init__(self) -> None:
        if self.enhanced and self.enhanced[0] != str(self.code)[0]:
            raise ValueError(f"class digits disagree: {self.code} {self.enhanced}")
        if not self.line().isascii() or len(self.line()) >= 200 or not self.line().isprintable():
            raise ValueError("a reply is one printable ASCII line under 200 characters")

    def line(self) -> str:
        return " ".join(x for x in (str(self.code), self.enhanced, self.text) if x)

    def wire(self) -> bytes:
        return self.line().encode("ascii") + b"\r\n"


@dataclass(frozen=True, slots=True)
class HopReply:
    """What the next hop said, byte for byte. `wire`: all its lines with their CRLF; handed back unchanged, kept nowhere.

    `unknown`: our dot was out and no answer that can be believed came back (RFC 1047); the code is then 451.
    """

    code: int
    wire: bytes = field(repr=False)
    unknown: bool = False

    @property
    def ok(self) -> bool:
        return 200 <= self.code < 300


class Fault(StrEnum):
    """Why an inspection gave no Assessment, by our fault: never the content's (promise 4), so always a deferral."""

    BUSY = "busy"  # no worker came free in time
    OVERRUN = "overrun"  # the wall deadline passed while a worker had it
    DIED = "died"  # the worker ended before it answered
    PROTOCOL = "protocol"  # the worker's answer was not one
    NO_WORKER = "no-worker"  # none is alive
