"""The formula unit: what a mole of a substance is a mole of."""

import numpy as np
from ase import Atoms

from nearsight.structures.pieces import Pieces


def formula_unit(atoms: Atoms, pieces: Pieces) -> tuple[str, int]:
    """Return the formula unit in Hill order, and how many of it the cell holds.

    Of a crystal, layer or chain it is the smallest whole-number composition, such as SiO2 (O2Si in
    Hill order); of a molecule, also in a box, the molecule itself, for C6H6 is not CH. Different
    molecules in one box are taken for one composition.

    Parameters
    ----------
    atoms
        The cell.
    pieces
        What pairs of its atoms hold together.
    """
    if pieces.molecular:
        members = [pieces.of_atom == piece for piece in range(len(pieces.lattices))]
        formulas = {str(atoms.symbols[np.flatnonzero(of)].formula.format("hill")) for of in members}
        if len(formulas) == 1:
            return formulas.pop(), len(members)
    reduced, count = atoms.symbols.formula.reduce()
    return str(reduced.format("hill")), int(count)
