"""Predictions for the structures of a training, by compiled kernels."""

from collections.abc import Sequence

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.hdnnp.kernels.compiled_potential import CompiledPotential
from nearsight.hdnnp.kernels.descriptors import Descriptors, descriptors
from nearsight.hdnnp.kernels.jacobians import jacobian, loss_gradient, predict
from nearsight.structures.pairs import pairs_of
from nearsight.training.labelled import LabelledStructure


class KernelPredictor:
    """Errors of a potential for structures, by their place, and derivatives by its weights.

    Descriptors depend on no weight: those of structures are kept as long as there is room, first
    come, and computed each time for the others, which takes about as long as a prediction.

    Parameters
    ----------
    potential
        Its weights are not used.
    structures
        The structures.
    memory_bytes
        Room for descriptors.
    """

    def __init__(
        self,
        potential: CompiledPotential,
        structures: Sequence[LabelledStructure],
        memory_bytes: int,
    ) -> None:
        self._potential, self._structures = potential, structures
        self._room_bytes = memory_bytes
        self._descriptors_of: dict[int, Descriptors] = {}

    @property
    def n_with_descriptors(self) -> int:
        """Number of structures whose descriptors are kept."""
        return len(self._descriptors_of)

    def n_components(self, place: int) -> int:
        """Return the number of components of the forces of a structure."""
        return 3 * len(self._structures[place].atoms)

    def errors(self, place: int, weights: FloatArray) -> tuple[float, FloatArray]:
        """Return labels less predictions: energy in eV, forces in eV/Å, ``(n_atoms, 3)``."""
        structure = self._structures[place]
        energies, forces = predict(self._potential.with_weights(weights), self._descriptors(place))
        energy_eV = structure.energy_eV - float(energies.sum())
        return energy_eV, structure.forces_eV_per_A - forces

    def jacobian(
        self, place: int, weights: FloatArray, components: IntArray
    ) -> tuple[FloatArray, list[FloatArray]]:
        """Return errors of an energy and components of forces, and derivatives of predictions.

        Parameters
        ----------
        place, weights
            Which structure, and with which weights.
        components
            Of the forces, by index in the flat array.

        Returns
        -------
        tuple
            Errors in eV and eV/Å, shape ``(1 + n_components,)``, and for each element the
            derivatives by its weights, ``(n_weights, 1 + n_components)``, in Fortran's order.
        """
        structure = self._structures[place]
        rows = jacobian(
            self._potential.with_weights(weights),
            self._descriptors(place),
            np.column_stack(np.divmod(components, 3)),
        )
        labels = np.concatenate(
            [[structure.energy_eV], structure.forces_eV_per_A.ravel()[components]]
        )
        return labels - rows.values, [block.T for block in rows.blocks]

    def gradient(
        self, place: int, weights: FloatArray, by_energy: float, by_forces: FloatArray
    ) -> FloatArray:
        """Return the derivative by all weights of a loss with such derivatives by predictions."""
        return loss_gradient(
            self._potential.with_weights(weights), self._descriptors(place), by_energy, by_forces
        )

    def _descriptors(self, place: int) -> Descriptors:
        if place in self._descriptors_of:
            return self._descriptors_of[place]
        atoms = self._structures[place].atoms
        computed = descriptors(
            self._potential, atoms.numbers, pairs_of(atoms, self._potential.cutoff_A)
        )
        if computed.n_bytes <= self._room_bytes:
            self._room_bytes -= computed.n_bytes
            self._descriptors_of[place] = computed
        return computed
