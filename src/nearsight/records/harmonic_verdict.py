"""What speaks for and against modes, phonons, and heat from them."""

from typing import TYPE_CHECKING

from nearsight.printable import percent
from nearsight.records.checks import (
    exactness_checks,
    imaginary_check,
    relaxation_checks,
    rigid_body_check,
)
from nearsight.records.verdict import Check, Level, Verdict
from nearsight.vibrations.wording import NOTABLE_INTERPOLATION

if TYPE_CHECKING:
    from nearsight.records.results import HarmonicResults
    from nearsight.vibrations.phonon_mesh import PhononMesh


def harmonic_verdict(results: "HarmonicResults") -> Verdict:
    """Return what speaks for and against the numbers of `results`."""
    return Verdict.of(harmonic_checks(results), results.warnings)


def harmonic_checks(results: "HarmonicResults") -> tuple[Check, ...]:
    """Return everything that was looked at."""
    phonons = results.phonons
    return (
        _imaginary_phonons(phonons) if phonons else _imaginary_modes(results),
        *relaxation_checks(results, results.hessian.warnings),
        *exactness_checks(results.hessian),
        *_coverage(results),
    )


def _imaginary_modes(results: "HarmonicResults") -> Check:
    count = results.vibrations.n_imaginary
    if count == 0 or not results.hessian.provenance.only_read:
        return imaginary_check(count)
    if count > 1:
        return Check(
            Level.BAD,
            "imaginary-modes",
            f"{count} imaginary modes",
            "The structure in the file is not at a minimum of the method that had its Hessian.",
        )
    molecule = not results.atoms.pbc.any()
    return Check(
        Level.CAUTION,
        "saddle-point",
        "transition state" if molecule else "saddle point",
        "One mode is imaginary: the structure in the file is a saddle point of first order of the "
        "method that had its Hessian. That mode counts as nothing.",
    )


def _imaginary_phonons(phonons: "PhononMesh") -> Check:
    if phonons.share_imaginary == 0:
        detail = "No phonon has a negative curvature."
        return Check(Level.GOOD, "imaginary-modes", "no imaginary modes", detail)
    few = phonons.few_imaginary
    return Check(
        Level.CAUTION if few else Level.BAD,
        "imaginary-modes",
        f"{percent(phonons.share_imaginary)} imaginary modes",
        "So few, and none at the q-points of the supercell itself: soft acoustic modes that "
        "interpolation pushes below zero look like that."
        if few
        else f"The structure is not at a minimum of "
        f"{'the method of the file' if phonons.provenance.only_read else 'this model'}, or the "
        f"supercell is too small.",
    )


def _coverage(results: "HarmonicResults") -> tuple[Check, ...]:
    """Return whether the heat capacity is that of all motion, if there is a heat capacity."""
    thermal, vibrations = results.thermodynamics, results.vibrations
    if thermal is None:
        return ()
    rigid = rigid_body_check(thermal, vibrations.pieces, vibrations.n_rigid_body, entropy=True)
    if results.phonons is None:
        return (rigid,)
    found = (_interpolation(results.phonons), *_convergence(results))
    # In a crystal Γ is one point of many.
    return (*found, rigid) if vibrations.pieces.molecular else found


def _interpolation(phonons: "PhononMesh") -> Check:
    """Return whether the supercell of the force constants was large enough to interpolate from."""
    effect = phonons.interpolation_effect
    small = abs(effect) <= NOTABLE_INTERPOLATION
    return Check(
        Level.GOOD if small else Level.CAUTION,
        "coarse-interpolation",
        "interpolation changes little" if small else "supercell small",
        f"Interpolation between its own q-points changes the heat capacity at 300 K by "
        f"{100 * effect:+z.2f} %.",
    )


def _convergence(results: "HarmonicResults") -> tuple[Check, ...]:
    """Return whether larger supercells changed the heat capacity, if several were tried."""
    curve = results.convergence
    if curve is None:
        return ()
    if curve.converged:
        detail = f"The last two supercells agree within {100 * curve.tolerance:g} %."
        return (Check(Level.GOOD, "supercell-not-converged", "supercell converged", detail),)
    detail = f"The last two supercells differ by more than {100 * curve.tolerance:g} %."
    if len(curve.steps) < 2:
        detail = "Only one supercell could be computed."
    return (Check(Level.CAUTION, "supercell-not-converged", "supercell not converged", detail),)
