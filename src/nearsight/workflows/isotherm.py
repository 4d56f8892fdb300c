"""From a framework and a gas to isotherms, with the certificate of the model."""

import os
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from nearsight.adsorption.framework import (
    framework_of,
    loose_molecules,
    width_between_images_A,
)
from nearsight.adsorption.fugacity import BulkGas
from nearsight.adsorption.gases import Gas, gas_of, relaxed_gas
from nearsight.adsorption.gcmc.ensemble import Ensemble
from nearsight.adsorption.gcmc.exchange import Exchange
from nearsight.adsorption.gcmc.isotherm import Isotherm, isotherm_of
from nearsight.adsorption.gcmc.kept_samples import KeptSamples
from nearsight.adsorption.gcmc.lacking import lacking
from nearsight.adsorption.gcmc.sampling import System, sample
from nearsight.adsorption.result import Adsorption
from nearsight.adsorption.trials import Trials
from nearsight.announcing import announces
from nearsight.fingerprint import fingerprint, json_sha256
from nearsight.models.versions import versions_behind
from nearsight.progress import Progress
from nearsight.provenance import Setting, record
from nearsight.records.isotherm_record import IsothermRecord
from nearsight.records.isotherm_results import IsothermResults
from nearsight.records.making_isotherm import isotherm_record
from nearsight.records.shared_fields import Run
from nearsight.resources import Resources
from nearsight.workflows.adsorption_settings import IsothermSettings
from nearsight.workflows.context import AnyModel, Context, begin
from nearsight.workflows.exchange_checks import (
    gases_outside,
    removed_offset_eV,
    require_isotherm,
)
from nearsight.workflows.given import require_settings
from nearsight.workflows.guest_frames import prepare_guest_frames, write_guest_frames
from nearsight.workflows.insertion_checks import require_interaction
from nearsight.workflows.insertions import inserted, remarks_on
from nearsight.workflows.pockets_by_uff import PocketsByUFF, pockets_by_uff
from nearsight.workflows.source import Source, Structure
from nearsight.workflows.surrogates import cheap_of, surrogate_of
from nearsight.workflows.unfinished import Unfinished

_DEFAULT = IsothermSettings()
_MOST_FOR_CONSTANT = 500
"""Energies of the cheap level, which may be any model."""


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
    """Sample how much of a gas a rigid framework takes up at some pressures and temperatures.

    Parameters
    ----------
    structure, model, unfinished, resources, progress
        As for `nearsight.workflows.heat_capacity`. With `unfinished` an interrupted run goes on,
        and is then the unbroken one.
    settings
        Which gas, at which temperatures and pressures, by which levels and how long; how often it
        is inserted into the empty framework first, for the certificate of the model. Each
        temperature is a run of its own; one that trains a file of a cheap level serves the next.
    trajectory
        A file for kept configurations (`nearsight.workflows.guest_frames`): extended XYZ,
        ``.extxyz`` or ``.extxyz.gz``.

    Returns
    -------
    IsothermRecord
        Its ``results.isotherms`` have all samples, one for each temperature; its
        ``results.densities()`` are those of the atoms of the gas.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the gas, the model, the settings, or the machine; or
        the model has no number for too many configurations.

    Examples
    --------
    >>> from ase import Atoms
    >>> from nearsight.workflows import ExchangeSettings, InsertionSettings
    >>> from nearsight.workflows import IsothermSettings, isotherm
    >>> framework = Atoms("C", cell=[9.0] * 3, pbc=True)
    >>> insertion = InsertionSettings(gas="CH4", temperatures_K=(300.0,), insertions=200)
    >>> blocks = {"equilibration_blocks": 2, "production_blocks": 4}
    >>> exchange = ExchangeSettings(pressures_bar=(35.0,), chains=2, samples=10, **blocks)
    >>> settings = IsothermSettings(insertion=insertion, exchange=exchange)
    >>> field = "forcefield:trappe+uff?coulomb=no"
    >>> record = isotherm(framework, field, settings)  # doctest: +SKIP
    >>> print(record.isotherm[0].molecules_per_cell)  # doctest: +SKIP
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
    offset_eV = removed_offset_eV(settings, context.model, gas)
    require_interaction([context.atoms], gas, context.model, asked)
    pockets = pockets_by_uff([context.atoms], gas, asked)
    if asked.relax_gas:
        gas = relaxed_gas(gas, context.model, context.progress)
    exchange = _exchange(context, settings, gas, pockets, offset_eV)
    runs = [_prepared(settings, exchange, place) for place in range(len(asked.temperatures_K))]
    surrogate_of(context, settings, exchange, runs[0].deciding)  # a file that does not fit
    if trajectory is not None:
        prepare_guest_frames(trajectory, settings, exchange.framework)
    adsorption = inserted(context, asked, gas, [context.atoms], pockets)
    sampled = [_sampled(context, settings, exchange, each, adsorption) for each in runs]
    isotherms = tuple(isotherm for isotherm, _ in sampled)
    if trajectory is not None:
        write_guest_frames(trajectory, isotherms, gas)
    context.unfinished.done(*(kept.path for _, kept in sampled))
    results = IsothermResults(
        source.name,
        context.atoms,
        adsorption,
        isotherms,
        record(context.model.identity, **_plain(settings)),
        {**_plain(settings), "gas": asked.gas},
        remarks_on(context, context.atoms, loose),
    )
    run = Run(perf_counter() - start, asked=settings)
    return isotherm_record(results, settings.exchange, run)


def _exchange(
    context: Context,
    settings: IsothermSettings,
    gas: Gas,
    pockets: PocketsByUFF,
    offset_eV: float,
) -> Exchange:
    """Return by what molecules are exchanged."""
    asked, model = settings.insertion, context.model
    width_A = asked.least_width_A
    if width_A is None:
        width_A = width_between_images_A(gas, model)
    cheap, cheap_gas = cheap_of(context, settings) or (None, None)
    return Exchange(
        framework=framework_of(context.atoms, width_A),
        gas=gas,
        model=model,
        cheap=cheap,
        cheap_gas=cheap_gas,
        overlap_share=asked.overlap_share,
        pockets=pockets.of_frames[0] if asked.block_pockets else None,
        at_once=settings.exchange.at_once,
        offset_eV=offset_eV,
    )


@dataclass(frozen=True, eq=False)
class _Prepared:
    """What is to be sampled at one temperature."""

    gases: list[BulkGas]
    system: System
    seed: int
    deciding: dict[str, Setting]
    """What the run depends on, beside the framework and the model."""


def _prepared(settings: IsothermSettings, exchange: Exchange, place: int) -> _Prepared:
    """Return what is to be sampled at the temperature that is asked for at a place, from 0."""
    temperature_K = settings.insertion.temperatures_K[place]
    gases = gases_outside(settings, temperature_K)
    ensemble = Ensemble.repeated(
        exchange.framework.atoms.cell.array,
        temperature_K,
        [each.fugacity_Pa for each in gases],
        settings.exchange.chains,
    )
    seed = settings.insertion.seed
    if place:  # with the same random numbers isotherms would err alike, and heats by less
        seed = int(np.random.SeedSequence([seed, place]).generate_state(1)[0])
    deciding = _deciding(settings, exchange, ensemble, seed)
    return _Prepared(gases, exchange.system(ensemble), seed, deciding)


def _sampled(
    context: Context,
    settings: IsothermSettings,
    exchange: Exchange,
    run: _Prepared,
    adsorption: Adsorption,
) -> tuple[Isotherm, KeptSamples]:
    """Sample at one temperature, or go on with that; return where it is kept, too."""
    system, deciding = run.system, run.deciding
    trials = adsorption.samplings[0].trials
    surrogate = surrogate_of(context, settings, exchange, deciding)
    if surrogate is not None:
        system = surrogate.added_to(system, trials)
        deciding = {**deciding, "surrogate": surrogate.deciding}
    elif system.costly is not None:
        system = _with_constant(system, trials, exchange.offset_eV)
    kept = _kept(context, deciding)
    schedule = settings.exchange.schedule(run.seed)
    sampled = sample(system, schedule, kept=kept, progress=context.progress)
    if surrogate is not None:
        surrogate.keep(sampled)
    isotherm = isotherm_of(
        exchange.framework,
        system,
        sampled,
        run.gases,
        energies_are_potential=context.model.capabilities.temperature_K is None,
        removed_offset_eV=exchange.offset_eV,
        fugacity_insertions=settings.exchange.fugacity_insertions,
        progress=context.progress,
    )
    return isotherm, kept


def _with_constant(system: System, trials: Trials, offset_eV: float) -> System:
    """Return a system whose cheap level begins with a constant of a molecule.

    One that is too deep by many k_B T would propose nothing that is accepted, and learn nothing.
    """
    lacks = lacking(
        system.level,
        trials,
        system.molecule_A,
        system.ensemble.thermal_eV,
        offset_eV=offset_eV,
        most=_MOST_FOR_CONSTANT,
    )
    return replace(system, per_molecule_eV=lacks.mean_eV)


def _deciding(
    settings: IsothermSettings, exchange: Exchange, ensemble: Ensemble, seed: int
) -> dict[str, Setting]:
    """Return what a run depends on, beside the framework and the model."""
    asked, gas = settings.insertion, exchange.gas
    deciding: dict[str, Setting] = {
        **settings.exchange.to_json(),
        "fugacity_insertions": None,  # which follow when all is sampled
        "molecule": [gas.atoms.numbers.tolist(), gas.sites_A.round(9).tolist()],
        "gas": asked.gas,
        "temperature_K": ensemble.temperature_K,
        "fugacities_Pa": ensemble.fugacities_Pa.tolist(),
        "overlap_share": asked.overlap_share,
        "supercell": list(exchange.framework.repeats),
        "block_pockets": asked.block_pockets,
        "offset_eV": exchange.offset_eV,
        "seed": seed,
    }
    if exchange.cheap is not None:
        deciding["cheap_model"] = exchange.cheap.identity.checkpoint_sha256
    if settings.exchange.surrogate is not None:
        deciding |= {"surrogate": "train", "trained_by": json_sha256(asked.to_json())}
    return deciding


def _kept(context: Context, deciding: dict[str, Setting]) -> KeptSamples:
    """Return where the run is kept."""
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
