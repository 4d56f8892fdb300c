"""How much of a gas a framework takes up."""

from collections.abc import Sequence

from nearsight.records.isotherm_parts import LoadingPart
from nearsight.records.isotherm_record import IsothermRecord
from nearsight.reports.provenance import Lines
from nearsight.reports.subjects.subject import Figure, Subject
from nearsight.reports.subjects.widom import insertion_lines

_OF_ISOTHERM = "Mean loadings with intervals of 95 %; the line only guides the eye."
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
    times = " × ".join(map(str, part.supercell))
    lines: Lines = [
        (
            "sampled",
            f"{part.chains} chains at each pressure in {times} cells, {part.n_samples} samples "
            f"each, {part.moves} moves between them",
        ),
        ("energies of the model", f"{part.n_calls} in production"),
        ("fugacities", f"by the equation of state “{part.equation}”"),
        ("drift of the running energy", f"{part.drift_eV:.1g} eV at most"),
    ]
    if part.cheap is not None:
        lines.append(
            (
                "cheap level",
                f"{part.cheap}, energies times {part.cheap_scale:.3f} and "
                f"{part.cheap_constant_eV:+.3f} eV for each molecule",
            )
        )
    lines += [
        (f"{each.kind} accepted", f"{each.n_accepted / each.n_tried:.1%} of {each.n_tried}")
        for each in part.move_kinds
    ]
    for row in record.isotherm:
        lines += _loading(row)
    return [*lines, *insertion_lines(record)]


def _loading(row: LoadingPart) -> Lines:
    when = f"at {row.pressure_Pa / 1e5:.4g} bar"
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
    if row.fugacity_without_offset_Pa is not None:
        lines.append(
            (
                f"without the offset {when}",
                f"this loading belongs to a fugacity of {row.fugacity_without_offset_Pa:.3g} Pa",
            )
        )
    return lines


def _charts(record: IsothermRecord) -> Sequence[Figure]:
    if record.results is None:
        return ()
    first, *others = record.results.charts()
    return [
        (first, _OF_ISOTHERM),
        *((each, _OF_NUMBERS) for each in others),
        *((each, _OF_DENSITIES) for each in record.results.density_charts()),
    ]


SUBJECT = Subject(
    what="Isotherm of a framework",
    plural="Isotherms of frameworks",
    numbers=_numbers,
    charts=_charts,
)
