"""The idealised IRMOFs of the study of fragments."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import ase.io
import numpy as np
import pytest

from nearsight.structures.bonds import find_bonds
from nearsight.structures.symmetry import space_group

MOF5 = Path(__file__).parents[1] / "data" / "crystals" / "mof5_primitive.extxyz"


@pytest.mark.parametrize(
    ("twists", "formula", "symbol"),
    [
        ((0,), "C48H24O26Zn8", "Fm-3m"),
        ((0, 36), "C84H48O26Zn8", "F23"),
        ((0, 36, 0), "C120H72O26Zn8", "Fm-3"),
    ],
)
def test_formulas_bonds_and_space_groups(
    study: Callable[[str], ModuleType], twists: tuple[float, ...], formula: str, symbol: str
) -> None:
    atoms = study("irmof_cells").irmof(twists)
    assert atoms.get_chemical_formula() == formula
    assert space_group(atoms, 1e-2).symbol == symbol
    bonds = find_bonds(atoms)
    assert {len(bonds.metallic[atom]) for atom in np.flatnonzero(atoms.symbols == "Zn")} == {4}
    assert {len(bonds.covalent[atom]) for atom in np.flatnonzero(atoms.symbols == "C")} == {3}


def test_one_ring_is_mof5(study: Callable[[str], ModuleType]) -> None:
    built, relaxed = study("irmof_cells").irmof((0,)), ase.io.read(MOF5)
    expected, found = find_bonds(relaxed).lengths_A, find_bonds(built).lengths_A
    assert np.sort(found) == pytest.approx(np.sort(expected), abs=5e-3)
    assert built.get_volume() == pytest.approx(relaxed.get_volume(), rel=1e-3)
