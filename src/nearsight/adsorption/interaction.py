"""Interaction energies of a molecule with a framework: E(both) - E(framework) - E(molecule)."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from ase import Atoms

from nearsight.adsorption.framework import FARTHEST_A, Framework
from nearsight.adsorption.gases import Gas
from nearsight.arrays import FloatArray
from nearsight.errors import MemoryBudgetError, NearsightError
from nearsight.models.batches import in_batches
from nearsight.models.contract import Evaluation, HostField, HostingModel, Model
from nearsight.resources import Resources
from nearsight.structures.host_pairs import HostPairs
from nearsight.structures.molecules import as_framework
from nearsight.structures.pairs import Pairs


@dataclass(eq=False)
class Interaction:
    """A model of a gas in a framework.

    Raises
    ------
    ModelError
        The model does not know an element, or cannot compute the framework or the molecule.
    """

    framework: Framework
    gas: Gas
    model: Model
    resources: Resources | None = None
    framework_eV: float = field(init=False)
    """Energy of the empty framework."""
    molecule_eV: float = field(init=False)
    """Energy of the molecule alone, without a box."""
    n_calls: int = field(init=False, default=0)
    """Structures that the model was asked for, beside these two."""
    refusal: NearsightError | None = field(init=False, default=None)
    """Why the model had no number for a trial, the first time."""

    def __post_init__(self) -> None:
        self._field: HostField | None = None
        self._pairs: HostPairs | None = None
        if isinstance(self.model, HostingModel):
            self._field = self.model.in_host(as_framework(self.framework.cell))
        self._host = as_framework(self.framework.atoms)
        [framework] = self.model.evaluate([self._host], forces=False)
        [molecule] = self.model.evaluate([self.gas.atoms], forces=False)
        self.framework_eV, self.molecule_eV = framework.energy_eV, molecule.energy_eV
        cutoff_A = self.model.capabilities.cutoff_A
        if cutoff_A is not None and 0 < cutoff_A <= FARTHEST_A:
            # Beyond that there are too many pairs to keep: such a model, D3 for one, finds its own.
            self._pairs = HostPairs(self.framework.atoms, cutoff_A)

    @property
    def cell_eV(self) -> float:
        """Energy of one cell of the empty framework."""
        return self.framework_eV / self.framework.n_cells

    def energies_eV(self, sites_A: FloatArray) -> FloatArray:
        """Return the interaction energy of each trial, NaN where the model has none.

        Parameters
        ----------
        sites_A
            Atoms of each trial in Å, shape ``(n_trials, n_atoms, 3)``.

        Returns
        -------
        FloatArray
            Shape ``(n_trials,)``.

        Raises
        ------
        MemoryBudgetError
            One structure alone does not fit into the memory.
        """
        self.n_calls += len(sites_A)
        if self._field is not None:
            return self._field.energies_eV(self.gas.atoms, sites_A)
        answers = in_batches(
            self.model,
            (self.with_guest(each) for each in sites_A),
            self.resources,
            forces=False,
            pairs=None if self._pairs is None else self._pairs_of(sites_A),
        )
        both_eV = np.full(len(sites_A), np.nan)
        for trial, answer in enumerate(answers):
            if isinstance(answer, Evaluation):
                both_eV[trial] = answer.energy_eV
            elif isinstance(answer, MemoryBudgetError):
                raise answer
            else:
                self.refusal = self.refusal or answer
        energies: FloatArray = both_eV - self.framework_eV - self.molecule_eV
        return energies

    def slopes_eV(self, sites_A: FloatArray) -> FloatArray:
        """Return d(E/kT)/d(1/kT) of the interaction energies E of trials, shape ``(n_trials,)``.

        It is E but for a model whose energies depend on the temperature; NaN where such a model
        does not keep host and guest apart, and cannot tell. Parameters as for `energies_eV`.
        """
        if self._field is None:
            return np.full(len(sites_A), np.nan)
        return self._field.slopes_eV(self.gas.atoms, sites_A)

    def with_guest(self, sites_A: FloatArray) -> Atoms:
        """Return the framework with the molecule behind its own atoms."""
        guest = self.gas.atoms.copy()
        guest.positions = sites_A
        together: Atoms = self._host + guest
        return together

    def _pairs_of(self, sites_A: FloatArray) -> Iterator[Pairs]:
        assert self._pairs is not None
        return (self._pairs.with_guests(each) for each in sites_A)
