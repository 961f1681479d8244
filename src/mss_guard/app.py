"""The roof: the one room that knows every other. Reads the configuration and the knowledge, builds the service, reloads it, stops it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from mss_guard import (
    addressbook,
    assembly,
    config,
    doors,
    exceptions,
    exporting,
    monthly,
    previews,
    telling,
    witnessing,
)
from mss_guard.advising import Adviser
from mss_guard.assembly import Loaded
from mss_guard.core import trust
from mss_guard.core.model import HopReply
from mss_guard.core.policy.rows import Exemption
from mss_guard.declarations import Declarations
from mss_guard.edge import service_manager, trust_feed
from mss_guard.edge.inspector import Inspector
from mss_guard.edge.journal import Filters, Journal, Purged, search
from mss_guard.edge.next_hop import DnsResolver, HopPool, Narrowed
from mss_guard.edge.notifier import Notifier
from mss_guard.edge.passes import Pass, Passes
from mss_guard.edge.smtp_server import Front, NextHop, Room, SecondRoad, serve
from mss_guard.exceptions import Approvals
from mss_guard.judgement import Judgement
from mss_guard.outages import Outages
from mss_guard.vigil import Surroundings, Vigil
from mss_guard.witnessing import Witness

LIST_POLL = 30.0  # seconds between looks at the list and partner files
LIST_EVERY = 3600.0  # seconds between two askings for the published list (domain.md §1: hourly, conditional)
LIST_AGAIN = 300.0  # seconds until it is asked for again after a failure, doubled each time up to LIST_EVERY
PURGE_FIRST, PURGE_EVERY = 600.0, 86_400.0  # seconds after the start, and between two purges
DRAIN = 620.0  # our dot may be out, and RFC 5321 §4.5.3.2.6 gives the hop ten minutes; below TimeoutStopSec=660
TRIAL = 120.0  # seconds for the fresh process that tries a new configuration

_log = structlog.get_logger("mss_guard.service")
T = TypeVar("T")


class Service:
    """The running guard. `start`, then `wait` until somebody asks it to stop, then `stop`; `reload` any time between."""

    def __init__(self, path: Path | None, loaded: Loaded) -> None:
        self._path, self._loaded = path, loaded
        self._started_with = (
            loaded.settings
        )  # the doors are built once: what a reload cannot change is compared with this
        self._stopping = asyncio.Event()
        self._reload_asked = asyncio.Event()
        self._changing = asyncio.Lock()  # one change of knowledge at a time
        self._tasks: list[asyncio.Task[None]] = []
        self._ends = contextlib.AsyncExitStack()
        self.fronts: list[Front] = []

    @property
    def settings(self) -> config.Settings:
        return self._loaded.settings

    async def start(self) -> None:
        """Journal first (it may refuse), then workers, hops and notifier, the listening sockets last.

        Whatever is refused, what had been started is ended again.
        """
        try:
            await self._start()
        except BaseException:
            await self._ends.aclose()
            raise

    async def _start(self) -> None:
        settings, loaded = self.settings, self._loaded
        self.journal = await asyncio.to_thread(
            Journal.open,
            Path(settings.audit.path),
            settings.node,
            "front-0",
            settings.structure.id,
            Path(settings.state) / "keys",
        )
        self._ends.push_async_callback(self.journal.close)
        self.inspector = await Inspector.start(loaded.payload, doors.workers(settings))
        self._ends.push_async_callback(self.inspector.stop)
        self.hops = HopPool(doors.hops(settings), DnsResolver())
        self._ends.push_async_callback(self.hops.close, 5.0)
        await self.hops.start()
        await self._second_road(settings)
        self.notifier = Notifier(self.hops.submit, telling.summariser(lambda: self._loaded), told=self._told)
        self.notifier.start()
        self._ends.push_async_callback(self.notifier.drain, 5.0)
        self.witness = Witness(lambda: self.settings, self.journal, self.hops.submit)
        self.exporter = exporting.Exporter(lambda: self.settings)
        self.monthly = monthly.Monthly(lambda: self.settings, self.journal, self.hops.submit, monthly.maker(self._path))
        book = addressbook.AddressBook(doors.directory_index(settings))
        self._ends.callback(book.close)
        outages = Outages()
        self.vigil = Vigil(self._surroundings(), outages)
        self._ends.push_async_callback(self.vigil.end)
        approvals = Approvals(Passes(Path(settings.state)), self.journal.keys, self.journal.append_late)
        approvals.recover(datetime.now(UTC))
        self.adviser = Adviser(self.journal.keys)
        self.judgement = Judgement(
            loaded.state,
            self.inspector,
            self.journal,
            self.notifier.post,
            outages=outages,
            bypassed=self.vigil.bypassed,
            book=book,
            claim=self.notifier.claim,
            approvals=approvals,
            declarations=Declarations(self.journal.keys, self.journal.append_late),
            adviser=self.adviser,
        )
        self.vigil.look(datetime.now(UTC))
        await self._listen(settings)
        self._tasks = [
            asyncio.create_task(one())
            for one in (
                self.vigil.run,
                self.witness.run,
                self.exporter.run,
                self.monthly.run,
                self._purges,
                self._reloads,
                self._renew_list,
                self._meet,
                self._watch_lists,
                self._watchdog,
            )
        ]
        self._note("start", "applied")
        self._say_ready()

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            settings=lambda: self.settings,
            hostname=self._loaded.state.hostname,
            uninspected=lambda: self.judgement.counts["uninspected"],
            send=self.hops.submit,
            note=lambda kind, fields: self.journal.append_late(kind, None, fields, None),
            changed=self._say_ready,
        )

    async def _second_road(self, settings: config.Settings) -> None:
        """The way into the trust space, where there is one. Out of reach, it holds up nobody's start and no other mail."""
        self.second: SecondRoad | None = None
        self.next_hop: NextHop = self.hops
        given = doors.route(settings)
        if given is None:
            return
        road = HopPool(given, DnsResolver())
        self._ends.push_async_callback(road.close, 5.0)
        road.start_asking()
        self.second, self.next_hop = SecondRoad(road), Narrowed(self.hops, road)

    async def _listen(self, settings: config.Settings) -> None:
        limits = doors.limits(settings)
        room = Room(limits)
        for listener in doors.listeners(settings):
            front = await serve(listener, self.next_hop, self.judgement, limits, room=room, second=self.second)
            self._ends.callback(front.close)
            self.fronts.append(front)
            _log.info("listening", listener=listener.name, host=listener.address, port=front.port, mode=listener.mode)

    def heed_signals(self) -> None:
        """SIGTERM and SIGINT stop, SIGHUP reloads; also one that came while the rules were being read (`hold_back_reload`)."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.ask_to_stop)
        loop.add_signal_handler(signal.SIGHUP, self.ask_to_reload)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})

    async def wait(self) -> None:
        """Until somebody asks it to stop."""
        await self._stopping.wait()

    def ask_to_stop(self) -> None:
        self._stopping.set()

    def ask_to_reload(self) -> None:
        """Asked again before it begins, it is done once: what lies on the disk then is what is read."""
        self._reload_asked.set()

    async def stop(self, within: float = DRAIN) -> None:
        """Stop listening, let what is in DATA finish, then end everything in the opposite order of `start`."""
        service_manager.notify("STOPPING=1", f"EXTEND_TIMEOUT_USEC={int(within * 1_000_000)}")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(front.drain(within) for front in self.fronts))
        await self._ends.aclose()
        _log.info("stopped")

    # --- reload -------------------------------------------------------------------------------------------------------

    async def _reloads(self) -> None:
        while True:
            await self._reload_asked.wait()
            self._reload_asked.clear()
            await self.reload()

    async def reload(self) -> bool:
        """New configuration, rules and lists, whole or not at all: a fresh process has tried them before this one takes them."""
        async with self._changing:
            service_manager.notify("STATUS=rechargement")
            applied = await _guarded("reload", self._try_reload)
            self._note("reload", "applied" if applied else "kept")
            _log.log(
                20 if applied else 40,
                "reload",
                state="applied" if applied else "kept",
                knowledge=self._loaded.state.knowledge.version,
            )
            self._say_ready()
            return applied

    async def _try_reload(self) -> bool:
        if not await _tried_elsewhere(self._path):
            return False
        fresh = await asyncio.to_thread(read, self._path)
        for key in doors.needs_restart(self._started_with, fresh.settings):
            _log.warning("reload.needs-restart", problem=key)
        if fresh.payload != self._loaded.payload and not await self.inspector.swap(fresh.payload):
            return False
        self._take(fresh)
        return True

    def _take(self, fresh: Loaded) -> None:
        self._loaded = fresh
        self.judgement.state = fresh.state

    async def _watch_lists(self) -> None:
        """White list, partner files and people digests are looked at by their times; a bad one changes nothing (the last good one serves)."""
        seen = doors.list_times(self.settings)
        told = None
        while True:
            told = self._warn_of_people(told)
            await asyncio.sleep(LIST_POLL)
            now = doors.list_times(self.settings)
            if now != seen:
                seen = now
                async with self._changing:
                    await _guarded("list", self._relist)

    async def _renew_list(self) -> None:
        """The published list is asked for again and again, beside the mail: no verdict waits for it."""
        failures = 0
        while True:
            if self.settings.trust.published:
                renewal = await _aside(partial(assembly.renew_list, self.settings, datetime.now(UTC)))
                failures = 0 if renewal.renewed else failures + 1
                for sentence in renewal.said:
                    _log.error("list.refused", problem=sentence)
                if renewal.renewed:
                    async with self._changing:
                        await _guarded("list", self._relist)
            self._mind_the_age()
            pause = min(LIST_AGAIN * 2 ** min(failures - 1, 8), LIST_EVERY) if failures else LIST_EVERY
            await asyncio.sleep(pause * random.uniform(0.9, 1.1))  # noqa: S311 - a thousand houses, not all at once

    def _mind_the_age(self) -> None:
        space, now = self._loaded.state.knowledge.space, datetime.now(UTC)
        age = trust.freshness(space, now)
        if self.settings.trust.list is not None and age != "fresh":
            at = space.confirmed_at.isoformat() if space.confirmed_at else None
            _log.log(40 if age == "old" else 30, "list.age", state=age, confirmed=at)

    async def _relist(self) -> bool:
        fresh = await asyncio.to_thread(assembly.relist, self._loaded, datetime.now(UTC))
        if fresh.payload != self._loaded.payload and not await self.inspector.swap(fresh.payload):
            return False
        self._take(fresh)
        self._note("list", "applied")
        return True

    def _warn_of_people(self, told: date | None) -> date:
        """Once a day: people lists that are old, or not taken in yet."""
        now = datetime.now(UTC)
        if told != now.date():
            for sentence in assembly.people_said(self.settings, self._loaded.people_made, now):
                _log.warning("lists.people", problem=sentence)
        return now.date()

    async def _meet(self) -> None:
        """Whom the structure has written to, from the journal; once, beside the mail, and only where it is asked for."""
        if "first" in self.settings.policy.advice:
            wanted = Filters(kinds=frozenset({"decision"}))
            found = partial(search, Path(self.settings.audit.path), wanted)
            await asyncio.to_thread(lambda: self.adviser.learn(one.record for one in found()))

    async def _purges(self) -> None:
        """Once a day what is beyond its retention goes, and the journal says so; a failure is for the next day."""
        await asyncio.sleep(PURGE_FIRST)
        while True:
            try:
                gone = await self.journal.purge(self.settings.audit.retention)
                if gone.segments or gone.keys:
                    _log.info("journal.purged", segments=gone.segments, keys=len(gone.keys))
            except Exception as fault:  # noqa: BLE001 - the service goes on with a journal that is a day too long
                _log.error("journal.purge-failed", error=type(fault).__name__)
            await asyncio.sleep(PURGE_EVERY)

    async def _watchdog(self) -> None:
        """Half a watchdog proves that the loop turns; the other half that a worker can be had."""
        pace = service_manager.watchdog_seconds()
        while pace is not None:
            if self.inspector.stats().workers > 0 or self.vigil.bypassed(datetime.now(UTC)):
                service_manager.notify("WATCHDOG=1")
            await asyncio.sleep(pace)

    def _say_ready(self) -> None:
        said = telling.status(self._loaded, datetime.now(UTC))
        service_manager.notify("READY=1", f"STATUS={' ; '.join(filter(None, (self.vigil.status(), said)))}")

    def _note(self, what: str, result: str) -> None:
        """A `reload` record; a journal that cannot be written stops mail (451), not the service."""
        self.journal.append_late(
            "reload", None, telling.reload_record(self._loaded, what, result), self._loaded.state.knowledge.version
        )

    def _told(self, reference: str, reply: HopReply) -> None:
        self.journal.append_late("notice", reference, telling.notice_record(reply), None)


async def _aside(work: Callable[[], T]) -> T:
    """`work`, which does not raise, in a thread that never holds up the end of the process (asyncio's own threads do)."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    answers: list[T] = []

    def run() -> None:
        answers.append(work())
        with contextlib.suppress(RuntimeError):  # the loop is closed: the service has stopped meanwhile
            loop.call_soon_threadsafe(done.set)

    threading.Thread(target=run, daemon=True, name="list").start()
    await done.wait()
    return answers[0]


async def _guarded(what: str, change: Callable[[], Awaitable[bool]]) -> bool:
    """False when the change fails, whatever the reason: the service goes on with what it had, and can be asked again."""
    try:
        return await change()
    except assembly.REFUSALS as refusal:
        for line in assembly.explain(refusal):
            _log.error("reload.refused", problem=line)
        return False
    except Exception as fault:  # noqa: BLE001 - a fault here must not end the one task that hears the next SIGHUP
        _log.error("reload.fault", during=what, error=type(fault).__name__)
        return False


async def _tried_elsewhere(path: Path | None) -> bool:
    """`check-config` with every rule's examples, in a fresh process. Raises OSError when there can be none."""
    arguments = ["-m", "mss_guard", "check-config", "--for-run", "--examples", *(["-c", str(path)] if path else [])]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=None
    )
    try:
        return await asyncio.wait_for(process.wait(), TRIAL) == 0
    except BaseException:
        process.kill()
        await process.wait()
        raise


def settings(path: Path | None) -> config.Settings:
    """The configuration of this run, or the packaged defaults. Raises Mistakes; OSError when the file cannot be read."""
    return config.load(path)


def read(path: Path | None) -> Loaded:
    """Configuration and knowledge, the rules not compiled: a fresh process has tried them, and the workers compile them."""
    return assembly.load(settings(path), datetime.now(UTC), compiled=False, keep=True)


def read_for_scan(path: Path | None, *, compiled: bool = False) -> Loaded:
    """The same for scan, lookup and previews; without a file there is no white list. `compiled`: say which rule is wrong."""
    return assembly.load(sound(path), datetime.now(UTC), compiled=compiled)


def sound(path: Path | None) -> config.Settings:
    """The configuration of a command that is not the service: without mistakes of its own. Raises one of REFUSALS."""
    found = settings(path)
    mistakes = config.check(found, datetime.now(UTC).date(), for_run=False)
    if mistakes:
        raise config.Mistakes(mistakes)
    return found


def renew_list(path: Path | None, now: datetime, *, accept_shrunken: bool = False) -> assembly.Renewal:
    """`trust update`."""
    return assembly.renew_list(sound(path), now, accept_shrunken=accept_shrunken)


def look_at_list(path: Path) -> trust.TrustList | str:
    """A list in a file, or why there is none, in French."""
    return trust_feed.look(path, datetime.now(UTC))


def journal_places(found: config.Settings) -> tuple[Path, Path]:
    """(journal, keys)."""
    return Path(found.audit.path), Path(found.state) / "keys"


def witness_told(path: Path | None) -> dict[str, int]:
    """The last record that a witness took, by node/writer, as this host noted it. Raises Mistakes, OSError."""
    return witnessing.status(settings(path)).heads


async def write_down(found: config.Settings, kind: str, ref: str | None, fields: Mapping[str, object]) -> None:
    """One record of a command, on disk when this returns. Raises JournalBusy, JournalUnavailable, KeyRefused."""
    root, keys = journal_places(found)
    journal = await asyncio.to_thread(Journal.open, root, found.node, "cli", found.structure.id, keys)
    try:
        await journal.append(kind, ref, fields, None)
    finally:
        await journal.close()


def note_exemption(found: config.Settings, row: Exemption, what: str, by: str = "", reason: str = "") -> None:
    """`exceptions add|revoke` of a dated row, on record before it holds. Raises JournalBusy, JournalUnavailable, KeyRefused."""
    fields = {
        "what": what, "id": row.id, "until": f"{row.until.isoformat()}T00:00:00Z", "category": row.category, "rule": row.rule,
        "level": row.level, "action": row.action, "by": by or row.by, "reason": reason or row.reason,
    }  # fmt: skip
    asyncio.run(write_down(found, "exception", None, fields))


def note_false_positive(found: config.Settings, ref: str, by: str, reason: str) -> None:
    """`exceptions false-positive`. Raises JournalBusy, JournalUnavailable, KeyRefused."""
    asyncio.run(write_down(found, "exception", ref, {"what": "false-positive", "by": by, "reason": reason}))


def note_pass(found: config.Settings, one: Pass, what: str, by: str = "", reason: str = "") -> None:
    """`exceptions approve|revoke`, on record before it holds. Raises JournalBusy, JournalUnavailable, KeyRefused."""
    fields = {**exceptions.pass_fields(one, what), "by": by or one.by, "reason": reason or one.reason}
    asyncio.run(write_down(found, "exception", one.ref, fields))


async def purge(found: config.Settings) -> Purged:
    """`audit purge`: of this writer and of all whose process is gone; one at work purges itself. Raises JournalBusy,
    JournalUnavailable, KeyRefused.
    """
    root, keys = journal_places(found)
    journal = await asyncio.to_thread(Journal.open, root, found.node, "cli", found.structure.id, keys)
    try:
        return await journal.purge(found.audit.retention)
    finally:
        await journal.close()


def preview(loaded: Loaded, asked: previews.Asked) -> str:
    """The notice of an invented refusal, with this structure's words."""
    return previews.preview(loaded, asked, datetime.now().astimezone())


def measure_notices(loaded: Loaded, language: str | None) -> Iterator[previews.Measured]:
    """All notices in numbers."""
    return previews.measure(loaded, language, datetime.now().astimezone())


def hold_back_reload() -> None:
    """From here to `Service.heed_signals` a SIGHUP waits, instead of ending a process that is still reading its rules."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})


_GARBAGE = 10_000  # new objects before Python looks for cycles among them; a message makes a few thousand


async def run(path: Path | None, loaded: Loaded) -> None:
    """The service in the foreground, until it is asked to stop."""
    service = Service(path, loaded)
    service.heed_signals()
    await service.start()
    gc.collect()
    gc.freeze()  # what the start has built stays: not to be looked through for cycles again and again
    gc.set_threshold(_GARBAGE)
    try:
        await service.wait()
    finally:
        await service.stop()


def explain_refusal(refusal: BaseException) -> Sequence[str]:
    """What a start-up refusal says to whoever runs the command, one line each."""
    return assembly.explain(refusal)


REFUSALS = assembly.REFUSALS
