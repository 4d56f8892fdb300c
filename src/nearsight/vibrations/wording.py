"""How messages name wavenumbers, and what a convention leaves out."""

import numpy as np
from numpy.typing import NDArray

from nearsight.remarks import Remark

WAY_OUT = (
    "relax it further, with a smaller `fmax_eV_per_A`, or out of the saddle point with "
    "`follow_imaginary`"
)
"""What to do about imaginary modes of the cell that was relaxed."""

PERIODIC_WITH_VACUUM = "make the layer or chain periodic in all three directions, with vacuum"
"""What gives a structure phonons that is periodic in one or two directions."""

_SOFT_PER_CM = 50.0
"""Up to which noise of a Hessian, or a rotor that hardly turns, makes a mode imaginary."""

_NAMED_AT_MOST = 6

NOTABLE_SHARE = 0.01
"""Share of acoustic modes at Γ above which leaving them out deserves a warning."""

NOTABLE_INTERPOLATION = 0.01
"""Change of c_v at 300 K by interpolation from which the supercell is called small.

Models are off by more; on quartz a supercell with 3e-4 has force constants of 2.6 eV/Å² at its
boundary, so that these say little by themselves."""


def name_wavenumbers(wavenumbers_per_cm: NDArray[np.float64]) -> str:
    """Return wavenumbers in cm⁻¹ as a list in words, the first six of them by value."""
    named = ", ".join(f"{value:.1f}" for value in wavenumbers_per_cm[:_NAMED_AT_MOST])
    left = len(wavenumbers_per_cm) - _NAMED_AT_MOST
    return f"{named} cm⁻¹" + (f" and {left} more" if left > 0 else "")


def imaginary_warning(
    wavenumbers_per_cm: NDArray[np.float64], *, only_read: bool, molecule: bool
) -> Remark:
    """Return what imaginary modes at Γ mean, and what to do about them.

    Parameters
    ----------
    wavenumbers_per_cm
        Those of the imaginary modes, negative.
    only_read
        Whether the Hessian is one of another program, with which nothing here can be relaxed.
    molecule
        Whether the structure is a molecule.
    """
    count = len(wavenumbers_per_cm)
    contribute = "modes contribute" if count > 1 else "mode contributes"
    said = (
        f"{count} imaginary {contribute} nothing ({name_wavenumbers(wavenumbers_per_cm)}): "
        f"{cause_of_imaginary(wavenumbers_per_cm, only_read=only_read, molecule=molecule)}."
    )
    return Remark("saddle-point" if only_read and count == 1 else "imaginary-modes", said)


def cause_of_imaginary(
    wavenumbers_per_cm: NDArray[np.float64], *, only_read: bool, molecule: bool
) -> str:
    """Return what imaginary modes at Γ come from, and what to do where something can be done."""
    if not only_read:
        return f"the structure is not at a minimum of this model; {WAY_OUT}"
    if len(wavenumbers_per_cm) > 1:
        return "the structure in the file is not at a minimum of the method that had its Hessian"
    kind = "a transition state" if molecule else "a saddle point of first order"
    said = f"the structure in the file is {kind} of the method that had its Hessian"
    if abs(wavenumbers_per_cm[0]) > _SOFT_PER_CM:
        return f"{said}, and this mode leads downhill on both sides of it"
    return f"{said}, or so soft a mode is imaginary by the noise of that Hessian"


def remarks_at_gamma(
    acoustic: str, n_atoms: int, n_rigid_body: int, *, molecular: bool, has_mesh: bool
) -> tuple[Remark, ...]:
    """Return what a convention for the rigid-body modes means at Γ of one cell.

    Parameters
    ----------
    molecular
        Whether there are molecules and nothing else.
    has_mesh
        Whether the structure is periodic in three directions, as phonons over a mesh need it.
    """
    if acoustic == "exclude":
        return _left_out(n_atoms, n_rigid_body, molecular=molecular, has_mesh=has_mesh)
    if acoustic == "as-computed":
        said = (
            "the spectrum is not projected: heat capacity, entropy and free energy depend on the "
            f"noise of the {n_rigid_body} rigid-body modes."
        )
        return (Remark("rigid-body-modes-counted", said),)
    said = (
        f"the {n_rigid_body} rigid-body modes count in the heat capacity and internal energy "
        f"only; their entropy and free energy would diverge and are left out."
    )
    found = (Remark("rigid-body-modes-counted", said),)
    if not molecular:
        return found
    said = (
        "`acoustic` classical gives each translation and rotation of a molecule k_B; those of "
        "a free molecule have k_B/2: for a gas use the workflow `thermochemistry`."
    )
    return (*found, Remark("rigid-body-modes-counted", said))


def _left_out(
    n_atoms: int, n_rigid_body: int, *, molecular: bool, has_mesh: bool
) -> tuple[Remark, ...]:
    """Say what leaving the rigid-body modes out means where it means much."""
    if molecular:
        said = (
            "these are the vibrations of the molecule only; the workflow `thermochemistry` adds "
            "translation and rotation of a gas."
        )
        return (Remark("vibrations-only", said),)
    share = n_rigid_body / (3 * n_atoms)
    if share <= NOTABLE_SHARE:
        return ()
    whole = "" if has_mesh else f". For them, {PERIODIC_WITH_VACUUM}"
    said = (
        f"{n_rigid_body} of {3 * n_atoms} modes are acoustic ones at Γ and left out, so that the "
        f"heat capacity {'of the crystal ' if has_mesh else ''}is underestimated by up to "
        f"{100 * share:.1f} % of its classical limit; phonons over the Brillouin zone (a mesh) "
        f"leave nothing out{whole}."
    )
    return (Remark("modes-left-out", said),)
