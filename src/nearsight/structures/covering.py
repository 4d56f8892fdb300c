"""Placeholder"""

import numpy as np
from nearsight.structures.fragments import cut_fragment
from nearsight.structures.symmetry import space_group


def covering_fragments(groups, sites, radius_A):
    found = []
    for site in sites:
        f = cut_fragment(groups, site, radius_A=radius_A)
        if not any(f.atoms.get_chemical_formula() == g.atoms.get_chemical_formula() for g in found):
            found.append(f)
    return found


def equivalent_sites(atoms, tol):
    if atoms.pbc.all():
        return space_group(atoms, tol).equivalent_atoms
    return np.arange(len(atoms))
