"""Few fragments that together hold the surroundings of every atom of a structure."""

from collections.abc import Mapping, Sequence

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import StructureError
from nearsight.structures.caps import DEFAULT_CAP_LENGTHS_A
from nearsight.structures.fragments import Fragment, cut_fragment
from nearsight.structures.groups import Groups
from nearsight.structures.naming import name_structure
from nearsight.structures.places import places_within
from nearsight.structures.symmetry import space_group

SAME_SITE_A = 1e-3
"""Sites whose surroundings differ by less than this are one kind of site."""
SAME_FRAGMENT_A = 0.01
"""Fragments whose distances differ by less than this are one fragment."""

# How far one looks from a site of a structure that is periodic in one or two directions.
_SURROUNDINGS_A = 12.0


def site_classes(atoms: Atoms, tolerance_A: float = SAME_SITE_A) -> IntArray:
    """Return for each atom the first one that is equivalent to it, shape ``(n_atoms,)``.

    Of a crystal these are the orbits of the space group that it has within a tolerance. Of anything
    else they are atoms with the same distances to the same elements; mirror images count as
    equivalent.
    """
    if atoms.pbc.all():
        return space_group(atoms, tolerance_A).equivalent_atoms
    radius = _SURROUNDINGS_A if atoms.pbc.any() else np.inf
    known: list[tuple[int, dict[int, FloatArray]]] = []
    classes = np.empty(len(atoms), dtype=np.int64)
    for atom in range(len(atoms)):
        here = _surroundings(atoms, atom, radius)
        alike = [
            first
            for first, other in known
            if atoms.numbers[first] == atoms.numbers[atom] and _are_close(here, other, tolerance_A)
        ]
        classes[atom] = alike[0] if alike else atom
        if not alike:
            known.append((atom, here))
    return classes


def merge_equivalent(fragments: Sequence[Fragment]) -> list[Fragment]:
    """Return fragments without those that equal an earlier one up to rotation or reflection.

    Two are equal if they have the same charge and the same distances between the same elements.
    """
    return [fragments[alike[0]] for alike in _alike(fragments)]


def covering_fragments(
    groups: Groups,
    radius_A: float,
    *,
    cap_lengths_A: Mapping[str, float] = DEFAULT_CAP_LENGTHS_A,
    same_site_A: float = SAME_SITE_A,
) -> list[Fragment]:
    """Return few fragments in which every kind of site is central, periodic images included.

    One fragment is cut around each kind of site. Taken is, again and again, the one in which most
    kinds are central that are not yet, the smaller of two. A fragment stands for those that equal
    it, as those of the middle of a long chain do.

    Parameters
    ----------
    groups
        A structure in groups, from `find_groups`.
    radius_A
        Up to which distance from its site, in Å, a fragment holds atoms.
    cap_lengths_A
        Length in Å of the bond to a capping atom, by the element that it is bound to.
    same_site_A
        Tolerance in Å of the symmetry that makes sites one kind.

    Raises
    ------
    StructureError
        The radius is not positive, the structure is a crystal without a space group, or a kind of
        site is central nowhere.

    Examples
    --------
    >>> from ase import Atoms
    >>> from nearsight.structures import covering_fragments, find_groups
    >>> carbon = [[0.42, 0, 0], [-0.42, 0, 1.27]]
    >>> hydrogen = [[1.05, 0.88, 0], [1.05, -0.88, 0], [-1.05, 0.88, 1.27], [-1.05, -0.88, 1.27]]
    >>> chain = Atoms("C2H4", carbon + hydrogen, cell=[5.0, 5.2, 2.54], pbc=True)
    >>> fragments = covering_fragments(find_groups(chain), radius_A=3.0)
    >>> for fragment in fragments:
    ...     print(fragment.atoms.get_chemical_formula(), fragment.n_central, "central atoms")
    ...
    C5H12 3 central atoms
    """
    classes = site_classes(groups.atoms, same_site_A)
    left = set(classes.tolist())
    every = [
        cut_fragment(groups, site, radius_A=radius_A, cap_lengths_A=cap_lengths_A)
        for site in sorted(left)
    ]
    fragments, covered = [], []
    for alike in _alike(every):
        fragments.append(every[alike[0]])
        here = [every[index].parents[every[index].central] for index in alike]
        covered.append(set(classes[np.concatenate(here)].tolist()))
    chosen: list[int] = []
    while left:
        best = max(
            range(len(fragments)),
            key=lambda index: (len(covered[index] & left), -len(fragments[index].atoms), -index),
        )
        if not covered[best] & left:
            raise StructureError(
                f"no fragment of {radius_A:g} Å has the surroundings of atoms "
                f"{', '.join(map(str, sorted(left)))} of {name_structure(groups.atoms)}; give "
                f"another radius."
            )
        chosen.append(best)
        left -= covered[best]
    for index in tuple(chosen):  # the later ones may have made an earlier one superfluous
        others = [covered[other] for other in chosen if other != index]
        if covered[index] <= set().union(*others):
            chosen.remove(index)
    return [fragments[index] for index in chosen]


def _alike(fragments: Sequence[Fragment]) -> list[list[int]]:
    """Return the indices of fragments that equal each other."""
    sets: list[tuple[list[int], dict[int, FloatArray]]] = []
    for index, fragment in enumerate(fragments):
        shape = _pair_distances(fragment.atoms)
        for members, known in sets:
            other = fragments[members[0]]
            if (
                fragment.charge == other.charge
                and fragment.radius_A == other.radius_A
                and _are_close(shape, known, SAME_FRAGMENT_A)
            ):
                members.append(index)
                break
        else:
            sets.append(([index], shape))
    return [members for members, _ in sets]


def _surroundings(atoms: Atoms, site: int, radius_A: float) -> dict[int, FloatArray]:
    """Return sorted distances to the atoms of each element within a radius."""
    if np.isinf(radius_A):
        distances = np.linalg.norm(atoms.positions - atoms.positions[site], axis=1)
        numbers = atoms.numbers
    else:
        found, _, distances = places_within(atoms, atoms.positions[site], radius_A)
        numbers = atoms.numbers[found]
    return {
        int(number): np.sort(distances[numbers == number]) for number in np.unique(numbers).tolist()
    }


def _pair_distances(atoms: Atoms) -> dict[int, FloatArray]:
    """Return sorted distances between each two elements, under 1000 times one plus the other."""
    i, j = np.triu_indices(len(atoms), 1)
    distances = np.linalg.norm(atoms.positions[i] - atoms.positions[j], axis=1)
    low = np.minimum(atoms.numbers[i], atoms.numbers[j])
    pairs = 1000 * low + np.maximum(atoms.numbers[i], atoms.numbers[j])
    return {int(pair): np.sort(distances[pairs == pair]) for pair in np.unique(pairs).tolist()}


def _are_close(
    one: dict[int, FloatArray], other: dict[int, FloatArray], tolerance_A: float
) -> bool:
    return one.keys() == other.keys() and all(
        len(one[key]) == len(other[key]) and np.abs(one[key] - other[key]).max() <= tolerance_A
        for key in one
    )
