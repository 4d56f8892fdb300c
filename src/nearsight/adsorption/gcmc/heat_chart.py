"""What is drawn of heats over loading."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nearsight.adsorption.clausius_clapeyron import IsostericHeats
from nearsight.adsorption.gcmc.isosteric import NoHeats
from nearsight.adsorption.gcmc.isotherm import Isotherm
from nearsight.adsorption.henry import Henry
from nearsight.adsorption.result import FEWEST_SIGNIFICANT
from nearsight.arrays import FloatArray
from nearsight.charts.chart import INK, Axis, Band, Chart, Line, Mark, Points
from nearsight.charts.palette import series_colors
from nearsight.units import EV_PER_CELL_IN_J_PER_MOL

_KJ = 1e-3 * EV_PER_CELL_IN_J_PER_MOL
_N_LOADINGS = 41
_NORMAL_95 = 1.96
_CLAUSIUS_CLAPEYRON = "Clausius and Clapeyron"


def heat_chart(
    isotherms: Sequence[Isotherm], heats: IsostericHeats | NoHeats, empty: Sequence[Henry]
) -> Chart | None:
    """Return heats over loading by each route; None if there are fewer than two.

    Parameters
    ----------
    isotherms
        One for each temperature, with heats by fluctuations.
    heats
        By Clausius and Clapeyron.
    empty
        Insertions at these temperatures, which have the heat at zero loading.
    """
    series = [
        *(_Series.of_fluctuations(each) for each in isotherms),
        _Series.of_insertions([each for each in empty if each.n_effective >= FEWEST_SIGNIFICANT]),
    ]
    series = [each for each in series if len(each.loadings)]
    if sum(len(each.loadings) for each in series) < 2:
        return None
    colors = series_colors(each.label for each in series)
    marks: list[Mark] = [each.points(colors[each.label]) for each in series]
    ends = [end for each in series for end in each.ends]
    said = f"Heats by fluctuations at {_temperatures(isotherms)}."
    if isinstance(heats, IsostericHeats):
        loadings = heats.loadings(_N_LOADINGS)
        values, errors = (_KJ * each for each in heats.heats_eV(loadings))
        ends += [float(values.min()), float(values.max())]
        low, high = _padded(ends)
        bounds = [np.clip(values + side * _NORMAL_95 * errors, low, high) for side in (-1, 1)]
        curve = Line(loadings, values, _CLAUSIUS_CLAPEYRON, INK)
        marks = [Band(loadings, bounds[0], bounds[1], INK), curve, *marks]
        said += (
            f" By Clausius and Clapeyron {values[0]:.2f} kJ/mol at {loadings[0]:.3g} mol/kg and "
            f"{values[-1]:.2f} at {loadings[-1]:.3g} mol/kg, about {heats.temperature_K:.4g} K."
        )
    most = max(float(each.loadings.max()) for each in series) or 1.0
    return Chart(
        "Heat of adsorption",
        Axis("absolute loading / mol/kg", -0.03 * most, 1.05 * most),
        Axis("isosteric heat / kJ/mol", *_padded(ends)),
        tuple(marks),
        said,
    )


@dataclass(frozen=True, eq=False)
class _Series:
    """Heats in kJ/mol by one route, with halves of intervals of 95 %."""

    label: str
    loadings: FloatArray
    heats: FloatArray
    halves: FloatArray

    @classmethod
    def of_insertions(cls, rows: Sequence[Henry]) -> "_Series":
        return cls(
            "insertions",
            np.zeros(len(rows)),
            np.array([row.heat_kJ_per_mol.value for row in rows]),
            _NORMAL_95 * np.array([row.heat_kJ_per_mol.error for row in rows]),
        )

    @classmethod
    def of_fluctuations(cls, isotherm: Isotherm) -> "_Series":
        known = [
            (isotherm.mol_per_kg * each.loading.molecules.value, each.heat_eV)
            for each in isotherm.points
            if each.heat_eV is not None
        ]
        return cls(
            f"fluctuations, {isotherm.temperature_K:g} K",
            np.array([loading for loading, _ in known]),
            _KJ * np.array([heat.value for _, heat in known]),
            _KJ * _NORMAL_95 * np.array([heat.error for _, heat in known]),
        )

    @property
    def ends(self) -> list[float]:
        """Where error bars end."""
        return [*(self.heats - self.halves).tolist(), *(self.heats + self.halves).tolist()]

    def points(self, color: str) -> Points:
        notes = [
            f"{loading:.3g} mol/kg: {heat:.2f} ± {half:.2f} kJ/mol by {self.label}"
            for loading, heat, half in zip(self.loadings, self.heats, self.halves, strict=True)
        ]
        return Points(self.loadings, self.heats, self.label, color, self.halves, notes)


def _padded(ends: Sequence[float]) -> tuple[float, float]:
    """Return a range with room around all values; an ideal gas has one heat only."""
    low, high = min(ends), max(ends)
    margin = max(0.08 * (high - low), 0.5)
    return low - margin, high + margin


def _temperatures(isotherms: Sequence[Isotherm]) -> str:
    return ", ".join(f"{each.temperature_K:g}" for each in isotherms) + " K"
