"""The Hessian of a structure."""

from nearsight.records.questions import HessianRecord
from nearsight.reports.provenance import Lines
from nearsight.reports.subjects.subject import Subject


def _numbers(record: HessianRecord) -> Lines:
    return [] if record.file is None else [("saved as", record.file)]


SUBJECT = Subject(what="Hessian", plural="Hessians", numbers=_numbers)
