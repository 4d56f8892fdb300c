"""Finished rows on disk, appended one by one, so that an interrupted Hessian goes on.

The file is a line of JSON that says which calculation it belongs to, followed by records of equal
length: the index of the row, its elements, and a checksum. From the first record on that is not as
it was written (a crash, a power cut or a full disk can leave half a record, or zeros) the file is
cut when it is opened again, and what is lost is said.
"""

import json
import logging
import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearsight.bounded_json import parse_json
from nearsight.errors import CheckpointError, StorageError
from nearsight.hessian.same_model import differing_versions
from nearsight.models.contract import Evaluation, forces_of
from nearsight.remarks import Remark
from nearsight.storage import what_helps, write_atomically

logger = logging.getLogger("nearsight.checkpoint")

_KIND = "nearsight hessian rows"
_FORMAT = 2
_LONGEST_HEADER_BYTES = 2**26
_NO_HEADER = (ValueError, KeyError, TypeError)
"""What a line raises that is no JSON, or JSON of something else."""


@dataclass(frozen=True)
class Origin:
    """Which calculation rows belong to."""

    fingerprint: Mapping[str, str]
    """Digests of the structure, the model and the settings; see `nearsight.fingerprint`."""
    versions: Mapping[str, str]
    """Of the packages behind the model."""
    at_rest: Evaluation
    """Energy and forces of the structure."""


def read_fingerprint(path: str | os.PathLike[str]) -> dict[str, str] | None:
    """Return which calculation the rows at `path` belong to; None if that cannot be read."""
    if not Path(path).is_file():  # opening a pipe would wait for whoever writes to it
        return None
    try:
        with Path(path).open("rb") as file:
            return dict(parse_json(file.readline(_LONGEST_HEADER_BYTES))["fingerprint"])
    except (OSError, *_NO_HEADER):
        return None


def holds_rows(path: str | os.PathLike[str]) -> bool:
    """Tell whether the file at `path` has the header of one of rows, of whatever calculation."""
    if not Path(path).is_file():
        return False
    try:
        with Path(path).open("rb") as file:
            return bool(parse_json(file.readline(_LONGEST_HEADER_BYTES))["kind"] == _KIND)
    except (OSError, *_NO_HEADER):
        return False


def count_rows(path: str | os.PathLike[str]) -> int:
    """Return how many whole records are at `path`; 0 if it is no file of rows."""
    if not Path(path).is_file():
        return 0
    try:
        with Path(path).open("rb") as file:
            line = file.readline(_LONGEST_HEADER_BYTES)
            n_atoms = int(parse_json(line)["n_atoms"])
            return (os.fstat(file.fileno()).st_size - len(line)) // _record_bytes(n_atoms)
    except (OSError, *_NO_HEADER):
        return 0


class RowStore:
    """The finished rows of one Hessian.

    Parameters
    ----------
    path
        The file; it is made if it does not exist. Nobody else may work on it meanwhile
        (`nearsight.locking.hold`).
    origin
        Which calculation the rows belong to.
    n_atoms
        Number of atoms; a record holds three numbers for each.

    Raises
    ------
    CheckpointError
        The file belongs to another structure, model, setting or version, or is no such file.
    StorageError
        The file cannot be made, or its damaged end cannot be cut off.
    """

    def __init__(self, path: str | os.PathLike[str], origin: Origin, n_atoms: int) -> None:
        self.path = Path(path)
        self._n_atoms = n_atoms
        self._origin = origin
        self.rows: dict[int, NDArray[np.float64]] = {}
        self.at_rest = origin.at_rest
        """What the model said when the first row was kept."""
        self.notes: tuple[Remark, ...] = ()
        """What was lost of the file, in plain words; empty if nothing was."""
        if self.path.is_fifo():
            raise self._no_checkpoint()
        if self.path.exists() and self.path.stat().st_size > 0:
            self._read()
        if not self.rows:
            self._create()

    def append(self, index: int, row: NDArray[np.float64]) -> None:
        """Keep row `index`, shape ``(n_atoms, 3)`` in eV/Å².

        Raises
        ------
        StorageError
            The disk is full or gone; the rows kept before are intact.
        """
        record = self._record(index, row)
        try:
            with self.path.open("r+b") as file:  # never make a file without a header
                file.seek(0, os.SEEK_END)
                file.write(record)
        except FileNotFoundError:  # removed by somebody: what is known is enough to go on
            self.rows[index] = row
            self._create()
            return
        except OSError as error:
            raise StorageError(
                f"cannot add to {self.path}: {error.strerror or error}. The {len(self.rows)} rows "
                f"in it are intact; {what_helps(error)} and start again to go on from there."
            ) from error
        self.rows[index] = row

    def _record(self, index: int, row: NDArray[np.float64]) -> bytes:
        record = struct.pack("<q", index) + np.ascontiguousarray(row, dtype="<f8").tobytes()
        return record + struct.pack("<I", zlib.crc32(record))

    def _create(self) -> None:
        origin = self._origin
        header = {
            "kind": _KIND,
            "format": _FORMAT,
            "n_atoms": self._n_atoms,
            "fingerprint": dict(origin.fingerprint),
            "versions": dict(origin.versions),
            "at_rest": {
                "energy_eV": self.at_rest.energy_eV,
                "forces_eV_per_A": forces_of(self.at_rest).tolist(),
            },
        }
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"cannot make {self.path}: {error.strerror or error}.") from error
        line = json.dumps(header).encode() + b"\n"
        records = (self._record(index, row) for index, row in self.rows.items())
        write_atomically(self.path, lambda file: file.writelines([line, *records]))

    def _read(self) -> None:
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise CheckpointError(
                f"cannot read {self.path}: {error.strerror or error}; choose another path."
            ) from error
        line, _, records = content.partition(b"\n")
        self._check_header(line)
        length = _record_bytes(self._n_atoms)
        sound = 0
        while self._take(records[sound : sound + length]):
            sound += length
        if sound < len(records):
            self._cut(len(line) + 1 + sound, -(-(len(records) - sound) // length))

    def _take(self, record: bytes) -> bool:
        """Take a row if its record is whole and sound, and tell whether it is."""
        if len(record) != _record_bytes(self._n_atoms):
            return False
        (checksum,) = struct.unpack("<I", record[-4:])
        if zlib.crc32(record[:-4]) != checksum:
            return False
        (index,) = struct.unpack("<q", record[:8])
        row = np.frombuffer(record[8:-4], dtype="<f8").reshape(self._n_atoms, 3)
        self.rows[index] = row.astype(np.float64)
        return True

    def _cut(self, size: int, n_lost: int) -> None:
        """Cut the file to `size`: what follows a damaged record cannot be trusted to be in step."""
        what = "1 record" if n_lost == 1 else f"{n_lost} records"
        try:
            os.truncate(self.path, size)
        except OSError as error:
            raise StorageError(
                f"the end of {self.path} is damaged ({what}) and cannot be cut off: "
                f"{error.strerror or error}. Make it writable, or choose another path."
            ) from error
        note = (
            f"{what} at the end of {self.path} {'was' if n_lost == 1 else 'were'} damaged and cut "
            f"off, to be computed again; the {len(self.rows)} before are sound."
        )
        self.notes = (Remark("damaged-work", note),)
        logger.warning("nearsight: %s", note)

    def _no_checkpoint(self) -> CheckpointError:
        return CheckpointError(
            f"{self.path} is not a checkpoint of a Hessian; choose another path."
        )

    def _check_header(self, line: bytes) -> None:
        try:
            header = parse_json(line)
            known = header["kind"] == _KIND and header["format"] == _FORMAT
            fingerprint = dict(header["fingerprint"])
        except _NO_HEADER as error:
            raise self._no_checkpoint() from error
        ours = self._origin.fingerprint
        differing = [key for key in ours if fingerprint.get(key) != ours[key]]
        if not known or differing:
            what = " and ".join(differing) or "format"
            raise CheckpointError(
                f"{self.path} belongs to another calculation (another {what}); delete it, or "
                f"choose another path for this one."
            )
        try:
            self.at_rest = _evaluation(header["at_rest"])
            changed = differing_versions(dict(header["versions"]), self._origin.versions)
        except (*_NO_HEADER, AttributeError) as error:
            raise CheckpointError(
                f"{self.path} lacks a part of its header ({error}); delete it and start again."
            ) from error
        if changed:
            raise CheckpointError(
                f"{self.path} was begun with other versions ({changed}), whose rows are not mixed. "
                f"Go on with those, or delete it to start anew."
            )


def _record_bytes(n_atoms: int) -> int:
    return 8 + 8 * 3 * n_atoms + 4


def _evaluation(header: Mapping[str, Any]) -> Evaluation:
    return Evaluation(
        energy_eV=float(header["energy_eV"]),
        forces_eV_per_A=np.array(header["forces_eV_per_A"], dtype=np.float64),
        stress_eV_per_A3=None,
        atomic_energies_eV=None,
    )
