"""Which ‖G'‖ goes with which force error: the threshold Γ of converged fragments."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nearsight.errors import MethodError
from nearsight.locality.convergence import SiteConvergence

FORCE_ERROR_EV_PER_A = 0.15
"""Force error that the paper's Γ of 0.35 eV/Å² stands for."""

_FITTED_UP_TO = 2.0
"""Fragments with force errors above this many times the wanted one are not fitted: far out the
error grows faster than ‖G'‖ tells."""


@dataclass(frozen=True)
class Threshold:
    """A straight line ‖G'‖ = slope · ‖Δf‖ through fragments of one or more systems."""

    force_error_eV_per_A: float
    """The error that is allowed."""
    slope_per_A: float
    """‖G'‖ over ‖Δf‖."""
    n_fragments: int
    """How many fragments were fitted."""
    scatter_eV_per_A2: float
    """Root mean square deviation of ‖G'‖ from the line."""

    @property
    def group_norm_eV_per_A2(self) -> float:
        """Γ, the ‖G'‖ that goes with the allowed error."""
        return self.slope_per_A * self.force_error_eV_per_A

    def summary(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "threshold_eV_per_A2": self.group_norm_eV_per_A2,
            "force_error_eV_per_A": self.force_error_eV_per_A,
            "slope_per_A": self.slope_per_A,
            "n_fragments": self.n_fragments,
            "scatter_eV_per_A2": self.scatter_eV_per_A2,
        }


def fit_threshold(
    sites: Iterable[SiteConvergence], force_error_eV_per_A: float = FORCE_ERROR_EV_PER_A
) -> Threshold:
    """Fit Γ to fragments of sites, such as the same molecule at several scaled geometries.

    Parameters
    ----------
    sites
        Sites with their fragments, all by the same model.
    force_error_eV_per_A
        The force error that a converged fragment may have.

    Raises
    ------
    MethodError
        The error is not positive, or fewer than two fragments have errors in its range.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.locality import converge_site, fit_threshold
    >>> from nearsight.models import load_model
    >>> from nearsight.structures import find_groups
    >>> groups, model = find_groups(molecule("CH3CH2OCH3")), load_model("ase:emt")
    >>> sites = [converge_site(groups, atom, model) for atom in range(4)]
    >>> found = fit_threshold(sites, force_error_eV_per_A=0.15)
    >>> print(f"Γ = {found.group_norm_eV_per_A2:.1f} eV/Å² from {found.n_fragments} fragments")
    Γ = 2.0 eV/Å² from 6 fragments
    """
    pairs = [
        (shell.force_error_eV_per_A, shell.group_norm_eV_per_A2)
        for site in sites
        for shell in site.shells[1:]
    ]
    return fit_line(pairs, force_error_eV_per_A)


def fit_line(
    pairs: Iterable[tuple[float, float]], force_error_eV_per_A: float = FORCE_ERROR_EV_PER_A
) -> Threshold:
    """Fit Γ to pairs of ‖Δf‖ in eV/Å and ‖G'‖ in eV/Å²; see `fit_threshold`.

    Parameters
    ----------
    pairs
        Force errors in eV/Å and group norms in eV/Å², a pair for each fragment.
    force_error_eV_per_A
        The force error in eV/Å that Γ is to stand for.

    Examples
    --------
    >>> from nearsight.locality import fit_line
    >>> pairs = [(0.05, 0.13), (0.11, 0.29), (0.17, 0.40), (0.27, 0.71)]
    >>> found = fit_line(pairs, force_error_eV_per_A=0.15)
    >>> print(f"Γ = {found.group_norm_eV_per_A2:.2f} eV/Å² from {found.n_fragments} fragments")
    Γ = 0.38 eV/Å² from 4 fragments
    """
    if not force_error_eV_per_A > 0.0:
        raise MethodError(f"the force error must be positive, not {force_error_eV_per_A} eV/Å.")
    kept = [pair for pair in pairs if pair[0] <= _FITTED_UP_TO * force_error_eV_per_A]
    if len(kept) < 2 or max(error for error, _ in kept) < force_error_eV_per_A / _FITTED_UP_TO:
        raise MethodError(
            f"{len(kept)} fragments have force errors below "
            f"{_FITTED_UP_TO * force_error_eV_per_A:g} eV/Å; a threshold for "
            f"{force_error_eV_per_A:g} eV/Å needs two or more, and some around the error that is "
            f"allowed. Give more sites or systems."
        )
    errors, norms = np.array(kept).T
    slope = float(errors @ norms / (errors @ errors))
    return Threshold(
        force_error_eV_per_A=force_error_eV_per_A,
        slope_per_A=slope,
        n_fragments=len(kept),
        scatter_eV_per_A2=float(np.sqrt(np.mean((norms - slope * errors) ** 2))),
    )
