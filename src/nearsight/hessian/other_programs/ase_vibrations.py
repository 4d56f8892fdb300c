"""ASE's `ase.vibrations.VibrationsData` as it writes itself: JSON."""

import re
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io.jsonio import decode
from ase.vibrations import VibrationsData

from nearsight.errors import StructureError
from nearsight.hessian.other_programs.content import DIFFERENCES, Content, damaged


def is_ase_vibrations(text: str) -> bool:
    """Tell whether a text is JSON of an object with atoms and their Hessian."""
    return text.lstrip().startswith("{") and all(
        re.search(rf'"{key}"\s*:', text) for key in ("atoms", "hessian")
    )


def read_ase_vibrations(file: Path, text: str) -> Content:
    """Read what `ase.vibrations.VibrationsData.write` wrote, in eV/Å².

    Raises
    ------
    CheckpointError
        The file is cut off.
    StructureError
        It has rows of some atoms only.
    """
    try:
        found = decode(text)
        data = found if isinstance(found, VibrationsData) else VibrationsData.fromdict(found)
    except Exception as error:
        # The JSON may be of anything, and ASE's constructors raise anything.
        raise damaged(file, f"{type(error).__name__}: {error}") from error
    atoms = data.get_atoms()
    if len(data.get_indices()) < len(atoms):
        raise StructureError(
            f"{file} has rows of {len(data.get_indices())} of its {len(atoms)} atoms only: leave "
            f"`indices` and constraints out when ASE computes the vibrations."
        )
    matrix = np.asarray(data.get_hessian_2d(), dtype=np.float64)
    return Content(
        program="ASE",
        matrix_eV_per_A2=matrix,
        asymmetry_allowed_eV_per_A2=DIFFERENCES * float(np.abs(matrix).max()),
        atoms=Atoms(
            atoms.numbers,
            positions=atoms.positions,
            masses=atoms.get_masses(),
            cell=atoms.cell,
            pbc=atoms.pbc,
        ),
    )
