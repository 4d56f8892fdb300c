"""Atoms that are far apart get the same colour, so that one vector can probe all of them."""

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.errors import MethodError
from nearsight.structures.neighbours import neighbour_pairs
from nearsight.structures.reduced_cell import reduced_widths_A


def colour_atoms(atoms: Atoms, radius_A: float) -> NDArray[np.int64]:
    """Return the colour of each atom; atoms of equal colour are farther apart than `radius_A`.

    The number of colours depends on how dense the structure is, not on how large. A greedy
    colouring of networkx, smallest degree last.

    Parameters
    ----------
    atoms
        The structure; distances are those of the nearest images.
    radius_A
        The probing radius in Å.

    Returns
    -------
    NDArray[np.int64]
        Colours from 0 on, shape ``(n_atoms,)``.

    Raises
    ------
    MethodError
        The radius is not positive, or more than half the width of the cell: an atom would have to
        be apart from its own images.
    """
    import networkx

    _require_radius(atoms, radius_A)
    first, second, _ = neighbour_pairs(atoms, radius_A)
    graph = networkx.Graph()
    graph.add_nodes_from(range(len(atoms)))
    graph.add_edges_from((int(a), int(b)) for a, b in zip(first, second, strict=True) if a < b)
    found = networkx.greedy_color(graph, strategy="smallest_last")
    return np.array([found[atom] for atom in range(len(atoms))], dtype=np.int64)


def _require_radius(atoms: Atoms, radius_A: float) -> None:
    if not 0.0 < radius_A < np.inf:
        raise MethodError(f"`radius_A` is a positive length in Å such as 4.0, not {radius_A}.")
    if not atoms.pbc.any():
        return
    width = reduced_widths_A(atoms).min()
    if radius_A > width / 2:
        raise MethodError(
            f"a probing radius of {radius_A:g} Å is more than half the width of the cell, "
            f"{width:.2f} Å: its atoms would not be far from their own images. So small a "
            f"cell needs no probing: use all of its rows (`spectrum` dense), or a supercell of it."
        )
