# %% [markdown]
# # Thermal expansion: a model beside experiment
#
# Magnesium oxide and silicon, in the quasi-harmonic approximation. Silicon shrinks when it is
# warmed below about 120 K, since its transverse acoustic modes have negative Grüneisen parameters.
# MOF-5 shrinks at all temperatures, by some 16·10⁻⁶ 1/K of its lengths (W. Zhou et al., Phys.
# Rev. B 2008, 78, 054301, DOI 10.1103/PhysRevB.78.054301: neutrons, 4 to 600 K, and quasi-harmonic
# DFT). It takes longer, and is calculated on request only.
#
#     python studies/thermal_expansion.py --records FOLDER [--only MgO Si MOF-5] [--model NAME]
#
# Experiment: MgO by O. L. Anderson and D. G. Isaak, Elastic constants of mantle minerals at high
# temperature, AGU Reference Shelf 2, 1995, pp. 64-97 (DOI 10.1029/RF002p0064), α 31.2·10⁻⁶ 1/K at
# 300 K; silicon by the function of Y. Okada and Y. Tokumaru, J. Appl. Phys. 1984, 56, 314
# (DOI 10.1063/1.333965), from 120 K on; heat capacities of the NIST-JANAF tables (M. W. Chase,
# J. Phys. Chem. Ref. Data 1998, Monograph 9).
import argparse
from pathlib import Path

import numpy as np
from ase.build import bulk

from nearsight.allocation import allocate_for_speed
from nearsight.charts.chart import Axis, Chart, Line, Points
from nearsight.charts.on_axes import draw
from nearsight.models import Model, load_model
from nearsight.storage import write_text
from nearsight.testing.structures import mof5
from nearsight.vibrations import PhononSettings, ThermodynamicSettings, VolumeSettings
from nearsight.workflows import (
    RelaxationSettings,
    ThermalExpansionSettings,
    keep_unfinished,
    thermal_expansion,
)
from records import Record, collect, file_name, markdown_table, without_errors

CRYSTALS = {
    "MgO": lambda: bulk("MgO", "rocksalt", a=4.25),
    "Si": lambda: bulk("Si", "diamond", a=5.469),
    "MOF-5": mof5,
}
USUAL = ("MgO", "Si")
VOLUMES = {
    "MgO": VolumeSettings(volume_from=0.98, volume_to=1.07),
    "Si": VolumeSettings(volume_from=0.985, volume_to=1.045),
    "MOF-5": VolumeSettings(volume_from=0.985, volume_to=1.03),
}
PRESSURES_GPa = {"MOF-5": -0.3}
"""Vibrations pull MOF-5 together, to volumes (below 0.998 of that at rest) at which SevenNet-0 has
imaginary modes: a tension keeps it where there is a free energy."""
UNDER_TENSION = """\
MOF-5 is computed under a tension of 0.3 GPa: without it, vibrations pull it together to volumes
where SevenNet-0 has imaginary modes (from 0.998 of its volume at rest downwards), and there is no
free energy. It is softer the smaller it is, so that above 200 K, near the smallest volumes, the
expansion is that of a crystal about to give way; what harmonic phonons say ends there.
"""
LENGTHS_A = {"MgO": 7.0, "Si": 9.0, "MOF-5": 8.0}
"""Widths of the supercells of force constants."""
MESH_LENGTH_A = 60.0
TEMPERATURES_K = (0.0, *np.arange(20.0, 321.0, 20.0).tolist())
TEMPERATURES_K += tuple(np.arange(400.0, 1001.0, 100.0).tolist())
FMAX_eV_PER_A = 1e-4
HEAT_P_J_PER_MOL_K = {
    "MgO": {300.0: 37.18, 500.0: 45.68, 1000.0: 51.12},
    "Si": {300.0: 20.05, 500.0: 23.34, 1000.0: 26.32},
}
"""NIST-JANAF, by the Shomate equations of https://webbook.nist.gov."""
MGO_PER_K = {300.0: 31.2e-6}
"""Of the volume; Anderson and Isaak."""
MOF5_PER_K = -48e-6
"""Zhou et al., the mean of 4 to 600 K."""
SHOWN_K = (80.0, 100.0, 140.0, 300.0, 500.0, 1000.0)
ROWS = ("crystal", "T / K", "V / Å³", "αᵥ / 10⁻⁶ 1/K", "experiment", "two routes", "K_T / GPa", "γ")
HEATS = ("crystal", "T / K", "c_p / J/(mol K)", "experiment", "c_v")


def silicon_per_K(temperature_K: float) -> float | None:
    """Return the volumetric expansion of silicon by experiment; None where it is not known."""
    if temperature_K < 120:
        return None
    linear = 3.725 * (1 - np.exp(-5.88e-3 * (temperature_K - 124))) + 5.548e-4 * temperature_K
    return float(3e-6 * linear)


def measured_per_K(name: str, temperature_K: float) -> float | None:
    """Return the volumetric expansion by experiment, where it is known."""
    if name == "Si":
        return silicon_per_K(temperature_K)
    if name == "MOF-5":
        return MOF5_PER_K
    return MGO_PER_K.get(temperature_K) if name == "MgO" else None


# %% [markdown]
# ## One crystal
def calculate(name: str, model: Model, folder: Path) -> Record:
    """Return the thermal expansion of a crystal."""
    settings = ThermalExpansionSettings(
        relaxation=RelaxationSettings(
            fmax_eV_per_A=FMAX_eV_PER_A,
            symmetrize_A=1e-3,
            pressure_GPa=PRESSURES_GPa.get(name, 0.0),
        ),
        path=VOLUMES[name],
        phonons=PhononSettings(length_A=LENGTHS_A[name], mesh=MESH_LENGTH_A),
        thermodynamics=ThermodynamicSettings(temperatures_K=TEMPERATURES_K),
    )
    with keep_unfinished(folder / "unfinished") as unfinished:
        record = thermal_expansion(CRYSTALS[name](), model, settings, unfinished=unfinished)
    values = record.to_json()
    kept = ("formula_unit", "formula_units_per_cell", "n_atoms", "thermal_expansion")
    kept += ("quasi_harmonic", "force_constants", "warnings", "seconds", "supercell", "mesh")
    return {each: values[each] for each in kept}


# %% [markdown]
# ## All of them
def main() -> None:
    """Calculate what is missing, write the tables and draw the figure."""
    allocate_for_speed()
    parser = argparse.ArgumentParser(description="Thermal expansion beside experiment")
    parser.add_argument("--only", nargs="+", choices=list(CRYSTALS), default=list(USUAL))
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    options = parser.parse_args()
    model = load_model(options.model)
    folder = options.records / file_name(options.model)
    asked = {"fmax_eV_per_A": FMAX_eV_PER_A, "mesh_length_A": MESH_LENGTH_A}
    records = collect(folder, options.only, lambda name: calculate(name, model, folder), asked)
    options.results.mkdir(parents=True, exist_ok=True)
    good = without_errors(records)
    write_text(options.results / "thermal_expansion.md", report(options.model, records, good))
    draw_all(options.results / "thermal_expansion.png", good)


def report(model: str, records: dict[str, Record], good: dict[str, Record]) -> str:
    """Return the tables."""
    failed = [f"{name} ({each['error']})" for name, each in records.items() if "error" in each]
    settings = [
        f"{name}: {len(each['quasi_harmonic']['volumes'])} volumes, supercell {each['supercell']}, "
        f"mesh {each['mesh']}, {PRESSURES_GPa.get(name, 0.0):g} GPa, {each['seconds']:.0f} s"
        for name, each in good.items()
    ]
    parts = [
        f"# Thermal expansion beside experiment\n\n{model}, relaxed to {FMAX_eV_PER_A:g} eV/Å. "
        f"{'; '.join(settings)}. Failed: {', '.join(failed) or 'none'}.\n",
        markdown_table(ROWS, [row for each in good.items() for row in expansion_rows(*each)]),
        "αᵥ: of the volume. Experiment: Anderson and Isaak 1995 (MgO), Okada and Tokumaru 1984 "
        "(Si), Zhou et al. 2008 (MOF-5, the mean of 4 to 600 K). Two routes: by entropy over "
        "volume minus by volume over temperature.\n",
        *([UNDER_TENSION] if "MOF-5" in good else []),
        markdown_table(HEATS, [row for each in good.items() for row in heat_rows(*each)]),
        "Per mole of formula units. Experiment: NIST-JANAF.\n",
        *(f"{name} at rest: {zero_crossing(each)}.\n" for name, each in good.items()),
    ]
    return "\n".join(parts)


def expansion_rows(name: str, record: Record) -> list[list[str]]:
    """Return a row for each temperature that is shown."""
    rows = []
    for row in record["thermal_expansion"]:
        if row["temperature_K"] not in SHOWN_K:
            continue
        measured = measured_per_K(name, row["temperature_K"])
        gamma = row["gruneisen_parameter"]
        rows.append(
            [
                name,
                f"{row['temperature_K']:g}",
                f"{row['volume_A3']:.3f}",
                f"{1e6 * row['volumetric_expansion_per_K']:.2f}",
                "-" if measured is None else f"{1e6 * measured:.2f}",
                f"{1e6 * row['expansion_difference_per_K']:+.2f}",
                f"{row['bulk_modulus_GPa']:.1f}",
                "-" if gamma is None else f"{gamma:.2f}",
            ]
        )
    return rows


def heat_rows(name: str, record: Record) -> list[list[str]]:
    """Return heat capacities where they were measured."""
    measured = HEAT_P_J_PER_MOL_K.get(name, {})
    return [
        [
            name,
            f"{row['temperature_K']:g}",
            f"{row['heat_capacity_p_J_per_molformula_K']:.2f}",
            f"{measured[row['temperature_K']]:.2f}",
            f"{row['heat_capacity_v_J_per_molformula_K']:.2f}",
        ]
        for row in record["thermal_expansion"]
        if row["temperature_K"] in measured
    ]


def zero_crossing(record: Record) -> str:
    """Say up to which temperature the crystal shrinks."""
    rows = sorted(record["thermal_expansion"], key=lambda row: row["temperature_K"])
    negative = [row for row in rows if row["volumetric_expansion_per_K"] < -1e-7]
    static = record["quasi_harmonic"]
    at_rest = (
        f"{static['static_volume_A3']:.3f} Å³ and {static['static_bulk_modulus_GPa']:.1f} GPa "
        f"without motion"
    )
    if not negative:
        return f"{at_rest}; it expands at every temperature that was asked for"
    lowest = min(negative, key=lambda row: row["volumetric_expansion_per_K"])
    warmer = rows[rows.index(negative[-1]) + 1 :]
    until = (
        f"up to between {negative[-1]['temperature_K']:g} and {warmer[0]['temperature_K']:g} K"
        if warmer
        else "at every temperature that was asked for"
    )
    return (
        f"{at_rest}; it shrinks {until}, most at {lowest['temperature_K']:g} K, by "
        f"{1e6 * lowest['volumetric_expansion_per_K']:.2f}·10⁻⁶ 1/K"
    )


def draw_all(path: Path, records: dict[str, Record]) -> None:
    """Draw the expansion of each crystal over temperature, with experiment."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4 * len(records), 4.2), layout="constrained")
    for place, (name, record) in enumerate(records.items(), start=1):
        axes = figure.add_subplot(1, len(records), place)
        draw(chart(name, record), axes)
        axes.set_title(name)
    figure.savefig(path, dpi=150)


def chart(name: str, record: Record) -> Chart:
    """Return the expansion over temperature."""
    rows = sorted(record["thermal_expansion"], key=lambda row: row["temperature_K"])
    temperatures_K = np.array([row["temperature_K"] for row in rows])
    found = 1e6 * np.array([row["volumetric_expansion_per_K"] for row in rows])
    known = [(each, measured_per_K(name, each)) for each in temperatures_K.tolist()]
    places = np.array([each for each, value in known if value is not None])
    measured = 1e6 * np.array([value for _, value in known if value is not None])
    every = np.concatenate([found, measured])
    room = 0.05 * np.ptp(every)
    return Chart(
        "Thermal expansion over temperature",
        Axis("temperature / K", 0.0, float(temperatures_K[-1])),
        Axis("αᵥ / 10⁻⁶ K⁻¹", float(every.min() - room), float(every.max() + room)),
        (
            Line(temperatures_K, found, "model"),
            *((Points(places, measured, "experiment"),) if len(places) else ()),
        ),
    )


if __name__ == "__main__":
    main()
