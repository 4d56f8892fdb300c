"""Reading, checking and symmetry of structures."""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.structures.checking import check_structure
    from nearsight.structures.fragment_extension import extend_fragment
    from nearsight.structures.fragment_sets import covering_fragments
    from nearsight.structures.fragments import Fragment, cut_fragment, shrinking_fragments
    from nearsight.structures.groups import Groups, find_groups
    from nearsight.structures.pieces import Pieces, find_pieces, whole_molecule
    from nearsight.structures.reading import read_structure
    from nearsight.structures.supercell import make_supercell
    from nearsight.structures.symmetry import SpaceGroup, Symmetrized, space_group, symmetrize
    from nearsight.structures.writing import (
        require_writable_structure_format,
        require_writable_structures,
        write_structures,
    )

__all__ = [
    "Fragment",
    "Groups",
    "Pieces",
    "SpaceGroup",
    "Symmetrized",
    "check_structure",
    "covering_fragments",
    "cut_fragment",
    "extend_fragment",
    "find_groups",
    "find_pieces",
    "make_supercell",
    "read_structure",
    "require_writable_structure_format",
    "require_writable_structures",
    "shrinking_fragments",
    "space_group",
    "symmetrize",
    "whole_molecule",
    "write_structures",
]

import_at_first_use(__name__)
