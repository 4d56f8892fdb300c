"""``nearsight models compare``: one structure, several models, side by side."""

import argparse
import textwrap
from dataclasses import replace
from typing import Any

import numpy as np
from ase import Atoms
from ase.units import GPa

from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.errors import ModelError, NearsightError
from nearsight.models.spec import ModelSpec
from nearsight.printable import printable_name
from nearsight.remarks import remarks_to_json
from nearsight.runs.json_file import JsonOutput, Record
from nearsight.tables.csv_files import CsvOutput
from nearsight.tables.lines import WIDTH
from nearsight.tables.table import Column, Table
from nearsight.terminal.streams import say_defect
from nearsight.testing.speed import measure_force_call
from nearsight.workflows.settings import StructureSettings
from nearsight.workflows.source import Source

_WIDTH_OF_NUMBERS = 55


def run(arguments: argparse.Namespace) -> int:
    """Print what each model says of a structure, and return 1 if one of them failed."""
    require_output_files(arguments)
    names = [name.strip() for name in arguments.models.split(",") if name.strip()]
    if not names:
        raise ModelError("--models names no model; separate names by commas.")
    request = requested(arguments, StructureSettings())
    atoms, notes = Source.of(arguments.structure, request.settings.reading).read()
    output, tables = JsonOutput(arguments.json, many=True), CsvOutput(arguments.csv)
    records = []
    show = arguments.json != "-"
    if show:
        _print_head(arguments.structure, atoms, names)
    for name in names:
        record = {
            **_attempt(arguments.structure, atoms, replace(request.model, name=name)),
            "warnings": remarks_to_json(notes),
        }
        records.append(record)
        output.add(record)
        tables.add(arguments.structure, name, [_table(record)])
        if show:
            _print_line(record, names)
    output.finish()
    tables.finish()
    if show:
        _print_foot(records)
        print_warnings(notes)
    return 1 if any("error" in record for record in records) else 0


def _attempt(structure: str, atoms: Atoms, spec: ModelSpec) -> Record:
    asked = {"structure": structure, "model": spec.name}
    try:
        call = measure_force_call(spec, atoms)
    except Exception as error:  # one boundary for everything: the other models must go on
        if not isinstance(error, NearsightError):
            say_defect(error)
        return {**asked, "error": {"type": type(error).__name__, "message": str(error)}}
    evaluation = call.evaluation
    stress = evaluation.stress_eV_per_A3
    forces = np.linalg.norm(evaluation.forces_eV_per_A, axis=1)
    return {
        **asked,
        "identity": call.model.identity.to_json(),
        "level_of_theory": call.model.capabilities.level_of_theory,
        "energy_eV_per_atom": evaluation.energy_eV / len(atoms),
        "max_force_eV_per_A": float(forces.max()),
        "stress_GPa": None if stress is None else (stress / GPa).tolist(),
        "ms_per_force_call": 1000 * call.seconds,
        "memory_MB": call.memory_bytes / 1e6,
    }


def _table(record: Record) -> Table:
    """Return the row of one model in a file of tables."""
    if "error" in record:
        return Table((Column("error", [record["error"]["message"]]),))
    stress = record["stress_GPa"]
    values = {
        "energy_eV_per_atom": record["energy_eV_per_atom"],
        "max_force_eV_per_A": record["max_force_eV_per_A"],
        "pressure_GPa": None if stress is None else -sum(stress[:3]) / 3,
        "ms_per_force_call": record["ms_per_force_call"],
        "memory_MB": record["memory_MB"],
    }
    return Table(tuple(Column(name, [value]) for name, value in values.items()))


def _print_head(path: str, atoms: Atoms, names: list[str]) -> None:
    print(f"{printable_name(path)}: {atoms.get_chemical_formula()}, {len(atoms)} atoms\n")
    width = _name_width(names)
    print(f"{'':<{width}}    E / atom    max |F|   pressure   force call  memory")
    print(f"{'model':<{width}}          eV       eV/Å        GPa           ms      MB")


def _name_width(names: list[str]) -> int:
    return min(max(map(len, names)), WIDTH - _WIDTH_OF_NUMBERS)


def _print_line(record: Record, names: list[str]) -> None:
    width = _name_width(names)
    name = record["model"]
    shown = name if len(name) <= width else f"…{name[1 - width :]}"
    if "error" in record:
        message = " ".join(record["error"]["message"].split())
        # An address in it stays whole: it is to be copied.
        lines = textwrap.wrap(
            f"FAILED: {message}", WIDTH - width - 2, break_long_words=False, break_on_hyphens=False
        )
        for index, line in enumerate(lines):
            print(f"{shown if index == 0 else '':<{width}}  {line}")
        return
    stress = record["stress_GPa"]
    pressure = "-" if stress is None else f"{-sum(stress[:3]) / 3:.4f}"
    print(
        f"{shown:<{width}}  {record['energy_eV_per_atom']:10.5f} "
        f"{record['max_force_eV_per_A']:10.5f} {pressure:>10} {record['ms_per_force_call']:12.2f} "
        f"{record['memory_MB']:7.0f}"
    )


def _print_foot(records: list[dict[str, Any]]) -> None:
    levels = {record["level_of_theory"] for record in records if "error" not in record}
    print("\nMemory: what loading and calling added here and in the model's own process.")
    print("A library that several models share here counts for the first of them.")
    if len(levels) > 1:
        print("Energies of different levels of theory have no common zero.")
