"""What was found of two equal atoms, and what follows from it by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from ase.data import atomic_numbers, covalent_radii

from nearsight.arrays import BoolArray, FloatArray
from nearsight.evaluation.diatomics.reference import (
    ReferenceCurve,
    barrier,
    bond,
    reference_curves,
)
from nearsight.evaluation.failure import Failure
from nearsight.evaluation.jumps import largest_jump
from nearsight.evaluation.measured import Measured, mean_of, number_of, worst_of
from nearsight.records.described import Says

_NO_FORCE_EV_PER_A = 0.1
"""What is weaker is neither attraction nor repulsion where atoms are close."""
_NO_FLIP_EV_PER_A = 0.02
_NO_MINIMUM_EV = 0.01
_INSIDE = 0.8
"""Closer than this part of the bond length by PBE a longer or shorter bond is no excuse."""
_REPULSIVE = 0.7
"""Closer than this part of the sum of their covalent radii any two atoms repel each other: bonds of
PBE are not shorter than 0.8 of it."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Two atoms of one element at all distances."""

    atom_eV: Annotated[
        float | None, Says("Energy of one atom alone; null where the model refuses it.", "eV")
    ]
    distances_A: Annotated[tuple[float, ...], Says("Along one direction, evenly spaced.", "Å")]
    energies_eV: Annotated[tuple[float, ...], Says("Relative to the last one.", "eV")]
    limit_eV: Annotated[float, Says("Energy at the last distance as it is.", "eV")]
    forces_eV_per_A: Annotated[
        tuple[float, ...], Says("Force that pushes the atoms apart.", "eV/Å")
    ]
    axes_A: Annotated[tuple[float, ...], Says("Distances at which all axes were tried.", "Å")]
    means_eV: Annotated[tuple[float, ...], Says("Mean over the axes, relative to the last.", "eV")]
    spreads_eV: Annotated[tuple[float, ...], Says("Standard deviation over the axes.", "eV")]
    n_refused: Annotated[
        int, Says("Distances at the far end that the model refuses, as if atoms were alone.", "1")
    ]


@dataclass(frozen=True, kw_only=True)
class Diatomics:
    """Curves of all elements that were examined."""

    curves: Annotated[Mapping[str, Curve], Says("By element.")]
    failures: Annotated[Mapping[str, Failure], Says("How the model failed at others.")]

    @property
    def _views(self) -> "dict[str, View]":
        return {name: View(name, curve) for name, curve in self.curves.items()}

    @property
    def elements_failed(self) -> Measured:
        """How many elements have no curve since the model failed."""
        return number_of(self.failures, len(self.curves) + len(self.failures), "elements")

    @property
    def rotational_invariance(self) -> Measured:
        """By how much the energy depends on how the pair lies, in meV."""
        spreads = {name: view.anisotropy_meV for name, view in self._views.items()}
        return worst_of(spreads, "elements")

    @property
    def atom_locking(self) -> Measured:
        """How many elements attract where the reference, or any two atoms, repel."""
        examined = {name: view for name, view in self._views.items() if view.repulsive.any()}
        locked = [name for name, view in examined.items() if view.is_locked]
        return number_of(locked, len(examined), "elements")

    @property
    def short_range_hole(self) -> Measured:
        """How deep the energy falls inwards where atoms repel, in eV."""
        views = self._views.items()
        return worst_of({n: v.hole_eV for n, v in views if v.repulsive.any()}, "elements")

    @property
    def long_range_barrier(self) -> Measured:
        """How much higher than that of PBE the barrier on the way to the bond is, in meV."""
        return worst_of({n: view.barrier_meV for n, view in self._views.items()}, "elements")

    @property
    def limit_offset(self) -> Measured:
        """The energy of an atom far from another one, less that of one alone, in meV."""
        offsets = {
            name: 500.0 * (curve.limit_eV - 2 * curve.atom_eV)
            for name, curve in self.curves.items()
            if curve.atom_eV is not None
        }
        return worst_of(offsets, "elements")

    @property
    def missing_bonds(self) -> Measured:
        """How many elements make no bond although they do by PBE."""
        bound = [view for view in self._views.values() if view.reference_bond is not None]
        return number_of([v.name for v in bound if v.bond is None], len(bound), "elements")

    @property
    def bond_length_error(self) -> Measured:
        """How far the equilibrium distance is from that of PBE, in Å."""
        return mean_of({name: abs(length) for name, length, _ in self._bond_errors}, "elements")

    @property
    def bond_energy_error(self) -> Measured:
        """How far the depth of the well is from that of PBE, in eV."""
        return mean_of({name: abs(depth) for name, _, depth in self._bond_errors}, "elements")

    @property
    def _bond_errors(self) -> list[tuple[str, float, float]]:
        return [
            (name, view.bond[0] - view.reference_bond[0], view.bond[1] - view.reference_bond[1])
            for name, view in self._views.items()
            if view.bond is not None and view.reference_bond is not None
        ]

    @property
    def force_flips(self) -> Measured:
        """How often the force turns around beside the one time at the minimum."""
        return mean_of({name: view.flips for name, view in self._views.items()}, "elements")

    @property
    def extra_minima(self) -> Measured:
        """How many minima there are beside the deepest."""
        return mean_of({name: view.minima for name, view in self._views.items()}, "elements")

    @property
    def energy_jump(self) -> Measured:
        """The largest jump of the energy from one distance to the next, in meV."""
        jumps = {n: 1000 * view.jump(view.energies) for n, view in self._views.items()}
        return worst_of(jumps, "elements")

    @property
    def force_jump(self) -> Measured:
        """The largest jump of the force from one distance to the next, in eV/Å."""
        return worst_of({n: v.jump(v.forces) for n, v in self._views.items()}, "elements")

    @property
    def force_against_slope(self) -> Measured:
        """How far the force is from the slope of the energy, relative to the force."""
        return worst_of({n: v.force_error for n, v in self._views.items()}, "elements")


class View:
    """A curve as arrays, with its reference, and what follows from both."""

    def __init__(self, name: str, curve: Curve) -> None:
        self.name = name
        self.curve = curve
        self.distances = np.array(curve.distances_A)
        self.energies = np.array(curve.energies_eV)
        self.forces = np.array(curve.forces_eV_per_A)
        self.reference: ReferenceCurve | None = reference_curves().get(name)
        self._repulsive_A = _REPULSIVE * 2 * covalent_radii[atomic_numbers[name]]

    @property
    def _is_outside(self) -> BoolArray:
        """Where atoms may meet: not so close that any two repel each other."""
        return np.asarray(self.distances >= self._repulsive_A)

    @property
    def anisotropy_meV(self) -> float:
        """The largest standard deviation over axes where atoms may meet."""
        outside = np.array(self.curve.axes_A) >= self._repulsive_A
        return 1000 * float(np.array(self.curve.spreads_eV)[outside].max(initial=0.0))

    @property
    def repulsive(self) -> BoolArray:
        """Where the atoms repel each other by PBE; without a curve of it, where any two do."""
        if self.reference is None:
            return ~self._is_outside
        # Comparisons with NaN, beyond the curve, are false.
        repelled = self.reference.slopes_eV_per_A(self.distances) < -_NO_FORCE_EV_PER_A
        if self.reference_bond is not None:
            repelled &= self.distances < _INSIDE * self.reference_bond[0]
        return np.asarray(repelled)

    @property
    def is_locked(self) -> bool:
        """Whether the atoms attract each other anywhere there."""
        return bool((self.forces[self.repulsive] < -_NO_FORCE_EV_PER_A).any())

    @property
    def hole_eV(self) -> float:
        """By how much the energy falls there on the way inwards."""
        inwards = self.energies[self.repulsive][::-1]
        return float((np.maximum.accumulate(inwards) - inwards).max(initial=0.0))

    @property
    def barrier_meV(self) -> float:
        """By how much the barrier is higher than that of the reference."""
        of_reference = 0.0 if self.reference is None else self.reference.barrier_eV
        return 1000 * max(0.0, barrier(self.energies[self._is_outside]) - of_reference)

    @property
    def bond(self) -> tuple[float, float] | None:
        """Length in Å and energy in eV of the bond; None without one."""
        return bond(self.distances[self._is_outside], self.energies[self._is_outside])

    @property
    def reference_bond(self) -> tuple[float, float] | None:
        """The same of the reference."""
        return None if self.reference is None else self.reference.bond

    @property
    def flips(self) -> float:
        """How often the force changes its sign, without the first time."""
        signs = np.sign(self.forces[np.abs(self.forces) > _NO_FLIP_EV_PER_A])
        return float(max(0, int(np.count_nonzero(np.diff(signs))) - 1))

    @property
    def minima(self) -> float:
        """How many minima there are, without the first."""
        from scipy.signal import find_peaks

        found, _ = find_peaks(-self.energies, prominence=_NO_MINIMUM_EV)
        return float(max(0, len(found) - 1))

    def jump(self, values: FloatArray) -> float:
        """Return the largest step of energies or forces where atoms may meet."""
        return largest_jump(values[self._is_outside])

    @property
    def force_error(self) -> float:
        """The largest difference between force and slope over the force or 1 eV/Å.

        What the slope may be wrong by, its change with every second point, is taken off.
        """
        step = self.distances[1] - self.distances[0]
        near, wide = (_slopes(self.energies, every) / step for every in (1, 2))
        forces = self.forces[4:-4]
        errors = np.abs(forces + near) - np.abs(near - wide)
        shares = errors / np.maximum(1.0, np.abs(forces))
        return float(shares[self._is_outside[4:-4]].max(initial=0.0))


def _slopes(values: FloatArray, every: int) -> FloatArray:
    """Return differences of fourth order, from points `every` apart, without four at each end."""
    middle = np.arange(4, len(values) - 4)
    differences: FloatArray = (
        8 * (values[middle + every] - values[middle - every])
        - (values[middle + 2 * every] - values[middle - 2 * every])
    ) / (12 * every)
    return differences
