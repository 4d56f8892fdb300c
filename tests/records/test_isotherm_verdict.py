"""What the certificate of an isotherm says of runs that went wrong."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from nearsight.adsorption.fugacity import BulkGas
from nearsight.adsorption.gcmc.isotherm import Isotherm, IsothermPressure
from nearsight.adsorption.gcmc.results import LevelAgreement
from nearsight.adsorption.henry import WithError
from nearsight.records import Record
from nearsight.records.isotherm_record import IsothermRecord
from nearsight.records.isotherm_results import IsothermResults
from nearsight.records.isotherm_verdict import isotherm_checks
from nearsight.records.verdict import Check, Level


@pytest.fixture(scope="session")
def results(records: Mapping[str, Record]) -> IsothermResults:
    record = records["isotherm"]
    assert isinstance(record, IsothermRecord)
    assert record.results is not None
    return record.results


def check(results: IsothermResults, code: str, *points: IsothermPressure) -> Check:
    isotherm: Isotherm = replace(results.isotherm, points=points)
    checks = isotherm_checks(results.adsorption, isotherm)
    [found] = [each for each in checks if each.code == code]
    return found


def test_levels_that_do_not_overlap_are_told_with_what_to_do(results: IsothermResults) -> None:
    point = results.isotherm.points[1]

    def with_levels(acceptance: float) -> IsothermPressure:
        levels = LevelAgreement(acceptance, 12.0, 6.0, 1e-4, 300)
        return replace(point, loading=replace(point.loading, levels=levels))

    apart = check(results, "levels-apart", with_levels(0.5), with_levels(1e-3))
    assert apart.level == Level.BAD
    assert "At 1e+06 Pa the cheap level does not overlap" in apart.detail
    assert "another `cheap` level, fewer `moves`" in apart.detail
    assert check(results, "levels-apart", with_levels(0.3)).level == Level.GOOD


def test_a_loading_that_is_not_that_of_insertions(results: IsothermResults) -> None:
    point = results.isotherm.points[0]
    n_cells = results.isotherm.framework.n_cells
    henry = results.adsorption.henry[0].coefficient_per_cell_Pa.value
    bulk = BulkGas(1e4, 0.1 / (henry * n_cells), 4.0)

    def with_number(value: float) -> IsothermPressure:
        mean = replace(point.loading.molecules, value=value, error=0.003)
        return replace(point, bulk=bulk, loading=replace(point.loading, molecules=mean))

    assert check(results, "henry-differs", with_number(0.101)).level == Level.GOOD
    assert check(results, "henry-differs", with_number(0.2)).level == Level.CAUTION
    dense = replace(with_number(0.2), bulk=replace(bulk, fugacity_Pa=3 * bulk.fugacity_Pa))
    assert check(results, "henry-differs", dense).level == Level.UNKNOWN


def test_a_fugacity_that_was_not_imposed(results: IsothermResults) -> None:
    point = results.isotherm.points[0]
    imposed = point.bulk.fugacity_Pa

    def with_measured(sigmas: float) -> IsothermPressure:
        measured = WithError(imposed * (1 + 0.01 * sigmas), 0.01 * imposed)
        return replace(point, measured_Pa=measured)

    assert check(results, "fugacity-differs", with_measured(-3.0)).level == Level.GOOD
    assert check(results, "fugacity-differs", with_measured(6.0)).level == Level.CAUTION
    assert check(results, "fugacity-differs", point).level == Level.UNKNOWN


def test_drift_and_few_samples(results: IsothermResults) -> None:
    point = results.isotherm.points[1]
    drifting = replace(point, loading=replace(point.loading, is_equilibrated=False))
    told = check(results, "not-in-equilibrium", drifting)
    assert told.level == Level.CAUTION
    assert "still drifts at 1e+06 Pa" in told.detail
    molecules = replace(point.loading.molecules, n_effective=7.0)
    few = replace(point, loading=replace(point.loading, molecules=molecules))
    assert check(results, "few-samples", few).level == Level.CAUTION
