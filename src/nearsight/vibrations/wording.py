"""How messages name wavenumbers, and what a convention leaves out."""

import numpy as np
from numpy.typing import NDArray

WAY_OUT = (
    "relax it further, with a smaller --fmax, or out of the saddle point with --follow-imaginary "
    "(in Python relax_to_minimum)"
)
"""What to do about imaginary modes of the cell that was relaxed."""

_NAMED_AT_MOST = 6

NOTABLE_SHARE = 0.01
"""Share of acoustic modes at Γ above which leaving them out deserves a warning."""


def name_wavenumbers(wavenumbers_per_cm: NDArray[np.float64]) -> str:
    """Return wavenumbers in cm⁻¹ as a list in words, the first six of them by value."""
    named = ", ".join(f"{value:.1f}" for value in wavenumbers_per_cm[:_NAMED_AT_MOST])
    left = len(wavenumbers_per_cm) - _NAMED_AT_MOST
    return f"{named} cm⁻¹" + (f" and {left} more" if left > 0 else "")


def remarks_at_gamma(
    acoustic: str, n_atoms: int, n_rigid_body: int, periodic: bool
) -> tuple[str, ...]:
    """Return what a convention for the rigid-body modes means at Γ of one cell."""
    if acoustic == "exclude":
        return _left_out(n_atoms, n_rigid_body, periodic)
    if acoustic == "as-computed":
        return (
            "the spectrum is not projected: entropy and free energy depend on the noise of the "
            f"{n_rigid_body} rigid-body modes.",
        )
    found = [
        f"the {n_rigid_body} rigid-body modes count in the heat capacity and internal energy "
        f"only; their entropy and free energy would diverge and are left out."
    ]
    if not periodic:
        found.append(
            "acoustic='classical' gives each translation and rotation of a molecule k_B; those of "
            "a free molecule have k_B/2: use molecular_thermochemistry for a gas."
        )
    return tuple(found)


def _left_out(n_atoms: int, n_rigid_body: int, periodic: bool) -> tuple[str, ...]:
    """Say what leaving the rigid-body modes out means where it means much."""
    if not periodic:
        return (
            "these are the vibrations of the molecule only; for a gas add its translation and "
            "rotation with molecular_thermochemistry.",
        )
    share = n_rigid_body / (3 * n_atoms)
    if share <= NOTABLE_SHARE:
        return ()
    return (
        f"{n_rigid_body} of {3 * n_atoms} modes are acoustic ones at Γ and left out, so that the "
        f"heat capacity of the crystal is underestimated by up to {100 * share:.1f} % of its "
        f"classical limit; phonons over the Brillouin zone (a mesh) leave nothing out.",
    )
