"""What a task finds where it runs: a share of the machine, a model, and whom it may tell."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nearsight.errors import MethodError
from nearsight.models.spec import ModelSpec
from nearsight.resources import Resources

if TYPE_CHECKING:  # a process that is being started has its threads limited before NumPy comes
    from nearsight.models.contract import Model


def nobody(_: Any) -> None:
    """Hear what a task tells, and do nothing."""


@dataclass(frozen=True)
class Surroundings:
    """The resources of a process, its model, and who hears what tasks tell while they run.

    Parameters
    ----------
    resources
        What may be used of the machine.
    given
        The model, or which one is to be loaded; None where tasks need none.
    told
        What is called with each value that a task tells.
    """

    resources: Resources
    given: "ModelSpec | Model | None"
    told: Callable[[Any], object] = nobody

    @cached_property
    def model(self) -> "Model":
        """The model, loaded when it is first asked for.

        Raises
        ------
        MethodError
            There is none.
        ModelError
            It cannot be loaded.
        """
        if self.given is None:
            raise MethodError("the task asks for a model, and the executor has none; set `model`.")
        return self.given.load(self.resources) if isinstance(self.given, ModelSpec) else self.given


_surroundings: ContextVar[Surroundings | None] = ContextVar("surroundings of a task", default=None)


@contextmanager
def within(surroundings: Surroundings) -> Iterator[None]:
    """Let tasks that run in this block find these surroundings."""
    token = _surroundings.set(surroundings)
    try:
        yield
    finally:
        _surroundings.reset(token)


def current_model() -> "Model":
    """Return the model of the process that a task runs in, which loads it when it is first asked.

    Raises
    ------
    MethodError
        No task runs here, or its executor has no model.
    ModelError
        The model cannot be loaded.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.execution import InThisProcess, current_model
    >>> def energy_eV(symbol):
    ...     return current_model().evaluate([bulk(symbol)])[0].energy_eV
    ...
    >>> energies = InThisProcess("ase:emt").map(energy_eV, ["Al", "Cu"])
    >>> print([f"{energy:.3f} eV" for energy in energies])
    ['-0.002 eV', '-0.006 eV']
    """
    return _current().model


def current_resources() -> Resources:
    """Return what the process that a task runs in may use of the machine.

    Raises
    ------
    MethodError
        No task runs here.

    Examples
    --------
    >>> from nearsight.execution import InThisProcess, current_resources
    >>> from nearsight.resources import Resources
    >>> def cores():
    ...     return current_resources().cores
    ...
    >>> InThisProcess(resources=Resources(cores=1)).submit(cores).result()
    1
    """
    return _current().resources


def tell(value: object) -> None:
    """Tell the `told` of the executor how a task has got on, with a plain value, while it runs.

    Parameters
    ----------
    value
        What is told: a plain value, which can be pickled.

    Raises
    ------
    MethodError
        No task runs here.

    Examples
    --------
    >>> from nearsight.execution import InThisProcess, tell
    >>> def task():
    ...     tell("half way")
    ...     return 42
    ...
    >>> InThisProcess(told=print).submit(task).result()
    half way
    42
    """
    _current().told(value)


def _current() -> Surroundings:
    surroundings = _surroundings.get()
    if surroundings is None:
        raise MethodError(
            "an executor was asked or told something where no task of one runs; call "
            "this from a function that is given to `submit` or `map`."
        )
    return surroundings
