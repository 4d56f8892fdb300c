"""What speaks for and against isotherms: the certificate of insertions, and that of the runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from nearsight.adsorption.clausius_clapeyron import IsostericHeats
from nearsight.adsorption.gcmc.isosteric import NoHeats
from nearsight.adsorption.gcmc.isotherm import Isotherm, IsothermPressure, henry_as_sampled
from nearsight.adsorption.gcmc.results import LevelAgreement, Loading
from nearsight.adsorption.gcmc.series import FEWEST_EFFECTIVE
from nearsight.adsorption.henry import Henry
from nearsight.adsorption.result import Adsorption
from nearsight.records.adsorption_verdict import adsorption_checks
from nearsight.records.isotherm_heats_verdict import (
    DILUTE,
    heats_check,
    is_dilute,
    molecules_by_henry,
)
from nearsight.records.verdict import Check, Level, Verdict
from nearsight.remarks import Remark

_BAR_PA = 1e5
_LEAST_ACCEPTANCE: Final = 0.01
_SIGMAS: Final = 4.0
"""Several pressures are compared, of which one may well differ by 3 standard errors."""
_MEETING: Final = 0.1
"""Share by which a loading below that may differ from Henry's law because they do."""


def isotherm_verdict(
    adsorption: Adsorption,
    isotherms: Sequence[Isotherm],
    heats: IsostericHeats | NoHeats,
    warnings: tuple[Remark, ...],
) -> Verdict:
    """Return what speaks for and against the numbers."""
    return Verdict.of(isotherm_checks(adsorption, isotherms, heats), warnings)


def isotherm_checks(
    adsorption: Adsorption, isotherms: Sequence[Isotherm], heats: IsostericHeats | NoHeats
) -> tuple[Check, ...]:
    """Return everything that was looked at.

    Parameters
    ----------
    adsorption
        Insertions at the temperatures of the isotherms.
    isotherms
        One for each temperature.
    heats
        Those that follow from all of them.
    """
    every = [
        _Point(isotherm, each, len(isotherms) > 1)
        for isotherm in isotherms
        for each in isotherm.points
    ]
    empty = henry_as_sampled(adsorption.henry, isotherms)
    return (
        _equilibrium(every),
        _effective(every),
        *_levels(every),
        _henry(empty, isotherms),
        _fugacity(every),
        heats_check(empty, isotherms, heats),
        *_insertions(adsorption, isotherms),
    )


def _insertions(adsorption: Adsorption, isotherms: Sequence[Isotherm]) -> Iterator[Check]:
    """Return what insertions say, but of an offset that isotherms do not have."""
    offset_eV = isotherms[0].removed_offset_eV
    for check in adsorption_checks(adsorption):
        if check.code == "offset" and offset_eV:
            detail = (
                f"The known offset of {offset_eV:+.3f} eV was taken off the energy of each "
                f"molecule: loadings and heats over them are without it, insertions into the empty "
                f"framework with it."
            )
            if abs(offset_eV) < min(each.ensemble.thermal_eV for each in isotherms):
                yield Check(Level.GOOD, "offset", "offset removed", detail)
                continue
            detail = (
                f"{detail} It is a median over other frameworks, and each k_B T by which it is off "
                f"in this one changes fugacities by a factor of 2.7."
            )
            yield Check(Level.CAUTION, "offset", "offset removed", detail, said=False)
        else:
            yield check


@dataclass(frozen=True, eq=False)
class _Point:
    """One pressure at one temperature."""

    isotherm: Isotherm
    pressure: IsothermPressure
    is_one_of_several: bool
    """Whether there are several temperatures."""

    @property
    def loading(self) -> Loading:
        return self.pressure.loading

    @property
    def pressure_bar(self) -> float:
        return self.pressure.bulk.pressure_Pa / _BAR_PA

    def __str__(self) -> str:
        """Return which one it is in words."""
        at = f"{self.pressure_bar:.4g} bar"
        return f"{at} and {self.isotherm.temperature_K:g} K" if self.is_one_of_several else at


def _at(points: Sequence[_Point]) -> str:
    """Return some of the points in words."""
    if points[0].is_one_of_several:
        named = "; ".join(map(str, points[:5]))
        return f"{named}{'; and others' if len(points) > 5 else ''}"
    named = ", ".join(f"{each.pressure_bar:.4g}" for each in points[:5])
    return f"{named}{' and others' if len(points) > 5 else ''} bar"


def _equilibrium(points: Sequence[_Point]) -> Check:
    drifting = [each for each in points if not each.loading.is_equilibrated]
    few = [each for each in points if _has_few(each)]
    if few and not drifting:
        detail = (
            f"No drift is seen; but at {_at(few)} so few samples count that a slow one would not "
            f"be."
        )
        return Check(Level.UNKNOWN, "not-in-equilibrium", "equilibrium not known", detail)
    if not drifting:
        detail = "Loadings and energies are in equilibrium in the first half of all samples."
        return Check(Level.GOOD, "not-in-equilibrium", "in equilibrium", detail)
    detail = (
        f"Loading or energy still drifts at {_at(drifting)}; means are those of the second half. "
        f"Make more `production_blocks` or `equilibration_blocks`."
    )
    finding = "not in equilibrium"
    return Check(Level.CAUTION, "not-in-equilibrium", finding, detail, said=False)


def _has_few(point: _Point) -> bool:
    """Tell whether so few samples count that errors cannot be believed."""
    return point.loading.molecules.n_effective < FEWEST_EFFECTIVE


def _effective(points: Sequence[_Point]) -> Check:
    least = min(each.loading.molecules.n_effective for each in points)
    few = [each for each in points if _has_few(each)]
    detail = f"Loadings are means of at least {least:.3g} effective samples"
    if not few:
        return Check(Level.GOOD, "few-samples", "enough effective samples", f"{detail}.")
    detail = (
        f"{detail}, and fewer than {FEWEST_EFFECTIVE:g}, of which no interval can be believed, at "
        f"{_at(few)}. Make more `production_blocks`, or more `moves` between samples."
    )
    return Check(Level.CAUTION, "few-samples", "few effective samples", detail, said=False)


def _levels(points: Sequence[_Point]) -> Iterator[Check]:
    """Return whether a cheap level goes where the model does."""
    pairs = [(each, each.loading.levels) for each in points]
    levels = [(each, level) for each, level in pairs if level is not None]
    if not levels:
        return
    least = min(level.acceptance for _, level in levels)
    widest = max(level.sigma for _, level in levels)
    detail = (
        f"At least {least:.1%} of the proposals of {levels[0][1].steps} moves are accepted; the "
        f"energies of both levels differ by up to {widest:.2g} k_B T (standard deviation)"
    )
    apart = [each for each, level in levels if _is_apart(level)]
    if not apart:
        yield Check(Level.GOOD, "levels-apart", "levels go together", f"{detail}.")
        return
    detail = (
        f"{detail}. At {_at(apart)} the cheap level does not overlap with the model, and what was "
        f"sampled is where both began: train it (`surrogate`), choose another `cheap` level, fewer "
        f"`moves` of a proposal, or none."
    )
    yield Check(Level.BAD, "levels-apart", "levels do not overlap", detail, said=False)


def _is_apart(level: LevelAgreement) -> bool:
    return level.acceptance < _LEAST_ACCEPTANCE


def _henry(empty: Sequence[Henry], isotherms: Sequence[Isotherm]) -> Check:
    """Return whether the lowest loading is that of insertions, at the temperature that is worst."""
    several = len(isotherms) > 1
    dilute = [
        (row, _Point(isotherm, isotherm.points[0], several))
        for row, isotherm in zip(empty, isotherms, strict=True)
        if is_dilute(isotherm.points[0].bulk.fugacity_Pa, isotherm, row)
    ]
    if not dilute:
        detail = (
            f"No pressure is so low that fewer than {DILUTE:g} molecules are in the supercell by "
            f"a Henry coefficient that is known."
        )
        return Check(Level.UNKNOWN, "henry-differs", "no dilute loading to compare", detail)
    checks = [_beside_henry(row, first) for row, first in dilute]
    return max(checks, key=lambda each: each.level)


def _beside_henry(row: Henry, first: _Point) -> Check:
    """Return whether a dilute loading is that of insertions."""
    expected = molecules_by_henry(first.pressure.bulk.fugacity_Pa, first.isotherm, row)
    loading = first.loading.molecules
    error = np.hypot(loading.error, expected * row.log_weight.error)
    detail = (
        f"At {first} there are {loading.value:.3g} molecules in the supercell, and by the Henry "
        f"coefficient {expected:.3g} (standard error of the difference {error:.2g})."
    )
    if abs(loading.value - expected) <= _SIGMAS * error + _MEETING * expected:
        return Check(Level.GOOD, "henry-differs", "dilute loading as by insertions", detail)
    finding = "dilute loading not that of insertions"
    return Check(Level.CAUTION, "henry-differs", finding, detail, said=False)


def _fugacity(points: Sequence[_Point]) -> Check:
    """Return whether configurations have the fugacity that was imposed."""
    code = "fugacity-differs"
    pairs = [(each.pressure, each.pressure.measured_Pa) for each in points]
    measured = [(each, value) for each, value in pairs if value is not None]
    if not measured:
        detail = "Insertions into what was sampled cost calls of the model, which "
        detail += "`fugacity_insertions` allows; or too few count."
        return Check(Level.UNKNOWN, code, "fugacity not measured", detail)
    sigmas = [
        abs(value.value - each.bulk.fugacity_Pa) / value.error if value.error else 0.0
        for each, value in measured
    ]
    detail = (
        f"Fugacities measured by insertions are those imposed within {max(sigmas):.1f} standard "
        f"errors."
    )
    if max(sigmas) <= _SIGMAS:
        return Check(Level.GOOD, code, "fugacity as imposed", detail)
    return Check(Level.CAUTION, code, "fugacity not as imposed", detail, said=False)
