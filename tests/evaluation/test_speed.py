"""Speed by a clock of its own: what is told follows from what each call takes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from gases import SoundGas
from nearsight.errors import MemoryBudgetError, MissingPropertyError
from nearsight.evaluation import Work, examination_named
from nearsight.evaluation.failure import NotApplicableError
from nearsight.evaluation.speed.examination import Effort, compute
from nearsight.evaluation.speed.result import Speed, power_of
from nearsight.evaluation.speed.structures import HELIUM_PER_A3, helium, structures
from nearsight.evaluation.speed.timing import Patience, Series, refusal
from nearsight.memory import Measured, Meter
from nearsight.models.contract import Evaluation
from nearsight.models.engines.ase_model import AseModel
from nearsight.testing.structures import mof5

EFFORT = Effort(
    n_helium=(10, 40, 160, 640), mof5_cells=(), n_repeats=6, enough_s=1e9, longest_s=1e9
)
ROOMY = 10**12


@dataclass
class Clocked:
    """A model whose calls take a known time and memory, in terms of the atoms n."""

    power: float = 1.5
    has_stress: bool = True
    fails_at: int = 10**9
    failure: Exception = field(default_factory=lambda: MemoryError("no more"))
    elements: frozenset[int] | None = None
    seconds: float = 0.0
    memory_bytes: int = 0
    asked: list[Atoms] = field(default_factory=list)
    stated = AseModel(SoundGas(), dtype="float64")

    @property
    def identity(self) -> Any:
        return self.stated.identity

    @property
    def capabilities(self) -> Any:
        return replace(self.stated.capabilities, elements=self.elements)

    def evaluate(
        self, structures: Sequence[Atoms], *, forces: bool = True, stress: bool = False
    ) -> list[Evaluation]:
        if stress and not self.has_stress:
            raise MissingPropertyError("it has no stress.")
        [atoms] = structures
        self._take(atoms, 1.0 + 2.0 * forces + 0.3 * stress)
        return [Evaluation(0.0, None, None, None)]

    def rows(self, atoms: Atoms, seeds: Sequence[Any]) -> Iterator[np.ndarray]:
        for _ in seeds:
            self._take(atoms, 4.5)
            yield np.zeros((len(atoms), 3))

    def _take(self, atoms: Atoms, weight: float) -> None:
        if len(atoms) >= self.fails_at:
            raise self.failure
        self.asked.append(atoms)
        self.seconds += 1e-3 * weight * len(atoms) ** self.power
        self.memory_bytes = 1000 * len(atoms)


class Clock(Meter):
    """The clock and the memory of such a model."""

    def __init__(self, model: Clocked) -> None:
        self.model = model

    def now(self) -> float:
        return self.model.seconds

    def measure(self, work: Any, device: str) -> Any:
        return Measured(work(), 0.0, self.model.memory_bytes)


def measured(model: Clocked, effort: Effort = EFFORT, free_bytes: int = ROOMY) -> Speed:
    return compute(model, effort, Work(), meter=Clock(model), free_bytes=lambda _: free_bytes)


def test_times_memory_and_powers_are_those_of_the_model() -> None:
    speed = measured(Clocked())
    forces = speed.series("helium", "forces")
    assert [each.n_atoms for each in forces] == [10, 40, 160, 640]
    for each in forces:
        assert each.seconds == pytest.approx([3e-3 * each.n_atoms**1.5] * 5)
        assert each.memory_bytes == 1000 * each.n_atoms
    assert speed.exponent_of_helium.value == pytest.approx(1.5)
    assert speed.exponent_of_helium.spread == pytest.approx(0.0, abs=1e-6)
    assert speed.dynamics_of_helium.value == pytest.approx(0.0864 / (3e-3 * 640**1.5))
    assert speed.forces_over_energies.value == pytest.approx(3.0)
    assert speed.stress_over_forces.value == pytest.approx(1.1)
    assert speed.row_over_forces.value == pytest.approx(1.5)
    assert speed.memory_per_atom.value == pytest.approx(1000 / 2**20)
    assert speed.dynamics_of_mof5.value is None
    assert speed.surroundings.processor in speed.dynamics_of_helium.detail


def test_no_structure_is_asked_about_twice_and_five_atoms_come_first() -> None:
    model = Clocked()
    measured(model)
    seen = {each.positions.tobytes() for each in model.asked if len(each) > 5}
    # Six repetitions of four sizes: rows ask twice about each.
    assert len(seen) == 4 * 4 * 6
    sizes = [len(each) for each in model.asked]
    assert sizes[:8] == [5, 10, 10, 10, 10, 10, 10, 5]


def test_a_model_that_is_slow_is_asked_less_often() -> None:
    effort = Effort(n_helium=(10, 40), mof5_cells=(), n_repeats=20, enough_s=0.2, longest_s=1e9)
    forces = measured(Clocked(), effort).series("helium", "forces")
    assert [len(each.seconds) for each in forces] == [3, 1]  # 0.095 s and 0.76 s each


def test_what_would_take_too_long_or_too_much_is_not_begun() -> None:
    effort = Effort(n_helium=(10, 40, 160), mof5_cells=(), n_repeats=3, enough_s=1e9, longest_s=3)
    slow = measured(Clocked(), effort)
    assert [each.n_atoms for each in slow.series("helium", "forces")] == [10, 40]
    assert (
        slow.timings["helium-160-forces"].why_not == "one call would take some 6.1 s, more than 3 s"
    )
    assert "helium-640-forces" not in slow.timings
    assert "6.1 s" in slow.largest.detail
    small = measured(Clocked(), free_bytes=100_000)
    assert [each.n_atoms for each in small.series("helium", "forces")] == [10, 40]
    assert "of memory, and 9.31e-05 GiB may be used" in small.largest.detail
    assert small.largest.value == 40.0
    assert {each.kind for each in small.failures.values()} == {"out of memory"}  # may be redone
    assert grade(small) == "good"
    assert "too little memory: helium-160-energies, helium-160-forces" in small.sizes_failed.detail


def test_memory_that_runs_out_is_a_failure_and_smaller_sizes_stand() -> None:
    speed = measured(Clocked(fails_at=160))
    assert {each.kind for each in speed.failures.values()} == {"out of memory"}
    assert set(speed.failures) == {
        f"helium-160-{asked}" for asked in ("energies", "forces", "stress", "rows")
    }
    assert speed.sizes_failed.value == 0.0
    assert speed.largest.value == 40.0
    assert speed.largest.detail == "helium; helium-160: no more"


def grade(speed: Speed) -> str:
    metric = next(
        each for each in examination_named("speed").metrics if each.name == "sizes_failed"
    )
    return metric.grade(speed.sizes_failed)


def test_an_error_at_a_size_is_held_against_the_model() -> None:
    speed = measured(Clocked(fails_at=160, failure=RuntimeError("no kernel for so many atoms")))
    assert set(speed.failures) == {
        f"helium-160-{asked}" for asked in ("energies", "forces", "stress", "rows")
    }
    assert speed.sizes_failed.value == 4.0
    assert grade(speed) == "poor"


def test_structures_of_elements_that_a_model_does_not_know_are_not_asked_about() -> None:
    effort = replace(EFFORT, n_helium=(10,), mof5_cells=((1, 1, 1),))
    model = Clocked(elements=frozenset({1, 6, 8, 30}))
    speed = measured(model, effort)
    assert not speed.failures
    assert {each.material for each in speed.timings.values()} == {"MOF-5"}
    with pytest.raises(NotApplicableError, match="none of helium, MOF-5"):
        measured(Clocked(elements=frozenset({14})), effort)


def test_a_model_without_stress_is_no_failure() -> None:
    speed = measured(Clocked(has_stress=False))
    assert not speed.failures
    assert speed.stress_over_forces.value is None
    assert speed.stress_over_forces.detail == "it has no stress"


def test_a_power_has_the_error_of_a_regression() -> None:
    rng = np.random.default_rng(1)
    sizes = [10, 30, 100, 300, 1000]
    found = [
        power_of(sizes, list(np.array(sizes) ** 1.2 * np.exp(rng.normal(scale=0.1, size=5))))
        for _ in range(400)
    ]
    powers, errors = np.array(found, dtype=float).T
    assert abs(powers.mean() - 1.2) < 4 * powers.std() / 20
    assert np.sqrt((errors**2).mean()) == pytest.approx(powers.std(), rel=0.1)
    assert power_of([10, 100], [1.0, 10.0]) == (pytest.approx(1.0), None)


def test_structures_have_their_sizes_and_densities() -> None:
    made = structures((10, 64), ((1, 1, 1), (2, 1, 1)))
    assert list(made["helium"]) == [10, 64]
    assert list(made["MOF-5"]) == [106, 212]
    for materials in made.values():
        for n_atoms, make in materials.items():
            assert len(make()) == n_atoms
    gas = helium(300)
    assert len(gas) / gas.get_volume() == pytest.approx(HELIUM_PER_A3)
    apart = gas.get_all_distances(mic=True)[~np.eye(300, dtype=bool)]
    assert apart.min() > 0.8
    assert made["MOF-5"][212]().get_volume() == pytest.approx(2 * mof5().get_volume())


def test_memory_is_continued_by_its_own_power_and_never_below_the_first() -> None:
    series = Series("helium", "forces")
    patience = Patience(n_repeats=2, enough_s=1.0, longest_s=1e9)
    square = [series.measured(n, [1.0], n**2) for n in (10, 100)]
    assert refusal(1000, square, patience, 10**6 + 1) == ""
    flat = [series.measured(n, [1.0], 1000) for n in (10, 100)]
    for smaller, too_few in ((square, 10**6 - 1), (flat, 9999)):
        with pytest.raises(MemoryBudgetError, match="may be used"):
            refusal(1000, smaller, patience, too_few)
    assert refusal(1000, [], patience, 0) == ""


def test_figures_say_what_they_were_measured_on() -> None:
    speed = measured(Clocked())
    figures = examination_named("speed").figures(speed)
    assert {each.name for each in figures} == {"time-helium", "memory"}
    assert all(speed.surroundings.processor in each.note for each in figures)
