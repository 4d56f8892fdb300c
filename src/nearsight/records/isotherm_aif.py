"""An isotherm in the Adsorption Information Format."""

import os

from nearsight.adsorption.aif import AifIsotherm, IsothermPoint, Item, write_aif
from nearsight.records.isotherm_record import IsothermRecord
from nearsight.records.widom_aif import items_of_model
from nearsight.structures.selection import structure_stem


def write_isotherm_aif(path: str | os.PathLike[str], record: IsothermRecord) -> None:
    """Write an isotherm as the one block of a file.

    Raises
    ------
    StorageError
        It cannot be written.
    """
    write_aif(path, (aif_isotherm(record),))


def aif_isotherm(record: IsothermRecord) -> AifIsotherm:
    """Return what a file has of an isotherm: absolute loadings, and all else as items."""
    part = record.exchange
    times = " x ".join(map(str, part.supercell))
    return AifIsotherm(
        material=structure_stem(record.structure),
        material_info=record.formula,
        adsorptive=record.gas.name,
        temperature_K=part.temperature_K,
        sampling="Grand canonical Monte Carlo",
        size=f"{times} cells",
        model=record.model.name,
        points=tuple(
            IsothermPoint(row.pressure_Pa, row.loading_mol_per_kg, row.loading_error_mol_per_kg)
            for row in record.isotherm
        ),
        own_items=_items(record),
    )


def _items(record: IsothermRecord) -> dict[str, Item]:
    part, henry = record.exchange, record.henry[0]
    significant = henry.significant
    return {
        "equation_of_state": part.equation,
        "chains_at_each_pressure": part.chains,
        "samples_of_a_chain": part.n_samples,
        "moves_between_samples": part.moves,
        "cheap_level": part.cheap or "none",
        "trained_surrogate": part.surrogate or "none",
        "removed_offset_eV": part.removed_offset_eV,
        "henry_coefficient_mol_per_kg_Pa": henry.coefficient_mol_per_kg_Pa if significant else None,
        "helium_void_fraction": record.helium_void_fraction,
        **items_of_model(record),
    }
