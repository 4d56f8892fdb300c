"""Whether several routes to the heat of adsorption lead to the same one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from nearsight.adsorption.clausius_clapeyron import IsostericHeats
from nearsight.adsorption.gcmc.isosteric import NoHeats
from nearsight.adsorption.gcmc.isotherm import Isotherm
from nearsight.adsorption.henry import Henry, WithError
from nearsight.adsorption.result import FEWEST_SIGNIFICANT
from nearsight.records.verdict import Check, Level
from nearsight.units import BOLTZMANN_EV_PER_K, EV_PER_CELL_IN_J_PER_MOL

DILUTE: Final = 0.2
"""Molecules in the supercell up to which they hardly meet."""
_SIGMAS: Final = 4.0
"""Of many comparisons one may well differ by 3 standard errors."""
_SAME_KJ: Final = 0.5
"""By so much heats may differ that a fit is not the truth, or that few molecules do meet."""
_KJ = 1e-3 * EV_PER_CELL_IN_J_PER_MOL
_CODE = "heats-differ"


def molecules_by_henry(fugacity_Pa: float, isotherm: Isotherm, row: Henry) -> float:
    """Return how many molecules are in the supercell by the Henry coefficient."""
    return row.coefficient_per_cell_Pa.value * fugacity_Pa * isotherm.framework.n_cells


def is_dilute(fugacity_Pa: float, isotherm: Isotherm, row: Henry) -> bool:
    """Tell whether molecules hardly meet, by a Henry coefficient that is known."""
    expected = molecules_by_henry(fugacity_Pa, isotherm, row)
    return expected <= DILUTE and row.n_effective >= FEWEST_SIGNIFICANT


@dataclass(frozen=True)
class _Comparison:
    """Heats by two routes at one loading and temperature, in kJ/mol."""

    what: str
    """By which routes, where."""
    first: WithError
    second: WithError

    @property
    def error(self) -> float:
        return float(np.hypot(self.first.error, self.second.error))

    @property
    def share(self) -> float:
        """The difference over what it may be at most."""
        return abs(self.first.value - self.second.value) / (_SIGMAS * self.error + _SAME_KJ)


def heats_check(
    empty: Sequence[Henry], isotherms: Sequence[Isotherm], heats: IsostericHeats | NoHeats
) -> Check:
    """Return whether fluctuations, insertions, and Clausius and Clapeyron give the same heats.

    Parameters
    ----------
    empty
        What insertions into the empty framework say at the temperatures of the isotherms.
    isotherms
        One for each temperature.
    heats
        Those that follow from all of them.
    """
    comparisons = [
        *_fluctuations_and_insertions(empty, isotherms),
        *_of_isotherms(empty, isotherms, heats),
    ]
    if not comparisons:
        return Check(Level.UNKNOWN, _CODE, "heats not compared", _why_none(heats))
    worst = max(comparisons, key=lambda each: each.share)
    n = len(comparisons)
    detail = (
        f"{n} comparison{'' if n == 1 else 's'} of heats; the farthest apart are those by "
        f"{worst.what}: {worst.first.value:.2f} and {worst.second.value:.2f} kJ/mol (standard "
        f"error of the difference {worst.error:.2g})."
    )
    if worst.share <= 1:
        return Check(Level.GOOD, _CODE, "heats by several routes agree", detail)
    detail += " One of them is not in equilibrium, of too few samples, or of a fit that is none."
    return Check(Level.CAUTION, _CODE, "heats by several routes differ", detail, said=False)


def _why_none(heats: IsostericHeats | NoHeats) -> str:
    """Return why there is nothing to compare."""
    dilute = (
        f"No loading is below {DILUTE:g} molecules in the supercell and has a heat that its "
        f"fluctuations tell"
    )
    if isinstance(heats, NoHeats):
        return f"{dilute}, and there are no heats by Clausius and Clapeyron beside it."
    return (
        f"{dilute}, and none where Clausius and Clapeyron have a heat is in equilibrium and of "
        f"enough samples."
    )


def _fluctuations_and_insertions(
    empty: Sequence[Henry], isotherms: Sequence[Isotherm]
) -> Iterator[_Comparison]:
    """Yield what fluctuations of the most dilute loading and insertions have."""
    for row, isotherm in zip(empty, isotherms, strict=True):
        first = isotherm.points[0]
        known = first.heat_eV is not None and first.loading.is_trusted
        if known and is_dilute(first.bulk.fugacity_Pa, isotherm, row):
            assert first.heat_eV is not None
            what = f"fluctuations and by insertions at {isotherm.temperature_K:g} K"
            yield _Comparison(what, _in_kJ(first.heat_eV), row.heat_kJ_per_mol)


def _of_isotherms(
    empty: Sequence[Henry], isotherms: Sequence[Isotherm], heats: IsostericHeats | NoHeats
) -> Iterator[_Comparison]:
    """Yield what Clausius and Clapeyron have beside fluctuations and insertions."""
    if isinstance(heats, NoHeats):
        return
    low, high = heats.loading_range
    for row, isotherm in zip(empty, isotherms, strict=True):
        shift = _KJ * BOLTZMANN_EV_PER_K * (isotherm.temperature_K - heats.temperature_K)
        for point in isotherm.points:
            loading = point.loading.molecules.value * isotherm.mol_per_kg
            if point.heat_eV is None or not point.loading.is_trusted or not low <= loading <= high:
                continue
            what = (
                f"fluctuations and by Clausius and Clapeyron at {loading:.3g} mol/kg and "
                f"{isotherm.temperature_K:g} K"
            )
            yield _Comparison(what, _in_kJ(point.heat_eV), _isosteric(heats, loading, shift))
        if is_dilute(_least_fugacity_Pa(heats, isotherm), isotherm, row):
            what = (
                f"insertions and by Clausius and Clapeyron at {low:.3g} mol/kg and "
                f"{isotherm.temperature_K:g} K"
            )
            yield _Comparison(what, row.heat_kJ_per_mol, _isosteric(heats, low, shift))


def _least_fugacity_Pa(heats: IsostericHeats, isotherm: Isotherm) -> float:
    """Return the fugacity of the least loading that has a heat."""
    place = list(heats.temperatures_K).index(isotherm.temperature_K)
    logs, _ = heats.fits[place].log_pressures(heats.loadings(1))
    return float(np.exp(logs[0]))


def _isosteric(heats: IsostericHeats, loading: float, shift_kJ: float) -> WithError:
    """Return the heat of Clausius and Clapeyron at another temperature, k_B T with it."""
    values, errors = heats.heats_eV(np.array([loading]))
    return WithError(_KJ * float(values[0]) + shift_kJ, _KJ * float(errors[0]))


def _in_kJ(heat_eV: WithError) -> WithError:
    return WithError(_KJ * heat_eV.value, _KJ * heat_eV.error)
