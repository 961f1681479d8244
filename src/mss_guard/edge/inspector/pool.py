"""The pool: as many confined workers as there are cores, one message at a time each, replaced as they wear out or die.

Built on three small things: a line that hands out idle workers (`waiting`), a worker as the front sees it (`crew`), and
the table of bodies that kill (`poison`). Every way out of `inspect` is an Assessment or a Fault, within its budget.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from typing import Any, Final

from mss_guard.core import wire
from mss_guard.core.model import Assessment, Fault
from mss_guard.edge.inspector.confinement import Layers
from mss_guard.edge.inspector.crew import AnswerError, EndError, LaunchError, LoadError, Worker, Zygote, cores, hire
from mss_guard.edge.inspector.poison import Poison
from mss_guard.edge.inspector.terms import Settings, StartError, Stats
from mss_guard.edge.inspector.tools import SHARE, Ask, Toolbox
from mss_guard.edge.inspector.waiting import Line
from mss_guard.edge.inspector.worker import Child

_PAUSE_LEAST, _PAUSE_MOST = 0.05, 5.0
_PAUSE_AFTER_DEATH = 0.1
"""The longest pause after a worker that died while it started: whatever kills it now (memory running out, an
administrator) does not do so for long, and the pool must be whole within a second of the last time.
"""
_NOT_NOW = (LaunchError, EndError, AnswerError, OSError)  # a launch that may well succeed the next time
_TRIES: Final = 3
_NOT_LOADED: Final = (
    "Les règles ou les lecteurs ne se chargent pas dans le processus d'inspection ; "
    "« mss-guard rules lint » et « mss-guard doctor » disent lesquels."
)


_prepared: Final[dict[tuple[Child, bytes], Zygote]] = {}


def prepare(settings: Settings, payload: bytes) -> None:
    """Starts the fork server for an Inspector of the same settings and rules, so that it loads while the rest starts."""
    child = Child(settings.inspection, settings.readers)
    if (child, payload) not in _prepared:
        _prepared[child, payload] = Zygote(child, payload)
    _prepared[child, payload].start()


class Inspector:
    """Made by `Inspector.start`, ended by `stop`. All on one event loop."""

    def __init__(self, zygote: Zygote, settings: Settings) -> None:
        self._settings = settings
        self._zygote = zygote
        self._line: Line[Worker] = Line()
        self._workers: set[Worker] = set()
        self._poison = Poison()
        self._tools = Toolbox(settings.workers or cores())
        self._hirings: set[asyncio.Task[None]] = set()
        self._partings: set[asyncio.Task[None]] = set()
        self._swapping = asyncio.Lock()
        self._stopped = False
        self._counts: Counter[str] = Counter()
        self._faults: Counter[Fault] = Counter()
        self._exits: Counter[int | None] = Counter()

    @classmethod
    async def start(cls, payload: bytes, settings: Settings | None = None) -> Inspector:
        """A whole pool with the rules of `payload` (`core.inspection.pack`).

        Raises StartError: rules or confinement are not as they must be.
        """
        settings = settings or Settings()
        child = Child(settings.inspection, settings.readers)
        prepared = _prepared.pop((child, payload), None)
        inspector = cls(prepared or Zygote(child, payload), settings)
        try:
            await inspector._staff(inspector._zygote)
        except BaseException:
            await inspector.stop()
            raise
        return inspector

    @property
    def layers(self) -> Layers:
        """The confinement of the workers, as one of them found it."""
        return next((worker.layers for worker in self._workers), Layers())

    def stats(self) -> Stats:
        idle = len(self._line.idle)
        return Stats(
            workers=len(self._workers),
            idle=idle,
            waiting=len(self._line),
            messages=self._counts["messages"],
            hired=self._counts["hired"],
            hiring_failed=self._counts["failed"],
            poisoned=self._counts["poisoned"],
            pids=tuple(worker.pid for worker in self._workers),
            faults=dict(self._faults),
            exits=dict(self._exits),
        )

    async def inspect(self, request: wire.Request, raw: bytes, budget_s: float) -> Assessment | Fault:
        """What a worker makes of `raw`; waiting included, after `budget_s` seconds at most.

        Never raises but CancelledError.
        """
        self._counts["messages"] += 1
        found = await self._inspect(request, raw, budget_s)
        if isinstance(found, Fault):
            self._faults[found] += 1
        return found

    async def swap(self, payload: bytes) -> bool:
        """New rules: a second set of workers is started and takes over when all are ready; the old ones finish first.

        False when the new set does not come up; then nothing has changed.
        """
        async with self._swapping:
            old, fresh = self._zygote, Zygote(self._zygote.child, payload)
            try:
                await self._staff(fresh)
            except StartError:
                return False
            finally:
                await self._retire(fresh)
                await self._retire(old)
            for worker in self._line.idle:
                if worker.zygote is not fresh and self._line.withdraw(worker):
                    self._part(worker)
            return True

    async def stop(self) -> None:
        """Ends every worker, now. Who asked one is answered by a Fault at once; who waits, when the time is up."""
        self._stopped = True
        for task in self._hirings:
            task.cancel()
        await asyncio.gather(*self._hirings, *self._partings, return_exceptions=True)
        await asyncio.gather(*(worker.dismiss() for worker in self._workers))
        for zygote in {self._zygote, *(worker.zygote for worker in self._workers)}:
            await asyncio.to_thread(zygote.stop)
        self._workers.clear()

    # --- one message --------------------------------------------------------------------------------------------------

    async def _inspect(self, request: wire.Request, raw: bytes, budget_s: float) -> Assessment | Fault:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + budget_s
        if (why := self._poison.known(raw, loop.time())) is not None:
            self._counts["poisoned"] += 1
            return wire.unreadable(why)
        if self._stopped:
            return Fault.NO_WORKER
        while (idle := self._line.take_now()) is not None:  # nothing to wait for, hence no timer
            if idle.sound:
                return await self._ask(idle, request, raw, deadline)
            self._part(idle)  # it died idle, or spoke unasked: no business of this message
        try:
            async with asyncio.timeout_at(deadline):
                worker = await self._line.take(len(raw))
                while not worker.sound:
                    self._part(worker)
                    worker = await self._line.take(len(raw))
        except TimeoutError:
            return Fault.BUSY if self._workers else Fault.NO_WORKER
        return await self._ask(worker, request, raw, deadline)

    async def _ask(self, worker: Worker, request: wire.Request, raw: bytes, deadline: float) -> Assessment | Fault:
        sound = False
        try:
            async with asyncio.timeout_at(deadline):
                found = await worker.ask(request, raw, self._lent(deadline))
            sound = True
            return found
        except TimeoutError:
            return Fault.OVERRUN
        except AnswerError:
            return Fault.PROTOCOL
        except EndError:
            return await self._after_death(worker, raw)
        finally:
            self._release(worker, sound)

    def _lent(self, deadline: float) -> Ask:
        """The tools, for a share of the time that is left."""
        now = asyncio.get_running_loop().time()
        until = now + SHARE * (deadline - now)
        return lambda tool, data: self._tools.ask(tool, data, until)

    async def _after_death(self, worker: Worker, raw: bytes) -> Assessment | Fault:
        """The worker ended before it answered: what its end says of the body."""
        code = await worker.exit_code()
        why = self._poison.died(raw, code, asyncio.get_running_loop().time())
        if why is None:
            return Fault.DIED
        self._counts["poisoned"] += 1
        return wire.unreadable(why)

    def _release(self, worker: Worker, sound: bool) -> None:
        worn = worker.last or worker.served >= self._settings.messages
        if sound and not worn and worker.zygote is self._zygote and not worker.ended.done() and not self._stopped:
            self._line.offer(worker)
        else:
            self._part(worker)

    # --- the crew -----------------------------------------------------------------------------------------------------

    async def _staff(self, zygote: Zygote) -> None:
        """A full set of workers with `zygote`, which then is the one in force; or none, and StartError."""
        wanted = self._settings.workers or cores()
        hired = await asyncio.gather(*(self._hire_now(zygote) for _ in range(wanted)), return_exceptions=True)
        workers = [worker for worker in hired if isinstance(worker, Worker)]
        refusal = _refusal(hired)
        if refusal is not None:
            await asyncio.gather(*(worker.dismiss() for worker in workers))
            raise refusal
        self._zygote = zygote
        for worker in workers:
            self._join(worker)

    async def _hire_now(self, zygote: Zygote) -> Worker:
        """A worker, after a few tries: one that somebody kills while it starts is no reason not to start."""
        for attempt in range(_TRIES):
            try:
                return await self._hire(zygote)
            except _NOT_NOW:
                self._counts["failed"] += 1
                if attempt == _TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    async def _hire(self, zygote: Zygote) -> Worker:
        worker = await hire(zygote, self._settings.start_within)
        self._counts["hired"] += 1
        return worker

    def _join(self, worker: Worker) -> None:
        self._workers.add(worker)
        worker.ended.add_done_callback(lambda _: self._on_end(worker))
        self._line.offer(worker)

    def _on_end(self, worker: Worker) -> None:
        """It is gone. While it was idle nobody else notices; while it was busy, whoever asked it does."""
        if self._line.withdraw(worker):
            self._part(worker)

    def _part(self, worker: Worker) -> None:
        """Lets a worker go, whatever its state, and has its place filled if it was one of the set in force."""
        if worker not in self._workers:
            return
        self._workers.discard(worker)
        if worker.ended.done():
            self._exits[worker.ended.result()] += 1
        self._later(self._dismiss(worker), self._partings)
        if worker.zygote is self._zygote and not self._stopped:
            self._later(self._replace(worker.zygote), self._hirings)

    async def _dismiss(self, worker: Worker) -> None:
        await worker.dismiss()
        await self._retire(worker.zygote)

    async def _retire(self, zygote: Zygote) -> None:
        """Ends the fork server of a set that is not in force, once the last of the set has gone."""
        if zygote is not self._zygote and all(worker.zygote is not zygote for worker in self._workers):
            await asyncio.to_thread(zygote.stop)

    async def _replace(self, zygote: Zygote) -> None:
        """Fills one place of the set with `zygote`, however long it takes, as long as that set is in force."""
        pause = _PAUSE_LEAST
        while zygote is self._zygote and not self._stopped:
            try:
                worker = await self._hire(zygote)
            except (*_NOT_NOW, LoadError) as failure:
                self._counts["failed"] += 1
                await asyncio.sleep(pause)
                pause = min(_PAUSE_AFTER_DEATH if isinstance(failure, EndError) else _PAUSE_MOST, pause * 2)
                continue
            if zygote is self._zygote and not self._stopped:
                self._join(worker)
            else:
                await worker.dismiss()
            return

    @staticmethod
    def _later(work: Coroutine[Any, Any, None], among: set[asyncio.Task[None]]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        among.add(task)
        task.add_done_callback(among.discard)


def _refusal(hired: Sequence[Worker | BaseException]) -> BaseException | None:
    """Why this set cannot be put to work, if it cannot."""
    for one in hired:
        if isinstance(one, LoadError):
            return StartError(_NOT_LOADED)
        if isinstance(one, _NOT_NOW):
            return StartError(
                "Aucun processus d'inspection ne démarre : mémoire, nombre de processus ou descripteurs épuisés ?"
            )
        if isinstance(one, BaseException):
            return one
        if one.layers.missing:
            return StartError(
                f"Le confinement des processus d'inspection est incomplet : {', '.join(one.layers.missing)}."
            )
    return None


async def probe(settings: Settings | None = None) -> Layers:
    """The layers that hold on this machine, tried in a worker that reads nothing (for `doctor`).

    Raises StartError when none starts.
    """
    settings = settings or Settings()
    zygote = Zygote(Child(None, ()), b"")
    try:
        worker = await hire(zygote, settings.start_within)
        await worker.dismiss()
    except _NOT_NOW as error:
        raise StartError("Aucun processus d'inspection ne démarre.") from error
    finally:
        await asyncio.to_thread(zygote.stop)
    return worker.layers
