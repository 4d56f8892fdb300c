"""Gaussian's formatted checkpoint (``.fchk``), which other programs write too."""

import re
from pathlib import Path

from ase import Atoms

from nearsight.errors import CheckpointError
from nearsight.hessian.other_programs.content import (
    Content,
    FloatArray,
    damaged,
    from_lower_triangle,
    numbers,
)
from nearsight.units import BOHR_IN_A, HARTREE_PER_BOHR2_IN_EV_PER_A2

_ARRAY = re.compile(r"^(\S.*?) +[IRCHL] +N= *(\d+) *$", re.MULTILINE)

MASSES_OF_ASE = "the file has no masses; those of the natural mixtures of isotopes were taken."


def is_gaussian_checkpoint(text: str) -> bool:
    """Tell whether a file has the titled arrays of a formatted checkpoint."""
    return re.search(r"^Atomic numbers +I +N=", text, re.MULTILINE) is not None


def read_gaussian_checkpoint(file: Path, text: str) -> Content:
    """Read the force constants (hartree/bohr², lower triangle), positions (bohr) and masses.

    Raises
    ------
    CheckpointError
        There are none, or the file is cut off.
    """
    arrays = {found[1]: found for found in _ARRAY.finditer(text)}

    def array(name: str) -> FloatArray:
        found = arrays[name]
        words = text[found.end() :].split(maxsplit=int(found[2]))[: int(found[2])]
        if len(words) < int(found[2]):
            raise damaged(file, f"“{name}” has {len(words)} of its {found[2]} numbers")
        return numbers(words, file, f"“{name}”")

    if "Cartesian Force Constants" not in arrays:
        raise CheckpointError(
            f"{file} is a formatted checkpoint without force constants: make one from the "
            f"checkpoint of a calculation of frequencies."
        )
    if "Current cartesian coordinates" not in arrays:
        raise damaged(file, "it has no “Current cartesian coordinates”")
    atoms = Atoms(
        array("Atomic numbers").astype(int),
        positions=array("Current cartesian coordinates").reshape(-1, 3) * BOHR_IN_A,
    )
    named = [name for name in ("Real atomic weights", "Vib-AtMass") if name in arrays]
    if named:
        atoms.set_masses(array(named[0]))
    matrix = from_lower_triangle(array("Cartesian Force Constants"), file)
    return Content(
        program="Gaussian",
        matrix_eV_per_A2=matrix * HARTREE_PER_BOHR2_IN_EV_PER_A2,
        asymmetry_allowed_eV_per_A2=0.0,
        atoms=atoms,
        notes=() if named else (MASSES_OF_ASE,),
    )
