"""From a crystal to its phonons: bands, density of states, thermodynamic functions."""

from dataclasses import replace
from functools import partial
from time import perf_counter

from ase import Atoms

from nearsight.announcing import announces
from nearsight.progress import Progress
from nearsight.records.making import phonons_record
from nearsight.records.questions import PhononsRecord
from nearsight.records.results import HarmonicResults
from nearsight.records.shared_fields import Run
from nearsight.resources import Resources
from nearsight.vibrations.band_path import find_band_path, require_band_path
from nearsight.vibrations.band_structure import DEFAULT_POINTS, band_structure
from nearsight.vibrations.projected_density_of_states import projected_density_of_states
from nearsight.workflows.context import AnyModel, begin
from nearsight.workflows.finished import finished_force_constants, require_named_files
from nearsight.workflows.given import require_settings
from nearsight.workflows.harmonic import harmonic_results
from nearsight.workflows.prepare import prepare
from nearsight.workflows.second_derivatives import SecondDerivatives, force_constants_of
from nearsight.workflows.settings import PhononsSettings
from nearsight.workflows.source import Source, Structure
from nearsight.workflows.spectrum import require_crystal
from nearsight.workflows.unfinished import Unfinished

_DEFAULT = PhononsSettings()


@announces
def phonons(
    structure: Structure,
    model: AnyModel | None = None,
    settings: PhononsSettings = _DEFAULT,
    *,
    unfinished: Unfinished | None = None,
    resources: Resources | None = None,
    progress: Progress | bool | None = None,
) -> PhononsRecord:
    """Relax a crystal, compute its force constants in a supercell, and return its phonons.

    Parameters
    ----------
    structure, model, unfinished, resources, progress
        As for `nearsight.workflows.heat_capacity`.
    settings
        How everything is computed.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the model, the settings, or the machine.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.workflows import phonons
    >>> record = phonons(bulk("Cu"), "ase:emt")
    >>> mesh = record.results.phonons
    >>> print(f"up to {mesh.wavenumbers_per_cm.max():.0f} cm⁻¹")
    up to 272 cm⁻¹
    """
    require_settings(settings, PhononsSettings)
    start = perf_counter()
    source = Source.of(structure, settings.reading)
    require_named_files([source], settings)
    if source.is_finished:
        derivatives = finished_force_constants(source, settings, model)
    else:
        context = begin(source, model, unfinished, resources, progress)
        prepared = prepare(context, settings, require=partial(_require_phonons, settings))
        derivatives = force_constants_of(prepared, context, settings)
    results = _with_bands(derivatives, settings)
    return phonons_record(results, Run(perf_counter() - start, asked=settings))


def _require_phonons(settings: PhononsSettings, atoms: Atoms) -> None:
    """Check that a structure has phonons, and bands along the path that is asked for."""
    require_crystal(atoms, "phonons", "the workflow vibrations has its modes")
    if settings.bands is not None:
        require_band_path(atoms, settings.bands)


def _with_bands(derivatives: SecondDerivatives, settings: PhononsSettings) -> HarmonicResults:
    """Return phonons with the bands and the density of states that were asked for."""
    constants = derivatives.force_constants
    assert constants is not None
    # A path that is none must not cost a mesh.
    path = None if settings.bands is None else find_band_path(constants, settings.bands)
    results = harmonic_results(derivatives, settings, None)
    if path is not None:
        bands = band_structure(
            constants,
            path,
            points_per_segment=settings.band_points or DEFAULT_POINTS,
            spacing_per_A=settings.band_spacing_per_A,
        )
        results = replace(results, bands=bands)
    if settings.projected_dos:
        assert results.phonons is not None
        projected = projected_density_of_states(constants, results.phonons)
        results = replace(results, projected=projected)
    return results
