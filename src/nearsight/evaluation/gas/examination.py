"""Does a gas keep its energy: what is computed in each suite."""

from collections.abc import Mapping
from dataclasses import dataclass

from nearsight.errors import ModelError
from nearsight.evaluation.examination import Examination
from nearsight.evaluation.failure import NotApplicableError
from nearsight.evaluation.gas.box import carbon_dioxide
from nearsight.evaluation.gas.cycle import Cycle, Lengths, run_cycle
from nearsight.evaluation.gas.figure import figures
from nearsight.evaluation.gas.result import Gas
from nearsight.evaluation.settings import Suite
from nearsight.evaluation.work import Work
from nearsight.models.contract import Model
from nearsight.models.evaluable import require_calculable


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How many molecules move, and for how long."""

    n_molecules: int
    """In a box of the same density always."""
    drawn_K: tuple[float, ...]
    """For each cycle the temperature at which velocities are drawn."""
    heated_ps: float
    """With friction at 300 K."""
    free_ps: float
    """At constant energy; a coefficient of diffusion needs 15."""
    timestep_fs: float
    every_fs: float
    """Between frames."""


EFFORTS: Mapping[Suite, Effort] = {
    "quick": Effort(
        n_molecules=16,
        drawn_K=(400.0,),
        heated_ps=0.35,
        free_ps=0.5,
        timestep_fs=1.0,
        every_fs=5.0,
    ),
    "standard": Effort(
        n_molecules=16,
        drawn_K=(400.0,),
        heated_ps=1.0,
        free_ps=15.0,
        timestep_fs=1.0,
        every_fs=5.0,
    ),
    "full": Effort(
        n_molecules=50,
        drawn_K=(*(400.0,) * 10, 250.0, 300.0, 350.0, 500.0, 600.0),
        heated_ps=5.0,
        free_ps=25.0,
        timestep_fs=1.0,
        every_fs=5.0,
    ),
}


def compute(model: Model, effort: Effort, work: Work) -> Gas:
    """Let a gas move by the forces of a model, as often as is asked for.

    Raises
    ------
    NotApplicableError
        The model does not know carbon or oxygen, or no neutral molecules.
    """
    try:
        require_calculable(carbon_dioxide(effort.n_molecules, 0), model)
    except ModelError as error:
        raise NotApplicableError(str(error)) from error
    lengths = Lengths(
        heated_ps=effort.heated_ps,
        free_ps=effort.free_ps,
        timestep_fs=effort.timestep_fs,
        every_fs=effort.every_fs,
    )
    asked = {f"{seed}-{drawn_K:g}K": (seed, drawn_K) for seed, drawn_K in enumerate(effort.drawn_K)}

    def cycle(name: str) -> Cycle:
        seed, drawn_K = asked[name]
        return run_cycle(
            carbon_dioxide(effort.n_molecules, seed),
            model,
            lengths,
            drawn_K,
            seed,
            folder=work.folder_of("cycles", name),
            progress=work.progress,
        )

    cycles, failures = work.each("cycles", asked, cycle, Cycle)
    return Gas(cycles=cycles, failures=failures)


EXAMINATION = Examination(
    package=__package__,
    title="A gas that keeps its energy",
    question="Does carbon dioxide that is left to itself keep its energy, and diffuse as a gas?",
    efforts=EFFORTS,
    compute=compute,
    result=Gas,
    figures=figures,
)
