"""Where a training has got, to the bit."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.fingerprint import json_sha256
from nearsight.hessian.checkpoint_file import Arrays, CheckpointFile, Header
from nearsight.provenance import installed_versions
from nearsight.training.folder import CURVE
from nearsight.training.labelled import LabelledStructure
from nearsight.training.settings import TrainingSettings

_KIND = "training-checkpoint"
_OF_OPTIMIZER = "optimizer/"
_PARTS = {
    "data": "it learnt from other data",
    "settings": "it used other settings",
    "reaches": "it was told other distances at which elements interact",
}


@dataclass(frozen=True, eq=False)
class State:
    """All that the next step depends on, and what has come of those before."""

    epoch: int
    """Number of whole epochs."""
    position: int
    """Number of structures of the next epoch that have been learnt already."""
    order: IntArray
    """In which the structures of that epoch are learnt."""
    weights: FloatArray
    best_weights: FloatArray
    best_epoch: int
    best_score: float
    optimizer: Mapping[str, np.ndarray]
    random: Mapping[str, Any]
    """State of the generator of random numbers."""
    force_RMSE_eV_per_A: float
    """Of the training set after the last whole epoch."""
    n_updates: int
    seconds: float
    """Wall time of all processes so far."""
    diverged: str | None
    """What was said when the training diverged."""
    curve_bytes: int
    """Size of the file of the learning curve."""


class Checkpoint:
    """The checkpoint file of one training; without a path nothing is read or written.

    Parameters
    ----------
    path
        The file, or None.
    fingerprint
        Digests of data and settings.
    settings
        Those that decide, by name; see `deciding_settings`.
    """

    def __init__(
        self, path: Path | None, fingerprint: Mapping[str, str], settings: Mapping[str, Any]
    ) -> None:
        self._file = CheckpointFile(
            path=path,
            kind=_KIND,
            work="training",
            reasons=_PARTS,
            fingerprint=fingerprint,
            versions=installed_versions(),
            place="folder",
            beside=CURVE,
            settings=settings,
        )

    @property
    def path(self) -> Path | None:
        """The file, or None."""
        return self._file.path

    def resume(self) -> State | None:
        """Return the state in the file, or None if there is no file yet.

        Raises
        ------
        CheckpointError
            The file is damaged, or belongs to another training or to other versions.
        """
        return self._file.resume(_state)

    def write(self, state: State) -> None:
        """Write a state; an interruption leaves the former one.

        Raises
        ------
        StorageError
            The file cannot be written; the older one is intact.
        """
        values = vars(state)
        arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
        of_optimizer = {_OF_OPTIMIZER + name: each for name, each in state.optimizer.items()}
        plain = {
            name: value
            for name, value in values.items()
            if name not in arrays and name not in {"optimizer", "random"}
        }
        header = {**plain, "random": json.dumps(state.random)}
        # Covariances are numbers without a pattern: to compress them takes a second for nothing.
        self._file.write(header, {**arrays, **of_optimizer}, compress=False)


def _state(header: Header, arrays: Arrays) -> State:
    of_optimizer = {
        name.removeprefix(_OF_OPTIMIZER): array
        for name, array in arrays.items()
        if name.startswith(_OF_OPTIMIZER)
    }
    names = State.__dataclass_fields__.keys() - {"optimizer", "random"}
    values: dict[str, Any] = {
        name: arrays[name] if name in arrays else header[name] for name in names
    }
    return State(optimizer=of_optimizer, random=json.loads(header["random"]), **values)


def fingerprint(
    structures: Sequence[LabelledStructure],
    settings: TrainingSettings,
    reaches_A: Mapping[tuple[str, str], float] | None,
) -> dict[str, str]:
    """Return SHA-256 digests of data, settings, and how far elements interact."""
    data = hashlib.sha256()
    for each in structures:
        for array in (
            each.atoms.numbers,
            each.atoms.positions,
            each.atoms.cell.array,
            each.atoms.pbc,
            np.array(each.energy_eV),
            each.forces_eV_per_A,
        ):
            data.update(np.ascontiguousarray(array).tobytes())
        data.update(f"{each.group}\0{each.split}\0".encode())
    reaches = sorted(["-".join(sorted(pair)), reach] for pair, reach in (reaches_A or {}).items())
    return {
        "data": data.hexdigest(),
        "settings": json_sha256(deciding_settings(settings)),
        "reaches": json_sha256(reaches),
    }


def deciding_settings(settings: TrainingSettings) -> dict[str, Any]:
    """Return the settings that decide what comes out, as JSON values by their name.

    When a training ends is none of them: it may go on beyond its end, unless the learning rate of
    Adam depends on that.
    """
    groups = settings.to_json()
    stopping = groups.pop("stopping")
    values = {name: value for group in groups.values() for name, value in group.items()}
    if settings.optimizer.optimizer == "adam":
        values["epochs"] = stopping["epochs"]
    return values
