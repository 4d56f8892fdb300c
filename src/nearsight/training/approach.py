"""Two atoms alone that come closer than the data: whether a potential keeps them apart."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from nearsight.hdnnp.born_mayer import BornMayer
from nearsight.hdnnp.kernels.compiled_potential import compile_potential
from nearsight.hdnnp.kernels.evaluation import evaluate
from nearsight.hdnnp.potential import Potential
from nearsight.remarks import Remark
from nearsight.structures.pairs import pairs_of
from nearsight.training.proposing import Pair

_STEP_A = 0.02
_NEAREST = 0.2
"""Over the closest distance of the data; molecules that break come no closer."""
_NOTABLE_eV = 0.1
"""Some k_B T of what a potential is used for."""


@dataclass(frozen=True)
class Approach:
    """The energy of two atoms below their closest distance in the training set."""

    elements: Pair
    closest_A: float
    fall_eV: float
    """The most by which it falls on the way inwards: 0 where it rises all the way."""
    fall_ends_A: float
    """Distance at the end of that; `closest_A` where there is none."""


def approaches(potential: Potential, shortest_A: Mapping[Pair, float]) -> tuple[Approach, ...]:
    """Return what a potential says of two atoms of all pairs of elements as they come closer.

    Atoms with a single neighbour are like none of the data, so that this asks for more than what
    happens among others.

    Parameters
    ----------
    potential
        Networks, and what they are added to.
    shortest_A
        Closest distances in the data; see `shortest_distances_A`.
    """
    compiled = compile_potential(potential)
    results = []
    for pair in sorted(shortest_A, key=lambda pair: [atomic_numbers[each] for each in pair]):
        closest = shortest_A[pair]
        distances = np.linspace(
            closest, _NEAREST * closest, 2 + int((1 - _NEAREST) * closest / _STEP_A)
        )
        energies = []
        for r in distances:
            atoms = Atoms(pair, [[0.0, 0.0, 0.0], [0.0, 0.0, r]])
            neighbours = pairs_of(atoms, compiled.cutoff_A)
            energies.append(evaluate(compiled, atoms.numbers, neighbours, forces=False).energy_eV)
        falls = np.maximum.accumulate(energies) - energies
        end = int(np.argmax(falls))
        results.append(Approach(pair, closest, float(falls[end]), float(distances[end])))
    return tuple(results)


def falling(pairs: Iterable[Approach], kind: str) -> tuple[Remark, ...]:
    """Say which pairs a prior of some kind does not keep apart."""
    notable = sorted(
        (each for each in pairs if not each.fall_eV <= _NOTABLE_eV), key=lambda each: -each.fall_eV
    )
    if not notable:
        return ()
    worst = notable[0]
    remedy = "" if kind == BornMayer.kind else f"the `prior` {BornMayer.kind}, or "
    return (
        Remark(
            "pairs-fall",
            f"networks overcome the repulsion that they are added to: two atoms alone that come "
            f"closer than in the training data gain up to {worst.fall_eV:.2g} eV "
            f"({'-'.join(worst.elements)} from {worst.closest_A:.2f} to {worst.fall_ends_A:.2f} "
            f"Å; of {', '.join('-'.join(each.elements) for each in notable)}). Give "
            f"{remedy}data with shorter distances of these.",
        ),
    )
