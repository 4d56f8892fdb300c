"""Born charges of phonopy's BORN files, and what charges of any file must obey."""

import os
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nearsight.errors import CheckpointError, StructureError
from nearsight.fingerprint import file_sha256
from nearsight.hessian.born_charges import BornCharges
from nearsight.hessian.files.phonopy_units import COULOMB_eV_A, all_calculators

if TYPE_CHECKING:
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms


def read_born(path: str | os.PathLike[str], phonon: "Phonopy") -> BornCharges:
    """Return Born charges and dielectric constant from a BORN file for phonopy's primitive cell.

    The charges are in e whatever program had them; the factor with which the file begins is
    e²/(4πε₀) in the units of one of phonopy's calculators.

    Raises
    ------
    CheckpointError
        There is no such file, or it is none of phonopy's BORN files.
    StructureError
        It is for another cell.
    """
    from phonopy.file_IO import parse_BORN
    from phonopy.structure.symmetry import Symmetry

    file = Path(path)
    if not file.is_file():
        raise CheckpointError(f"{file} does not exist; give the path of a BORN file of phonopy.")
    # The file follows the space group, even where the force constants were made without it.
    symmetry = Symmetry(phonon.primitive, symprec=phonon.symmetry.tolerance)
    independent = symmetry.get_independent_atoms()
    n_given = sum(
        len(line.split()) == 9
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines()
        if not line.startswith("#")
    )
    if n_given and n_given != len(independent) + 1:
        raise StructureError(
            f"{file} has Born charges of {n_given - 1} atoms, but the primitive cell has "
            f"{len(independent)} symmetry-independent ones: the file is for another cell or "
            f"another symmetry."
        )
    try:
        params = parse_BORN(phonon.primitive, symprec=phonon.symmetry.tolerance, filename=str(file))
    except (RuntimeError, ValueError, IndexError) as error:
        raise CheckpointError(
            f"{file} is not a readable BORN file of phonopy ({error}): it holds a line with the "
            f"unit conversion, one with the dielectric constant, and one per independent atom."
        ) from error
    if not all(np.isfinite(params[name]).all() for name in ("born", "dielectric")):
        raise CheckpointError(f"{file} holds charges or constants that are not finite; correct it.")
    if np.linalg.det(params["dielectric"]) <= 0:
        raise CheckpointError(f"{file} holds a dielectric tensor that is not positive; correct it.")
    found = BornCharges(
        params["born"],
        params["dielectric"],
        _coulomb_eV_A(file, params.get("factor")),
        "gonze",
        file.name,
        file_sha256(file),
    )
    return neutral(found, phonon.primitive, phonon.symmetry.tolerance)


def neutral(found: BornCharges, primitive: "PhonopyAtoms", tolerance_A: float) -> BornCharges:
    """Return charges that sum to zero and, like the dielectric tensor, follow the space group.

    phonopy makes them so whenever it uses symmetry. Otherwise acoustic modes would not go to zero
    at Γ.

    Parameters
    ----------
    found
        In the order of `primitive`.
    primitive
        The primitive cell.
    tolerance_A
        How far an atom may be from where the space group wants it.
    """
    from phonopy.structure.symmetry import symmetrize_borns_and_epsilon

    with warnings.catch_warnings():
        # `BornCharges.remarks` says more.
        warnings.filterwarnings("ignore", "Symmetry of Born effective charge")
        charges, dielectric = symmetrize_borns_and_epsilon(
            found.charges_e, found.dielectric, primitive, symprec=tolerance_A
        )
    return replace(
        found,
        charges_e=charges,
        dielectric=dielectric,
        sum_in_file_e=float(np.abs(found.charges_e.sum(axis=0)).max()),
        change_e=float(np.abs(charges - found.charges_e).max()),
    )


def _coulomb_eV_A(file: Path, factor: float | None) -> float:
    """Return e²/(4πε₀) in eV Å with the digits of a BORN file, in whichever unit that has it.

    Files of phonopy's own scripts begin with a comment in place of it.
    """
    if factor is None:
        return COULOMB_eV_A
    calculators = all_calculators()
    for units in calculators:
        coulomb = units.coulomb_eV_A(factor)
        if coulomb is not None:
            return coulomb
    known = sorted({round(units.coulomb, 4) for units in calculators})
    raise CheckpointError(
        f"{file} begins with the unit conversion {factor:g}, which is e²/(4πε₀) in the units of no "
        f"calculator of phonopy ({', '.join(f'{value:g}' for value in known)}); correct it, or put "
        f"a comment there."
    )
