"""The jobs of one model, worked off: what is submitted, what comes back, and who is lost."""

import logging
import math
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic, sleep
from typing import Any
from warnings import catch_warnings, simplefilter

from nearsight.campaigns.failures import QUARANTINED, Failure
from nearsight.campaigns.prediction import Predictions
from nearsight.campaigns.questions import question_named
from nearsight.campaigns.store import Store
from nearsight.campaigns.task import Answer, Job, Told, calculate
from nearsight.campaigns.waiting import Waiting, in_order_of_work
from nearsight.errors import ExecutionError, NearsightWarning, ProcessDiedError
from nearsight.execution.tasks import TaskFuture
from nearsight.execution.workers import Workers
from nearsight.progress import duration

logger = logging.getLogger("nearsight.campaigns")

_LOOK_S = 0.25
_SHOW_S = 0.5
_MOST_DEATHS = 2
"""A structure that has ended so many workers gets no other one."""
_MOST_DEATHS_IN_A_ROW = 12
"""So many deaths without an answer between them are no fault of the structures, and of many workers
two of each: all of them may end at once with what they run on."""
_MOST_REQUESTS = 5
"""A worker that is asked to end at the same structure once more has probably ended by that."""
_LESS_MEMORY = 0.5
"""After the death of a worker, which may have been for lack of memory, less is planned with."""
_AHEAD_S = 0.2
"""So long is there work for a worker while answers are written."""
_MOST_AHEAD = 40
_LEAST_SILENCE_S = 600.0
_TIMES_PREDICTED = 20.0


@dataclass(frozen=True)
class Working:
    """What one worker is at."""

    host: str
    pid: int
    structure: str
    step: str
    seconds: float


@dataclass(frozen=True)
class View:
    """How far a campaign has come with one model."""

    model: str
    total: int
    done: int
    failed: Counter[str]
    """By reason."""
    seconds: float
    """Since the workers were started."""
    left_s: float | None
    """How long it will still take; None as long as that is not known."""
    working: tuple[Working, ...]
    n_workers: int


Watch = Callable[[View], None]


class _Running:
    """A job that was submitted."""

    def __init__(self, job: Waiting) -> None:
        self.job = job
        self.begun: float | None = None
        self.heard = 0.0
        self.told: Told | None = None
        self.is_ended_for_silence = False


class Phase:
    """Works off jobs of one model.

    Parameters
    ----------
    store
        Where answers are kept.
    model
        Its name.
    watch
        Who looks on.
    silence_s
        For how long a worker may tell nothing; None makes it follow from the structure.
    clock
        The time in seconds from any moment on.
    """

    def __init__(
        self,
        store: Store,
        model: str,
        watch: Watch | None = None,
        silence_s: float | None = None,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._store, self._model = store, model
        self._watch, self._silence_s, self._clock = watch, silence_s, clock
        self._settings = store.specification.settings
        self._queue: deque[Waiting] = deque()
        self._running: dict[TaskFuture, _Running] = {}
        self._heard: deque[tuple[float, Told]] = deque()
        self._deaths_in_a_row = 0
        self._most_workers = 0
        self._in_shares = False
        self._requests = Counter[str]()
        self._done: list[tuple[Waiting, float]] = []
        self._failed: list[tuple[Waiting, Failure]] = []
        self._total = 0
        self._start = 0.0
        self._predictions = Predictions()
        self._shown = -math.inf

    def told(self, value: Any) -> None:
        """Take what a worker tells; called by any thread."""
        if isinstance(value, Told):
            self._heard.append((self._clock(), value))

    def work_off(self, jobs: Sequence[Waiting], workers: Workers) -> None:
        """Have all jobs done.

        Raises
        ------
        StorageError
            Answers cannot be kept.
        ModelError, ExecutionError
            No job can be done.
        """
        [(sha256,)] = self._store.select(
            "SELECT sha256 FROM nearsight_models WHERE name = ?", (self._model,)
        )
        self._total, self._start = len(jobs), self._clock()
        of_structure: dict[str, list[Waiting]] = {}
        for job in jobs:
            of_structure.setdefault(job.name, []).append(job)
        for name, _ in in_order_of_work({(job.name, job.n_atoms) for job in jobs}):
            self._queue.extend(of_structure[name])
        self._in_shares = workers.share_memory
        while self._queue or self._running:
            self._most_workers = max(self._most_workers, workers.capacity)
            self._submit(workers, sha256)
            if not self._running:
                sleep(_LOOK_S)  # there are no workers yet
            done, _ = wait(self._running, _LOOK_S, FIRST_COMPLETED)
            self._hear()
            self._take([future for future in self._running if future in done or future.done()])
            self._end_silent(workers)
            self._show(workers)

    def _submit(self, workers: Workers, model_sha256: str) -> None:
        most = workers.capacity * (1 + self._ahead())
        while self._queue and len(self._running) < most:
            waiting = self._queue.popleft()
            atoms, remarks = self._store.structure(waiting.sha256)
            job = Job(
                waiting.key,
                waiting.name,
                atoms,
                remarks,
                question_named(waiting.workflow),
                self._settings[waiting.workflow],
                model_sha256,
                self._store.work_folder.absolute() / waiting.key[:16],
                1.0 if waiting.deaths == 0 else _LESS_MEMORY,
            )
            self._running[workers.submit(calculate, job)] = _Running(waiting)

    def _ahead(self) -> int:
        """Return how many jobs wait at each worker, so that fast ones keep it busy."""
        if not self._done:
            return 0
        latest = [seconds for _, seconds in self._done[-50:]]
        mean_s = max(sum(latest) / len(latest), 1e-3)
        return min(math.floor(_AHEAD_S / mean_s), _MOST_AHEAD)

    def _take(self, futures: Sequence[TaskFuture]) -> None:
        """Keep the answers that have come, all of them in one transaction."""
        answers: list[tuple[Waiting, Answer]] = []
        fatal: BaseException | None = None
        for future in futures:
            running = self._running.pop(future)
            with catch_warnings():
                simplefilter("ignore", NearsightWarning)
                error = future.exception()
            if isinstance(error, ProcessDiedError):
                answers += self._after_death(running, error)
            elif error is not None:
                fatal = error  # no fault of the structure: the model, or the way to the worker
            else:
                answers.append((running.job, future.result()))
                self._deaths_in_a_row = 0
        if answers:
            self._keep(answers)
        if fatal is not None:
            raise fatal

    def _keep(self, answers: Sequence[tuple[Waiting, Answer]]) -> None:
        self._store.keep(answers, self._model, in_shares=self._in_shares)
        for job, answer in answers:
            if answer.failure is None:
                self._done.append((job, answer.seconds))
                self._predictions.add(job.workflow, job.n_atoms, answer.seconds)
                logger.info("%s (%s): done in %s", job.name, job.workflow, duration(answer.seconds))
            else:
                self._failed.append((job, answer.failure))
                logger.warning(
                    "nearsight: %s (%s): %s", job.name, job.workflow, answer.failure.message
                )

    def _after_death(
        self, running: _Running, error: ProcessDiedError
    ) -> list[tuple[Waiting, Answer]]:
        """Let a job be done by another worker, or put it into quarantine."""
        job = running.job
        was_asked_to_end = error.was_asked_to_end and not running.is_ended_for_silence
        if was_asked_to_end:
            self._requests[job.key] += 1
            was_asked_to_end = self._requests[job.key] <= _MOST_REQUESTS
        has_begun = running.begun is not None or error.has_begun
        was_lost = was_asked_to_end or not has_begun
        # Without a status only one of those that a worker had can be what it was at.
        if not was_asked_to_end and (error.status is not None or has_begun):
            self._deaths_in_a_row += 1
        if self._deaths_in_a_row >= max(_MOST_DEATHS_IN_A_ROW, 2 * self._most_workers):
            raise ExecutionError(
                f"workers end whatever they are given, {self._deaths_in_a_row} times now; the last "
                f"one: {error}"
            )
        if was_lost:
            logger.info("a worker was lost; %s begins anew", job.name)
            self._queue.append(job)
            return []
        self._store.count_death(job.key)
        job = replace(job, deaths=job.deaths + 1)
        how = str(error).removeprefix(f"the process that ran {error.task} ")
        if running.is_ended_for_silence:
            how = "told nothing for too long"
        logger.warning("nearsight: %s (%s): its worker %s", job.name, job.workflow, how)
        if job.deaths < _MOST_DEATHS:
            self._queue.append(job)
            return []
        message = f"it has ended its worker {job.deaths} times; the last time {how}"
        seconds = 0.0 if running.begun is None else self._clock() - running.begun
        failure = Failure(type(error).__name__, QUARANTINED, message)
        host = "" if running.told is None else running.told.host
        ended = datetime.now(UTC).isoformat(timespec="seconds")
        return [(job, Answer(None, None, {}, failure, seconds, 0, host, ended))]

    def _hear(self) -> None:
        """Note what workers have told."""
        if not self._heard:
            return
        by_key = {running.job.key: running for running in self._running.values()}
        while self._heard:
            when, told = self._heard.popleft()
            if (running := by_key.get(told.key)) is not None:
                running.begun = when if running.begun is None else running.begun
                running.heard, running.told = when, told

    def _end_silent(self, workers: Workers) -> None:
        """End workers that have told nothing for longer than their structure should take."""
        now = self._clock()
        for future, running in self._running.items():
            if running.begun is None or running.is_ended_for_silence:
                continue
            if now - running.heard > self._silence(running.job):
                running.is_ended_for_silence = True
                workers.end_task(future)

    def _silence(self, job: Waiting) -> float:
        if self._silence_s is not None:
            return self._silence_s
        predicted_s = self._predictions.seconds(job.workflow, job.n_atoms)
        if predicted_s is None:
            return math.inf
        return max(_LEAST_SILENCE_S, _TIMES_PREDICTED * predicted_s)

    def _show(self, workers: Workers) -> None:
        now = self._clock()
        if self._watch is None or (now < self._shown + _SHOW_S and self._running):
            return
        self._shown = now
        working = tuple(
            Working(each.told.host, each.told.pid, each.job.name, each.told.step, now - each.begun)
            for each in self._running.values()
            if each.told is not None and each.begun is not None
        )
        self._watch(
            View(
                self._model,
                self._total,
                len(self._done),
                Counter(failure.reason for _, failure in self._failed),
                now - self._start,
                self._left(now - self._start),
                working,
                workers.capacity,
            )
        )

    def _left(self, elapsed_s: float) -> float | None:
        """Return how long what is left will take at the rate of what was done."""
        jobs = [*self._queue, *(running.job for running in self._running.values())]
        left = [self._predictions.seconds(job.workflow, job.n_atoms) for job in jobs]
        done_s = sum(
            self._predictions.seconds(job.workflow, job.n_atoms) or 0.0 for job, _ in self._done
        )
        left_s = sum(each for each in left if each is not None)
        return None if None in left or done_s == 0.0 else elapsed_s * left_s / done_s
