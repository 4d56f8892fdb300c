"""Many structures, evaluated in batches that are as large as is fast and as the memory allows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from ase import Atoms

from nearsight.errors import (
    MemoryBudgetError,
    MissingPropertyError,
    ModelError,
    NearsightError,
    StructureError,
)
from nearsight.memory import (
    METER,
    Measured,
    Meter,
    default_memory_budget,
    gibibytes,
    is_out_of_memory,
    out_of_memory_message,
)
from nearsight.models.contract import Evaluation, Model
from nearsight.models.evaluable import require_batch
from nearsight.models.memory_prediction import UNMEASURED_ATOMS, MemoryPrediction
from nearsight.resources import Resources
from nearsight.structures.pairs import Pairs, pairs_of

Answer = Evaluation | NearsightError
"""What a model says of a structure, or why it says nothing."""

_COUNTED_A = 6.0
"""Pairs are counted up to here where the cutoff is larger: that of D3 has a thousand times as many,
and to compare structures the density of atoms is enough."""

_WORTHWHILE = 0.95
"""A batch twice as large is kept to if an atom and a pair of it take at most that much of the time:
less is the noise of clocks."""

_SIMILAR = 0.75
"""Batches teach something about their speed if they are at least that much of what they may be."""

_KNOWN = 4
"""So many times of what was measured may be judged by it; of few atoms nothing is to be seen."""


def in_batches(
    model: Model,
    structures: Iterable[Atoms],
    resources: Resources | None = None,
    *,
    forces: bool = True,
    stress: bool = False,
    pairs: Iterable[Pairs] | None = None,
    meter: Meter = METER,
) -> Iterator[Answer]:
    """Evaluate any number of structures, and yield the answers in their order.

    The first structures tell how large batches should be: they double as long as that makes them
    faster, which on a CPU is often not at all, and as what was measured of the memory allows. No
    structure is evaluated twice for it. A batch that runs out of memory nevertheless is divided,
    and no later one is as large.

    A structure that cannot be evaluated has the error as its answer, which says which one it is;
    the others are answered as ever.

    Parameters
    ----------
    model
        What evaluates them.
    structures
        As many as there are; they are read as they are needed.
    resources
        The memory that may be used; by default 80 % of what is free.
    forces, stress
        Which derivatives are asked for, as in `Model.evaluate`.
    pairs
        For each structure its pairs, up to the model's cutoff or farther; None to find them.
    meter
        What measures time and memory.

    Yields
    ------
    Evaluation or NearsightError
        A `ModelError` or `StructureError` where the model refuses a structure or answers with what
        is no number, a `MemoryBudgetError` where it alone would not fit into the memory.

    Raises
    ------
    MissingPropertyError
        The model has no stress, of whatever structure.
    ModelError
        There are not as many `pairs` as structures.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.models import in_batches, load_model
    >>> metals = [bulk(symbol) for symbol in ("Al", "Cu", "Pd")]
    >>> for metal, evaluation in zip(metals, in_batches(load_model("ase:emt"), metals)):
    ...     print(f"{metal.symbols} {evaluation.energy_eV:.3f} eV")
    ...
    Al -0.002 eV
    Cu -0.006 eV
    Pd 0.000 eV
    """
    device = model.identity.device
    given = resources.memory_bytes if resources is not None else None
    batches = _Batches(
        model, {"forces": forces, "stress": stress}, given or default_memory_budget(device), meter
    )
    batch: list[_Item] = []
    for item in _items(model, structures, pairs):
        if batch and not batches.have_room(batch, item):
            yield from batches.answered(batch, is_full=True)
            batch = []
        batch.append(item)
    yield from batches.answered(batch, is_full=False)


@dataclass(frozen=True, eq=False)
class _Item:
    """A structure with its place among all."""

    index: int
    atoms: Atoms
    pairs: Pairs | None
    """What the model is given beside it."""
    size: int
    """Atoms and pairs, which time and memory are proportional to."""
    fault: StructureError | None = None
    """Why it has no pairs."""


def _items(
    model: Model, structures: Iterable[Atoms], pairs: Iterable[Pairs] | None
) -> Iterator[_Item]:
    if isinstance(structures, Atoms):
        require_batch(structures)
    if pairs is None:
        for index, atoms in enumerate(structures):
            yield _with_pairs(index, atoms, model.capabilities.cutoff_A)
        return
    for index, (atoms, own) in enumerate(zip_longest(structures, pairs)):
        if atoms is None or own is None:
            more, fewer = ("structures", "`pairs`") if own is None else ("`pairs`", "structures")
            raise ModelError(f"there are {index} {fewer} and more {more}; give one list for each.")
        yield _Item(index, atoms, own, len(atoms) + len(own.first))


def _with_pairs(index: int, atoms: Atoms, cutoff_A: float | None) -> _Item:
    if cutoff_A is None:
        return _Item(index, atoms, None, len(atoms))
    try:
        near = pairs_of(atoms, min(cutoff_A, _COUNTED_A))
    except StructureError as error:
        return _Item(index, atoms, None, len(atoms), error)
    size = len(atoms) + len(near.first)
    return _Item(index, atoms, near if cutoff_A <= _COUNTED_A else None, size)


class _Batches:
    """How large a batch may be, learnt from those that were computed."""

    def __init__(
        self, model: Model, asked: dict[str, bool], budget_bytes: int, meter: Meter
    ) -> None:
        self._model = model
        self._asked = asked
        self._budget_bytes = budget_bytes
        self._meter = meter
        self._capacity = 0
        """Largest size of a batch of several."""
        self._most: int | None = None
        """Largest size of a batch after one has run out of memory."""
        self._fastest = float("inf")
        """Seconds for an atom or pair."""
        self._is_growing = True
        self._is_warm = False
        self._measured = 0
        """Size of the largest batch whose memory was measured, or predicted."""
        self._bytes_per_size = 0.0
        """Of that one; of a larger one it is no more."""

    def have_room(self, batch: Sequence[_Item], item: _Item) -> bool:
        """Tell whether a further structure goes into a batch that has one."""
        if item.fault is not None or batch[-1].fault is not None:
            return False
        size = _size(batch) + item.size
        most = self._capacity if self._most is None else min(self._capacity, self._most)
        return size <= most and size * self._bytes_per_size <= self._budget_bytes

    def answered(self, batch: Sequence[_Item], *, is_full: bool) -> Iterator[Answer]:
        """Yield the answers of a batch, and learn from it where there was no room for more."""
        if not batch:
            return
        if len(batch) == 1 and (refusal := self._refusal(batch[0])) is not None:
            yield refusal
            return
        try:
            evaluations = self._evaluated(batch, is_full=is_full)
        except MissingPropertyError:
            raise  # of any structure
        except (ModelError, StructureError) as error:
            if len(batch) == 1:
                yield _of(batch[0], error)
                return
        except (MemoryError, RuntimeError, OSError) as error:
            if not is_out_of_memory(error):
                raise
            if len(batch) == 1:
                yield _of(batch[0], MemoryBudgetError(out_of_memory_message(error)))
                return
            self._most = _size(batch) // 2
        else:
            yield from evaluations
            return
        middle = len(batch) // 2
        yield from self.answered(batch[:middle], is_full=False)
        yield from self.answered(batch[middle:], is_full=False)

    def _evaluated(self, batch: Sequence[_Item], *, is_full: bool) -> list[Evaluation]:
        structures = [item.atoms for item in batch]
        near = [item.pairs for item in batch if item.pairs is not None]
        pairs = near if len(near) == len(batch) else None

        def work() -> list[Evaluation]:
            evaluations = self._model.evaluate(structures, **self._asked, pairs=pairs)
            if len(evaluations) != len(structures):
                raise ModelError(
                    f"{self._model.identity.name} answered for {len(evaluations)} structures, and "
                    f"was asked for {len(structures)}."
                )
            return evaluations

        if not (self._is_growing and is_full):
            return work()
        measured = self._meter.measure(work, self._model.identity.device)
        self._learn(batch, measured)
        return measured.result

    def _learn(self, batch: Sequence[_Item], measured: Measured[list[Evaluation]]) -> None:
        size = _size(batch)
        if size >= self._measured:
            self._measured = size
            self._bytes_per_size = measured.peak_memory_bytes / size
        if not self._is_warm:  # the first batch pays for what is built once
            self._is_warm = True
            return
        if size < _SIMILAR * self._capacity:  # what came next was too large for it
            return
        seconds = measured.seconds / size
        if seconds <= _WORTHWHILE * self._fastest:
            self._fastest = seconds
            self._capacity = 2 * size
            self._is_growing = self._capacity * self._bytes_per_size <= self._budget_bytes
        else:
            self._is_growing = False
            self._capacity = self._capacity // 2 if len(batch) > 2 else 0  # half of two is one

    def _refusal(self, item: _Item) -> Answer | None:
        """Return why a structure cannot be evaluated alone; None if it can be tried."""
        if item.fault is not None:
            return _of(item, item.fault)
        is_new = len(item.atoms) > UNMEASURED_ATOMS and item.size > _KNOWN * self._measured
        if not is_new and item.size * self._bytes_per_size <= self._budget_bytes:
            return None
        try:
            prediction = MemoryPrediction(item.atoms, self._model, self._meter)
            needed = prediction.of_evaluation(item.atoms, **self._asked)
        except (ModelError, StructureError) as error:
            return _of(item, error)
        if needed <= self._budget_bytes:
            self._measured, self._bytes_per_size = item.size, needed / item.size
            return None
        return _of(
            item,
            MemoryBudgetError(
                f"its evaluation is predicted to take {gibibytes(needed)}, more than the budget of "
                f"{gibibytes(self._budget_bytes)}. Use `dtype` float32, a smaller cell or a larger "
                f"`memory_bytes`."
            ),
        )


def _size(batch: Sequence[_Item]) -> int:
    return max(sum(item.size for item in batch), 1)  # there may be no atoms


def _of(item: _Item, error: NearsightError) -> NearsightError:
    """Return the error with the structure that it is about."""
    formula = item.atoms.get_chemical_formula()
    named = type(error)(f"structure {item.index}, {formula}: {error}")
    named.__cause__ = error
    return named
