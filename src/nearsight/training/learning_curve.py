"""Errors over epochs, in a file that grows by a line of JSON for each."""

import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nearsight.dynamics.growing_file import GrowingFile
from nearsight.training.error_measures import Errors, SetErrors


@dataclass(frozen=True)
class EpochErrors:
    """What is known after an epoch."""

    epoch: int
    """0 before anything was learnt."""
    n_updates: int
    n_observations: int
    """Energies and components of forces that were learnt by then."""
    seconds: float
    """Wall time since the beginning, of all processes."""
    score: float
    """By which the best potential is chosen: error of forces over their size in the training data,
    and of energies per atom over theirs, both of the test set, added."""
    errors: SetErrors

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        plain = {name: value for name, value in vars(self).items() if name != "errors"}
        score = self.score if math.isfinite(self.score) else None
        return {**plain, "score": score, "errors": self.errors.to_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "EpochErrors":
        """Rebuild what `to_json` returned.

        Raises
        ------
        KeyError, TypeError
            It is something else.
        """
        by_set = {
            of_set: {group: Errors(**_numbers(errors)) for group, errors in groups.items()}
            for of_set, groups in values["errors"].items()
        }
        return cls(**{**_numbers(values), "errors": SetErrors(by_set)})


def _numbers(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: float("nan") if value is None else value for name, value in values.items()}


class LearningCurve:
    """The epochs of a training, which a file holds, too.

    Parameters
    ----------
    path
        The file; None keeps them here only.
    told
        What is called with each epoch that is new.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        told: Callable[[EpochErrors], object] = lambda _: None,
    ) -> None:
        self._told = told
        self._file = None if path is None else GrowingFile(path)
        self.epochs: list[EpochErrors] = []

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return 0 if self._file is None else self._file.size

    def begin(self, size: int | None) -> None:
        """Begin anew, or go back to the size that a checkpoint has noted.

        Raises
        ------
        StorageError
            A new one would take the place of something, or the file is shorter than it was.
        """
        if self._file is None:
            return
        self._file.begin(size)
        if size:
            lines = self._file.path.read_bytes().splitlines()
            self.epochs = [EpochErrors.from_json(json.loads(line)) for line in lines]

    def add(self, epoch: EpochErrors) -> None:
        """Add an epoch.

        Raises
        ------
        StorageError
            It cannot be written.
        """
        self.epochs.append(epoch)
        if self._file is not None:
            self._file.append(json.dumps(epoch.to_json()).encode() + b"\n")
        self._told(epoch)

    def secure(self) -> None:
        """Have all epochs reach the disk, before a checkpoint counts on them."""
        if self._file is not None:
            self._file.secure()
