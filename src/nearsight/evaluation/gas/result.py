"""What the cycles came to, and the metrics of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from nearsight.evaluation.failure import Failure
from nearsight.evaluation.gas.box import (
    FULL_BOX_A,
    FULL_BOX_MOLECULES,
    dilute_density_times_diffusion,
)
from nearsight.evaluation.gas.cycle import Cycle
from nearsight.evaluation.gas.velocities import deviation
from nearsight.evaluation.measured import Measured, number_of
from nearsight.evaluation.metric import metrics_of
from nearsight.records.described import Says

_DENSER = 0.85
"""Density times diffusion at 234 kg/m³ over that of the dilute gas: less by 10 to 20 %."""
_ATOMS_OF_MOLECULE = 3
_NEAR_A = 6.0
_MOLECULES_PER_A3 = FULL_BOX_MOLECULES / FULL_BOX_A**3
_FEWEST_TEMPERATURES = 3
_NO_CYCLES = "no cycle came to its end"
_NO_DIFFUSION = "no run at constant energy is 15 ps long, of which times beyond 5 ps can be fitted"


@dataclass(frozen=True)
class Line:
    """ln D = a + b/T, D in m²/s."""

    a: float
    b_K: float
    b_error_K: float


@dataclass(frozen=True, kw_only=True)
class Gas:
    """What there is of a gas."""

    cycles: Annotated[Mapping[str, Cycle], Says("By number and temperature.")]
    failures: Annotated[Mapping[str, Failure], Says("How the model failed at others.")]

    @property
    def cycles_failed(self) -> Measured:
        """How many cycles did not come to their end."""
        return number_of(self.failures, len(self.cycles) + len(self.failures), "cycles")

    @property
    def drift(self) -> Measured:
        """By how much the energy of 50 molecules changes, in meV/ps."""
        return self._drift(lambda each: FULL_BOX_MOLECULES / each.n_molecules)

    @property
    def drift_per_atom(self) -> Measured:
        """The same for one atom, in µeV/ps."""
        return self._drift(lambda each: 1000 / (_ATOMS_OF_MOLECULE * each.n_molecules))

    @property
    def drift_over_fluctuation(self) -> Measured:
        """The change of the energy in a run over the deviation of the kinetic energy."""
        return self._drift(lambda each: each.free_ps / each.kinetic_deviation_meV)

    def _drift(self, scale: Callable[[Cycle], float]) -> Measured:
        """Return the mean drift of the cycles at one temperature, each times a scale."""
        cycles = self.alike
        if not cycles:
            return Measured(None, detail=_NO_CYCLES)
        scales = np.array([scale(each) for each in cycles])
        drifts = scales * [each.drift_meV_per_ps for each in cycles]
        errors = scales * [each.drift_error_meV_per_ps for each in cycles]
        of_fits = float(np.sqrt((errors**2).sum())) / len(cycles)
        scatter = float(drifts.std(ddof=1) / np.sqrt(len(cycles))) if len(cycles) > 1 else 0.0
        of = "one run" if len(cycles) == 1 else f"{len(cycles)} runs"
        warm_K = np.mean([each.temperature_K for each in cycles])
        said = (
            f"slope and standard error of {of} of {cycles[0].free_ps:g} ps with velocities drawn "
            f"at {cycles[0].drawn_K:g} K, which leave {warm_K:.0f} K"
        )
        return Measured(float(drifts.mean()), max(of_fits, scatter), said)

    @property
    def alike(self) -> list[Cycle]:
        """The cycles at the temperature that most of them have."""
        drawn = [each.drawn_K for each in self.cycles.values()]
        most = max(drawn, key=drawn.count, default=0.0)
        return [each for each in self.cycles.values() if each.drawn_K == most]

    @property
    def velocity_deviation(self) -> Measured:
        """How far velocities with friction are from those of Maxwell and Boltzmann."""
        if not self.cycles:
            return Measured(None, detail=_NO_CYCLES)
        counts = np.sum([each.velocity_counts for each in self.cycles.values()], axis=0)
        return Measured(deviation(counts), None, f"of {counts.sum()} components at 300 K")

    @property
    def motion_temperature(self) -> Measured:
        """The temperature of molecules as a whole over that at which velocities were drawn, in %.

        Collisions hardly reach the vibrations, which got half of their energy at 300 K: what moves
        and turns stays at the temperature of its velocities.
        """
        if not self.cycles:
            return Measured(None, detail=_NO_CYCLES)
        shares = [100 * (each.motion_K / each.drawn_K - 1) for each in self.cycles.values()]
        degrees = sum(3 * each.n_molecules - 3 for each in self.cycles.values())
        said = f"{degrees} velocities that were drawn scatter by what ± is"
        return Measured(float(np.mean(shares)), 100 * float(np.sqrt(2 / degrees)), said)

    @property
    def neighbours(self) -> Measured:
        """How many molecules are within 6 Å of one."""
        numbers = []
        for each in self.cycles.values():
            middles, g = np.array(each.distances_A), np.array(each.around)
            near = middles < _NEAR_A
            shells = 4 * np.pi * middles[near] ** 2 * (middles[1] - middles[0])
            numbers.append(_MOLECULES_PER_A3 * float((g[near] * shells).sum()))
        if not numbers:
            return Measured(None, detail=_NO_CYCLES)
        spread = 4 / 3 * np.pi * _NEAR_A**3 * _MOLECULES_PER_A3
        n_molecules = next(iter(self.cycles.values())).n_molecules
        others = spread * (n_molecules - 1) / n_molecules  # a molecule is not its own neighbour
        error = float(np.std(numbers, ddof=1)) if len(numbers) > 1 else None
        said = f"within {_NEAR_A:g} Å; evenly spread it would be {others:.2f}"
        if error is not None:
            said += f"; ± standard deviation of {len(numbers)} runs"
        return Measured(float(np.mean(numbers)), error, said)

    @property
    def diffusion(self) -> Measured:
        """Density times diffusion against what it is at this density, in percent."""
        found = self.diffusing
        if not found:
            return Measured(None, detail=_NO_DIFFUSION)
        shares, relative = np.array([_share_of_dilute(each) for each in found]).T
        mean = float(shares.mean())
        # Errors are proportional to what was found: those of coefficients that happened to come out
        # too low look small. What a gas as expected would scatter by is the same for all.
        error = 100 * float(np.linalg.norm(relative)) / len(found)
        said = (
            f"{mean:.2f} of the dilute gas at the temperature of its molecules, mean of "
            f"{len(found)} runs; at {found[0].density_kg_per_m3:.0f} kg/m³ it is some {_DENSER}, "
            f"which would scatter by what ± is"
        )
        [bad] = [each.bad for each in metrics_of(__package__) if each.name == "diffusion"]
        assert bad is not None
        if error > bad:
            return Measured(None, detail=f"too uncertain to tell by: {said}, {error:.0f} %")
        return Measured(100 * (mean / _DENSER - 1), error, said)

    @property
    def diffusing(self) -> list[Cycle]:
        """The cycles that have a coefficient of diffusion."""
        return [each for each in self.cycles.values() if each.diffusion_m2_per_s is not None]

    @property
    def diffusion_slope(self) -> Measured:
        """The slope of ln D over 1/T, in K."""
        line = self.line
        if line is None:
            return Measured(
                None, detail="fewer than three temperatures with a diffusion above zero"
            )
        temperatures = [each.motion_K for each in self.diffusing]
        dilute = np.polyfit(
            1 / np.array(temperatures),
            np.log([dilute_density_times_diffusion(each) for each in temperatures]),
            1,
        )
        said = f"ln D = {line.a:.2f} + b/T with D in m²/s; of the dilute gas b is {dilute[0]:.0f} K"
        return Measured(line.b_K, line.b_error_K, said)

    @property
    def line(self) -> Line | None:
        """The line through ln D over 1/T, weighted by errors.

        None of too few temperatures, or where a coefficient is not known to be above zero.
        """
        found = self.diffusing
        if len({each.drawn_K for each in found}) < _FEWEST_TEMPERATURES:
            return None
        inverse = np.array([1 / each.motion_K for each in found])
        values = np.array([each.diffusion_m2_per_s for each in found], dtype=float)
        if (values <= 0).any():
            return None
        errors = np.array([each.diffusion_error_m2_per_s for each in found], dtype=float) / values
        (b, a), covariance = np.polyfit(inverse, np.log(values), 1, w=1 / errors, cov="unscaled")
        return Line(float(a), float(b), float(np.sqrt(covariance[0, 0])))


def _share_of_dilute(cycle: Cycle) -> tuple[float, float]:
    """Return density times diffusion over that of the dilute gas, and its relative error."""
    found, error = cycle.diffusion_m2_per_s, cycle.diffusion_error_m2_per_s
    assert found is not None
    assert error is not None
    share = cycle.density_kg_per_m3 * found / dilute_density_times_diffusion(cycle.motion_K)
    return share, error / abs(found) if found else 0.0  # molecules that stay where they are
