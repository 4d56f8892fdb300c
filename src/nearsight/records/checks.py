"""What is looked at whatever was asked: rest, exact derivatives, what a convention leaves out."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nearsight import units
from nearsight.records.verdict import Check, Level
from nearsight.remarks import Remark
from nearsight.vibrations.wording import NOTABLE_SHARE

if TYPE_CHECKING:
    from nearsight.hessian.matrix import Hessian
    from nearsight.relaxation.result import Relaxation
    from nearsight.structures.pieces import Pieces
    from nearsight.vibrations.heat_capacity import HeatCapacity

# An error of 1e-3 eV/Å² in the curvature of an oxygen atom moves a mode of 30 cm⁻¹, among the
# softest that count, by 1 %; 5e-2 eV/Å² is all of its curvature.
_CLEAN_eV_PER_A2 = 1e-3
_DOUBTFUL_eV_PER_A2 = 5e-2

# Heat capacities of today's models are off by more than that.
_SMALL_SHARE = 0.05


class Relaxed(Protocol):
    """Results of a structure that may have been relaxed."""

    @property
    def relaxation(self) -> "Relaxation | None":
        """None if the structure was not relaxed, or nothing is known about it."""
        ...

    @property
    def settings(self) -> Mapping[str, Any]:
        """What was asked for; ``relax: False`` says that there was no relaxation."""
        ...


def imaginary_check(count: int) -> Check:
    """Return whether there are imaginary modes."""
    if count == 0:
        detail = "No vibration has a negative curvature."
        return Check(Level.GOOD, "imaginary-modes", "no imaginary modes", detail)
    return Check(
        Level.BAD,
        "imaginary-modes",
        f"{count} imaginary mode{'s' if count > 1 else ''}",
        "The structure is not at a minimum of this model.",
    )


def relaxation_checks(results: Relaxed, remarks: Sequence[Remark]) -> tuple[Check, ...]:
    """Return whether the structure is at a minimum, as far as its relaxation tells.

    Parameters
    ----------
    results
        The structure, with its relaxation if there was one.
    remarks
        What was remarked about the structure or its relaxation, such as a lost symmetry.
    """
    relaxation = results.relaxation
    codes = {remark.code for remark in remarks}
    notable = any(Level.of(remark) >= Level.CAUTION for remark in remarks)
    remarked = Check(
        Level.CAUTION,
        "structure",
        "structure with warnings",
        "What was remarked about the structure or its relaxation stands below.",
    )
    if relaxation is not None:
        steps = f"{relaxation.n_steps} step{'' if relaxation.n_steps == 1 else 's'}"
        detail = f"After {steps} the largest force left is {relaxation.fmax_eV_per_A:.4f} eV/Å."
        code = "not-converged"
        if not relaxation.converged:
            said = code in codes
            return (Check(Level.BAD, code, "relaxation not converged", detail, said=said),)
        converged = Check(Level.GOOD, code, "relaxation converged", detail)
        return (converged, remarked) if notable else (converged,)
    if results.settings.get("relax") is False:
        detail = "Harmonic results hold at a minimum of the model only."
        said = "unrelaxed" in codes
        return (Check(Level.CAUTION, "unrelaxed", "not relaxed", detail, said=said),)
    if notable:
        return (remarked,)
    detail = "It is not known here whether the structure was relaxed; no warning came with it."
    return (Check(Level.UNKNOWN, "unrelaxed", "relaxation not recorded", detail),)


def rigid_body_check(
    heat: "HeatCapacity", pieces: "Pieces", n_rigid_body: int, *, entropy: bool
) -> Check:
    """Return what the convention for the rigid-body modes means for a heat capacity at Γ.

    `entropy` says whether entropy and free energy stand beside it.
    """
    if pieces.molecular and heat.acoustic == "exclude":
        return Check(
            Level.CAUTION,
            "vibrations-only",
            "vibrations only",
            "The translation and rotation of a gas are not in these numbers.",
        )
    if pieces.molecular and heat.acoustic == "classical":
        return Check(
            Level.CAUTION,
            "rigid-body-modes-counted",
            "translations and rotations counted",
            "With k_B each, which is twice the heat capacity that they have in a gas"
            f"{'; their entropy and free energy are left out' if entropy else ''}.",
        )
    if heat.acoustic == "as-computed":
        return Check(
            Level.CAUTION,
            "rigid-body-modes-counted",
            "rigid-body modes as computed",
            "The rigid-body modes count with the noise of their wavenumbers.",
        )
    if heat.acoustic == "classical":
        return Check(
            Level.CAUTION if entropy else Level.GOOD,
            "rigid-body-modes-counted",
            "acoustic modes counted",
            "With k_B each: right at high temperature, too much at the lowest ones"
            f"{'; their entropy and free energy are left out' if entropy else ''}.",
        )
    return _left_out(heat, n_rigid_body)


def _left_out(heat: "HeatCapacity", n_rigid_body: int) -> Check:
    """Return how much the left out modes could matter, which is most where it is coldest."""
    # At 0 K nothing counts, left out or not.
    coldest = int(np.where(heat.temperatures_K > 0, heat.temperatures_K, np.inf).argmin())
    counted = float(heat.heat_capacity_eV_per_K[coldest]) / units.BOLTZMANN_EV_PER_K
    warm = heat.temperatures_K[coldest] > 0
    share = n_rigid_body / (n_rigid_body + counted) if warm else 0.0
    few = n_rigid_body <= NOTABLE_SHARE * 3 * heat.n_atoms
    small = few and share <= _SMALL_SHARE
    return Check(
        Level.GOOD if small else Level.CAUTION,
        "modes-left-out",
        "nearly all modes counted" if small else "acoustic modes missing",
        f"{n_rigid_body} of {3 * heat.n_atoms} modes are left out; with k_B each they would be "
        f"{100 * share:.1f} % of the heat capacity at {heat.temperatures_K[coldest]:g} K.",
        said=not few,
    )


def exactness_checks(hessian: "Hessian") -> tuple[Check, ...]:
    """Return whether a Hessian obeys what that of every energy obeys."""
    return (
        _exactness(
            "asymmetric-hessian",
            "symmetric Hessian",
            "asymmetric Hessian",
            hessian.asymmetry_eV_per_A2,
            "The largest difference between the Hessian and its transpose",
        ),
        _exactness(
            "sum-rule-violated",
            "sum rule holds",
            "sum rule violated",
            hessian.sum_rule_eV_per_A2,
            "The largest force constant that is left when everything moves together",
        ),
    )


def _exactness(code: str, clean: str, unclean: str, value_eV_per_A2: float, meaning: str) -> Check:
    detail = f"{meaning} is {value_eV_per_A2:.1e} eV/Å²; exact derivatives have zero."
    if value_eV_per_A2 <= _CLEAN_eV_PER_A2:
        return Check(Level.GOOD, code, clean, detail)
    if value_eV_per_A2 <= _DOUBTFUL_eV_PER_A2:
        return Check(
            Level.CAUTION, code, unclean, f"{detail} Soft modes are uncertain.", said=False
        )
    return Check(Level.BAD, code, unclean, f"{detail} Soft modes mean nothing.", said=False)
