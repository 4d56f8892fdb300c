"""The energy of a structure as it is."""

from nearsight.records.questions import EnergyRecord
from nearsight.reports.provenance import Lines
from nearsight.reports.subjects.subject import Subject


def _numbers(record: EnergyRecord) -> Lines:
    stress = record.max_stress_GPa
    return [
        ("largest force", f"{record.fmax_eV_per_A:.4f} eV/Å"),
        *([] if stress is None else [("largest stress", f"{stress:.4f} GPa")]),
    ]


SUBJECT = Subject(what="Energy", plural="Energies", numbers=_numbers)
