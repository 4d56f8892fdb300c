"""From a crystal to its heat and expansion at constant pressure."""

import logging
from dataclasses import replace
from time import perf_counter

import numpy as np
from ase import Atoms

from nearsight.announcing import announces
from nearsight.arrays import IntArray
from nearsight.errors import MethodError
from nearsight.progress import Progress
from nearsight.records.expansion_results import AtVolume, ThermalExpansionResults
from nearsight.records.making_expansion import thermal_expansion_record
from nearsight.records.shared_fields import Run
from nearsight.records.thermal_expansion_record import ThermalExpansionRecord
from nearsight.resources import Resources
from nearsight.vibrations.phonon_mesh import phonon_mesh
from nearsight.vibrations.settings import DEFAULT_MESH_LENGTH_A
from nearsight.vibrations.thermal_expansion import thermal_expansion as quasi_harmonic
from nearsight.vibrations.thermal_expansion_functions import CrystalAtVolume
from nearsight.workflows.context import AnyModel, Context, begin
from nearsight.workflows.expansion_settings import ThermalExpansionSettings
from nearsight.workflows.given import require_settings
from nearsight.workflows.prepare import Prepared, prepare, relaxed
from nearsight.workflows.second_derivatives import (
    SecondDerivatives,
    asked_supercell,
    force_constants_of,
)
from nearsight.workflows.source import Source, Structure
from nearsight.workflows.spectrum import require_crystal
from nearsight.workflows.unfinished import Unfinished

_DEFAULT = ThermalExpansionSettings()
logger = logging.getLogger("nearsight.workflows")


@announces
def thermal_expansion(
    structure: Structure,
    model: AnyModel | None = None,
    settings: ThermalExpansionSettings = _DEFAULT,
    *,
    unfinished: Unfinished | None = None,
    resources: Resources | None = None,
    progress: Progress | bool | None = None,
) -> ThermalExpansionRecord:
    """Relax a crystal, compute its phonons at several volumes, and return what its heat does to it.

    The relaxed cell is scaled to each volume. Positions and, unless `cell` is isotropic, the shape
    of the cell are relaxed there at fixed volume. The supercell of the force constants and the mesh
    are the same ones at all volumes.

    Parameters
    ----------
    structure, model, unfinished, resources, progress
        As for `nearsight.workflows.heat_capacity`.
    settings
        How everything is computed; under `pressure_GPa` it is the Gibbs energy at that pressure
        which is lowest.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the model, the settings, or the machine.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.workflows import PhononSettings, ThermalExpansionSettings
    >>> from nearsight.workflows import VolumeSettings, thermal_expansion
    >>> phonons, path = PhononSettings(length_A=4.0, mesh=(4, 4, 4)), VolumeSettings(volumes=5)
    >>> settings = ThermalExpansionSettings(phonons=phonons, path=path)
    >>> record = thermal_expansion(bulk("Cu"), "ase:emt", settings)
    >>> (row,) = record.thermal_expansion
    >>> print(f"{1e6 * row.linear_expansion_per_K:.0f} · 10⁻⁶ 1/K at {row.temperature_K:.0f} K")
    21 · 10⁻⁶ 1/K at 300 K
    """
    require_settings(settings, ThermalExpansionSettings)
    start = perf_counter()
    source = Source.of(structure, settings.reading)
    if source.is_finished:
        raise MethodError(
            f"{source.name} holds second derivatives at one volume, and thermal expansion needs "
            f"several; give a structure, or set `recompute` to take its structure."
        )
    context = begin(source, model, unfinished, resources, progress)
    prepared = prepare(context, settings, require=_require_crystal)
    results = _over_volumes(prepared, context, settings)
    return thermal_expansion_record(results, Run(perf_counter() - start, asked=settings))


def _require_crystal(atoms: Atoms) -> None:
    require_crystal(atoms, "thermal expansion", "the workflow vibrations has its modes")


def _over_volumes(
    prepared: Prepared, context: Context, settings: ThermalExpansionSettings
) -> ThermalExpansionResults:
    """Compute phonons at all volumes, and the thermal expansion by them."""
    assert prepared.relaxation is not None
    if prepared.relaxation.followed:  # a mode broke the space group, which must not come back
        settings = replace(settings, relaxation=replace(settings.relaxation, symmetrize_A=None))
    supercell = asked_supercell(prepared.atoms, settings)
    mesh: tuple[int, int, int] | float = settings.phonons.mesh or DEFAULT_MESH_LENGTH_A
    path = settings.path
    shares = np.linspace(path.volume_from, path.volume_to, path.volumes).tolist()
    crystals: list[CrystalAtVolume] = []
    at_volumes: list[AtVolume] = []
    for number, share in enumerate(shares, start=1):
        logger.info("%s: volume %d of %d", context.name, number, path.volumes)
        found = _at_volume(prepared.atoms, share, context, settings, supercell)
        assert found.force_constants is not None
        assert found.relaxation is not None
        phonons = phonon_mesh(found.force_constants, mesh)
        mesh = phonons.mesh  # the same one at all volumes
        crystals.append(CrystalAtVolume(found.relaxation.energy_after_eV, phonons))
        at_volumes.append(AtVolume(found.relaxation, found.force_constants))
    expansion = quasi_harmonic(
        crystals,
        settings.thermodynamics.temperatures_K,
        pressure_GPa=settings.relaxation.pressure_GPa,
        equation_of_state=path.equation_of_state,
        acoustic=settings.thermodynamics.acoustic,
        scale_factor=settings.thermodynamics.scale_factor,
    )
    return ThermalExpansionResults(
        context.name,
        expansion,
        prepared.relaxation,
        tuple(at_volumes),
        {**found.settings, **path.to_json(), "mesh": list(crystals[0].phonons.mesh)},
        prepared.warnings,
    )


def _at_volume(
    reference: Atoms,
    share: float,
    context: Context,
    settings: ThermalExpansionSettings,
    supercell: IntArray,
) -> SecondDerivatives:
    """Relax the crystal at a share of its volume, and compute its force constants."""
    scaled = reference.copy()
    scaled.calc = None
    scaled.set_cell(reference.cell.array * np.cbrt(share), scale_atoms=True)
    at_volume = replace(context, atoms=scaled, remarks=(), given=context.model)
    shape = "fixed" if settings.relaxation.cell == "isotropic" else "shape"
    relaxation, _ = relaxed(
        at_volume,
        replace(
            settings.relaxation,
            cell=shape,
            pressure_GPa=0.0,
            follow_imaginary=False,
        ),
    )
    at_rest = Prepared(relaxation.atoms, relaxation, relaxation.warnings)
    return force_constants_of(at_rest, at_volume, settings, supercell)
