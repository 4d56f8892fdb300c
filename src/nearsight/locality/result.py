"""The locality of a structure as a value: how far each site sees, and which fragments follow."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms

from nearsight.locality.convergence import SiteConvergence
from nearsight.locality.ranges import NEGLIGIBLE_EV_PER_A2, PairRange, pair_ranges
from nearsight.provenance import Provenance
from nearsight.remarks import Remark
from nearsight.structures.fragments import Fragment
from nearsight.structures.naming import count_warnings, name_structure, paragraph

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Locality:
    """How large fragments of a structure must be for right forces on its sites."""

    atoms: Atoms
    """The structure."""
    sites: tuple[SiteConvergence, ...]
    """One for each kind of site that was examined."""
    fragments: tuple[Fragment, ...]
    """Fragments of the common radius: few in which every kind of atom is central, or, where sites
    were chosen, those around them."""
    threshold_eV_per_A2: float
    """Γ."""
    reference_radius_A: float
    """Radius of the fragments that smaller ones were compared with."""
    reach_A: float | None
    """Distance beyond which the model's h_AB is zero; None if there is none."""
    provenance: Provenance

    def __repr__(self) -> str:
        of = f"{name_structure(self.atoms)} by {self.provenance.model.name}"
        radius = f"fragments of {self.common_radius_A:.2f} Å are enough for {len(self.sites)} sites"
        return paragraph(self, of, radius, count_warnings(self.warnings))

    @property
    def common_radius_A(self) -> float:
        """The largest fragment radius of the sites: one that is enough for all."""
        return max(site.r_frag_A for site in self.sites)

    @property
    def cutoff_A(self) -> float:
        """Cutoff of an atom-centred potential that follows: half the common radius.

        Its forces depend on atoms within twice its cutoff.
        """
        return self.common_radius_A / 2

    def ranges(self, negligible_eV_per_A2: float = NEGLIGIBLE_EV_PER_A2) -> list[PairRange]:
        """Return how far each pair of elements interacts in the reference fragments, without caps.

        Parameters
        ----------
        negligible_eV_per_A2
            Interactions below it do not count.
        """
        own, symbols, norms, distances = [], [], [], []
        for site in self.sites:
            others = np.arange(len(site.reference.atoms)) != site.reference.site
            others[site.reference.n_kept :] = False  # caps are no atoms of the structure
            symbols += np.array(site.reference.atoms.get_chemical_symbols())[others].tolist()
            own += [site.element] * int(others.sum())
            norms.append(site.reference_norms_eV_per_A2[others])
            distances.append(site.distances_A[others])
        return pair_ranges(
            own, symbols, np.concatenate(norms), np.concatenate(distances), negligible_eV_per_A2
        )

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the radius is used."""
        return tuple(warning for site in self.sites for warning in site.warnings)

    def plot(self, axes: "Axes") -> None:
        """Draw ‖G'‖ over the radius of the fragments on `axes`, a curve for each site."""
        for site in self.sites:
            shells = site.shells[1:]
            axes.plot(
                [shell.radius_A for shell in shells],
                [shell.group_norm_eV_per_A2 for shell in shells],
                "o-",
                ms=3,
                lw=1,
                label=f"{site.element}{site.site}",
            )
        axes.axhline(self.threshold_eV_per_A2, color="0.5", lw=0.8, ls="--")
        axes.set(xlabel="fragment radius / Å", ylabel=r"$\|G'\|$ / eV Å$^{-2}$", yscale="log")
        axes.legend()

    def summary(self) -> dict[str, Any]:
        """Return what the JSON output says of it, without the files of the fragments."""
        return {
            "method": self.provenance.model.name,
            "threshold_eV_per_A2": self.threshold_eV_per_A2,
            "reference_radius_A": self.reference_radius_A,
            "common_radius_A": self.common_radius_A,
            "cutoff_A": self.cutoff_A,
            "sites": [site.summary() for site in self.sites],
            "ranges": [each.summary() for each in self.ranges()],
        }
