"""Which method is used, why, and what is refused."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import MemoryBudgetError, MethodError, ModelError
from nearsight.hessian.matrix import hessian
from nearsight.locality.interactions import interactions
from nearsight.memory import Measured, Meter, PeakMemory, Result

MIB = 2**20


class Timed:
    """A model whose passes take the time they are told to, on a clock that only it moves."""

    def __init__(self, model: Any, alone_s: float, per_row_s: Callable[[int], float]) -> None:
        self.model = model
        self.identity, self.capabilities = model.identity, model.capabilities
        self.alone_s, self.per_row_s = alone_s, per_row_s
        self.now = 0.0
        self.batches: list[int] = []
        self.graphs = 0

    def evaluate(self, structures: Sequence[Atoms], **asked: Any) -> Any:
        return self.model.evaluate(structures, **asked)

    def rows(self, atoms: Atoms, seeds: Sequence[Any], *, batch_size: int = 1) -> Iterator[Any]:
        rows = self.model.rows(atoms, seeds, batch_size=batch_size)
        self.graphs += 1
        for start in range(0, len(seeds), batch_size):
            size = len(seeds[start : start + batch_size])
            self.batches.append(size)
            self.now += self.alone_s if size == 1 else size * self.per_row_s(size)
            for _ in range(size):
                yield next(rows)


class ModelClock(Meter):
    """A meter on the clock of a timed model, for which rows take no memory."""

    def __init__(self, model: Timed) -> None:
        self.model = model

    def now(self) -> float:
        return self.model.now

    def measure(self, work: Callable[[], Result], device: str) -> Measured[Result]:
        start = self.now()
        result = work()
        return Measured(result, self.now() - start, 0)


class ForceCallTakes(Meter):
    """A meter for which a force call takes so much memory."""

    def __init__(self, peak_memory_bytes: int) -> None:
        self.peak_memory_bytes = peak_memory_bytes

    def measure(self, work: Callable[[], Result], device: str) -> Measured[Result]:
        return Measured(work(), 0.0, self.peak_memory_bytes)


@pytest.fixture
def timed(pair_model: Callable[..., Any]) -> Callable[..., Timed]:
    """Return a function: a timed model."""
    return lambda alone_s, per_row_s: Timed(pair_model(), alone_s, per_row_s)


@pytest.fixture
def exact(pair_model: Callable[..., Any], displaced_quartz: Atoms) -> np.ndarray:
    """The Hessian of displaced quartz, row by row."""
    return hessian(displaced_quartz, pair_model(), "rows").matrix_eV_per_A2


def test_batches_are_used_where_they_are_measured_to_be_faster(
    timed: Callable[..., Timed], displaced_quartz: Atoms, exact: np.ndarray
) -> None:
    model = timed(0.04, lambda size: 0.04 / size)
    result = hessian(displaced_quartz, model, meter=ModelClock(model))
    assert result.method == "batched"
    assert result.reason == "batches of 4: measured 0.01 s a row, 0.04 s alone"
    # One to warm up and two alone, then twice 2 and twice 4 to measure: nothing is computed twice.
    assert model.batches == [1, 1, 1, 2, 2, 4, 4, 4, 4, 2]
    np.testing.assert_allclose(result.matrix_eV_per_A2, exact, rtol=0, atol=1e-12)


def test_single_rows_are_used_where_batches_gain_nothing(
    timed: Callable[..., Timed], displaced_quartz: Atoms, exact: np.ndarray
) -> None:
    model = timed(0.04, lambda size: 0.039)
    result = hessian(displaced_quartz, model, meter=ModelClock(model))
    assert result.method == "rows"
    assert result.reason == "measured 0.04 s a row alone, 0.039 s in batches of 2"
    assert model.batches == [1, 1, 1, 2, 2] + 18 * [1]
    assert model.graphs == 2  # one for all single rows, one for the batches
    np.testing.assert_allclose(result.matrix_eV_per_A2, exact, rtol=0, atol=1e-12)


def test_rows_that_take_long_on_a_cpu_are_not_tried_in_batches(
    timed: Callable[..., Timed], displaced_quartz: Atoms
) -> None:
    model = timed(1.0, lambda size: 0.1)
    result = hessian(displaced_quartz, model, meter=ModelClock(model))
    assert result.reason == "1 s a row: batches of such gained nothing on CPUs"
    assert model.batches == 25 * [1]  # the others follow from the sum rule
    assert model.graphs == 1


def test_rows_on_a_gpu_are_tried_however_long_they_take(
    timed: Callable[..., Timed], displaced_quartz: Atoms
) -> None:
    class OnGpu(ModelClock):
        def peak_memory(self, device: str) -> PeakMemory:
            assert device == "cuda"
            return PeakMemory("cpu")

    model = timed(1.0, lambda size: 1.0 / size)
    model.identity = replace(model.identity, device="cuda")
    result = hessian(displaced_quartz, model, memory_budget_bytes=2**30, meter=OnGpu(model))
    assert result.method == "batched"


def test_rows_that_check_symmetry_share_the_graph(
    timed: Callable[..., Timed], alpha_quartz: Atoms
) -> None:
    few = [[0.1, 0.2, 0.1], [0.7, 0.1, 0.3], [0.2, 0.6, 0.4]]
    inverted = Atoms("C6", cell=[6.0, 5.0, 7.0], scaled_positions=[*few, *-np.array(few)], pbc=True)
    inverted.set_cell([[6.0, 0.3, 0.2], [0.1, 5.0, 0.4], [0.5, 0.2, 7.0]], scale_atoms=True)
    for atoms, n_rows, n_checks in ((alpha_quartz, 5, 1), (inverted, 9, 2)):
        model = timed(1.0, lambda size: 1.0)
        result = hessian(atoms, model, "rows", meter=ModelClock(model))
        assert (result.rows_needed, model.graphs) == (n_rows, 1)
        assert model.batches == (n_rows + n_checks) * [1]
        assert result.symmetry_deviation_eV_per_A2 < 1e-10


def test_batches_stop_growing_when_rows_get_no_cheaper(
    timed: Callable[..., Timed], displaced_quartz: Atoms
) -> None:
    model = timed(0.04, lambda size: {2: 0.025, 4: 0.03}.get(size, 0.9))
    result = hessian(displaced_quartz, model, meter=ModelClock(model))
    assert result.reason == "batches of 2: measured 0.025 s a row, 0.04 s alone"
    assert model.batches == [1, 1, 1, 2, 2, 4, 4, *(5 * [2])]


def test_batches_that_are_asked_for_are_used_even_if_slower(
    timed: Callable[..., Timed], displaced_quartz: Atoms, exact: np.ndarray
) -> None:
    model = timed(0.08, lambda size: 0.4 / size)
    result = hessian(displaced_quartz, model, "batched", meter=ModelClock(model))
    assert (result.method, max(model.batches)) == ("batched", 4)
    np.testing.assert_allclose(result.matrix_eV_per_A2, exact, rtol=0, atol=1e-12)


def test_batches_stay_within_the_memory_budget(
    timed: Callable[..., Timed], displaced_quartz: Atoms
) -> None:
    class OfBatches(ModelClock):
        def measure(self, work: Callable[[], Result], device: str) -> Measured[Result]:
            before = len(self.model.batches)
            measured = super().measure(work, device)
            largest = max(self.model.batches[before:], default=0)
            return replace(measured, peak_memory_bytes=largest * 10 * MIB)

    model = timed(0.04, lambda size: 0.04 / size)
    allowed = 100 * MIB
    meter = OfBatches(model)
    result = hessian(displaced_quartz, model, memory_budget_bytes=allowed, meter=meter)
    assert result.method == "batched"
    assert max(model.batches) == 4  # 8 rows might take 40 + 2 x 40 MiB
    assert max(model.batches) * 10 * MIB <= allowed


@pytest.mark.parametrize(("peak_MiB", "tried"), [(30, True), (40, False)])
def test_batches_that_might_not_fit_are_not_tried(
    timed: Callable[..., Timed],
    displaced_quartz: Atoms,
    peak_MiB: int,
    tried: bool,
) -> None:
    class Peak(PeakMemory):
        @property
        def bytes(self) -> int:
            return peak_MiB * MIB

    class OfSingleRows(ModelClock):
        def peak_memory(self, device: str) -> PeakMemory:
            return Peak(device)

    model = timed(0.04, lambda size: 0.04)
    meter = OfSingleRows(model)
    result = hessian(displaced_quartz, model, memory_budget_bytes=100 * MIB, meter=meter)
    assert result.method == "rows"
    assert (max(model.batches) > 1) == tried
    assert (result.reason == "batches might not fit into the memory") != tried


def test_few_rows_are_not_measured(timed: Callable[..., Timed], displaced_water: Atoms) -> None:
    model = timed(1.0, lambda size: 0.001)
    result = hessian(displaced_water, model, meter=ModelClock(model))
    assert (result.method, model.batches) == ("rows", 7 * [1])
    assert result.reason == "fewer than 24 rows are not worth a measurement"


def test_automatic_choice_on_the_real_clock_gives_its_measurement(
    pair_model: Callable[..., Any], displaced_quartz: Atoms, exact: np.ndarray
) -> None:
    result = hessian(displaced_quartz, pair_model())
    assert result.method in {"rows", "batched"}
    assert "measured" in result.reason
    assert result.seconds > 0
    np.testing.assert_allclose(result.matrix_eV_per_A2, exact, rtol=0, atol=1e-12)


def test_model_that_is_not_differentiable_gets_differences(
    pair_model: Callable[..., Any], displaced_water: Atoms
) -> None:
    model = pair_model(differentiable=False)
    result = hessian(displaced_water, model)
    assert (result.method, result.step_A) == ("central-difference", 3e-6)
    assert result.reason == "pair cannot be differentiated twice"
    exact = hessian(displaced_water, pair_model()).matrix_eV_per_A2
    np.testing.assert_allclose(result.matrix_eV_per_A2, exact, rtol=0, atol=1e-6)
    for method in ("rows", "batched"):
        with pytest.raises(
            MethodError, match=r"pair cannot be differentiated twice\. Use `method` "
        ):
            hessian(displaced_water, model, method)


def test_few_of_the_rows_that_share_their_work_are_differences(
    pair_model: Callable[..., Any], alkane: Callable[[int], Atoms]
) -> None:
    model = pair_model(rows_share_work=True)
    few = interactions(alkane(4), model, [0])
    assert few.method == "central-difference"
    assert "few are wanted" in few.reason
    exact = interactions(alkane(4), model, [0], method="rows")
    assert exact.method == "rows"
    np.testing.assert_allclose(few.blocks_eV_per_A2, exact.blocks_eV_per_A2, atol=1e-4)
    assert interactions(alkane(4), model, range(14)).method in {"rows", "batched"}
    assert interactions(alkane(4), pair_model(), [0]).method == "rows"


def test_model_with_rough_curvature_gets_wide_differences(
    pair_model: Callable[..., Any], displaced_water: Atoms
) -> None:
    model = pair_model(curvature_smooth=False)
    result = hessian(displaced_water, model)
    assert (result.method, result.step_A) == ("central-difference", 0.02)
    assert result.reason == (
        "the analytic curvature of pair is not its physical one: it differs from that over the "
        "0.01-0.03 Å of a vibration"
    )
    wide = hessian(displaced_water, pair_model(), "central-difference", step_A=0.02)
    np.testing.assert_array_equal(result.matrix_eV_per_A2, wide.matrix_eV_per_A2)
    assert hessian(displaced_water, model, "rows").method == "rows"  # the user's word counts
    assert hessian(displaced_water, pair_model(curvature_smooth=None)).method == "rows"


@pytest.mark.parametrize(
    ("dtype", "method", "step_A"),
    [
        ("float64", "forward-difference", 3e-8),
        ("float64", "fourth-order", 1e-4),
        ("float32", "central-difference", 1e-3),
    ],
)
def test_default_step_follows_scheme_and_precision(
    pair_model: Callable[..., Any], displaced_water: Atoms, dtype: str, method: str, step_A: float
) -> None:
    result = hessian(displaced_water, pair_model(dtype), method)
    assert (result.method, result.step_A) == (method, step_A)
    assert result.reason == f"{method} was asked for"
    assert result.provenance.settings["step_A"] == step_A
    own = hessian(displaced_water, pair_model(dtype), method, step_A=0.005)
    assert own.step_A == 0.005


def test_rows_that_do_not_fit_become_differences_and_say_so(
    pair_model: Callable[..., Any],
    displaced_water: Atoms,
) -> None:
    meter = ForceCallTakes(10 * MIB)
    allowed = 15 * MIB  # one and a half force calls
    result = hessian(displaced_water, pair_model(), memory_budget_bytes=allowed, meter=meter)
    assert result.method == "fourth-order"
    assert result.reason.startswith("one analytic row of 3 atoms is predicted to take")
    assert "more than the budget of" in result.reason
    roomy = hessian(displaced_water, pair_model(), memory_budget_bytes=1000 * MIB, meter=meter)
    assert roomy.method == "rows"
    for method in ("rows", "batched"):
        with pytest.raises(MemoryBudgetError, match=r"predicted to take .* GiB, more than"):
            hessian(displaced_water, pair_model(), method, memory_budget_bytes=allowed, meter=meter)


def test_budget_too_small_for_a_force_call_is_refused_whatever_the_method(
    pair_model: Callable[..., Any],
    displaced_water: Atoms,
) -> None:
    meter = ForceCallTakes(10 * MIB)
    for method in ("auto", "rows", "central-difference"):
        with pytest.raises(
            MemoryBudgetError, match="a single force call of 3 atoms with pair took"
        ):
            hessian(displaced_water, pair_model(), method, memory_budget_bytes=9 * MIB, meter=meter)


def test_memory_that_runs_out_is_explained(
    pair_model: Callable[..., Any], displaced_water: Atoms
) -> None:
    model = Timed(pair_model(), 1.0, lambda size: 1.0)
    rows = model.rows

    def run_out(*arguments: Any, **settings: Any) -> Iterator[Any]:
        yield from islice(rows(*arguments, **settings), 4)
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory")

    model.rows = run_out  # type: ignore[method-assign]
    with pytest.raises(MemoryBudgetError, match="memory ran out after 4 of 9 rows"):
        hessian(displaced_water, model, "rows")


def test_budget_too_small_for_the_result_is_refused_whatever_the_method(
    pair_model: Callable[..., Any],
    displaced_quartz: Atoms,
) -> None:
    meter = ForceCallTakes(0)
    needed = 3 * 8 * 27**2
    model = pair_model()
    for method in ("auto", "rows", "central-difference"):
        with pytest.raises(
            MemoryBudgetError, match="27 rows of 9 atoms, by whatever method, would take"
        ):
            hessian(displaced_quartz, model, method, memory_budget_bytes=needed - 1, meter=meter)
    method = "central-difference"
    result = hessian(displaced_quartz, model, method, memory_budget_bytes=needed, meter=meter)
    assert result.provenance.settings["memory_budget_bytes"] == needed


@pytest.mark.parametrize(
    ("method", "step_A", "message"),
    [
        ("analytic", None, r"no `method` 'analytic'; choose one of auto, rows, batched, forward-"),
        ("", None, "no `method` ''"),
        ("central-difference", 0.0, "`step_A` is above 0 and below 1 Å, such as 0.01, not 0.0"),
        ("central-difference", -0.01, "such as 0.01, not -0.01"),
        ("central-difference", 1.0, "such as 0.01, not 1.0"),
        ("central-difference", float("nan"), "such as 0.01, not nan"),
        ("rows", 0.01, "`step_A` goes with `method` forward-difference, .*, not with rows"),
        ("auto", 0.01, "not with auto"),
    ],
)
def test_impossible_requests_are_refused(
    pair_model: Callable[..., Any],
    displaced_water: Atoms,
    method: str,
    step_A: float | None,
    message: str,
) -> None:
    with pytest.raises(MethodError, match=message):
        hessian(displaced_water, pair_model(), method, step_A=step_A)


def test_unknown_elements_are_refused_before_any_work(pair_model: Callable[..., Any]) -> None:
    with pytest.raises(ModelError, match="does not know Au"):
        hessian(Atoms("AuC", positions=[(0, 0, 0), (0, 0, 2)]), pair_model())
