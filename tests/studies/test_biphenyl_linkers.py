"""IRMOF-10 as it is built from MOF-5."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

from nearsight.structures import check_structure, space_group
from nearsight.testing.structures import mof5


def test_linkers_have_two_rings_and_the_rotations_are_kept(
    study: Callable[[str], ModuleType],
) -> None:
    grown = study("biphenyl_linkers").with_biphenyl_linkers(mof5())
    check_structure(grown)
    assert str(grown.symbols.get_chemical_formula()) == "C84H48O26Zn8"
    assert space_group(grown).symbol == "F432"
    # Measured: 34.281 Å (Eddaoudi et al., Science 2002, 295, 469, DOI 10.1126/science.1067208).
    assert np.cbrt(4 * grown.cell.volume) == pytest.approx(34.281, abs=0.15)


def test_bonds_are_those_of_biphenyl(study: Callable[[str], ModuleType]) -> None:
    grown = study("biphenyl_linkers").with_biphenyl_linkers(mof5())
    distances = grown.get_all_distances(mic=True)
    np.fill_diagonal(distances, np.inf)
    carbon = grown.numbers == 6
    bonds = distances[np.ix_(carbon, carbon)]
    between = np.isclose(bonds, 1.49, atol=2e-3)
    assert between.sum() == 2 * 6  # one for each linker, from both ends
    # Each ring carbon has three neighbours, and nothing else comes near it.
    neighbours = (distances[carbon] < 1.7).sum(axis=1)
    assert (neighbours == 3).all()
    assert distances.min() > 1.05


def test_flat_linkers_keep_the_mirror_planes(study: Callable[[str], ModuleType]) -> None:
    flat = study("biphenyl_linkers").with_biphenyl_linkers(mof5(), twist_degrees=0.0)
    assert space_group(flat).symbol == "Fm-3m"
