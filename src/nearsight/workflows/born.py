"""Born charges for the non-analytical term, checked before rows are computed."""

import contextlib
import os
from pathlib import Path

from ase import Atoms

from nearsight.errors import CheckpointError
from nearsight.hessian.files.phonopy_born import read_born
from nearsight.hessian.files.phonopy_objects import phonopy_of_cell
from nearsight.structures.tolerances import EXACT_TOLERANCE_A

_LEAST_LINES = 2  # the dielectric constant, and one atom


def require_born_file(path: str | None) -> None:
    """Check before anything is computed that `path` may be a BORN file.

    Raises
    ------
    CheckpointError
        There is no such file, or it holds no tensors.
    """
    if path is None:
        return
    if not os.path.isfile(path):
        raise CheckpointError(f"{path} does not exist; give the path of a BORN file of phonopy.")
    lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    if sum(map(_is_tensor, lines)) < _LEAST_LINES:
        raise CheckpointError(
            f"{path} is no BORN file of phonopy: it holds no lines of nine numbers, one with the "
            f"dielectric constant and one per independent atom."
        )


def require_born_for(path: str | None, atoms: Atoms, tolerance_A: float | None) -> None:
    """Check before rows are computed that a BORN file is for this structure.

    Raises
    ------
    CheckpointError
        The file cannot be read.
    StructureError
        It is for another cell.
    """
    if path is None:
        return
    # Which atoms are independent is the same for the unit cell and its primitive cell.
    read_born(path, phonopy_of_cell(atoms, tolerance_A or EXACT_TOLERANCE_A))


def _is_tensor(line: str) -> bool:
    words = line.split()
    with contextlib.suppress(ValueError):
        return len([float(word) for word in words]) == 9
    return False
