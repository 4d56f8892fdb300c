"""The least energy of a molecule at each place of a cell, by a force field.

What can be entered is a matter of shape, for which a force field is good enough, whatever the model
is: UFF without charges (A. K. Rappé et al., J. Am. Chem. Soc. 1992, 114, 10024). The energy of each
kind of site is computed once at every voxel; a molecule is turned on that grid.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from ase import Atoms
from scipy.ndimage import map_coordinates

from nearsight.adsorption.gases import Gas
from nearsight.adsorption.orientations import rotation_matrices, uniform_quaternions
from nearsight.arrays import FloatArray, IntArray
from nearsight.models.contract import HostField, HostingModel
from nearsight.models.registry import load_model
from nearsight.structures.molecules import SITE_TYPE, as_framework
from nearsight.units import BOLTZMANN_EV_PER_K

FORCE_FIELD: Final = "forcefield:uff+helium?coulomb=no"
METHOD: Final = "an energy grid of UFF"
BARRIER: Final = 15.0
"""Times k_B T that a molecule is taken to overcome in the time of an experiment (J. Kim, R. L.
Martin, O. Rübel, M. Haranczyk, B. Smit, J. Chem. Theory Comput. 2012, 8, 1684)."""
_SPACING_A = 0.4
_MOST_VOXELS = 40_000
_ROTATIONS = 30
_HIGHEST_EV = 20.0
"""Energies are cut there, so that a wall does not reach into the next voxel when they are
interpolated."""
_HELIUM = "He_void"
HELIUM_K: Final = 298.0


@dataclass(frozen=True, eq=False)
class EnergyGrid:
    """What a force field says of a framework."""

    least_eV: FloatArray
    """Least energy of the molecule over rotations at the middle of each voxel of the cell."""
    helium_void_fraction: float
    """Mean of exp(-U/kT) of a helium atom at 298 K (O. Talu, A. L. Myers, Colloids Surf. A 2001,
    187, 83)."""
    spacing_A: float
    """Largest edge of a voxel."""


def energy_grid(host: Atoms, gas: Gas) -> EnergyGrid:
    """Return the least energies of a gas in a framework, by UFF without charges.

    Parameters
    ----------
    host
        One cell of the framework.
    gas
        The molecule.

    Raises
    ------
    ModelError
        UFF does not know an element, or cannot be computed here.
    """
    model = load_model(FORCE_FIELD, device="cpu")
    assert isinstance(model, HostingModel)
    field = model.in_host(as_framework(host))
    cell_A: FloatArray = host.cell.array
    lengths_A = np.linalg.norm(cell_A, axis=1)
    spacing_A = max(_SPACING_A, float((host.get_volume() / _MOST_VOXELS) ** (1 / 3)))
    shape: IntArray = np.maximum(1, np.ceil(lengths_A / spacing_A)).astype(np.int64)
    symbols = gas.atoms.get_chemical_symbols()
    by_element = {
        symbol: _site_energies(field, symbol, cell_A, shape)
        for symbol in {*symbols, _HELIUM} - {"X"}  # a site without an element has no size
    }
    helium = np.exp(-by_element[_HELIUM] / (BOLTZMANN_EV_PER_K * HELIUM_K))
    return EnergyGrid(
        _least(by_element, symbols, gas.sites_A, cell_A),
        float(helium.mean()),
        float((lengths_A / shape).max()),
    )


def _site_energies(
    field: HostField, symbol: str, cell_A: FloatArray, shape: IntArray
) -> FloatArray:
    places = (np.array(list(np.ndindex(*shape))) + 0.5) / shape @ cell_A
    site = Atoms("He" if symbol == _HELIUM else symbol)
    site.set_array(SITE_TYPE, np.array([symbol]))
    energies = field.energies_eV(site, places[:, np.newaxis])
    cut: FloatArray = np.minimum(energies, _HIGHEST_EV).reshape(tuple(shape))
    return cut


def _least(
    by_element: dict[str, FloatArray],
    symbols: list[str],
    sites_A: FloatArray,
    cell_A: FloatArray,
) -> FloatArray:
    some = next(iter(by_element.values()))
    shape = np.array(some.shape)
    middles = np.indices(some.shape)
    to_voxels = np.linalg.inv(cell_A) * shape
    n = _ROTATIONS if len(sites_A) > 1 else 1
    turned = rotation_matrices(uniform_quaternions(n, np.random.default_rng(0)))
    least: FloatArray = np.full(some.shape, np.inf)
    for rotation in turned:
        energies = np.zeros(some.shape)
        for symbol, site_A in zip(symbols, sites_A @ rotation.T, strict=True):
            if symbol in by_element:
                at = middles + (site_A @ to_voxels)[:, np.newaxis, np.newaxis, np.newaxis]
                energies += map_coordinates(by_element[symbol], at, order=1, mode="grid-wrap")
        np.minimum(least, energies, out=least)
    return least
