"""Shrinking fragments around a site: the smallest that still gives its force.

M. Herbold, J. Behler, J. Chem. Phys. 2022, 156, 114106, doi:10.1063/5.0082952.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from nearsight.announcing import announces
from nearsight.arrays import FloatArray
from nearsight.charts.chart import Chart
from nearsight.charts.palette import element_colors
from nearsight.hessian.origin import Computed
from nearsight.locality.fragment_radius import kept_groups, strongest_distances_A
from nearsight.locality.group_matrices import atoms_not_shared, effective_group_matrix
from nearsight.locality.norms_chart import norms_chart
from nearsight.locality.ranges import NEGLIGIBLE_EV_PER_A2
from nearsight.locality.settings import REFERENCE_RADIUS_A, THRESHOLD_eV_per_A2
from nearsight.locality.site_derivatives import (
    SiteDerivatives,
    require_fragment,
    site_derivatives,
)
from nearsight.models.contract import Model
from nearsight.notebooks import ShownInNotebooks
from nearsight.progress import Progress, as_progress
from nearsight.remarks import Remark
from nearsight.structures.fragments import Fragment, shrinking_fragments
from nearsight.structures.groups import Groups
from nearsight.structures.naming import paragraph

CheckpointOf = Callable[[Fragment], Path | None]
"""Tells where the unfinished rows of a fragment are kept; None if nowhere."""


@dataclass(frozen=True)
class Shell(ShownInNotebooks):
    """A fragment around a site, and what is missing in it."""

    fragment: Fragment
    radius_A: float
    """r_frag: distance from the site to the atom with the largest ‖h_AB‖ in the most distant
    functional group that the radius of the fragment keeps."""
    force_eV_per_A: FloatArray
    """Force on the site, shape ``(3,)``."""
    force_error_eV_per_A: float
    """‖Δf_A‖ against the reference fragment."""
    group_matrix_eV_per_A2: FloatArray
    """G'_A^g of all that is missing, shape ``(3, 3)``."""

    def __repr__(self) -> str:
        of = f"{len(self.fragment.atoms)} atoms"
        error = f"force error {self.force_error_eV_per_A:.2g} eV/Å"
        return paragraph(self, of, f"radius {self.radius_A:.2f} Å", error)

    @property
    def group_norm_eV_per_A2(self) -> float:
        """‖G'_A^g‖, the Frobenius norm."""
        return float(np.linalg.norm(self.group_matrix_eV_per_A2))

    def summary(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "n_atoms": len(self.fragment.atoms),
            "n_caps": self.fragment.n_caps,
            "radius_A": self.radius_A,
            "group_norm_eV_per_A2": self.group_norm_eV_per_A2,
            "force_error_eV_per_A": self.force_error_eV_per_A,
        }


@dataclass(frozen=True)
class SiteConvergence(ShownInNotebooks):
    """Fragments around one site, from the reference to the smallest."""

    site: int
    """Index in the structure."""
    element: str
    equivalent_atoms: tuple[int, ...]
    """Atoms that are carried onto each other by symmetry, the site itself included."""
    shells: tuple[Shell, ...]
    """From the reference, where nothing is missing, to the smallest."""
    threshold_eV_per_A2: float
    """Γ."""
    reference_is_all: bool
    """Whether the reference holds every atom of the structure, each once, and no caps."""
    reference_norms_eV_per_A2: FloatArray
    """‖h_AB‖ for every atom of the reference fragment, shape ``(n_atoms,)``."""
    computation: Computed
    """How the rows of the reference came about."""

    def __repr__(self) -> str:
        of = f"site {self.site} ({self.element})"
        end = "converged" if self.is_converged else "NOT CONVERGED"
        return paragraph(self, of, f"r_frag {self.r_frag_A:.2f} Å", end)

    @property
    def reference(self) -> Fragment:
        """The fragment that the others are compared with."""
        return self.shells[0].fragment

    @property
    def converged(self) -> Shell:
        """The smallest fragment such that it and all larger ones have ‖G'‖ ≤ Γ."""
        last = self.shells[0]
        for shell in self.shells:
            if shell.group_norm_eV_per_A2 > self.threshold_eV_per_A2:
                break
            last = shell
        return last

    @property
    def is_converged(self) -> bool:
        """Whether a smaller fragment than the reference is enough, or the reference is all."""
        return self.converged is not self.shells[0] or self.reference_is_all

    @property
    def r_frag_A(self) -> float:
        """Range of the force on the site."""
        return self.converged.radius_A

    @cached_property
    def distances_A(self) -> FloatArray:
        """Distance of every atom of the reference fragment from the site, ``(n_atoms,)``."""
        positions = self.reference.atoms.positions
        site = positions[self.reference.site]
        distances: FloatArray = np.linalg.norm(positions - site, axis=1)
        return distances

    def interactions_chart(self) -> Chart:
        """Return ‖h_AB‖ over distance for the atoms of the reference fragment, by element."""
        symbols = np.array(self.reference.atoms.get_chemical_symbols())
        others = np.arange(len(symbols)) != self.reference.site
        distances, norms = self.distances_A, self.reference_norms_eV_per_A2
        colors = element_colors(symbols[others].tolist())
        series = {
            symbol: (distances[others & (symbols == symbol)], norms[others & (symbols == symbol)])
            for symbol in colors
        }
        return norms_chart(
            series,
            colors,
            f"Interaction of {self.element}{self.site} with {others.sum()} atoms up to "
            f"{distances[others].max():.1f} Å away, the strongest {norms[others].max():.2g} eV/Å².",
        )

    @cached_property
    def outermost_eV_per_A2(self) -> float | None:
        """Largest ‖h_AB‖ with what the next smaller fragment lacks; None for a whole structure.

        The reference is large enough if it is negligible. None, too, if there is no smaller one.
        """
        if self.reference_is_all or len(self.shells) == 1:
            return None
        removed, _ = atoms_not_shared(self.reference.atoms, self.shells[1].fragment.atoms)
        return float(self.reference_norms_eV_per_A2[removed].max())

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the radius is used."""
        name = f"site {self.site} ({self.element})"
        found = []
        if not self.is_converged:
            said = (
                f"{name}: no fragment smaller than the reference is converged; take a larger "
                f"reference fragment."
            )
            found.append(Remark("fragments-not-converged", said))
        outermost = self.outermost_eV_per_A2
        if outermost is not None and outermost >= NEGLIGIBLE_EV_PER_A2:
            said = (
                f"{name}: the outermost groups of the reference fragment still interact with "
                f"{outermost:.2f} eV/Å²; take a larger one."
            )
            found.append(Remark("reference-small", said))
        return tuple(found)

    def summary(self) -> dict[str, Any]:
        """Return an object of ``sites`` in the JSON output."""
        return {
            "index": self.site,
            "element": self.element,
            "equivalent_atoms": list(self.equivalent_atoms),
            "r_frag_A": self.r_frag_A,
            "converged": self.is_converged,
            "outermost_eV_per_A2": self.outermost_eV_per_A2,
            "shells": [shell.summary() for shell in self.shells],
        }


@announces
def converge_site(
    groups: Groups,
    site: int,
    model: Model,
    *,
    equivalent_atoms: tuple[int, ...] = (),
    reference_radius_A: float = REFERENCE_RADIUS_A,
    threshold_eV_per_A2: float = THRESHOLD_eV_per_A2,
    method: str = "auto",
    step_A: float | None = None,
    memory_budget_bytes: int | None = None,
    checkpoint_of: CheckpointOf | None = None,
    progress: Progress | bool | None = None,
) -> SiteConvergence:
    """Compare fragments around a site with a large one.

    Each fragment costs one force call and the three rows of the site.

    Parameters
    ----------
    groups
        The structure and what must not be cut in it.
    site
        Index of the atom in it.
    model
        The model or reference method.
    equivalent_atoms
        Atoms that are carried onto the site by symmetry; recorded only.
    reference_radius_A
        Radius in Å of the fragment that all smaller ones are compared with.
    threshold_eV_per_A2
        Γ, the largest ‖G'‖ of a converged fragment.
    method, step_A, memory_budget_bytes, progress
        As for `nearsight.hessian.hessian`.
    checkpoint_of
        Where the rows of a fragment are kept, so that an interrupted study goes on.

    Raises
    ------
    StructureError
        No such atom, or a group spans the crystal.
    MethodError, ModelError, MemoryBudgetError, CheckpointError, StorageError
        As for `nearsight.locality.site_derivatives`.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.locality import converge_site
    >>> from nearsight.models import load_model
    >>> from nearsight.structures import find_groups
    >>> site = converge_site(find_groups(molecule("CH3CH2OCH3")), 0, load_model("ase:emt"))
    >>> for shell in site.shells:
    ...     print(f"{len(shell.fragment.atoms)} atoms: {shell.group_norm_eV_per_A2:.2f} eV/Å²")
    ...
    12 atoms: 0.00 eV/Å²
    9 atoms: 1.91 eV/Å²
    3 atoms: 70.08 eV/Å²
    """
    fragments = shrinking_fragments(groups, site, reference_radius_A)
    for fragment in fragments:
        require_fragment(fragment, model)
    return converge_fragments(
        groups,
        fragments,
        model,
        equivalent_atoms=equivalent_atoms,
        threshold_eV_per_A2=threshold_eV_per_A2,
        method=method,
        step_A=step_A,
        memory_budget_bytes=memory_budget_bytes,
        checkpoint_of=checkpoint_of,
        progress=progress,
    )


def converge_fragments(
    groups: Groups,
    fragments: Sequence[Fragment],
    model: Model,
    *,
    equivalent_atoms: tuple[int, ...] = (),
    threshold_eV_per_A2: float = THRESHOLD_eV_per_A2,
    method: str = "auto",
    step_A: float | None = None,
    memory_budget_bytes: int | None = None,
    checkpoint_of: CheckpointOf | None = None,
    progress: Progress | bool | None = None,
) -> SiteConvergence:
    """Compare fragments that `shrinking_fragments` cut with the first; see `converge_site`.

    Raises
    ------
    MethodError, ModelError, MemoryBudgetError, CheckpointError, StorageError
        As for `nearsight.locality.site_derivatives`.
    """
    site = int(fragments[0].parents[fragments[0].site])
    element = str(groups.atoms.symbols[site])
    derivatives: list[SiteDerivatives] = []
    with as_progress(progress).task(f"Fragments of {element}{site}", len(fragments)) as advance:
        for fragment in fragments:
            advance(len(derivatives), f"{len(fragment.atoms)} atoms")
            derivatives.append(
                site_derivatives(
                    fragment,
                    model,
                    method=method,
                    step_A=step_A,
                    memory_budget_bytes=memory_budget_bytes,
                    checkpoint=checkpoint_of(fragment) if checkpoint_of else None,
                )
            )
    reference = derivatives[0]
    norms = np.linalg.norm(reference.rows_eV_per_A2, axis=(0, 2))
    return SiteConvergence(
        site=site,
        element=element,
        equivalent_atoms=equivalent_atoms or (site,),
        shells=_shells(groups, fragments, derivatives, norms),
        threshold_eV_per_A2=threshold_eV_per_A2,
        reference_is_all=_is_all(groups, fragments[0]),
        reference_norms_eV_per_A2=norms,
        computation=reference.computation,
    )


def _is_all(groups: Groups, fragment: Fragment) -> bool:
    """Whether a fragment is the whole structure: molecules are left out without any caps."""
    every = np.arange(len(groups.atoms))
    return fragment.n_caps == 0 and np.array_equal(np.sort(fragment.parents), every)


def _shells(
    groups: Groups,
    fragments: Sequence[Fragment],
    derivatives: Sequence[SiteDerivatives],
    norms_eV_per_A2: FloatArray,
) -> tuple[Shell, ...]:
    """Compare every fragment with the first."""
    reference = derivatives[0]
    strongest = strongest_distances_A(groups, fragments[0], norms_eV_per_A2)
    shells = []
    for fragment, found in zip(fragments, derivatives, strict=True):
        removed, caps = atoms_not_shared(fragments[0].atoms, fragment.atoms)
        change = found.force_eV_per_A - reference.force_eV_per_A
        shells.append(
            Shell(
                fragment=fragment,
                radius_A=max(strongest[group] for group in kept_groups(groups, fragment)),
                force_eV_per_A=found.force_eV_per_A,
                force_error_eV_per_A=float(np.linalg.norm(change)),
                group_matrix_eV_per_A2=effective_group_matrix(
                    reference.rows_eV_per_A2, removed, found.rows_eV_per_A2, caps
                ),
            )
        )
    return tuple(shells)
