"""Checkpoints of a relaxation: the way so far, so that an interruption costs seconds."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.errors import CheckpointError
from nearsight.hessian.checkpoint_file import Arrays, CheckpointFile, Header
from nearsight.hessian.products.strategies import ProductMethod
from nearsight.relaxation.answers import Answers, archived, unarchived
from nearsight.result_archives import load_archive

INTERVAL_S = 5.0
"""Seconds between two checkpoints: nothing beside the steps, and little to lose."""
_SHARE = 0.05
"""Of the time that may go into checkpoints of long ways."""

_KIND = "relaxation-checkpoint"
_PARTS = {
    "structure": "it started from another structure",
    "model": "it used another model, checkpoint or option",
    "settings": (
        "it used another `fmax_eV_per_A`, `cell`, `pressure_GPa`, `optimizer` or `symmetrize_A`"
    ),
}


@dataclass(frozen=True)
class State:
    """How far a relaxation has got."""

    positions_A: NDArray[np.float64]
    """Shape ``(n_atoms, 3)``."""
    cell_A: NDArray[np.float64]
    """Shape ``(3, 3)``."""
    n_steps: int
    converged: bool
    energy_before_eV: float
    """Energy of the structure as given."""
    energy_start_eV: float
    """Energy where the first step started: as given, or symmetrised."""
    energy_eV: float
    """What is minimised at these positions: the energy or, under a pressure, the enthalpy."""
    forces_eV_per_A: NDArray[np.float64]
    """Forces at these positions that are followed, shape ``(n_atoms, 3)``."""
    methods: tuple[ProductMethod, ...] = ()
    """How products with the Hessian were computed on the way here, each time."""
    negative_curvature_eV_per_A2: float | None = None
    """That of a step near here, if it is known and was negative."""

    def apply_to(self, atoms: Atoms) -> None:
        """Give `atoms` the positions and the cell of this state."""
        atoms.cell = self.cell_A
        atoms.positions = self.positions_A


class Checkpoint:
    """The checkpoint file of one calculation; without a path nothing is read or written.

    Parameters
    ----------
    path
        The file, or None.
    fingerprint
        Digests of the structure as given, the model and the settings.
    versions
        Of the packages behind the model.
    clock
        Tells the time in seconds, by which is decided when to write.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        fingerprint: Mapping[str, str],
        versions: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = CheckpointFile(
            path=None if path is None else Path(path),
            kind=_KIND,
            work="relaxation",
            reasons=_PARTS,
            fingerprint=fingerprint,
            versions=versions,
        )
        self._clock = clock
        self._latest: tuple[State, Answers, int] | None = None
        self._took_s = 0.0
        # The first state is written at once: a place that cannot be written shows before the work.
        self._saved_at_s = -np.inf

    def resume(self) -> tuple[State, Answers] | None:
        """Return state and answers in the file, or None if there is no file yet.

        Raises
        ------
        CheckpointError
            The file is damaged, or belongs to another calculation or to other versions.
        """
        return self._file.resume(lambda *parts: (_state(*parts), unarchived(*parts)))

    def keep(self, state: State, answers: Answers) -> None:
        """Remember both as they are, and write them if that was done `INTERVAL_S` ago.

        Many answers take long to write: `_SHARE` of the time is taken at most.

        Raises
        ------
        StorageError
            The file cannot be written; the older one is intact.
        """
        self._latest = state, answers, answers.n_given
        if self._clock() - self._saved_at_s >= max(INTERVAL_S, self._took_s / _SHARE):
            self.write()

    def write(self) -> None:
        """Write what was remembered last.

        Raises
        ------
        StorageError
            The file cannot be written; the older one is intact.
        """
        if self._latest is None:
            return
        begun_s = self._clock()
        state, answers, n_given = self._latest
        if answers.too_many:
            answers, n_given = Answers(state.positions_A, state.cell_A, state.n_steps), 0
        way = archived(answers, n_given)
        header: dict[str, Any] = {
            "n_steps": state.n_steps,
            "converged": state.converged,
            "energy_before_eV": state.energy_before_eV,
            "energy_start_eV": state.energy_start_eV,
            "energy_eV": state.energy_eV,
            "methods": [asdict(method) for method in state.methods],
            "negative_curvature_eV_per_A2": state.negative_curvature_eV_per_A2,
            **way[0],
        }
        arrays = {
            "positions_A": state.positions_A,
            "cell_A": state.cell_A,
            "forces_eV_per_A": state.forces_eV_per_A,
            **way[1],
        }
        self._file.write(header, arrays, compress=False)
        self._saved_at_s = self._clock()
        self._took_s = self._saved_at_s - begun_s


def _state(header: Header, arrays: Arrays) -> State:
    return State(
        positions_A=arrays["positions_A"],
        cell_A=arrays["cell_A"],
        n_steps=header["n_steps"],
        converged=header["converged"],
        energy_before_eV=header["energy_before_eV"],
        energy_start_eV=header["energy_start_eV"],
        energy_eV=header["energy_eV"],
        forces_eV_per_A=arrays["forces_eV_per_A"],
        methods=tuple(ProductMethod(**each) for each in header["methods"]),
        negative_curvature_eV_per_A2=header["negative_curvature_eV_per_A2"],
    )


def steps_at(path: str | os.PathLike[str]) -> int | None:
    """Return how many steps the checkpoint at `path` has; None if it is none."""
    try:
        return int(load_archive(path, _KIND)[0]["n_steps"])
    except (CheckpointError, KeyError, TypeError, ValueError):
        return None
