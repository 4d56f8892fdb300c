"""Tables of trajectories have the numbers of the results, with units in their names."""

import csv
from pathlib import Path

import numpy as np
import pytest

from nearsight.dynamics.analysis.diffusion import diffusion_coefficient
from nearsight.dynamics.analysis.displacement import mean_squared_displacement
from nearsight.dynamics.analysis.rdf import radial_distribution
from nearsight.dynamics.analysis.temperatures import temperatures
from nearsight.dynamics.analysis.trajectory import Trajectory
from nearsight.dynamics.analysis.velocity_correlation import velocity_correlation, velocity_spectrum
from nearsight.tables.csv_files import CsvOutput
from nearsight.tables.trajectories import (
    diffusion_table,
    displacements_table,
    radial_distribution_table,
    temperatures_table,
    velocity_correlation_table,
    velocity_spectrum_table,
)


@pytest.fixture(scope="module")
def trajectory() -> Trajectory:
    rng = np.random.default_rng(0)
    velocities = rng.normal(0.0, 0.01, (300, 6, 3))
    return Trajectory(
        numbers=np.array([8, 1, 1, 8, 1, 1]),
        masses_amu=np.array([16.0, 1.0, 1.0] * 2),
        positions_A=np.cumsum(velocities, axis=0) + 4 * rng.random((6, 3)),
        cells_A=np.repeat(6 * np.eye(3)[np.newaxis], 300, axis=0),
        pbc=np.ones(3, dtype=bool),
        times_fs=np.arange(300.0),
        velocities_A_per_fs=velocities,
    )


def test_each_kind_of_table_is_a_file_with_the_numbers_of_the_result(
    trajectory: Trajectory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    g = radial_distribution(trajectory, width_A=0.5, progress=False)
    moved = mean_squared_displacement(trajectory, longest_fs=20.0)
    memory = velocity_correlation(trajectory, longest_fs=20.0)
    spectrum = velocity_spectrum(trajectory, width_per_cm=200.0)
    hot = temperatures(trajectory)
    spread = [
        diffusion_coefficient(trajectory, kind, estimator="least-squares") for kind in ("O", "H")
    ]
    output = CsvOutput(str(tmp_path / "md.csv"))
    output.add(
        "water",
        "test",
        [
            radial_distribution_table(g),
            displacements_table(moved),
            velocity_correlation_table(memory),
            velocity_spectrum_table(spectrum),
            temperatures_table(hot),
            diffusion_table(spread),
        ],
    )
    output.finish()

    def column(kind: str, name: str) -> list[str]:
        with (tmp_path / f"md.{kind}.csv").open(encoding="utf-8") as stream:
            return [row[name] for row in csv.DictReader(stream)]

    for kind, name, values in (
        ("radial-distribution", "g_H_O", g.partial["H", "O"]),
        ("radial-distribution", "number_of_H_around_O", g.around["O", "H"]),
        ("displacements", "O_A2", moved.total_A2("O")),
        ("displacements", "H_y_A2", moved.axes_A2["H"][:, 1]),
        ("velocity-correlation", "correlation_H", memory.by_element["H"]),
        ("velocity-spectrum", "states_cm", spectrum.total_cm),
        (
            "temperatures",
            "temperature_K",
            [hot.total.mean, *(x.mean for x in hot.by_element.values())],
        ),
        ("diffusion", "diffusion_m2_per_s", [each.value_m2_per_s for each in spread]),
    ):
        np.testing.assert_array_equal([float(word) for word in column(kind, name)], values)
    assert column("diffusion", "estimator") == ["generalised least squares"] * 2
    diffusion_table(spread).print()
    assert "generalised least squares" in capsys.readouterr().out
