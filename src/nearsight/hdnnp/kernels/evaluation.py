"""Energies, forces and stress of a structure, and where symmetry functions extrapolate."""

from dataclasses import dataclass

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.compiling import compiled
from nearsight.errors import StructureError
from nearsight.hdnnp.kernels.compiled_potential import CompiledPotential
from nearsight.hdnnp.kernels.neighbourhoods import neighbourhoods
from nearsight.hdnnp.kernels.network_kernels import energies, energies_and_gradients
from nearsight.hdnnp.kernels.repulsion_kernels import add_repulsion
from nearsight.hdnnp.kernels.symmetry_kernels import (
    Neighbourhoods,
    pair_gradients,
    symmetry_functions,
)
from nearsight.structures.pairs import Pairs
from nearsight.structures.strain import VOIGT

NO_GRADIENTS: FloatArray = np.empty((0, 3))


@dataclass(frozen=True, eq=False)
class Extrapolations:
    """Symmetry functions beyond the range that they had over the training data.

    Those that are so by more than 1000 times the precision of a number, which is n2p2's rule, one
    entry for each function and atom.
    """

    atoms: IntArray
    """Shape ``(n_extrapolations,)``, as of all of these."""
    functions: IntArray
    """By index in the functions of the atom's element."""
    values: FloatArray

    def __len__(self) -> int:
        return len(self.atoms)


@dataclass(frozen=True, eq=False)
class KernelEvaluation:
    """What kernels say of one structure."""

    atomic_energies_eV: FloatArray
    """Shape ``(n_atoms,)``."""
    forces_eV_per_A: FloatArray | None
    """Shape ``(n_atoms, 3)``; None unless asked for."""
    stress_eV_per_A3: FloatArray | None
    """Shape ``(6,)``, Voigt order xx, yy, zz, yz, xz, xy, ASE's sign; None unless asked for."""
    extrapolations: Extrapolations

    @property
    def energy_eV(self) -> float:
        """The sum of the atomic energies."""
        return float(self.atomic_energies_eV.sum())


def evaluate(
    potential: CompiledPotential,
    numbers: IntArray,
    pairs: Pairs,
    *,
    forces: bool = True,
    stress: bool = False,
) -> KernelEvaluation:
    """Return the energies of a structure, with the derivatives that are asked for.

    Symmetry functions of all atoms are kept, their derivatives are not: the memory is that of the
    pairs.

    Parameters
    ----------
    potential
        See `compile_potential`.
    numbers
        Atomic numbers, shape ``(n_atoms,)``.
    pairs
        The pairs of the structure up to the cutoff of the potential or farther.
    forces, stress
        Which derivatives are asked for.

    Raises
    ------
    ModelError
        The potential has no network for an element.
    MethodError
        The pairs do not reach the cutoff, or are those of another number of atoms.
    StructureError
        A position is not finite; a stress is asked for of what is not a crystal.
    """
    elements = potential.elements_of(numbers)
    if stress and not pairs.periodic.all():
        raise StructureError(
            f"a stress is that of a crystal, but this structure is periodic along "
            f"{pairs.periodic.tolist()} only; ask for forces alone."
        )
    hoods = neighbourhoods(potential, elements, pairs)
    values = np.zeros((len(elements), potential.n_inputs))
    symmetry_functions(potential.functions, hoods, values)
    extrapolations = extrapolations_of(potential, elements, values, hoods.centres)
    atomic_energies = np.empty(len(elements))
    if not (forces or stress):
        energies(potential.networks, potential.weights, elements, values, atomic_energies)
        repel(potential, hoods, atomic_energies, NO_GRADIENTS)
        return KernelEvaluation(atomic_energies, None, None, extrapolations)
    by_values = np.empty_like(values)
    energies_and_gradients(
        potential.networks, potential.weights, elements, values, atomic_energies, by_values
    )
    gradients = np.zeros_like(hoods.vectors)
    pair_gradients(potential.functions, hoods, by_values, gradients)
    repel(potential, hoods, atomic_energies, gradients)
    forces_of, virial = _sums(
        hoods.ranges, hoods.neighbours, hoods.vectors, gradients, len(elements)
    )
    volume_A3 = abs(float(np.linalg.det(pairs.cell_A)))
    return KernelEvaluation(
        atomic_energies,
        forces_of / potential.length_A if forces else None,
        np.array([virial[a, b] for a, b in VOIGT]) / volume_A3 if stress else None,
        extrapolations,
    )


def repel(
    potential: CompiledPotential,
    hoods: Neighbourhoods,
    atomic_energies: FloatArray,
    gradients: FloatArray,
) -> None:
    """Add the repulsion of a potential, if it has one; see `add_repulsion`."""
    if potential.repulsion is not None:
        add_repulsion(
            potential.repulsion,
            potential.length_A,
            hoods.elements,
            hoods.ranges,
            hoods.neighbour_elements,
            hoods.vectors,
            hoods.distances,
            atomic_energies,
            gradients,
        )


def extrapolations_of(
    potential: CompiledPotential, elements: IntArray, values: FloatArray, atoms: IntArray
) -> Extrapolations:
    """Return the extrapolations of atoms with these elements and symmetry functions."""
    beyond = _beyond(elements, potential.n_functions, potential.smallest, potential.largest, values)
    rows, functions = beyond.T
    return Extrapolations(atoms[rows], functions, values[rows, functions])


@compiled
def _beyond(
    elements: IntArray,
    n_functions: IntArray,
    smallest: FloatArray,
    largest: FloatArray,
    values: FloatArray,
) -> IntArray:
    """Return atoms and functions that are not within their range, shape ``(n, 2)``."""
    entries = []
    for i in range(len(elements)):
        element = elements[i]
        for k in range(n_functions[element]):
            # NaN is within no range
            if not smallest[element, k] <= values[i, k] <= largest[element, k]:
                entries.append((i, k))  # noqa: PERF401 (it is compiled)
    beyond = np.empty((len(entries), 2), dtype=np.int64)
    for index in range(len(entries)):
        beyond[index, 0], beyond[index, 1] = entries[index]
    return beyond


@compiled
def _sums(
    ranges: IntArray, neighbours: IntArray, vectors: FloatArray, gradients: FloatArray, n_atoms: int
) -> tuple[FloatArray, FloatArray]:
    """Return forces on all atoms and the virial ∂E/∂ε, shape ``(3, 3)``, from those of pairs."""
    forces = np.zeros((n_atoms, 3))
    virial = np.zeros((3, 3))
    for i in range(n_atoms):
        for p in range(ranges[i], ranges[i + 1]):
            for x in range(3):
                gradient = gradients[p, x]
                forces[i, x] += gradient
                forces[neighbours[p], x] -= gradient
                for y in range(3):
                    # symmetric but for rounding, since no function changes by a rotation
                    virial[x, y] += 0.5 * gradient * vectors[p, y]
                    virial[y, x] += 0.5 * gradient * vectors[p, y]
    return forces, virial
