"""Grand canonical Monte Carlo and insertions by LAMMPS, with a model and without."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from argon_in_lammps import NO_PAIRS, of_atoms
from exchanges_in_lammps import (
    BOND_A,
    ELEMENTS,
    counters,
    exchange_command,
    framework_commands,
    model,
    native_commands,
)
from nearsight.lammps.attached import AttachedModel, attach
from nearsight.lammps.library import Lammps, LammpsError
from nearsight.lammps.unit_styles import UNIT_STYLES

CARBON_DIOXIDE = Atoms("CO2", [[0, 0, 0], [BOND_A, 0, 0], [-BOND_A, 0, 0]])


@pytest.fixture
def native(start, tmp_path: Path) -> Callable[[str, str], Lammps]:
    return lambda units, box: start(
        framework_commands(units, box, tmp_path) + native_commands(units)
    )


@pytest.fixture
def bridge(start, tmp_path: Path) -> Callable[[str, str], AttachedModel]:
    return lambda units, box: attach(
        start(framework_commands(units, box, tmp_path) + NO_PAIRS), model(), ELEMENTS
    )


def alone(units: str) -> float:
    """Return the energy of the molecule alone by the model, in LAMMPS' units."""
    [evaluation] = model().evaluate([CARBON_DIOXIDE])
    assert evaluation.energy_eV > 10  # so that it matters
    return evaluation.energy_eV / UNIT_STYLES[units].energy_eV


@pytest.mark.parametrize(("units", "box"), [("metal", "orthogonal"), ("real", "triclinic")])
def test_chains_are_those_of_the_pair_style(native, bridge, units: str, box: str) -> None:
    by_pairs, attached = native(units, box), bridge(units, box)
    by_pairs.command(exchange_command(units))
    attached.command(exchange_command(units, f"intra_energy {alone(units):.15g}"))
    unit_eV, intra = UNIT_STYLES[units].energy_eV, alone(units)
    most = 0
    for _ in range(30):
        by_pairs.command("run 1 post no")
        attached.command("run 1 post no")
        assert counters(attached.lammps) == counters(by_pairs)
        n_molecules = (by_pairs.get_natoms() - 27) // 3
        most = max(most, n_molecules)
        energy = attached.lammps.get_thermo("pe") - n_molecules * intra
        assert energy * unit_eV == pytest.approx(by_pairs.get_thermo("pe") * unit_eV, abs=1e-9)
    _, moved, _, inserted, _, deleted, _, turned, _ = counters(by_pairs)
    assert min(moved, inserted, deleted, turned) > 5
    assert most >= 3


def test_molecules_that_also_move_are_those_of_the_pair_style(native, bridge) -> None:
    by_pairs, attached = native("metal", "orthogonal"), bridge("metal", "orthogonal")
    intra = f"intra_energy {alone('metal'):.15g}"
    exchange = exchange_command("metal", "rigid body overlap_cutoff 1.5", n_moves=0)
    for give, rest in ((by_pairs.command, ""), (attached.command, intra)):
        give("fix body gas rigid/nvt/small molecule temp 300 300 0.1 mol co2")
        give(f"{exchange} {rest}")
        give("fix_modify body dynamic/dof yes")
    for _ in range(20):
        by_pairs.command("run 1 post no")
        attached.command("run 1 post no")
        assert counters(attached.lammps) == counters(by_pairs)
    assert attached.lammps.get_natoms() > 27
    apart = of_atoms(attached.lammps, "x") - of_atoms(by_pairs, "x")
    assert np.abs(apart - 15 * np.rint(apart / 15)).max() < 1e-9
    assert np.abs(of_atoms(by_pairs, "v")[27:]).max() > 0.1


def test_energies_are_enough_for_monte_carlo(start, tmp_path: Path, bridge) -> None:
    with_forces = bridge("metal", "orthogonal")
    lammps = start(framework_commands("metal", "orthogonal", tmp_path) + NO_PAIRS)
    energies_only = attach(lammps, model(), ELEMENTS, forces=False)
    for attached in (with_forces, energies_only):
        attached.command(exchange_command("metal", f"intra_energy {alone('metal'):.15g}"))
        attached.command("run 10")
    assert counters(lammps) == counters(with_forces.lammps)
    assert lammps.get_thermo("pe") == with_forces.lammps.get_thermo("pe")
    assert np.isnan(of_atoms(lammps, "f")).all()


def test_insertions_are_those_of_the_pair_style(native, bridge) -> None:
    by_pairs, attached = native("metal", "orthogonal"), bridge("metal", "orthogonal")
    command = "fix mc gas widom 1 100 0 4711 300 mol co2 full_energy"
    by_pairs.command(command)
    attached.command(f"{command} intra_energy {alone('metal'):.15g}")
    by_pairs.command("run 2")
    attached.command("run 2")
    for index in range(3):
        there, here = (each.extract_fix("mc", 0, 1, index) for each in (by_pairs, attached.lammps))
        assert here == pytest.approx(there, rel=1e-9)
    assert attached.evaluator.n_calls > 200


@pytest.mark.parametrize("style", ["gcmc", "widom"])
@pytest.mark.parametrize("units", ["metal", "real"])
def test_a_wrong_energy_of_the_molecule_alone_is_refused(bridge, units: str, style: str) -> None:
    right = alone(units)
    for rest in ("", f"intra_energy {right + 0.0011 / UNIT_STYLES[units].energy_eV:.9f}"):
        attached = bridge(units, "orthogonal")
        command = exchange_command(units, rest)
        if style == "widom":
            command = f"fix mc gas widom 1 10 0 4711 300 mol co2 full_energy {rest}"
        attached.command(command)
        with pytest.raises(
            LammpsError, match=f"fix mc {style} takes the energy of CO2 alone"
        ) as told:
            attached.command("run 10")
        assert f"Write `intra_energy {right:.6f}`" in str(told.value)
        assert attached.lammps.extract_global("ntimestep") == 1
    attached = bridge(units, "orthogonal")
    attached.command(f"variable e equal {right:.6f}")
    attached.command(exchange_command(units, "intra_energy ${e}"))
    attached.command("run 1")
    attached.command("unfix mc")
    attached.command(exchange_command(units, "intra_energy 0"))
    with pytest.raises(LammpsError, match="takes the energy of CO2 alone for 0"):
        attached.command("run 10")


def test_exchanges_without_full_energy_are_refused(bridge) -> None:
    attached = bridge("metal", "orthogonal")
    command = exchange_command("metal").replace(" full_energy", "")
    with pytest.raises(LammpsError, match="fix mc gcmc does not say full_energy"):
        attached.command(command)
    with pytest.raises(LammpsError, match="does not say full_energy"):
        attached.command(f'if "1 == 1" then "{command}"')


def test_exchanges_that_were_not_read_are_refused(bridge) -> None:
    attached = bridge("metal", "orthogonal")
    intra = f"intra_energy {alone('metal'):.9f}"
    attached.lammps.command(exchange_command("metal", intra))
    with pytest.raises(LammpsError, match="fix mc gcmc was given to LAMMPS itself"):
        attached.command("run 20")


def test_single_atoms_with_an_energy_of_their_own_are_refused(start, tiny_sevennet) -> None:
    atoms = """
units metal
atom_modify map yes
region box block 0 9 0 9 0 9
create_box 1 box
create_atoms 1 single 1 1 1
mass 1 15.999
group gas type 1
"""
    attached = attach(start(atoms + NO_PAIRS), tiny_sevennet, ["O"])
    attached.command("fix mc gas gcmc 1 5 0 1 5 300 -1 0.2 full_energy")
    with pytest.raises(LammpsError, match="LAMMPS has no intra_energy of single atoms"):
        attached.command("run 5")


def test_a_bridge_that_counts_what_is_deleted_on_trial_fails_its_test(
    monkeypatch: pytest.MonkeyPatch, bridge
) -> None:
    monkeypatch.setattr("nearsight.lammps.owned_atoms._IN_GROUP_ALL", -1)
    with pytest.raises(
        LammpsError, match=r"self-test of exchanges failed.*the guest was still there"
    ):
        bridge("metal", "orthogonal").command(exchange_command("metal"))
