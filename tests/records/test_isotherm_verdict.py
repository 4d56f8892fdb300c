"""What the certificate of an isotherm says of runs that went wrong."""

from dataclasses import replace

import numpy as np
import pytest

from nearsight.adsorption.clausius_clapeyron import IsostericHeats
from nearsight.adsorption.fugacity import BulkGas
from nearsight.adsorption.gcmc.isosteric import NoHeats, isosteric_heats
from nearsight.adsorption.gcmc.isotherm import Isotherm, IsothermPressure
from nearsight.adsorption.gcmc.results import LevelAgreement, Loading
from nearsight.adsorption.henry import WithError
from nearsight.adsorption.isotherm_fits import fit_isotherm
from nearsight.adsorption.isotherm_functions import HENRY
from nearsight.records import Record
from nearsight.records.isotherm_record import IsothermRecord
from nearsight.records.isotherm_results import IsothermResults
from nearsight.records.isotherm_verdict import isotherm_checks
from nearsight.records.verdict import Check, Level
from nearsight.units import BOLTZMANN_EV_PER_K


@pytest.fixture(scope="session")
def results(of_isotherm: Record) -> IsothermResults:
    assert isinstance(of_isotherm, IsothermRecord)
    assert of_isotherm.results is not None
    return of_isotherm.results


def check(results: IsothermResults, code: str, *points: IsothermPressure) -> Check:
    isotherm: Isotherm = replace(results.isotherms[0], points=points)
    adsorption = replace(
        results.adsorption,
        henry=results.adsorption.henry[:1],
        wavelengths_A=results.adsorption.wavelengths_A[:1],
    )
    checks = isotherm_checks(adsorption, (isotherm,), NoHeats("one temperature"))
    [found] = [each for each in checks if each.code == code]
    return found


def test_levels_that_do_not_overlap_are_told_with_what_to_do(results: IsothermResults) -> None:
    point = results.isotherms[0].points[1]

    def with_levels(acceptance: float) -> IsothermPressure:
        levels = LevelAgreement(acceptance, 12.0, 6.0, 1e-4, 300)
        return replace(point, loading=replace(point.loading, levels=levels))

    apart = check(results, "levels-apart", with_levels(0.5), with_levels(1e-3))
    assert apart.level == Level.BAD
    assert "At 10 bar the cheap level does not overlap" in apart.detail
    assert "another `cheap` level, fewer `moves`" in apart.detail
    assert check(results, "levels-apart", with_levels(0.3)).level == Level.GOOD


def test_a_loading_that_is_not_that_of_insertions(results: IsothermResults) -> None:
    point = results.isotherms[0].points[0]
    n_cells = results.isotherms[0].framework.n_cells
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
    point = results.isotherms[0].points[0]
    imposed = point.bulk.fugacity_Pa

    def with_measured(sigmas: float) -> IsothermPressure:
        measured = WithError(imposed * (1 + 0.01 * sigmas), 0.01 * imposed)
        return replace(point, measured_Pa=measured)

    assert check(results, "fugacity-differs", with_measured(-3.0)).level == Level.GOOD
    assert check(results, "fugacity-differs", with_measured(6.0)).level == Level.CAUTION
    assert check(results, "fugacity-differs", point).level == Level.UNKNOWN


def test_drift_and_few_samples(results: IsothermResults) -> None:
    point = results.isotherms[0].points[1]
    drifting = replace(point, loading=replace(point.loading, is_equilibrated=False))
    told = check(results, "not-in-equilibrium", drifting)
    assert told.level == Level.CAUTION
    assert "still drifts at 10 bar" in told.detail
    molecules = replace(point.loading.molecules, n_effective=7.0)
    few = replace(point, loading=replace(point.loading, molecules=molecules, is_equilibrated=True))
    assert check(results, "few-samples", few).level == Level.CAUTION
    unseen = check(results, "not-in-equilibrium", few)  # a slow drift has few samples, too
    assert unseen.level == Level.UNKNOWN
    assert "at 10 bar so few samples count" in unseen.detail


def heats_of_ideal_gas(results: IsothermResults) -> IsostericHeats:
    """Return heats k_B T of fits that are exact."""
    fits = []
    for isotherm in results.isotherms:
        fugacities = np.array([point.bulk.fugacity_Pa for point in isotherm.points] * 2)
        loadings = 1e-6 * fugacities / isotherm.temperature_K
        best = fit_isotherm(fugacities, loadings, 0.01 * loadings, (HENRY,)).best
        assert best is not None
        fits.append(best)
    return IsostericHeats([each.temperature_K for each in results.isotherms], fits)


def of_heats(results: IsothermResults, off_kJ: float, *, n_effective: float = 100.0) -> Check:
    """Return the check of heats: each kT, those by fluctuations off by some kJ/mol."""
    heats = heats_of_ideal_gas(results)
    middle = float(heats.loadings(3)[1])
    isotherms = []
    for isotherm in results.isotherms:
        point, thermal_eV = isotherm.points[-1], BOLTZMANN_EV_PER_K * isotherm.temperature_K
        molecules = replace(
            point.loading.molecules, value=middle / isotherm.mol_per_kg, n_effective=n_effective
        )
        loading = replace(point.loading, molecules=molecules, is_equilibrated=True)
        point = replace(
            point, loading=loading, heat_eV=WithError(thermal_eV + off_kJ / 96.485, 1e-4)
        )
        isotherms.append(replace(isotherm, points=(point,)))
    # Spheres attract, and ideal gases do not: their insertions are left out.
    few = tuple(replace(each, n_effective=1.0) for each in results.adsorption.henry)
    adsorption = replace(results.adsorption, henry=few)
    checks = isotherm_checks(adsorption, tuple(isotherms), heats)
    [found] = [each for each in checks if each.code == "heats-differ"]
    return found


def test_heats_by_several_routes(results: IsothermResults) -> None:
    """Temperatures are 60 K apart, and heats are those of their own ones."""
    agreeing = of_heats(results, 0.0)
    assert agreeing.level == Level.GOOD
    assert "2 comparisons of heats" in agreeing.detail
    apart = of_heats(results, 5.0)
    assert apart.level == Level.CAUTION
    assert "fluctuations and by Clausius and Clapeyron" in apart.detail
    few = of_heats(results, 5.0, n_effective=7.0)
    assert few.level == Level.UNKNOWN
    assert "where Clausius and Clapeyron have a heat is in equilibrium" in few.detail


def test_dilute_heats_beside_insertions(results: IsothermResults) -> None:
    point = results.isotherms[0].points[0]
    row = results.adsorption.henry[0]
    n_cells = results.isotherms[0].framework.n_cells
    bulk = BulkGas(1e4, 0.1 / (row.coefficient_per_cell_Pa.value * n_cells), 4.0)
    molecules = replace(point.loading.molecules, n_effective=100.0)
    loading = replace(point.loading, molecules=molecules, is_equilibrated=True)

    def with_heat(off_kJ: float) -> IsothermPressure:
        heat_eV = (row.heat_kJ_per_mol.value + off_kJ) / 96.485
        return replace(point, bulk=bulk, loading=loading, heat_eV=WithError(heat_eV, 1e-3))

    off_kJ = 4 * float(np.hypot(row.heat_kJ_per_mol.error, 0.096485)) + 0.5
    assert check(results, "heats-differ", with_heat(0.9 * off_kJ)).level == Level.GOOD
    assert check(results, "heats-differ", with_heat(1.1 * off_kJ)).level == Level.CAUTION
    assert check(results, "heats-differ", replace(point, heat_eV=None)).level == Level.UNKNOWN


def test_isotherms_without_fits_have_no_heats(results: IsothermResults) -> None:
    first, second = results.isotherms
    few = replace(second, points=second.points[:2])
    found = isosteric_heats((first, few))
    assert found == NoHeats("no fit describes the isotherm at 360 K.")


def test_temperatures_are_named_where_there_are_several(results: IsothermResults) -> None:
    drifting = [
        replace(each, points=(replace(each.points[1], loading=_drifting(each.points[1])),))
        for each in results.isotherms
    ]
    checks = isotherm_checks(results.adsorption, drifting, NoHeats("not asked"))
    [told] = [each for each in checks if each.code == "not-in-equilibrium"]
    assert "still drifts at 10 bar and 300 K; 10 bar and 360 K; means" in told.detail


def _drifting(point: IsothermPressure) -> Loading:
    return replace(point.loading, is_equilibrated=False)
