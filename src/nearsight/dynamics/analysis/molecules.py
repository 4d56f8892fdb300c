"""Molecules and other groups of atoms that are followed by their centres of mass."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray, IntArray
from nearsight.dynamics.analysis.trajectory import Trajectory
from nearsight.dynamics.analysis.unwrapping import nearest_images, toroidal_paths_A
from nearsight.errors import MethodError
from nearsight.structures.bonds import Image, find_bonds, plus


@dataclass(frozen=True, eq=False)
class Group:
    """Atoms that move together."""

    name: str
    """What it is, such as the formula of a molecule; groups of one name are averaged."""
    atoms: IntArray
    """Indices, shape ``(n,)``."""
    images: IntArray
    """Lattice vectors to add to the first frame's positions so that the group is whole, as whole
    numbers, shape ``(n, 3)``."""


def molecules(trajectory: Trajectory) -> tuple[Group, ...]:
    """Return what covalent bonds of the first frame hold together, but for what has no end.

    A framework, layer or chain that goes on through the periodic cell is left out.

    Parameters
    ----------
    trajectory
        The frames, of which the first one decides.

    Raises
    ------
    StructureError
        The first frame is no structure, or atoms in it are closer than any bond.
    MethodError
        There are no molecules.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from ase.io import write
    >>> from nearsight.dynamics.analysis import molecules, read_trajectory
    >>> water = molecule("H2O", vacuum=3.0, pbc=True)
    >>> write("water.extxyz", [water, water])
    >>> trajectory = read_trajectory("water.extxyz", interval_fs=1.0)
    >>> [(each.name, each.atoms.tolist()) for each in molecules(trajectory)]
    [('H2O', [0, 1, 2])]
    """
    first = trajectory.frame(0)
    around = find_bonds(first).covalent
    found, seen = [], np.zeros(len(first), dtype=bool)
    for start in range(len(first)):
        if seen[start]:
            continue
        images, closed = _walk(around, start)
        seen[list(images)] = True
        if closed:
            members = np.array(sorted(images), dtype=np.int64)
            found.append(
                Group(
                    Atoms(first.numbers[members]).get_chemical_formula(),
                    members,
                    np.array([images[int(atom)] for atom in members], dtype=np.int64),
                )
            )
    if not found:
        raise MethodError(
            f"{first.get_chemical_formula()} has no molecules: all bonds lead through the cell; "
            f"take its atoms."
        )
    return tuple(found)


def groups_of(
    trajectory: Trajectory, members: Iterable[Sequence[int]], name: str = "group"
) -> tuple[Group, ...]:
    """Return groups of given atoms, each near its first one in the first frame.

    Parameters
    ----------
    trajectory
        Frames.
    members
        Indices of the atoms of each group, which reaches over less than half of the cell.
    name
        What they are called.

    Raises
    ------
    MethodError
        A group is empty, or has an atom that is not there, or one twice.

    Examples
    --------
    >>> import numpy as np
    >>> from ase import Atoms
    >>> from ase.io import write
    >>> from nearsight.dynamics.analysis import groups_of, read_trajectory
    >>> steps = np.random.default_rng(1).normal(0.0, 0.1, (200, 8, 3))
    >>> frames = [Atoms("Ar8", way, cell=[20.0] * 3, pbc=True) for way in steps.cumsum(axis=0)]
    >>> write("argon.extxyz", frames)
    >>> trajectory = read_trajectory("argon.extxyz", interval_fs=10.0, unwrapped=True)
    >>> pairs = groups_of(trajectory, [[0, 1], [2, 3]], "pair")
    >>> [(pair.name, pair.atoms.tolist()) for pair in pairs]
    [('pair', [0, 1]), ('pair', [2, 3])]
    """
    first, groups = trajectory.frame(0), []
    for each in members:
        atoms = np.asarray(each, dtype=np.int64).reshape(-1)
        inside = (atoms >= 0) & (atoms < len(first))
        if len(atoms) == 0 or not inside.all() or len(np.unique(atoms)) < len(atoms):
            raise MethodError(
                f"{list(each)!r:.60} is no group: give indices from 0 to {len(first) - 1}, each "
                f"once."
            )
        vectors = first.positions[atoms] - first.positions[atoms[0]]
        images = nearest_images(vectors, trajectory.cells_A[0], trajectory.pbc)
        groups.append(Group(name, atoms, images))
    return tuple(groups)


def paths_of_centres_A(trajectory: Trajectory, groups: Sequence[Group]) -> FloatArray:
    """Return the paths of centres of mass from the first frame, each carried by its first atom.

    Returns
    -------
    ndarray
        Paths in Å, shape ``(n_frames, n_groups, 3)``.
    """
    centres = np.empty((len(trajectory), len(groups), 3))
    for index, group in enumerate(groups):
        weights = trajectory.masses_amu[group.atoms]
        weights = weights / weights.sum()
        centres[:, index] = np.einsum("a,fai->fi", weights, trajectory.positions_A[:, group.atoms])
        centres[:, index] += np.einsum(
            "a,ai,fij->fj", weights, group.images.astype(np.float64), trajectory.cells_A
        )
    first_atoms = [int(group.atoms[0]) for group in groups]
    offsets = np.array([group.images[0] for group in groups], dtype=np.float64)
    carriers = trajectory.positions_A[:, first_atoms] + offsets @ trajectory.cells_A
    return toroidal_paths_A(centres, trajectory.cells_A, trajectory.pbc, carriers)


def _walk(around: list[list[tuple[int, Image, int]]], start: int) -> tuple[dict[int, Image], bool]:
    """Return the atoms that bonds lead to, with their images, and whether none leads elsewhere."""
    images: dict[int, Image] = {start: (0, 0, 0)}
    closed, queue = True, deque([start])
    while queue:
        atom = queue.popleft()
        for other, step, _ in around[atom]:
            image = plus(images[atom], step)
            if other not in images:
                images[other] = image
                queue.append(other)
            closed = closed and images[other] == image
    return images, closed
