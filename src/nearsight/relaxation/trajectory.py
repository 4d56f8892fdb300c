"""The steps of a relaxation in a file that ASE and viewers read."""

import io
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from ase import Atoms

from nearsight.errors import SettingError, StorageError
from nearsight.models.contract import Evaluation, forces_of
from nearsight.relaxation.result import results_as_calculator
from nearsight.remarks import Remark
from nearsight.storage import require_writable, what_helps, write_bytes

FORMATS = {".traj": "traj", ".extxyz": "extxyz", ".xyz": "extxyz"}
"""Formats of ASE by the ends of names."""

_STEP, _ROUND = "step", "round"

Key = tuple[int, int]
"""Round and step."""


class Trajectory:
    """A file to which each accepted step is appended, with what the model says of it.

    Every frame has ``round`` and ``step`` in its ``info``, and energy, forces and, where the cell
    is relaxed, stress, as the model gives them: without what a pressure adds or a space group
    takes off. Step 0 is where the first step begins.

    A relaxation that goes on from a checkpoint goes on in the file: frames beyond the checkpoint,
    whose steps are taken again, leave it, and none is in it twice. A frame is written before its
    checkpoint, so that none is missing unless the file was lost, or was not asked for from the
    start; `remarks` says so.

    Parameters
    ----------
    path
        The file, whose name says the format: one of `FORMATS`.
    round_number
        Which of several relaxations that share the file this one is, counted from 0.

    Raises
    ------
    SettingError
        The name does not end as one of `FORMATS`.
    StorageError
        No file can be written there.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from ase.io import read
    >>> from nearsight.models import load_model
    >>> from nearsight.relaxation import relax
    >>> relaxation = relax(bulk("Cu", a=3.7), load_model("ase:emt"), trajectory="steps.extxyz")
    >>> for frame in read("steps.extxyz", "::2"):
    ...     print(frame.info["step"], f"{frame.get_volume():.2f} Å³")
    ...
    0 12.66 Å³
    3 11.48 Å³
    5 11.57 Å³
    """

    def __init__(self, path: str | os.PathLike[str], round_number: int = 0) -> None:
        self._path = Path(path)
        known = FORMATS.get(self._path.suffix.lower())
        if known is None:
            raise SettingError(
                f"a trajectory is a file that ends in {' or '.join(FORMATS)}, not {self._path}.",
                "trajectory",
            )
        require_writable(path)
        if self._path.exists() and not self._path.is_file():
            raise StorageError(f"{self._path} is no regular file; give another name.")
        self._format: str = known
        self._round = round_number
        self._kept: list[Atoms] = []
        self._last: Key | None = None
        self._must_rewrite = True
        self.remarks: tuple[Remark, ...] = ()
        """What the file lacks."""

    def begin(self, resumed_step: int | None, atoms: Atoms) -> None:
        """Find out what of the file stays, before the first frame is added.

        Parameters
        ----------
        resumed_step
            That of the checkpoint from which the relaxation goes on; None if it starts anew.
        atoms
            The structure.

        Raises
        ------
        StorageError
            What is in the file are no steps of this relaxation.
        """
        self._kept, self._last, self._must_rewrite, self.remarks = [], None, True, ()
        if resumed_step is None and self._round == 0:
            self._require_same_start(atoms)
            return
        frames, whole = self._read()
        keys = [self._key_of(frame, atoms) for frame in frames]
        if resumed_step is None:
            stays = [key < (self._round, 0) for key in keys]
        else:
            # Frames of later rounds stay until a step shows that they are taken anew.
            stays = [True] * len(keys)
            self._say_what_is_missing(resumed_step, keys)
        self._kept = [frame for frame, kept in zip(frames, stays, strict=True) if kept]
        self._must_rewrite = not whole or not all(stays)
        self._last = None if resumed_step is None else (self._round, resumed_step)
        if self._last is not None and self._last not in keys:
            self._last = None

    def _require_same_start(self, atoms: Atoms) -> None:
        """Check that a relaxation that begins anew takes the place of itself only."""
        if not self._path.exists() or not self._path.stat().st_size:
            return
        frames, _ = self._read()
        first = frames[0] if frames else None
        if (
            first is None
            or _key(first) != (0, 0)
            or not np.array_equal(first.numbers, atoms.numbers)
            # Imposing a space group has moved the first frame a little.
            or not np.allclose(first.positions, atoms.positions, atol=1.0)
        ):
            raise self._other("it does not begin as this one does")

    def add(self, atoms: Atoms, step: int, evaluation: Evaluation) -> None:
        """Append a step, unless it is the one that was added or resumed last.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        key = (self._round, step)
        if key == self._last:
            return
        kept = [frame for frame in self._kept if _key(frame) < key]
        frame = _frame(atoms, key, evaluation)
        try:
            if self._must_rewrite or len(kept) < len(self._kept):
                self._write([*kept, frame])
            else:
                self._append(frame)
        except OSError as error:
            raise StorageError(
                f"cannot write {self._path}: {error.strerror or error}. Steps up to the last one "
                f"are in it; {what_helps(error)} or choose another place."
            ) from error
        # From here on the file grows by what is added, and nothing has to leave it.
        self._kept, self._must_rewrite, self._last = [], False, key

    def _say_what_is_missing(self, resumed_step: int, keys: list[Key]) -> None:
        if {(self._round, 0), (self._round, resumed_step)} <= set(keys):
            return
        said = (
            f"{self._path} lacks steps before step {resumed_step}, at which the relaxation went "
            f"on from its checkpoint: they were taken without it, or it was lost."
        )
        self.remarks = (Remark("trajectory-incomplete", said),)

    def _read(self) -> tuple[list[Atoms], bool]:
        """Return the frames of the file, and whether it ends with a whole one."""
        from ase.io import iread

        if not self._path.exists() or self._path.stat().st_size == 0:
            return [], True
        frames: list[Atoms] = []
        source: str | io.StringIO = str(self._path.absolute())
        whole = True
        try:
            if self._format == "extxyz":
                text = self._path.read_text()
                ended = _whole_frames(text)
                source, whole = io.StringIO(ended), ended == text
            for frame in iread(source, ":", self._format, do_not_split_by_at_sign=True):
                frames.append(frame)  # noqa: PERF402  # those before a damaged one count
        except Exception:  # each parser of ASE raises what it stumbles over
            whole = False
        if not frames:
            raise self._other("nothing in it can be read")
        return frames, whole

    def _key_of(self, frame: Atoms, atoms: Atoms) -> Key:
        if not np.array_equal(frame.numbers, atoms.numbers):
            raise self._other("its atoms are others")
        if not {_STEP, _ROUND} <= set(frame.info):
            raise self._other("its frames do not say which steps they are")
        return _key(frame)

    def _other(self, why: str) -> StorageError:
        return StorageError(
            f"{self._path} holds no steps of the relaxation that is to go on in it: {why}. Give "
            f"another name, or delete it."
        )

    def _write(self, frames: list[Atoms]) -> None:
        from ase.io import write

        with TemporaryDirectory(prefix="nearsight-") as folder:
            whole = Path(folder, f"whole{self._path.suffix}")
            write(whole, frames, format=self._format)
            content = whole.read_bytes()
        write_bytes(self._path, content)

    def _append(self, frame: Atoms) -> None:
        from ase.io import write
        from ase.io.trajectory import TrajectoryWriter

        if self._format == "extxyz":
            write(self._path.absolute(), frame, format="extxyz", append=True)
            return
        with TrajectoryWriter(self._path.absolute(), "a") as writer:
            writer.write(frame)


def _whole_frames(text: str) -> str:
    """Return an extended XYZ up to its last whole frame: a process may have died while writing."""
    lines = text.splitlines(keepends=True)
    end = 0
    while end < len(lines) and lines[end].strip().isdigit():
        following = end + 2 + int(lines[end])
        if following > len(lines) or not lines[following - 1].endswith("\n"):
            break
        end = following
    return "".join(lines[:end])


def _key(frame: Atoms) -> Key:
    return int(frame.info[_ROUND]), int(frame.info[_STEP])


def _frame(atoms: Atoms, key: Key, evaluation: Evaluation) -> Atoms:
    frame: Atoms = atoms.copy()  # without the calculator
    frame.info = {_ROUND: key[0], _STEP: key[1]}
    frame.calc = results_as_calculator(
        frame,
        evaluation.energy_eV,
        forces_of(evaluation),
        evaluation.stress_eV_per_A3,
    )
    return frame
