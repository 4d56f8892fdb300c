"""What a worker holds, and how it does what a request asks for."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearsight.allocation import return_freed_memory
from nearsight.errors import ModelError
from nearsight.memory import PeakMemory
from nearsight.models.contract import Model, Products
from nearsight.models.worker.frames import Frame
from nearsight.models.worker.messages import (
    error_to_head,
    evaluations_to_arrays,
    model_to_head,
    pairs_from_arrays,
    seeds_from_arrays,
    structures_from_frame,
)

_Answer = tuple[dict[str, Any], dict[str, NDArray[Any]]]


class Desk:
    """One model, with the rows and products that are under way.

    Parameters
    ----------
    load
        Loads the model.
    """

    def __init__(self, load: Callable[..., Model]) -> None:
        self._load = load
        self._model: Model | None = None
        self._device = "cpu"
        self._rows: dict[int, Iterator[NDArray[np.float64]]] = {}
        self._products: dict[int, Products] = {}
        self._verbs: dict[str, Callable[[Frame], _Answer]] = {
            "load": self._loaded,
            "evaluate": self._evaluated,
            "rows": self._rows_begun,
            "next": self._next_row,
            "linearize": self._linearized,
            "products": self._multiplied,
            "give back": self._given_back,
        }

    def answer(self, request: Frame) -> _Answer:
        """Return the answer to a request, or the error in words, with the memory it took."""
        measure = request.head.get("measure")
        if measure is None:
            return self._done(request)
        with PeakMemory(self._device, give_back=measure["give_back"]) as peak:
            head, arrays = self._done(request)
        taken = {"device": self._device, "before": peak.before, "peak": peak.peak}
        return head | {"memory": taken}, arrays

    def release(self, handles: Sequence[int]) -> None:
        """Forget rows and products."""
        for handle in handles:
            self._rows.pop(handle, None)
            self._products.pop(handle, None)

    def _done(self, request: Frame) -> _Answer:
        try:
            return self._verbs[request.head["verb"]](request)
        except Exception as error:  # whatever a model raises is its answer
            return {"error": error_to_head(error)}, {}

    def _loaded(self, request: Frame) -> _Answer:
        asked = request.head
        self._model = self._load(
            asked["name"], dtype=asked["dtype"], device=asked["device"], trust=asked["trust"]
        )
        self._device = self._model.identity.device
        return model_to_head(self._model), {}

    def _evaluated(self, request: Frame) -> _Answer:
        asked = request.head
        structures = structures_from_frame(asked["structures"], request.arrays)
        pairs = None
        if "pairs" in asked:
            pairs = pairs_from_arrays(asked["pairs"], request.arrays, structures)
        found = self._loaded_model.evaluate(
            structures, forces=asked["forces"], stress=asked["stress"], pairs=pairs
        )
        return {}, evaluations_to_arrays(found)

    def _rows_begun(self, request: Frame) -> _Answer:
        [atoms] = structures_from_frame(request.head["structures"], request.arrays)
        self._rows[request.head["handle"]] = self._loaded_model.rows(
            atoms, seeds_from_arrays(request.arrays), batch_size=request.head["batch_size"]
        )
        return {}, {}

    def _next_row(self, request: Frame) -> _Answer:
        row = next(self._rows[request.head["handle"]], None)
        return ({"done": True}, {}) if row is None else ({}, {"row": row})

    def _linearized(self, request: Frame) -> _Answer:
        [atoms] = structures_from_frame(request.head["structures"], request.arrays)
        self._products[request.head["handle"]] = self._loaded_model.linearize(
            atoms, strain=request.head["strain"], centres=request.arrays.get("centres")
        )
        return {}, {}

    def _multiplied(self, request: Frame) -> _Answer:
        multiply = self._products[request.head["handle"]]
        return {}, {"products": multiply(request.arrays["vectors"])}

    def _given_back(self, _: Frame) -> _Answer:
        return_freed_memory()
        return {}, {}

    @property
    def _loaded_model(self) -> Model:
        if self._model is None:
            raise ModelError("a model's process was asked for numbers before it loaded a model.")
        return self._model
