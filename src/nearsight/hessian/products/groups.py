"""Groups of atoms with the surroundings that their energies depend on.

A model whose energy is a sum of atomic energies of finite reach has E = Σ_g E_g, and E_g depends on
the atoms of group g and on those within the receptive field. Derivatives of one E_g after the other
need the memory of the largest group only, and their sum is exact.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.structures.reduced_cell import periodic_cell, reduced_basis

_SLACK_A = 1e-6


@dataclass(frozen=True)
class Group:
    """Some atoms of a structure and everything that their energies depend on."""

    cluster: Atoms
    """The atoms with their surroundings, not periodic; images are atoms of their own."""
    parents: NDArray[np.int64]
    """Which atom of the structure each atom of the cluster is, or is an image of."""
    centres: NDArray[np.int64]
    """Which atoms of the cluster are the group itself."""


def group_atoms(atoms: Atoms, n_groups: int, reach_A: float) -> list[Group]:
    """Divide a structure into groups that are compact in space, with their surroundings.

    Parameters
    ----------
    atoms
        The structure.
    n_groups
        How many groups; they differ by at most one atom per halving.
    reach_A
        The receptive field: how far an atomic energy sees.
    """
    from scipy.spatial import cKDTree

    wrapped = atoms.copy()
    wrapped.cell = reduced_basis(atoms) @ periodic_cell(atoms)
    wrapped.wrap()
    positions, parents = _with_images(wrapped, reach_A + _SLACK_A)
    tree = cKDTree(positions)
    groups = []
    for members in _halve(wrapped.positions, np.arange(len(atoms)), n_groups):
        near = tree.query_ball_point(wrapped.positions[members], reach_A + _SLACK_A)
        inside = np.unique(np.concatenate([np.asarray(each, dtype=np.int64) for each in near]))
        cluster = Atoms(
            numbers=atoms.numbers[parents[inside]],
            positions=positions[inside],
            masses=atoms.get_masses()[parents[inside]],
        )
        # Images of the structure's own cell come first in the list, so that these are the members.
        groups.append(Group(cluster, parents[inside], np.searchsorted(inside, np.sort(members))))
    return groups


def _with_images(atoms: Atoms, reach_A: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return positions of all atoms and of every image within `reach_A` of the cell."""
    widths = np.full(3, np.inf)
    periodic = np.asarray(atoms.pbc)
    if periodic.any():
        widths[periodic] = 1.0 / np.linalg.norm(atoms.cell.reciprocal()[periodic], axis=1)
    n_images = np.where(periodic, np.ceil(reach_A / widths), 0).astype(int)
    scaled = atoms.cell.scaled_positions(atoms.positions) if periodic.any() else None
    margins = np.where(periodic, reach_A / widths, np.inf)
    positions, parents = [atoms.positions], [np.arange(len(atoms))]
    for offset in product(*(range(-n, n + 1) for n in n_images)):
        if offset == (0, 0, 0):
            continue
        assert scaled is not None
        moved = scaled + offset
        near = np.flatnonzero(((moved > -margins) & (moved < 1 + margins)).all(axis=1))
        positions.append(atoms.positions[near] + np.array(offset) @ atoms.cell.array)
        parents.append(near)
    return np.concatenate(positions), np.concatenate(parents)


def _halve(
    positions: NDArray[np.float64], members: NDArray[np.int64], n_groups: int
) -> list[NDArray[np.int64]]:
    """Cut along the longest side until there are as many groups as wanted."""
    if n_groups == 1 or len(members) == 1:
        return [members]
    of_members = positions[members]
    along = int(np.argmax(np.ptp(of_members, axis=0)))
    ordered = members[np.argsort(of_members[:, along], kind="stable")]
    first = n_groups // 2
    cut = len(ordered) * first // n_groups
    return [
        *_halve(positions, ordered[:cut], first),
        *_halve(positions, ordered[cut:], n_groups - first),
    ]
