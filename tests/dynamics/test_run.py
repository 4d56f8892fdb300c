"""Runs that are interrupted are to the bit those that are not; what goes wrong ends them."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, molecule
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms, FixSymmetry
from ase.io import read

from nearsight.dynamics.frames import FramesFile
from nearsight.dynamics.integrators import BAR
from nearsight.dynamics.run import run_dynamics
from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.dynamics.velocities import stilled
from nearsight.dynamics.watch import BrokenRunError
from nearsight.errors import (
    CheckpointError,
    MethodError,
    MissingPropertyError,
    NearsightWarning,
    SettingError,
    StorageError,
)
from nearsight.models.contract import Model
from nearsight.models.engines.ase_model import AseModel
from quick_models import morse_bonds

ENSEMBLES = {
    "nve": {"ensemble": "nve"},
    "bussi": {"thermostat": "bussi"},
    "langevin": {"thermostat": "langevin"},
    "nose-hoover": {"thermostat": "nose-hoover"},
    "npt": {"ensemble": "npt", "external_pressure_bar": 1000.0},
    "full cell": {"ensemble": "npt", "external_pressure_bar": 1000.0, "cell_change": "full"},
    "ramp": {"final_temperature_K": 600.0},
    "ramp of npt": {"ensemble": "npt", "external_pressure_bar": 1.0, "final_temperature_K": 600.0},
}
EVERY = OutputSettings(every_fs=8.0, forces=True, velocities=True)


def settings(name: str, **others: object) -> DynamicsSettings:
    return DynamicsSettings(time_ps=0.12, timestep_fs=2.0, **ENSEMBLES[name], **others)


@pytest.mark.parametrize("name", ENSEMBLES)
def test_an_interrupted_run_goes_on_to_the_bit(
    name: str, model: Model, copper: Atoms, interrupting, tmp_path: Path
) -> None:
    results = []
    for stops in ((None,), (17, 43, None)):
        folder = tmp_path / f"{len(stops)} parts"
        folder.mkdir()
        for stop in stops:
            progress = False if stop is None else interrupting(stop)
            with nullcontext() if stop is None else pytest.raises(KeyboardInterrupt):
                last = run_dynamics(
                    copper, model, settings(name), EVERY, progress=progress, **files(folder)
                )
        results.append((last, {path.name: path.read_bytes() for path in folder.glob("md.*z*")}))
    (whole, written), (broken, again) = results
    assert (whole.resumed_step, broken.resumed_step) == (None, 43)
    np.testing.assert_array_equal(broken.atoms.positions, whole.atoms.positions)
    np.testing.assert_array_equal(broken.atoms.get_momenta(), whole.atoms.get_momenta())
    np.testing.assert_array_equal(broken.atoms.cell.array, whole.atoms.cell.array)
    assert written == again
    assert (folder / "md.csv").read_text().count("\n") == 1 + 16
    frames = read(folder / "md.extxyz.gz", ":")
    assert [frame.info["step"] for frame in frames] == list(range(0, 61, 4))


def files(folder: Path) -> dict[str, Path]:
    return {
        "trajectory": folder / "md.extxyz.gz",
        "samples": folder / "md.csv",
        "checkpoint": folder / "md.checkpoint",
    }


KILLED = """
import sys
from pathlib import Path
from ase.build import bulk
from ase.calculators.calculator import Calculator
from nearsight.dynamics.run import run_dynamics
from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.models.engines.ase_model import AseModel


class Springs(Calculator):
    implemented_properties = ("energy", "forces")

    def calculate(self, atoms=None, properties=("energy",), system_changes=()):
        super().calculate(atoms, properties, system_changes)
        moved = self.atoms.positions - start.positions
        self.results = {"energy": 0.5 * (moved**2).sum(), "forces": -moved}


start = bulk("Cu", cubic=True)
folder = Path(sys.argv[1])
run_dynamics(
    start,
    AseModel(Springs(), "springs"),
    DynamicsSettings(time_ps=2.0, timestep_fs=2.0),
    OutputSettings(every_fs=4.0),
    trajectory=folder / "md.extxyz",
    samples=folder / "md.csv",
    checkpoint=folder / "md.checkpoint",
    checkpoint_s=0.01,
    progress=False,
)
"""
N_SAMPLES = 501
"""What all of it writes."""


def test_a_run_that_is_killed_goes_on_with_no_frame_missing_or_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With SIGKILL, at any moment; the model has no state of its own.

    Slow: each try is a process of its own, and gets farther than the one before.
    """
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        folder.mkdir()
    rng = np.random.default_rng(8)
    for n_samples in (100, 250):
        process = subprocess.Popen([sys.executable, "-c", KILLED, broken])
        while written(broken / "md.csv") < n_samples:
            assert process.poll() is None
            time.sleep(0.005)
        time.sleep(0.1 * rng.random())
        process.kill()
        process.wait()
        assert written(broken / "md.csv") < N_SAMPLES
    subprocess.run([sys.executable, "-c", KILLED, broken], check=True)
    monkeypatch.setattr(sys, "argv", ["-c", str(whole)])
    exec(compile(KILLED, "killed", "exec"), {})
    assert written(whole / "md.csv") == N_SAMPLES
    for name in ("md.extxyz", "md.csv"):
        assert (broken / name).read_bytes() == (whole / name).read_bytes()


def written(path: Path) -> int:
    """Return how many samples are in a file, which need not be there yet."""
    return path.read_bytes().count(b"\n") - 1 if path.exists() else 0


def test_velocities_of_the_structure_are_taken(copper: Atoms, emt: Model) -> None:
    copper.set_momenta(np.random.default_rng(0).standard_normal((len(copper), 3)))
    run = run_dynamics(copper, emt, settings("nve"), progress=False)
    expected = stilled(copper).get_kinetic_energy()
    assert run.samples[0].kinetic_energy_eV == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("thermostat", ["bussi", "langevin"])
def test_constraints_hold(thermostat: str, copper: Atoms, emt: Model) -> None:
    copper.set_constraint(FixAtoms([0, 5]))
    run = run_dynamics(copper, emt, settings(thermostat), progress=False)
    moved = np.linalg.norm(run.atoms.positions - copper.positions, axis=1)
    assert not moved[[0, 5]].any()
    assert moved.min(where=np.isin(np.arange(len(copper)), [0, 5], invert=True), initial=1) > 0


@pytest.mark.parametrize("name", ["nose-hoover", "npt"])
def test_constraints_that_would_not_hold_are_refused(name: str, copper: Atoms, emt: Model) -> None:
    copper.set_constraint(FixAtoms([0]))
    with pytest.raises(MethodError, match=r"does not hold constraints \(FixAtoms\)"):
        run_dynamics(copper, emt, settings(name), progress=False)


def test_a_pressure_needs_a_crystal_and_a_stress(copper: Atoms, emt: Model) -> None:
    with pytest.raises(MethodError, match="H2O is not periodic in three directions"):
        run_dynamics(molecule("H2O"), emt, settings("npt"), progress=False)
    with_stress = OutputSettings(stress=True)
    with pytest.raises(MethodError, match="only a crystal or liquid has a stress"):
        run_dynamics(
            molecule("H2O"),
            emt,
            settings("nve"),
            with_stress,
            progress=False,
        )
    without = AseModel(SinglePointCalculator(copper, energy=0.0, forces=np.zeros((32, 3))), "still")
    with pytest.raises(MissingPropertyError, match="still has no stress"):
        run_dynamics(copper, without, settings("npt"), progress=False)


def test_a_stress_is_computed_on_request(copper: Atoms, emt: Model, tmp_path: Path) -> None:
    file = tmp_path / "md.extxyz"
    output = OutputSettings(every_fs=4.0, stress=True)
    ran = run_dynamics(
        copper,
        emt,
        DynamicsSettings(ensemble="nve", time_ps=0.02, timestep_fs=2.0),
        output,
        trajectory=file,
        progress=False,
    )
    frame = read(file, "-1")
    # The virial is in the frame; the pressure of a sample has the part of the momenta, too.
    virial_eV = -np.trace(frame.get_stress(voigt=False)) * frame.get_volume()
    momenta_eV = 2 * ran.samples[-1].kinetic_energy_eV
    pressure_bar = (virial_eV + momenta_eV) / (3 * frame.get_volume()) / BAR
    assert ran.samples[-1].pressure_bar == pytest.approx(pressure_bar, rel=1e-5)


def test_atoms_that_fly_apart_end_the_run(copper: Atoms, emt: Model, tmp_path: Path) -> None:
    long = DynamicsSettings(ensemble="nve", temperature_K=1000.0, time_ps=10.0, timestep_fs=60.0)
    said = r"stopped at step \d+ \(.* fs\): atoms fly apart"
    with pytest.raises(BrokenRunError, match=said) as end:
        run_dynamics(
            copper, emt, long, OutputSettings(every_fs=60.0), progress=False, **files(tmp_path)
        )
    assert "Frames up to then are in" in str(end.value)
    assert len(read(tmp_path / "md.extxyz.gz", ":")) >= 1


def test_a_bond_that_breaks_ends_the_run_on_request(emt: Model) -> None:
    nitrogen = molecule("N2")
    nitrogen.set_momenta([[0, 0, 40.0], [0, 0, -40.0]])
    hot = DynamicsSettings(ensemble="nve", temperature_K=1e6, time_ps=0.05, timestep_fs=0.25)
    with pytest.raises(BrokenRunError, match=r"the bond of atoms 0 \(N\) and 1 \(N\) is broken"):
        run_dynamics(
            nitrogen, emt, hot, OutputSettings(every_fs=0.25), keep_bonds=True, progress=False
        )


def test_a_checkpoint_of_another_run_is_refused(
    copper: Atoms, emt: Model, interrupting, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_dynamics(
            copper,
            emt,
            settings("nve"),
            progress=interrupting(5),
            checkpoint=tmp_path / "c",
        )
    other = copper.copy()
    other.rattle(0.01)
    for atoms, asked, said in (
        (
            other,
            settings("nve"),
            "it started from another structure",
        ),
        (copper, settings("nve", seed=1), "it used other settings"),
    ):
        with pytest.raises(CheckpointError, match=said):
            run_dynamics(atoms, emt, asked, progress=False, checkpoint=tmp_path / "c")


def test_files_of_others_are_not_written_over(
    copper: Atoms, emt: Model, interrupting, tmp_path: Path
) -> None:
    (tmp_path / "md.csv").write_text("mine")
    with pytest.raises(StorageError, match="has content already"):
        run_dynamics(
            copper,
            emt,
            settings("nve"),
            progress=False,
            **files(tmp_path),
        )
    (tmp_path / "md.csv").unlink()
    with pytest.raises(KeyboardInterrupt):
        run_dynamics(
            copper,
            emt,
            settings("nve"),
            progress=interrupting(9),
            **files(tmp_path),
        )
    (tmp_path / "md.csv").write_text("cut")
    with pytest.raises(StorageError, match="has 3 bytes, and had"):
        run_dynamics(
            copper,
            emt,
            settings("nve"),
            progress=False,
            **files(tmp_path),
        )


def test_a_timestep_that_is_too_long_is_told(emt: Model) -> None:
    water = molecule("H2O")
    long = DynamicsSettings(ensemble="nve", temperature_K=1.0, time_ps=0.01, timestep_fs=2.0)
    with pytest.warns(NearsightWarning, match=r"timestep of 2 fs is long for H \(1.008 u\)"):
        run_dynamics(water, emt, long, progress=False)


def test_a_run_that_was_killed_before_its_first_sample_goes_on(
    copper: Atoms, emt: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first checkpoint is written before anything else: what is in files then is its own."""
    add = FramesFile.add

    def killed(*_: object) -> None:
        (tmp_path / "md.extxyz.gz").write_bytes(b"half a frame")
        raise KeyboardInterrupt

    monkeypatch.setattr(FramesFile, "add", killed)
    with pytest.raises(KeyboardInterrupt):
        run_dynamics(
            copper,
            emt,
            settings("nve"),
            EVERY,
            progress=False,
            **files(tmp_path),
        )
    monkeypatch.setattr(FramesFile, "add", add)
    run = run_dynamics(
        copper,
        emt,
        settings("nve"),
        EVERY,
        progress=False,
        **files(tmp_path),
    )
    assert run.resumed_step == 0
    steps = [frame.info["step"] for frame in read(tmp_path / "md.extxyz.gz", ":")]
    assert steps == [sample.step for sample in run.samples] == list(range(0, 61, 4))


def test_a_run_is_continued_beyond_its_end(
    copper: Atoms, pair_model: Callable[..., Model], tmp_path: Path
) -> None:
    model = pair_model(elements=None)
    short = settings("bussi")
    long = replace(short, time_ps=2 * short.time_ps)
    whole = run_dynamics(copper, model, long, EVERY, progress=False)
    for asked in (short, long):
        run = run_dynamics(copper, model, asked, EVERY, progress=False, **files(tmp_path))
    assert run.resumed_step == short.n_steps
    assert repr(run.samples) == repr(whole.samples)  # NaN is not equal to itself
    np.testing.assert_array_equal(run.atoms.positions, whole.atoms.positions)


@pytest.mark.parametrize("name", ["nve", "bussi", "nose-hoover"])
def test_the_motion_of_the_whole_is_no_heat(name: str, emt: Model) -> None:
    """Velocities of the structure lose it; else few atoms would seem far too hot."""
    monoxide = molecule("CO")
    monoxide.set_momenta([[0.5, 0.2, 3.0], [0.4, -0.1, 3.5]])
    short = DynamicsSettings(time_ps=0.01, timestep_fs=0.5, **ENSEMBLES[name])
    run = run_dynamics(monoxide, emt, short, progress=False)
    assert np.abs(run.atoms.get_momenta().sum(axis=0)).max() < 1e-9
    centre_A = monoxide.get_center_of_mass()
    np.testing.assert_allclose(run.atoms.get_center_of_mass(), centre_A, rtol=0, atol=1e-12)


def test_a_bent_linear_molecule_has_its_temperature() -> None:
    """CO2 has three momenta that move: two stretches and a bend of a definite plane."""
    dioxide = molecule("CO2")
    asked = DynamicsSettings(time_ps=6.0, timestep_fs=0.5, thermostat_time_fs=20.0)
    model = morse_bonds(dioxide, 3.0)
    run = run_dynamics(dioxide, model, asked, OutputSettings(every_fs=5.0), progress=False)
    kinetic_eV = np.array([sample.kinetic_energy_eV for sample in run.samples[200:]])
    blocks = np.array([block.mean() for block in np.array_split(kinetic_eV, 20)])
    expected = 1.5 * units.kB * asked.temperature_K
    assert abs(blocks.mean() - expected) < 4 * blocks.std(ddof=1) / np.sqrt(20)
    momenta = run.atoms.get_momenta()
    assert np.linalg.matrix_rank(momenta, tol=1e-6) <= 2  # in a plane


def test_all_frames_have_the_same_columns(copper: Atoms, emt: Model, tmp_path: Path) -> None:
    for name in ("nve", "npt"):
        file = tmp_path / f"{name}.extxyz"
        run_dynamics(copper, emt, settings(name), EVERY, progress=False, trajectory=file)
        for frame in read(file, ":"):
            assert frame.get_forces().shape == (32, 3)
            assert "velocities_A_per_fs" in frame.arrays


def test_a_run_that_is_longer_already_is_not_cut(
    copper: Atoms, emt: Model, interrupting, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_dynamics(
            copper,
            emt,
            settings("nve"),
            progress=interrupting(40),
            **files(tmp_path),
        )
    short = replace(settings("nve"), time_ps=0.05)
    with pytest.raises(CheckpointError, match="has got to step 40 already, beyond the 25"):
        run_dynamics(copper, emt, short, progress=False, **files(tmp_path))
    assert (tmp_path / "md.checkpoint").exists()


def test_one_file_is_not_for_two_kinds(copper: Atoms, emt: Model, tmp_path: Path) -> None:
    same = {"trajectory": tmp_path / "a.xyz", "samples": tmp_path / "a.xyz"}
    with pytest.raises(SettingError, match="frames and samples would both go to"):
        run_dynamics(
            copper,
            emt,
            settings("nve"),
            progress=False,
            **same,
        )


def test_a_file_that_another_process_writes_ends_the_run(copper: Atoms, emt: Model, tmp_path: Path):
    class Writing:
        """Progress during which somebody else writes."""

        @contextmanager
        def task(self, *_: object) -> Iterator[Any]:
            def advance(now: int, note: str) -> None:
                if now == 5:
                    with (tmp_path / "md.csv").open("a") as file:
                        file.write("0,0,0\n")

            yield advance

    with pytest.raises(StorageError, match="another process writes it"):
        run_dynamics(
            copper,
            emt,
            settings("nve"),
            EVERY,
            progress=Writing(),
            **files(tmp_path),
        )


@pytest.mark.parametrize("thermostat", ["bussi", "nose-hoover"])
def test_what_cannot_move_is_refused_and_leaves_no_files(
    thermostat: str, emt: Model, tmp_path: Path
) -> None:
    asked = DynamicsSettings(time_ps=0.01, thermostat=thermostat)
    for _ in range(2):
        with pytest.raises(MethodError, match="Cu has nothing that could move"):
            run_dynamics(Atoms("Cu"), emt, asked, progress=False, **files(tmp_path))
    copper = bulk("Cu", cubic=True)
    copper.set_constraint(FixSymmetry(copper))
    with pytest.raises(MethodError, match="constraint FixSymmetry it is not known how many"):
        run_dynamics(copper, emt, settings("bussi"), progress=False)
