"""How much of a gas a framework takes up."""

from collections.abc import Sequence

from markupsafe import Markup

from nearsight.records.isotherm_fit_parts import FitPart
from nearsight.records.isotherm_parts import ExchangePart, LoadingPart, SampledPart
from nearsight.records.isotherm_record import IsothermRecord
from nearsight.reports import wording
from nearsight.reports.provenance import Lines
from nearsight.reports.subjects.subject import Figure, Subject
from nearsight.reports.subjects.widom import insertion_lines

_OF_ISOTHERM = (
    "Mean loadings with intervals of 95 %, and the fit that AICc chooses with its band of 95 %; "
    "where there is none a thin line only guides the eye."
)
_OF_HEATS = (
    "By fluctuations of energy and number, by insertions into the empty framework, and by "
    "Clausius and Clapeyron from the fits at all temperatures; intervals are of 95 %."
)
_EVERY = 5
"""Of the heats so many are shown as one."""
_OF_NUMBERS = (
    "Each chain began empty, and has a colour. What is left of the dashed line is in no mean: "
    "equilibration, and what MSER-5 takes off."
)
_OF_DENSITIES = (
    "All cells folded onto one, and the framework over it. A tile has what is behind it in one "
    "cell on average; where there is none, nothing was."
)


def _numbers(record: IsothermRecord) -> Lines:
    part = record.exchange
    several = len(part.runs) > 1
    lines: Lines = [("fugacities", f"by the equation of state “{part.equation}”")]
    if part.removed_offset_eV:
        said = f"{part.removed_offset_eV:+.3f} eV, off the energy of each molecule by the model"
        lines.append(("offset taken off", said))
    for run in part.runs:
        at = f"{run.temperature_K:g} K" if several else ""
        lines += _sampled(part, run, f" at {at}" if several else "")
        for row in record.isotherm:
            if row.temperature_K == run.temperature_K:
                lines += _loading(row, f" and {at}" if several else "")
                lines += _without_offset(part, row, f" and {at}" if several else "")
        fits = [each for each in record.fits if each.temperature_K == run.temperature_K]
        lines += _fits(fits, f" at {at}" if several else "")
    return [*lines, *_heats(record), *insertion_lines(record)]


def _sampled(part: ExchangePart, run: SampledPart, when: str) -> Lines:
    times = " × ".join(map(str, part.supercell))
    lines: Lines = [
        (
            f"sampled{when}",
            f"{part.chains} chains at each pressure in {times} cells, {part.n_samples} samples "
            f"each, {run.moves} moves between them",
        ),
        (f"energies of the model{when}", f"{run.n_calls} in production"),
        (f"drift of the running energy{when}", f"{run.drift_eV:.1g} eV at most"),
    ]
    trained = "" if part.surrogate is None else " with a sum over pairs that was trained"
    if part.cheap is not None:
        lines.append(
            (
                f"cheap level{when}",
                f"{part.cheap}{trained}, energies times {run.cheap_scale:.3f} and "
                f"{run.cheap_constant_eV:+.3f} eV for each molecule",
            )
        )
    lines += [
        (f"{each.kind} accepted{when}", f"{each.n_accepted / each.n_tried:.1%} of {each.n_tried}")
        for each in run.move_kinds
    ]
    return lines


def _fits(fits: Sequence[FitPart], when: str) -> Lines:
    """Return what was fitted at one temperature: the chosen one first."""
    lines: Lines = []
    for fit in sorted(fits, key=lambda each: not each.chosen):
        if fit.reason is not None:
            said: str | Markup = f"none: {fit.reason}"
        else:
            said = Markup("; ").join([*_parameters(fit), _how_good(fit)])
        lines.append((f"{'fit, chosen' if fit.chosen else 'fit'}{when}: {fit.word}", said))
    return lines


def _parameters(fit: FitPart) -> list[Markup]:
    sites = zip(
        fit.saturations_mol_per_kg,
        fit.saturation_errors_mol_per_kg,
        fit.affinities_per_Pa,
        fit.affinity_errors_per_Pa,
        strict=True,
    )
    parts = [
        Markup("{:.4g} ± {:.2g} mol/kg at saturation, affinity {} ± {} 1/Pa").format(
            value, error, wording.scientific(affinity, 3), wording.scientific(of_affinity, 1)
        )
        for value, error, affinity, of_affinity in sites
    ]
    if fit.exponent is not None and fit.exponent_error is not None:
        said = f"exponent {fit.exponent:.3f} ± {fit.exponent_error:.3f}, so no Henry coefficient"
        parts.append(Markup.escape(said))
    value, error = fit.henry_coefficient_mol_per_kg_Pa, fit.henry_coefficient_error_mol_per_kg_Pa
    if value is not None and error is not None:
        shown = (wording.scientific(value, 3), wording.scientific(error, 1))
        parts.append(Markup("slope at zero {} ± {} mol/(kg Pa)").format(*shown))
    return parts


def _how_good(fit: FitPart) -> str:
    per_degree = fit.chi_squared_per_degree
    squares = "" if per_degree is None else f", χ² {per_degree:.3g} a degree of freedom"
    return f"AICc {fit.aicc:.1f}{squares}"


def _heats(record: IsothermRecord) -> Lines:
    """Return heats by Clausius and Clapeyron, or why there are none; nothing of one temperature."""
    part = record.isosteric
    if part is None:
        return []
    if part.reason is not None:
        return [("heat by Clausius and Clapeyron", f"none: {part.reason}")]
    return [
        (
            f"heat at {row.loading_mol_per_kg:.3g} mol/kg",
            f"{row.heat_kJ_per_mol:.2f} ± {row.heat_error_kJ_per_mol:.2f} kJ/mol by Clausius and "
            f"Clapeyron, about {part.temperature_K:.4g} K",
        )
        for row in part.heats[::_EVERY]
    ]


def _loading(row: LoadingPart, and_at: str) -> Lines:
    when = f"at {row.pressure_Pa / 1e5:.4g} bar{and_at}"
    low, high = row.loading_interval_mol_per_kg
    lines: Lines = [
        (
            f"loading {when}",
            f"{row.loading_mol_per_kg:.4g} mol/kg ({low:.4g} to {high:.4g}), "
            f"{row.molecules_per_cell:.4g} per cell, {row.loading_cm3_STP_per_g:.4g} cm³(STP)/g; "
            f"{row.n_effective:.4g} effective samples",
        )
    ]
    if row.excess_mol_per_kg is not None:
        lines.append((f"excess {when}", f"{row.excess_mol_per_kg:.4g} mol/kg"))
    if row.heat_kJ_per_mol is not None:
        error = row.heat_error_kJ_per_mol
        shown = "" if error is None else f" ± {error:.2f}"
        lines.append((f"heat {when}", f"{row.heat_kJ_per_mol:.2f}{shown} kJ/mol by fluctuations"))
    if row.measured_fugacity_Pa is not None:
        error = row.measured_fugacity_error_Pa
        shown = "" if error is None else f" ± {error:.2g}"
        lines.append(
            (
                f"fugacity {when}",
                f"{row.fugacity_Pa:.5g} Pa imposed, {row.measured_fugacity_Pa:.5g}{shown} Pa "
                f"measured",
            )
        )
    if row.agreement is not None:
        lines.append(
            (
                f"both levels {when}",
                f"{row.agreement.acceptance:.1%} of the proposals accepted, energies differ by "
                f"{row.agreement.sigma_kT:.2f} k_B T",
            )
        )
    return lines


def _without_offset(part: ExchangePart, row: LoadingPart, and_at: str) -> Lines:
    if row.fugacity_without_offset_Pa is None or part.removed_offset_eV:
        return []
    said = f"this loading belongs to a fugacity of {row.fugacity_without_offset_Pa:.3g} Pa"
    return [(f"without the offset at {row.pressure_Pa / 1e5:.4g} bar{and_at}", said)]


def _charts(record: IsothermRecord) -> Sequence[Figure]:
    if record.results is None:
        return ()
    notes = {"pressure / bar": _OF_ISOTHERM, "absolute loading / mol/kg": _OF_HEATS}
    return [
        *((each, notes.get(each.x.label, _OF_NUMBERS)) for each in record.results.charts()),
        *((each, _OF_DENSITIES) for each in record.results.density_charts()),
    ]


SUBJECT = Subject(
    what="Isotherm of a framework",
    plural="Isotherms of frameworks",
    numbers=_numbers,
    charts=_charts,
)
