"""The relaxation of a structure."""

from nearsight.records.questions import RelaxationRecord
from nearsight.reports import wording
from nearsight.reports.provenance import Lines
from nearsight.reports.subjects.subject import Subject


def _numbers(record: RelaxationRecord) -> Lines:
    return [
        ("energy before", wording.energy(record.relaxation.energy_before_eV)),
        ("energy after", wording.energy(record.relaxation.energy_after_eV)),
    ]


SUBJECT = Subject(what="Relaxation", plural="Relaxations", numbers=_numbers)
