"""Efforts of examinations that take no time."""

from typing import Any

from nearsight.evaluation.diatomics.examination import Effort as DiatomicEffort
from nearsight.evaluation.exactness.examination import Effort as ExactEffort
from nearsight.evaluation.gas.examination import Effort as GasEffort
from nearsight.evaluation.speed.examination import Effort as SpeedEffort

SMALL_EFFORTS: dict[str, Any] = {
    "diatomics": DiatomicEffort(n_axes=4, axes_step_A=0.5, step_A=0.05, elements=("H", "N")),
    "exactness": ExactEffort(conformance=(), small=("H2O",), wide=(), n_loop=24, n_path=61),
    "gas": GasEffort(
        n_molecules=6,
        drawn_K=(400.0,),
        heated_ps=0.32,
        free_ps=0.2,
        timestep_fs=1.0,
        every_fs=2.0,
    ),
    "speed": SpeedEffort(
        n_helium=(10, 40), mof5_cells=(), n_repeats=3, enough_s=60.0, longest_s=60.0
    ),
}

SOUND: dict[str, str] = {"gas": "SoundGas"}
"""Which model of the tests is sound for an examination, where it is not that of pairs."""
