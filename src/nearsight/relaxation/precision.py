"""Which precision a relaxation takes: single far from the minimum, double from near it on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from ase import Atoms

from nearsight.arrays import FloatArray, IntArray
from nearsight.models.contract import Capabilities, Evaluation, Model, Products, Seed
from nearsight.models.facts import Facts
from nearsight.models.mixed_precision import MixedPrecisionModel
from nearsight.provenance import ModelIdentity
from nearsight.structures.pairs import Pairs

NEAR_EV_PER_A = 0.02
"""Largest force, and row of the virial per atom, from which on precision is double. What a step
gains there, some 10⁻⁴ eV, is well above the noise of energies in single precision: 10⁻⁵ eV."""
TIMES_FMAX = 2.0
"""It is double in any case before the relaxation can end."""

Residual = Callable[[Atoms, Evaluation], float]
"""What must fall below fmax, in eV/Å."""


class DescendingModel:
    """A model of mixed precision on its way down, of which nothing is in single at the end.

    It has come near where an answer that is given, or was given before an interruption, says so.
    Such an answer is in double precision always, so that the way is the same after a resumption.

    Parameters
    ----------
    model
        The model.
    origin
        Where the descent begins. Energies of free atoms that were rounded to single precision shift
        all energies by a constant, which is taken off: what the model says here in both precisions.
    near_eV_per_A
        From which residual on precision is double.
    residual_of
        Computes the residual from what a model says.
    """

    def __init__(
        self,
        model: MixedPrecisionModel,
        origin: Atoms,
        near_eV_per_A: float,
        residual_of: Residual,
    ) -> None:
        self._model = model
        self._origin = origin
        self._near_eV_per_A = near_eV_per_A
        self._residual_of = residual_of
        self._has_come_near = False

    @property
    def identity(self) -> ModelIdentity:
        """That of the precision of now, by which steps of differences are chosen."""
        return self._now.identity

    @property
    def capabilities(self) -> Capabilities:
        """What may be asked of the model."""
        return self._model.capabilities

    @property
    def facts(self) -> Facts:
        """What is to be said of the model."""
        return self._model.facts

    def note(self, atoms: Atoms, evaluation: Evaluation) -> None:
        """Look at an answer that was given: from a small residual on precision is double."""
        self._has_come_near = self._has_come_near or self._is_near(atoms, evaluation)

    def evaluate(
        self,
        structures: Sequence[Atoms],
        *,
        forces: bool = True,
        stress: bool = False,
        pairs: Sequence[Pairs] | None = None,
    ) -> list[Evaluation]:
        """Return energies, forces and stresses; see `Model.evaluate`."""
        found = self._now.evaluate(structures, forces=forces, stress=stress, pairs=pairs)
        if self._has_come_near:
            return found
        if any(map(self._is_near, structures, found)):
            double = self._model.double
            return double.evaluate(structures, forces=forces, stress=stress, pairs=pairs)
        return [replace(each, energy_eV=each.energy_eV + self._shift_eV) for each in found]

    def rows(
        self, atoms: Atoms, seeds: Sequence[Seed], *, batch_size: int = 1
    ) -> Iterator[FloatArray]:
        """Yield rows; see `Model.rows`."""
        return self._now.rows(atoms, seeds, batch_size=batch_size)

    def linearize(
        self, atoms: Atoms, *, strain: bool = False, centres: IntArray | None = None
    ) -> Products:
        """Return the function of products; see `Model.linearize`."""
        return self._now.linearize(atoms, strain=strain, centres=centres)

    @cached_property
    def _shift_eV(self) -> float:
        """By how much energies of double precision are above those of single."""
        double, single = (
            each.evaluate([self._origin], forces=False)[0].energy_eV
            for each in (self._model.double, self._model.single)
        )
        return double - single

    @property
    def _now(self) -> Model:
        return self._model.double if self._has_come_near else self._model.single

    def _is_near(self, atoms: Atoms, evaluation: Evaluation) -> bool:
        if evaluation.forces_eV_per_A is None:
            return False
        return self._residual_of(atoms, evaluation) < self._near_eV_per_A
