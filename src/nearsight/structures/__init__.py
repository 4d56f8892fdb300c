"""Reading, checking and symmetry of structures."""

from nearsight.structures.checking import check_structure
from nearsight.structures.pieces import whole_molecule
from nearsight.structures.reading import read_structure
from nearsight.structures.supercell import make_supercell
from nearsight.structures.symmetry import SpaceGroup, Symmetrized, space_group, symmetrize

__all__ = [
    "SpaceGroup",
    "Symmetrized",
    "check_structure",
    "make_supercell",
    "read_structure",
    "space_group",
    "symmetrize",
    "whole_molecule",
]
