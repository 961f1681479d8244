"""The configuration as one frozen value. Every key has its default here but `structure`; the words are those of the
file.

Keys and values stand here also where what they ask for is not built yet: `checks.UNAVAILABLE` says so to whoever writes
them.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import date, timedelta
from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator

from mss_guard.core.model import Category, Mode
from mss_guard.core.rights import Role
from mss_guard.core.strict_yaml import Document

from .values import Domain, Duration, Host, ListenAddress, Mailbox, Network, Size, slug

Measure = Literal["refuse", "confirm", "advise", "note", "relay"]
Handling = Literal["refuse", "confirm", "advise", "note", "relay", "suspicion"]
Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
RuleId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,119}$")]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SecureBox(Section):
    address: Mailbox
    service: Line | None = None


class Person(Section):
    name: Line | None = None
    email: Mailbox | None = None
    phone: Line | None = None
    hours: Line | None = None


class Structure(Section):
    given_id: Identifier | None = Field(default=None, alias="id")
    name: Line
    domains: tuple[Domain, ...] = ()
    secure_domains: tuple[Domain, ...] = ()
    secure_access: Line | None = None
    secure_boxes: tuple[SecureBox, ...] = ()
    region: Line | None = None
    family_portal: Line | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "fr"
    contact: Person = Person()
    dpo: Person = Person()

    @property
    def id(self) -> str:
        """What stands in every record of the journal."""
        return self.given_id or slug(self.name)


class Listener(Section):
    address: ListenAddress = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 10025  # 0: any free port, for tests
    mode: Literal["smtp", "lmtp", "milter"] = "smtp"
    senders: Literal["own", "any"] = "own"
    allow: tuple[Network, ...] = LOOPBACK


class NextHop(Section):
    host: Host = "127.0.0.1"
    port: Port = 10026
    max_connections: Count = 20
    tls: Literal["none", "may", "verify"] = "none"
    ca: Line | None = None


class Limits(Section):
    size: Size = 50_000_000
    connections: Count = 200
    per_client: Count = 20
    recipients: Annotated[int, Field(ge=100, le=10_000)] = 1000  # RFC 5321 §4.5.3.1.8: at least 100
    bytes_in_flight: Size = 256_000_000


class Smtp(Section):
    hostname: Host | None = None
    enhanced_code: Annotated[str, Field(pattern=r"^5\.7\.(1|9[0-9][0-9])$")] = "5.7.1"
    bare_line_ends: Literal["normalise", "refuse"] = "normalise"
    xforward_from: tuple[Network, ...] = LOOPBACK


class Route(Section):
    host: Host
    port: Port = 587
    tls: Literal["may", "verify"] = "verify"
    ca: Line | None = None
    cert: Line | None = None
    key: Line | None = None
    user: Line | None = None
    password: Line | None = None  # a file


class Routes(Section):
    mssante: Route | None = None


class LocalDomain(Section):
    domain: Domain
    reason: Line
    until: date | None = None


class Proxy(Section):
    host: Host
    port: Port = 3128


class Trust(Section):
    list: Line | None = None
    ca: Line | None = None
    proxy: Proxy | None = None
    max_age: Duration = timedelta(days=15)
    extra: tuple[LocalDomain, ...] = ()
    deny: tuple[LocalDomain, ...] = ()

    @property
    def published(self) -> str:
        """The address the list is fetched from; empty when it is a file, or none."""
        return self.list if self.list is not None and self.list.startswith("https://") else ""

    @property
    def file(self) -> str | None:
        return self.list if self.list is not None and not self.published else None


class DirectorySource(Section):
    source: Line | None = None
    ca: Line | None = None


class Partners(Section):
    domains: tuple[Line, ...] = ()
    addresses: tuple[Mailbox, ...] = ()
    files: tuple[Line, ...] = ()


class Levels(Section):
    certain: Measure = "refuse"
    likely: Measure = "refuse"
    possible: Measure = "note"


class Unreadable(Section):
    encrypted: Handling = "refuse"
    ambiguous: Handling = "refuse"
    damaged: Handling = "refuse"
    too_large: Handling = Field(default="refuse", alias="too-large")
    too_deep: Handling = Field(default="refuse", alias="too-deep")
    timeout: Handling = "refuse"
    too_many: Handling = Field(default="refuse", alias="too-many")
    partial: Handling = "suspicion"
    no_text: Handling = Field(default="suspicion", alias="no-text")


CategoryAction = Literal["refuse", "confirm", "advise", "note", "relay", "enforce", "warn", "observe", "off"]
CATEGORIES: Mapping[Category, CategoryAction] = {Category.STAY: "note", Category.EMPLOYEE_ID: "note"}


class Policy(Section):
    mode: Literal["observe", "enforce"] | None = None
    observe_until: date | None = None
    levels: Levels = Levels()
    categories: dict[Category, CategoryAction] = Field(default_factory=lambda: {**CATEGORIES})
    families: dict[RuleId, Mode] = Field(default_factory=dict)
    inside: Literal["note", "advise", "confirm", "refuse"] = "note"
    to_mssante: Literal["relay", "route", "refuse"] = "relay"
    unreadable: Unreadable = Unreadable()
    opaque: Handling = "suspicion"
    quoted_reply: Literal["refuse", "advise"] = "refuse"
    confirm: Literal["off", "sender", "approver"] = "off"
    mixed: Literal["refuse-all", "split"] = "refuse-all"
    refusal: Literal["reject", "reject+notice", "bounce"] | None = None
    advice: tuple[Literal["copy", "self", "no-reply", "first"], ...] = ("copy", "self", "no-reply")
    fault: Literal["defer", "relay-traced"] = "defer"
    fault_after: Duration = timedelta(minutes=30)  # with relay-traced

    @field_validator("categories")
    @classmethod
    def _over_the_defaults(cls, given: dict[Category, CategoryAction]) -> dict[Category, CategoryAction]:
        return {**CATEGORIES, **given}


class Thresholds(Section):
    certain: float
    likely: float
    possible: float


class Notices(Section):
    paths: tuple[Line, ...] = ("/etc/mss-guard/notices.d",)


class Disabled(Section):
    id: RuleId
    reason: Line
    until: date | None = None


class Rules(Section):
    paths: tuple[Line, ...] = ("/etc/mss-guard/rules.d",)
    disable: tuple[RuleId | Disabled, ...] = ()
    thresholds: Thresholds | None = None

    def disabled(self, today: date) -> tuple[str, ...]:
        """Ids of the rules that are off today."""
        every = (Disabled(id=d, reason="-") if isinstance(d, str) else d for d in self.disable)
        return tuple(d.id for d in every if d.until is None or today <= d.until)


class PeopleLists(Section):
    residents: Line | None = None
    staff: Line | None = None


class Audit(Section):
    path: Line = "/var/lib/mss-guard/journal"
    index: Line = "sqlite:////var/lib/mss-guard/audit.db"
    identity: Literal["sealed", "pseudonym"] = "sealed"
    identity_key: Line | None = None
    confidential_senders: tuple[Domain | Mailbox, ...] = ()
    witness: Line = "mail"
    witness_ca: Line | None = None
    export: Line | None = None
    export_ca: Line | None = None
    export_token: Line | None = None
    report: Literal["mail", "none"] = "mail"
    retention: Duration = timedelta(days=365)


class ConsoleTls(Section):
    cert: Line
    key: Line


class Oidc(Section):
    issuer: Annotated[str, Field(pattern=r"^https://[^\s/?#@]+(/[^\s?#]*)?$")]
    client_id: Line
    client_secret: Line  # a file
    claim: Line = "groups"
    roles: dict[Line, Role] = Field(min_length=1)  # a word of the claim → what its bearer is
    structures: tuple[Identifier | Literal["*"], ...] = ()  # empty: this one; "*": all of the index
    ca: Line | None = None


class Console(Section):
    address: ListenAddress = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8466
    url: Annotated[str, Field(pattern=r"^https://[^\s/?#@]+$")] | None = None
    tls: ConsoleTls | None = None
    proxies: tuple[Network, ...] = ()
    idle: Duration = timedelta(minutes=15)
    session: Duration = timedelta(hours=8)
    four_eyes: tuple[Literal["identity", "exceptions"], ...] = ()
    oidc: Oidc | None = None


class Inspection(Section):
    workers: Annotated[int, Field(ge=1, le=64)] | None = None  # null: one for each core
    budget: Duration = timedelta(seconds=45)


class Settings(Section):
    """Everything the service is told. `document`: where each key stands in the file, for mistakes found later."""

    structure: Structure
    listeners: tuple[Listener, ...] = (Listener(),)
    next_hop: NextHop | tuple[NextHop, ...] = NextHop()
    limits: Limits = Limits()
    smtp: Smtp = Smtp()
    routes: Routes = Routes()
    trust: Trust = Trust()
    directory: DirectorySource = DirectorySource()
    partners: Partners = Partners()
    policy: Policy = Policy()
    rules: Rules = Rules()
    notices: Notices = Notices()
    lists: PeopleLists = PeopleLists()
    audit: Audit = Audit()
    console: Console = Console()
    inspection: Inspection = Inspection()
    workers: Count = 1
    state: Line = "/var/lib/mss-guard/state"
    node_name: Identifier | None = Field(default=None, alias="node")

    _document: Document | None = PrivateAttr(None)

    @property
    def hops(self) -> tuple[NextHop, ...]:
        """The next hops in the order of trying."""
        return self.next_hop if isinstance(self.next_hop, tuple) else (self.next_hop,)

    @property
    def node(self) -> str:
        """This machine's name in the journal: as written, else the host's own."""
        return self.node_name or slug(platform.node().split(".")[0] or "node")

    @property
    def document(self) -> Document | None:
        return self._document

    def placed(self, document: Document) -> Settings:
        """Remember where the keys stand."""
        self._document = document
        return self
