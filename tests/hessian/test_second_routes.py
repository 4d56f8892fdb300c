"""The same Hessian through ASE's vibrations and phonopy's symmetry-reduced displacements."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.vibrations import Vibrations
from phonopy import Phonopy
from phonopy.structure.atoms import PhonopyAtoms

from nearsight import units
from nearsight.hessian.matrix import hessian
from nearsight.models.calculator import ModelCalculator
from nearsight.models.contract import Model


def test_ases_differences_converge_to_it(
    network: Model, displaced_water: Atoms, tmp_path: Path
) -> None:
    exact = hessian(displaced_water, network).symmetric()

    def by_ase(delta_A: float) -> np.ndarray:
        atoms = displaced_water.copy()
        atoms.calc = ModelCalculator(network)
        vibrations = Vibrations(atoms, name=str(tmp_path / f"vib-{delta_A}"), delta=delta_A)
        vibrations.run()
        return vibrations.get_vibrations().get_hessian_2d()

    coarse, fine = by_ase(2e-3), by_ase(1e-3)
    errors = [np.abs(matrix - exact).max() for matrix in (coarse, fine)]
    # Central differences are off by a multiple of the squared step: halving it quarters the error,
    assert errors[0] / errors[1] == pytest.approx(4, abs=0.05)
    assert errors[1] < 1e-3 * np.abs(exact).max()
    # and what both have in common is free of it.
    assert np.abs((4 * fine - coarse) / 3 - exact).max() < 1e-5


def test_phonopys_force_constants_of_one_cell(network: Model, alpha_quartz: Atoms) -> None:
    own = hessian(alpha_quartz, network, "rows")
    assert own.rows_needed == 5
    phonon = Phonopy(
        PhonopyAtoms(
            symbols=alpha_quartz.get_chemical_symbols(),
            cell=alpha_quartz.cell.array,
            positions=alpha_quartz.positions,
        ),
        supercell_matrix=np.eye(3, dtype=int),
    )
    phonon.generate_displacements(distance=1e-4, is_plusminus=True)
    displaced = [
        Atoms(cell.symbols, cell=cell.cell, positions=cell.positions, pbc=True)
        for cell in phonon.supercells_with_displacements
    ]
    assert len(displaced) < 27  # phonopy's symmetry stands for the rest
    phonon.forces = [e.forces_eV_per_A for e in network.evaluate(displaced)]
    phonon.produce_force_constants()
    found = phonon.force_constants.transpose(0, 2, 1, 3)
    assert np.abs(found - own.matrix_eV_per_A2).max() < 1e-4
    [frequencies] = phonon.run_qpoints([[0, 0, 0]]).frequencies
    masses = np.repeat(phonon.masses, 3)
    eigenvalues = np.linalg.eigvalsh(own.symmetric() / np.sqrt(np.outer(masses, masses)))
    wavenumbers = units.wavenumbers_per_cm(eigenvalues)
    terahertz = units.mode_energies(eigenvalues) * units.EV_IN_THZ
    assert wavenumbers.max() > 1000
    # The three translations are zero but for rounding, which the square root makes visible.
    moving = np.abs(wavenumbers) > 5
    assert moving.sum() == 24
    np.testing.assert_allclose(terahertz[moving], np.sort(frequencies)[moving], atol=1e-3)


def test_ase_finds_the_same_frequencies_in_it(network: Model, displaced_water: Atoms) -> None:
    own = hessian(displaced_water, network)
    masses = np.repeat(displaced_water.get_masses(), 3)
    eigenvalues = np.linalg.eigvalsh(own.symmetric() / np.sqrt(np.outer(masses, masses)))
    frequencies = own.to_ase().get_frequencies()
    signed = np.sort(frequencies.real - frequencies.imag)
    np.testing.assert_allclose(signed, units.wavenumbers_per_cm(eigenvalues), rtol=1e-6, atol=1e-3)
