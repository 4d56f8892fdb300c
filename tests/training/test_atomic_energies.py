"""Energies of atoms: exact where total energies are sums of them."""

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import MethodError
from nearsight.training.atomic_energies import atomic_energies, composition
from nearsight.training.labelled import LabelledStructure

ENERGIES = {"H": -13.0, "O": -430.0}


def structure(symbols: str) -> LabelledStructure:
    atoms = Atoms(symbols)
    energy = sum(ENERGIES[symbol] for symbol in atoms.get_chemical_symbols())
    return LabelledStructure(0, atoms, energy, np.zeros((len(atoms), 3)))


def test_sums_of_atoms_are_taken_apart() -> None:
    structures = [structure(each) for each in ("H2O", "H2", "O2", "H2O2")]
    fitted = atomic_energies(structures, ("H", "O"), {})
    assert fitted == pytest.approx(ENERGIES, rel=1e-12)


def test_one_composition_leaves_nothing_over() -> None:
    structures = [structure("H2O")] * 3
    fitted = atomic_energies(structures, ("H", "O"), {})
    left = composition(structures, ("H", "O")) @ list(fitted.values())
    assert left == pytest.approx(-456.0)


def test_given_ones_are_taken_as_they_are() -> None:
    structures = [structure("H2O")]
    assert atomic_energies(structures, ("H", "O"), {"O": 1.0, "H": 2.0}) == {"H": 2.0, "O": 1.0}
    with pytest.raises(MethodError, match="are of O, and the data has H, O"):
        atomic_energies(structures, ("H", "O"), {"O": 1.0})
