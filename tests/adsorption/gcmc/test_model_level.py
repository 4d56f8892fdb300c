"""Any model as a level: batches, failures, and what is counted."""

from collections.abc import Sequence

import numpy as np
import pytest
from ase import Atoms

from nearsight.adsorption.framework import framework_of
from nearsight.adsorption.gases import gas_named
from nearsight.adsorption.gcmc.guests import Configuration, Guests
from nearsight.adsorption.gcmc.model_level import ModelEnergies
from nearsight.errors import MemoryBudgetError, MethodError, ModelError
from nearsight.models.contract import Capabilities, Evaluation, Model
from nearsight.models.registry import load_model
from nearsight.provenance import ModelIdentity
from nearsight.structures.molecules import molecules_of
from nearsight.structures.pairs import Pairs

GAS = gas_named("Ar")
FRAMEWORK = framework_of(Atoms("Ne", cell=8.0 * np.eye(3), pbc=True), 12.0)


class OnlyFew:
    """A model behind which everything with many molecules fails, and whose calls are noted."""

    def __init__(self, model: Model, most: int, error: Exception) -> None:
        self._model, self._most, self._error = model, most, error
        self.batches: list[int] = []

    @property
    def identity(self) -> ModelIdentity:
        return self._model.identity

    @property
    def capabilities(self) -> Capabilities:
        return self._model.capabilities

    def evaluate(
        self,
        structures: Sequence[Atoms],
        *,
        forces: bool = True,
        pairs: Sequence[Pairs] | None = None,
    ) -> list[Evaluation]:
        self.batches.append(len(structures))
        if any(molecules_of(each).max() > self._most for each in structures):
            raise self._error
        return self._model.evaluate(structures, forces=forces, pairs=pairs)


@pytest.fixture
def model() -> Model:
    return load_model("forcefield:uff?coulomb=no&cutoff_A=6", device="cpu")


def guests(*numbers: int) -> Guests:
    rng = np.random.default_rng(0)
    cell_A = FRAMEWORK.atoms.cell.array
    return Guests.of(
        [
            Configuration(rng.random((n, 3)) @ cell_A, np.tile([1.0, 0, 0, 0], (n, 1)))
            for n in numbers
        ],
        GAS.sites_A,
    )


def test_energies_are_those_of_each_structure_alone(model: Model) -> None:
    some = guests(0, 3, 1, 5)
    energies = ModelEnergies(FRAMEWORK, GAS, model)
    by_ones = energies.energies_eV(some)
    for chain in range(4):
        together = energies.with_guests(some.sites_A[chain, : some.counts[chain]])
        [both] = model.evaluate([together], forces=False)
        assert by_ones[chain] == pytest.approx(both.energy_eV - energies.framework_eV, abs=1e-9)
    assert by_ones[0] == 0
    assert energies.n_calls == 3  # none for the empty framework
    at_once = ModelEnergies(FRAMEWORK, GAS, model, at_once=3).energies_eV(some)
    np.testing.assert_allclose(at_once, by_ones, rtol=1e-12)


def test_one_that_fails_takes_no_other_with_it(model: Model) -> None:
    some = guests(2, 9, 1, 3)
    failing = OnlyFew(model, 5, ModelError("too many molecules"))
    energies = ModelEnergies(FRAMEWORK, GAS, failing, at_once=4)
    found = energies.energies_eV(some)
    expected = ModelEnergies(FRAMEWORK, GAS, model).energies_eV(some)
    np.testing.assert_array_equal(np.isnan(found), [False, True, False, False])
    np.testing.assert_allclose(found[[0, 2, 3]], expected[[0, 2, 3]], rtol=1e-12)
    assert str(energies.refusal) == "too many molecules"


def test_too_little_memory_is_no_rejection(model: Model) -> None:
    failing = OnlyFew(model, 5, MemoryError("out of memory"))
    energies = ModelEnergies(FRAMEWORK, GAS, failing)
    with pytest.raises(MemoryBudgetError, match="at_once"):
        energies.energies_eV(guests(9))
    with pytest.raises(MethodError, match="at_once is 1 or more, not 0"):
        ModelEnergies(FRAMEWORK, GAS, model, at_once=0)


def test_other_errors_are_not_swallowed(model: Model) -> None:
    failing = OnlyFew(model, 5, RuntimeError("a wrong shape"))
    with pytest.raises(RuntimeError, match="a wrong shape"):
        ModelEnergies(FRAMEWORK, GAS, failing).energies_eV(guests(9))
