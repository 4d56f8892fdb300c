"""Heat and expansion at constant pressure as text, at most 80 columns wide, and as tables."""

from nearsight.tables.lines import print_line
from nearsight.tables.table import Column, Table
from nearsight.vibrations.thermal_expansion_functions import ThermalExpansion


def print_thermal_expansion(expansion: ThermalExpansion) -> None:
    """Print the volumes, the fits over them, and what follows at each temperature."""
    used = expansion.used
    left_out = f", {len(expansion.left_out)} more left out" if expansion.left_out else ""
    print_line(
        "volumes",
        f"{len(used)} from {used[0].volume_A3:.3f} to {used[-1].volume_A3:.3f} Å³{left_out}; "
        f"{'×'.join(map(str, used[0].phonons.mesh))} mesh at each",
    )
    print_line(
        "fit",
        f"{expansion.equation_of_state.replace('_', '-')}, off by up to "
        f"{1e3 * expansion.fit_error_eV_per_atom:.2g} meV/atom; without motion "
        f"{expansion.static_volume_A3:.3f} Å³, {expansion.static_bulk_modulus_GPa:.2f} GPa",
    )
    print_line("pressure", f"{expansion.pressure_GPa:g} GPa")
    print_line("acoustic", expansion.acoustic)
    print()
    rows, heats, _ = thermal_expansion_tables(expansion)
    rows.print()
    print("  αV: of the volume, α: along a line; ±: by how much two routes to αV differ\n")
    heats.print()
    print(f"  per mole of {expansion.formula_unit}; G with the potential energy of the model")


def thermal_expansion_tables(expansion: ThermalExpansion) -> tuple[Table, Table, Table]:
    """Return expansion and heat over temperature, and the volumes."""
    temperatures = Column("temperature_K", expansion.temperatures_K, "T / K", "8.2f")
    rows = {name: [row[name] for row in expansion.rows_summary()] for name in _IN_FILES}
    return (
        Table(
            (
                temperatures,
                Column("volume_A3", rows["volume_A3"], "V / Å³", "11.4f"),
                Column(
                    "volumetric_expansion_per_K",
                    rows["volumetric_expansion_per_K"],
                    "αV / 1/K",
                    "10.3e",
                ),
                Column(
                    "expansion_difference_per_K",
                    rows["expansion_difference_per_K"],
                    "± / 1/K",
                    "9.1e",
                ),
                Column(
                    "linear_expansion_per_K", rows["linear_expansion_per_K"], "α / 1/K", "10.3e"
                ),
                Column("bulk_modulus_GPa", rows["bulk_modulus_GPa"], "K_T / GPa", "9.2f"),
            )
        ),
        _heats(temperatures, rows),
        _volumes(expansion),
    )


_IN_FILES = (
    "volume_A3",
    "volumetric_expansion_per_K",
    "linear_expansion_per_K",
    "expansion_difference_per_K",
    "bulk_modulus_GPa",
    "heat_capacity_p_J_per_g_K",
    "heat_capacity_v_J_per_g_K",
    "heat_capacity_p_J_per_molformula_K",
    "heat_capacity_v_J_per_molformula_K",
    "entropy_J_per_molformula_K",
    "gibbs_energy_eV",
    "gibbs_energy_kJ_per_molformula",
    "gruneisen_parameter",
)


def _heats(temperatures: Column, rows: dict[str, list[float | None]]) -> Table:
    shown = {
        "heat_capacity_p_J_per_molformula_K": ("c_p / J/(mol K)", "15.4f"),
        "heat_capacity_v_J_per_molformula_K": ("c_v", "10.4f"),
        "entropy_J_per_molformula_K": ("S", "10.4f"),
        "gibbs_energy_kJ_per_molformula": ("G / kJ/mol", "13.4f"),
        "gruneisen_parameter": ("γ", "7.3f"),
    }
    printed = [Column(name, rows[name], *how) for name, how in shown.items()]
    names = ("heat_capacity_p_J_per_g_K", "heat_capacity_v_J_per_g_K", "gibbs_energy_eV")
    further = [Column(name, rows[name]) for name in names]
    return Table((temperatures, *printed, *further), "heat")


def _volumes(expansion: ThermalExpansion) -> Table:
    volumes = expansion.summary()["volumes"]
    names = [name for name in volumes[0] if name != "cell_A"]
    return Table(
        tuple(
            Column(
                name,
                [str(each[name]).lower() if name == "used" else each[name] for each in volumes],
            )
            for name in names
        ),
        "volumes",
    )
