"""The verb for trajectories: what it leaves out and why, and that its results are its parts'."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.io import write

from langevin_gas import DIFFUSION_M2_PER_S, FRICTION_PER_FS, TEMPERATURE_K, Gas, langevin_gas
from nearsight import records
from nearsight.dynamics.analysis import (
    diffusion_coefficient,
    radial_distribution,
    read_trajectory,
    temperatures,
)
from nearsight.dynamics.samples import Sample
from nearsight.errors import (
    CheckpointError,
    MemoryBudgetError,
    MethodError,
    NearsightWarning,
    SettingError,
)
from nearsight.hessian import hessian
from nearsight.models.engines.ase_model import AseModel
from nearsight.relaxation.settings import RelaxationSettings
from nearsight.workflows import (
    DiffusionSettings,
    FrameSettings,
    RadialSettings,
    Resources,
    TrajectorySettings,
    VelocitySettings,
    VibrationsSettings,
    trajectory,
    vibrations,
)

ATOMS = DiffusionSettings(particles="atoms", estimator="least-squares")
pytestmark = pytest.mark.filterwarnings("ignore::nearsight.errors.NearsightWarning")


@pytest.fixture(scope="module")
def gas() -> Gas:
    return langevin_gas(n_frames=400, n_atoms=16, seed=1)


@pytest.fixture
def file(gas: Gas, tmp_path: Path) -> Path:
    path = tmp_path / "gas.extxyz"
    gas.write_xyz(path)
    return path


def test_results_are_those_of_the_verbs_that_it_calls(file: Path) -> None:
    record = trajectory(file, TrajectorySettings(diffusion=ATOMS), progress=False)
    results = record.results
    assert results is not None
    read = read_trajectory(file)
    same = radial_distribution(read, progress=False)
    assert results.radial is not None
    np.testing.assert_array_equal(results.radial.total, same.total)
    assert record.radial_distribution is not None
    assert record.radial_distribution.total == tuple(same.total)
    once = diffusion_coefficient(read, estimator="least-squares")
    assert record.diffusion[0].value_m2_per_s == once.value_m2_per_s
    assert record.diffusion[0].block_error_m2_per_s == once.block_error_m2_per_s
    assert record.temperatures[0].mean_K == temperatures(read).total.mean
    assert record.model.family == "trajectory"
    assert record.model.name == "gas.extxyz"
    assert record.seconds is not None
    assert record.formula == "Ar16"


def test_what_the_file_does_not_allow_is_left_out_with_the_reason(gas: Gas, tmp_path: Path) -> None:
    file = tmp_path / "gas.extxyz"
    gas.write_xyz(file, velocities=False)
    record = trajectory(file, TrajectorySettings(diffusion=ATOMS), progress=False)
    assert set(record.not_computed) == {"temperatures", "spectrum", "vacf"}
    assert all("has no velocities" in reason for reason in record.not_computed.values())
    assert record.velocity_correlation is None
    assert record.temperatures == ()
    assert record.radial_distribution is not None
    for settings in (
        TrajectorySettings(analyses=("vacf",)),
        TrajectorySettings(velocity=VelocitySettings(longest_fs=100.0)),
        TrajectorySettings(velocity=VelocitySettings(width_per_cm=30.0)),
    ):
        with pytest.raises(MethodError, match="has no velocities"):
            trajectory(file, settings, progress=False)


@pytest.mark.filterwarnings("default::nearsight.errors.NearsightWarning")
def test_the_size_of_the_cell_is_said_once_and_corrected_on_request(file: Path) -> None:
    with pytest.warns(NearsightWarning, match=r"diffusion \(Ar\) is that in this cell") as raised:
        plain = trajectory(file, TrajectorySettings(diffusion=ATOMS), progress=False)
    codes = [warning.message.args[0].code for warning in raised]  # type: ignore[union-attr]
    assert codes.count("size-not-corrected") == 1
    asked = replace(ATOMS, viscosity_Pa_s=1e-4)
    with pytest.warns(NearsightWarning) as raised:
        corrected = trajectory(
            file, TrajectorySettings(diffusion=asked, temperature_K=TEMPERATURE_K), progress=False
        )
    assert "size-not-corrected" not in {one.code for one in corrected.warnings}
    infinite = corrected.diffusion[0].infinite_m2_per_s
    assert infinite is not None
    # k_B T ξ/(6 π η L) of 300 K, 10⁻⁴ Pa s and 30 Å.
    shift = 2.837297 * 1.380649e-23 * TEMPERATURE_K / (6 * np.pi * 1e-4 * 30e-10)
    assert infinite - plain.diffusion[0].value_m2_per_s == pytest.approx(shift, rel=1e-6)
    # Without a temperature the mean one of the velocities counts.
    of_velocities = trajectory(file, TrajectorySettings(diffusion=asked), progress=False)
    mean_K = plain.temperatures[0].mean_K
    found = of_velocities.diffusion[0].infinite_m2_per_s
    assert found is not None
    assert found - plain.diffusion[0].value_m2_per_s == pytest.approx(
        shift * mean_K / TEMPERATURE_K, rel=1e-6
    )


def test_every_second_frame_says_the_same(file: Path) -> None:
    """An invariance: half of the frames are of the same motion."""
    fit = replace(ATOMS, start_fs=400.0, end_fs=1200.0)
    every = TrajectorySettings(frames=FrameSettings(every=2), diffusion=fit)
    [all_frames] = trajectory(file, TrajectorySettings(diffusion=fit), progress=False).diffusion
    half = trajectory(file, every, progress=False)
    assert half.frames.n_frames == 200
    [of_half] = half.diffusion
    assert of_half.value_m2_per_s == pytest.approx(
        all_frames.value_m2_per_s, abs=2 * all_frames.error_m2_per_s
    )
    assert abs(of_half.value_m2_per_s - DIFFUSION_M2_PER_S) < 4 * of_half.error_m2_per_s


def test_the_spectrum_of_some_atoms_has_their_degrees(file: Path) -> None:
    frames = FrameSettings(select=("0-3",))
    record = trajectory(file, TrajectorySettings(frames=frames, diffusion=ATOMS), progress=False)
    assert record.velocity_spectrum is not None
    assert record.velocity_spectrum.n_degrees == pytest.approx(12.0)
    assert record.frames.n_selected == 4
    # The Lorentzian of friction at zero, which is wider than a line: 4 c N/γ for each degree.
    cm_per_fs = 2.99792458e-5
    height = 12 * 4 * cm_per_fs / FRICTION_PER_FS
    assert record.velocity_spectrum.total_cm[0] == pytest.approx(height, rel=0.35)


def test_settings_that_contradict_each_other_are_refused() -> None:
    for settings, said in (
        ({"analyses": ("rfd",)}, "are some of rdf, msd"),
        ({"analyses": ("rdf",), "leave_out": ("msd",)}, "not both"),
        (
            {
                "frames": FrameSettings(select=("Ar",)),
                "diffusion": DiffusionSettings(remove_drift=True),
            },
            "leave one out",
        ),
    ):
        with pytest.raises(SettingError, match=said):
            TrajectorySettings(**settings)
    with pytest.raises(SettingError, match="not both"):
        FrameSettings(timestep_fs=1.0, interval_fs=10.0)


def test_what_does_not_fit_is_refused_before_it_is_there(file: Path) -> None:
    few = Resources(memory_bytes=300_000)
    with pytest.raises(MemoryBudgetError, match="reading 200 frames of 16 atoms and more"):
        trajectory(file, resources=few, progress=False)
    some = TrajectorySettings(frames=FrameSettings(every=20), radial=RadialSettings(farthest_A=5))
    record = trajectory(file, some, resources=few, progress=False)
    assert record.frames.n_frames == 20


def test_harmonic_modes_are_taken_from_hessians_and_records(tmp_path: Path) -> None:
    model, cell = AseModel(EMT()), bulk("Cu", a=3.6, cubic=True)
    crystal = cell * 2
    rng = np.random.default_rng(2)
    frames = []
    for index in range(300):
        frame = crystal.copy()
        frame.set_velocities(rng.normal(0.0, 0.05, (32, 3)))
        frame.info["time_fs"] = 8.0 * index
        frames.append(frame)
    write(tmp_path / "cu.traj", frames)
    hessian(cell, model).save(tmp_path / "h.npz")
    unrelaxed = VibrationsSettings(relaxation=RelaxationSettings(relax=False))
    record = vibrations(cell, model, unrelaxed, progress=False)
    records.write(tmp_path / "v.json", record)
    asked = TrajectorySettings(analyses=("spectrum",))
    by_hessian, by_record = (
        trajectory(tmp_path / "cu.traj", asked, harmonic=tmp_path / name, progress=False).harmonic
        for name in ("h.npz", "v.json")
    )
    assert by_hessian is not None
    assert by_record is not None
    assert by_hessian.n_times == 8.0
    np.testing.assert_allclose(by_hessian.total_cm, by_record.total_cm, rtol=1e-6, atol=1e-9)
    # Nine modes of a cell, as often as it is there.
    grid = np.array(by_hessian.wavenumbers_per_cm)
    assert np.trapezoid(by_hessian.total_cm, grid) == pytest.approx(8 * 9, rel=1e-3)
    hessian(bulk("Al", a=4.0, cubic=True), model).save(tmp_path / "al.npz")
    (tmp_path / "broken.npz").write_bytes(b"nothing")
    for name, kind, said in (
        ("al.npz", MethodError, "is of Al4 and the trajectory of Cu32"),
        ("none.npz", CheckpointError, "cannot be read"),
        ("broken.npz", CheckpointError, "broken.npz"),
    ):
        with pytest.raises(kind, match=said):
            trajectory(tmp_path / "cu.traj", asked, harmonic=tmp_path / name, progress=False)
    energy = trajectory(tmp_path / "cu.traj", asked, progress=False)
    records.write(tmp_path / "t.json", energy)
    with pytest.raises(CheckpointError, match="is a record of trajectory without a density"):
        trajectory(tmp_path / "cu.traj", asked, harmonic=tmp_path / "t.json", progress=False)


def test_a_run_at_constant_energy_has_no_heat_capacity(file: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    kinetic = rng.normal(1.0, 0.1, 100)
    names = list(Sample.__dataclass_fields__)
    lines = [",".join(names)]
    for index, each in enumerate(kinetic):
        values = {
            "step": index,
            "time_fs": 10.0 * index,
            "temperature_K": 300.0,
            "potential_energy_eV": 2.0 - each + 1e-5 * rng.normal(),
            "kinetic_energy_eV": each,
            "conserved_eV": 2.0,
        }
        lines.append(",".join(str(values.get(name, "")) for name in names))
    samples = tmp_path / "nve.csv"
    samples.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(MethodError, match="is of a run at constant energy"):
        trajectory(file, samples=samples, progress=False)
    samples.write_text("\n".join(lines[:3]) + "\n", encoding="utf-8")
    with pytest.raises(MethodError, match="has 2 samples that count; fluctuations need four"):
        trajectory(file, samples=samples, progress=False)
