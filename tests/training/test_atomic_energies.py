"""Energies of atoms: exact where total energies are sums of them."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import MethodError
from nearsight.training.atomic_energies import (
    atomic_energies,
    beyond_fit,
    composition,
    mean_and_spread_eV_per_atom,
)
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


def test_what_a_fit_explains_leaves_no_spread() -> None:
    """Rounding is none, and the smallest that labels have is one."""
    structures = [
        replace(structure(each), energy_eV=energy)
        for each, energy in (("H2O", -456.123), ("H3O5", -2189.77), ("HO", -443.21))
    ]
    fitted = atomic_energies(structures[:2], ("H", "O"), {})
    mean, spread = mean_and_spread_eV_per_atom(structures[:2], fitted)
    assert spread == 0.0
    assert mean == pytest.approx(0.0, abs=1e-10)
    free = {"H": -13.0, "O": -430.0}
    per_atom = np.array([-0.123 / 3, -0.77 / 8, -0.21 / 2])
    of_all = mean_and_spread_eV_per_atom(structures, free)
    assert of_all == pytest.approx((per_atom.mean(), per_atom.std()), rel=1e-9)
    little = [replace(structure("H2O"), energy_eV=-456.0 + each) for each in (-1e-6, 1e-6)]
    assert mean_and_spread_eV_per_atom(little, free)[1] == pytest.approx(1e-6 / 3, rel=1e-3)


@pytest.mark.parametrize(
    ("learnt", "beyond"),
    [
        (["H2O"] * 3, ["H2", "H2O2", "O3"]),
        (["H2O", "H4O2"], ["H2", "H2O2", "O3"]),
        (["H2O", "H2O2"], []),
        (["H2O", "H2O2", "H200O2"], []),
    ],
)
def test_what_a_fit_leaves_open_is_what_it_gets_wrong(learnt: list[str], beyond: list[str]) -> None:
    """Total energies are sums of atoms here, so that a fit has all that it determines exactly."""
    structures, symbols = [structure(each) for each in learnt], ("H", "O")
    others = [structure(each) for each in ("H2O", "H2", "H2O2", "O3", "H6O3")]
    undetermined = beyond_fit(structures, others, symbols)
    assert [each.atoms.get_chemical_formula() for each in undetermined] == beyond
    fitted = np.array(list(atomic_energies(structures, symbols, {}).values()))
    errors = composition(others, symbols) @ fitted - [each.energy_eV for each in others]
    wrong = [each for each, error in zip(others, errors, strict=True) if abs(error) > 1e-6]
    assert wrong == undetermined


def test_given_ones_are_taken_as_they_are() -> None:
    structures = [structure("H2O")]
    assert atomic_energies(structures, ("H", "O"), {"O": 1.0, "H": 2.0}) == {"H": 2.0, "O": 1.0}
    with pytest.raises(MethodError, match="are of O, and the data has H, O"):
        atomic_energies(structures, ("H", "O"), {"O": 1.0})
