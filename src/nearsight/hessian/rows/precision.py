"""Whether rows of single precision are as exact as what is made of them needs."""

import math
from collections.abc import Sequence

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.derivatives.differences import SCHEMES
from nearsight.errors import MethodError
from nearsight.hessian.rows.kinds import Differences
from nearsight.hessian.rows.task import Task, name_of
from nearsight.models.contract import Model
from nearsight.models.mixed_precision import MixedPrecisionModel

CHECKED_SHARE = 0.02
"""How many rows are computed in double precision as well; two at least."""
LARGEST_ERROR = 2e-5
"""Of the rows that are checked, relative to them. An error of this size in all N elements of each
row is one of 2ε√N of the largest eigenvalues at most, as a random matrix has it (Wigner, Ann. Math.
1958, 67, 325, doi 10.2307/1970008): 2·10⁻³ eV/Å² of a row of 50 eV/Å². With the mass of carbon that
takes frequencies below 7 cm⁻¹ for zero, or for imaginary ones. SevenNet-0 has 10⁻⁶."""

_SCHEME = SCHEMES["fourth-order"]
"""Rows of double precision take no more memory in this way than a force call."""


def row_model(model: Model) -> Model:
    """Return the model whose memory a row takes: that of single precision where there are two."""
    return model.single if isinstance(model, MixedPrecisionModel) else model


def check_precision(task: Task, rows: FloatArray) -> float | None:
    """Compare some rows of single precision with differences of forces of double precision.

    Parameters
    ----------
    task
        What was computed.
    rows
        The rows of its plan, shape ``(rows_needed, n_atoms, 3)`` in eV/Å².

    Returns
    -------
    float or None
        The norm of what they differ by over that of the rows; None where precision is not mixed, or
        no row is analytic.

    Raises
    ------
    MethodError
        It is more than frequencies can bear.
    """
    model = task.model
    if not isinstance(model, MixedPrecisionModel) or task.way.step_A is not None:
        return None
    chosen = _chosen(task.plan.rows_needed)
    seeds = [task.plan.seeds[index] for index in chosen]
    differences = Differences(_SCHEME, _SCHEME.float64_step_A)
    exact = np.stack(list(differences.rows(task.atoms, model.double, seeds)))
    errors = np.linalg.norm((rows[chosen] - exact).reshape(len(chosen), -1), axis=1)
    norms = np.linalg.norm(exact.reshape(len(chosen), -1), axis=1)
    worst = int(np.argmax(errors / norms))
    if errors[worst] > LARGEST_ERROR * norms[worst]:
        raise MethodError(
            f"the row of {name_of(seeds[worst])}, differs in single precision by "
            f"{errors[worst] / norms[worst]:.1e} of its norm from that in double precision, where "
            f"{LARGEST_ERROR:.0e} can be borne: {model.identity.name} loses too much to rounding "
            f"here. Use `dtype` float64."
        )
    return float(np.linalg.norm(errors) / np.linalg.norm(norms))


def _chosen(n_rows: int) -> Sequence[int]:
    """Return which rows are checked: spread evenly, the same each time."""
    number = min(n_rows, max(2, math.ceil(CHECKED_SHARE * n_rows)))
    return [int(place) for place in np.linspace(0, n_rows - 1, number).round()]
