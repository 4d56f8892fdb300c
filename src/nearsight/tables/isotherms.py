"""Isotherms, as they are printed and as tables."""

from collections.abc import Callable, Sequence

import numpy as np

from nearsight.printable import printable_name
from nearsight.records.isotherm_parts import ExchangePart, LoadingPart
from nearsight.records.isotherm_record import IsothermRecord
from nearsight.records.isotherm_results import IsothermResults
from nearsight.tables.adsorption import henry_table, henry_text, print_certificate
from nearsight.tables.lines import print_line, print_structure_line
from nearsight.tables.table import Column, Table

_BAR_PA = 1e5


def print_isotherm(record: IsothermRecord, in_words: Callable[[str], str] = str) -> None:
    """Print loadings with their intervals and the certificate.

    Parameters
    ----------
    record
        Their record.
    in_words
        Puts options in the place of settings that a message names.
    """
    part = record.exchange
    print(f"\n{printable_name(record.structure)}")
    print_structure_line(record.formula, record.n_atoms)
    print_line("model", f"{record.model.name}, {record.model.dtype}, {record.model.device}")
    print_line("gas", f"{printable_name(record.gas.name)}, {printable_name(record.gas.source)}")
    outside = "ideal gas" if part.equation == "ideal" else f"{part.equation} equation"
    print_line("outside", f"{part.temperature_K:g} K, fugacities by the {outside}")
    times = " × ".join(map(str, part.supercell))
    print_line(
        "sampled",
        f"{part.chains} chains at each pressure in {times} cells, {part.n_samples} samples each, "
        f"{part.moves} moves between them; {part.n_calls} energies of the model",
    )
    if part.cheap is not None:
        print_line("cheap level", _cheap_text(part))
    if part.removed_offset_eV:
        print_line("offset", f"{part.removed_offset_eV:+.3f} eV taken off each molecule's energy")
    print_line("moves", _moves_text(part))
    if record.helium_void_fraction is not None:
        print_line("void", f"{record.helium_void_fraction:.3f} by helium (UFF, 298 K)")
    print_line("empty", henry_text(record.henry[0]))
    print("\n  loading in mol/kg with its interval of 95 %, molecules per cell, heat in kJ/mol")
    for row in record.isotherm:
        _print_loading(row)
    if record.zero.offset is not None and not part.removed_offset_eV:
        _print_offset(record)
    print()
    print_certificate(record, in_words)


def _cheap_text(part: ExchangePart) -> str:
    trained = "" if part.surrogate is None else " with what was trained"
    return (
        f"{part.cheap}{trained}, energies times {part.cheap_scale:.3f} and "
        f"{part.cheap_constant_eV:+.3f} eV a molecule (fitted in equilibration); "
        f"{part.n_cheap_calls} energies of it"
    )


def _moves_text(part: ExchangePart) -> str:
    return (
        ", ".join(f"{each.kind} {each.n_accepted / each.n_tried:.1%}" for each in part.move_kinds)
        + " accepted"
    )


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
    for row in record.isotherm:
        print_line(
            f"{row.fugacity_without_offset_Pa or 0.0:.4g} Pa",
            f"is the fugacity of the {row.loading_mol_per_kg:.4g} mol/kg",
        )


def isotherm_tables(results: IsothermResults, rows: Sequence[LoadingPart]) -> Sequence[Table]:
    """Return loadings, numbers of molecules over samples, and the Henry coefficient.

    Parameters
    ----------
    results
        With all samples.
    rows
        What the record has of each pressure.
    """
    return [_loading_table(results, rows), _samples_table(results), _henry(results)]


def _loading_table(results: IsothermResults, rows: Sequence[LoadingPart]) -> Table:
    names = (
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
    sampled = results.isotherm.sampled
    every = sampled.equilibration + sampled.production
    pairs = [
        (point, number, chain)
        for point in results.isotherm.points
        for number, chain in enumerate(point.loading.chains)
    ]
    n_samples = len(every)
    return Table(
        (
            Column(
                "pressure_Pa",
                np.repeat([point.bulk.pressure_Pa for point, _, _ in pairs], n_samples),
            ),
            Column("chain", np.repeat([number for _, number, _ in pairs], n_samples)),
            Column("moves", np.tile(np.cumsum(every.steps), len(pairs))),
            Column("molecules", every.counts[:, [chain for *_, chain in pairs]].T.ravel()),
            Column(
                "interaction_energy_eV",
                every.energies_eV[:, [chain for *_, chain in pairs]].T.ravel(),
            ),
        ),
        "samples",
    )


def _henry(results: IsothermResults) -> Table:
    return Table(henry_table(results.adsorption).columns, "henry")
