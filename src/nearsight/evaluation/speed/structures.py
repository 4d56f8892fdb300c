"""Structures of many sizes: a gas of helium, and supercells of MOF-5."""

from collections.abc import Callable, Mapping

import numpy as np
from ase import Atoms

from nearsight.testing.structures import mof5

HELIUM, MOF5 = "helium", "MOF-5"
HELIUM_PER_A3 = 0.033
"""As in the thesis; the density of water molecules in water."""
_JITTER = 0.15
"""Of the distance of neighbours."""


def helium(n_atoms: int, seed: int = 0) -> Atoms:
    """Return helium atoms near places of a cubic lattice in a periodic cube."""
    edge_A = (n_atoms / HELIUM_PER_A3) ** (1 / 3)
    along = int(np.ceil(n_atoms ** (1 / 3) - 1e-9))
    step_A = edge_A / along
    places = np.stack(np.meshgrid(*[np.arange(along)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(places))[:n_atoms]
    positions = step_A * (places[chosen] + rng.normal(scale=_JITTER, size=(n_atoms, 3)))
    return Atoms(f"He{n_atoms}", positions, cell=[edge_A] * 3, pbc=True)


def structures(
    n_helium: tuple[int, ...], mof5_cells: tuple[tuple[int, int, int], ...]
) -> Mapping[str, Mapping[int, Callable[[], Atoms]]]:
    """Return for each material, by the number of atoms, what makes the structure.

    Parameters
    ----------
    n_helium
        Numbers of helium atoms, in increasing order.
    mof5_cells
        Repetitions of the primitive cell of MOF-5, in increasing order.
    """

    def cells_of(repeat: tuple[int, int, int]) -> Callable[[], Atoms]:
        return lambda: mof5() * repeat

    def gas_of(n_atoms: int) -> Callable[[], Atoms]:
        return lambda: helium(n_atoms)

    n_cell = len(mof5())
    return {
        HELIUM: {n_atoms: gas_of(n_atoms) for n_atoms in n_helium},
        MOF5: {n_cell * int(np.prod(each)): cells_of(each) for each in mof5_cells},
    }
