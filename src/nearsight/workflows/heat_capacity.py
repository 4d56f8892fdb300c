"""From a structure to its harmonic heat capacity: at Γ, over a mesh of q-points, or probed."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import perf_counter

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.announcing import announces
from nearsight.errors import MethodError
from nearsight.hessian.files.phonopy_yaml import is_phonopy_file
from nearsight.progress import Progress
from nearsight.records.making import heat_capacity_record
from nearsight.records.questions import HeatCapacityRecord
from nearsight.records.results import HarmonicResults, ProbedResults
from nearsight.records.shared_fields import Run
from nearsight.resources import Resources
from nearsight.vibrations.modes import require_room_for_modes
from nearsight.vibrations.supercell_convergence import Attempt, converge_supercell
from nearsight.workflows.context import AnyModel, Context, begin
from nearsight.workflows.finished import (
    finished_force_constants,
    finished_hessian,
    require_named_files,
)
from nearsight.workflows.given import require_settings
from nearsight.workflows.harmonic import harmonic_results
from nearsight.workflows.prepare import Prepared
from nearsight.workflows.probing import probe
from nearsight.workflows.second_derivatives import (
    SecondDerivatives,
    force_constants_of,
    hessian_of,
    prepare_for_hessian,
)
from nearsight.workflows.settings import HeatCapacitySettings
from nearsight.workflows.source import Source, Structure
from nearsight.workflows.spectrum import SpectrumChoice, choose_spectrum
from nearsight.workflows.unfinished import Unfinished

_DEFAULT = HeatCapacitySettings()


@announces
def heat_capacity(
    structure: Structure,
    model: AnyModel | None = None,
    settings: HeatCapacitySettings = _DEFAULT,
    *,
    unfinished: Unfinished | None = None,
    resources: Resources | None = None,
    progress: Progress | bool | None = None,
) -> HeatCapacityRecord:
    """Relax a structure and return its harmonic heat capacity at constant volume.

    Of a crystal it is from phonons over the Brillouin zone, or, where that is much cheaper, from
    products with the Hessian of a large cell; of anything else from the modes at Γ. The record says
    which, and why.

    Parameters
    ----------
    structure
        A structure, a file of one, or of a finished Hessian or force constants, which need no
        model.
    model
        The model, its specification or its name; by default SevenNet-0.
    settings
        How everything is computed.
    unfinished
        Where work is kept that an interruption shall not cost; see `keep_unfinished`.
    resources
        What may be used of the machine; by default all.
    progress
        Whether progress bars are shown; None shows them on a terminal.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the model, the settings, or the machine.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.workflows import heat_capacity
    >>> record = heat_capacity(bulk("Cu"), "ase:emt")
    >>> for row in record.heat_capacity:
    ...     print(f"{row.temperature_K:.0f} K: {row.J_per_g_K:.3f} J/(g K)")
    ...
    300 K: 0.368 J/(g K)
    """
    require_settings(settings, HeatCapacitySettings)
    start = perf_counter()
    source = Source.of(structure, settings.reading)
    require_named_files([source], settings)
    results: HarmonicResults | ProbedResults
    if source.is_finished:
        results = _of_finished(source, model, settings)
    else:
        context = begin(source, model, unfinished, resources, progress)
        results = _computed(context, settings)
    return heat_capacity_record(results, Run(perf_counter() - start, asked=settings))


def _computed(context: Context, settings: HeatCapacitySettings) -> HarmonicResults | ProbedResults:
    """Compute everything that a heat capacity needs."""

    def choose(atoms: Atoms) -> SpectrumChoice:
        return choose_spectrum(atoms, context.model, settings)

    prepared = prepare_for_hessian(
        context,
        settings,
        require=choose,
        dense=lambda atoms: choose(atoms).method == "dense",
        require_room=require_room_for_modes,
    )
    choice = choose(prepared.atoms)
    if choice.method == "probing":
        return probe(prepared, context, settings, choice.reason)
    if choice.method == "dense":
        derivatives = hessian_of(prepared, context, settings)
        return harmonic_results(derivatives, settings, choice.reason)
    compute = partial(force_constants_of, prepared, context, settings)
    if settings.converge_supercell is None:
        return harmonic_results(compute(), settings, choice.reason)
    return _converged(prepared, compute, settings, choice.reason)


def _converged(
    prepared: Prepared,
    compute: Callable[[NDArray[np.int64]], SecondDerivatives],
    settings: HeatCapacitySettings,
    reason: str,
) -> HarmonicResults:
    """Return the results in the largest of supercells that grow until c_v stays."""

    def attempt(matrix: NDArray[np.int64]) -> Attempt[HarmonicResults]:
        results = harmonic_results(compute(matrix), settings, reason)
        assert results.phonons is not None
        assert results.thermodynamics is not None
        return Attempt(results.phonons, results.thermodynamics, results)

    assert settings.converge_supercell is not None
    largest, convergence = converge_supercell(prepared.atoms, attempt, settings.converge_supercell)
    return replace(largest.kept, convergence=convergence)


def _of_finished(
    source: Source, model: AnyModel | None, settings: HeatCapacitySettings
) -> HarmonicResults:
    path = source.name
    if settings.converge_supercell:
        raise MethodError(
            f"{path} is a finished Hessian, of which no supercell can grow; `recompute` takes its "
            f"structure."
        )
    if settings.spectrum == "probing":
        raise MethodError(
            f"{path} is a finished Hessian; it has nothing to be probed. `recompute` takes its "
            f"structure."
        )
    if is_phonopy_file(path):
        if settings.spectrum == "dense":
            raise MethodError(f"{path} holds force constants; leave `spectrum` dense out.")
        constants = finished_force_constants(source, settings)
        return harmonic_results(constants, settings, "force constants were given")
    derivatives = finished_hessian(source, settings, model)
    choice = choose_spectrum(derivatives.atoms, None, settings)
    if choice.method == "mesh":
        derivatives = finished_force_constants(source, settings, model)
    return harmonic_results(derivatives, settings, choice.reason)
