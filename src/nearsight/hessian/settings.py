"""How second derivatives are computed, as a value."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.settings import POSITIVE, Help, Settings
from nearsight.structures.tolerances import EXACT_TOLERANCE_A

DEFAULT_LENGTH_A = 8.0
"""Width of the supercell of force constants unless one is asked for.

From supercells 8.7 to 12.8 Å wide interpolation changed c_v at 300 K by 0.13 % at most for seven
solids, and from narrower ones by up to 0.55 % (`studies/results/finite_size.md`)."""


@dataclass(frozen=True, kw_only=True)
class RowSettings(Settings):
    """By which method rows of a Hessian are computed, and which of them follow from others.

    Examples
    --------
    >>> from nearsight.hessian import RowSettings
    >>> settings = RowSettings(method="central-difference", step_A=0.01)
    >>> settings.step_A
    0.01
    """

    method: Annotated[
        str,
        Help(
            "rows, batched, forward-difference, central-difference, fourth-order, or auto: what "
            "model, memory and the first rows suggest",
            "M",
        ),
    ] = "auto"
    step_A: Annotated[float | None, Help("displacement of differences in Å", "H"), POSITIVE] = None
    row_symmetry_A: Annotated[
        float | None,
        Help(
            "let rows follow from others by the space group that the structure has within TOL Å",
            "TOL",
        ),
        POSITIVE,
    ] = EXACT_TOLERANCE_A
