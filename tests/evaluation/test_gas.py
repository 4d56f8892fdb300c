"""A gas: what it starts from, what is said of its velocities, drift and diffusion."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import units

from nearsight.announcing import quietly
from nearsight.dynamics.analysis.molecules import groups_of
from nearsight.dynamics.analysis.trajectory import Trajectory
from nearsight.dynamics.samples import Sample
from nearsight.evaluation import Measured, Work, examination_named
from nearsight.evaluation.failure import NotApplicableError
from nearsight.evaluation.gas import cycle as computing
from nearsight.evaluation.gas.box import (
    carbon_dioxide,
    density_kg_per_m3,
    dilute_density_times_diffusion,
)
from nearsight.evaluation.gas.cycle import Cycle
from nearsight.evaluation.gas.result import Gas
from nearsight.evaluation.gas.velocities import EDGES, deviation, reduced_counts
from nearsight.models.contract import Model
from small_efforts import SMALL_EFFORTS


def cycle(**changed: object) -> Cycle:
    whole = Cycle(
        drawn_K=400.0,
        free_ps=20.0,
        n_molecules=25,
        density_kg_per_m3=234.0,
        drift_meV_per_ps=1.0,
        drift_error_meV_per_ps=0.3,
        kinetic_deviation_meV=100.0,
        temperature_K=370.0,
        motion_K=400.0,
        diffusion_m2_per_s=None,
        diffusion_error_m2_per_s=None,
        velocity_counts=(1,) * (len(EDGES) + 1),
        distances_A=tuple(np.arange(0.1, 9.0, 0.2)),
        around=(1.0,) * 45,
        times_ps=(0.0, 20.0),
        energies_meV=(0.0, 20.0),
    )
    return replace(whole, **changed)


def gas(*cycles: Cycle) -> Gas:
    return Gas(cycles={str(number): each for number, each in enumerate(cycles)}, failures={})


def test_the_box_is_that_of_the_thesis() -> None:
    atoms = carbon_dioxide(50, 1)
    assert atoms.get_chemical_formula() == "C50O100"
    assert atoms.cell.lengths() == pytest.approx([25.0] * 3)
    assert density_kg_per_m3(50, atoms.get_volume()) == pytest.approx(234.0, abs=0.2)
    half = carbon_dioxide(25, 1)
    assert density_kg_per_m3(25, half.get_volume()) == pytest.approx(234.0, abs=0.2)
    carbon = atoms[atoms.numbers == 6].get_all_distances(mic=True)
    assert carbon[~np.eye(50, dtype=bool)].min() > 3.8
    assert not np.allclose(atoms.positions, carbon_dioxide(50, 2).positions)


@pytest.mark.parametrize(
    ("temperature_K", "diffusion_cm2_per_s"), [(273.15, 0.0933), (298.15, 0.1103), (350.0, 0.1493)]
)
def test_the_dilute_gas_diffuses_as_chapman_and_enskog_have_it(
    temperature_K: float, diffusion_cm2_per_s: float
) -> None:
    """At one atmosphere, where its density is that of an ideal gas."""
    ideal_kg_per_m3 = 101325 * 0.044009 / (8.314462618 * temperature_K)
    expected = ideal_kg_per_m3 * diffusion_cm2_per_s * 1e-4
    assert dilute_density_times_diffusion(temperature_K) == pytest.approx(expected, rel=5e-3)


def moving(temperature_K: float, seed: int, n_frames: int = 40) -> Trajectory:
    atoms = carbon_dioxide(10, 0)
    masses = atoms.get_masses()
    width = np.sqrt(units.kB * temperature_K / masses)[:, np.newaxis] * units.fs
    shape = (n_frames, len(atoms), 3)
    return Trajectory(
        numbers=atoms.numbers,
        masses_amu=masses,
        positions_A=np.zeros(shape),
        cells_A=np.repeat(atoms.cell.array[np.newaxis], n_frames, axis=0),
        pbc=np.ones(3, dtype=bool),
        times_fs=np.arange(float(n_frames)),
        velocities_A_per_fs=width * np.random.default_rng(seed).standard_normal(shape),
    )


def test_velocities_of_another_temperature_fail() -> None:
    """3,600 components: a temperature that is off by 30 % adds about 2 to the statistic."""
    found = {
        temperature: np.array(
            [deviation(reduced_counts(moving(temperature, seed), 300.0)) for seed in range(40)]
        )
        for temperature in (300.0, 390.0, 210.0)
    }
    # Kolmogorov's distribution has the mean 0.869 and the standard deviation 0.260; edges of bins
    # miss a little of the largest difference.
    assert abs(found[300.0].mean() - 0.83) < 4 * 0.26 / np.sqrt(40)
    [metric] = [
        each for each in examination_named("gas").metrics if each.name == "velocity_deviation"
    ]
    grades = {t: {metric.grade(Measured(value)) for value in values} for t, values in found.items()}
    assert "poor" not in grades[300.0]
    assert "good" not in grades[390.0] | grades[210.0]


def test_the_temperature_of_molecules_is_that_of_their_momenta() -> None:
    trajectory = moving(300.0, 3, n_frames=400)
    masses = trajectory.masses_amu
    velocities = trajectory.require_velocities()
    velocities -= np.einsum("a,fai->fi", masses / masses.sum(), velocities)[:, np.newaxis]
    groups = groups_of(trajectory, np.arange(30).reshape(-1, 3).tolist(), "CO2")
    found = computing._temperature_of_centres_K(trajectory, groups)
    assert abs(found - 300.0) < 4 * 300.0 * np.sqrt(2 / (27 * 400))
    velocities[:, 1::3] += 0.1  # what turns and vibrates does not count
    velocities[:, 2::3] -= 0.1
    assert computing._temperature_of_centres_K(trajectory, groups) == pytest.approx(found)


def test_molecules_that_walk_diffuse_as_they_do() -> None:
    """Beyond 5 ps of 16, as the examination fits; walks and free particles: tests/dynamics."""
    rng = np.random.default_rng(8)
    diffusion, interval_fs = 8.4e-3, 50.0  # Å²/fs: that of the gas
    steps = rng.normal(scale=np.sqrt(2 * diffusion * interval_fs), size=(320, 50, 1, 3))
    places = np.cumsum(steps, axis=0) + np.zeros((1, 1, 3, 1))
    trajectory = Trajectory(
        numbers=np.tile([6, 8, 8], 50),
        masses_amu=np.tile([12.011, 15.999, 15.999], 50),
        positions_A=places.reshape(320, 150, 3),
        cells_A=np.repeat(25.0 * np.eye(3)[np.newaxis], 320, axis=0),
        pbc=np.ones(3, dtype=bool),
        times_fs=interval_fs * np.arange(320.0),
    )
    groups = groups_of(trajectory, np.arange(150).reshape(-1, 3).tolist(), "CO2")
    with quietly():
        found = computing._diffusion(trajectory, groups)
        assert computing._diffusion(trajectory.between(0.0, 14000.0), groups) is None
    assert found is not None
    assert found.start_fs == pytest.approx(5000.0)
    assert abs(found.value_m2_per_s - 8.4e-8) < 3 * found.error_m2_per_s
    assert found.error_m2_per_s < 0.6 * 8.4e-8


def test_the_error_of_a_slope_counts_what_energies_have_in_common() -> None:
    """Noise with a memory of five samples on top of 2 meV/ps: errors are what slopes scatter by."""
    rng = np.random.default_rng(5)
    times_fs = 5.0 * np.arange(400)
    found = []
    for _ in range(100):
        noise = np.convolve(rng.normal(scale=1e-3, size=404), np.ones(5), "valid")
        energies = 2e-6 * times_fs + noise
        samples = tuple(
            Sample(0, time, 0.0, 0.0, 0.0, energy, 0.0, 0.0, 0.0)
            for time, energy in zip(times_fs, energies, strict=True)
        )
        found.append(computing._drift(samples)[:2])
    slopes, errors = np.array(found).T
    assert abs(slopes.mean() - 2.0) < 4 * slopes.std() / 10
    assert np.sqrt((errors**2).mean()) == pytest.approx(slopes.std(), rel=0.3)


def test_the_drift_is_that_of_fifty_molecules() -> None:
    drift = gas(cycle()).drift
    assert drift.value == pytest.approx(2.0)
    assert drift.spread == pytest.approx(0.6)
    assert gas(cycle()).drift_per_atom.value == pytest.approx(1000 / 75)
    assert gas(cycle()).drift_over_fluctuation.value == pytest.approx(20 * 1.0 / 100)


def test_the_error_of_a_drift_is_the_scatter_of_cycles_where_that_is_larger() -> None:
    one, other = cycle(n_molecules=50), cycle(n_molecules=50, drift_meV_per_ps=5.0)
    drift = gas(one, other, cycle(drawn_K=300.0, drift_meV_per_ps=99.0)).drift
    assert drift.value == pytest.approx(3.0)
    assert drift.spread == pytest.approx(2.0)


def test_molecules_that_are_spread_evenly_have_as_many_neighbours_as_the_density_says() -> None:
    within = 4 / 3 * np.pi * 6**3 * 50 / 25**3
    assert gas(cycle()).neighbours.value == pytest.approx(within, 1e-3)
    # An ideal gas of N molecules has g = 1 - 1/N.
    assert f"evenly spread it would be {within * 24 / 25:.2f}" in gas(cycle()).neighbours.detail
    assert "±" not in gas(cycle()).neighbours.detail
    assert "± standard deviation of 2 runs" in gas(cycle(), cycle()).neighbours.detail
    assert gas(cycle()).cycles_failed.detail == "of 1 cycle"


def test_diffusion_is_compared_at_the_same_density_and_temperature() -> None:
    shares = {250.0: 0.8, 400.0: 0.9}
    cycles = [
        cycle(
            motion_K=temperature,
            drawn_K=temperature,
            diffusion_m2_per_s=share * dilute_density_times_diffusion(temperature) / 234.0,
            diffusion_error_m2_per_s=1e-9,
        )
        for temperature, share in shares.items()
    ]
    assert gas(cycles[0]).diffusion.value == pytest.approx(100 * (0.8 / 0.85 - 1))
    assert abs(gas(*cycles).diffusion.value) < 5.0
    unsure = replace(cycles[0], diffusion_error_m2_per_s=0.6 * cycles[0].diffusion_m2_per_s)
    assert gas(unsure).diffusion.value is None
    assert "too uncertain" in gas(unsure).diffusion.detail
    assert gas(cycle()).diffusion.value is None
    assert gas(*cycles).diffusion_slope.value is None


def walking(share: float, seed: int) -> Cycle:
    """A run of 15 ps of 16 molecules that walk at random, so fast that they diffuse so well."""
    times_fs = np.arange(0.0, 15000.1, 50.0)
    expected = 0.85 * share * dilute_density_times_diffusion(400.0) / 234.0
    step_A = np.sqrt(2 * 1e5 * expected * times_fs[1])  # in m²/s, 10⁵ of which are 1 Å²/fs
    steps = step_A * np.random.default_rng(seed).standard_normal((len(times_fs), 16, 3))
    ways = np.repeat(np.cumsum(steps, axis=0), 3, axis=1)
    trajectory = Trajectory(
        numbers=np.tile([6, 8, 8], 16),
        masses_amu=np.tile([12.0, 16.0, 16.0], 16),
        positions_A=ways,
        cells_A=np.repeat(1e3 * np.eye(3)[np.newaxis], len(ways), axis=0),
        pbc=np.zeros(3, dtype=bool),
        times_fs=times_fs,
    )
    groups = groups_of(trajectory, np.arange(48).reshape(-1, 3).tolist(), "CO2")
    with quietly():
        found = computing._diffusion(trajectory, groups)
    assert found is not None
    return cycle(
        n_molecules=16,
        diffusion_m2_per_s=found.value_m2_per_s,
        diffusion_error_m2_per_s=found.error_m2_per_s,
    )


def test_a_gas_that_diffuses_as_expected_is_not_told_by_chance_to_be_slow() -> None:
    """16 molecules and 15 ps, as in `standard`: too few to call it good, by either side."""
    metric = next(each for each in examination_named("gas").metrics if each.name == "diffusion")
    found = [gas(walking(1.0, seed)).diffusion for seed in range(80)]
    values = np.array([each.value for each in found], dtype=float)
    spreads = np.array([each.spread for each in found], dtype=float)
    assert len(set(np.round(spreads, 6))) == 1  # of slow walks, too, it is that of the expected
    assert values.std() == pytest.approx(spreads[0], rel=0.25)
    assert abs(values.mean()) < 3 * spreads[0] / np.sqrt(80)
    grades = [metric.grade(each) for each in found]
    assert set(grades) <= {"unknown", "fair"}
    sides = [np.sign(value) for value, grade in zip(values, grades, strict=True) if grade == "fair"]
    assert abs(sum(sides)) < 4 * np.sqrt(max(len(sides), 1))
    many = [walking(1.0, seed) for seed in range(100, 110)]
    assert metric.grade(gas(*many).diffusion) == "good"
    for share in (0.2, 2.5):
        assert metric.grade(gas(walking(share, 1)).diffusion) == "poor"


def test_the_line_through_diffusions_is_weighted_by_their_errors() -> None:
    temperatures = np.array([250.0, 300.0, 400.0, 600.0])
    values = np.exp(-14.0 - 350.0 / temperatures)
    values[3] *= 3.0
    errors = 0.01 * values
    errors[3] = 100 * values[3]
    cycles = [
        cycle(drawn_K=t, motion_K=t, diffusion_m2_per_s=d, diffusion_error_m2_per_s=e)
        for t, d, e in zip(temperatures, values, errors, strict=True)
    ]
    result = gas(*cycles)
    assert result.line is not None
    assert result.line.a == pytest.approx(-14.0, abs=1e-3)
    assert result.diffusion_slope.value == pytest.approx(-350.0, abs=0.1)
    # Of least squares: the variance of a slope is σ² / Σ (x - x̄)².
    inverse = 1 / temperatures[:3]
    expected = 0.01 / np.sqrt(((inverse - inverse.mean()) ** 2).sum())
    assert result.line.b_error_K == pytest.approx(expected, rel=1e-3)
    assert "diffusion" in {each.name for each in examination_named("gas").figures(result)}


def test_a_molecule_that_breaks_is_a_failure_of_its_cycle(faulty: Callable[..., Model]) -> None:
    examination = examination_named("gas")
    result = examination.compute(faulty("BreakingGas"), SMALL_EFFORTS["gas"], Work())
    assert result.cycles_failed.value == 1.0
    [failure] = result.failures.values()
    assert failure.reason == "BrokenRunError"
    assert result.drift.value is None
    assert list(examination.figures(result)) == []


def test_a_model_that_lacks_an_element_is_not_made_for_it(pair_model: Callable[..., Model]) -> None:
    with pytest.raises(NotApplicableError, match="does not know C, O"):
        examination_named("gas").compute(
            pair_model(elements=frozenset({14})), SMALL_EFFORTS["gas"], Work()
        )


def test_a_cycle_goes_on_where_it_was_interrupted(
    faulty: Callable[..., Model], tmp_path: Path
) -> None:
    examination, effort = examination_named("gas"), SMALL_EFFORTS["gas"]
    whole = examination.compute(faulty("SoundGas"), effort, Work())

    calls = 0
    model = faulty("SoundGas")
    evaluate = model.evaluate

    def interrupted(*given: object, **named: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 400:
            raise KeyboardInterrupt
        return evaluate(*given, **named)

    model.evaluate = interrupted
    with pytest.raises(KeyboardInterrupt):
        examination.compute(model, effort, Work(tmp_path))
    assert list(tmp_path.glob("*/nve.checkpoint"))
    assert examination.compute(model, effort, Work(tmp_path)) == whole
    assert calls < 700
    assert not list(tmp_path.glob("*/*.extxyz"))
