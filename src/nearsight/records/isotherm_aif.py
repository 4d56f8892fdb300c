"""Isotherms in the Adsorption Information Format."""

import os

from nearsight.adsorption.aif import AifIsotherm, IsothermPoint, Item, write_aif
from nearsight.records.adsorption_parts import HenryPart
from nearsight.records.isotherm_parts import SampledPart
from nearsight.records.isotherm_record import IsothermRecord
from nearsight.records.widom_aif import items_of_model
from nearsight.structures.selection import structure_stem


def write_isotherm_aif(path: str | os.PathLike[str], record: IsothermRecord) -> None:
    """Write isotherms, one block for each temperature.

    Raises
    ------
    StorageError
        It cannot be written.
    """
    write_aif(path, aif_isotherms(record))


def aif_isotherms(record: IsothermRecord) -> tuple[AifIsotherm, ...]:
    """Return what a file has of each temperature: absolute loadings, and all else as items."""
    return tuple(
        _isotherm(record, run, henry)
        for run, henry in zip(record.exchange.runs, record.henry, strict=True)
    )


def _isotherm(record: IsothermRecord, run: SampledPart, henry: HenryPart) -> AifIsotherm:
    part = record.exchange
    times = " x ".join(map(str, part.supercell))
    return AifIsotherm(
        material=structure_stem(record.structure),
        material_info=record.formula,
        adsorptive=record.gas.name,
        temperature_K=run.temperature_K,
        sampling="Grand canonical Monte Carlo",
        size=f"{times} cells",
        model=record.model.name,
        points=tuple(
            IsothermPoint(row.pressure_Pa, row.loading_mol_per_kg, row.loading_error_mol_per_kg)
            for row in record.isotherm
            if row.temperature_K == run.temperature_K
        ),
        own_items={
            **_items(record, run),
            **_of_insertions(record, henry),
            **_of_fit(record, run),
            **items_of_model(record),
        },
    )


def _items(record: IsothermRecord, run: SampledPart) -> dict[str, Item]:
    part = record.exchange
    return {
        "equation_of_state": part.equation,
        "chains_at_each_pressure": part.chains,
        "samples_of_a_chain": part.n_samples,
        "moves_between_samples": run.moves,
        "cheap_level": part.cheap or "none",
        "trained_surrogate": part.surrogate or "none",
        "removed_offset_eV": part.removed_offset_eV,
        "helium_void_fraction": record.helium_void_fraction,
    }


def _of_insertions(record: IsothermRecord, henry: HenryPart) -> dict[str, Item]:
    """Return the Henry coefficient of the same energies as loadings are of."""
    coefficient = henry.coefficient_mol_per_kg_Pa
    offset = record.zero.offset
    if record.exchange.removed_offset_eV and offset is not None:
        coefficient = offset.coefficients_mol_per_kg_Pa[record.henry.index(henry)]
    return {"henry_coefficient_mol_per_kg_Pa": coefficient if henry.significant else None}


def _of_fit(record: IsothermRecord, run: SampledPart) -> dict[str, Item]:
    """Return the chosen fit of the loading over the fugacity; nothing but that there is none."""
    here = (each for each in record.fits if each.temperature_K == run.temperature_K)
    fit = next((each for each in here if each.chosen), None)
    if fit is None:
        return {"fit_function": "none"}
    items: dict[str, Item] = {"fit_function": fit.function, "fit_variable": "fugacity"}
    for place, saturation in enumerate(fit.saturations_mol_per_kg):
        site = f"_{place + 1}" if len(fit.saturations_mol_per_kg) > 1 else ""
        items |= {
            f"fit_saturation{site}_mol_per_kg": saturation,
            f"fit_saturation{site}_error_mol_per_kg": fit.saturation_errors_mol_per_kg[place],
            f"fit_affinity{site}_per_Pa": fit.affinities_per_Pa[place],
            f"fit_affinity{site}_error_per_Pa": fit.affinity_errors_per_Pa[place],
        }
    error = fit.henry_coefficient_error_mol_per_kg_Pa
    others: dict[str, Item] = {
        "fit_exponent": fit.exponent,
        "fit_exponent_error": fit.exponent_error,
        "fit_henry_coefficient_mol_per_kg_Pa": fit.henry_coefficient_mol_per_kg_Pa,
        "fit_henry_coefficient_error_mol_per_kg_Pa": error,
        "fit_aicc": fit.aicc,
    }
    return items | {name: value for name, value in others.items() if value is not None}
