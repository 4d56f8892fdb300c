"""The elastic tensor of a crystal."""

from nearsight.records.questions import ElasticRecord
from nearsight.reports.provenance import Lines
from nearsight.reports.subjects.subject import Subject


def _numbers(record: ElasticRecord) -> Lines:
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


SUBJECT = Subject(what="Elastic tensor", plural="Elastic tensors", numbers=_numbers)
