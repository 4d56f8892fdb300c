"""Atoms and molecules in a box, as a model of crystals sees isolated ones."""

from ase import Atoms

from nearsight.models.contract import Model

BOX_A = 25.0


def in_box(atoms: Atoms, model: Model) -> Atoms:
    """Return isolated atoms as a model is given them: a model of crystals in a box of 25 Å."""
    boxed: Atoms = atoms.copy()
    if model.capabilities.periodic:
        boxed.set_cell([BOX_A] * 3)
        boxed.center()
        boxed.pbc = True
    return boxed
