"""What follows from second derivatives alone: modes, phonons, thermodynamic functions."""

from nearsight.records.results import HarmonicResults
from nearsight.vibrations.modes import vibrations
from nearsight.vibrations.phonon_mesh import phonon_mesh
from nearsight.vibrations.settings import DEFAULT_MESH_LENGTH_A
from nearsight.vibrations.spectrum import Spectrum
from nearsight.vibrations.thermodynamics import thermodynamics
from nearsight.workflows.second_derivatives import OfPhonons, SecondDerivatives


def harmonic_results(
    derivatives: SecondDerivatives, settings: OfPhonons, reason: str | None
) -> HarmonicResults:
    """Compute modes, phonons where there are force constants, and thermodynamic functions.

    Parameters
    ----------
    derivatives
        The Hessian or the force constants.
    settings
        The mesh, and what is asked of thermodynamics.
    reason
        Why heat is taken from this spectrum; None where there was no choice.
    """
    modes = vibrations(derivatives.hessian)
    phonons = None
    if derivatives.force_constants is not None:
        mesh = settings.phonons.mesh or DEFAULT_MESH_LENGTH_A
        phonons = phonon_mesh(derivatives.force_constants, mesh)
    spectrum: Spectrum = phonons or modes
    thermal = thermodynamics(
        spectrum,
        settings.thermodynamics.temperatures_K,
        settings.thermodynamics.acoustic,
        settings.thermodynamics.scale_factor,
    )
    return HarmonicResults(
        derivatives.name,
        derivatives.hessian,
        modes,
        thermal,
        derivatives.relaxation,
        derivatives.settings,
        derivatives.force_constants,
        phonons,
        reason,
        presentation=settings.presentation,
    )
