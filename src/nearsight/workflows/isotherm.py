"""From a framework and a gas to an isotherm, with the certificate of the model."""

import os
from time import perf_counter

from nearsight.adsorption.framework import (
    framework_of,
    loose_molecules,
    width_between_images_A,
)
from nearsight.adsorption.gases import Gas, gas_of, relaxed_gas
from nearsight.adsorption.gcmc.ensemble import Ensemble
from nearsight.adsorption.gcmc.exchange import Exchange, cheap_level
from nearsight.adsorption.gcmc.isotherm import isotherm_of
from nearsight.adsorption.gcmc.kept_samples import KeptSamples
from nearsight.adsorption.gcmc.sampling import sample
from nearsight.announcing import announces
from nearsight.fingerprint import fingerprint
from nearsight.models.versions import versions_behind
from nearsight.progress import Progress
from nearsight.provenance import Setting, record
from nearsight.records.isotherm_record import IsothermRecord
from nearsight.records.isotherm_results import IsothermResults
from nearsight.records.making_isotherm import isotherm_record
from nearsight.records.shared_fields import Run
from nearsight.resources import Resources
from nearsight.workflows.context import AnyModel, Context, begin
from nearsight.workflows.exchange_checks import gases_outside, require_isotherm
from nearsight.workflows.given import require_settings
from nearsight.workflows.guest_frames import prepare_guest_frames, write_guest_frames
from nearsight.workflows.insertion_checks import require_interaction
from nearsight.workflows.insertions import inserted, remarks_on
from nearsight.workflows.pockets_by_uff import PocketsByUFF, pockets_by_uff
from nearsight.workflows.settings import IsothermSettings
from nearsight.workflows.source import Source, Structure
from nearsight.workflows.unfinished import Unfinished

_DEFAULT = IsothermSettings()


@announces
def isotherm(
    structure: Structure,
    model: AnyModel | None = None,
    settings: IsothermSettings = _DEFAULT,
    *,
    trajectory: str | os.PathLike[str] | None = None,
    unfinished: Unfinished | None = None,
    resources: Resources | None = None,
    progress: Progress | bool | None = None,
) -> IsothermRecord:
    """Sample how much of a gas a rigid framework takes up at some pressures.

    Parameters
    ----------
    structure, model, unfinished, resources, progress
        As for `nearsight.workflows.heat_capacity`. With `unfinished` an interrupted run goes on,
        and is then the unbroken one.
    settings
        Which gas, at which temperature and pressures, by which levels and how long; how often it is
        inserted into the empty framework first, for the certificate of the model.
    trajectory
        A file for kept configurations (`nearsight.workflows.guest_frames`): extended XYZ,
        ``.extxyz`` or ``.extxyz.gz``.

    Returns
    -------
    IsothermRecord
        Its ``results.isotherm`` has all samples; its ``results.densities()`` are those of the atoms
        of the gas.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the gas, the model, the settings, or the machine; or
        the model has no number for too many configurations.
    """
    require_settings(settings, IsothermSettings)
    start = perf_counter()
    asked = settings.insertion
    source = Source.of(structure, settings.reading)
    context = begin(source, model, unfinished, resources, progress)
    framework_of(context.atoms, 0.0)
    loose = loose_molecules(context.atoms)
    require_isotherm(settings, context.given)  # all of this before a model is loaded
    gas = gas_of(asked.gas, context.model)
    require_interaction([context.atoms], gas, context.model, asked)
    pockets = pockets_by_uff([context.atoms], gas, asked)
    if asked.relax_gas:
        gas = relaxed_gas(gas, context.model, context.progress)
    exchange = _exchange(context, settings, gas, pockets)
    gases = gases_outside(settings)
    ensemble = Ensemble.repeated(
        exchange.framework.atoms.cell.array,
        settings.temperature_K,
        [each.fugacity_Pa for each in gases],
        settings.exchange.chains,
    )
    system = exchange.system(ensemble)
    if trajectory is not None:
        prepare_guest_frames(trajectory, settings, exchange.framework)
    adsorption = inserted(context, asked, gas, [context.atoms], pockets)
    kept = _kept(context, settings, exchange, ensemble)
    schedule = settings.exchange.schedule(asked.seed)
    sampled = sample(system, schedule, kept=kept, progress=context.progress)
    found = isotherm_of(
        exchange.framework,
        system,
        sampled,
        gases,
        energies_are_potential=context.model.capabilities.temperature_K is None,
    )
    if trajectory is not None:
        write_guest_frames(trajectory, found, gas)
    context.unfinished.done(kept.path)
    results = IsothermResults(
        source.name,
        context.atoms,
        adsorption,
        found,
        record(context.model.identity, **_plain(settings)),
        {**_plain(settings), "gas": asked.gas},
        remarks_on(context, context.atoms, loose),
    )
    run = Run(perf_counter() - start, asked=settings)
    return isotherm_record(results, settings.exchange, run)


def _exchange(
    context: Context, settings: IsothermSettings, gas: Gas, pockets: PocketsByUFF
) -> Exchange:
    """Return by what molecules are exchanged."""
    asked, model = settings.insertion, context.model
    width_A = asked.least_width_A
    if width_A is None:
        width_A = width_between_images_A(gas, model)
    name = settings.exchange.cheap
    cheap = None if name is None else cheap_level(name)
    return Exchange(
        framework=framework_of(context.atoms, width_A),
        gas=gas,
        model=model,
        cheap=cheap,
        cheap_gas=None if cheap is None else gas_of(asked.gas, cheap),
        overlap_share=asked.overlap_share,
        pockets=pockets.of_frames[0] if asked.block_pockets else None,
        at_once=settings.exchange.at_once,
    )


def _kept(
    context: Context, settings: IsothermSettings, exchange: Exchange, ensemble: Ensemble
) -> KeptSamples:
    """Return where the run is kept."""
    asked, gas = settings.insertion, exchange.gas
    deciding: dict[str, Setting] = {
        **settings.exchange.to_json(),
        "molecule": [gas.atoms.numbers.tolist(), gas.sites_A.round(9).tolist()],
        "gas": asked.gas,
        "temperature_K": ensemble.temperature_K,
        "fugacities_Pa": ensemble.fugacities_Pa.tolist(),
        "overlap_share": asked.overlap_share,
        "supercell": list(exchange.framework.repeats),
        "block_pockets": asked.block_pockets,
        "seed": asked.seed,
    }
    if exchange.cheap is not None:
        deciding["cheap_model"] = exchange.cheap.identity.checkpoint_sha256
    path = context.file(context.atoms, "gcmc", **deciding)
    identity = context.model.identity
    return KeptSamples(
        path, fingerprint(context.atoms, identity, deciding), versions_behind(identity)
    )


def _plain(settings: IsothermSettings) -> dict[str, Setting]:
    """Return settings that are not as they are by default, by name."""
    default, given = _DEFAULT.to_json(), settings.to_json()
    return {
        name: value
        for group in ("insertion", "exchange")
        for name, value in given[group].items()
        if value != default[group][name]
    }
