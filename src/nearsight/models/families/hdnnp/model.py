"""A potential as a model: kernels for energies and forces, PyTorch for rows and products."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import ModelError
from nearsight.models.contract import Capabilities, Evaluation, Products, Seed
from nearsight.models.engines.torch_graphs import graph_of
from nearsight.models.engines.torch_model import TorchModel
from nearsight.models.evaluable import require_evaluable
from nearsight.models.facts import Facts
from nearsight.models.families.hdnnp.energy import HdnnpEnergy
from nearsight.models.given_pairs import pairs_within
from nearsight.models.soundness import require_all_sound
from nearsight.provenance import ModelIdentity
from nearsight.structures.pairs import Pairs

if TYPE_CHECKING:
    from nearsight.hdnnp.kernels.compiled_potential import CompiledPotential
    from nearsight.hdnnp.kernels.local_energies import LocalEnergies


class HdnnpModel:
    """An HDNNP with both of its implementations, which agree to rounding.

    Parameters
    ----------
    energy
        The potential in PyTorch, for rows and products.
    facts
        What is to be said of it.
    kernels
        The potential compiled, for energies, forces and stresses in double precision on the CPU;
        None to take those from PyTorch, too.
    """

    def __init__(
        self, energy: HdnnpEnergy, facts: Facts, kernels: "CompiledPotential | None"
    ) -> None:
        self._energy = energy
        self._by_torch = TorchModel(energy, facts)
        self._kernels = kernels

    @property
    def identity(self) -> ModelIdentity:
        """Name, digest of all files, dtype, device and units."""
        return self._energy.identity

    @property
    def capabilities(self) -> Capabilities:
        """What may be asked of the model."""
        return self._energy.capabilities

    @property
    def facts(self) -> Facts:
        """Licence, citation, level of theory and what else is to be said of the model."""
        return self._by_torch.facts

    def evaluate(
        self,
        structures: Sequence[Atoms],
        *,
        forces: bool = True,
        stress: bool = False,
        pairs: Sequence[Pairs] | None = None,
    ) -> list[Evaluation]:
        """Return energies, forces, stresses and extrapolations; see `Model.evaluate`."""
        require_evaluable(structures, self, stress=stress)
        cutoff_A = self._energy.cutoff_A
        within = pairs_within(structures, pairs, cutoff_A, self.identity.name)
        if self._kernels is not None:
            evaluations = [
                _by_kernels(self._kernels, atoms, own, forces=forces, stress=stress)
                for atoms, own in zip(structures, within, strict=True)
            ]
            require_all_sound(evaluations, structures, self.identity.name)
            return evaluations
        evaluations = self._by_torch.evaluate(
            structures, forces=forces, stress=stress, pairs=within
        )
        return [
            replace(one, extrapolations=beyond)
            for one, beyond in zip(
                evaluations, self._extrapolations(structures, within), strict=True
            )
        ]

    def rows(
        self, atoms: Atoms, seeds: Sequence[Seed], *, batch_size: int = 1
    ) -> Iterator[FloatArray]:
        """Yield analytic rows; see `Model.rows`."""
        return self._by_torch.rows(atoms, seeds, batch_size=batch_size)

    def linearize(
        self,
        atoms: Atoms,
        *,
        strain: bool = False,
        centres: IntArray | None = None,
    ) -> Products:
        """Return analytic products; see `Model.linearize`."""
        return self._by_torch.linearize(atoms, strain=strain, centres=centres)

    @property
    def computes_changes(self) -> bool:
        """Whether there are kernels: in double precision on the CPU."""
        return self._kernels is not None

    def changing(self, atoms: Atoms) -> "LocalEnergies":
        """Return a structure to be changed; see `LocalModel.changing`."""
        if self._kernels is None:
            identity = self.identity
            raise ModelError(
                f"{identity.name} computes only whole structures in {identity.dtype} on "
                f"{identity.device}; changes of them need float64 on the CPU."
            )
        from nearsight.hdnnp.kernels.local_energies import (
            LocalEnergies,
        )  # numba, which need not be here

        return LocalEnergies(self._kernels, atoms)

    def _extrapolations(
        self, structures: Sequence[Atoms], pairs: Sequence[Pairs]
    ) -> list[IntArray]:
        if not structures:
            return []
        graph = graph_of(self._energy, structures, pairs)
        ends = np.cumsum(graph.atoms_per_structure)
        return np.split(self._energy.extrapolations(graph), ends[:-1])


def _by_kernels(
    kernels: "CompiledPotential", atoms: Atoms, pairs: Pairs, *, forces: bool, stress: bool
) -> Evaluation:
    from nearsight.hdnnp.kernels.evaluation import evaluate  # numba, which need not be here

    computed = evaluate(kernels, atoms.numbers, pairs, forces=forces, stress=stress)
    return Evaluation(
        energy_eV=computed.energy_eV,
        forces_eV_per_A=computed.forces_eV_per_A,
        stress_eV_per_A3=computed.stress_eV_per_A3,
        atomic_energies_eV=computed.atomic_energies_eV,
        extrapolations=np.bincount(computed.extrapolations.atoms, minlength=len(atoms)),
    )
