"""What two or more potentials say of a structure, and where that is not to be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray
from nearsight.hdnnp.kernels.compiled_potential import compile_potential
from nearsight.hdnnp.kernels.evaluation import Extrapolations, evaluate
from nearsight.hdnnp.potential import Potential
from nearsight.structures.pairs import pairs_of


@dataclass(frozen=True, eq=False)
class Judged:
    """How far each atom of a structure is from what was learnt, shape ``(n_atoms,)`` each."""

    disagreement_eV_per_A: FloatArray
    """Largest norm of the difference of the forces of two potentials."""
    overshoot: FloatArray
    """Sum over symmetry functions of how far they leave their ranges, over the widths of these; of
    the potential for which it is most. 0 within them."""


class Judges:
    """Potentials that were trained on the same data and are not the same.

    Parameters
    ----------
    potentials
        Two or more.
    """

    def __init__(self, potentials: Sequence[Potential]) -> None:
        self._potentials = tuple(potentials)
        self._compiled = [compile_potential(each) for each in potentials]
        self._cutoff_A = max(each.cutoff_A for each in potentials)

    def judge(self, atoms: Atoms) -> Judged:
        """Return how far each atom of a structure is from what was learnt."""
        pairs = pairs_of(atoms, self._cutoff_A)
        said = [evaluate(each, atoms.numbers, pairs) for each in self._compiled]
        forces = [each.forces_eV_per_A for each in said]
        disagreement = np.zeros(len(atoms))
        for one, other in combinations(forces, 2):
            assert one is not None
            assert other is not None
            np.maximum(disagreement, np.linalg.norm(one - other, axis=1), out=disagreement)
        overshoots = [
            _overshoot(potential, atoms, each.extrapolations)
            for potential, each in zip(self._potentials, said, strict=True)
        ]
        return Judged(disagreement, np.max(overshoots, axis=0))


def _overshoot(potential: Potential, atoms: Atoms, beyond: Extrapolations) -> FloatArray:
    statistics = {each.symbol: each.statistics for each in potential.elements}
    overshoot = np.zeros(len(atoms))
    for atom, function, value in zip(beyond.atoms, beyond.functions, beyond.values, strict=True):
        of_element = statistics[atoms.symbols[atom]]
        smallest, largest = of_element.smallest[function], of_element.largest[function]
        width = max(largest - smallest, np.finfo(np.float64).tiny)
        overshoot[atom] += max(smallest - value, value - largest) / width
    return overshoot
