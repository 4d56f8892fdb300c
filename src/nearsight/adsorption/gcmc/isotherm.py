"""An isotherm: what a gas outside at some pressures has a framework take up."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from nearsight.adsorption.framework import Framework
from nearsight.adsorption.fugacity import BulkGas
from nearsight.adsorption.gcmc.ensemble import Ensemble
from nearsight.adsorption.gcmc.heats import fluctuation_heat_eV
from nearsight.adsorption.gcmc.levels import Wholes
from nearsight.adsorption.gcmc.local_level import LocalLevel
from nearsight.adsorption.gcmc.measured import MeasuredFugacity, measured_fugacity
from nearsight.adsorption.gcmc.results import Loading, loadings
from nearsight.adsorption.gcmc.samples import Sampled
from nearsight.adsorption.gcmc.sampling import System
from nearsight.adsorption.henry import Henry, WithError, without_offset
from nearsight.adsorption.isotherm_fits import IsothermFits, fit_isotherm
from nearsight.arrays import FloatArray
from nearsight.errors import MethodError
from nearsight.notebooks import ShownInNotebooks
from nearsight.progress import Progress
from nearsight.structures.naming import paragraph

CM3_STP_PER_MOL: Final = 22413.96954
"""Volume of a mole of an ideal gas at 273.15 K and 101325 Pa."""


@dataclass(frozen=True, eq=False)
class IsothermPressure:
    """What there is at one pressure."""

    bulk: BulkGas
    """The gas outside."""
    loading: Loading
    """In the supercell."""
    heat_eV: WithError | None
    """Isosteric heat by fluctuations; None where the number of molecules hardly changes, or where
    energies depend on the temperature."""
    measured_Pa: WithError | None
    """The fugacity that configurations have; None where it was not measured."""


@dataclass(frozen=True, eq=False, repr=False)
class Isotherm(ShownInNotebooks):
    """Loadings of one framework at several pressures and one temperature."""

    framework: Framework
    ensemble: Ensemble
    sampled: Sampled
    points: tuple[IsothermPressure, ...]
    """By pressure."""
    removed_offset_eV: float = 0.0
    """What was taken off the energy of each molecule by the model."""
    n_measuring: int = 0
    """Energies of the model by which fugacities were measured."""

    def __repr__(self) -> str:
        formula = str(self.framework.cell.get_chemical_formula())
        return paragraph(self, formula, f"{len(self.points)} pressures")

    @property
    def mol_per_kg(self) -> float:
        """What one molecule in the supercell is in mol/kg."""
        return 1e3 / (self.framework.mass_amu * self.framework.n_cells)

    @property
    def temperature_K(self) -> float:
        """At which it is."""
        return self.ensemble.temperature_K

    @cached_property
    def fits(self) -> IsothermFits:
        """Of the absolute loading in mol/kg over the fugacity in Pa, weighted by its errors.

        The fugacity is what the chains are in equilibrium with, whatever the gas outside.
        """
        molecules = [point.loading.molecules for point in self.points]
        return fit_isotherm(
            [point.bulk.fugacity_Pa for point in self.points],
            [self.mol_per_kg * mean.value for mean in molecules],
            [self.mol_per_kg * mean.error for mean in molecules],
        )

    def fugacities_Pa(self, pressures_Pa: FloatArray) -> FloatArray:
        """Return the fugacity at pressures up to the highest, shape ``(n_pressures,)``.

        The logarithm of its coefficient is taken as a line from each pressure to the next, and
        from zero, where it is nothing.
        """
        bulk = [point.bulk for point in self.points]
        at = [0.0, *(each.pressure_Pa for each in bulk)]
        logs = [0.0, *(np.log(each.fugacity_Pa / each.pressure_Pa) for each in bulk)]
        fugacities: FloatArray = pressures_Pa * np.exp(np.interp(pressures_Pa, at, logs))
        return fugacities

    @property
    def n_calls(self) -> int:
        """Energies of the model in production, and of insertions into its samples."""
        counts = self.sampled.composites or self.sampled.counts
        return int(counts.computed.sum()) + self.n_measuring

    @property
    def n_cheap_calls(self) -> int:
        """Energies of the cheap level in production."""
        return int(self.sampled.counts.computed.sum()) if self.sampled.composites else 0


def isotherm_of(
    framework: Framework,
    system: System,
    sampled: Sampled,
    gases: list[BulkGas],
    *,
    energies_are_potential: bool = True,
    removed_offset_eV: float = 0.0,
    fugacity_insertions: int | None = None,
    progress: Progress | bool | None = None,
) -> Isotherm:
    """Return what a run says.

    Parameters
    ----------
    framework
        With the supercell that was sampled.
    system, sampled
        The run, whose ensemble has the fugacities of `gases` in their order.
    gases
        By pressure.
    energies_are_potential
        Whether energies do not depend on the temperature; else there are no heats.
    removed_offset_eV
        What was taken off the energy of each molecule by the model.
    fugacity_insertions
        Insertions at each pressure that measure the fugacity; None for what costs next to nothing.
    progress
        Where progress goes; True for a bar.

    Raises
    ------
    MethodError
        There are too few samples.
    """
    ensemble = system.ensemble
    measured = _measured(system, sampled, fugacity_insertions, progress)
    points = []
    for place, (gas, loading) in enumerate(zip(gases, loadings(sampled, ensemble), strict=True)):
        samples = sampled.production.part(slice(loading.n_left_out, None))
        heat = None
        if energies_are_potential and len(samples) >= _FEWEST_FOR_HEAT:
            heat = fluctuation_heat_eV(samples, loading.chains, ensemble.thermal_eV)
        fugacity = None if measured is None else measured.fugacities_Pa[place]
        points.append(IsothermPressure(gas, loading, heat, fugacity))
    n_measuring = 0 if measured is None else measured.n_calls
    return Isotherm(framework, ensemble, sampled, tuple(points), removed_offset_eV, n_measuring)


def henry_as_sampled(rows: Sequence[Henry], isotherms: Sequence[Isotherm]) -> tuple[Henry, ...]:
    """Return what insertions say, without the offset that isotherms do not have.

    Parameters
    ----------
    rows
        At the temperatures of the isotherms.
    isotherms
        One for each temperature.
    """
    return tuple(
        without_offset(row, isotherm.removed_offset_eV)
        for row, isotherm in zip(rows, isotherms, strict=True)
    )


_FEWEST_FOR_HEAT: Final = 20


def _measured(
    system: System, sampled: Sampled, n_insertions: int | None, progress: Progress | bool | None
) -> MeasuredFugacity | None:
    """Return measured fugacities, unasked those by a force field: they cost next to nothing."""
    costs_nothing = system.costly is None and isinstance(system.level, LocalLevel)
    if n_insertions == 0 or (n_insertions is None and not costs_nothing):
        return None
    level = system.level if system.costly is None else Wholes(system.costly)
    try:
        return measured_fugacity(
            sampled,
            system.ensemble,
            level,
            system.rule,
            system.molecule_A,
            most_insertions=n_insertions,
            progress=progress,
        )
    except MethodError:  # too few configurations, or too dense for any insertion
        return None
