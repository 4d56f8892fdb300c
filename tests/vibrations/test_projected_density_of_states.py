"""Projected densities: their sums, phonopy's own, and what images must have alike."""

import json

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from numpy.testing import assert_allclose
from scipy.integrate import simpson

from nearsight.hessian.force_constants import force_constants
from nearsight.hessian.matrix import hessian
from nearsight.hessian.supercell_hessian import from_hessian
from nearsight.vibrations.mesh_density_of_states import mesh_density_of_states
from nearsight.vibrations.phonon_mesh import phonon_mesh
from nearsight.vibrations.projected_density_of_states import projected_density_of_states

STABLE_A = 3.7494662305  # where rocksalt has its lowest energy with the pair potential


def crystals(pair_model, spring_crystal):
    cubic = bulk("MgO", "rocksalt", a=STABLE_A, cubic=True)
    isotopes = cubic.copy()
    masses = isotopes.get_masses()
    masses[0] = 26.0
    isotopes.set_masses(masses)
    wurtzite = bulk("MgO", "wurtzite", a=2.6, c=4.3)
    return {
        "cubic cell": force_constants(cubic, pair_model(), (1, 1, 1), method="rows"),
        "isotopes": force_constants(isotopes, pair_model(), (1, 1, 1), method="rows"),
        "wurtzite": force_constants(wurtzite, pair_model(), (2, 2, 2), method="rows"),
        "no symmetry": from_hessian(spring_crystal()),
    }


@pytest.fixture(scope="module", params=["cubic cell", "isotopes", "wurtzite", "no symmetry"])
def constants(request, pair_model, spring_crystal):
    return crystals(pair_model, spring_crystal)[request.param]


@pytest.mark.parametrize("mesh", [(1, 1, 1), (4, 4, 3)])
def test_parts_are_the_total_which_counts_every_mode_once(constants, mesh):
    phonons = phonon_mesh(constants, mesh)
    found = projected_density_of_states(constants, phonons)
    total = mesh_density_of_states(phonons)
    assert_allclose(found.frequencies_THz, total.frequencies_THz)
    assert_allclose(sum(found.by_element_per_THz.values()), found.total_per_THz, rtol=1e-12)
    # A mode at the edge of a bin may fall into the next one, a tenth of a percent of a width on.
    highest = total.states_per_THz.max()
    assert_allclose(found.total_per_THz, total.states_per_THz, atol=2e-3 * highest)
    n_modes = 3 * len(constants.unit_cell)
    assert simpson(found.total_per_THz, x=found.frequencies_THz) == pytest.approx(n_modes, rel=1e-4)
    for part in found.by_atom_per_THz:  # each atom moves in three directions
        assert simpson(part, x=found.frequencies_THz) == pytest.approx(3, rel=1e-4)


def test_parts_of_atoms_are_those_of_phonopy_on_the_whole_mesh(constants):
    numbers = (4, 4, 3)
    phonons = phonon_mesh(constants, numbers)
    found = projected_density_of_states(constants, phonons)
    phonon = constants.to_phonopy()
    phonon.run_mesh(numbers, is_mesh_symmetry=False, with_eigenvectors=True, is_gamma_center=True)
    theirs = phonon.run_projected_dos(
        sigma=found.width_THz,
        freq_min=found.frequencies_THz[0],
        freq_max=found.frequencies_THz[-1] + 1e-9,
        freq_pitch=np.diff(found.frequencies_THz)[0],
        use_tetrahedron_method=False,
    )
    positions = phonon.primitive.positions
    for atom, density in enumerate(found.by_atom_per_THz):
        apart = np.linalg.solve(
            phonon.primitive.cell.T, (positions - found.atoms.positions[atom]).T
        ).T
        [same] = np.flatnonzero(np.abs(apart - np.round(apart)).max(axis=1) < 1e-5)
        grid = np.asarray(theirs.frequency_points)
        expected = np.interp(found.frequencies_THz, grid, theirs.projected_dos[same])
        assert_allclose(density, expected, atol=2e-3 * expected.max())


def test_equivalent_atoms_have_alike_parts_and_isotopes_other_ones(pair_model, spring_crystal):
    every = crystals(pair_model, spring_crystal)
    wurtzite = every["wurtzite"]
    found = projected_density_of_states(wurtzite, phonon_mesh(wurtzite, (3, 3, 2)))
    for symbol in ("Mg", "O"):
        one, other = (
            density
            for density, each in zip(
                found.by_atom_per_THz, found.atoms.get_chemical_symbols(), strict=True
            )
            if each == symbol
        )
        assert_allclose(one, other, atol=2e-3 * one.max())
    heavy = every["isotopes"]
    found = projected_density_of_states(heavy, phonon_mesh(heavy, (2, 2, 2)))
    magnesium = found.by_atom_per_THz[np.array(found.atoms.get_chemical_symbols()) == "Mg"]
    assert np.abs(magnesium[0] - magnesium[1]).max() > 0.1 * magnesium.max()


def test_what_moves_rigidly_in_a_box_is_no_state(pair_model):
    box = Atoms("Mg2", [[0, 0, 0], [0, 0, 2.6]], cell=[12.0, 12.0, 12.0], pbc=True)
    constants = from_hessian(hessian(box, pair_model(), method="rows"))
    phonons = phonon_mesh(constants, (2, 2, 2))
    found = projected_density_of_states(constants, phonons)
    total = mesh_density_of_states(phonons)
    n_modes = simpson(total.states_per_THz, x=total.frequencies_THz)
    assert simpson(found.total_per_THz, x=found.frequencies_THz) == pytest.approx(n_modes, abs=1e-3)
    assert_allclose(found.by_atom_per_THz[0], found.by_atom_per_THz[1], atol=1e-6)


def test_summary_is_json(constants):
    found = projected_density_of_states(constants, phonon_mesh(constants, (2, 2, 2)))
    summary = json.loads(json.dumps(found.summary(), allow_nan=False))
    parts = np.array(list(summary["by_element_states_per_THz"].values()))
    assert_allclose(parts.sum(axis=0), summary["total_states_per_THz"])
    assert len(summary["by_atom_states_per_THz"]) == len(summary["elements_of_atoms"])
    assert_allclose(
        np.array(summary["wavenumbers_per_cm"]), 33.35640952 * np.array(summary["frequencies_THz"])
    )
