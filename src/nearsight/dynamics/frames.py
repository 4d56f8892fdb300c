"""Frames of a trajectory, as extended XYZ."""

import gzip
import io
import os
from pathlib import Path

from ase import Atoms, units
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms, FixCartesian

from nearsight.dynamics.growing_file import GrowingFile
from nearsight.dynamics.settings import OutputSettings
from nearsight.errors import SettingError
from nearsight.structures.reading import VELOCITIES

SUFFIXES = (".extxyz", ".xyz", ".extxyz.gz", ".xyz.gz")


class FramesFile(GrowingFile):
    """A trajectory that grows frame by frame.

    Positions are those of the dynamics, never carried back into the cell; lengths are in Å,
    velocities in Å/fs, energies in eV, forces in eV/Å and stresses in eV/Å³. A name that ends in
    ``.gz`` has each frame compressed by itself.

    Parameters
    ----------
    path
        The file, whose name ends as one of `SUFFIXES`.
    output
        What frames have.

    Raises
    ------
    SettingError
        The name ends otherwise.
    StorageError
        No file can be written there.
    """

    def __init__(self, path: str | os.PathLike[str], output: OutputSettings) -> None:
        require_frames_name(path)
        super().__init__(path)
        self._output = output

    def add(self, atoms: Atoms, step: int, time_fs: float) -> None:
        """Append a frame of atoms whose calculator knows energy and forces.

        Raises
        ------
        StorageError
            It cannot be written.
        """
        self.append(frame_bytes(_frame(atoms, step, time_fs, self._output), self.path))


def _frame(atoms: Atoms, step: int, time_fs: float, output: OutputSettings) -> Atoms:
    frame = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
    if (atoms.get_masses() != frame.get_masses()).any():
        frame.set_masses(atoms.get_masses())
    if output.velocities:
        frame.new_array(VELOCITIES, atoms.get_velocities() * units.fs)
    # So that a run from this frame holds what this one holds; the format knows no other kinds.
    if all(isinstance(each, FixAtoms | FixCartesian) for each in atoms.constraints):
        frame.set_constraint(atoms.constraints)
    frame.info = {"step": step, "time_fs": time_fs}
    known = atoms.calc.results
    forces = known.get("forces") if output.forces else None
    frame.calc = SinglePointCalculator(
        frame, energy=known["energy"], forces=forces, stress=known.get("stress")
    )
    return frame


def require_frames_name(path: str | os.PathLike[str]) -> None:
    """Check that a file is named as a trajectory.

    Raises
    ------
    SettingError
        Its name ends otherwise than `SUFFIXES`.
    """
    if not Path(path).name.lower().endswith(SUFFIXES):
        raise SettingError(
            f"a trajectory is a file that ends in {', '.join(SUFFIXES)}, not {path}.", "trajectory"
        )


def frame_bytes(frame: Atoms, path: str | os.PathLike[str]) -> bytes:
    """Return a frame as a file has it: compressed by itself where its name ends in ``.gz``."""
    from ase.io import write

    text = io.StringIO()
    write(text, frame, format="extxyz")
    piece = text.getvalue().encode()
    if not Path(path).name.lower().endswith(".gz"):
        return piece
    # The time is left out of the header, so that equal frames are equal bytes.
    return gzip.compress(piece, compresslevel=6, mtime=0)
