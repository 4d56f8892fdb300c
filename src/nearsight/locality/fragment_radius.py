"""The radius of a fragment: how far its most distant functional group is felt."""

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.structures.fragments import Fragment
from nearsight.structures.groups import Groups
from nearsight.structures.places import Place

_ROUNDING_A = 1e-3


def group_images(groups: Groups, fragment: Fragment) -> list[Place]:
    """Return to which image of which group each atom of a fragment belongs, without the caps."""
    parents = fragment.parents[: fragment.n_kept]
    shifts = fragment.images[: fragment.n_kept] - groups.images[parents]
    return [
        (int(label), (a, b, c))
        for label, (a, b, c) in zip(groups.labels[parents], shifts.tolist(), strict=True)
    ]


def kept_groups(groups: Groups, fragment: Fragment) -> set[Place]:
    """Return the groups that reach into the radius of a fragment.

    Those that only complete the surroundings of a metal are not among them.
    """
    positions = fragment.atoms.positions
    distances = np.linalg.norm(positions - positions[fragment.site], axis=1)
    assert fragment.radius_A is not None
    return {
        group
        for group, distance in zip(group_images(groups, fragment), distances, strict=False)
        if distance <= fragment.radius_A + _ROUNDING_A
    }


def strongest_distances_A(
    groups: Groups, fragment: Fragment, norms_eV_per_A2: FloatArray
) -> dict[Place, float]:
    """Return the distance from the site to the atom of each group that it feels most.

    The site feels itself most, so that its own group is told without it; alone it has 0.

    Parameters
    ----------
    groups, fragment
        The groups of the structure, and a fragment of it.
    norms_eV_per_A2
        ‖h_AB‖ for each atom of the fragment, shape ``(n_atoms,)``.
    """
    positions = fragment.atoms.positions
    distances = np.linalg.norm(positions - positions[fragment.site], axis=1)
    strongest: dict[Place, tuple[float, float]] = {}
    for atom, group in enumerate(group_images(groups, fragment)):
        norm = -1.0 if atom == fragment.site else float(norms_eV_per_A2[atom])
        if norm > strongest.get(group, (-np.inf, 0.0))[0]:
            strongest[group] = (norm, float(distances[atom]))
    return {group: distance for group, (_, distance) in strongest.items()}
