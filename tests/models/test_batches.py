"""Evaluations in batches: the answers of one by one, in order, within the memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones

from nearsight.errors import MemoryBudgetError, MissingPropertyError, ModelError, StructureError
from nearsight.memory import Measured, Meter
from nearsight.models.batches import in_batches
from nearsight.models.contract import Capabilities, Evaluation
from nearsight.models.engines.ase_model import AseModel
from nearsight.models.facts import Facts
from nearsight.provenance import ModelIdentity
from nearsight.resources import Resources
from nearsight.structures.pairs import pairs_of


def argon(distance_A: float = 3.8) -> Atoms:
    return Atoms("Ar2", positions=[(0, 0, 0), (0, 0, distance_A)])


@dataclass
class Machine(Meter):
    """A model whose batches take the time and memory that they are said to, and its meter."""

    seconds_once: float = 0.0
    """For each batch, whatever its size."""
    bytes_each: int = 1
    most: float = float("inf")
    """Structures with which it runs out of memory."""
    batches: list[int] = field(default_factory=list)
    """Sizes of those that were asked for."""
    asked: list[dict[str, Any]] = field(default_factory=list)

    identity = ModelIdentity("machine", "test", None, "float64", "cpu")
    facts = Facts()
    capabilities = Capabilities(
        cutoff_A=4.0,
        receptive_field_A=4.0,
        elements=frozenset({18}),
        conservative=True,
        equivariant=True,
        atomic_energies=False,
        size_consistent=True,
        differentiable=False,
        curvature_smooth=None,
    )

    def evaluate(self, structures: Sequence[Atoms], **asked: Any) -> list[Evaluation]:
        self.batches.append(len(structures))
        self.asked.append(asked)
        if asked["stress"]:
            raise MissingPropertyError("it has no stress.")
        if len(structures) > self.most:
            raise MemoryError
        for atoms in structures:
            if set(atoms.numbers) != {18}:
                raise ModelError(f"it does not know {atoms.get_chemical_formula()}.")
        return [Evaluation(atoms.positions[1, 2], None, None, None) for atoms in structures]

    def measure(self, work: Any, device: str) -> Measured[Any]:
        result = work()
        n_structures = self.batches[-1]
        seconds = self.seconds_once + n_structures
        return Measured(result, seconds, self.bytes_each * n_structures)


def energies(answers: Any) -> list[float]:
    return [answer.energy_eV for answer in answers]


def test_answers_are_those_of_one_by_one(pair_model: Any) -> None:
    rng = np.random.default_rng(3)
    structures = []
    for size in (1, 3, 1, 2, 2, 1, 4):
        atoms = bulk("MgO", "rocksalt", a=4.2).repeat((size, 1, 1))
        atoms.rattle(0.05, rng=rng)
        structures += [atoms, atoms.copy()]
    model = pair_model()
    for pairs in (None, [pairs_of(atoms, 9.0) for atoms in structures]):
        answers = list(in_batches(model, structures, stress=True, pairs=pairs))
        for atoms, answer in zip(structures, answers, strict=True):
            [alone] = model.evaluate([atoms], stress=True)
            assert answer.energy_eV == pytest.approx(alone.energy_eV, rel=1e-13)
            for quantity in ("forces_eV_per_A", "stress_eV_per_A3"):
                one, other = getattr(answer, quantity), getattr(alone, quantity)
                np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)
    [answer] = in_batches(model, structures[:1], forces=False)
    assert answer.forces_eV_per_A is None


def test_where_batches_are_no_faster_there_are_none() -> None:
    machine = Machine()
    distances = [3.0 + 0.01 * n for n in range(40)]
    answers = in_batches(machine, map(argon, distances), meter=machine)
    assert energies(answers) == distances
    # one is warm, one is timed, two together gain nothing
    assert machine.batches == [1, 1, 2] + [1] * 36


def test_batches_double_as_long_as_they_gain() -> None:
    machine = Machine(seconds_once=3.0)  # an answer in 4, 2.5, 1.75, 1.375, 1.19, 1.094, 1.047 s
    answers = list(in_batches(machine, (argon() for _ in range(400)), meter=machine))
    assert len(answers) == 400
    assert machine.batches == [1, 1, 2, 4, 8, 16, 32, 64] + [32] * 8 + [16]


def test_memory_bounds_batches() -> None:
    machine = Machine(seconds_once=100.0, bytes_each=10)
    answers = list(
        in_batches(
            machine, (argon() for _ in range(100)), Resources(memory_bytes=105), meter=machine
        )
    )
    assert len(answers) == 100
    assert max(machine.batches) == 10
    assert machine.batches[:5] == [1, 1, 2, 4, 8]


def test_what_runs_out_of_memory_is_divided_and_the_size_remembered() -> None:
    machine = Machine(seconds_once=100.0, bytes_each=0, most=5)
    distances = [3.0 + 0.01 * n for n in range(60)]
    answers = in_batches(machine, map(argon, distances), meter=machine)
    assert energies(answers) == distances
    assert machine.batches[:6] == [1, 1, 2, 4, 8, 4]
    assert max(machine.batches[6:]) == 4


def test_one_alone_that_runs_out_of_memory_says_so_and_others_go_on() -> None:
    machine = Machine(most=0)
    answers = list(in_batches(machine, [argon(), argon()], meter=machine))
    assert [type(answer) for answer in answers] == [MemoryBudgetError] * 2
    assert str(answers[1]).startswith("structure 1, Ar2: ")


def test_what_is_predicted_not_to_fit_is_not_tried(pair_model: Any) -> None:
    structures = [
        bulk("MgO", "rocksalt", a=4.2),
        bulk("MgO", "rocksalt", a=4.2).repeat(8),
        bulk("MgO", "rocksalt", a=4.2),
    ]
    few = Resources(memory_bytes=5_000_000)
    small, large, last = in_batches(pair_model(), structures, few)
    assert isinstance(large, MemoryBudgetError)
    assert "structure 1, Mg512O512: its evaluation is predicted to take" in str(large)
    assert small.energy_eV == pytest.approx(last.energy_eV)
    [first] = in_batches(pair_model(), structures[1:2], few)
    assert isinstance(first, MemoryBudgetError)


def test_bad_structures_are_named_and_all_others_answered() -> None:
    machine = Machine(seconds_once=100.0)
    structures = [argon(3.0 + 0.01 * n) for n in range(50)]
    structures[20] = molecule("H2O")
    structures[33].positions[0, 0] = np.nan
    answers = list(in_batches(machine, structures, meter=machine))
    assert len(answers) == 50
    bad = {index: each for index, each in enumerate(answers) if isinstance(each, Exception)}
    assert set(bad) == {20, 33}
    assert type(bad[20]) is ModelError
    assert str(bad[20]) == "structure 20, H2O: it does not know H2O."
    assert type(bad[33]) is StructureError
    assert "structure 33, Ar2: position 0 is" in str(bad[33])
    for index, atoms in enumerate(structures):
        if index not in bad:
            assert answers[index].energy_eV == atoms.positions[1, 2]


def test_what_the_model_lacks_is_no_fault_of_a_structure() -> None:
    machine = Machine()
    with pytest.raises(MissingPropertyError):
        list(in_batches(machine, [argon()], stress=True, meter=machine))


def test_structures_are_read_as_they_are_needed() -> None:
    machine = Machine()
    numbers = count()
    answers = in_batches(machine, (argon(3.0 + 0.001 * n) for n in numbers), meter=machine)
    assert energies(next(answers) for _ in range(10)) == [3.0 + 0.001 * n for n in range(10)]
    assert next(numbers) < 15


@pytest.mark.parametrize("n_pairs", [1, 3])
def test_pairs_are_as_many_as_structures(n_pairs: int) -> None:
    machine = Machine()
    pairs = [pairs_of(argon(), 4.0)] * n_pairs
    with pytest.raises(ModelError, match="give one list for each"):
        list(in_batches(machine, [argon(), argon()], pairs=pairs, meter=machine))


def test_pairs_are_searched_once() -> None:
    machine = Machine()
    list(in_batches(machine, [argon()], meter=machine))
    [given] = machine.asked[0]["pairs"]
    assert given.cutoff_A == 4.0
    assert len(given.first) == 2


def test_a_structure_without_atoms_is_one_of_many() -> None:
    answers = in_batches(AseModel(LennardJones(), "lj"), [Atoms(), argon(), argon()])
    assert len(list(answers)) == 3


def test_a_model_that_leaves_structures_out_shifts_no_answers() -> None:
    class Forgetful(Machine):
        def evaluate(self, structures: Sequence[Atoms], **asked: Any) -> list[Evaluation]:
            return super().evaluate(structures, **asked)[:2]

    machine = Forgetful(seconds_once=100.0)
    distances_A = [3.0 + 0.01 * n for n in range(20)]
    assert energies(in_batches(machine, map(argon, distances_A), meter=machine)) == distances_A


def test_a_molecule_without_stress_is_a_bad_structure_and_no_bad_model() -> None:
    copper = bulk("Cu", cubic=True)
    model = AseModel(EMT(), "emt")
    answers = list(in_batches(model, [copper, molecule("CO"), copper], stress=True))
    assert "structure 1, CO: CO is not periodic" in str(answers[1])
    for answer in (answers[0], answers[2]):
        assert isinstance(answer, Evaluation)
        assert answer.stress_eV_per_A3 is not None


def test_one_structure_is_no_list_of_them() -> None:
    machine = Machine()
    with pytest.raises(ModelError, match=r"write \[atoms\]"):
        list(in_batches(machine, argon(), meter=machine))
