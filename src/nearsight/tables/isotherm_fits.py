"""Fits of isotherms and heats that follow from them, as they are printed and as tables."""

from collections.abc import Sequence

from nearsight.records.isotherm_fit_parts import FitPart, HeatPart
from nearsight.records.isotherm_record import IsothermRecord
from nearsight.tables.adsorption import with_error
from nearsight.tables.lines import print_line
from nearsight.tables.table import Column, Table

_EVERY = 5
"""Of the heats so many are printed as one."""
_MOST_SITES = 2


def print_fits(record: IsothermRecord) -> None:
    """Print the best fit at each temperature, and how others compare."""
    several = len(record.exchange.runs) > 1
    print("\n  fit of the loading over the fugacity, chosen by AICc")
    for run in record.exchange.runs:
        fits = [each for each in record.fits if each.temperature_K == run.temperature_K]
        chosen = [each for each in fits if each.chosen]
        others = [each for each in fits if not each.chosen]
        at = f"{run.temperature_K:g} K"
        for fit in chosen:
            print_line(at if several else "fit", f"{fit.word}: {fit_text(fit)}")
        compared = [f"{each.word} {_how_good(each)}" for each in others if each.reason is None]
        if compared:
            print_line("", f"beside it {', '.join(compared)}")
        for reason in dict.fromkeys(each.reason for each in others if each.reason is not None):
            named = ", ".join(each.word for each in others if each.reason == reason)
            print_line("" if chosen else at if several else "none", f"no {named}: {reason}")


def fit_text(fit: FitPart) -> str:
    """Return the parameters of a fit in words, and how good it is."""
    parts = [
        f"q_sat {value:.4g} ± {error:.2g} mol/kg with b {with_error(affinity, of_affinity)} 1/Pa"
        for value, error, affinity, of_affinity in zip(
            fit.saturations_mol_per_kg,
            fit.saturation_errors_mol_per_kg,
            fit.affinities_per_Pa,
            fit.affinity_errors_per_Pa,
            strict=True,
        )
    ]
    if fit.exponent is not None and fit.exponent_error is not None:
        parts.append(f"n {fit.exponent:.3f} ± {fit.exponent_error:.3f}, so no Henry coefficient")
    if fit.henry_coefficient_mol_per_kg_Pa is not None:
        value, error = (
            fit.henry_coefficient_mol_per_kg_Pa,
            fit.henry_coefficient_error_mol_per_kg_Pa,
        )
        parts.append(f"K_H {with_error(value, error)} mol/(kg Pa)")
    return f"{', '.join(parts)}; {_how_good(fit)}"


def _how_good(fit: FitPart) -> str:
    per_degree = fit.chi_squared_per_degree
    squares = "" if per_degree is None else f", chi² {per_degree:.3g} a degree of freedom"
    return f"AICc {fit.aicc:.1f}{squares}"


def print_heats(record: IsothermRecord) -> None:
    """Print some heats by Clausius and Clapeyron, or why there are none."""
    part = record.isosteric
    if part is None:
        return
    print("\n  heat by Clausius and Clapeyron over loading, with its standard error")
    if part.reason is not None:
        print_line("none", part.reason)
        return
    for row in part.heats[::_EVERY]:
        print_line(f"{row.loading_mol_per_kg:.4g}", f"mol/kg: {heat_text(row)}")


def heat_text(row: HeatPart) -> str:
    """Return a heat with its error in words."""
    return f"{row.heat_kJ_per_mol:.2f} ± {row.heat_error_kJ_per_mol:.2f} kJ/mol"


def fits_table(record: IsothermRecord) -> Table:
    """Return all fits, a row for a temperature and a function."""
    fits = record.fits
    names = (
        "temperature_K",
        "function",
        "exponent",
        "exponent_error",
        "henry_coefficient_mol_per_kg_Pa",
        "henry_coefficient_error_mol_per_kg_Pa",
        "chi_squared_per_degree",
        "aicc",
        "reason",
    )
    of_sites = (
        ("saturations_mol_per_kg", "saturation_{}_mol_per_kg"),
        ("saturation_errors_mol_per_kg", "saturation_{}_error_mol_per_kg"),
        ("affinities_per_Pa", "affinity_{}_per_Pa"),
        ("affinity_errors_per_Pa", "affinity_{}_error_per_Pa"),
    )
    return Table(
        (
            *(Column(name, [getattr(fit, name) for fit in fits]) for name in names),
            Column("chosen", [str(fit.chosen).lower() for fit in fits]),
            *(
                Column(
                    column.format(site + 1), [_or_none(getattr(fit, name), site) for fit in fits]
                )
                for site in range(_MOST_SITES)
                for name, column in of_sites
            ),
        ),
        "fits",
    )


def _or_none(values: Sequence[float], site: int) -> float | None:
    return values[site] if site < len(values) else None


def heats_table(record: IsothermRecord) -> Sequence[Table]:
    """Return heats by Clausius and Clapeyron over loading, if there are any."""
    part = record.isosteric
    if part is None or not part.heats:
        return ()
    names = ("loading_mol_per_kg", "heat_kJ_per_mol", "heat_error_kJ_per_mol")
    return (
        Table(
            (
                Column("temperature_K", [part.temperature_K] * len(part.heats)),
                *(Column(name, [getattr(row, name) for row in part.heats]) for name in names),
            ),
            "heats",
        ),
    )
