"""ASE's `ase.vibrations.VibrationsData` as it writes itself: JSON."""

import re
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.arrays import FloatArray
from nearsight.bounded_json import parse_json
from nearsight.errors import StructureError
from nearsight.hessian.files.content import DIFFERENCES, Content, damaged, molecule


def is_ase_vibrations(text: str) -> bool:
    """Tell whether a text is JSON of an object with atoms and their Hessian."""
    return text.lstrip().startswith("{") and all(
        re.search(rf'"{key}"\s*:', text) for key in ("atoms", "hessian")
    )


def read_ase_vibrations(file: Path, text: str) -> Content:
    """Read what `ase.vibrations.VibrationsData.write` wrote, in eV/Å².

    Not by `ase.io.jsonio`, which makes whatever object and array a file asks for.

    Raises
    ------
    CheckpointError
        The file is cut off, or holds something else.
    StructureError
        It has rows of some atoms only.
    """
    try:
        found = parse_json(text)
    except ValueError as error:
        raise damaged(file, f"it is no JSON ({error})") from error
    if not isinstance(found, dict):
        raise damaged(file, "it is no object with “atoms” and “hessian”")
    atoms = _atoms(file, found)
    hessian = _numbers(file, found, "hessian")
    rows = round(hessian.size**0.5)
    if rows * rows != hessian.size or rows % 3:
        raise damaged(file, f"“hessian” has {hessian.size} numbers, which are no square of 3 n")
    if rows < 3 * len(atoms):
        raise StructureError(
            f"{file} has rows of {rows // 3} of its {len(atoms)} atoms only: leave `indices` and "
            f"constraints out when ASE computes the vibrations."
        )
    matrix = hessian.reshape(rows, rows)
    return Content(
        program="ASE",
        matrix_eV_per_A2=matrix,
        asymmetry_allowed_eV_per_A2=DIFFERENCES * float(np.abs(matrix).max(initial=0.0)),
        atoms=atoms,
    )


def _atoms(file: Path, found: dict[str, Any]) -> Atoms:
    """Return the structure, of which constraints and whatever else it may carry are left."""
    described = found.get("atoms")
    if not isinstance(described, dict):
        raise damaged(file, "“atoms” is no structure")
    species = _numbers(file, described, "numbers")
    if (species != np.round(species)).any() or (np.abs(species) > 1e6).any():
        raise damaged(file, "“numbers” holds something else than atomic numbers")
    masses = _numbers(file, described, "masses") if described.get("masses") is not None else None
    positions = _numbers(file, described, "positions")
    atoms = molecule(species.ravel().astype(np.int64), positions, file, masses)
    cell = described.get("cell")
    if isinstance(cell, dict) and "array" in cell:
        described = {**described, "cell": cell["array"]}
    if cell is not None:
        vectors = _numbers(file, described, "cell")
        if vectors.shape != (3, 3):
            raise damaged(file, f"“cell” has the shape {vectors.shape} in place of 3×3")
        atoms.cell = vectors
    if described.get("pbc") is not None:
        periodic = _numbers(file, described, "pbc")
        if periodic.shape not in {(), (3,)}:
            raise damaged(file, "“pbc” is not true or false along three vectors")
        atoms.pbc = periodic.astype(bool)
    return atoms


def _numbers(file: Path, mapping: dict[str, Any], name: str) -> FloatArray:
    """Return an array of finite numbers, as a list or as ASE marks arrays: shape, kind, values."""
    value = mapping.get(name)
    shape: Any = None
    if isinstance(value, dict):
        marked = value.get("__ndarray__")
        if not isinstance(marked, list) or len(marked) != 3 or not isinstance(marked[0], list):
            raise damaged(file, f"“{name}” is no array")
        shape, _, value = marked
    try:
        found: NDArray[Any] = np.array(value)
    except (ValueError, OverflowError) as error:
        raise damaged(file, f"“{name}” is no array ({error})") from error
    if found.dtype.kind not in "biuf":
        raise damaged(file, f"“{name}” holds something that is no real number")
    if shape is not None:
        if not all(isinstance(length, int) and length >= 0 for length in shape):
            raise damaged(file, f"“{name}” has no shape, but {str(shape)[:40]}")
        if prod(shape) != found.size:
            raise damaged(file, f"“{name}” has {found.size} numbers for the shape {shape}")
        found = found.reshape(shape)
    if not np.isfinite(found).all():
        raise damaged(file, f"“{name}” holds a number that is not finite")
    return found.astype(np.float64)
