"""The primitive cell of force constants, and what isotopes make of it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.hessian.force_constants import force_constants
from nearsight.hessian.matrix import hessian
from nearsight.vibrations.modes import vibrations
from nearsight.vibrations.phonon_mesh import phonon_mesh


@pytest.fixture
def cubic() -> Atoms:
    """Eight atoms of rocksalt, four primitive cells."""
    return bulk("MgO", "rocksalt", a=3.75, cubic=True)


def test_conventional_cell_has_a_smaller_primitive_one(
    pair_model: Callable[..., Any], cubic: Atoms
) -> None:
    constants = force_constants(cubic, pair_model(), (1, 1, 1))
    assert len(constants.primitive_atoms) == 2
    assert len(constants.rotations) == 48
    assert np.linalg.det(constants.primitive_vectors) == pytest.approx(1 / 4)


def test_isotope_in_one_copy_keeps_the_unit_cell_whole(
    pair_model: Callable[..., Any], cubic: Atoms
) -> None:
    masses = cubic.get_masses()
    masses[0] = 100.0
    cubic.set_masses(masses)
    constants = force_constants(cubic, pair_model(), (1, 1, 1))
    assert len(constants.primitive_atoms) == 8
    assert constants.rows_needed == 2
    on_mesh = phonon_mesh(constants, (1, 1, 1)).eigenvalues_eV_per_A2_amu[0]
    at_gamma = vibrations(hessian(cubic, pair_model(), "rows", row_symmetry_A=None))
    np.testing.assert_allclose(on_mesh, at_gamma.unprojected_eigenvalues_eV_per_A2_amu, atol=1e-10)


def test_isotope_of_one_site_leaves_translations_but_no_rotations(
    pair_model: Callable[..., Any], alpha_quartz: Atoms
) -> None:
    masses = alpha_quartz.get_masses()
    masses[int(np.flatnonzero(alpha_quartz.symbols == "Si")[0])] = 30.0
    alpha_quartz.set_masses(masses)
    supercell = alpha_quartz.repeat((2, 1, 1))
    constants = force_constants(supercell, pair_model(), (1, 1, 1))
    assert (len(constants.primitive_atoms), len(constants.rotations)) == (9, 1)
