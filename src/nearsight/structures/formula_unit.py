"""The formula unit: what a mole of a substance is a mole of."""

from ase import Atoms


def formula_unit(atoms: Atoms) -> tuple[str, int]:
    """Return the formula unit in Hill order, and how many of it the cell holds.

    Of a crystal, layer or chain it is the smallest whole-number composition, such as SiO2 (O2Si in
    Hill order); of a molecule the molecule itself, for C6H6 is not CH.
    """
    formula = atoms.symbols.formula
    if not atoms.pbc.any():
        return str(formula.format("hill")), 1
    reduced, count = formula.reduce()
    return str(reduced.format("hill")), int(count)
