"""The console's office: what its pages ask, answered from the index, the journal and the state directory; what its acts do, written first.

One process with a writer of its own in the journal (`console`). Everything here is below a lock or in a thread of the web server; no mail
passes by.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mss_guard import auditing, console_rows, lifting, reports
from mss_guard.assembly import Loaded
from mss_guard.config import Settings
from mss_guard.console_pens import Pens
from mss_guard.core import addresses, report
from mss_guard.core.report import Act, Figures, Period
from mss_guard.edge import audit_index, exemptions, journal
from mss_guard.edge.audit_index import Asked, IndexBroken, Store
from mss_guard.edge.console import (
    Decision,
    Exceptions,
    Identity,
    Listing,
    Pending,
    Person,
    Proof,
    Requests,
    Signalled,
    State,
    Unavailable,
    Unwritten,
    View,
)
from mss_guard.edge.journal import KeyRefused, sealing
from mss_guard.edge.passes import Pass, Passes

FRESH = 2.0  # seconds for which the index is as new as it need be
STANDING = 60.0  # seconds for which a whole verification is remembered
SIGNALLED = timedelta(days=90)
PASS_FOR = timedelta(hours=24)
MOST = 100_000  # decisions of one export
_PIECE = 1000
_PLAIN = {"ref": "ref", "domaine": "domain", "regle": "rule", "statut": "standing", "action": "action", "aurait": "would", "motif": "reason",
          "structure": "structure", "depuis": "since", "jusqu": "until"}  # fmt: skip


class Office:
    """For `edge.console`. `store`: the open index; `pens`: this process's writers of the journal."""

    def __init__(self, loaded: Loaded, store: Store, pens: Pens, desk: reports.Desk) -> None:
        self._loaded, self._store, self._pens, self._desk = loaded, store, pens, desk
        self._feeding, self._fed_at = threading.Lock(), 0.0
        self._standing: tuple[float, report.Standing] | None = None
        self._requests = Requests(self._state)

    @property
    def _settings(self) -> Settings:
        return self._loaded.settings

    @property
    def _root(self) -> Path:
        return Path(self._settings.audit.path)

    @property
    def _state(self) -> Path:
        return Path(self._settings.state)

    # --- the index ----------------------------------------------------------------------------------------------------

    @contextmanager
    def _index(self) -> Iterator[Store]:
        """The index, fed a moment ago. Raises Unavailable."""
        try:
            with self._feeding:
                if time.monotonic() - self._fed_at > FRESH:
                    auditing.feed(self._store, self._root)
                    self._fed_at = time.monotonic()
            with audit_index.asking(self._store):
                yield self._store
        except (IndexBroken, OSError) as problem:
            raise Unavailable(f"L'index des décisions ne répond pas ({type(problem).__name__}).") from problem

    def figures(self, view: View, days: int) -> Figures:
        today = datetime.now(UTC).date()
        with self._index() as store:
            return audit_index.figures(store, Period(today - timedelta(days=days - 1), today + timedelta(days=1)), view)

    def find(self, view: View, asked: Mapping[str, str], skip: int, most: int) -> Listing:
        with self._index() as store:
            page = audit_index.find(store, self._asked(view, asked), most=most, skip=skip)
        return Listing(tuple(map(console_rows.line, page.decisions)), page.more)

    def _asked(self, view: View, asked: Mapping[str, str]) -> Asked:
        fields = {theirs: asked[ours] for ours, theirs in _PLAIN.items() if asked.get(ours)}
        if "ref" in fields:
            fields["ref"] = fields["ref"].upper()
        who = frozenset[str]()
        if asked.get("adresse"):
            who = auditing.pseudonyms(self._settings, asked["adresse"]) or frozenset({"-"})
        return Asked(who=who, structures=view, **fields)

    def searchable(self, address: str) -> bool:
        return bool(auditing.pseudonyms(self._settings, address))

    def export(self, view: View, asked: Mapping[str, str], form: str) -> bytes:
        question = self._asked(view, asked)
        with self._index() as store:
            every: list[audit_index.Decision] = []
            while len(every) < MOST:
                page = audit_index.find(store, question, most=_PIECE, skip=len(every))
                every += page.decisions
                if not page.more:
                    break
        lines = report.csv_lines(every) if form == "csv" else report.json_lines(every)
        return "".join(lines).encode()

    # --- one decision -------------------------------------------------------------------------------------------------

    def decision(self, view: View, ref: str) -> Decision | None:
        with self._index() as store:
            page = audit_index.find(store, Asked(ref=ref, structures=view), most=1)
            if not page.decisions:
                return None
            one = page.decisions[0]
            place = audit_index.located(store, one)
            after = audit_index.after(store, ref, view)
            found = journal.read(self._root, place.node, place.writer, place.segment, place.line)
        here = f"{place.node}/{place.writer}/{place.segment}, ligne {place.line}"
        if found is None or found.record.get("ref") != ref:
            said = "Le journal de cette décision est sur une autre machine : la preuve s'y demande."
            return Decision(
                (told := console_rows.from_index(one)),
                after,
                Proof(here, said, None),
                "elle est sur une autre machine",
                contestable=lifting.contestable(told),
            )
        why = lifting.unfit(found.record)
        used = Passes(self._state).is_used(ref)
        unfit = lifting.UNFIT[why][0] if why else "une levée a déjà servi" if used else ""
        return Decision(
            found.record,
            after,
            console_rows.proof(self._root, self._state / "keys", found, here),
            unfit,
            isinstance(found.record.get("sealed"), dict),
            lifting.contestable(found.record),
        )

    # --- exceptions, false positives ----------------------------------------------------------------------------------

    def exceptions(self, view: View, *, named: bool = False) -> Exceptions:
        """`named`: with the addresses that dated rows are for, else their domains."""
        waiting = [p for p in Passes(self._state).waiting() if self._mine(view, p.ref)]
        rows = exemptions.read(self._state) if self._is_host(view) else ()
        return Exceptions(
            tuple(Act("", "approved", p.ref, p.by, p.reason, ", ".join(p.domains), p.until.isoformat()) for p in waiting),
            tuple(console_rows.dated(r, named=named) for r in rows),
            tuple(one for one in self._requests.all(datetime.now(UTC)) if self._mine(view, one.ref)),
        )  # fmt: skip

    def _mine(self, view: View, ref: str) -> bool:
        """Whether a reference may be seen: its decision's structure says it, or, of a dated row, this installation's."""
        if view is None:
            return True
        if not ref.startswith("MSSG-"):
            return self._is_host(view)
        with self._index() as store:
            return bool(audit_index.find(store, Asked(ref=ref, structures=view), most=1).decisions)

    def signalled(self, view: View) -> tuple[Signalled, ...]:
        since = (datetime.now(UTC) - SIGNALLED).strftime("%Y-%m-%d")
        with self._index() as store:
            return console_rows.signalled(store, view, since)

    # --- state and documents ------------------------------------------------------------------------------------------

    def state(self, view: View) -> State:
        """Of the machine only for the structure that keeps it: how many decisions others have, and from where its list comes, is theirs."""
        counted = {one.name: one.number for one in self.figures(view, 30).rules}
        rules = [
            (name, title, self._desk.modes.get(name, ""), counted.get(name, 0))
            for name, title in self._desk.titles.items()
        ]
        host = self._is_host(view)
        return State(
            self._stands() if host else None,
            console_rows.sources(self._loaded.state.knowledge) if host else {},
            sorted(rules, key=lambda rule: (-rule[3], rule[0])),
        )

    def _stands(self) -> report.Standing:
        """Verifies the whole journal, at most once a minute."""
        now = time.monotonic()
        if self._standing is None or now - self._standing[0] > STANDING:
            self._standing = (now, reports.standing(self._loaded, datetime.now(UTC)))
        return self._standing[1]

    def report(self, view: View, month: str) -> str | None:
        with self._index() as store:
            found = audit_index.figures(store, report.month(month), view)
        stands = self._stands() if self._is_host(view) else reports.elsewhere(self._settings, datetime.now(UTC))
        return reports.page(self._desk, found, reports.whose(self._settings, view), stands)

    def register(self, view: View, month: str) -> str | None:
        period = report.month(month)
        with self._index() as store:
            entry = reports.register(self._settings, store, period, view)
        return report.as_text(entry, period.label) if entry else None

    def title(self, rule: str) -> str:
        return self._desk.titles.get(rule, "–")

    # --- what is written ----------------------------------------------------------------------------------------------

    async def _write(self, kind: str, ref: str | None, fields: Mapping[str, object], view: View = None) -> None:
        """On disk when this returns, under the structure of the decision it is about, else of who acts. Raises Unwritten."""
        structure = await asyncio.to_thread(self._structure_of, ref, view)
        if why := await self._pens.write(structure, kind, ref, fields):
            raise Unwritten(why)

    def _structure_of(self, ref: str | None, view: View) -> str | None:
        if ref is not None and ref.startswith("MSSG-"):
            with self._index() as store:
                found = audit_index.find(store, Asked(ref=ref), most=1).decisions
            return str(found[0].fields["structure"]) if found else None
        return None if self._is_host(view) else min(view or (), default=None)

    def _is_host(self, view: View) -> bool:
        """Whether somebody with this view belongs to the structure that keeps this guard."""
        return view is None or self._settings.structure.id in view

    async def consulted(self, person: Person, what: str, ref: str | None = None, found: int | None = None) -> None:
        number = {} if found is None else {"found": found}
        await self._write("consult", ref, {"what": what, "by": person.name, **number}, person.view)

    async def searched(self, person: Person, address: str, found: int) -> None:
        parsed = addresses.parse(address.encode(), smtputf8=True)
        who = list(journal.Keys(self._state / "keys").candidates(parsed))
        fields = {"what": "subject", "by": person.name, "who": who, "found": found}
        await self._write("consult", None, fields, person.view)

    async def open_identity(self, names: str, ref: str, reason: str, key: bytes, passphrase: str) -> Identity | str:
        """Who wrote to whom, after the record of it; or why it stays closed."""
        found = self.decision(None, ref)
        if found is None or not found.opens:
            return "Aucune identité n'est scellée ici."
        try:
            opener = sealing.unlocked(key, passphrase, "Ce fichier")
        except KeyRefused as problem:
            return str(problem)
        if opener is None:
            return "Ce n'est pas la phrase de passe de cette clé."
        identity = opener.open(found.record)
        if identity is None:
            return f"Cette clé ({opener.id}) n'ouvre pas cette décision."
        await self._write("open-identity", ref, {"key": opener.id, "reason": reason, "by": names})
        domains = [str(r.get("domain")) for r in found.record["recipients"]]
        return Identity(identity.sender or "<>", sealing.passages(identity, domains))

    async def approve(self, names: str, ref: str, reason: str) -> str:
        """Let it through once; why not, else ""."""
        found = self.decision(None, ref)
        if found is None or found.liftable:
            return found.liftable if found else "référence inconnue"
        if any(one.ref == ref for one in Passes(self._state).waiting()):
            return "une levée attend déjà ce message"
        made = lifting.make(found.record, ref, datetime.now(UTC) + PASS_FOR, names, reason)
        await self._note_pass(made, "approved", names, reason)
        Passes(self._state).give(made)
        return ""

    async def revoke(self, names: str, ref: str, reason: str) -> str:
        """Take back a pass or a dated row; why not, else ""."""
        rows = exemptions.read(self._state)
        row = next((one for one in rows if one.id == ref), None)
        if row is not None:
            fields = {
                "what": "removed", "id": row.id, "until": f"{row.until.isoformat()}T00:00:00Z", "category": row.category, "rule": row.rule,
                "level": row.level, "action": row.action, "by": names, "reason": reason,
            }  # fmt: skip
            await self._write("exception", None, fields)
            exemptions.write(self._state, tuple(one for one in rows if one is not row))
            return ""
        held = next((one for one in Passes(self._state).waiting() if one.ref == ref), None)
        if held is None:
            return "cette levée n'attend plus"
        await self._note_pass(held, "revoked", names, reason)
        return "" if Passes(self._state).revoke(ref) else "elle vient de servir"

    async def _note_pass(self, one: Pass, what: str, names: str, reason: str) -> None:
        until = one.until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        fields = {
            "what": what,
            "until": until,
            "domains": list(one.domains),
            "recipients": len(one.recipients),
            "by": names,
            "reason": reason,
        }
        await self._write("exception", one.ref, fields)

    async def classify(self, person: Person, ref: str, verdict: str, reason: str) -> str:
        """An officer's judgement of a refusal or of a note; why not, else ""."""
        found = self.decision(None, ref)
        if found is None or not lifting.contestable(found.record):
            return lifting.UNCONTESTED[0] if found else "référence inconnue"
        await self._write(
            "exception", ref, {"what": "false-positive", "why": verdict, "by": person.name, "reason": reason}
        )
        self._fed_at = 0.0
        return ""

    def ask(self, person: Person, what: str, ref: str, reason: str) -> str:
        """Let an act wait for a second officer; why not, else ""."""
        if any((one.what, one.ref) == (what, ref) for one in self._requests.all(datetime.now(UTC))):
            return "la même demande attend déjà un second accord, page « Exceptions »"
        self._requests.add(what, ref, person.name, reason, datetime.now(UTC))
        return ""

    def confirmable(self, person: Person, identifier: str) -> Pending | None:
        """The request, when it is there and somebody else's."""
        held = next((one for one in self._requests.all(datetime.now(UTC)) if one.id == identifier), None)
        return held if held is not None and held.by != person.name else None

    def settle(self, identifier: str) -> None:
        self._requests.remove(identifier)
