"""Fragments made symmetric, so that more of their atoms are central."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import StructureError
from nearsight.structures.bonds import Image, as_image, minus, plus
from nearsight.structures.caps import DEFAULT_CAP_LENGTHS_A
from nearsight.structures.fragment_sets import SAME_SITE_A
from nearsight.structures.fragments import Fragment, build_fragment
from nearsight.structures.groups import Groups
from nearsight.structures.operations import find_dataset
from nearsight.structures.places import Place

# Of the widths of the cell: how far an image may be from an atom.
_FRACTION = 0.01


def extend_fragment(
    groups: Groups,
    fragment: Fragment,
    *,
    cap_lengths_A: Mapping[str, float] = DEFAULT_CAP_LENGTHS_A,
) -> Fragment:
    """Return a fragment with groups added so that a larger share of its atoms is central.

    What is added are images of the groups that it has, by the crystal's operations about one point:
    the middle of a group, or between two that are bonded. Of all such points that bring in no
    further metal node the one is taken that makes ``n_central / n_atoms`` largest; if none makes it
    larger the fragment is returned.

    Parameters
    ----------
    groups
        A crystal in groups, from `find_groups`.
    fragment
        A fragment of it, cut with a radius.
    cap_lengths_A
        Length in Å of the bond to a capping atom, by the element that it is bound to.

    Raises
    ------
    StructureError
        The structure is no crystal, or the fragment was cut without a radius.

    Examples
    --------
    >>> from ase import Atoms
    >>> from nearsight.structures import cut_fragment, extend_fragment, find_groups
    >>> carbon = [[0.42, 0, 0], [-0.42, 0, 1.27]]
    >>> hydrogen = [[1.05, 0.88, 0], [1.05, -0.88, 0], [-1.05, 0.88, 1.27], [-1.05, -0.88, 1.27]]
    >>> groups = find_groups(Atoms("C2H4", carbon + hydrogen, cell=[5.0, 5.2, 2.54], pbc=True))
    >>> fragment = cut_fragment(groups, 0, radius_A=3.0)
    >>> larger = extend_fragment(groups, fragment)
    >>> for each in (fragment, larger):
    ...     print(f"{each.n_central} of {len(each.atoms)} atoms are central")
    ...
    3 of 17 atoms are central
    15 of 29 atoms are central
    """
    if fragment.radius_A is None:
        raise StructureError(
            "The fragment was cut by shells, so that none of its atoms is central; cut it by a "
            "radius to extend it."
        )
    site = int(fragment.parents[fragment.site])
    operations = list(_operations(groups))
    best, tried = fragment, {fragment.groups}
    n_nodes = _n_nodes(groups, fragment.groups)
    for centre in _centres(groups, fragment):
        chosen = _images(groups, fragment, operations, centre)
        if tuple(sorted(chosen)) in tried or _n_nodes(groups, chosen) > n_nodes:
            continue
        tried.add(tuple(sorted(chosen)))
        found = build_fragment(groups, site, chosen, fragment.radius_A, cap_lengths_A)
        # equal shares of many atoms are compared without division
        if found.n_central * len(best.atoms) > best.n_central * len(found.atoms):
            best = found
    return best


def _n_nodes(groups: Groups, places: Iterable[Place]) -> int:
    return sum(groups.kinds[group] == "metal node" for group, _ in places)


def _operations(groups: Groups) -> Iterator[tuple[IntArray, FloatArray, IntArray, IntArray]]:
    """Yield rotation and translation of each operation, and where it takes each atom."""
    atoms = groups.atoms
    dataset = find_dataset(atoms, SAME_SITE_A)
    scaled = atoms.cell.scaled_positions(atoms.positions)
    for rotation, translation in zip(dataset.rotations, dataset.translations, strict=True):
        moved = scaled @ rotation.T + translation
        apart = moved[:, np.newaxis] - scaled
        shifts = np.round(apart)
        targets = np.abs(apart - shifts).max(axis=2).argmin(axis=1)
        found = shifts[np.arange(len(atoms)), targets].astype(np.int64)
        yield rotation.astype(np.int64), translation, targets.astype(np.int64), found


def _centres(groups: Groups, fragment: Fragment) -> list[FloatArray]:
    """Return the middles of the kept groups and of pairs of them, in units of the cell."""
    scaled = groups.atoms.cell.scaled_positions(groups.atoms.positions)
    middle = {
        place: (scaled + groups.images)[groups.members[place[0]]].mean(axis=0) + place[1]
        for place in fragment.groups
    }
    centres = list(middle.values())
    for group, at in fragment.groups:
        for _, other, step in groups.neighbours[group]:
            place = (other, plus(at, step))
            if place in middle and place > (group, at):
                centres.append((middle[group, at] + middle[place]) / 2)
    return centres


def _images(
    groups: Groups,
    fragment: Fragment,
    operations: list[tuple[IntArray, FloatArray, IntArray, IntArray]],
    centre: FloatArray,
) -> set[Place]:
    """Return the fragment's groups with their images by the operations that leave a point."""
    found: set[Place] = set(fragment.groups)
    for rotation, translation, targets, shifts in operations:
        away = rotation @ centre + translation - centre
        back = np.round(away)
        if np.abs(away - back).max() > _FRACTION:
            continue
        for group, at in fragment.groups:
            atom = int(groups.members[group][0])
            start = plus(at, groups.image(atom))
            image: Image = as_image(
                rotation @ np.array(start) + shifts[atom] - back.astype(np.int64)
            )
            target = int(targets[atom])
            found.add((int(groups.labels[target]), plus(image, minus(groups.image(target)))))
    return found
