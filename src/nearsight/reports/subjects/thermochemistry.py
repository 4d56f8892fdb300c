"""The ideal gas of a molecule."""

from nearsight.records.questions import ThermochemistryRecord
from nearsight.reports import wording
from nearsight.reports.provenance import Lines
from nearsight.reports.subjects.spectra import imaginary_text
from nearsight.reports.subjects.subject import Subject


def _numbers(record: ThermochemistryRecord) -> Lines:
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


SUBJECT = Subject(
    what="Thermochemistry",
    plural="Thermochemistry",
    numbers=_numbers,
    overview=lambda record: {"imaginary": imaginary_text(record)},
)
