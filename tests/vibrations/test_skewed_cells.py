"""Phonons of a crystal in a very skewed cell are those of the crystal, at the same cost."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.hessian.files.phonopy_results import read_phonopy, write_phonopy
from nearsight.hessian.force_constants import force_constants
from nearsight.models.registry import load_model
from nearsight.vibrations.phonon_mesh import phonon_mesh
from nearsight.vibrations.thermodynamics import thermodynamics

MESH_A = 20.0
ROCKSALT = bulk("MgO", "rocksalt", a=3.7494662305)


def phonons_of(atoms, model):
    constants = force_constants(atoms, model)
    return constants, phonon_mesh(constants, MESH_A)


def heat(phonons):
    return thermodynamics(phonons, [100.0, 300.0], "classical").heat_capacity_J_per_g_K


@pytest.fixture(params=["primitive", "conventional", "quartz", "isotope"])
def crystal(request, alpha_quartz):
    if request.param == "quartz":
        return alpha_quartz
    if request.param == "primitive":
        return ROCKSALT.copy()
    cubic = bulk("MgO", "rocksalt", a=3.7494662305, cubic=True)
    if request.param == "isotope":
        cubic.set_masses([100.0, *cubic.get_masses()[1:]])
    return cubic


@pytest.mark.parametrize("seed", [1, 2])
def test_same_numbers_from_the_same_number_of_rows(crystal, pair_model, skewed, seed):
    usual, skew = (phonons_of(atoms, pair_model()) for atoms in (crystal, skewed(crystal, seed)))
    assert len(skew[0].supercell) == len(usual[0].supercell)
    assert skew[0].rows_needed == usual[0].rows_needed
    assert skew[0].boundary_eV_per_A2 == pytest.approx(usual[0].boundary_eV_per_A2, rel=1e-9)
    assert sorted(skew[1].mesh) == sorted(usual[1].mesh)
    assert len(skew[1].weights) == len(usual[1].weights)
    np.testing.assert_allclose(heat(skew[1]), heat(usual[1]), rtol=1e-9)
    assert skew[1].interpolation_effect == pytest.approx(usual[1].interpolation_effect, abs=1e-9)


def test_results_stay_in_the_given_cell(pair_model, skewed, tmp_path):
    given = skewed(ROCKSALT, 3)
    constants, phonons = phonons_of(given, pair_model())
    np.testing.assert_array_equal(constants.unit_cell.cell.array, given.cell.array)
    np.testing.assert_array_equal(constants.unit_cell.positions, given.positions)
    np.testing.assert_allclose(
        constants.supercell.cell.array, constants.supercell_matrix @ given.cell.array, atol=1e-9
    )
    # phonopy alone gets the reduced cell, with the same atoms at the same places
    phonon = constants.to_phonopy()
    np.testing.assert_allclose(phonon.unitcell.positions, given.positions, atol=1e-9)
    np.testing.assert_array_equal(
        phonon.supercell_matrix, np.diag(np.diag(phonon.supercell_matrix))
    )
    write_phonopy(tmp_path / "phonopy.yaml", constants)
    again = phonon_mesh(read_phonopy(tmp_path / "phonopy.yaml"), phonons.mesh)
    np.testing.assert_allclose(heat(again), heat(phonons), rtol=1e-7)


def test_asked_repeats_are_those_of_the_given_cell(pair_model, skewed):
    given = skewed(ROCKSALT, 4)
    constants = force_constants(given, pair_model(), (2, 1, 1))
    np.testing.assert_array_equal(constants.supercell_matrix, np.diag([2, 1, 1]))


def test_layers_and_chains_are_repeated_alike(pair_model, skewed):
    sheet = Atoms(
        "MgO",
        positions=[(0.0, 0.0, 0.0), (1.9, 1.9, 0.0)],
        cell=[[3.8, 0, 0], [0, 3.8, 0], [0, 0, 0]],
        pbc=(True, True, False),
    )
    usual, skew = (force_constants(atoms, pair_model()) for atoms in (sheet, skewed(sheet, 5)))
    assert len(skew.supercell) == len(usual.supercell) == 18
    assert skew.rows_needed == usual.rows_needed
    np.testing.assert_allclose(
        skew.at_gamma().matrix_eV_per_A2, usual.at_gamma().matrix_eV_per_A2, atol=1e-10
    )


@pytest.mark.parametrize(
    "shears",
    [
        [[1, 0, 0], [7, 1, 0], [35, 5, 1]],
        [[1, 0, 0], [137, 1, 0], [2051, -89, 1]],
    ],
)
def test_ordered_alloy_in_a_very_skewed_cell(shears):
    """An ASE calculator, which finds its own neighbours."""
    model = load_model("ase:emt")
    usual = bulk("Cu", "fcc", a=3.85, cubic=True)
    usual.symbols[0] = "Au"
    usual.cell = np.diag([3.75, 3.85, 3.95])
    skew = usual.copy()
    skew.cell = np.array(shears) @ usual.cell.array
    found = [phonons_of(atoms, model) for atoms in (usual, skew)]
    assert len(found[0][0].supercell) == len(found[1][0].supercell) == 4 * 27
    np.testing.assert_allclose(heat(found[1][1]), heat(found[0][1]), rtol=1e-8)
