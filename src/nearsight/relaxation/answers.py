"""What a model said along a descent: with the same answers an optimizer takes the same steps.

Optimizers keep more than a geometry: curvature that was learnt, lengths of steps, springs. None of
it needs a file, for it follows from what the model said. Where a relaxation goes on, its optimizer
begins where it began, is given the kept answers, and is then as it was when it was interrupted.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray
from nearsight.errors import StructureError
from nearsight.hessian.products.operator import HessianOperator
from nearsight.hessian.products.strategies import ProductMethod
from nearsight.models.calculator import Adjust, ModelCalculator
from nearsight.models.contract import Evaluation, Model

MOST_BYTES = 2**28
"""More is not kept: of 10,000 atoms these are 1,100 steps."""
MOST_ANSWERS = 50_000
"""Nor are more of them, whose digests are in the header of a file."""


class ReplayDivergedError(Exception):
    """An optimizer asks for another geometry than it did when the answers were kept.

    Sums of another machine are rounded in another way. The relaxation goes on from its last
    geometry then, with its optimizer anew.
    """


@dataclass(frozen=True)
class HessianProducts:
    """Products with the Hessian, to which springs are fitted."""

    products: FloatArray
    """Shape ``(n_vectors, n_atoms, 3)``."""
    method: ProductMethod


@dataclass(frozen=True)
class Refusal:
    """Products that there are none of, since atoms are too close."""

    message: str


Answer = Evaluation | HessianProducts | Refusal


class Answers:
    """Answers in the order of the questions; kept ones come first, then the model is asked.

    Parameters
    ----------
    origin_positions_A, origin_cell_A
        Where the descent began.
    origin_step
        How many steps had been taken before, without answers.
    kept
        Answers to begin with, each with a digest of the geometry that it is about.
    most_bytes
        More is not kept.
    """

    def __init__(
        self,
        origin_positions_A: FloatArray,
        origin_cell_A: FloatArray,
        origin_step: int = 0,
        kept: Sequence[tuple[str, Answer]] = (),
        *,
        most_bytes: int | None = None,
    ) -> None:
        self.origin_positions_A = origin_positions_A.copy()
        self.origin_cell_A = origin_cell_A.copy()
        self.origin_step = origin_step
        self._answers = list(kept)
        self._n_kept = len(kept)
        self._n_given = 0
        self._most_bytes = MOST_BYTES if most_bytes is None else most_bytes
        self._n_bytes = sum(_size(answer) for _, answer in kept)

    @property
    def replaying(self) -> bool:
        """Whether nothing was asked yet that was not known."""
        return self._n_given <= self._n_kept and self._n_kept > 0

    @property
    def too_many(self) -> bool:
        """Whether they take too much memory, and later ones were not kept."""
        return self._n_bytes > self._most_bytes or self._n_given > MOST_ANSWERS

    @property
    def n_given(self) -> int:
        """How many were given so far."""
        return self._n_given

    def first(self, number: int) -> list[tuple[str, Answer]]:
        """Return the first of those that were given, with digests of the geometries."""
        return self._answers[:number]

    def evaluation(self, atoms: Atoms, ask: Callable[[], Evaluation]) -> Evaluation:
        """Return energy, forces and stress of a geometry, from `ask` if they are not known.

        Raises
        ------
        ReplayDivergedError
            The next kept answer is about another geometry.
        """
        known = self._next(atoms)
        if known is None:
            known = ask()
            self._keep(atoms, known)
        if not isinstance(known, Evaluation):
            raise ReplayDivergedError
        return known

    def products(self, atoms: Atoms, ask: Callable[[], HessianProducts]) -> HessianProducts:
        """Return products at a geometry, from `ask` if they are not known.

        Raises
        ------
        ReplayDivergedError
            The next kept answer is about another geometry.
        StructureError
            There are none of it.
        """
        known = self._next(atoms)
        if known is None:
            try:
                known = ask()
            except StructureError as error:
                self._keep(atoms, Refusal(str(error)))
                raise
            self._keep(atoms, known)
        if isinstance(known, Refusal):
            raise StructureError(known.message)
        if not isinstance(known, HessianProducts):
            raise ReplayDivergedError
        return known

    def _next(self, atoms: Atoms) -> Answer | None:
        """Return the next kept answer, None if there are no more."""
        if self._n_given >= self._n_kept:
            return None
        digest, answer = self._answers[self._n_given]
        if digest != _digest(atoms):
            raise ReplayDivergedError
        self._n_given += 1
        return answer

    def _keep(self, atoms: Atoms, answer: Answer) -> None:
        self._n_given += 1
        self._n_bytes += _size(answer)
        if self.too_many:
            self._answers.clear()
            return
        if isinstance(answer, Evaluation):  # without what no optimizer asks for
            answer = replace(answer, atomic_energies_eV=None, extrapolations=None)
        self._answers.append((_digest(atoms), answer))


class AnsweredCalculator(ModelCalculator):
    """A calculator of a model whose answers are kept.

    Parameters
    ----------
    answers
        Where they are kept.
    model, adjust
        As for `ModelCalculator`.
    note
        Told of each answer, a kept one included.
    """

    def __init__(
        self,
        answers: Answers,
        model: Model,
        adjust: Adjust,
        note: Callable[[Atoms, Evaluation], None] | None = None,
    ) -> None:
        super().__init__(model, adjust=adjust)
        self._answers = answers
        self._note = note

    def evaluated(self, structure: Atoms, *, forces: bool, stress: bool) -> Evaluation:
        """Return the kept answer, or ask the model."""
        ask = super().evaluated
        given = self._answers.evaluation(
            structure, lambda: ask(structure, forces=forces, stress=stress)
        )
        if self._note is not None:
            self._note(structure, given)
        return given


class AnsweredProducts:
    """Products with the Hessian of a structure, which are kept.

    Parameters
    ----------
    atoms
        The structure.
    answers
        Where they are kept.
    operator_of
        Makes what computes them.
    """

    method: ProductMethod
    """How they were computed; known after the first."""

    def __init__(
        self, atoms: Atoms, answers: Answers, operator_of: Callable[[Atoms], HessianOperator]
    ) -> None:
        self._atoms, self._answers, self._operator_of = atoms, answers, operator_of

    def products(self, vectors: FloatArray) -> FloatArray:
        """Return products with vectors, both ``(n_vectors, n_atoms, 3)``.

        Raises
        ------
        StructureError
            Atoms are too close for products.
        MemoryBudgetError
            Not even a force call fits into the memory.
        """

        def ask() -> HessianProducts:
            operator = self._operator_of(self._atoms)
            return HessianProducts(operator.products(vectors), operator.method)

        found = self._answers.products(self._atoms, ask)
        self.method = found.method
        return found.products


def archived(answers: Answers, number: int) -> tuple[dict[str, Any], dict[str, FloatArray]]:
    """Return the first answers as a header and arrays of a checkpoint; `unarchived` reads them."""
    given = answers.first(number)
    evaluations = [each for _, each in given if isinstance(each, Evaluation)]
    products = [each for _, each in given if isinstance(each, HessianProducts)]
    n_atoms = len(answers.origin_positions_A)
    without_forces, without_stress = np.full((n_atoms, 3), np.nan), np.full(6, np.nan)
    header = {
        "origin_step": answers.origin_step,
        "answers": [[digest, _described(answer)] for digest, answer in given],
    }
    arrays = {
        "origin_positions_A": answers.origin_positions_A,
        "origin_cell_A": answers.origin_cell_A,
        "answered_energy_eV": np.array([each.energy_eV for each in evaluations]),
        "answered_forces_eV_per_A": np.array(
            [_or(each.forces_eV_per_A, without_forces) for each in evaluations]
        ),
        "answered_stress_eV_per_A3": np.array(
            [_or(each.stress_eV_per_A3, without_stress) for each in evaluations]
        ),
        "answered_products_eV_per_A2": np.array([each.products for each in products]),
    }
    return header, arrays


def unarchived(header: Mapping[str, Any], arrays: Mapping[str, FloatArray]) -> Answers:
    """Return answers from header and arrays of `archived`.

    Raises
    ------
    KeyError
        One of them is missing.
    ValueError
        They do not fit each other.
    """
    _require_shapes(header, arrays)
    evaluations = zip(
        arrays["answered_energy_eV"],
        arrays["answered_forces_eV_per_A"],
        arrays["answered_stress_eV_per_A3"],
        strict=True,
    )
    products = iter(arrays["answered_products_eV_per_A2"])
    kept: list[tuple[str, Answer]] = []
    for digest, described in header["answers"]:
        if "method" in described:
            kept.append(
                (digest, HessianProducts(next(products), ProductMethod(**described["method"])))
            )
        elif "refusal" in described:
            kept.append((digest, Refusal(described["refusal"])))
        else:
            energy, forces, stress = next(evaluations)
            kept.append((digest, Evaluation(float(energy), _if_any(forces), _if_any(stress), None)))
    return Answers(
        arrays["origin_positions_A"], arrays["origin_cell_A"], header["origin_step"], kept
    )


def _require_shapes(header: Mapping[str, Any], arrays: Mapping[str, FloatArray]) -> None:
    """Check that there is an array for each answer, and that all are of the same atoms."""
    kinds = [
        "products" if "method" in each else "refusal" if "refusal" in each else "evaluation"
        for _, each in header["answers"]
    ]
    n_evaluations, n_products = kinds.count("evaluation"), kinds.count("products")
    atoms = arrays["positions_A"].shape
    n_vectors = arrays["answered_products_eV_per_A2"].shape[1:2]
    per_answer = {
        "answered_energy_eV": (n_evaluations, ()),
        "answered_forces_eV_per_A": (n_evaluations, atoms),
        "answered_stress_eV_per_A3": (n_evaluations, (6,)),
        "answered_products_eV_per_A2": (n_products, (*n_vectors, *atoms)),
    }
    fits = [arrays["origin_positions_A"].shape == atoms, arrays["origin_cell_A"].shape == (3, 3)]
    for name, (number, shape) in per_answer.items():
        found = arrays[name].shape
        fits.append(found[0] == number and (number == 0 or found[1:] == shape))
    if not all(fits):
        raise ValueError(f"its answers do not fit {len(arrays['positions_A'])} atoms")


def _described(answer: Answer) -> dict[str, Any]:
    """Return what of an answer is in no array."""
    if isinstance(answer, HessianProducts):
        return {"method": asdict(answer.method)}
    return {"refusal": answer.message} if isinstance(answer, Refusal) else {}


def _or(array: FloatArray | None, instead: FloatArray) -> FloatArray:
    return instead if array is None else array


def _if_any(array: FloatArray) -> FloatArray | None:
    return None if np.isnan(array).any() else array


def _size(answer: Answer) -> int:
    if isinstance(answer, Refusal):
        return 0
    if isinstance(answer, HessianProducts):
        return answer.products.nbytes
    return 0 if answer.forces_eV_per_A is None else answer.forces_eV_per_A.nbytes


def _digest(atoms: Atoms) -> str:
    places = np.concatenate([atoms.cell.array, atoms.positions])
    return hashlib.blake2b(places.tobytes(), digest_size=8).hexdigest()
