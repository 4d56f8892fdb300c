"""From a structure to how far its atoms see, by one model or by a model beside its reference."""

from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from ase import Atoms

from nearsight.announcing import announces
from nearsight.hessian.rows.choice import require_rows
from nearsight.locality.comparison import compare_localities
from nearsight.locality.compute import locality as locality_of
from nearsight.locality.compute import require_locality
from nearsight.locality.result import Locality
from nearsight.models.spec import ModelSpec
from nearsight.progress import Progress
from nearsight.records.locality_results import LocalityResults
from nearsight.records.making import locality_record
from nearsight.records.questions import LocalityRecord
from nearsight.records.shared_fields import Run
from nearsight.resources import Resources
from nearsight.structures.fragments import Fragment
from nearsight.structures.sites import sites_named
from nearsight.workflows.context import AnyModel, Context, begin
from nearsight.workflows.given import require_model, require_settings
from nearsight.workflows.settings import LocalitySettings
from nearsight.workflows.source import Source, Structure
from nearsight.workflows.unfinished import Unfinished

_DEFAULT = LocalitySettings()


@announces
def locality(
    structure: Structure,
    model: AnyModel | None = None,
    settings: LocalitySettings = _DEFAULT,
    *,
    reference: AnyModel | None = None,
    unfinished: Unfinished | None = None,
    resources: Resources | None = None,
    progress: Progress | bool | None = None,
) -> LocalityRecord:
    """Put sites of a structure into fragments that shrink, and return the smallest that do.

    Parameters
    ----------
    structure, model, unfinished, resources, progress
        As for `nearsight.workflows.heat_capacity`. Without a model and with a reference, only that
        is examined.
    settings
        How everything is computed.
    reference
        A method that the model is compared with on the same fragments.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the model, the settings, or the machine.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.workflows import FragmentSettings, LocalitySettings, locality
    >>> settings = LocalitySettings(fragments=FragmentSettings(sites=("O0",)))
    >>> record = locality(molecule("CH3CH2OCH3"), "ase:emt", settings)
    >>> print(f"oxygen feels what is within {record.force_range_A:.2f} Å")
    oxygen feels what is within 2.37 Å
    """
    require_settings(settings, LocalitySettings)
    start = perf_counter()
    asked = [each for each in (model, reference) if each is not None] or [ModelSpec()]
    source = Source.of(structure, settings.reading)
    for each in asked:
        require_model(each)
    first = begin(source, asked[0], unfinished, resources, progress)
    contexts = [first, *(replace(first, given=each) for each in asked[1:])]
    for context in contexts:
        require_rows(context.model, settings.rows.method, settings.rows.step_A)
    for context in contexts[1:]:
        require_locality(context.atoms, context.model, **_what_is_cut(context.atoms, settings))
    localities = [_locality(context, settings) for context in contexts]
    main = localities[-1]
    results = LocalityResults(
        source.name,
        main,
        (None,) * len(main.fragments),
        compare_localities(*localities) if len(localities) == 2 else None,
        first.remarks,
        of_model=localities[0] if len(localities) == 2 else None,
    )
    return locality_record(results, Run(perf_counter() - start, asked=settings))


def _what_is_cut(atoms: Atoms, settings: LocalitySettings) -> dict[str, Any]:
    return {
        "sites": sites_named(settings.fragments.sites, atoms),
        "own_groups": [list(group) for group in settings.fragments.keep],
        "reference_radius_A": settings.convergence.reference_radius_A,
    }


def _locality(context: Context, settings: LocalitySettings) -> Locality:
    def checkpoint_of(fragment: Fragment) -> Path | None:
        file = context.file(
            fragment.atoms,
            "rows",
            method=settings.rows.method,
            step=settings.rows.step_A,
            site=fragment.site,
        )
        context.unfinished.done(file)
        return file

    return locality_of(
        context.atoms,
        context.model,
        **_what_is_cut(context.atoms, settings),
        threshold_eV_per_A2=settings.convergence.threshold_eV_per_A2,
        method=settings.rows.method,
        step_A=settings.rows.step_A,
        memory_budget_bytes=context.memory_bytes,
        checkpoint_of=checkpoint_of,
        progress=context.progress,
    )
