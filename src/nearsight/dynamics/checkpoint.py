"""Where a run of molecular dynamics has got, to the bit."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.dynamics.extrapolated import ExtrapolatedSteps
from nearsight.errors import CheckpointError
from nearsight.hessian.checkpoint_file import Arrays, CheckpointFile, Header
from nearsight.result_archives import load_archive

_KIND = "dynamics-checkpoint"
_OF_INTEGRATOR = "integrator/"
_PARTS = {
    "structure": "it started from another structure",
    "model": "it used another model, checkpoint or option",
    "settings": "it used other settings",
}


@dataclass(frozen=True)
class State:
    """All that the next step depends on, and how much has been written by then."""

    step: int
    is_recorded: bool
    """Whether frames and samples have begun: not before the first checkpoint."""
    positions_A: FloatArray
    """Shape ``(n_atoms, 3)``; never carried back into the cell."""
    momenta: FloatArray
    """In ASE's units, shape ``(n_atoms, 3)``."""
    cell_A: FloatArray
    """Shape ``(3, 3)``."""
    integrator: Mapping[str, np.ndarray]
    """Variables of thermostat and barostat."""
    random: Mapping[str, Any]
    """State of the generator of random numbers."""
    searched_positions_A: FloatArray | None
    """Positions at the last search for pairs, which decides their order, and so the last digits of
    sums over them; None where the model finds its own."""
    searched_cell_A: FloatArray | None
    sizes: Mapping[str, int]
    """Bytes of each file that grows."""
    extrapolated: ExtrapolatedSteps
    """Steps at which the model extrapolated."""


class Checkpoint:
    """The checkpoint file of one run; without a path nothing is read or written.

    Parameters
    ----------
    path
        The file, or None.
    fingerprint
        Digests of the structure as given, the model and the settings.
    versions
        Of the packages behind the model.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        fingerprint: Mapping[str, str],
        versions: Mapping[str, str],
    ) -> None:
        self._file = CheckpointFile(
            path=None if path is None else Path(path),
            kind=_KIND,
            work="run",
            reasons=_PARTS,
            fingerprint=fingerprint,
            versions=versions,
        )

    def resume(self) -> State | None:
        """Return the state in the file, or None if there is no file yet.

        Raises
        ------
        CheckpointError
            The file is damaged, or belongs to another run or to other versions.
        """
        return self._file.resume(_state)

    def write(self, state: State) -> None:
        """Write a state; an interruption leaves the former one.

        Raises
        ------
        StorageError
            The file cannot be written; the older one is intact.
        """
        arrays = {
            "positions_A": state.positions_A,
            "momenta": state.momenta,
            "cell_A": state.cell_A,
            **{f"{_OF_INTEGRATOR}{name}": array for name, array in state.integrator.items()},
        }
        if state.searched_positions_A is not None and state.searched_cell_A is not None:
            arrays["searched_positions_A"] = state.searched_positions_A
            arrays["searched_cell_A"] = state.searched_cell_A
        header = {
            "step": state.step,
            "is_recorded": state.is_recorded,
            "random": json.dumps(state.random),
            "sizes": dict(state.sizes),
            "extrapolated": asdict(state.extrapolated),
        }
        self._file.write(header, arrays)


def _state(header: Header, arrays: Arrays) -> State:
    return State(
        step=header["step"],
        is_recorded=header["is_recorded"],
        positions_A=arrays["positions_A"],
        momenta=arrays["momenta"],
        cell_A=arrays["cell_A"],
        integrator={
            name.removeprefix(_OF_INTEGRATOR): array
            for name, array in arrays.items()
            if name.startswith(_OF_INTEGRATOR)
        },
        random=json.loads(header["random"]),
        searched_positions_A=arrays.get("searched_positions_A"),
        searched_cell_A=arrays.get("searched_cell_A"),
        sizes=header["sizes"],
        extrapolated=ExtrapolatedSteps(**header["extrapolated"]),
    )


def steps_at(path: str | os.PathLike[str]) -> int | None:
    """Return how many steps the checkpoint at `path` has; None if it is none."""
    try:
        return int(load_archive(path, _KIND)[0]["step"])
    except (CheckpointError, KeyError, TypeError, ValueError):
        return None
