"""Runs that are interrupted are to the bit those that are not; what goes wrong ends them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.constraints import FixAtoms
from ase.io import read

from nearsight.dynamics.run import run_dynamics
from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.dynamics.watch import BrokenRunError
from nearsight.errors import CheckpointError, MethodError, StorageError
from nearsight.models.contract import Model

ENSEMBLES = {
    "nve": {"ensemble": "nve"},
    "bussi": {"thermostat": "bussi"},
    "langevin": {"thermostat": "langevin"},
    "nose-hoover": {"thermostat": "nose-hoover"},
    "npt": {"ensemble": "npt", "pressure_bar": 1000.0},
    "full cell": {"ensemble": "npt", "pressure_bar": 1000.0, "cell": "full"},
    "ramp": {"final_temperature_K": 600.0},
    "ramp of npt": {"ensemble": "npt", "pressure_bar": 1.0, "final_temperature_K": 600.0},
}
EVERY = OutputSettings(every_fs=8.0, forces=True)


def settings(name: str, **others: object) -> DynamicsSettings:
    return DynamicsSettings(time_ps=0.12, timestep_fs=2.0, **ENSEMBLES[name], **others)


@pytest.mark.parametrize("name", ENSEMBLES)
@pytest.mark.parametrize("of_torch", [False, True])
def test_an_interrupted_run_goes_on_to_the_bit(
    name: str, of_torch: bool, copper: Atoms, emt: Model, pair_model, interrupting, tmp_path: Path
) -> None:
    model = pair_model(elements=None) if of_torch else emt
    files = {}
    for run in ("whole", "broken"):
        folder = tmp_path / run
        folder.mkdir()
        at = {
            "trajectory": folder / "md.extxyz.gz",
            "log": folder / "md.csv",
            "checkpoint": folder / "md.checkpoint",
        }
        for stop in (17, 43, None) if run == "broken" else (None,):
            progress = False if stop is None else interrupting(stop)
            try:
                last = run_dynamics(copper, model, settings(name), EVERY, progress=progress, **at)
            except KeyboardInterrupt:
                continue
        files[run] = (last, at["trajectory"].read_bytes(), at["log"].read_bytes())
    (whole, *written), (broken, *again) = files["whole"], files["broken"]
    assert (whole.resumed_step, broken.resumed_step) == (None, 43)
    for quantity in ("positions", "momenta", "cell"):
        found, expected = (
            np.asarray(getattr(one.atoms, quantity, None) if quantity != "momenta" else one.atoms.get_momenta())
            for one in (broken, whole)
        )
        np.testing.assert_array_equal(found, expected)
    assert written == again
    frames = read(tmp_path / "broken" / "md.extxyz.gz", ":")
    assert [frame.info["step"] for frame in frames] == list(range(0, 61, 4))
