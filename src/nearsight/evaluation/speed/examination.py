"""How fast is a model: what is computed in each suite."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from nearsight.evaluation.examination import Examination
from nearsight.evaluation.failure import Failure, NotApplicableError
from nearsight.evaluation.settings import Suite
from nearsight.evaluation.speed.figure import figures
from nearsight.evaluation.speed.result import Speed, common
from nearsight.evaluation.speed.structures import structures
from nearsight.evaluation.speed.timing import ASKED, Patience, Series, Timing, refusal, timing
from nearsight.evaluation.surroundings import surroundings_of
from nearsight.evaluation.work import Work
from nearsight.memory import METER, Meter, default_memory_budget
from nearsight.models.contract import Model
from nearsight.models.evaluable import unknown_elements

_SMALL = ((1, 1, 1), (2, 1, 1), (2, 2, 1), (2, 2, 2))


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How large structures are, and how often a model is asked about them."""

    n_helium: tuple[int, ...]
    """Numbers of helium atoms."""
    mof5_cells: tuple[tuple[int, int, int], ...]
    """Repetitions of the primitive cell of MOF-5, which has 106 atoms."""
    n_repeats: int
    """The first of which is not counted."""
    enough_s: float
    """After so long there are no more repetitions."""
    longest_s: float
    """What would take longer for one call is not computed."""


EFFORTS: Mapping[Suite, Effort] = {
    "quick": Effort(
        n_helium=(10, 30, 100),
        mof5_cells=_SMALL[:1],
        n_repeats=4,
        enough_s=4.0,
        longest_s=10.0,
    ),
    "standard": Effort(
        n_helium=(10, 30, 100, 300, 1000),
        mof5_cells=_SMALL,
        n_repeats=20,
        enough_s=10.0,
        longest_s=30.0,
    ),
    "full": Effort(
        n_helium=(10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000),
        mof5_cells=(*_SMALL, (3, 3, 3), (4, 4, 4), (6, 6, 6), (10, 10, 10)),
        n_repeats=20,
        enough_s=600.0,
        longest_s=600.0,
    ),
}


def compute(
    model: Model,
    effort: Effort,
    work: Work,
    *,
    meter: Meter = METER,
    free_bytes: Callable[[str], int] = default_memory_budget,
) -> Speed:
    """Measure time and memory of a model, for ever larger structures while that may be.

    Parameters
    ----------
    model
        The model.
    effort
        What is asked.
    work
        Where items are kept.
    meter
        What measures time and memory.
    free_bytes
        How much memory may be used on a device.

    Raises
    ------
    NotApplicableError
        The model does not know the elements of any structure.
    """
    patience = Patience(
        n_repeats=effort.n_repeats, enough_s=effort.enough_s, longest_s=effort.longest_s
    )
    every_material = structures(effort.n_helium, effort.mof5_cells)
    made = {
        material: sizes
        for material, sizes in every_material.items()
        if not any(unknown_elements(make(), model) for make in [*sizes.values()][:1])
    }
    if not made:
        raise NotApplicableError(
            f"{model.identity.name} knows all elements of none of {', '.join(every_material)}"
        )

    def one(series: Series, n_atoms: int, smaller: Sequence[Timing]) -> Timing:
        too_large = refusal(n_atoms, smaller, patience, free_bytes(model.identity.device))
        if too_large:
            return series.not_asked(n_atoms, too_large)
        structure = made[series.material][n_atoms]()
        return timing(model, structure, series, patience, meter=meter, progress=work.progress)

    timings: dict[str, Timing] = {}
    failures: dict[str, Failure] = {}
    every = [Series(material, asked) for asked in ASKED for material in made]
    with work.progress.task("speed", len(every)) as advance:
        for place, series in enumerate(every, start=1):
            smaller: list[Timing] = []
            for n_atoms in made[series.material]:
                name = f"{series.material}-{n_atoms}-{series.asked}"
                found = work.once(name, partial(one, series, n_atoms, smaller), Timing)
                if isinstance(found, Failure):
                    failures[name] = found
                    break  # larger ones could only fail likewise
                timings[name] = found
                if found.why_not:
                    break
                smaller.append(found)
            advance(place, f"{series.asked} of {series.material}")
    return Speed(timings=timings, failures=failures, surroundings=surroundings_of(model))


EXAMINATION = Examination(
    package=__package__,
    title="Speed",
    question="How long does the model take, and how much memory, for how many atoms?",
    efforts=EFFORTS,
    compute=compute,
    result=Speed,
    figures=figures,
    belongs_to_machine=True,
    common=common,
)
