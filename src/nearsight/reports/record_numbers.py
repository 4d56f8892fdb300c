"""The numbers of a record that are in no table of their own, as labelled lines with units."""

from functools import singledispatch

from nearsight.records.base import CalculatedRecord
from nearsight.records.questions import (
    ElasticRecord,
    EnergyRecord,
    HeatCapacityRecord,
    HessianRecord,
    LocalityRecord,
    PhononsRecord,
    RelaxationRecord,
    ThermochemistryRecord,
    VibrationsRecord,
)
from nearsight.records.spectra import ModesPart
from nearsight.reports import wording
from nearsight.reports.record_rows import Lines


def numbers_of(record: CalculatedRecord) -> Lines:
    """Return the numbers of a record that are in no table of their own."""
    energy = record.energy_eV
    known: Lines = [] if energy is None else [("potential energy", _energy(energy))]
    return [*known, *_own(record)]


def _energy(value_eV: float) -> str:
    return f"{wording.signed(value_eV, 4)} eV"


@singledispatch
def _own(record: CalculatedRecord) -> Lines:
    """Return the numbers that the records of this question have."""
    raise TypeError(f"no page is made of a {type(record).__name__}")


@_own.register
def _(record: EnergyRecord) -> Lines:
    stress = record.max_stress_GPa
    return [
        ("largest force", f"{record.fmax_eV_per_A:.4f} eV/Å"),
        *([] if stress is None else [("largest stress", f"{stress:.4f} GPa")]),
    ]


@_own.register
def _(record: RelaxationRecord) -> Lines:
    return [
        ("energy before", _energy(record.relaxation.energy_before_eV)),
        ("energy after", _energy(record.relaxation.energy_after_eV)),
    ]


@_own.register
def _(record: HessianRecord) -> Lines:
    return [] if record.file is None else [("saved as", record.file)]


@_own.register
def _(record: VibrationsRecord) -> Lines:
    return [*_modes(record.modes), ("zero-point energy", f"{record.zero_point_energy_eV:.5f} eV")]


@_own.register(HeatCapacityRecord)
@_own.register(PhononsRecord)
def _(record: HeatCapacityRecord | PhononsRecord) -> Lines:
    return _modes(record.modes)


@_own.register
def _(record: LocalityRecord) -> Lines:
    return [
        ("common radius of fragments", f"{record.common_radius_A:.2f} Å"),
        ("cutoff that follows", f"{record.cutoff_A:.2f} Å"),
    ]


def _modes(modes: ModesPart | None) -> Lines:
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


@_own.register
def _(record: ThermochemistryRecord) -> Lines:
    gas = record.ideal_gas
    lines: Lines = [
        ("pressure", f"{gas.pressure_bar:g} bar"),
        ("point group", gas.point_group or "unknown"),
        ("symmetry number", str(gas.symmetry_number)),
        ("spin S", f"{gas.spin:g}"),
        ("zero-point energy", f"{gas.zero_point_energy_kJ_per_mol:.4f} kJ/mol"),
    ]
    for row in gas.functions:
        at = f"at {row.temperature_K:g} K"
        lines += [
            (f"enthalpy {at}", f"{wording.signed(row.enthalpy_kJ_per_mol, 3)} kJ/mol"),
            (f"entropy {at}", f"{row.entropy_J_per_mol_K:.3f} J/(mol K)"),
            (f"Gibbs energy {at}", f"{wording.signed(row.gibbs_energy_kJ_per_mol, 3)} kJ/mol"),
        ]
    return lines


@_own.register
def _(record: ElasticRecord) -> Lines:
    moduli = record.elasticity.moduli
    lines: Lines = [("stability", record.elasticity.stability)]
    if moduli is None:
        return lines
    return [
        *lines,
        ("bulk modulus (Hill)", f"{moduli.bulk_GPa.hill:.2f} GPa"),
        ("shear modulus (Hill)", f"{moduli.shear_GPa.hill:.2f} GPa"),
        ("Young's modulus (Hill)", f"{moduli.youngs_GPa.hill:.2f} GPa"),
        ("Poisson's ratio (Hill)", f"{moduli.poisson_ratio.hill:.3f}"),
    ]
