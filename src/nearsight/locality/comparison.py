"""Does a model see as far as the electrons do? Its locality beside that of a reference."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.errors import MethodError
from nearsight.locality.convergence import SiteConvergence
from nearsight.locality.ranges import NEGLIGIBLE_EV_PER_A2
from nearsight.locality.result import Locality
from nearsight.notebooks import ShownInNotebooks
from nearsight.remarks import Remark
from nearsight.structures.naming import paragraph

FAR_DISTANCES_A = (3.0, 5.0, 8.0)
"""Beyond these the interactions by the model are compared with those by the reference."""

_SAME_PLACE_A = 1e-6
_AS_FAR_A = 0.1
"""Radii that differ by less are the same: it is less than a bond."""


@dataclass(frozen=True)
class SiteComparison:
    """One site by a model and by its reference, in the same reference fragment."""

    site: int
    element: str
    model_r_frag_A: float
    reference_r_frag_A: float
    distances_A: FloatArray
    """Of the atoms of the reference fragment from the site, the site left out."""
    model_norms_eV_per_A2: FloatArray
    """‖h_AB‖ by the model, for the same atoms."""
    reference_norms_eV_per_A2: FloatArray
    """‖h_AB‖ by the reference."""
    reach_A: float | None
    """Distance beyond which the model's h_AB is zero; None if there is none."""

    @property
    def unseen_eV_per_A2(self) -> float:
        """Root of Σ ‖h_AB‖² of the reference over the atoms that the model cannot see."""
        if self.reach_A is None:
            return 0.0
        beyond = self.distances_A > self.reach_A
        return float(np.linalg.norm(self.reference_norms_eV_per_A2[beyond]))

    def far_ratio(self, distance_A: float) -> float | None:
        """Return how strongly the model interacts beyond a distance, over the reference.

        Of root sums of squares; None where the reference feels nothing that far away.
        """
        beyond = self.distances_A > distance_A
        model = np.linalg.norm(self.model_norms_eV_per_A2[beyond])
        reference = np.linalg.norm(self.reference_norms_eV_per_A2[beyond])
        return float(model / reference) if reference > 0.0 else None

    def summary(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "index": self.site,
            "element": self.element,
            "model_r_frag_A": self.model_r_frag_A,
            "reference_r_frag_A": self.reference_r_frag_A,
            "unseen_eV_per_A2": self.unseen_eV_per_A2,
            "far_ratios": {
                f"{distance:g}": self.far_ratio(distance) for distance in FAR_DISTANCES_A
            },
        }


@dataclass(frozen=True)
class LocalityComparison(ShownInNotebooks):
    """A model's locality against its reference's on the same structure."""

    model: str
    reference: str
    model_force_range_A: float
    reference_force_range_A: float
    sites: tuple[SiteComparison, ...]

    def __repr__(self) -> str:
        ranges = (
            f"forces within {self.model_force_range_A:.2f} Å and "
            f"{self.reference_force_range_A:.2f} Å"
        )
        return paragraph(self, f"{self.model} and {self.reference}", ranges)

    @property
    def sees_as_far(self) -> bool:
        """Whether forces of the model reach as far as those of its reference."""
        return self.model_force_range_A >= self.reference_force_range_A - _AS_FAR_A

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the model is used for such structures."""
        out_of_reach = [
            f"{site.element}{site.site} ({site.unseen_eV_per_A2:.2f} eV/Å²)"
            for site in self.sites
            if site.unseen_eV_per_A2 >= NEGLIGIBLE_EV_PER_A2
        ]
        if not out_of_reach:
            return ()
        said = (
            f"{self.model} cannot see all that sites feel by {self.reference}: "
            f"{', '.join(out_of_reach)}."
        )
        return (Remark("sees-less-far", said),)

    def summary(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "model": self.model,
            "reference": self.reference,
            "model_force_range_A": self.model_force_range_A,
            "reference_force_range_A": self.reference_force_range_A,
            "sites": [site.summary() for site in self.sites],
        }


def compare_localities(model: Locality, reference: Locality) -> LocalityComparison:
    """Compare the locality of a model with that of a reference method.

    Parameters
    ----------
    model
        What the model says.
    reference
        What the reference method says of the same structure.

    Raises
    ------
    MethodError
        They are of different structures, sites or reference fragments.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.locality import compare_localities, locality
    >>> from nearsight.models import load_model
    >>> models = load_model("ase:emt"), load_model("ase:emt?asap_cutoff=yes")
    >>> found = [locality(molecule("CH3CH2OCH3"), model, sites=[0]) for model in models]
    >>> comparison = compare_localities(*found)
    >>> comparison.sees_as_far
    True
    >>> print(f"{comparison.model_force_range_A:.2f} Å")
    2.37 Å
    """
    theirs = {site.site: site for site in reference.sites}
    if [site.site for site in model.sites] != list(theirs):
        raise MethodError(
            f"the localities are of the sites {[site.site for site in model.sites]} and "
            f"{list(theirs)}; compute both for the same sites."
        )
    return LocalityComparison(
        model=model.provenance.model.name,
        reference=reference.provenance.model.name,
        model_force_range_A=model.force_range_A,
        reference_force_range_A=reference.force_range_A,
        sites=tuple(_compared(site, theirs[site.site], model.reach_A) for site in model.sites),
    )


def _compared(
    ours: SiteConvergence, theirs: SiteConvergence, reach_A: float | None
) -> SiteComparison:
    own, other = ours.reference.atoms, theirs.reference.atoms
    if len(own) != len(other) or np.abs(own.positions - other.positions).max() > _SAME_PLACE_A:
        raise MethodError(
            f"the reference fragments around atom {ours.site} differ; compute both localities of "
            f"the same structure with the same reference radius."
        )
    others = np.arange(len(own)) != ours.reference.site
    return SiteComparison(
        site=ours.site,
        element=ours.element,
        model_r_frag_A=ours.r_frag_A,
        reference_r_frag_A=theirs.r_frag_A,
        distances_A=ours.distances_A[others],
        model_norms_eV_per_A2=ours.reference_norms_eV_per_A2[others],
        reference_norms_eV_per_A2=theirs.reference_norms_eV_per_A2[others],
        reach_A=reach_A,
    )
