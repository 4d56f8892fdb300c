"""Isotherms, as they are printed and as tables."""

from collections.abc import Callable, Sequence

import numpy as np

from nearsight.adsorption.gcmc.isotherm import Isotherm
from nearsight.records.isotherm_parts import ExchangePart, LoadingPart, SampledPart
from nearsight.records.isotherm_record import IsothermRecord
from nearsight.records.isotherm_results import IsothermResults
from nearsight.tables.adsorption import (
    henry_table,
    henry_text,
    print_certificate,
    print_framework_and_gas,
)
from nearsight.tables.isotherm_fits import fits_table, heats_table, print_fits, print_heats
from nearsight.tables.lines import print_line
from nearsight.tables.table import Column, Table

_BAR_PA = 1e5


def print_isotherm(record: IsothermRecord, in_words: Callable[[str], str] = str) -> None:
    """Print loadings with their intervals, fits, heats and the certificate.

    Parameters
    ----------
    record
        Their record.
    in_words
        Puts options in the place of settings that a message names.
    """
    part = record.exchange
    print_framework_and_gas(record)
    outside = "ideal gas" if part.equation == "ideal" else f"{part.equation} equation"
    temperatures = ", ".join(f"{run.temperature_K:g}" for run in part.runs)
    print_line("outside", f"{temperatures} K, fugacities by the {outside}")
    if part.removed_offset_eV:
        print_line("offset", f"{part.removed_offset_eV:+.3f} eV taken off each molecule's energy")
    several = len(part.runs) > 1
    for run in part.runs:
        _print_run(part, run, several=several)
    if record.helium_void_fraction is not None:
        print_line("void", f"{record.helium_void_fraction:.3f} by helium (UFF, 298 K)")
    for row in record.henry:
        at = f" at {row.temperature_K:g} K" if several else ""
        of_model = "; with the offset of the model" if part.removed_offset_eV else ""
        print_line("empty", f"{henry_text(row)}{at}{of_model}")
    print("\n  loading in mol/kg with its interval of 95 %, molecules a cell, heat in kJ/mol")
    for run in part.runs:
        if several:
            print(f"\n  at {run.temperature_K:g} K")
        for each in record.isotherm:
            if each.temperature_K == run.temperature_K:
                _print_loading(each)
    print_fits(record)
    if record.zero.offset is not None and not part.removed_offset_eV:
        _print_offset(record)
    print_heats(record)
    print()
    print_certificate(record, in_words)


def _print_run(part: ExchangePart, run: SampledPart, *, several: bool) -> None:
    """Print how the sampling at one temperature went."""
    times = " × ".join(map(str, part.supercell))
    at = f"{run.temperature_K:g} K: " if several else ""
    print_line(
        "sampled",
        f"{at}{part.chains} chains at each pressure in {times} cells, {part.n_samples} samples "
        f"each, {run.moves} moves between them; {run.n_calls} energies of the model",
    )
    trained = "" if part.surrogate is None else " with what was trained"
    if part.cheap is not None:
        print_line(
            "cheap level",
            f"{part.cheap}{trained}, energies times {run.cheap_scale:.3f} and "
            f"{run.cheap_constant_eV:+.3f} eV a molecule (fitted in equilibration); "
            f"{run.n_cheap_calls} energies of it",
        )
    moves = [f"{each.kind} {each.n_accepted / each.n_tried:.1%}" for each in run.move_kinds]
    print_line("moves", f"{', '.join(moves)} accepted")


def _print_loading(row: LoadingPart) -> None:
    low, high = row.loading_interval_mol_per_kg
    heat = ""
    if row.heat_kJ_per_mol is not None:
        error = row.heat_error_kJ_per_mol
        heat = f", heat {row.heat_kJ_per_mol:.1f}{'' if error is None else f' ± {error:.1f}'}"
    print_line(
        f"{row.pressure_Pa / _BAR_PA:.4g} bar",
        f"{row.loading_mol_per_kg:.4g} ({low:.4g} to {high:.4g}), "
        f"{row.molecules_per_cell:.4g} per cell{heat}",
    )
    excess = "" if row.excess_mol_per_kg is None else f"excess {row.excess_mol_per_kg:.4g}, "
    print_line(
        "",
        f"{excess}{row.loading_cm3_STP_per_g:.4g} cm³(STP)/g, {row.n_effective:.4g} effective "
        f"samples",
    )
    if row.agreement is not None:
        agreement = row.agreement
        sigma = agreement.sigma_per_molecule_kT
        worth = agreement.effective_per_call
        print_line(
            "",
            f"{agreement.acceptance:.1%} of the proposals accepted, levels differ by "
            f"{agreement.sigma_kT:.2f} k_B T"
            + ("" if sigma is None else f" ({sigma:.2f} a molecule)")
            + ("" if worth is None else f", {worth:.2g} effective samples a call"),
        )


def _print_offset(record: IsothermRecord) -> None:
    offset = record.zero.offset
    assert offset is not None
    print(f"\n  with the model's offset of {offset.offset_eV:+.3f} eV taken off:")
    several = len(record.exchange.runs) > 1
    for row in record.isotherm:
        at = f" at {row.temperature_K:g} K" if several else ""
        fugacity_Pa = row.fugacity_without_offset_Pa
        print_line(
            "beyond all" if fugacity_Pa is None else f"{fugacity_Pa:.4g} Pa",
            f"is the fugacity of the {row.loading_mol_per_kg:.4g} mol/kg{at}",
        )


def isotherm_tables(record: IsothermRecord) -> Sequence[Table]:
    """Return loadings, numbers of molecules over samples, Henry coefficients, fits and heats.

    Parameters
    ----------
    record
        Of a run, with all samples.
    """
    results = record.results
    assert results is not None
    return [
        _loading_table(results, record.isotherm),
        _samples_table(results),
        _henry(results),
        fits_table(record),
        *heats_table(record),
    ]


def _loading_table(results: IsothermResults, rows: Sequence[LoadingPart]) -> Table:
    names = (
        "temperature_K",
        "pressure_Pa",
        "fugacity_Pa",
        "molecules_per_cell",
        "molecules_per_cell_error",
        "loading_mol_per_kg",
        "loading_error_mol_per_kg",
        "loading_cm3_STP_per_g",
        "excess_mol_per_kg",
        "heat_kJ_per_mol",
        "heat_error_kJ_per_mol",
        "n_effective",
        "measured_fugacity_Pa",
        "fugacity_without_offset_Pa",
    )
    intervals = [row.loading_interval_mol_per_kg for row in rows]
    return Table(
        (
            Column("gas", [results.adsorption.gas.name] * len(rows)),
            *(Column(name, [getattr(row, name) for row in rows]) for name in names),
            Column("loading_from_mol_per_kg", [low for low, _ in intervals]),
            Column("loading_to_mol_per_kg", [high for _, high in intervals]),
            Column("equilibrated", [str(row.equilibrated).lower() for row in rows]),
        )
    )


def _samples_table(results: IsothermResults) -> Table:
    """Return molecules and energies in the supercell, a row for each sample of each chain."""
    parts = [_samples_of(isotherm) for isotherm in results.isotherms]
    names = ("temperature_K", "pressure_Pa", "chain", "moves", "molecules", "interaction_energy_eV")
    columns = [np.concatenate(values) for values in zip(*parts, strict=True)]
    return Table(tuple(map(Column, names, columns)), "samples")


def _samples_of(isotherm: Isotherm) -> Sequence[np.ndarray]:
    """Return the columns of all samples at one temperature."""
    every = isotherm.sampled.equilibration + isotherm.sampled.production
    pairs = [
        (point, number, chain)
        for point in isotherm.points
        for number, chain in enumerate(point.loading.chains)
    ]
    chains = [chain for *_, chain in pairs]
    n_samples = len(every)
    return (
        np.full(n_samples * len(pairs), isotherm.temperature_K),
        np.repeat([point.bulk.pressure_Pa for point, _, _ in pairs], n_samples),
        np.repeat([number for _, number, _ in pairs], n_samples),
        np.tile(np.cumsum(every.steps), len(pairs)),
        every.counts[:, chains].T.ravel(),
        every.energies_eV[:, chains].T.ravel(),
    )


def _henry(results: IsothermResults) -> Table:
    return Table(henry_table(results.adsorption).columns, "henry")
