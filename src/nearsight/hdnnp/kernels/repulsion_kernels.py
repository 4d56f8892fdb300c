"""Kernels of the repulsion that networks are added to."""

from typing import NamedTuple

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.compiling import compiled
from nearsight.hdnnp.potential import Potential
from nearsight.hdnnp.zbl import RATES, SHARES, ZBL


class RepulsionTables(NamedTuple):
    """Repulsion of pairs in Å and eV; see `ZBL` and `nearsight.hdnnp.born_mayer.BornMayer`."""

    nuclei: FloatArray
    """Of each two elements, shape ``(n_elements, n_elements, 5)``; 0 for those without."""
    shares: FloatArray
    rates: FloatArray
    inner_A: float
    outer_A: float
    """Those of screened nuclei."""
    walls: FloatArray
    """Of each two elements, shape ``(n_elements, n_elements, 3)``; 0 for those without."""


def repulsion_tables(potential: Potential) -> RepulsionTables | None:
    """Return the tables of a potential's repulsion; None if it has none."""
    repulsion, symbols = potential.repulsion, potential.symbols
    if repulsion is None:
        return None
    if isinstance(repulsion, ZBL):
        nuclei, walls = repulsion, np.zeros((len(symbols), len(symbols), 3))
    else:
        nuclei, walls = repulsion.nuclei, repulsion.wall_table(symbols)
    return RepulsionTables(
        repulsion.table(symbols),
        np.array(SHARES),
        np.array(RATES),
        nuclei.inner_A,
        nuclei.outer_A,
        walls,
    )


@compiled
def add_repulsion(
    tables: RepulsionTables,
    length_A: float,
    elements: IntArray,
    ranges: IntArray,
    of_neighbours: IntArray,
    vectors: FloatArray,
    distances: FloatArray,
    atomic_energies: FloatArray,
    gradients: FloatArray,
) -> None:
    """Add the repulsion to energies of atoms, in eV, and to their derivatives by vectors.

    Each atom has half of that of its pairs. `gradients` is of the shape of `vectors`, or empty
    where no derivatives are asked for; lengths are in the unit that `length_A` is.
    """
    width = tables.outer_A - tables.inner_A
    for i in range(len(elements)):
        energy = 0.0
        for p in range(ranges[i], ranges[i + 1]):
            r = distances[p] * length_A
            parameters = tables.nuclei[elements[i], of_neighbours[p]]
            value, slope = 0.0, 0.0
            if r < tables.outer_A and parameters[0] > 0.0:
                value = parameters[4]
                for k in range(len(tables.shares)):
                    rate = tables.rates[k] * parameters[1]
                    term = parameters[0] * tables.shares[k] * np.exp(-rate * r) / r
                    value += term
                    slope -= term * (1.0 / r + rate)
                x = min(r - tables.inner_A, width)
                if x > 0.0:
                    value += (parameters[2] + parameters[3] * x) * x**3
                    slope += (3.0 * parameters[2] + 4.0 * parameters[3] * x) * x**2
            onset, strength, steepness = tables.walls[elements[i], of_neighbours[p]]
            if r < onset:
                y = steepness * (onset - r)
                value += strength * (np.exp(y) - 1.0 - y - 0.5 * y * y)
                slope -= strength * steepness * (np.exp(y) - 1.0 - y)
            energy += 0.5 * value
            if len(gradients):
                factor = 0.5 * slope * length_A / distances[p]
                for axis in range(3):
                    gradients[p, axis] += factor * vectors[p, axis]
        atomic_energies[i] += energy
