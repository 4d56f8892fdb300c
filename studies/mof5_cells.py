"""MOF-5 with linkers missing: a hydrogen stands for the ring on both of its carboxylates."""

import numpy as np
from ase import Atom, Atoms
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from nearsight.structures.neighbours import neighbour_pairs

_BOND_A = 1.65
_CH_A = 1.10


def phenylene_rings(atoms: Atoms) -> list[np.ndarray]:
    """Return the atoms, C6H4, of every ring."""
    i, j, _ = neighbour_pairs(atoms, _BOND_A)
    numbers = atoms.numbers
    with_oxygen = set(i[(numbers[i] == 6) & (numbers[j] == 8)])
    in_ring = np.array(
        [
            number == 1 or (number == 6 and atom not in with_oxygen)
            for atom, number in enumerate(numbers)
        ]
    )
    kept = in_ring[i] & in_ring[j]
    bonds = coo_array((np.ones(kept.sum()), (i[kept], j[kept])), shape=2 * (len(atoms),))
    _, labels = connected_components(bonds)
    with_carbon = np.unique(labels[in_ring & (numbers == 6)])  # a formate's hydrogen is alone
    rings = [np.flatnonzero(labels == label) for label in with_carbon]
    assert all(len(ring) == 10 for ring in rings), "this is not MOF-5"
    return rings


def without_linkers(atoms: Atoms, missing: list[int]) -> Atoms:
    """Replace the rings of these indices by hydrogen, which leaves two formates for each."""
    i, j, shifts = neighbour_pairs(atoms, _BOND_A)
    rings = phenylene_rings(atoms)
    removed = np.concatenate([rings[index] for index in missing]) if missing else np.array([], int)
    defective: Atoms = atoms.copy()
    for first, second, shift in zip(i, j, shifts, strict=True):
        if second in removed and first not in removed:
            bond = atoms.positions[second] + shift - atoms.positions[first]
            position = atoms.positions[first] + _CH_A * bond / np.linalg.norm(bond)
            defective.append(Atom("H", position))
    del defective[removed]
    return defective
