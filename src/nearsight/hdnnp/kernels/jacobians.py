"""Energies and forces of a structure for its descriptors, and their derivatives by weights."""

from dataclasses import dataclass

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import MethodError
from nearsight.hdnnp.kernels.compiled_potential import CompiledPotential
from nearsight.hdnnp.kernels.descriptors import Descriptors
from nearsight.hdnnp.kernels.network_kernels import (
    energies_and_forces,
    jacobian_rows,
    weighted_row,
)


@dataclass(frozen=True, eq=False)
class Jacobian:
    """An energy and components of forces, and their derivatives by the weights."""

    values: FloatArray
    """The energy in eV, then the components in eV/Å, shape ``(1 + n_components,)``."""
    blocks: tuple[FloatArray, ...]
    """Derivatives of `values` by the weights of each element, shape ``(1 + n_components,
    n_weights)``, C-contiguous, in the order of `nearsight.hdnnp.networks.parameters`."""


def jacobian(
    potential: CompiledPotential, descriptors: Descriptors, components: IntArray
) -> Jacobian:
    """Return the energy and components of forces with their derivatives by all weights.

    Closed forms: only atoms whose energies depend on the position of a force's atom enter its row.

    Parameters
    ----------
    potential
        With the weights at which derivatives are taken (`CompiledPotential.with_weights`).
    descriptors
        Of the structure, by this potential with whatever weights.
    components
        Atom and axis of each component, shape ``(n_components, 2)``; there may be none.

    Raises
    ------
    MethodError
        A component is that of no atom, or of no axis.
    """
    components = np.ascontiguousarray(components, dtype=np.int64).reshape(-1, 2)
    n_atoms = len(descriptors.elements)
    if len(components) and not ((components >= 0).all() and (components < [n_atoms, 3]).all()):
        raise MethodError(
            f"components of forces are given by an atom below {n_atoms} and an axis below 3, not "
            f"by {components.max(axis=0).tolist()} or negative numbers."
        )
    n_rows = 1 + len(components)
    values, rows = np.empty(n_rows), np.zeros(n_rows * len(potential.weights))
    jacobian_rows(
        potential.networks,
        potential.weights,
        descriptors.elements,
        descriptors.inputs,
        descriptors.slots,
        components,
        values,
        rows,
    )
    blocks = tuple(
        rows[n_rows * block.start : n_rows * block.stop].reshape(n_rows, -1)
        for block in potential.blocks
    )
    return Jacobian(values, blocks)


def predict(
    potential: CompiledPotential, descriptors: Descriptors
) -> tuple[FloatArray, FloatArray]:
    """Return atomic energies in eV, shape ``(n_atoms,)``, and forces in eV/Å, ``(n_atoms, 3)``.

    Parameters
    ----------
    potential
        The potential, in flat arrays.
    descriptors
        Values and derivatives of the symmetry functions of one structure.
    """
    n_atoms = len(descriptors.elements)
    atomic_energies, forces = np.empty(n_atoms), np.zeros((n_atoms, 3))
    energies_and_forces(
        potential.networks,
        potential.weights,
        descriptors.elements,
        descriptors.inputs,
        descriptors.slots,
        atomic_energies,
        forces,
    )
    return atomic_energies, forces


def loss_gradient(
    potential: CompiledPotential,
    descriptors: Descriptors,
    by_energy: float,
    by_forces: FloatArray,
) -> FloatArray:
    """Return the derivative by all weights of a loss of the energy and all forces.

    Parameters
    ----------
    potential
        The potential, in flat arrays.
    descriptors
        Values and derivatives of the symmetry functions of one structure.
    by_energy
        Derivative of the loss by the energy of the structure, in 1/eV.
    by_forces
        Its derivatives by the forces in Å/eV, shape ``(n_atoms, 3)``.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_weights,)``.

    Raises
    ------
    MethodError
        `by_forces` has another shape.
    """
    if by_forces.shape != (len(descriptors.elements), 3):
        raise MethodError(
            f"derivatives by forces have the shape {by_forces.shape}, not that of the forces on "
            f"{len(descriptors.elements)} atoms."
        )
    row = np.zeros(len(potential.weights))
    weighted_row(
        potential.networks,
        potential.weights,
        descriptors.elements,
        descriptors.inputs,
        descriptors.slots,
        float(by_energy),
        np.ascontiguousarray(by_forces, dtype=np.float64),
        row,
    )
    return row
