"""Whether a structure that was written comes back as it was."""

from pathlib import Path

import numpy as np
from ase import Atoms
from ase.geometry import find_mic

from nearsight.errors import StructureError
from nearsight.remarks import Remark

_FARTHEST_A = 2e-3
"""A format that keeps three decimals is one; what moves atoms farther writes something else."""
_ROUNDED_A = 1e-5
"""Up to this a structure keeps its space group."""
CHARGES = "initial charges"
"""As messages name them."""


def compare_with_written(path: Path, atoms: Atoms, again: Atoms) -> list[Remark]:
    """Return what of a structure a file does not hold.

    Parameters
    ----------
    path
        The file, for messages.
    atoms, again
        What was written, and what was read again.

    Raises
    ------
    StructureError
        It came back as another structure.
    """
    if not np.array_equal(atoms.numbers, again.numbers):
        raise not_held(path, atoms, "its atoms come back as others, or in another order")
    if not np.array_equal(atoms.pbc, again.pbc):
        came = again.pbc.tolist()
        raise not_held(
            path, atoms, f"it is periodic along {atoms.pbc.tolist()} and comes back as {came}"
        )
    off_A = _farthest_A(atoms, again)
    if not off_A <= _FARTHEST_A:
        raise not_held(path, atoms, "its cell or positions come back as others")
    remarks = []
    if off_A > _ROUNDED_A:
        said = f"{path} rounds positions by up to {off_A:.1g} Å."
        remarks.append(Remark("rounded-by-format", said))
    lost = [what for what in beside_species(atoms) if what not in beside_species(again)]
    if lost:
        said = f"{path} does not hold {' and '.join(lost)}, which are left out."
        remarks.append(Remark("left-out-by-format", said))
    return remarks


def beside_species(atoms: Atoms) -> list[str]:
    """Return what atoms have beside a place and an element."""
    usual = Atoms(numbers=atoms.numbers).get_masses()
    return [
        what
        for what, there in (
            ("masses of isotopes", not np.allclose(atoms.get_masses(), usual, rtol=1e-6)),
            (CHARGES, bool(np.any(atoms.get_initial_charges()))),
            ("initial magnetic moments", bool(np.any(atoms.get_initial_magnetic_moments()))),
        )
        if there
    ]


def _farthest_A(atoms: Atoms, again: Atoms) -> float:
    """Return how far an atom or the end of a cell vector is from where it was.

    A crystal may come back turned, as from a CIF, and atoms in another cell of it.
    """
    between = again.positions - atoms.positions
    if not atoms.pbc.any():
        return float(np.linalg.norm(between, axis=1).max())
    cell, other = atoms.cell.array, again.cell.array
    if np.abs(cell - other).max() > _FARTHEST_A and atoms.pbc.all():
        turned = again.cell.scaled_positions(again.positions) - atoms.cell.scaled_positions(
            atoms.positions
        )
        between = (turned - np.round(turned)) @ cell
        # a mirror image has the same metric
        mirrored = np.linalg.det(other) * np.linalg.det(cell) < 0
        metric = np.abs(other @ other.T - cell @ cell.T).max() / (2 * atoms.cell.lengths().max())
        off_A = np.inf if mirrored else metric
        return float(max(off_A, np.linalg.norm(between, axis=1).max()))
    vectors = (cell - other)[atoms.pbc]
    between, _ = find_mic(between, atoms.cell.complete(), atoms.pbc)
    return float(max(np.abs(vectors).max(), np.linalg.norm(between, axis=1).max()))


def not_held(path: Path, atoms: Atoms, why: str) -> StructureError:
    """Return the error of a file that cannot hold a structure."""
    return StructureError(
        f"{path} cannot hold {atoms.get_chemical_formula()}: {why}. Choose a name that ends in "
        f".extxyz, .traj or .json."
    )
