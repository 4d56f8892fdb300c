"""Records of results, whatever they are of."""

from nearsight.records import Record
from nearsight.records.locality_results import LocalityResults
from nearsight.records.making import (
    elastic_record,
    heat_capacity_record,
    hessian_record,
    locality_record,
    vibrations_record,
)
from nearsight.records.results import (
    ElasticResults,
    HarmonicResults,
    HessianResults,
    ProbedResults,
)


def record_of(results: object) -> Record:
    """Return the record of results; those of modes without heat are of vibrations."""
    if isinstance(results, LocalityResults):
        return locality_record(results)
    if isinstance(results, HessianResults):
        return hessian_record(results)
    if isinstance(results, ElasticResults):
        return elastic_record(results)
    if isinstance(results, HarmonicResults) and results.thermodynamics is None:
        return vibrations_record(results)
    assert isinstance(results, HarmonicResults | ProbedResults)
    return heat_capacity_record(results)


def records_of(several: list[object]) -> list[Record]:
    """Return the records of several results; what is a record already stays."""
    return [each if isinstance(each, Record) else record_of(each) for each in several]
