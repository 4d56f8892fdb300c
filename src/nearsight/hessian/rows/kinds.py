"""The ways to compute rows, and which of them a model allows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.derivatives.differences import SCHEMES, DifferenceScheme, difference_rows
from nearsight.errors import MethodError
from nearsight.models.contract import Model, Seed, forces_of
from nearsight.provenance import Setting

ANALYTIC = ("rows", "batched")
METHODS = ("auto", *ANALYTIC, *SCHEMES)

NON_SMOOTH_STEP_A = 0.02
"""Step for models whose analytic curvature is not the physical one: wider than their kinks."""
UNKNOWN_PRECISION_STEP_A = 0.01
"""Step for calculators that do not say how precise their forces are."""


@dataclass(frozen=True)
class Differences:
    """Rows as differences of forces."""

    scheme: DifferenceScheme
    step_A: float

    def rows(
        self, atoms: Atoms, model: Model, seeds: Sequence[Seed]
    ) -> Iterator[NDArray[np.float64]]:
        """Yield rows in eV/Å²; see `difference_rows`."""

        def forces(structures: Sequence[Atoms]) -> list[NDArray[np.float64]]:
            return [forces_of(evaluation) for evaluation in model.evaluate(structures)]

        return difference_rows(forces, atoms, seeds, self.scheme, self.step_A)


@dataclass(frozen=True)
class Chosen:
    """What kind of rows will be computed, and why."""

    differences: Differences | None
    """None for analytic rows."""
    batched: bool | None
    """For analytic rows: True or False as asked for, None if measurement is to decide."""
    reason: str

    def settings(self) -> dict[str, Setting]:
        """Return what decides the numbers; rows of equal settings may be mixed."""
        if self.differences is None:
            return {"rows": "analytic"}
        return {"rows": self.differences.scheme.name, "step_A": self.differences.step_A}


FEW_ROWS = 0.25
"""Below this share of all rows those that share their work are differences: central differences
take six gradients an atom, analytic rows of a density functional the time of one to two."""


def choose_kind(
    model: Model, method: str, step_A: float | None, share_of_rows: float = 1.0
) -> Chosen:
    """Decide between analytic rows and differences by what the model can do.

    Parameters
    ----------
    model, method, step_A
        As for `nearsight.hessian.hessian`.
    share_of_rows
        How many of all rows are wanted.

    Raises
    ------
    MethodError
        The method is unknown, or the model or the step does not go with it.
    """
    if method not in METHODS:
        raise MethodError(f"there is no `method` {method!r}; choose one of {', '.join(METHODS)}.")
    if step_A is not None and not 0 < step_A < 1:
        raise MethodError(f"`step_A` is above 0 and below 1 Å, such as 0.01, not {step_A}.")
    capabilities = model.capabilities
    name = model.identity.name
    if method in SCHEMES:
        return Chosen(_differences(model, method, step_A), None, f"{method} was asked for")
    if step_A is not None:
        raise MethodError(f"`step_A` goes with `method` {', '.join(SCHEMES)}, not with {method}.")
    if method in ANALYTIC:
        if not capabilities.differentiable:
            raise MethodError(
                f"{name} cannot be differentiated twice; use `method` central-difference."
            )
        return Chosen(None, method == "batched", f"{method} was asked for")
    if not capabilities.differentiable:
        return Chosen(
            _differences(model, "central-difference", None),
            None,
            f"{name} cannot be differentiated twice",
        )
    if capabilities.curvature_smooth is False:
        return Chosen(
            _differences(model, "central-difference", NON_SMOOTH_STEP_A),
            None,
            f"the analytic curvature of {name} is not its physical one: it differs from that over "
            f"the 0.01-0.03 Å of a vibration",
        )
    if capabilities.rows_share_work and share_of_rows < FEW_ROWS:
        return Chosen(
            _differences(model, "central-difference", None),
            None,
            f"most of an analytic row by {name} is work for all rows, and few are wanted",
        )
    return Chosen(None, None, "")


def _differences(model: Model, name: str, step_A: float | None) -> Differences:
    scheme = SCHEMES[name]
    default = {
        "float64": scheme.float64_step_A,
        "float32": scheme.float32_step_A,
    }.get(model.identity.dtype, UNKNOWN_PRECISION_STEP_A)
    default = model.capabilities.difference_step_A or default
    return Differences(scheme, default if step_A is None else step_A)
