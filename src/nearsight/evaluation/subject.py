"""A model that is examined: its process, which may hang or die, and what is asked of it."""

import queue
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from nearsight.errors import ExecutionError
from nearsight.evaluation.failure import Failure, failure_of
from nearsight.evaluation.settings import ReferenceData
from nearsight.evaluation.task import Answer, Loaded, Told, examined, loaded
from nearsight.evaluation.work import NOT_TRIED, keep_failure, number_of_items
from nearsight.execution import LocalProcesses
from nearsight.models.spec import ModelSpec
from nearsight.progress import Advance, Progress
from nearsight.resources import Resources

_START_S = 300.0
"""A process imports its framework and loads the model in less, however short the time limit is."""
_MOST_DEATHS = 3
"""So many items in a row may end the process of a model, which loads it again, before it is given
up."""
_GIVEN_UP = Failure(
    "crash", NOT_TRIED, f"{_MOST_DEATHS} items in a row before it ended the process of the model"
)


class Subject:
    """A model in a process of its own; a context manager that ends it.

    Parameters
    ----------
    spec
        Which model.
    resources
        What it may use of the machine.
    time_limit_s
        For how long it may tell nothing while it works.
    progress
        Where it is shown how far it has come.
    """

    def __init__(
        self, spec: ModelSpec, resources: Resources, time_limit_s: float, progress: Progress
    ) -> None:
        self._spec, self._resources = spec, resources
        self._time_limit_s = time_limit_s
        self._progress = progress
        self._events: queue.SimpleQueue[Told | None] = queue.SimpleQueue()
        self._executor: LocalProcesses | None = None
        self._item: Path | None = None

    def __enter__(self) -> "Subject":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    @property
    def name(self) -> str:
        """What the model is called."""
        return self._spec.name

    def load(self) -> Loaded | Failure:
        """Load the model, and return what it is."""
        with self._progress.task(f"Loading {self._spec.name}", None):
            answer: Loaded | Failure = self._ask(max(self._time_limit_s, _START_S), loaded)
        return answer

    def examine(
        self, name: str, effort: object, folder: Path, data: ReferenceData
    ) -> Answer | Failure:
        """Examine the model; an item at which its process ends is one that it failed at.

        After three in a row, the result is that of the items which are there. A failure is one to
        load the model again.
        """
        deaths = 0
        while True:
            if self._executor is None and isinstance(again := self.load(), Failure):
                return again
            before = number_of_items(folder)
            given_up = _GIVEN_UP if deaths == _MOST_DEATHS else None
            answer = self._ask(self._time_limit_s, examined, name, effort, folder, data, given_up)
            if isinstance(answer, Answer):
                return answer
            self._end()
            # Was it none of the items that ended it?
            if given_up or self._item is None or self._item.exists():
                return Answer({}, None, answer)
            deaths = 1 if number_of_items(folder) > before else deaths + 1
            keep_failure(self._item, answer)

    def _ask(self, limit_s: float, function: Callable[..., Any], *arguments: object) -> Any:
        """Return what a function returns in the process of the model, or how it failed.

        After a failure there is no process any more.
        """
        self._item = None
        if self._executor is None:
            self._executor = LocalProcesses(1, self._spec, self._resources, told=self._events.put)
        future = self._executor.submit(function, *arguments)
        future.add_done_callback(lambda _: self._events.put(None))
        try:
            self._listen(limit_s)
            return future.result()
        except queue.Empty:
            self._end()
            return Failure("hang", "time limit", f"no step was done within {limit_s:g} s")
        except ExecutionError as error:
            self._end()
            return failure_of(error)

    def _listen(self, limit_s: float) -> None:
        """Show what the process tells until it is done; raise `queue.Empty` when it hangs."""
        with ExitStack() as stack:
            tasks: list[tuple[ExitStack, Advance]] = []
            while (told := self._events.get(timeout=limit_s)) is not None:
                if told.what == "begun":
                    self._item = Path(told.text)
                elif told.what == "task":
                    shown = stack.enter_context(ExitStack())
                    tasks.append((shown, self._shown(shown, told, is_outermost=not tasks)))
                elif told.what == "end":
                    tasks.pop()[0].close()
                else:
                    tasks[-1][1](told.number, told.text)

    def _shown(self, stack: ExitStack, told: Told, *, is_outermost: bool) -> Advance:
        """Show a task, unless one within which it is done is shown: there is one bar."""
        if not is_outermost:
            return lambda *_: None
        return stack.enter_context(self._progress.task(told.text, told.total, told.number))

    def _end(self) -> None:
        if self._executor is not None:
            self._executor.terminate()
            self._executor = None
        self._events = queue.SimpleQueue()  # what the last process still told is of no account
