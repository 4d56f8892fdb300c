"""Labels that a teacher gives one after the other, each on disk as soon as it is there."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray
from nearsight.errors import CheckpointError, StorageError
from nearsight.storage import require_writable, what_helps


@dataclass(frozen=True, eq=False)
class Label:
    """What a teacher says of one structure."""

    energy_eV: float | None
    forces_eV_per_A: FloatArray | None
    """Shape ``(n_atoms, 3)``; None where it could not say."""
    refusal: str | None = None
    """Why not."""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values, numbers with all their digits."""
        forces = None if self.forces_eV_per_A is None else self.forces_eV_per_A.tolist()
        return {"energy_eV": self.energy_eV, "forces_eV_per_A": forces, "refusal": self.refusal}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Label":
        """Return what `to_json` made."""
        forces = values["forces_eV_per_A"]
        return cls(
            values["energy_eV"],
            None if forces is None else np.array(forces, dtype=np.float64),
            values["refusal"],
        )


def digest_of(atoms: Atoms) -> str:
    """Return what tells one molecule from another, or from itself elsewhere."""
    digest = hashlib.sha256(atoms.numbers.astype(np.int64).tobytes())
    digest.update(atoms.positions.tobytes())
    return digest.hexdigest()


class LabelsFile:
    """A file with a line for each label, in the order in which they came.

    A line that a process was killed in is dropped, and its structure labelled again.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    CheckpointError
        A line in it is none of these.
    StorageError
        It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        require_writable(path)
        self.labels: dict[str, Label] = {}
        """By `digest_of` the structure."""
        if not path.exists():
            return
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(path, whole)
        for line in content[:whole].splitlines():
            try:
                values = json.loads(line)
                self.labels[str(values["structure"])] = Label.from_json(values)
            except (ValueError, KeyError, TypeError) as error:
                raise CheckpointError(
                    f"{path} has a line that is no label; delete it to label anew."
                ) from error

    def add(self, structure: str, label: Label) -> None:
        """Append the label of a structure, which is told by `digest_of`.

        Raises
        ------
        StorageError
            It cannot be written.
        """
        line = json.dumps({"structure": structure, **label.to_json()}) + "\n"
        try:
            with self.path.open("ab") as file:
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StorageError(
                f"{self.path} cannot be written ({error.strerror}); {what_helps(error)}, and run "
                f"the same again: it goes on from there."
            ) from error
        self.labels[structure] = label
