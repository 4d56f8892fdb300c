"""What insertions of a gas gave, in the Adsorption Information Format."""

import json
import os
from typing import Final

from nearsight.adsorption.aif import AifIsotherm, IsothermPoint, Item, write_aif
from nearsight.records.adsorption_parts import HenryPart
from nearsight.records.widom_record import InsertionRecord, WidomRecord
from nearsight.structures.selection import structure_stem

_MOST_LOADED: Final = 0.01
"""Molecules in a cell up to which Henry's law is written: they do not meet."""
_HIGHEST_PA: Final = 1e4
"""Pressure up to which it is: the fugacity is the pressure there, within a permille or so."""
_POINTS: Final = 5
_NOT_SIMULATED: Final = (
    f"Henry's law from insertions into the empty framework, up to {_MOST_LOADED:g} molecules in a "
    f"cell and {_HIGHEST_PA:g} Pa; no loading was simulated"
)


def write_widom_aif(path: str | os.PathLike[str], record: WidomRecord) -> None:
    """Write insertions of a gas, one block for each temperature.

    Raises
    ------
    StorageError
        It cannot be written.
    """
    write_aif(path, widom_isotherms(record))


def widom_isotherms(record: WidomRecord) -> tuple[AifIsotherm, ...]:
    """Return what a file has of each temperature: the line of Henry's law, and all else as items.

    The line is left out where too few insertions carry the weight for a coefficient.
    """
    return tuple(_isotherm(record, row) for row in record.henry)


def _isotherm(record: WidomRecord, row: HenryPart) -> AifIsotherm:
    times = " x ".join(map(str, record.insertion.supercell))
    points = _points(row)
    return AifIsotherm(
        material=structure_stem(record.structure),
        material_info=record.formula,
        adsorptive=record.gas.name,
        temperature_K=row.temperature_K,
        sampling="Widom insertion",
        size=f"{times} cells",
        model=record.model.name,
        points=points,
        own_items={**_quantities(row), **_of_record(record, has_points=bool(points))},
    )


def _points(row: HenryPart) -> tuple[IsothermPoint, ...]:
    value, per_cell = row.coefficient_mol_per_kg_Pa, row.coefficient_per_cell_Pa
    if not row.significant or not value or not per_cell:
        return ()
    error = row.coefficient_error_mol_per_kg_Pa
    highest_Pa = min(_HIGHEST_PA, _MOST_LOADED / per_cell)
    pressures_Pa = [highest_Pa * (n + 1) / _POINTS for n in range(_POINTS)]
    return tuple(
        IsothermPoint(each, value * each, None if error is None else error * each)
        for each in pressures_Pa
    )


def _quantities(row: HenryPart) -> dict[str, Item]:
    known = row.significant
    potential_error = row.excess_chemical_potential_error_kJ_per_mol
    quantities: dict[str, Item] = {
        "henry_coefficient_mol_per_kg_Pa": row.coefficient_mol_per_kg_Pa,
        "henry_coefficient_error_mol_per_kg_Pa": row.coefficient_error_mol_per_kg_Pa,
        "henry_coefficient_per_cell_Pa": row.coefficient_per_cell_Pa,
        "henry_coefficient_error_per_cell_Pa": row.coefficient_error_per_cell_Pa,
        "excess_chemical_potential_kJ_per_mol": row.excess_chemical_potential_kJ_per_mol,
        "excess_chemical_potential_error_kJ_per_mol": potential_error,
        "heat_at_zero_loading_kJ_per_mol": row.heat_kJ_per_mol,
        "heat_at_zero_loading_error_kJ_per_mol": row.heat_error_kJ_per_mol,
    }
    return {
        "henry_coefficient_significant": known,
        **{name: value if known else None for name, value in quantities.items()},
        "effective_insertions": row.n_effective,
    }


def _of_record(record: WidomRecord, *, has_points: bool) -> dict[str, Item]:
    part = record.insertion
    return {
        "points": _NOT_SIMULATED if has_points else "none",
        "insertions": part.n_insertions,
        "insertions_drawn": part.drawn,
        "framework_snapshots": part.n_frames,
        "helium_void_fraction": record.helium_void_fraction,
        **items_of_model(record),
    }


def items_of_model(record: InsertionRecord) -> dict[str, Item]:
    """Return what a file has of the model of a gas, and of what speaks for and against it."""
    model = record.model
    return {
        "adsorptive_geometry": record.gas.source,
        "model_name": model.name,
        "model_family": model.family,
        "model_sha256": model.checkpoint_sha256,
        "model_options": json.dumps(model.options, sort_keys=True),
        "model_offset_eV": None if record.zero.offset is None else record.zero.offset.offset_eV,
        "suspected_insertions": record.wells.n_suspected,
        "pockets_blocked": record.pockets is not None and record.pockets.blocked,
        "verdict": record.verdict.level,
        "verdict_summary": record.verdict.summary,
    }
