"""Several models on one structure as text, a line for each."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from ase import Atoms

from nearsight.printable import printable_name
from nearsight.tables.lines import WIDTH
from nearsight.tables.table import Column, Table

_WIDTH_OF_NUMBERS = 55


def comparison_table(record: Mapping[str, Any]) -> Table:
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


def print_head(path: str, atoms: Atoms, names: list[str]) -> None:
    """Print what the models are asked of."""
    print(f"{printable_name(path)}: {atoms.get_chemical_formula()}, {len(atoms)} atoms\n")
    width = _name_width(names)
    print(f"{'':<{width}}    E / atom    max |F|   pressure   force call  memory")
    print(f"{'model':<{width}}          eV       eV/Å        GPa           ms      MB")


def _name_width(names: list[str]) -> int:
    return min(max(map(len, names)), WIDTH - _WIDTH_OF_NUMBERS)


def print_model_line(record: Mapping[str, Any], names: list[str]) -> None:
    """Print what one model says, or why it does not."""
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


def print_foot(records: Sequence[Mapping[str, Any]]) -> None:
    """Print what the numbers mean."""
    levels = {record["level_of_theory"] for record in records if "error" not in record}
    print("\nMemory: what loading and calling added here and in the model's own process.")
    print("A library that several models share here counts for the first of them.")
    if len(levels) > 1:
        print("Energies of different levels of theory have no common zero.")
