"""What was measured, and the metrics of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from nearsight.evaluation.failure import Failure
from nearsight.evaluation.measured import Measured, number_of
from nearsight.evaluation.speed.structures import HELIUM, MOF5
from nearsight.evaluation.speed.timing import N_ROWS, Asked, Timing
from nearsight.evaluation.surroundings import Surroundings
from nearsight.records.described import Says

_SECONDS_PER_DAY, _NS_PER_STEP = 86400.0, 1e-6
_FEWEST_FOR_A_POWER = 30
"""Fewer atoms take the time of a call rather than that of atoms."""
_MEMORY = "out of memory"
_NOTHING = "nothing of it was measured"


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Times and memory of structures of all sizes."""

    timings: Annotated[Mapping[str, Timing], Says("By material, atoms and question.")]
    failures: Annotated[Mapping[str, Failure], Says("How the model failed at others.")]
    surroundings: Annotated[Surroundings, Says("Where it was measured.")]

    def series(self, material: str, asked: Asked) -> list[Timing]:
        """Return what was measured of a question, the smallest structure first."""
        return [
            each
            for each in self.timings.values()
            if each.material == material and each.asked == asked and each.seconds
        ]

    @property
    def sizes_failed(self) -> Measured:
        """How many sizes the model failed at but for lack of memory; larger ones were not tried."""
        failed = [name for name, each in self.failures.items() if each.kind != _MEMORY]
        found = number_of(failed, len(self.timings) + len(self.failures), "sizes")
        short = [name for name, each in self.failures.items() if each.kind == _MEMORY]
        said = f"; too little memory: {', '.join(short)}" if short else ""
        return replace(found, detail=f"{found.detail}{said}")

    @property
    def dynamics_of_mof5(self) -> Measured:
        """Simulated time of one cell of MOF-5 for each day, in ns, with steps of 1 fs."""
        return self._per_day(self.series(MOF5, "forces")[:1])

    @property
    def dynamics_of_helium(self) -> Measured:
        """The same of the largest box of helium."""
        return self._per_day(self.series(HELIUM, "forces")[-1:])

    def _per_day(self, of: list[Timing]) -> Measured:
        if not of:
            return Measured(None, detail=_NOTHING)
        [each] = of
        value = _SECONDS_PER_DAY * _NS_PER_STEP / each.typical_s
        scatter = each.scatter_s
        spread = None if scatter is None else value * scatter / each.typical_s
        return Measured(value, spread, f"{each.n_atoms} atoms on {self.surroundings.described}")

    @property
    def largest(self) -> Measured:
        """The largest structure of which there are forces, in atoms."""
        of = [each for name in (HELIUM, MOF5) for each in self.series(name, "forces")]
        if not of:
            return Measured(None, detail=_NOTHING)
        largest = max(of, key=lambda each: each.n_atoms)
        reasons = {
            each.why_not: f"; {each.n_atoms} atoms of {each.material}: {each.why_not}"
            for each in self.timings.values()
            if each.asked == "forces" and each.why_not
        } | {
            name: f"; {name.removesuffix('-forces')}: {failure.message}"
            for name, failure in self.failures.items()
            if name.endswith("-forces") and failure.kind == _MEMORY
        }
        said = f"{largest.material}{''.join(reasons.values())}"
        return Measured(float(largest.n_atoms), None, said)

    @property
    def memory_per_atom(self) -> Measured:
        """Memory of forces of the largest structure for each of its atoms, in MiB."""
        of = [each for name in (HELIUM, MOF5) for each in self.series(name, "forces")[-1:]]
        if not of:
            return Measured(None, detail=_NOTHING)
        each = max(of, key=lambda timing: timing.n_atoms)
        said = f"{each.n_atoms} atoms of {each.material} on {self.surroundings.described}"
        return Measured(each.memory_bytes / 2**20 / each.n_atoms, None, said)

    @property
    def exponent_of_helium(self) -> Measured:
        """The power of the number of atoms with which the time of forces grows."""
        return self._exponent(HELIUM)

    @property
    def exponent_of_mof5(self) -> Measured:
        """The same of MOF-5."""
        return self._exponent(MOF5)

    def _exponent(self, material: str) -> Measured:
        found = [
            each for each in self.series(material, "forces") if each.n_atoms >= _FEWEST_FOR_A_POWER
        ]
        if len(found) < 2:
            return Measured(None, detail="fewer than two sizes above 30 atoms")
        exponent, error = power_of([each.n_atoms for each in found], [e.typical_s for e in found])
        return Measured(
            exponent, error, f"from {found[0].n_atoms} to {found[-1].n_atoms} atoms of {material}"
        )

    @property
    def forces_over_energies(self) -> Measured:
        """Time of energies with forces over that of energies alone."""
        return self._ratio("forces", "energies")

    @property
    def stress_over_forces(self) -> Measured:
        """Time of forces with stress over that of forces alone."""
        return self._ratio("stress", "forces")

    @property
    def row_over_forces(self) -> Measured:
        """Time of a row of the Hessian over that of forces."""
        measured = self._ratio("rows", "forces")
        if measured.value is None:
            return measured
        return Measured(
            measured.value, measured.spread, f"{measured.detail}, {N_ROWS} rows at once"
        )

    def _ratio(self, upper: Asked, lower: Asked) -> Measured:
        """Return the ratio of two times of the largest structure that has both."""
        for material in (MOF5, HELIUM):
            above = {each.n_atoms: each for each in self.series(material, upper)}
            below = {each.n_atoms: each for each in self.series(material, lower)}
            if both := above.keys() & below.keys():
                n_atoms = max(both)
                one, other = above[n_atoms], below[n_atoms]
                value = one.typical_s / other.typical_s
                shares = [
                    scatter / each.typical_s
                    for each in (one, other)
                    if (scatter := each.scatter_s) is not None
                ]
                spread = value * float(np.linalg.norm(shares)) if len(shares) == 2 else None
                return Measured(value, spread, f"{n_atoms} atoms of {material}")
        why = [each.why_not for each in self.timings.values() if each.asked == upper]
        return Measured(None, detail="; ".join(filter(None, dict.fromkeys(why))) or _NOTHING)


def common(one: Speed, other: Speed) -> tuple[Speed, Speed]:
    """Return of two results what was measured in both: times of the same structures."""
    shared = {
        name
        for name, timing in one.timings.items()
        if timing.seconds and name in other.timings and other.timings[name].seconds
    }
    kept_one, kept_other = (
        replace(each, timings={n: timing for n, timing in each.timings.items() if n in shared})
        for each in (one, other)
    )
    return kept_one, kept_other


def power_of(sizes: list[int], values: list[float]) -> tuple[float, float | None]:
    """Return the power of the size that values follow, and its standard error.

    By least squares of logarithms; two sizes have no error.
    """
    x, y = np.log(sizes), np.log(values)
    slope, level = np.polyfit(x, y, 1)
    if len(x) < 3:
        return float(slope), None
    left = y - slope * x - level
    variance = float((left**2).sum()) / (len(x) - 2)
    return float(slope), float(np.sqrt(variance / ((x - x.mean()) ** 2).sum()))
