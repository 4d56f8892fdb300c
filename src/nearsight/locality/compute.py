"""The verb `locality`: how large the fragments of a structure must be."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms

from nearsight.announcing import announces
from nearsight.arrays import IntArray
from nearsight.errors import MethodError
from nearsight.hessian.matrix import bare
from nearsight.locality.convergence import (
    CheckpointOf,
    converge_fragments,
)
from nearsight.locality.interactions import require_sites
from nearsight.locality.result import Locality
from nearsight.locality.settings import REFERENCE_RADIUS_A, THRESHOLD_eV_per_A2
from nearsight.locality.site_derivatives import require_fragment
from nearsight.models.contract import Capabilities, Model
from nearsight.models.evaluable import require_elements
from nearsight.progress import Progress
from nearsight.provenance import record
from nearsight.structures.checking import check_structure
from nearsight.structures.fragment_sets import covering_fragments, merge_equivalent, site_classes
from nearsight.structures.fragments import Fragment, cut_fragment, shrinking_fragments
from nearsight.structures.groups import Groups, find_groups


@announces
def locality(
    atoms: Atoms,
    model: Model,
    sites: Sequence[int] | None = None,
    *,
    own_groups: Sequence[Sequence[int]] = (),
    reference_radius_A: float = REFERENCE_RADIUS_A,
    threshold_eV_per_A2: float = THRESHOLD_eV_per_A2,
    method: str = "auto",
    step_A: float | None = None,
    memory_budget_bytes: int | None = None,
    checkpoint_of: CheckpointOf | None = None,
    progress: Progress | bool | None = None,
) -> Locality:
    """Find r_frag, the range of the force, of each kind of site, and the fragments that follow.

    Every site is put into a large capped fragment, from which groups are taken away from the
    outside, until the norm of the effective group matrix says that its force has changed
    (doi:10.1063/5.0082952).

    Parameters
    ----------
    atoms
        A molecule or a crystal; it is not changed, and need not be relaxed. The charges of metals
        follow from ``atoms.info["charge"]``, by default 0.
    model
        The model or reference method. It sees fragments only, which are not periodic.
    sites
        Indices of atoms; by default one of each kind, as `site_classes` tells them.
    own_groups
        Lists of atoms that must not be separated, beside those that are found.
    reference_radius_A
        Radius in Å of the fragment that smaller ones are compared with.
    threshold_eV_per_A2
        Γ, the largest ‖G'‖ of a converged fragment.
    method, step_A, memory_budget_bytes, progress
        As for `nearsight.hessian.hessian`.
    checkpoint_of
        Where the rows of a fragment are kept, so that an interrupted study goes on.

    Raises
    ------
    StructureError
        The structure cannot be calculated, has no such site, or cannot be cut.
    MethodError
        A radius or a threshold is not positive, a fragment has a charge or unpaired electrons that
        the model does not compute, or the method does not go with the model.
    ModelError, MemoryBudgetError, CheckpointError, StorageError
        As for `nearsight.hessian.hessian`.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.locality import locality
    >>> from nearsight.models import load_model
    >>> found = locality(molecule("CH3CH2OCH3"), load_model("ase:emt"), sites=[0])
    >>> print(f"{found.sites[0].element} feels what is within {found.force_range_A:.2f} Å")
    O feels what is within 2.37 Å
    """
    if not 0.0 < threshold_eV_per_A2 < np.inf:
        raise MethodError(f"`threshold_eV_per_A2` is a positive number, not {threshold_eV_per_A2}.")
    structure, groups, alike, shrinking = _cut(atoms, model, sites, own_groups, reference_radius_A)
    converged = tuple(
        converge_fragments(
            groups,
            fragments,
            model,
            equivalent_atoms=tuple(np.flatnonzero(alike == alike[site]).tolist()),
            threshold_eV_per_A2=threshold_eV_per_A2,
            method=method,
            step_A=step_A,
            memory_budget_bytes=memory_budget_bytes,
            checkpoint_of=checkpoint_of,
            progress=progress,
        )
        for site, fragments in shrinking.items()
    )
    radius = max(site.r_frag_A for site in converged)
    computation = converged[0].computation
    return Locality(
        atoms=structure,
        sites=converged,
        fragments=tuple(_fragments(groups, None if sites is None else list(shrinking), radius)),
        threshold_eV_per_A2=threshold_eV_per_A2,
        reference_radius_A=reference_radius_A,
        reach_A=_reach_A(model.capabilities),
        provenance=record(
            model.identity,
            threshold_eV_per_A2=threshold_eV_per_A2,
            reference_radius_A=reference_radius_A,
            method=computation.method,
            step_A=computation.step_A,
        ),
    )


def require_locality(
    atoms: Atoms,
    model: Model,
    sites: Sequence[int] | None = None,
    *,
    own_groups: Sequence[Sequence[int]] = (),
    reference_radius_A: float = REFERENCE_RADIUS_A,
) -> None:
    """Check that the model computes every fragment that `locality` would cut.

    `locality` does so itself; here all of several models can be checked before hours go into the
    first.

    Raises
    ------
    StructureError, ModelError, MethodError
        As for `locality`.
    """
    _cut(atoms, model, sites, own_groups, reference_radius_A)


def _cut(
    atoms: Atoms,
    model: Model,
    sites: Sequence[int] | None,
    own_groups: Sequence[Sequence[int]],
    reference_radius_A: float,
) -> tuple[Atoms, Groups, IntArray, dict[int, list[Fragment]]]:
    """Return the bare structure, its groups, its kinds of sites, and the fragments of each site."""
    check_structure(atoms)
    require_elements(atoms, model)  # fragments have charges of their own
    if not 0.0 < reference_radius_A < np.inf:
        raise MethodError(f"`reference_radius_A` is a positive number, not {reference_radius_A}.")
    structure = bare(atoms)
    groups = find_groups(atoms, own=own_groups)
    alike = site_classes(structure)
    wanted = sorted(set(alike.tolist())) if sites is None else list(dict.fromkeys(sites))
    require_sites(structure, wanted)
    shrinking = {site: shrinking_fragments(groups, site, reference_radius_A) for site in wanted}
    for fragments in shrinking.values():
        for fragment in fragments:
            require_fragment(fragment, model)
    return structure, groups, alike, shrinking


def _reach_A(capabilities: Capabilities) -> float | None:
    """Return how far the force on an atom depends on others.

    Twice as far as an atomic energy does, for those of all its neighbours depend on it; a force
    that is predicted directly as far as an energy.
    """
    field = capabilities.receptive_field_A
    if field is None or capabilities.conservative is False:
        return field
    return 2 * field


def _fragments(groups: Groups, sites: Sequence[int] | None, radius_A: float) -> list[Fragment]:
    """Return fragments of a radius: around some sites, or such as cover all atoms."""
    if sites is None:
        return covering_fragments(groups, radius_A)
    return merge_equivalent([cut_fragment(groups, site, radius_A=radius_A) for site in sites])
