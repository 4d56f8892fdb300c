"""Charges of a framework by equilibration of electronegativities (EEQ), through dftd4.

Each element has an electronegativity, which depends on how many neighbours an atom has, a hardness
and a width of its Gaussian charge. The charges are those of the lowest electrostatic energy whose
sum is zero: one system of linear equations, with Ewald sums in a crystal, and no iteration.

The parameters were fitted to Hirshfeld charges of PBE0, which are mostly smaller than charges that
give the electrostatic potential of DFT. In Mg-MOF-74 (54 atoms) they correlate with the latter by
0.98 and are 0.25 e from them in the mean, magnesium 0.98 instead of 1.43 e; the Henry coefficient
of CO2 at 313 K (TraPPE and UFF) is 2.7 times smaller, and twice that without charges. So they do
where nothing better is known, for screening, and as a cheap level below a model.

E. Caldeweyher, S. Ehlert, A. Hansen, H. Neugebauer, S. Spicher, C. Bannwarth, S. Grimme, J. Chem.
Phys. 2019, 150, 154122, doi 10.1063/1.5090222; in crystals: E. Caldeweyher, J.-M. Mewes, S. Ehlert,
S. Grimme, Phys. Chem. Chem. Phys. 2020, 22, 8499, doi 10.1039/D0CP00502A.
"""

from functools import lru_cache
from importlib import metadata
from typing import Final

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import ModelError
from nearsight.models.families.forcefield.parameters import some_of
from nearsight.structures.operations import find_operations
from nearsight.structures.reduced_cell import cell_widths_A, reduced_basis
from nearsight.units import BOHR_IN_A

CITATION: Final = "charges: doi 10.1063/1.5090222, doi 10.1039/D0CP00502A"

_HEAVIEST = 103

# Copies of a primitive cell that a supercell repeats exactly, or with the digits of a CIF.
_SAME_PLACE_A = 1e-4

# The library's sums are right to 1e-4 e in such a cell, and to 4e-3 e in that of MgO's two atoms.
_LEAST_WIDTH_A = 12.0


def charge_library() -> str:
    """Return the name of the library that computes charges, with its version.

    Raises
    ------
    ModelError
        It is not installed.
    """
    try:
        import dftd4.interface  # noqa: F401
    except ImportError as error:
        raise ModelError(
            f"charges=eeq are computed by dftd4, which cannot be imported ({error}): "
            f"pip install 'nearsight[charges]', or take the charges of the structure "
            f"(charges=structure), or those of types (charges=types)."
        ) from error
    return f"dftd4 {metadata.version('dftd4')}"


def equilibrated_charges_e(framework: Atoms) -> FloatArray:
    """Return the charges of a framework's atoms; their sum is zero.

    They are computed in the primitive cell, repeated until it is wide enough, so that copies of an
    atom have one charge, and a supercell those of its cell. They are remembered for as long as the
    same atoms are asked for again.

    Parameters
    ----------
    framework
        All atoms of a crystal that are not its guests.

    Returns
    -------
    FloatArray
        In e, shape ``(n_atoms,)``, read-only.

    Raises
    ------
    ModelError
        The framework is not periodic in three directions, the method has no parameters for one of
        its elements, atoms overlap, or the library is not installed.
    StructureError
        Its primitive cell is not found.
    """
    formula = framework.get_chemical_formula()
    if not framework.pbc.all():
        raise ModelError(
            f"charges=eeq are those of a framework that is periodic in three directions, and "
            f"{formula} is not; give it a cell, or its charges (charges=structure)."
        )
    beyond = (framework.numbers < 1) | (framework.numbers > _HEAVIEST)
    if beyond.any():
        symbols = sorted(set(np.array(framework.get_chemical_symbols())[beyond].tolist()))
        raise ModelError(
            f"charges=eeq have no parameters for {some_of(symbols)} of {formula}; they know the "
            f"elements from H to Lr. Give the structure its charges (charges=structure)."
        )
    return _remembered(
        np.ascontiguousarray(framework.numbers, dtype=np.int64).tobytes(),
        np.ascontiguousarray(framework.positions, dtype=np.float64).tobytes(),
        np.ascontiguousarray(framework.cell.array, dtype=np.float64).tobytes(),
    )


@lru_cache(maxsize=16)
def _remembered(numbers: bytes, positions: bytes, cell: bytes) -> FloatArray:
    framework = Atoms(
        np.frombuffer(numbers, dtype=np.int64),
        np.frombuffer(positions).reshape(-1, 3),
        cell=np.frombuffer(cell).reshape(3, 3),
        pbc=True,
    )
    wide, classes = _wide_cell(framework)
    charges = _charges_by_library(wide)
    of_class = charges.reshape(-1, classes.max() + 1).mean(axis=0)  # copy by copy
    of_atoms: FloatArray = of_class[classes]
    of_atoms.flags.writeable = False
    return of_atoms


def _wide_cell(framework: Atoms) -> tuple[Atoms, IntArray]:
    """Return a repeated primitive cell, and which of its first atoms each atom is a copy of."""
    operations = find_operations(framework, _SAME_PLACE_A)
    firsts = np.unique(operations.classes, return_index=True)[1]
    primitive = framework[firsts]
    primitive.set_cell(operations.cell_in_lattice @ framework.cell.array)
    primitive.set_cell(reduced_basis(primitive) @ primitive.cell.array)
    primitive.wrap()
    widths = cell_widths_A(primitive.cell.array, primitive.pbc)
    repeats = np.ceil(_LEAST_WIDTH_A / widths - 1e-9).astype(int)
    return primitive.repeat(np.maximum(repeats, 1)), operations.classes


def _charges_by_library(crystal: Atoms) -> FloatArray:
    charge_library()
    from dftd4.interface import DispersionModel

    try:
        model = DispersionModel(
            crystal.numbers,
            crystal.positions / BOHR_IN_A,
            lattice=crystal.cell.array / BOHR_IN_A,
            periodic=crystal.pbc,
        )
        charges: FloatArray = model.get_properties()["partial charges"]
    except RuntimeError as error:
        raise ModelError(
            f"charges=eeq of {crystal.get_chemical_formula()} failed: {error}. Check the structure "
            f"for atoms that are too close, or give it its charges (charges=structure)."
        ) from error
    return charges
