"""A model as an ASE calculator, for ASE's optimizers, dynamics and filters."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

from nearsight.errors import MethodError
from nearsight.models.contract import Evaluation, Model
from nearsight.structures.pairs import Pairs

Adjust = Callable[[Atoms, Evaluation], Evaluation]


class ModelCalculator(Calculator):
    """Energy, forces and stress of a model in ASE's units, through `Model.evaluate`.

    Forces and stress are computed only when they are asked for; whoever asks once is taken to want
    them for every later geometry, so that one evaluation serves energy, forces and stress.

    Parameters
    ----------
    model
        The model; what it raises passes through.
    adjust
        Applied to every evaluation, such as a projection onto the space group.
    pairs
        Returns the pairs of a structure, such as `SkinPairs.of` where it moves in small steps; None
        to let the model search each time.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.models import ModelCalculator, load_model
    >>> copper = bulk("Cu")
    >>> copper.calc = ModelCalculator(load_model("ase:emt"))
    >>> print(f"{copper.get_potential_energy():.3f} eV")
    -0.006 eV
    """

    def __init__(
        self,
        model: Model,
        *,
        adjust: Adjust | None = None,
        pairs: Callable[[Atoms], Pairs] | None = None,
    ) -> None:
        super().__init__()
        self.implemented_properties = ["energy", "free_energy", "forces", "stress"]
        self.model = model
        self.evaluation: Evaluation | None = None
        """The last one as the model gave it, before it was adjusted."""
        self._adjust = adjust
        self._pairs = pairs
        self._asked: set[str] = set()

    def check_state(self, atoms: Atoms, tol: float = 0.0) -> list[str]:  # noqa: ARG002
        """Return what of `atoms` differs from the last structure, to the last bit.

        ASE's own allows for a tolerance, and asks for changes several times a step: with a quick
        model that takes longer than the step.
        """
        last: Atoms | None = self.atoms
        if last is None:
            return list(all_changes)
        return [name for name in all_changes if not _same(name, last, atoms)]

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = tuple(all_changes),
    ) -> None:
        """Evaluate the model for `atoms`; ASE calls this when its cache does not serve.

        Raises
        ------
        MethodError
            There is no structure.
        ModelError
            See `Model.evaluate`.
        """
        super().calculate(atoms, list(properties), list(system_changes))
        structure: Atoms | None = self.atoms
        if structure is None:
            raise MethodError("The calculator has no structure; attach it to one first.")
        self._asked |= set(properties)
        stress = "stress" in self._asked
        # Whoever follows a stress follows forces too, and one reverse pass gives both.
        forces = stress or "forces" in self._asked
        evaluation = self.evaluated(structure, forces=forces, stress=stress)
        self.evaluation = evaluation
        if self._adjust is not None:
            evaluation = self._adjust(structure, evaluation)
        results: dict[str, Any] = {
            "energy": evaluation.energy_eV,
            # ASE's optimizers follow the energy whose gradient the forces are.
            "free_energy": evaluation.energy_eV,
        }
        if evaluation.forces_eV_per_A is not None:
            results["forces"] = evaluation.forces_eV_per_A
        if evaluation.stress_eV_per_A3 is not None:
            results["stress"] = evaluation.stress_eV_per_A3
        self.results = results

    def evaluated(self, structure: Atoms, *, forces: bool, stress: bool) -> Evaluation:
        """Return what the model says of a structure."""
        pairs = None if self._pairs is None else [self._pairs(structure)]
        [evaluation] = self.model.evaluate([structure], forces=forces, stress=stress, pairs=pairs)
        return evaluation


def _same(name: str, one: Atoms, other: Atoms) -> bool:
    if name == "cell":
        return np.array_equal(one.cell.array, other.cell.array)
    if name == "pbc":
        return np.array_equal(one.pbc, other.pbc)
    mine, theirs = one.arrays.get(name), other.arrays.get(name)
    if mine is None or theirs is None:
        return mine is theirs
    return np.array_equal(mine, theirs)
