"""Argon in LAMMPS: commands that make it, and what is compared."""

import numpy as np
from numpy.typing import NDArray

from nearsight.lammps.library import Lammps
from nearsight.lammps.unit_styles import UNIT_STYLES

ARGON = {"Ar": (0.0104, 3.4)}
CUTOFF_A = 5.0
BOXES = {
    "orthogonal": "block 0 10.8 0 10.8 0 10.8",
    "triclinic": "prism -1 9.8 0.5 11.3 2 12.8 1.4 -0.9 1.1",
}


def argon_commands(units: str = "metal", box: str = "orthogonal") -> str:
    """Return what makes argon in disorder, 32 atoms of it, before any pair style."""
    return f"""
units {units}
atom_modify map yes
region box {BOXES[box]}
create_box 1 box
lattice fcc 5.4 origin 0.1 0.1 0.1
create_atoms 1 box
mass 1 39.948
displace_atoms all random 0.1 0.1 0.1 7 units box
velocity all create 60 7 loop all
timestep {0.002 if units == "metal" else 2.0}
thermo_style custom step temp pe ke etotal press vol pxx pyy pzz pxy pxz pyz
thermo_modify norm no
"""


NO_PAIRS = "pair_style zero 2.0 nocoeff\npair_coeff * *\n"


def of_atoms(lammps: Lammps, name: str) -> NDArray[np.float64]:
    """Return a property of all atoms by their numbers."""
    n_atoms = lammps.extract_setting("nlocal")
    order = np.argsort(lammps.numpy.extract_atom("id")[:n_atoms])
    return np.array(lammps.numpy.extract_atom(name)[:n_atoms])[order]


def energy_unit_eV(lammps: Lammps) -> float:
    """Return LAMMPS' unit of energy in eV."""
    return UNIT_STYLES[lammps.extract_global("units")].energy_eV


def farthest_apart_A(one: Lammps, other: Lammps) -> float:
    """Return the largest distance between the same atoms of two, in an orthogonal box or not."""
    apart = of_atoms(one, "x") - of_atoms(other, "x")
    low, high, xy, yz, xz, *_ = one.extract_box()
    cell = np.diag(np.array(high) - np.array(low))
    cell[1, 0], cell[2, 0], cell[2, 1] = xy, xz, yz
    apart -= np.rint(apart @ np.linalg.inv(cell)) @ cell
    return float(np.linalg.norm(apart, axis=1).max())
