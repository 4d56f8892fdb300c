"""The page of a trajectory: numbers of the record, and curves of its results."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from langevin_gas import langevin_gas
from nearsight.announcing import quietly
from nearsight.charts.chart import Line, thinned
from nearsight.records.motion_records import TrajectoryRecord
from nearsight.reports import render_report
from nearsight.workflows import DiffusionSettings, RadialSettings, TrajectorySettings, trajectory

ReadPage = Callable[[str], Any]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> TrajectoryRecord:
    file = tmp_path_factory.mktemp("gas") / "gas.extxyz"
    langevin_gas(n_frames=1500, n_atoms=8).write_xyz(file)
    settings = TrajectorySettings(
        leave_out=("spectrum",),
        radial=RadialSettings(within_A=6.0, farthest_A=8.0),
        diffusion=DiffusionSettings(particles="atoms", estimator="least-squares"),
    )
    with quietly():
        return trajectory(file, settings, progress=False)


def test_the_page_has_the_numbers_of_the_record(
    record: TrajectoryRecord, read_page: ReadPage
) -> None:
    page = read_page(render_report([record]))
    assert page.data["structure-1-record"] == record.to_json()
    words = " ".join(page.words.split())
    assert f"{record.temperatures[0].mean_K:.1f} ± " in words
    [diffusion] = record.diffusion
    mantissa = f"{diffusion.value_m2_per_s:.2e}".partition("e")[0]
    assert f"{mantissa} × 10<sup>−9</sup> ± " in page.text
    assert "by generalised least squares" in words
    assert record.radial_distribution is not None
    [around] = record.radial_distribution.coordination
    assert f"<dt>Ar around Ar within 6 Å</dt><dd>{around.number:.2f}</dd>" in page.text
    # One element is all of them, and has no line of its own.
    assert "temperature of Ar" not in words
    for heading in ("Radial distribution function", "Mean squared displacement", "Diffusion of Ar"):
        assert heading in words
    assert "Density of states of velocities" not in words


def test_a_record_that_was_read_has_the_same_numbers_and_no_curves(
    record: TrajectoryRecord, read_page: ReadPage
) -> None:
    read = TrajectoryRecord.from_json(record.to_json())
    made, again = (read_page(render_report([each])) for each in (record, read))
    assert '<svg class="chart"' in made.text
    assert '<svg class="chart"' not in again.text

    def numbers(page: Any) -> str:
        found = re.search(r"<h2[^>]*>Numbers</h2>.*?</section>", page.text, re.DOTALL)
        assert found is not None
        return found[0]

    assert numbers(made) == numbers(again)


def test_curves_of_a_page_have_few_points_and_both_ends(record: TrajectoryRecord) -> None:
    assert record.results is not None
    chart = record.results.charts()["temperatures"]
    [line] = [mark for mark in chart.marks if isinstance(mark, Line)]
    [few] = [mark for mark in thinned(chart, 600).marks if isinstance(mark, Line)]
    assert (len(line.x), len(few.x)) == (1500, 600)
    assert (few.x[0], few.x[-1]) == (line.x[0], line.x[-1])
    np.testing.assert_array_equal(np.isin(few.x, line.x), np.ones(600, dtype=bool))
    assert thinned(chart, 2000).marks == chart.marks
