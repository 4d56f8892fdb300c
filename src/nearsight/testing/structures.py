"""The structures on which models are examined.

The crystals have the lattice constants of PBE, near where most models were trained, as a relaxed
structure would: a cutoff function may have a kink in its second derivative exactly where an
unrelaxed shell of neighbours happens to lie.
"""

import numpy as np
from ase import Atoms
from ase.build import bulk, molecule
from ase.spacegroup import crystal


def examination_structures() -> dict[str, Atoms]:
    """Return an ionic and a covalent crystal, a linear molecule and a metal-organic framework."""
    return {
        "MgO": bulk("MgO", "rocksalt", a=4.25),
        "Si": bulk("Si", "diamond", a=5.469),
        "CO2": molecule("CO2"),
        "MOF-5": mof5(),
    }


def mof5() -> Atoms:
    """Return the primitive cell of MOF-5, Zn4O(C8H4O4)3, 106 atoms, Fm-3m.

    The coordinates are those of a GFN1-xTB relaxation (a = 25.84 Å); the topology is that of
    Li et al., Nature 1999, 402, 276, doi 10.1038/46248.
    """
    sites = {
        "Zn": (0.2926, 0.2074, 0.2074),
        "O1": (0.25, 0.25, 0.25),
        "O2": (0.2805, 0.2195, 0.1343),
        "C1": (0.25, 0.25, 0.1123),
        "C2": (0.25, 0.25, 0.0538),
        "C3": (0.2830, 0.2170, 0.0268),
        "H": (0.3086, 0.1914, 0.0480),
    }
    atoms: Atoms = crystal(
        [name.rstrip("123") for name in sites],
        basis=list(sites.values()),
        spacegroup=225,
        cellpar=[25.84] * 3 + [90.0] * 3,
        primitive_cell=True,
    )
    return Atoms(atoms.numbers, positions=atoms.positions, cell=atoms.cell, pbc=True)


def displaced(atoms: Atoms, size_A: float = 0.05, seed: int = 20) -> Atoms:
    """Return a copy with every atom moved at random, so that no force vanishes by symmetry."""
    moved: Atoms = atoms.copy()
    moved.positions += np.random.default_rng(seed).normal(scale=size_A, size=(len(atoms), 3))
    return moved
