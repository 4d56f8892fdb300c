"""What an examination is: a question, the effort of each suite, and what computes and shows it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from nearsight.charts.chart import Chart
from nearsight.evaluation.measured import Measured
from nearsight.evaluation.metric import Metric, metrics_of
from nearsight.evaluation.settings import ReferenceData, Suite
from nearsight.evaluation.work import Work
from nearsight.models.contract import Model

Effort = TypeVar("Effort")
Result = TypeVar("Result")


def _need_nothing(_: ReferenceData) -> None:
    """Check nothing: there are no data."""


@dataclass(frozen=True)
class Figure:
    """A chart that metrics refer to by name."""

    name: str
    chart: Chart
    note: str = ""
    """What is to be said below it."""


@dataclass(frozen=True)
class Examination(Generic[Effort, Result]):
    """One examination of any model.

    Examples
    --------
    >>> from nearsight.evaluation import examination_named
    >>> examination = examination_named("diatomics")
    >>> print(examination.question)
    Do two equal atoms attract and repel each other as they should?
    """

    package: str
    """The folder that it is in: its ``__package__``."""
    title: str
    question: str
    """What a user wants to know, in one sentence."""
    efforts: Mapping[Suite, Effort]
    """How much is computed in each suite: frozen dataclasses of plain values."""
    compute: Callable[[Model, Effort, Work], Result]
    """Examines a model. What it raises is the failure of the model at all of it."""
    result: type[Result]
    """A frozen dataclass whose fields have `Says`, with a property for each metric."""
    figures: Callable[[Result], Sequence[Figure]]
    data: tuple[str, ...] = ()
    """Which of the `ReferenceData` it asks for, so that other ones make another record."""
    belongs_to_machine: bool = False
    """Whether other machines, GPUs and numbers of threads make another record."""
    common: Callable[[Result, Result], tuple[Result, Result]] | None = None
    """Returns of two results what was measured in both, where metrics are compared by ratios."""
    check: Callable[[ReferenceData], None] = _need_nothing
    """Reads these data before any model is asked, and raises if they cannot be used."""

    @property
    def name(self) -> str:
        """What it is called in options and files: the folder's name."""
        return self.package.rpartition(".")[2]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics in their order."""
        return metrics_of(self.package)

    def measured(self, result: Result) -> dict[str, Measured]:
        """Return what each metric of a result came to, by name."""
        return {metric.name: getattr(result, metric.name) for metric in self.metrics}


AnyExamination = Examination[Any, Any]
