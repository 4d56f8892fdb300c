"""A fragment at another moment of its structure."""

from dataclasses import replace

import numpy as np
from ase import Atoms

from nearsight.errors import StructureError
from nearsight.structures.fragments import Fragment
from nearsight.structures.naming import name_structure


def moved_fragment(fragment: Fragment, moved: Atoms) -> Fragment:
    """Return the same molecule where the atoms of its structure are elsewhere.

    Caps are as long as they were, in the direction of what they replace. Which atoms are central is
    not asked again.

    Parameters
    ----------
    fragment
        A fragment of the structure.
    moved
        The structure at another moment, its atoms in the same order and none of them carried back
        into the cell.

    Raises
    ------
    StructureError
        It is another structure.
    """
    kept, caps = slice(0, fragment.n_kept), slice(fragment.n_kept, None)
    before_A = fragment.atoms.positions
    if (
        fragment.parents.max() >= len(moved)
        or (moved.numbers[fragment.parents[kept]] != fragment.atoms.numbers[kept]).any()
    ):
        raise StructureError(
            f"{name_structure(moved)} has not the atoms of the fragment of {fragment.centre}."
        )
    places_A = moved.positions[fragment.parents] + fragment.images @ moved.cell.array
    anchors_A = places_A[fragment.anchors]
    towards = places_A[caps] - anchors_A
    lengths_A = np.linalg.norm(before_A[caps] - before_A[fragment.anchors], axis=1)
    places_A[caps] = anchors_A + towards * (lengths_A / np.linalg.norm(towards, axis=1))[:, None]
    atoms = fragment.atoms.copy()
    atoms.positions = places_A
    return replace(fragment, atoms=atoms)
