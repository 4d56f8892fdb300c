"""A model in another environment: the worker behind it, and the `Model` in front of it."""

import logging
import os
import sys
import weakref
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.errors import ModelDiedError, ModelError
from nearsight.models.contract import (
    Capabilities,
    Evaluation,
    Products,
    Seed,
)
from nearsight.models.evaluable import require_batch
from nearsight.models.facts import Facts
from nearsight.models.given_pairs import require_own
from nearsight.models.soundness import require_all_sound
from nearsight.models.worker.frames import Arrays, Frame
from nearsight.models.worker.messages import (
    evaluations_from_arrays,
    pairs_to_arrays,
    require_shape,
    seeds_to_arrays,
    structures_to_frame,
)
from nearsight.models.worker.place import in_worker
from nearsight.models.worker.process import WorkerDiedError
from nearsight.models.worker.shared import HandleLostError, Worker, shared_worker
from nearsight.provenance import ModelIdentity
from nearsight.structures.pairs import Pairs

Answer = TypeVar("Answer")

logger = logging.getLogger("nearsight.models.worker")

_MOST_BYTES_OF_VECTORS = 2**26
_PRODUCTS = {"verb": "products"}


def connect(python: Path, name: str, *, dtype: str, device: str, trust: bool) -> "WorkerModel":
    """Load a model in another environment; see `nearsight.models.load_model`.

    The process stays warm: whoever loads the same model again shares it. It ends when no model,
    rows or products refer to it, and with this process, however this ends.

    Parameters
    ----------
    python
        The Python of that environment, which has the same version of Nearsight.
    name, dtype, device, trust
        As for `load_model`; a path in `name` is relative to the current folder.

    Raises
    ------
    ModelError
        The environment cannot be used, or the model cannot be loaded in it.
    """
    if in_worker():
        raise ModelError(
            f"{name} was to be loaded from yet another environment by a model's own process, which "
            f"starts no other. Install its packages in the environment {sys.prefix}."
        )
    # As it is written: an environment's Python is a link, and what it links to is not in it.
    path = os.path.abspath(python)
    command = (path, "-P", "-m", "nearsight.models.worker")
    return WorkerModel(shared_worker(command, name, dtype=dtype, device=device, trust=trust))


class WorkerModel:
    """A model in a process of its own, behind the contract of a model.

    Parameters
    ----------
    worker
        Where the model is.

    Raises
    ------
    ModelError
        The model cannot be loaded there.
    """

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._described = _OneRestart().run(worker.described)

    @property
    def identity(self) -> ModelIdentity:
        """Name, checkpoint digest, dtype, device and options, with the versions over there."""
        return self._described.identity

    @property
    def capabilities(self) -> Capabilities:
        """What may be asked of the model."""
        return self._described.capabilities

    @property
    def facts(self) -> Facts:
        """Licence, citation, level of theory and what else is to be said of the model."""
        return self._described.facts

    def evaluate(
        self,
        structures: Sequence[Atoms],
        *,
        forces: bool = True,
        stress: bool = False,
        pairs: Sequence[Pairs] | None = None,
    ) -> list[Evaluation]:
        """Return energies, forces and stresses; see `Model.evaluate`."""
        require_batch(structures)
        heads, arrays = structures_to_frame(structures)
        asked = {"forces": bool(forces), "stress": bool(stress)}
        head = {"verb": "evaluate", "structures": heads, **asked}
        if pairs is not None:
            require_own(structures, pairs)
            head["pairs"] = [one.cutoff_A for one in pairs]
            arrays |= pairs_to_arrays(pairs)
        answer = _OneRestart().run(lambda: self._worker.request(head, arrays))
        evaluations = evaluations_from_arrays(answer.arrays, structures, **asked)
        require_all_sound(evaluations, structures, self.identity.name)
        return evaluations

    def rows(
        self, atoms: Atoms, seeds: Sequence[Seed], *, batch_size: int = 1
    ) -> Iterator[NDArray[np.float64]]:
        """Yield rows; see `Model.rows`. Each is computed over there when it is asked for."""
        heads, structure = structures_to_frame([atoms.copy()])
        seeds, restart = list(seeds), _OneRestart()
        n_atoms, n_done = len(atoms), 0

        def opened() -> tuple[dict[str, Any], Arrays]:
            head = {"verb": "rows", "structures": heads, "batch_size": batch_size}
            return head, structure | seeds_to_arrays(seeds[n_done:])

        handle = _Handle(self._worker, opened)
        try:
            while True:
                answer = restart.run(lambda: handle.request({"verb": "next"}, {}))
                if answer.head.get("done"):
                    return
                n_done += 1
                yield require_shape(answer.arrays, "row", (n_atoms, 3))
        finally:
            handle.release()

    def linearize(
        self,
        atoms: Atoms,
        *,
        strain: bool = False,
        centres: NDArray[np.int64] | None = None,
    ) -> Products:
        """Return products; see `Model.linearize`. What they share is held over there."""
        heads, arrays = structures_to_frame([atoms.copy()])
        if centres is not None:
            arrays["centres"] = np.array(centres)
        head = {"verb": "linearize", "structures": heads, "strain": bool(strain)}
        return _Products(self._worker, lambda: (head, arrays))


class _OneRestart:
    """The right of one call to one restart of its worker."""

    def __init__(self) -> None:
        self._left = True

    def run(self, work: Callable[[], Answer]) -> Answer:
        """Return what `work` does, in a worker that is started again if it dies meanwhile.

        Raises
        ------
        ModelDiedError
            The worker died, and may not be started again.
        """
        while True:
            try:
                return work()
            except WorkerDiedError as death:
                if not self._left:
                    raise ModelDiedError(
                        f"{death}\nIt had been started again once in this call. Use a smaller "
                        f"structure or batches, or float32, if memory is short.",
                        death.how,
                    ) from None
                self._left = False
                logger.warning("%s\nIt is started again.", death)


class _Handle:
    """Something that is kept in the worker: rows that are under way, or products.

    Parameters
    ----------
    worker
        Where it is.
    opened
        Returns the request that makes it, also in a worker that was started again.
    """

    def __init__(self, worker: Worker, opened: Callable[[], tuple[dict[str, Any], Arrays]]) -> None:
        self._worker = worker
        self._opened = opened
        self._number = worker.new_handle()
        self._generation: int | None = None
        # Whoever drops it may be the garbage collector, in the middle of anything.
        self.release = weakref.finalize(self, worker.release, self._number)
        self.release.atexit = False

    def open(self) -> None:
        """Make it, unless the running worker has it."""
        if self._generation == self._worker.generation:
            return
        head, arrays = self._opened()
        _, self._generation = self._worker.request_from({**head, "handle": self._number}, arrays)

    def request(self, head: dict[str, Any], arrays: Arrays) -> Frame:
        """Send a request about it, and return the answer."""
        while True:
            self.open()
            try:
                return self._worker.request(
                    {**head, "handle": self._number}, arrays, generation=self._generation
                )
            except HandleLostError:
                continue  # the worker was started again for somebody else


class _Products:
    """Products of a Hessian that are computed by a worker."""

    def __init__(self, worker: Worker, opened: Callable[[], tuple[dict[str, Any], Arrays]]) -> None:
        self._handle = _Handle(worker, opened)
        _OneRestart().run(self._handle.open)

    def __call__(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        given = np.asarray(vectors, dtype=np.float64)
        restart = _OneRestart()
        found = np.empty(given.shape)
        at_once = max(_MOST_BYTES_OF_VECTORS // max(given[:1].nbytes, 1), 1)
        for start in range(0, len(given), at_once):
            part = given[start : start + at_once]
            answer = restart.run(partial(self._handle.request, _PRODUCTS, {"vectors": part}))
            found[start : start + at_once] = require_shape(answer.arrays, "products", part.shape)
        return found
