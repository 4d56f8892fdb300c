"""The structures of the examination."""

from collections.abc import Mapping

import numpy as np
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.models.contract import Model
from nearsight.models.evaluable import unknown_elements
from nearsight.testing.structures import displaced, mof5

_N_CARBON = 16
_CC_A, _CH_A, _ANGLE = 1.53, 1.10, np.radians(109.5)


def small_structures() -> dict[str, Atoms]:
    """Return structures of a few atoms off their symmetric places, so that nothing cancels."""
    cell = bulk("MgO", "rocksalt", a=4.25, cubic=True)
    return {"MgO": displaced(cell), "CO2": displaced(molecule("CO2")), "H2O": molecule("H2O")}


def wide_structures() -> dict[str, Atoms]:
    """Return structures in which forces could reach far from the first atom."""
    rocksalt = bulk("MgO", "rocksalt", a=4.25, cubic=True)
    return {"alkane": alkane(_N_CARBON), "MgO": rocksalt.repeat(2), "MOF-5": mof5()}


def alkane(n_carbon: int) -> Atoms:
    """Return an all-trans alkane, its first atom the carbon at an end."""
    half = _ANGLE / 2
    rise, run = _CC_A * np.cos(half), _CC_A * np.sin(half)
    places = np.array([(n * run, (n % 2) * rise, 0.0) for n in range(n_carbon)])
    hydrogen = []
    for place, (x, y, _) in enumerate(places):
        outwards = 1.0 if place % 2 else -1.0
        up, side = _CH_A * np.cos(half) * outwards, _CH_A * np.sin(half)
        hydrogen += [(x, y + up, side), (x, y + up, -side)]
    for place, way in ((0, -1.0), (n_carbon - 1, 1.0)):
        inwards = 1.0 if place % 2 == 0 else -1.0
        bond = np.array([way * np.sin(half), inwards * np.cos(half), 0.0])
        hydrogen.append(tuple(places[place] + _CH_A * bond))
    symbols = ["C"] * n_carbon + ["H"] * len(hydrogen)
    return Atoms(symbols, positions=[*places.tolist(), *hydrogen])


def known(
    structures: Mapping[str, Atoms], names: tuple[str, ...], model: Model
) -> dict[str, Atoms]:
    """Return those of some names that a model may be asked about."""
    periodic = model.capabilities.periodic
    return {
        name: structures[name]
        for name in names
        if not unknown_elements(structures[name], model)
        and (periodic or not structures[name].pbc.any())
    }
