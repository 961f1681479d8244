"""The roof: the one room that knows every other. Reads the configuration and the knowledge, builds the service, reloads it, stops it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog

from mss_guard import (
    addressbook,
    assembly,
    changing,
    config,
    doors,
    errands,
    exporting,
    monthly,
    telling,
)
from mss_guard.advising import Adviser
from mss_guard.assembly import Loaded
from mss_guard.core.model import HopReply
from mss_guard.declarations import Declarations
from mss_guard.edge import service_manager
from mss_guard.edge.inspector import Inspector
from mss_guard.edge.journal import Filters, Journal, search
from mss_guard.edge.next_hop import DnsResolver, HopPool, Narrowed
from mss_guard.edge.notifier import Notifier
from mss_guard.edge.passes import Passes
from mss_guard.edge.smtp_server import Front, NextHop, Room, SecondRoad, serve
from mss_guard.exceptions import Approvals
from mss_guard.judgement import Judgement
from mss_guard.list_keeping import ListKeeper
from mss_guard.outages import Outages
from mss_guard.vigil import Surroundings, Vigil
from mss_guard.witnessing import Witness

PURGE_FIRST, PURGE_EVERY = 600.0, 86_400.0  # seconds after the start, and between two purges
DRAIN = 620.0  # our dot may be out, and RFC 5321 §4.5.3.2.6 gives the hop ten minutes; below TimeoutStopSec=660

_log = structlog.get_logger("mss_guard.service")


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
        self.lists = ListKeeper(lambda: self._loaded, self._relisted)
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
                self.lists.renew,
                self._meet,
                self.lists.watch,
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
            applied = await changing.guarded("reload", self._try_reload)
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
        if not await changing.tried_elsewhere(self._path):
            return False
        fresh = await asyncio.to_thread(errands.read, self._path)
        for key in doors.needs_restart(self._started_with, fresh.settings):
            _log.warning("reload.needs-restart", problem=key)
        if fresh.payload != self._loaded.payload and not await self.inspector.swap(fresh.payload):
            return False
        self._take(fresh)
        return True

    def _take(self, fresh: Loaded) -> None:
        self._loaded = fresh
        self.judgement.state = fresh.state

    async def _relisted(self) -> None:
        """The lists as they lie on the disk now, or the last good ones."""
        async with self._changing:
            await changing.guarded("list", self._relist)

    async def _relist(self) -> bool:
        fresh = await asyncio.to_thread(assembly.relist, self._loaded, datetime.now(UTC))
        if fresh.payload != self._loaded.payload and not await self.inspector.swap(fresh.payload):
            return False
        self._take(fresh)
        self._note("list", "applied")
        return True

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
