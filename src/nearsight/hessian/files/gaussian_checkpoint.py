"""Gaussian's formatted checkpoint (``.fchk``), which other programs write too."""

import re
from pathlib import Path

import numpy as np
from ase.data import atomic_masses_common
from numpy.typing import NDArray

from nearsight.arrays import FloatArray
from nearsight.errors import CheckpointError, StructureError
from nearsight.hessian.files.content import (
    Content,
    damaged,
    from_lower_triangle,
    ghosts_left_out,
    molecule,
    numbers,
    of_atoms,
    whole_number,
)
from nearsight.remarks import Remark
from nearsight.structures.isotopes import HYDROGEN_ISOTOPES_u
from nearsight.units import BOHR_IN_A, HARTREE_PER_BOHR2_IN_EV_PER_A2

_ARRAY = re.compile(r"^(\S.{0,60}?) +[IRCHL] +N= *(\d+) *$", re.MULTILINE)

MASSES_OF_ASE = Remark(
    "masses-assumed",
    "the file has no masses; those of the natural mixtures of isotopes were taken.",
)


def is_gaussian_checkpoint(text: str) -> bool:
    """Tell whether a file has the titled arrays of a formatted checkpoint."""
    return re.search(r"^Atomic numbers +I +N=", text, re.MULTILINE) is not None


def read_gaussian_checkpoint(file: Path, text: str) -> Content:
    """Read the force constants (hartree/bohr², lower triangle), positions (bohr) and masses.

    A centre without nuclear charge is a ghost. A charge below the atomic number is that of an
    effective core potential.

    Raises
    ------
    CheckpointError
        There are none, or the file is cut off.
    StructureError
        Atoms were held fixed.
    """
    arrays = _Arrays(file, text)
    if "Cartesian Force Constants" not in arrays:
        raise CheckpointError(
            f"{file} is a formatted checkpoint without force constants: make one from the "
            f"checkpoint of a calculation of frequencies."
        )
    for name in ("Atomic numbers", "Current cartesian coordinates"):
        if name not in arrays:
            raise damaged(file, f"it has no “{name}”")
    species = arrays.integers("Atomic numbers")
    is_atom = _are_atoms(file, arrays, species)
    positions = arrays.numbers("Current cartesian coordinates")
    if len(positions) != 3 * len(species):
        raise damaged(file, f"it has {len(species)} atoms, but {len(positions)} coordinates")
    _require_no_frozen_atoms(file, arrays, is_atom)
    masses, note = _masses(file, arrays, species)
    matrix = from_lower_triangle(arrays.numbers("Cartesian Force Constants"), file)
    return Content(
        program="Gaussian",
        matrix_eV_per_A2=of_atoms(matrix, is_atom, file) * HARTREE_PER_BOHR2_IN_EV_PER_A2,
        asymmetry_allowed_eV_per_A2=0.0,
        atoms=molecule(
            species[is_atom],
            positions.reshape(-1, 3)[is_atom] * BOHR_IN_A,
            file,
            None if masses is None else masses[is_atom],
        ),
        notes=(
            *note,
            *ghosts_left_out(int(np.count_nonzero(~is_atom))),
        ),
    )


class _Arrays:
    """The titled arrays of a formatted checkpoint."""

    def __init__(self, file: Path, text: str) -> None:
        self._file, self._text = file, text
        self._found: dict[str, re.Match[str]] = {}
        for match in _ARRAY.finditer(text):
            if match[1] in self._found:
                raise damaged(file, f"it has “{match[1]}” twice")
            self._found[match[1]] = match

    def __contains__(self, name: str) -> bool:
        if name not in self._found and re.search(rf"^{name}", self._text, re.MULTILINE):
            raise damaged(self._file, f"the title of “{name}” does not say how many numbers follow")
        return name in self._found

    def numbers(self, name: str) -> FloatArray:
        """Return the numbers of an array, as many as its title says."""
        return numbers(self._words(name), self._file, f"“{name}”")

    def integers(self, name: str) -> NDArray[np.int64]:
        """Return the whole numbers of an array, as many as its title says."""
        found = self.numbers(name)
        if (found != np.round(found)).any() or (np.abs(found) > 1e6).any():
            raise damaged(self._file, f"“{name}” holds something else than whole numbers")
        return found.astype(np.int64)

    def _words(self, name: str) -> list[str]:
        match = self._found[name]
        count = whole_number(match[2], self._file, f"the title of “{name}”")
        # The next title, if any, begins in the first column, as numbers do not.
        block = re.split(r"^(?=[^\s\d+-])", self._text[match.end() :], maxsplit=1, flags=re.M)[0]
        words = block.split()
        if len(words) != count:
            raise damaged(self._file, f"“{name}” has {len(words)} of its {count} numbers")
        return words


def _masses(
    file: Path, arrays: _Arrays, species: NDArray[np.int64]
) -> tuple[FloatArray | None, tuple[Remark, ...]]:
    """Return the masses of all centres, and a note where they are not those of the program.

    The first that are looked for are those of the frequencies, for which isotopes may have been
    chosen. Mass numbers stand for the isotopes that have them.
    """
    known = ("Vib-AtMass", "Real atomic weights", "Integer atomic weights")
    named = [name for name in known if name in arrays]
    if not named:
        return None, (MASSES_OF_ASE,)
    masses = arrays.numbers(named[0])
    if len(masses) != len(species):
        raise damaged(file, f"it has {len(species)} atoms, but {len(masses)} masses")
    if named[0] != known[-1]:
        return masses, ()
    common = atomic_masses_common[np.clip(species, 0, len(atomic_masses_common) - 1)]
    masses = np.where(np.round(common) == masses, common, masses)
    masses = np.where((species == 1) & (masses == 2), HYDROGEN_ISOTOPES_u["D"], masses)
    rounded = (masses == np.round(masses)) & (masses != common) & (species > 0)
    if not rounded.any():
        return masses, ()
    said = (
        f"the file has no masses but mass numbers, which were taken for {rounded.sum()} of the "
        f"atoms: they are up to 0.1 % off."
    )
    return masses, (Remark("masses-assumed", said),)


def _require_no_frozen_atoms(file: Path, arrays: _Arrays, is_atom: NDArray[np.bool_]) -> None:
    """Check that no atom has another code than the rest, as those have that were held fixed."""
    if "MicOpt" not in arrays:
        return
    codes = arrays.integers("MicOpt")
    if len(codes) == len(is_atom) and len(np.unique(codes[is_atom])) > 1:
        held = np.flatnonzero(is_atom & (codes == codes[is_atom].min()))
        raise StructureError(
            f"{file} is of a calculation in which {len(held)} of the atoms were held fixed (MicOpt "
            f"{codes[held[0]]}), the first of them atom {held[0] + 1}: these force constants are "
            f"not those of all atoms. Compute the frequencies without frozen atoms, or the Hessian "
            f"with a model (`recompute`)."
        )


def _are_atoms(file: Path, arrays: _Arrays, species: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which centres are atoms; the others are ghosts."""
    if "Nuclear charges" not in arrays:
        return species > 0
    charges = arrays.numbers("Nuclear charges")
    # A core potential stands for closed shells, an even number of electrons.
    if len(charges) != len(species) or not all(
        charge == 0 or (charge > 0 and number >= charge and (number - charge) % 2 == 0)
        for number, charge in zip(species, charges, strict=True)
    ):
        raise damaged(file, "its “Nuclear charges” are not those of its “Atomic numbers”")
    return (charges > 0) & (species > 0)
