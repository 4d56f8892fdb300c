"""Efforts of examinations that take no time."""

from typing import Any

from nearsight.evaluation.diatomics.examination import Effort as DiatomicEffort
from nearsight.evaluation.exactness.examination import Effort as ExactEffort

SMALL_EFFORTS: dict[str, Any] = {
    "diatomics": DiatomicEffort(n_axes=4, axes_step_A=0.5, step_A=0.05, elements=("H", "N")),
    "exactness": ExactEffort(conformance=(), small=("H2O",), wide=(), n_loop=24, n_path=61),
}
