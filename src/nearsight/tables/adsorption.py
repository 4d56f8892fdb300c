"""Insertions of a gas, as they are printed and as tables."""

from collections.abc import Callable, Sequence

import numpy as np

from nearsight.adsorption.result import Adsorption, running_means, weight_by_energy
from nearsight.printable import printable_name
from nearsight.records.adsorption_parts import HenryPart, OffsetPart
from nearsight.records.adsorption_results import WidomResults
from nearsight.records.widom_record import InsertionRecord, WidomRecord
from nearsight.tables.lines import print_line, print_structure_line
from nearsight.tables.table import Column, Table

_POINTS = 100
_MARKS = {"good": "ok", "unknown": "?", "caution": "care", "bad": "NO"}


def print_framework_and_gas(record: InsertionRecord) -> None:
    """Print what is put into what, and by which model."""
    print(f"\n{printable_name(record.structure)}")
    print_structure_line(record.formula, record.n_atoms)
    print_line("model", f"{record.model.name}, {record.model.dtype}, {record.model.device}")
    print_line("gas", f"{printable_name(record.gas.name)}, {printable_name(record.gas.source)}")


def print_widom(record: WidomRecord, in_words: Callable[[str], str] = str) -> None:
    """Print Henry coefficients with their certificate.

    Parameters
    ----------
    record
        Their record.
    in_words
        Puts options in the place of settings that a message names.
    """
    part = record.insertion
    print_framework_and_gas(record)
    times = " × ".join(map(str, part.supercell))
    frames = f" of each of {part.n_frames} snapshots" if part.n_frames > 1 else ""
    print_line("supercell", f"{times} cells{frames}")
    print_line(
        "insertions",
        f"{part.n_insertions} {printable_name(part.places)}; {part.counts}",
    )
    if record.helium_void_fraction is not None:
        print_line("void", f"{record.helium_void_fraction:.3f} by helium (UFF, 298 K)")
    print()
    _print_henry(record.henry, record.gas.name)
    if record.henry_without_wells is not None and not _is_good(record, "false-wells"):
        print("\n  without suspected insertions:")
        _print_henry(record.henry_without_wells, record.gas.name)
    if record.zero.offset is not None and record.henry[0].significant:
        _print_offset(record.zero.offset, record.henry)
    print()
    print_certificate(record, in_words)


def print_certificate(record: InsertionRecord, in_words: Callable[[str], str]) -> None:
    """Print what speaks for and against numbers, as `print_widom` does."""
    for index, check in enumerate(record.verdict.checks):
        mark = f"[{_MARKS[check.level]}]"
        said = in_words(f"{mark} {check.finding}: {check.detail}")
        print_line("certificate" if index == 0 else "", said)
    print_line("verdict", record.verdict.summary)


def _is_good(record: WidomRecord, code: str) -> bool:
    """Tell whether a check of the certificate found nothing."""
    return all(check.level == "good" for check in record.verdict.checks if check.code == code)


def _print_henry(rows: Sequence[HenryPart], gas: str) -> None:
    for row in rows:
        print_line(f"{row.temperature_K:g} K", henry_text(row))
        if not row.significant:
            continue
        cell, error = row.coefficient_per_cell_Pa, row.coefficient_error_per_cell_Pa
        if cell is not None:
            print_line("", f"{with_error(cell, error)} {printable_name(gas)}/(cell Pa)")
        potential = row.excess_chemical_potential_kJ_per_mol
        heat = row.heat_kJ_per_mol
        if potential is not None and heat is not None:
            print_line(
                "",
                f"mu_ex {potential:.2f} ± {_short(row.excess_chemical_potential_error_kJ_per_mol)} "
                f"kJ/mol, heat {heat:.2f} ± {_short(row.heat_error_kJ_per_mol)} kJ/mol",
            )
        print_line(
            "",
            f"{row.n_effective:.4g} effective insertions; the heaviest 1 % have "
            f"{row.heaviest_share:.0%} of the weight",
        )


def henry_text(row: HenryPart) -> str:
    """Return a Henry coefficient in words, or that there is none."""
    value = row.coefficient_mol_per_kg_Pa
    if row.log_mean_weight is None:
        return "no insertion has any weight"
    if not row.significant:
        size = "beyond all numbers" if value is None else f"{value:.1g} mol/(kg Pa)"
        return (
            f"no Henry coefficient: {row.n_effective:.2g} effective insertions carry the weight "
            f"(their mean would be {size})"
        )
    if value is None:
        return f"K_H is beyond all numbers: ln<W> = {row.log_mean_weight:.1f}"
    return f"K_H = {with_error(value, row.coefficient_error_mol_per_kg_Pa)} mol/(kg Pa)"


def _print_offset(offset: OffsetPart, rows: Sequence[HenryPart]) -> None:
    print(f"\n  with the model's offset of {offset.offset_eV:+.3f} eV taken off:")
    for row, value, heat in zip(
        rows, offset.coefficients_mol_per_kg_Pa, offset.heats_kJ_per_mol, strict=True
    ):
        if row.significant and value is not None and heat is not None:
            print_line(
                f"{row.temperature_K:g} K", f"K_H = {value:.3g} mol/(kg Pa), heat {heat:.2f} kJ/mol"
            )


def with_error(value: float, error: float | None) -> str:
    """Return a value with its error in the same power of ten: (1.23 ± 0.05)e-05."""
    if value == 0:
        return "0"
    power = int(np.floor(np.log10(abs(value))))
    scaled = value / 10.0**power
    if error is None:
        return f"{scaled:.3f}e{power:+03d}, error unknown,"
    return f"({scaled:.3f} ± {error / 10.0**power:.3f})e{power:+03d}"


def _short(error: float | None) -> str:
    return "?" if error is None else f"{error:.2f}"


def widom_tables(results: WidomResults) -> Sequence[Table]:
    """Return Henry coefficients, how they converged, and what carries the weight."""
    adsorption = results.adsorption
    tables = [henry_table(adsorption)]
    first_K = adsorption.henry[0].temperature_K
    numbers, logs, errors = running_means(adsorption.trials, first_K, _POINTS)
    tables.append(
        Table(
            (
                Column("insertions", numbers.astype(int)),
                Column("log_mean_weight", [_or_nothing(value) for value in logs]),
                Column("log_mean_weight_error", [_or_nothing(value) for value in errors]),
            ),
            "insertions",
        )
    )
    ends, shares = weight_by_energy(adsorption.trials, first_K)
    if len(shares):
        tables.append(
            Table(
                (
                    Column("energy_from_eV", ends[:-1]),
                    Column("energy_to_eV", ends[1:]),
                    Column("share_of_weight", shares),
                ),
                "weights",
            )
        )
    return tables


def henry_table(adsorption: Adsorption) -> Table:
    """Return Henry coefficients, one row a temperature."""
    rows = adsorption.henry
    quantities = {
        "coefficient_mol_per_kg_Pa": [row.coefficient_mol_per_kg_Pa for row in rows],
        "coefficient_per_cell_Pa": [row.coefficient_per_cell_Pa for row in rows],
        "log_mean_weight": [row.log_weight for row in rows],
        "excess_chemical_potential_kJ_per_mol": [
            row.excess_chemical_potential_kJ_per_mol for row in rows
        ],
        "heat_kJ_per_mol": [row.heat_kJ_per_mol for row in rows],
    }
    columns = [
        Column("gas", [adsorption.gas.name] * len(rows)),
        Column("temperature_K", [row.temperature_K for row in rows]),
    ]
    for name, values in quantities.items():
        columns.append(Column(name, [_or_nothing(each.value) for each in values]))
        columns.append(Column(f"{name}_error", [_or_nothing(each.error) for each in values]))
    columns.append(Column("effective_insertions", [row.n_effective for row in rows]))
    columns.append(Column("heaviest_share", [row.heaviest_share for row in rows]))
    return Table(tuple(columns))


def _or_nothing(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
