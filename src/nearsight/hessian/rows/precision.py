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
"""Of the rows that are checked, over the largest norm of a row. An error of this size in all rows,
of independent elements, is one of twice itself in the eigenvalues at most, as a random matrix has
it (Wigner, Ann. Math. 1958, 67, 325, doi 10.2307/1970008): 2·10⁻³ eV/Å² of a row of 50 eV/Å². With
the mass of carbon that takes frequencies below 7 cm⁻¹ for zero or imaginary. SevenNet-0: 10⁻⁶."""

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
        The largest norm of what one differs by, over the largest norm of a row; None where
        precision is not mixed, or no row is analytic.

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
    errors, largest = _norms(rows[chosen] - exact), _norms(rows).max()
    worst = int(np.argmax(errors))
    if not errors[worst] <= LARGEST_ERROR * largest:
        raise MethodError(
            f"the row of {name_of(seeds[worst])}, differs in single precision by "
            f"{errors[worst] / largest:.1e} of the largest row from that in double precision, "
            f"where {LARGEST_ERROR:.0e} can be borne: {model.identity.name} loses too much to "
            f"rounding here. Use `dtype` float64."
        )
    return float(errors[worst] / largest) if largest else 0.0


def _norms(rows: FloatArray) -> FloatArray:
    norms: FloatArray = np.linalg.norm(rows.reshape(len(rows), -1), axis=1)
    return norms


def _chosen(n_rows: int) -> Sequence[int]:
    """Return which rows are checked: spread evenly, the same each time."""
    number = min(n_rows, max(2, math.ceil(CHECKED_SHARE * n_rows)))
    return [int(place) for place in np.linspace(0, n_rows - 1, number).round()]
