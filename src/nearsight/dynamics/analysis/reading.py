"""Trajectories from files: extended XYZ, text dumps of LAMMPS, and ASE's own."""

import gzip
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from ase.data import atomic_masses

from nearsight.announcing import announces
from nearsight.arrays import FloatArray
from nearsight.dynamics.analysis.ase_frames import ase_frames
from nearsight.dynamics.analysis.frame_lines import CutError, Frame, FrameLines
from nearsight.dynamics.analysis.frame_times import Moment, of_all, times_of
from nearsight.dynamics.analysis.lammps_frames import lammps_frames
from nearsight.dynamics.analysis.settings import UNITS
from nearsight.dynamics.analysis.trajectory import Trajectory
from nearsight.dynamics.analysis.unwrapping import ImageFollower
from nearsight.dynamics.analysis.xyz_frames import xyz_frames
from nearsight.errors import MemoryBudgetError, MethodError, StructureError
from nearsight.memory import default_memory_budget, require_room
from nearsight.remarks import Remark

_ULM = b"- of Ulm"
_GZIP = b"\x1f\x8b"
_FLAT = 1e-6
"""Volume of unit vectors along a cell that is none."""
_BYTES_OF_VECTOR = 24
_TIMES_AT_ONCE = 3
"""Frames as they were read, the arrays made of them, and those with images added."""
_FRAMES_BETWEEN_CHECKS = 100


@announces
def read_trajectory(
    path: str | os.PathLike[str],
    *,
    timestep_fs: float | None = None,
    interval_fs: float | None = None,
    elements: Mapping[int, str] | None = None,
    units: str | None = None,
    unwrapped: bool | None = None,
    every: int = 1,
    memory_bytes: int | None = None,
) -> Trajectory:
    """Read a trajectory; what it is follows from its content.

    Wrapped positions are unwrapped: an atom that moves by half a cell vector or more from one frame
    to the next cannot be followed then, and what comes near to that (0.45) is refused. Positions
    are taken as they are if the file says that they are unwrapped (LAMMPS's ``xu``, ``xsu`` or
    ``ix``; what `nearsight.dynamics` writes).

    A file whose last frame is cut is read up to the one before, which is remarked.

    Parameters
    ----------
    path
        The file; text may be compressed (``.gz``).
    timestep_fs
        Length of a step in fs, where the file counts steps (LAMMPS).
    interval_fs
        Time between frames in fs, where the file tells neither times nor steps.
    elements
        Of LAMMPS, the element of each type, such as ``{1: "Si", 2: "O"}``, where there is no column
        ``element``.
    units
        Of LAMMPS, ``"metal"`` or ``"real"``; velocities are left out where this is not known.
    unwrapped
        Take positions as they are (True) or as wrapped (False), whatever the file says.
    every
        Keep each such frame only, in memory too; wrapped positions are followed through all.
    memory_bytes
        Memory that may be used; by default 80 % of what is free.

    Raises
    ------
    StructureError
        There is no such file; it is empty, none of these formats, damaged, or has no whole frame;
        its atoms change; or wrapped positions cannot be followed.
    MethodError
        Times or elements are missing, or told twice.
    MemoryBudgetError
        The frames do not fit into the memory; none has been swapped by then.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.dynamics import DynamicsSettings, run_dynamics
    >>> from nearsight.dynamics.analysis import read_trajectory
    >>> from nearsight.models import load_model
    >>> settings = DynamicsSettings(time_ps=0.3, timestep_fs=5.0)
    >>> copper, model = bulk("Cu", cubic=True), load_model("ase:emt")
    >>> run = run_dynamics(copper, model, settings, trajectory="copper.extxyz")
    >>> read_trajectory("copper.extxyz")
    <Trajectory of Cu4: 31 frames, 0 to 300 fs; copper.extxyz>
    """
    file = Path(path)
    if units is not None and units not in UNITS:
        raise MethodError(f"units are {' or '.join(UNITS)}, in which lengths are Å, not {units!r}.")
    if every < 1:
        raise MethodError(f"`every` is a whole number above 0, not {every}.")
    budget_bytes = default_memory_budget("cpu") if memory_bytes is None else memory_bytes
    try:
        frames = _FramesOfFile(every, budget_bytes)
        frames.read(_frames(file, elements, units))
        times_fs = times_of(frames.moments, timestep_fs, interval_fs)[::every]
        trajectory = frames.trajectory(times_fs, unwrapped, str(file))
    except (StructureError, MethodError, MemoryBudgetError) as error:
        raise type(error)(f"{file}: {error}") from error.__cause__
    return replace(trajectory, warnings=tuple(frames.remarks(file, trajectory)))


def _frames(file: Path, elements: Mapping[int, str] | None, units: str | None) -> Iterator[Frame]:
    """Recognise a file, and return its frames."""
    start = _start_of(file)
    if not start.strip():
        raise StructureError("It is empty; write or copy the trajectory again.")
    if start.startswith(_ULM):
        return ase_frames(file)
    if start.startswith(b"ITEM:"):
        return lammps_frames(FrameLines(file), elements, units)
    if start.split(maxsplit=1)[0].isdigit():
        return xyz_frames(FrameLines(file))
    raise StructureError(
        "It is no trajectory that is known; give extended XYZ, a text dump of LAMMPS, or ASE's "
        ".traj."
    )


def _start_of(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            start = stream.read(64)
        if file.name.lower().endswith(".gz") and start.startswith(_GZIP):
            with gzip.open(file) as packed:
                start = packed.read1(64)
    except FileNotFoundError as error:
        raise StructureError("There is no such file; check the path for a typo.") from error
    except EOFError:
        return b""
    except (OSError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise StructureError(f"It cannot be read: {reason}.") from error
    return start


class _FramesOfFile:
    """The frames of a file that count, and what the others say of how atoms went.

    Parameters
    ----------
    every
        Each such frame counts.
    budget_bytes
        Memory that they may take.
    """

    def __init__(self, every: int, budget_bytes: int) -> None:
        self._every = every
        self._budget_bytes = budget_bytes
        self._whole: list[Frame] = []
        self._images: list[FloatArray] = []
        self._left_out: dict[str, None] = {}
        self._unwrapped = True
        self._is_cut = False
        self.moments: list[Moment] = []
        """When all frames were, also those that do not count."""

    def read(self, frames: Iterator[Frame]) -> None:
        """Take all whole frames.

        Raises
        ------
        StructureError
            There are none, one is damaged, or has other atoms.
        MemoryBudgetError
            They do not fit into the memory.
        """
        try:
            for frame in frames:
                self._add(frame)
        except CutError as error:
            self._is_cut = True
            if not self._whole:
                raise StructureError(
                    "It is cut within its first frame; nothing is left."
                ) from error
        except ValueError as error:
            raise StructureError(
                f"frame {len(self.moments) + 1} is damaged: {error}; write or copy the file again."
            ) from error
        if not self._whole:
            raise StructureError("It has no frames; write or copy the trajectory again.")

    def _add(self, frame: Frame) -> None:
        number = len(self.moments) + 1
        _require_sound(frame, number)
        if self._whole:
            _require_same_atoms(self._whole[0], frame, number)
            # What is the same in all frames is there once.
            frame = replace(frame, numbers=self._whole[0].numbers, pbc=self._whole[0].pbc)
        else:
            self._follower = ImageFollower(frame.pbc)
        _require_lattice(frame, number)
        images = self._follower.images(frame.positions_A, frame.cell_A)
        self._unwrapped = self._unwrapped and frame.unwrapped
        self._left_out |= dict.fromkeys(frame.left_out)
        self.moments.append(Moment(frame.time_fs, frame.step))
        if (number - 1) % self._every == 0:
            self._whole.append(frame)
            self._images.append(images)
            self._require_room()

    def _require_room(self) -> None:
        n_frames = len(self._whole)
        if n_frames % _FRAMES_BETWEEN_CHECKS:
            return
        first = self._whole[0]
        n_atoms = len(first.numbers)
        vectors = 1 if first.velocities_A_per_fs is None else 2
        require_room(
            n_frames * n_atoms * vectors * _BYTES_OF_VECTOR * _TIMES_AT_ONCE,
            f"reading {n_frames} frames of {n_atoms} atoms and more",
            "Take each hundredth frame, say (`every`), or let it have more (`memory_bytes`).",
            budget_bytes=self._budget_bytes,
        )

    def trajectory(self, times_fs: FloatArray, unwrapped: bool | None, source: str) -> Trajectory:
        """Return the frames that count, with unwrapped positions."""
        first = self._whole[0]
        positions = np.array([frame.positions_A for frame in self._whole])
        cells = np.array([frame.cell_A for frame in self._whole])
        if unwrapped is None:
            unwrapped = self._unwrapped
        if not unwrapped:
            self._follower.require_followed()
            positions = self._follower.moved(positions, cells, self._images)
        masses = first.masses_amu
        return Trajectory(
            numbers=first.numbers,
            masses_amu=atomic_masses[first.numbers] if masses is None else masses,
            positions_A=positions,
            cells_A=cells,
            pbc=first.pbc,
            times_fs=times_fs,
            velocities_A_per_fs=of_all([frame.velocities_A_per_fs for frame in self._whole]),
            energies_eV=of_all([frame.energy_eV for frame in self._whole]),
            unwrapped=unwrapped,
            source=source,
        )

    def remarks(self, file: Path, trajectory: Trajectory) -> Iterator[Remark]:
        """Yield what must be known of the file, and of the trajectory that was made of it."""
        if trajectory.unwrapped and self._follower.shows_wrapping:
            yield Remark(
                "positions-jump",
                f"{file.name}: positions are taken as unwrapped, and atoms jump by about a cell "
                f"vector between frames; if they were carried back into the cell, displacements "
                f"are wrong: say so (`positions` wrapped).",
            )
        if self._is_cut:
            yield Remark(
                "cut-off-line",
                f"{file.name} is cut behind frame {len(self.moments)}; what there is of another is "
                f"left out.",
            )
        for what in self._left_out:
            yield Remark("left-out-of-file", f"{file.name}: not used is {what}.")


def _require_sound(frame: Frame, number: int) -> None:
    """Check what an analysis would only show as numbers that are none."""
    masses = frame.masses_amu
    arrays = (frame.positions_A, frame.cell_A, frame.velocities_A_per_fs, masses)
    if not all(each is None or np.isfinite(each).all() for each in arrays):
        raise StructureError(f"frame {number} has values that are not finite; copy the file again.")
    if not ((frame.numbers > 0) & (frame.numbers < len(atomic_masses))).all():
        raise StructureError(f"frame {number} has atoms that are no elements; copy the file again.")
    if masses is not None and not (masses > 0).all():
        raise StructureError(f"frame {number} has masses that are not above 0; correct the file.")


def _require_same_atoms(first: Frame, frame: Frame, number: int) -> None:
    if len(frame.numbers) != len(first.numbers):
        raise StructureError(
            f"frame {number} has {len(frame.numbers)} atoms, the first has {len(first.numbers)}; "
            f"a trajectory has the same atoms in all frames."
        )
    if not np.array_equal(frame.numbers, first.numbers):
        atom = int(np.argmax(frame.numbers != first.numbers))
        raise StructureError(
            f"atom {atom} of frame {number} is another element than in the first; a trajectory "
            f"has the same atoms in the same order in all frames."
        )
    if not np.array_equal(frame.pbc, first.pbc):
        raise StructureError(f"frame {number} is periodic along other directions than the first.")


def _require_lattice(frame: Frame, number: int) -> None:
    """Check that periodic directions have cell vectors that span a lattice."""
    if not frame.pbc.any():
        return
    vectors = frame.cell_A[frame.pbc]
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, np.newaxis]
    if np.sqrt(np.abs(np.linalg.det(unit @ unit.T))) < _FLAT:
        raise StructureError(
            f"frame {number} is periodic along {'abc' if frame.pbc.all() else 'some directions'}, "
            f"and its cell vectors there, {frame.cell_A.tolist()} Å, span no lattice."
        )
