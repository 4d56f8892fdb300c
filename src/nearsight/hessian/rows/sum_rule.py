"""The rows of one atom from those of all others: moving everything changes no force.

That is the acoustic sum rule Σ_B H[A, B] = 0 (R. M. Pick, M. H. Cohen, R. M. Martin, Phys. Rev. B
1970, 1, 910, doi:10.1103/PhysRevB.1.910). With H[A, B] = H[B, A]ᵀ it tells what an atom L does that
is equivalent to no other: H[L, B] = H[B, L]ᵀ, and H[L, L] = -Σ_{B≠L} H[L, B].

The first row of L is computed nonetheless: what holds that atom alone to its place shows in no
other.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nearsight.hessian.rows.plan import Plan

_HOLDS = 1e-6
"""Largest violation, by computed rows, over their largest element: far above double precision."""


def rows_left_out(plan: Plan) -> list[int]:
    """Return which of `plan.seeds` follow from all others, without a gap and ascending.

    They are those of one atom that is equivalent to no other, without the first. There are none
    where every atom has images or needs one row only, or the plan is for some atoms only.
    """
    covered = sum(len(site.equivalent_atoms) for site in plan.sites)
    if covered < plan.n_atoms or plan.n_atoms == 1:
        return []
    alone = [site for site in plan.sites if len(site.equivalent_atoms) == 1]
    site = max(alone, key=lambda site: len(site.directions), default=None)
    if site is None:
        return []
    return [index for index, (atom, _) in enumerate(plan.seeds) if atom == site.atom][1:]


def rows_by_sum_rule(
    plan: Plan, left_out: Sequence[int], rows: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Return the rows that were left out, shape ``(len(left_out), n_atoms, 3)`` in eV/Å².

    None where the computed rows do not keep the sum rule or are not symmetric, or the first row of
    the atom does not follow from the others.

    Parameters
    ----------
    plan
        The plan of all rows.
    left_out
        As `rows_left_out` returned it.
    rows
        All other rows of `plan.seeds`, shape ``(n_rows, n_atoms, 3)`` in eV/Å².
    """
    first = left_out[0] - 1
    atom, _ = plan.seeds[first]
    directions = np.array([plan.seeds[index][1] for index in (first, *left_out)])
    others = np.delete(np.arange(plan.n_atoms), atom)
    planned = plan.for_atoms(others.tolist())
    of_others = planned.expand_for(np.delete(rows, first, axis=0), others)
    allowed = _HOLDS * np.abs(of_others).max()
    among_them = of_others[:, :, others]
    if np.abs(of_others.sum(axis=2)).max() > allowed:
        return None
    if np.abs(among_them - among_them.transpose(2, 3, 0, 1)).max() > allowed:
        return None
    block = np.empty((3, plan.n_atoms, 3))
    block[:, others] = of_others[:, :, atom].transpose(2, 0, 1)
    block[:, atom] = -block[:, others].sum(axis=1)
    of_atom = np.tensordot(directions, block, axes=1)
    if np.abs(of_atom[0] - rows[first]).max() > allowed:
        return None
    return of_atom[1:]
