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
from nearsight.arrays import BoolArray, FloatArray
from nearsight.dynamics.analysis.ase_frames import ase_frames
from nearsight.dynamics.analysis.frame_lines import CutError, Frame, FrameLines
from nearsight.dynamics.analysis.frame_times import of_all, times_of
from nearsight.dynamics.analysis.lammps_frames import UNITS, lammps_frames
from nearsight.dynamics.analysis.trajectory import Trajectory
from nearsight.dynamics.analysis.unwrapping import follow_images
from nearsight.dynamics.analysis.xyz_frames import xyz_frames
from nearsight.errors import MethodError, StructureError
from nearsight.remarks import Remark

_ULM = b"- of Ulm"
_GZIP = b"\x1f\x8b"
_FLAT = 1e-6
"""Volume of unit vectors along a cell that is none."""


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
        Keep each such frame only; wrapped positions are followed through all.

    Raises
    ------
    StructureError
        There is no such file; it is empty, none of these formats, damaged, or has no whole frame;
        its atoms change; or wrapped positions cannot be followed.
    MethodError
        Times or elements are missing, or told twice.
    """
    file = Path(path)
    if units is not None and units not in UNITS:
        raise MethodError(f"units are {' or '.join(UNITS)}, in which lengths are Å, not {units!r}.")
    try:
        frames, is_cut = _all_frames(_frames(file, elements, units))
        times_fs = times_of(frames, timestep_fs, interval_fs)
        trajectory = _assembled(frames, times_fs, unwrapped, str(file)).between(every=every)
    except (StructureError, MethodError) as error:
        raise type(error)(f"{file}: {error}") from error.__cause__
    return replace(trajectory, warnings=tuple(_remarks(frames, is_cut, file)))


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


def _all_frames(frames: Iterator[Frame]) -> tuple[list[Frame], bool]:
    """Return all whole frames, and whether another one is cut."""
    whole: list[Frame] = []
    try:
        for frame in frames:
            _require_sound(frame, len(whole) + 1)
            if whole:
                _require_same_atoms(whole[0], frame, len(whole) + 1)
            whole.append(frame)
    except CutError as error:
        if not whole:
            raise StructureError("It is cut within its first frame; nothing is left.") from error
        return whole, True
    except ValueError as error:
        raise StructureError(
            f"frame {len(whole) + 1} is damaged: {error}; write or copy the file again."
        ) from error
    if not whole:
        raise StructureError("It has no frames; write or copy the trajectory again.")
    return whole, False


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


def _assembled(
    frames: list[Frame], times_fs: FloatArray, unwrapped: bool | None, source: str
) -> Trajectory:
    first = frames[0]
    positions = np.array([frame.positions_A for frame in frames])
    cells = np.array([frame.cell_A for frame in frames])
    _require_lattice(cells, first.pbc)
    if unwrapped is None:
        unwrapped = all(frame.unwrapped for frame in frames)
    if not unwrapped:
        positions = follow_images(positions, cells, first.pbc)
    masses = first.masses_amu
    return Trajectory(
        numbers=first.numbers,
        masses_amu=atomic_masses[first.numbers] if masses is None else masses,
        positions_A=positions,
        cells_A=cells,
        pbc=first.pbc,
        times_fs=times_fs,
        velocities_A_per_fs=of_all([frame.velocities_A_per_fs for frame in frames]),
        energies_eV=of_all([frame.energy_eV for frame in frames]),
        unwrapped=unwrapped,
        source=source,
    )


def _require_lattice(cells_A: FloatArray, pbc: BoolArray) -> None:
    """Check that periodic directions have cell vectors that span a lattice."""
    lengths = np.linalg.norm(cells_A, axis=2)
    unit = cells_A[:, pbc] / np.where(lengths > 0, lengths, 1.0)[:, pbc, np.newaxis]
    spanned = np.sqrt(np.abs(np.linalg.det(unit @ np.swapaxes(unit, 1, 2))))
    if pbc.any() and spanned.min() < _FLAT:
        frame = int(np.argmin(spanned))
        raise StructureError(
            f"frame {frame + 1} is periodic along {'abc' if pbc.all() else 'some directions'}, and "
            f"its cell vectors there, {cells_A[frame].tolist()} Å, span no lattice."
        )


def _remarks(frames: list[Frame], is_cut: bool, file: Path) -> Iterator[Remark]:
    if is_cut:
        yield Remark(
            "cut-off-line",
            f"{file.name} is cut behind frame {len(frames)}; what there is of another is left out.",
        )
    for what in dict.fromkeys(each for frame in frames for each in frame.left_out):
        yield Remark("left-out-of-file", f"{file.name}: not used is {what}.")
