"""Frames of ASE's own binary trajectories."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import PropertyNotImplementedError

from nearsight.dynamics.analysis.frame_lines import CutError, Frame, number_or_none
from nearsight.errors import StructureError
from nearsight.structures.checking import require_atomic_numbers


def ase_frames(file: Path) -> Iterator[Frame]:
    """Yield the frames of a ``.traj`` file.

    The time is ``time_fs`` of ``atoms.info``, where somebody has put it there.

    Raises
    ------
    CutError
        The last frame is cut.
    StructureError
        It is another file of the same container, or damaged.
    """
    from ase.io.trajectory import TrajectoryReader

    # Opened here: its reader leaves a file open that it fails on.
    with file.open("rb") as stream:
        try:
            reader = TrajectoryReader(stream)
        except Exception as error:  # it trusts the file, and fails in any way
            raise StructureError(
                f"It is no trajectory of ASE, or it is cut ({error}); copy it again."
            ) from error
        for index in range(len(reader)):
            try:
                atoms = reader[index]
            except Exception as error:  # as above
                if index == len(reader) - 1:
                    raise CutError from error
                raise StructureError(
                    f"frame {index + 1} is damaged ({error}); copy the file again."
                ) from error
            yield _frame(atoms)


def _frame(atoms: Atoms) -> Frame:
    require_atomic_numbers(atoms)
    velocities = atoms.get_velocities() * units.fs if atoms.has("momenta") else None
    time_fs, step = (number_or_none(atoms.info.get(name)) for name in ("time_fs", "step"))
    return Frame(
        numbers=atoms.numbers.astype(np.int64),
        positions_A=atoms.positions.copy(),
        cell_A=atoms.cell.array.copy(),
        pbc=atoms.pbc.copy(),
        masses_amu=atoms.get_masses(),
        time_fs=time_fs,
        step=None if step is None else int(step),
        velocities_A_per_fs=velocities,
        energy_eV=_energy_eV(atoms),
    )


def _energy_eV(atoms: Atoms) -> float | None:
    if atoms.calc is None:
        return None
    try:
        energy: Any = atoms.get_potential_energy()
    except PropertyNotImplementedError:
        return None
    return float(energy)
