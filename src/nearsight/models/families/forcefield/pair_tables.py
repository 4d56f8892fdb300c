"""Interactions of all pairs of types as tables of numbers, and the energy of many pairs by them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from nearsight.arrays import FloatArray
from nearsight.errors import ModelError
from nearsight.models.families.forcefield.parameters import (
    Buckingham,
    ForceField,
    LennardJones,
    Pair,
    sorted_pair,
)


@dataclass(frozen=True)
class PairTable:
    """u(r) = c₁₂/r¹² - c₆/r⁶ + A exp(-B r) - shift - slope (r - cutoff) of each pair of types.

    Where nuclei are spread (`quantum`), spread ∇²u is added, with ∇²u = 132 c₁₂/r¹⁴ - 30 c₆/r⁸, and
    ends as u does. Every table has shape ``(n_types, n_types)``, in eV and Å.
    """

    c12: torch.Tensor
    c6: torch.Tensor
    a: torch.Tensor
    b: torch.Tensor
    core_A: torch.Tensor
    """Radius inside which the last three are a wall instead; 0 for none."""
    wall_eV: torch.Tensor
    """Height of the wall at its surface."""
    shift_eV: torch.Tensor
    slope_eV_per_A: torch.Tensor
    tail_eV_A3: torch.Tensor
    """∫ u(r) r² dr from the cutoff to infinity, where tails are asked for."""
    spread_shift_eV_per_A2: torch.Tensor
    """The same three of ∇²u, for each Å² of spread."""
    spread_slope_eV_per_A3: torch.Tensor
    spread_tail_eV_A: torch.Tensor
    cutoff_A: float
    buckingham: bool
    """Whether any pair is one."""
    sloped: bool
    """Whether forces are shifted."""

    def energies(
        self,
        squared: torch.Tensor,
        first: torch.Tensor,
        second: torch.Tensor,
        spreads: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return u in eV of pairs within the cutoff; a pair beyond it counts nothing.

        Parameters
        ----------
        squared
            Squared distances in Å².
        first, second
            Types of both sites, broadcast against `squared`.
        spreads
            By how many Å² both nuclei are spread, broadcast against `squared`; None for nuclei that
            are points.
        """
        inverse = squared.reciprocal()
        sixth = inverse * inverse * inverse
        energies = (self.c12[first, second] * sixth - self.c6[first, second]) * sixth
        if self.buckingham:
            energies = self._with_exponential(energies, squared, first, second)
        energies = energies - self.shift_eV[first, second]
        if self.sloped:
            beyond = squared.sqrt() - self.cutoff_A
            energies = energies - self.slope_eV_per_A[first, second] * beyond
        if spreads is not None:
            energies = energies + spreads * self._laplacians(squared, first, second)
        return torch.where(squared < self.cutoff_A**2, energies, 0.0)

    def _laplacians(
        self, squared: torch.Tensor, first: torch.Tensor, second: torch.Tensor
    ) -> torch.Tensor:
        """Return ∇²u in eV/Å², cut, shifted or with a shifted slope as u is."""
        inverse = squared.reciprocal()
        sixth = inverse * inverse * inverse
        laplacians = 132 * self.c12[first, second] * sixth - 30 * self.c6[first, second]
        laplacians = laplacians * sixth * inverse - self.spread_shift_eV_per_A2[first, second]
        if self.sloped:
            beyond = squared.sqrt() - self.cutoff_A
            laplacians = laplacians - self.spread_slope_eV_per_A3[first, second] * beyond
        return laplacians

    def _with_exponential(
        self,
        energies: torch.Tensor,
        squared: torch.Tensor,
        first: torch.Tensor,
        second: torch.Tensor,
    ) -> torch.Tensor:
        distances = squared.sqrt()
        exponential = self.a[first, second] * torch.exp(-self.b[first, second] * distances)
        core = self.core_A[first, second]
        wall = self.wall_eV[first, second] * (core / distances).pow(12)
        return torch.where(distances < core, wall, energies + exponential)


_OF_SPREAD = ("spread_value", "spread_slope", "spread_tail")


def pair_table(
    force_field: ForceField, types: Sequence[str], apart: Collection[str] = ()
) -> PairTable:
    """Return the tables of a force field for some of its types, in this order.

    Parameters
    ----------
    force_field
        The force field.
    types
        The types.
    apart
        Those of a rigid framework alone, which do not interact with each other and need no
        parameters for that.

    Raises
    ------
    ModelError
        A type has no parameters, or two neither a pair of their own nor what could be mixed; or a
        pair that has no second order in ħ here.
    """
    n_types = len(types)
    names = ("c12", "c6", "a", "b", "core", "wall", "value", "slope", "tail", *_OF_SPREAD)
    tables = {name: np.zeros((n_types, n_types)) for name in names}
    cutoff = force_field.treatment.cutoff_A
    for i, first in enumerate(types):
        for j, second in enumerate(types[: i + 1]):
            if first in apart and second in apart:
                continue
            pair = interaction(force_field, first, second)
            if force_field.treatment.feynman_hibbs_K is not None:
                _require_lennard_jones(pair, first, second)
            found = (*_numbers(pair, cutoff), *_numbers_of_spread(pair, cutoff))
            numbers = dict(zip(names, found, strict=True))
            ending = force_field.ending(first, second)
            for of in ("", "spread_"):
                numbers[f"{of}value"] *= ending.truncation != "cut"
                numbers[f"{of}slope"] *= ending.truncation == "force-shifted"
                numbers[f"{of}tail"] *= ending.tail
            for name, number in numbers.items():
                tables[name][i, j] = tables[name][j, i] = number
    return PairTable(
        c12=_tensor(tables["c12"]),
        c6=_tensor(tables["c6"]),
        a=_tensor(tables["a"]),
        b=_tensor(tables["b"]),
        core_A=_tensor(tables["core"]),
        wall_eV=_tensor(tables["wall"]),
        shift_eV=_tensor(tables["value"]),
        slope_eV_per_A=_tensor(tables["slope"]),
        tail_eV_A3=_tensor(tables["tail"]),
        spread_shift_eV_per_A2=_tensor(tables["spread_value"]),
        spread_slope_eV_per_A3=_tensor(tables["spread_slope"]),
        spread_tail_eV_A=_tensor(tables["spread_tail"]),
        cutoff_A=cutoff,
        buckingham=bool(tables["a"].any()),
        sloped=bool(tables["slope"].any()),
    )


def interaction(force_field: ForceField, first: str, second: str) -> Pair:
    """Return the interaction of two types: the pair's own, or the mixed one.

    Raises
    ------
    ModelError
        There is neither.
    """
    own = force_field.pairs.get(sorted_pair(first, second))
    if own is not None:
        return own
    one, other = force_field.types[first].pair, force_field.types[second].pair
    for name, pair in ((first, one), (second, other)):
        if pair is None:
            raise ModelError(
                f"the force field has no parameters for the type {name}, nor for the pair of "
                f"{first} and {second}; give it some, or say that it has no interaction but that "
                f"of its charge."
            )
    if first == second:
        assert one is not None
        return one
    if not isinstance(one, LennardJones) or not isinstance(other, LennardJones):
        raise ModelError(
            f"{first} and {second} have no pair of their own, and a Buckingham interaction does "
            f"not mix; give the pair."
        )
    epsilon = float(np.sqrt(one.epsilon_eV * other.epsilon_eV))
    if force_field.treatment.mixing == "geometric":
        return LennardJones(epsilon, float(np.sqrt(one.sigma_A * other.sigma_A)))
    return LennardJones(epsilon, (one.sigma_A + other.sigma_A) / 2)


def _numbers(pair: Pair, cutoff_A: float) -> tuple[float, ...]:
    """Return what all tables have of a pair, in their order."""
    r = cutoff_A
    if isinstance(pair, LennardJones):
        c6 = 4 * pair.epsilon_eV * pair.sigma_A**6
        c12 = c6 * pair.sigma_A**6
        value = c12 / r**12 - c6 / r**6
        slope = -12 * c12 / r**13 + 6 * c6 / r**7
        return c12, c6, 0.0, 0.0, 0.0, 0.0, value, slope, c12 / (9 * r**9) - c6 / (3 * r**3)
    return _numbers_of_buckingham(pair, r)


def _numbers_of_buckingham(pair: Buckingham, r: float) -> tuple[float, ...]:
    a, b, c6, core = pair.a_eV, pair.b_per_A, pair.c_eV_A6, pair.core_A
    assert core is not None
    if core >= r:
        raise ModelError(
            f"the hard core of {core:g} Å reaches the cutoff of {r:g} Å; make cutoff_A larger."
        )
    decayed = a * np.exp(-b * r)
    value = decayed - c6 / r**6
    slope = -b * decayed + 6 * c6 / r**7
    tail = decayed * (r**2 / b + 2 * r / b**2 + 2 / b**3) - c6 / (3 * r**3)
    return 0.0, c6, a, b, core, pair.core_energy_eV, value, slope, tail


def _numbers_of_spread(pair: Pair, r: float) -> tuple[float, ...]:
    """Return ∇²u at the cutoff, its slope there, and its integral beyond, -r² du/dr."""
    if not isinstance(pair, LennardJones):
        return 0.0, 0.0, 0.0
    c6 = 4 * pair.epsilon_eV * pair.sigma_A**6
    c12 = c6 * pair.sigma_A**6
    value = 132 * c12 / r**14 - 30 * c6 / r**8
    slope = -14 * 132 * c12 / r**15 + 8 * 30 * c6 / r**9
    return value, slope, 12 * c12 / r**11 - 6 * c6 / r**5


def _require_lennard_jones(pair: Pair, first: str, second: str) -> None:
    if not isinstance(pair, LennardJones):
        raise ModelError(
            f"feynman_hibbs_K is for Lennard-Jones interactions, and {first} and {second} have one "
            f"of Buckingham; leave it out, or give them another."
        )


def _tensor(values: FloatArray) -> torch.Tensor:
    return torch.as_tensor(values, dtype=torch.float64)
