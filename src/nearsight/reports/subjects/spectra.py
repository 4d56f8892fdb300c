"""What follows from vibrations: heat capacities, phonons, and the modes themselves."""

from collections.abc import Mapping
from typing import Any

from nearsight.printable import percent
from nearsight.records.questions import (
    HeatCapacityRecord,
    PhononsRecord,
    ThermochemistryRecord,
    VibrationsRecord,
)
from nearsight.records.results import HarmonicResults, ProbedResults
from nearsight.records.spectra import (
    DenseSpectrum,
    MeshSpectrum,
    ModesPart,
    ProbedHeatCapacityRow,
    ProbedSpectrum,
)
from nearsight.reports.provenance import Group, Lines, hessian_groups, setting_text
from nearsight.reports.sections import Section, Slot
from nearsight.reports.subjects.harmonic import harmonic_section
from nearsight.reports.subjects.probed import probed_section, products_group
from nearsight.reports.subjects.recorded_phonons import recorded_charts
from nearsight.reports.subjects.subject import Subject

_CONVENTIONS = {
    "exclude": "Rigid-body modes are left out.",
    "classical": "Rigid-body modes count with k_B each, to which their heat capacity tends.",
    "as-computed": "Rigid-body modes count with whatever wavenumber they were computed to have.",
}


def _drawn(
    record: HeatCapacityRecord | PhononsRecord | VibrationsRecord, slot: Slot
) -> Section | None:
    match record.results:
        case HarmonicResults() as results:
            return harmonic_section(record, results, slot)
        case ProbedResults() as results:
            return probed_section(record, results, slot)
        case _:
            return None


def _modes(record: HeatCapacityRecord | PhononsRecord) -> Lines:
    return _lines_of(record.modes)


def _modes_with_energy(record: VibrationsRecord) -> Lines:
    energy = ("zero-point energy", f"{record.zero_point_energy_eV:.5f} eV")
    return [*_lines_of(record.modes), energy]


def _lines_of(modes: ModesPart | None) -> Lines:
    if modes is None or not modes.wavenumbers_per_cm:
        return []
    low, high = min(modes.wavenumbers_per_cm), max(modes.wavenumbers_per_cm)
    # Without the sign of a zero that is the noise of rigid-body modes.
    low, high = round(low, 1) + 0.0, round(high, 1) + 0.0
    span = f"{low:.1f} to {high:.1f} cm⁻¹".replace("-", "−")
    return [
        ("modes at Γ", f"{len(modes.wavenumbers_per_cm)}, {span}"),
        ("imaginary at Γ", str(modes.n_imaginary)),
    ]


def _tables(record: HeatCapacityRecord | PhononsRecord) -> dict[str, Any]:
    """Return the tables of heat capacities and functions."""
    bars = [
        2 * row.standard_error_J_per_g_K + row.bias_estimate_J_per_g_K
        for row in record.heat_capacity
        if isinstance(row, ProbedHeatCapacityRow)
    ]
    scale = record.scale_factor
    scaled = "" if scale == 1.0 else f" Every wavenumber was scaled by {scale:g}."
    return {
        "thermal_rows": record.heat_capacity,
        "error_bars": bars or None,
        "convention": record.acoustic,
        "acoustic": f"{_CONVENTIONS[record.acoustic]}{scaled}",
        "functions": _functions(record) if record.thermodynamics else None,
    }


def _functions(record: HeatCapacityRecord | PhononsRecord) -> dict[str, Any]:
    """Return the thermodynamic functions as a record has them, per mole of formula units."""
    n = record.formula_units_per_cell
    return {
        "rows": [
            (
                row.temperature_K,
                row.heat_capacity_J_per_molformula_K,
                row.entropy_J_per_molformula_K,
                row.internal_energy_kJ_per_molformula,
                row.free_energy_kJ_per_molformula,
            )
            for row in record.thermodynamics or ()
        ],
        "entropy_unit": "J/(mol K)",
        "energy_unit": "kJ/mol",
        "amount": f"per mole of {record.formula_unit}{'' if n == 1 else f' ({n} in the cell)'}",
        "zero_point_energy": record.zero_point_energy_kJ_per_molformula,
    }


def _overview(record: HeatCapacityRecord | PhononsRecord) -> Mapping[str, Any]:
    rows = [
        {"temperature_K": row.temperature_K, "J_per_g_K": row.J_per_g_K}
        for row in record.heat_capacity
    ]
    return {"heat_capacities": tuple(rows), "imaginary": imaginary_text(record)}


def imaginary_text(
    record: HeatCapacityRecord | PhononsRecord | VibrationsRecord | ThermochemistryRecord,
) -> str:
    """Return how many modes are imaginary, or which share of those of the Brillouin zone."""
    spectrum = record.spectrum
    if isinstance(spectrum, MeshSpectrum):
        share = spectrum.share_imaginary
        return percent(share) if share else "0"
    if isinstance(spectrum, DenseSpectrum) or spectrum.n_imaginary is not None:
        return str(spectrum.n_imaginary)
    findings = {check.finding for check in record.verdict.checks}
    return "seen" if "imaginary modes seen" in findings else "none seen"


def _derivatives(record: HeatCapacityRecord) -> list[Group]:
    if isinstance(record.spectrum, ProbedSpectrum):
        return [products_group(record.spectrum)]
    return hessian_groups(record)


def _conventions(record: HeatCapacityRecord | PhononsRecord) -> Lines:
    mesh: Lines = [] if record.mesh is None else [("mesh of q-points", setting_text(record.mesh))]
    scale = ("scale factor", f"{record.scale_factor:g}")
    return [*mesh, ("acoustic modes", record.acoustic), scale]


HEAT_CAPACITY = Subject(
    what="Harmonic heat capacity",
    plural="Heat capacities",
    numbers=_modes,
    charts=recorded_charts,
    tables=_tables,
    overview=_overview,
    derivatives=_derivatives,
    conventions=_conventions,
    drawn=_drawn,
)
PHONONS = Subject(
    what="Phonons",
    plural="Phonons",
    numbers=_modes,
    charts=recorded_charts,
    tables=_tables,
    overview=_overview,
    conventions=_conventions,
    drawn=_drawn,
)
VIBRATIONS = Subject(
    what="Normal modes",
    plural="Vibrations",
    numbers=_modes_with_energy,
    overview=lambda record: {"imaginary": imaginary_text(record)},
    drawn=_drawn,
)
