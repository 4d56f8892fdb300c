"""Energies of atoms that are taken off before a network learns the rest."""

from collections.abc import Mapping, Sequence

import numpy as np
from ase.data import atomic_numbers

from nearsight.arrays import FloatArray
from nearsight.errors import MethodError
from nearsight.training.labelled import LabelledStructure

_ROUNDING = 1e-11
"""Of energies per atom: what a fit that explains all of them leaves is less."""
_RANK = 1e-9
"""Of numbers of atoms: what is less is rounding."""


def fitted_atomic_energies(
    structures: Sequence[LabelledStructure], symbols: Sequence[str]
) -> dict[str, float]:
    """Return energies of elements in eV that explain total energies best.

    Least squares of sum_elements n_element E_element; of many such sets, as where there are fewer
    compositions than elements, the one with the least sum of squares.
    """
    counts = composition(structures, symbols)
    energies = np.array([each.energy_eV for each in structures])
    fitted, *_ = np.linalg.lstsq(counts, energies, rcond=None)
    return dict(zip(symbols, fitted.tolist(), strict=True))


def atomic_energies(
    structures: Sequence[LabelledStructure], symbols: Sequence[str], given: Mapping[str, float]
) -> dict[str, float]:
    """Return the energies of free atoms that are given, or those of a fit.

    Raises
    ------
    MethodError
        They are given for some elements only, or for others.
    """
    if not given:
        return fitted_atomic_energies(structures, symbols)
    if set(given) != set(symbols):
        raise MethodError(
            f"`atomic_energies` are of {', '.join(given)}, and the data has {', '.join(symbols)}; "
            f"give one for each of the latter, or none."
        )
    return {symbol: given[symbol] for symbol in symbols}


def beyond_fit(
    learnt: Sequence[LabelledStructure],
    others: Sequence[LabelledStructure],
    symbols: Sequence[str],
) -> list[LabelledStructure]:
    """Return those of others whose sum of energies of atoms no fit to `learnt` determines.

    Their composition is no linear combination of compositions that are learnt.
    """
    counts = np.unique(composition(learnt, symbols), axis=0)
    _, sizes, directions = np.linalg.svd(counts, full_matrices=False)
    directions = directions[sizes > _RANK * sizes.max()]
    of_others = composition(others, symbols)
    left = np.linalg.norm(of_others - of_others @ directions.T @ directions, axis=1)
    return [each for each, size in zip(others, left, strict=True) if size > _RANK * sizes.max()]


def mean_and_spread_eV_per_atom(
    structures: Sequence[LabelledStructure], free_eV: Mapping[str, float]
) -> tuple[float, float]:
    """Return mean and standard deviation of energies per atom, less those of free atoms.

    The latter is exactly 0 where nothing but rounding is left, as where there are no more
    structures than compositions: it is no size that anything could be compared with.
    """
    counts = composition(structures, tuple(free_eV))
    energies = np.array([each.energy_eV for each in structures])
    n_atoms = counts.sum(axis=1)
    per_atom = (energies - counts @ np.array(list(free_eV.values()))) / n_atoms
    spread = float(per_atom.std())
    if spread <= _ROUNDING * float(np.abs(energies / n_atoms).max()):
        spread = 0.0
    return float(per_atom.mean()), spread


def composition(structures: Sequence[LabelledStructure], symbols: Sequence[str]) -> FloatArray:
    """Return the number of atoms of each element, shape ``(n_structures, n_symbols)``."""
    numbers = [atomic_numbers[symbol] for symbol in symbols]
    return np.array(
        [[each.counts.get(number, 0) for number in numbers] for each in structures],
        dtype=np.float64,
    )
