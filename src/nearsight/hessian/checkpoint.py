"""Finished rows on disk, appended one by one, so that an interrupted Hessian goes on.

The file is a line of JSON that says which calculation it belongs to, followed by records of equal
length: the index of the row, its elements, and a checksum. A record cut short by a crash or a full
disk is dropped when the file is opened again.
"""

import json
import os
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nearsight.errors import CheckpointError, StorageError
from nearsight.storage import write_text

_KIND = "nearsight hessian rows"
_FORMAT = 1


def read_fingerprint(path: str | os.PathLike[str]) -> dict[str, str] | None:
    """Return which calculation the rows at `path` belong to; None if that cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return dict(json.loads(file.readline())["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


class RowStore:
    """The finished rows of one Hessian.

    Parameters
    ----------
    path
        The file; it is made if it does not exist.
    fingerprint
        Digests of the structure, the model and the settings; see `nearsight.fingerprint`.
    n_atoms
        Number of atoms.

    Raises
    ------
    CheckpointError
        The file is damaged or belongs to another structure, model or setting.
    StorageError
        The file cannot be made.
    """

    def __init__(
        self, path: str | os.PathLike[str], fingerprint: Mapping[str, str], n_atoms: int
    ) -> None:
        self.path = Path(path)
        self._n_atoms = n_atoms
        self._fingerprint = dict(fingerprint)
        self.rows: dict[int, NDArray[np.float64]] = {}
        if self.path.exists() and self.path.stat().st_size > 0:
            self._read()
        else:
            self._create()

    def append(self, index: int, row: NDArray[np.float64]) -> None:
        """Keep row `index`, shape ``(n_atoms, 3)`` in eV/Å².

        Raises
        ------
        StorageError
            The disk is full or gone; the rows kept before are intact.
        """
        record = struct.pack("<q", index) + np.ascontiguousarray(row, dtype="<f8").tobytes()
        try:
            with self.path.open("r+b") as file:  # never make a file without a header
                file.seek(0, os.SEEK_END)
                file.write(record + struct.pack("<I", zlib.crc32(record)))
        except OSError as error:
            raise StorageError(
                f"cannot add to {self.path}: {error.strerror or error}. The {len(self.rows)} rows "
                f"in it are intact; free some space and start again to go on from there."
            ) from error
        self.rows[index] = row

    def _create(self) -> None:
        header = {
            "kind": _KIND,
            "format": _FORMAT,
            "n_atoms": self._n_atoms,
            "fingerprint": self._fingerprint,
        }
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"cannot make {self.path}: {error.strerror or error}.") from error
        write_text(self.path, json.dumps(header) + "\n")

    def _read(self) -> None:
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise CheckpointError(
                f"cannot read {self.path}: {error.strerror or error}; choose another path."
            ) from error
        line, _, records = content.partition(b"\n")
        self._check_header(line)
        length = 8 + 8 * 3 * self._n_atoms + 4
        complete = len(records) // length * length
        for start in range(0, complete, length):
            record = records[start : start + length]
            (checksum,) = struct.unpack("<I", record[-4:])
            if zlib.crc32(record[:-4]) != checksum:
                raise CheckpointError(f"{self.path} is damaged; delete it and start again.")
            (index,) = struct.unpack("<q", record[:8])
            row = np.frombuffer(record[8:-4], dtype="<f8").reshape(self._n_atoms, 3)
            self.rows[index] = row.astype(np.float64)
        if complete < len(records):
            os.truncate(self.path, len(line) + 1 + complete)

    def _check_header(self, line: bytes) -> None:
        try:
            header = json.loads(line)
            known = header["kind"] == _KIND and header["format"] == _FORMAT
            fingerprint = dict(header["fingerprint"])
        except (ValueError, KeyError, TypeError) as error:
            raise CheckpointError(
                f"{self.path} is not a checkpoint of a Hessian; choose another path."
            ) from error
        differing = [
            key for key in self._fingerprint if fingerprint.get(key) != self._fingerprint[key]
        ]
        if not known or differing:
            what = " and ".join(differing) or "format"
            raise CheckpointError(
                f"{self.path} belongs to another calculation (another {what}); delete it, or "
                f"choose another path for this one."
            )
