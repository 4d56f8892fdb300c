"""Any model as a level: whole configurations, in batches over chains."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from ase import Atoms

from nearsight.adsorption.framework import FARTHEST_A, Framework, with_guests
from nearsight.adsorption.gases import Gas
from nearsight.adsorption.gcmc.guests import Guests
from nearsight.arrays import FloatArray
from nearsight.errors import (
    MemoryBudgetError,
    MethodError,
    ModelError,
    NearsightError,
    StructureError,
)
from nearsight.memory import is_out_of_memory, out_of_memory_message
from nearsight.models.contract import Model
from nearsight.structures.host_pairs import HostPairs
from nearsight.structures.molecules import as_framework
from nearsight.structures.pairs import Pairs


@dataclass(eq=False)
class ModelEnergies:
    """Interaction energies of guests by a model: E(all) - E(framework) - N E(molecule).

    Batches are of the same size whatever their speed, so that a run that goes on has the same
    numbers to the bit: those of a model may depend on what is computed beside.

    Raises
    ------
    MethodError
        `at_once` is not above 0.
    ModelError
        The model does not know an element, or cannot compute the framework or the molecule.
    """

    framework: Framework
    gas: Gas
    model: Model
    at_once: int = 1
    """Configurations of a batch."""
    framework_eV: float = field(init=False)
    """Energy of the empty framework."""
    molecule_eV: float = field(init=False)
    """Energy of the molecule alone, without a box."""
    n_calls: int = field(init=False, default=0)
    """Configurations that the model was asked for, without these two."""
    refusal: NearsightError | None = field(init=False, default=None)
    """Why the model had no number, the first time."""

    def __post_init__(self) -> None:
        if self.at_once < 1:
            raise MethodError(f"at_once is 1 or more, not {self.at_once}.")
        self._pairs: HostPairs | None = None
        self._host = as_framework(self.framework.atoms)
        [framework] = self.model.evaluate([self._host], forces=False)
        [molecule] = self.model.evaluate([self.gas.atoms], forces=False)
        self.framework_eV, self.molecule_eV = framework.energy_eV, molecule.energy_eV
        cutoff_A = self.model.capabilities.cutoff_A
        if cutoff_A is not None and 0 < cutoff_A <= FARTHEST_A:
            # Beyond that there are too many pairs to keep: such a model, D3 for one, finds its own.
            self._pairs = HostPairs(self.framework.atoms, cutoff_A)

    def energies_eV(self, guests: Guests) -> FloatArray:
        """Return the energy of each chain in eV, NaN where the model has none.

        Raises
        ------
        MemoryBudgetError
            The structures of a batch do not fit into the memory.
        """
        energies = np.zeros(guests.n_chains)
        filled = np.flatnonzero(guests.counts)  # nothing is computed of an empty framework
        for begin in range(0, len(filled), self.at_once):
            batch = filled[begin : begin + self.at_once].tolist()
            sites = [guests.sites_A[chain, : guests.counts[chain]] for chain in batch]
            energies[batch] = self._of_batch(sites)
        return energies

    def with_guests(self, sites_A: FloatArray) -> Atoms:
        """Return the framework with molecules behind its own atoms.

        Parameters
        ----------
        sites_A
            Shape ``(n_molecules, n_atoms, 3)``.
        """
        return with_guests(self._host, self.gas, sites_A)

    def _of_batch(self, sites_A: list[FloatArray]) -> FloatArray:
        try:
            return self._computed(sites_A)
        except (ModelError, StructureError) as error:
            if len(sites_A) == 1:
                self.refusal = self.refusal or error
                return np.full(1, np.nan)
        except (MemoryError, RuntimeError, OSError) as error:
            if not is_out_of_memory(error):
                raise
            raise MemoryBudgetError(
                f"{out_of_memory_message(error)} Fewer configurations at a time (at_once) or a "
                f"smaller cell need less."
            ) from error
        return np.concatenate([self._of_batch([each]) for each in sites_A])

    def _computed(self, sites_A: list[FloatArray]) -> FloatArray:
        self.n_calls += len(sites_A)
        structures = [self.with_guests(each) for each in sites_A]
        pairs = None if self._pairs is None else list(self._pairs_of(self._pairs, sites_A))
        answers = self.model.evaluate(structures, forces=False, pairs=pairs)
        both = np.array([answer.energy_eV for answer in answers])
        n_molecules = np.array([len(each) for each in sites_A])
        energies: FloatArray = both - self.framework_eV - n_molecules * self.molecule_eV
        return energies

    @staticmethod
    def _pairs_of(pairs: HostPairs, sites_A: list[FloatArray]) -> Iterator[Pairs]:
        return (pairs.with_guests(each.reshape(-1, 3)) for each in sites_A)
