"""``nearsight models compare``: one structure, several models, side by side."""

import argparse
from dataclasses import replace

import numpy as np
from ase import Atoms
from ase.units import GPa

from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.errors import ModelError, NearsightError
from nearsight.models.contract import forces_of
from nearsight.models.spec import ModelSpec
from nearsight.remarks import remarks_to_json
from nearsight.runs.json_file import JsonOutput, Record
from nearsight.tables.csv_files import CsvOutput
from nearsight.tables.model_comparison import (
    comparison_table,
    print_foot,
    print_head,
    print_model_line,
)
from nearsight.terminal.streams import say_defect
from nearsight.testing.speed import measure_force_call
from nearsight.workflows.settings import StructureSettings
from nearsight.workflows.source import Source


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
        print_head(arguments.structure, atoms, names)
    for name in names:
        record = {
            **_attempt(arguments.structure, atoms, replace(request.model, name=name)),
            "warnings": remarks_to_json(notes),
        }
        records.append(record)
        output.add(record)
        tables.add(arguments.structure, name, [comparison_table(record)])
        if show:
            print_model_line(record, names)
    output.finish()
    tables.finish()
    if show:
        print_foot(records)
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
    return {
        **asked,
        "identity": call.model.identity.to_json(),
        "level_of_theory": call.model.facts.level_of_theory,
        "energy_eV_per_atom": evaluation.energy_eV / len(atoms),
        "max_force_eV_per_A": float(np.linalg.norm(forces_of(evaluation), axis=1).max()),
        "stress_GPa": None if stress is None else (stress / GPa).tolist(),
        "ms_per_force_call": 1000 * call.seconds,
        "memory_MB": call.memory_bytes / 1e6,
    }
