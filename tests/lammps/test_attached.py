"""A model behind LAMMPS beside LAMMPS' own pair style with the same parameters."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.md.verlet import VelocityVerlet

from argon_in_lammps import (
    ARGON,
    CUTOFF_A,
    NO_PAIRS,
    argon_commands,
    energy_unit_eV,
    farthest_apart_A,
    of_atoms,
)
from lennard_jones import pair_commands
from nearsight.errors import MissingPropertyError
from nearsight.lammps.attached import AttachedModel, attach
from nearsight.lammps.library import Lammps
from nearsight.models.calculator import ModelCalculator
from nearsight.models.contract import Model
from nearsight.models.given_pairs import SKIN_A
from nearsight.models.registry import load_model
from nearsight.models.worker import connect

PRESSURES = ("pxx", "pyy", "pzz", "pxy", "pxz", "pyz")
METALLIC_CRYSTAL = """
units metal
atom_modify map yes
lattice fcc 4.2
region box prism 0 2 0 2 0 2 0.2 0.1 -0.3
create_box 2 box
create_atoms 1 box basis 1 1 basis 2 2
mass 1 24.305
mass 2 15.999
displace_atoms all random 0.1 0.1 0.1 5 units box
velocity all create 300 7
timestep 0.001
"""


def give(both: tuple[Lammps, AttachedModel], *commands: str) -> tuple[Lammps, Lammps]:
    """Give both the same commands."""
    native, attached = both
    for command in commands:
        native.command(command)
        attached.command(command)
    return native, attached.lammps


def test_energy_forces_and_virial_are_those_of_the_pair_style(native_and_bridge) -> None:
    native, bridge = give(native_and_bridge, "velocity all set 0 0 0", "run 0")
    unit_eV = energy_unit_eV(native)
    there, here = (of_atoms(each, "f") * unit_eV for each in (native, bridge))
    assert np.abs(there).max() > 0.02
    assert np.abs(there - here).max() < 1e-12
    there_eV, here_eV = (each.get_thermo("pe") * unit_eV for each in (native, bridge))
    assert abs(there_eV - here_eV) / native.get_natoms() < 1e-14
    for name in PRESSURES:
        expected = pytest.approx(native.get_thermo(name), rel=1e-11, abs=1e-8)
        assert bridge.get_thermo(name) == expected


def test_a_thousand_steps_are_the_same(native_and_bridge) -> None:
    native, bridge = give(native_and_bridge, "fix 1 all nve", "run 1000")
    assert native_and_bridge[1].evaluator.n_calls == 1001
    assert farthest_apart_A(native, bridge) < 1e-12
    there_eV, here_eV = (
        each.get_thermo("etotal") * energy_unit_eV(each) for each in (native, bridge)
    )
    assert here_eV == pytest.approx(there_eV, abs=1e-11)


def test_a_box_that_follows_the_pressure_is_the_same(native_and_bridge) -> None:
    barostat = "fix 1 all npt temp 80 80 $(100*dt) tri 200 200 $(500*dt)"
    native, bridge = give(native_and_bridge, "change_box all triclinic", barostat, "run 200")
    assert abs(native.get_thermo("vol") - 10.8**3) > 1
    assert farthest_apart_A(native, bridge) < 1e-11
    assert bridge.extract_box()[2:5] == pytest.approx(native.extract_box()[2:5], abs=1e-11)
    assert bridge.get_thermo("vol") == pytest.approx(native.get_thermo("vol"), rel=1e-12)
    assert bridge.get_thermo("press") == pytest.approx(native.get_thermo("press"), abs=1e-7)


def test_minima_and_boxes_at_rest_are_the_same(native_and_bridge) -> None:
    native, bridge = give(native_and_bridge, "minimize 0 1e-4 50 100")
    assert bridge.get_thermo("pe") == pytest.approx(native.get_thermo("pe"), rel=1e-10)
    volume_A3 = native.get_thermo("vol")
    native, bridge = give(native_and_bridge, "fix 1 all box/relax iso 0.0", "minimize 0 0 50 100")
    assert abs(native.get_thermo("vol") - volume_A3) > 1
    assert bridge.get_thermo("vol") == pytest.approx(native.get_thermo("vol"), rel=1e-8)
    assert bridge.get_thermo("step") == native.get_thermo("step")


def test_steps_are_those_of_ase(with_argon, argon: Model) -> None:
    attached = with_argon()
    lammps = attached.lammps
    velocities = of_atoms(lammps, "v")
    per_ps = np.sqrt(lammps.extract_global("mvv2e"))  # of √(eV/amu) in Å/ps, by LAMMPS' constants
    atoms = Atoms(
        "Ar32",
        positions=of_atoms(lammps, "x"),
        cell=[10.8] * 3,
        pbc=True,
        masses=[39.948] * 32,
        velocities=velocities * per_ps,
    )
    atoms.calc = ModelCalculator(argon)
    VelocityVerlet(atoms, 0.002 / per_ps).run(100)
    attached.command("fix 1 all nve")
    attached.command("run 100")
    apart = of_atoms(lammps, "x") - atoms.positions
    apart -= 10.8 * np.rint(apart / 10.8)
    assert np.abs(apart).max() < 1e-12


def test_a_model_is_added_to_a_pair_style(start, argon: Model) -> None:
    pairs = pair_commands(["Ar"], ARGON, CUTOFF_A, 1.0)
    alone = start(argon_commands() + pairs)
    alone.command("run 0")
    both = attach(start(argon_commands() + pairs), argon, ["Ar"])
    both.command("run 0")
    assert both.lammps.get_thermo("pe") == pytest.approx(2 * alone.get_thermo("pe"), rel=1e-13)
    np.testing.assert_allclose(of_atoms(both.lammps, "f"), 2 * of_atoms(alone, "f"), atol=1e-12)


def test_atoms_are_told_apart_however_lammps_sorts_them(start, argon: Model) -> None:
    sorting = argon_commands().replace("atom_modify map yes", "atom_modify map yes sort 5 3.0")
    runs = []
    for commands in (argon_commands(), sorting):
        attached = attach(start(commands + NO_PAIRS), argon, ["Ar"])
        attached.command("fix 1 all nve")
        attached.command("run 100")
        runs.append(attached.lammps)
    tags = runs[1].numpy.extract_atom("id")[:32]
    assert (np.diff(tags) < 0).any()
    assert farthest_apart_A(*runs) < 1e-12


def test_pairs_of_moving_atoms_are_kept(start, pair_model: Callable[..., Model]) -> None:
    model = pair_model()
    attached = attach(start(METALLIC_CRYSTAL + NO_PAIRS), model, ["Mg", "O"])
    attached.command("fix 1 all nve")
    attached.command("run 60")
    evaluator = attached.evaluator
    assert evaluator.n_calls == 61
    assert 1 <= evaluator.n_searches < 20, SKIN_A
    lammps = attached.lammps
    low, high, xy, yz, xz, *_ = lammps.extract_box()
    cell = np.diag(np.array(high) - np.array(low))
    cell[1, 0], cell[2, 0], cell[2, 1] = xy, xz, yz
    symbols = np.array(["", "Mg", "O"])[of_atoms(lammps, "type")]
    atoms = Atoms(symbols, positions=of_atoms(lammps, "x"), cell=cell, pbc=True)
    [afresh] = model.evaluate([atoms])
    assert lammps.get_thermo("pe") == pytest.approx(afresh.energy_eV, rel=1e-12)
    np.testing.assert_allclose(of_atoms(lammps, "f"), afresh.forces_eV_per_A, atol=1e-11)


def test_energies_of_atoms_are_those_of_the_model(start, pair_model: Callable[..., Model]) -> None:
    attached = attach(start(METALLIC_CRYSTAL + NO_PAIRS), pair_model(), ["Mg", "O"])
    attached.command("compute atomic all pe/atom")
    attached.command("compute sum all reduce sum c_atomic")
    attached.command("thermo_style custom step pe c_sum")
    attached.command("run 0")
    lammps = attached.lammps
    energies = lammps.numpy.extract_compute("atomic", 1, 1)[: lammps.get_natoms()]
    assert np.ptp(energies) > 0.01
    assert energies.sum() == pytest.approx(lammps.get_thermo("pe"), rel=1e-12)


def test_a_molecule_in_no_periodic_box_has_a_virial(start, pair_model) -> None:
    water = """
units metal
atom_modify map yes
boundary f f f
region box block -9 9 -8 8 -7 7
create_box 2 box
create_atoms 1 single 0.3 0.1 0
create_atoms 2 single 0.9 0.9 0.1
create_atoms 2 single -0.5 0.8 0
mass 1 15.999
mass 2 1.008
"""
    model = pair_model()
    attached = attach(start(water + NO_PAIRS), model, ["O", "H"])
    attached.command("thermo_style custom pe press vol pxx pxy")
    attached.command("run 0")
    lammps = attached.lammps
    positions_A, forces = of_atoms(lammps, "x"), of_atoms(lammps, "f")
    expected = positions_A.T @ forces / lammps.get_thermo("vol") * lammps.extract_global("nktv2p")
    assert abs(expected[0, 1]) > 1
    assert lammps.get_thermo("pxx") == pytest.approx(expected[0, 0], rel=1e-12)
    assert lammps.get_thermo("pxy") == pytest.approx(expected[0, 1], rel=1e-12)


def test_a_model_without_stress_moves_atoms_but_no_box(start, without_stress: Model) -> None:
    attached = attach(start(argon_commands() + NO_PAIRS), without_stress, ["Ar"])
    attached.command("fix 1 all nve")
    attached.command("run 5")
    assert np.isnan(attached.lammps.get_thermo("press"))
    attached.command("unfix 1")
    attached.command("fix 1 all npt temp 80 80 0.1 iso 1 1 1")
    with pytest.raises(MissingPropertyError, match=r"has no stress.*keeps the box, such as nvt"):
        attached.command("run 5")


def test_a_restart_goes_on_as_the_run_would_have(with_argon, argon: Model, start, tmp_path) -> None:
    whole = with_argon()
    for command in ("fix 1 all nve", "run 20", f"write_restart {tmp_path}/restart", "run 20"):
        whole.command(command)
    again = start(f"read_restart {tmp_path}/restart\n{NO_PAIRS}")
    attached = attach(again, argon, ["Ar"])
    attached.command("fix 1 all nve")
    attached.command("run 20")
    assert again.get_thermo("step") == 40
    assert farthest_apart_A(whole.lammps, again) < 1e-12


def test_atoms_that_are_held_stay(with_argon) -> None:
    attached = with_argon()
    attached.command("group held id 1:5")
    attached.command("fix hold held setforce 0 0 0")
    attached.command("velocity held set 0 0 0")
    attached.command("fix 1 all nve")
    before = of_atoms(attached.lammps, "x")
    attached.command("run 20")
    moved = np.abs(of_atoms(attached.lammps, "x") - before).max(axis=1)
    assert moved[:5].max() == 0
    assert moved[5:].min() > 0


def test_a_model_in_another_process(start) -> None:
    here = load_model("ase:emt")
    there = connect(Path(sys.executable), "ase:emt", dtype="float64", device="cpu", trust=False)
    runs = []
    for model in (here, there):
        copper = argon_commands().replace("39.948", "63.546").replace("fcc 5.4", "fcc 3.6")
        lammps = start(copper + NO_PAIRS)
        attached = attach(lammps, model, ["Cu"])
        attached.command("fix 1 all nve")
        attached.command("run 5")
        runs.append(lammps)
    assert np.array_equal(of_atoms(runs[0], "x"), of_atoms(runs[1], "x"))
