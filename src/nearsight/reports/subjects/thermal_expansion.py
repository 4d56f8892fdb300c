"""Heat and expansion of a crystal at constant pressure."""

from collections.abc import Sequence

from nearsight.records.thermal_expansion_record import ThermalExpansionRecord, ThermalExpansionRow
from nearsight.reports.provenance import Lines
from nearsight.reports.subjects.subject import Figure, Subject

_OF_ENERGIES = (
    "Dashed lines: the smallest and the largest volume at which the Gibbs energy is lowest."
)
_OVER_TEMPERATURE = "At the volume of lowest Gibbs energy at each temperature."


def _numbers(record: ThermalExpansionRecord) -> Lines:
    part = record.quasi_harmonic
    volumes = [each.volume_A3 for each in part.volumes if each.used]
    lines: Lines = [
        ("pressure", f"{part.pressure_GPa:g} GPa"),
        ("volumes", f"{len(volumes)} from {volumes[0]:.3f} to {volumes[-1]:.3f} Å³"),
        ("mesh", " × ".join(map(str, record.mesh))),
        (
            "fit",
            f"{part.equation_of_state.replace('_', '-')}, off by up to "
            f"{1e3 * part.fit_error_eV_per_atom:.2g} meV/atom",
        ),
        (
            "without motion",
            f"{part.static_volume_A3:.3f} Å³, bulk modulus {part.static_bulk_modulus_GPa:.2f} GPa",
        ),
    ]
    for row in record.thermal_expansion:
        lines += _at(row)
    return lines


def _at(row: ThermalExpansionRow) -> Lines:
    when = f"at {row.temperature_K:g} K"
    gamma, difference_per_K = row.gruneisen_parameter, row.expansion_difference_per_K
    routes = (
        ""
        if difference_per_K is None
        else f"; two routes differ by {1e6 * abs(difference_per_K):.1g}·10⁻⁶ 1/K"
    )
    shown = "" if gamma is None else f"; Grüneisen parameter {gamma:.3f}"
    return [
        (
            f"expansion {when}",
            f"{1e6 * row.volumetric_expansion_per_K:.3f}·10⁻⁶ 1/K of the volume, "
            f"{1e6 * row.linear_expansion_per_K:.3f}·10⁻⁶ 1/K along a line{routes}",
        ),
        (
            f"heat capacities {when}",
            f"c_p {row.heat_capacity_p_J_per_g_K:.5f} and c_v {row.heat_capacity_v_J_per_g_K:.5f} "
            f"J/(g K); {row.heat_capacity_p_J_per_molformula_K:.3f} and "
            f"{row.heat_capacity_v_J_per_molformula_K:.3f} J/(mol K)",
        ),
        (
            f"crystal {when}",
            f"{row.volume_A3:.4f} Å³, bulk modulus {row.bulk_modulus_GPa:.2f} GPa, Gibbs energy "
            f"{row.gibbs_energy_eV:.5f} eV{shown}",
        ),
    ]


def _charts(record: ThermalExpansionRecord) -> Sequence[Figure]:
    if record.results is None:
        return ()
    *over_temperature, of_energies = record.results.charts()
    return [*((each, _OVER_TEMPERATURE) for each in over_temperature), (of_energies, _OF_ENERGIES)]


SUBJECT = Subject(
    what="Thermal expansion",
    plural="Thermal expansions",
    numbers=_numbers,
    charts=_charts,
)
