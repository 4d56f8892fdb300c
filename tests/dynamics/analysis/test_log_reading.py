"""The log of a run comes back as the numbers that were logged."""

from pathlib import Path

import numpy as np
import pytest

from nearsight.dynamics.analysis.log_reading import read_log
from nearsight.dynamics.run import run_dynamics
from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.errors import StructureError


def test_series_are_those_of_the_samples(copper, emt, tmp_path: Path) -> None:
    file = tmp_path / "md.csv"
    settings = DynamicsSettings(
        ensemble="npt", external_pressure_bar=1.0, time_ps=0.02, timestep_fs=2.0
    )
    run = run_dynamics(copper, emt, settings, OutputSettings(every_fs=4.0), samples=file)
    series = read_log(file)
    for name in ("time_fs", "volume_A3", "potential_energy_eV", "pressure_bar"):
        expected = [getattr(sample, name) for sample in run.samples]
        np.testing.assert_allclose(series[name], expected, rtol=1e-9)
    whole = file.read_text()
    file.write_text(whole[:-5])
    assert len(read_log(file)["step"]) == len(run.samples) - 1


def test_what_is_no_log_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "md.csv"
    with pytest.raises(StructureError, match="no such file"):
        read_log(file)
    head = (
        "step,time_fs,temperature_K,potential_energy_eV,kinetic_energy_eV,conserved_eV,"
        "volume_A3,pressure_bar,n_extrapolating\n"
    )
    for text, reason in (
        ("", "no log of a run"),
        ("a,b\n1,2\n", "no log of a run"),
        (head, "no lines yet"),
        (head + "1,2\n", "a line is short"),
        (head + "1,2,3,4,5,6,7,8,x\n", "is damaged"),
        (head + "0,0,3,4,5,,,,\n2,4,3,4,5,,,,\n1,2,3,4,5,,,,\n", "Line 4 is not later"),
    ):
        file.write_text(text)
        with pytest.raises(StructureError, match=reason):
            read_log(file)
    file.write_text(head + "1,2,3,4,5,,,,\n")
    assert np.isnan(read_log(file)["volume_A3"]).all()
