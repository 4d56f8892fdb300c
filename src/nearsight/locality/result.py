"""The locality of a structure as a value: how far each site sees, and which fragments follow."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms

from nearsight.charts.chart import Axis, Chart, Limit, Line, Mark, Points
from nearsight.charts.on_axes import draw
from nearsight.charts.palette import element_colors
from nearsight.locality.convergence import SiteConvergence
from nearsight.locality.norms_chart import LOWEST_DRAWN_EV_PER_A2, whole_decades
from nearsight.locality.ranges import NEGLIGIBLE_EV_PER_A2, PairRange, pair_ranges
from nearsight.notebooks import ShownInNotebooks
from nearsight.provenance import Provenance
from nearsight.remarks import Remark
from nearsight.structures.fragments import Fragment
from nearsight.structures.naming import count_warnings, name_structure, paragraph

if TYPE_CHECKING:
    from nearsight.charts.on_axes import Axes


@dataclass(frozen=True)
class Locality(ShownInNotebooks):
    """How large fragments of a structure must be for right forces on its sites."""

    atoms: Atoms
    """The structure."""
    sites: tuple[SiteConvergence, ...]
    """One for each kind of site that was examined."""
    fragments: tuple[Fragment, ...]
    """Fragments with the range as radius: few in which every kind of atom is central, or, where
    sites were chosen, those around them."""
    threshold_eV_per_A2: float
    """Γ."""
    reference_radius_A: float
    """Radius of the fragments that smaller ones were compared with."""
    reach_A: float | None
    """Distance beyond which the model's h_AB is zero; None if there is none."""
    provenance: Provenance

    def __repr__(self) -> str:
        of = f"{name_structure(self.atoms)} by {self.provenance.model.name}"
        reach = f"range of forces {self.force_range_A:.2f} Å for {len(self.sites)} sites"
        return paragraph(self, of, reach, count_warnings(self.warnings))

    @property
    def force_range_A(self) -> float:
        """Range of forces: the largest r_frag, a radius of fragments that is enough for all."""
        return max(site.r_frag_A for site in self.sites)

    @property
    def cutoff_A(self) -> float:
        """Cutoff of an atom-centred potential that follows: half the range of forces.

        Its forces depend on atoms within twice its cutoff.
        """
        return self.force_range_A / 2

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
        """Draw ‖G'‖ over r_frag of the fragments on `axes`, a curve for each site."""
        draw(self.chart(), axes)

    def chart(self) -> Chart:
        """Return ‖G'‖ over r_frag of the fragments, a curve for each site that has several."""
        threshold = self.threshold_eV_per_A2
        sites = [site for site in self.sites if len(site.shells) > 1]
        colors = element_colors([site.element for site in sites])
        marks: list[Mark] = [
            Limit(threshold, f"threshold: {threshold:g} eV Å⁻²", text_at="high"),
        ]
        for site in sites:
            radii = np.array([shell.radius_A for shell in site.shells[1:]])
            norms = np.array([shell.group_norm_eV_per_A2 for shell in site.shells[1:]])
            norms = np.maximum(norms, LOWEST_DRAWN_EV_PER_A2)
            label, color = f"{site.element}{site.site}", colors[site.element]
            notes = [
                f"{label}: {radius:.2f} Å, {norm:.2g} eV/Å²"
                for radius, norm in zip(radii, norms, strict=True)
            ]
            marks += [
                Line(radii, norms, label, color, named_at_end=True),
                Points(radii, norms, label, color, notes=notes),
            ]
        drawn = [mark for mark in marks if isinstance(mark, Line)]
        values = np.concatenate([[threshold], *(line.y for line in drawn)])
        farthest = max((float(line.x.max()) for line in drawn), default=1.0)
        return Chart(
            "Convergence of fragments",
            Axis("r_frag / Å", 0.0, 1.08 * max(farthest, 1.0)),
            whole_decades("‖G′‖ / eV Å⁻²", values),
            tuple(marks),
            f"Norm of the effective group matrix over r_frag of fragments for "
            f"{', '.join(line.label for line in drawn)}; threshold {threshold:g} eV/Å².",
        )

    def summary(self) -> dict[str, Any]:
        """Return what the JSON output says of it, without the files of the fragments."""
        return {
            "method": self.provenance.model.name,
            "threshold_eV_per_A2": self.threshold_eV_per_A2,
            "reference_radius_A": self.reference_radius_A,
            "force_range_A": self.force_range_A,
            "cutoff_A": self.cutoff_A,
            "sites": [site.summary() for site in self.sites],
            "ranges": [each.summary() for each in self.ranges()],
        }
