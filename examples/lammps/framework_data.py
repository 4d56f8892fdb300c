"""Write what the GCMC scripts of this folder read: a framework as a data file, CO2 as a template.

    python framework_data.py MG_MOF_74.cif [--repeat 1 1 1]

Types are Mg O C H of the framework and C O of the gas. Charges are those of the CIF
(`_atom_site_charge`); without any they are 0. CO2 is that of TraPPE: C-O 1.16 Å, C +0.70 e,
O -0.35 e (Potoff and Siepmann, AIChE J. 2001, 47, 1676).
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from ase.calculators.lammps import Prism
from ase.data import atomic_masses, atomic_numbers

from nearsight.storage import write_text
from nearsight.structures.reading import read_structure
from nearsight.structures.supercell import make_supercell

FRAMEWORK = ("Mg", "O", "C", "H")
TYPES = (*FRAMEWORK, "C", "O")
TEMPLATE = """# CO2 of TraPPE
3 atoms
2 bonds
1 angles

Coords

1 0 0 0
2 0 0 1.16
3 0 0 -1.16

Types

1 5
2 6
3 6

Charges

1 0.70
2 -0.35
3 -0.35

Bonds

1 1 1 2
2 1 1 3

Angles

1 1 2 1 3
"""


def main() -> None:
    """Write framework.data and co2.txt into this folder."""
    parser = argparse.ArgumentParser(description="a framework for GCMC in LAMMPS")
    parser.add_argument("framework", type=Path)
    parser.add_argument("--repeat", type=int, nargs=3, default=(1, 1, 1))
    arguments = parser.parse_args()
    framework = make_supercell(read_structure(str(arguments.framework)), tuple(arguments.repeat))
    net_e = framework.get_initial_charges().sum()
    if others := set(framework.get_chemical_symbols()) - set(FRAMEWORK):
        sys.exit(f"{arguments.framework} has {' '.join(sorted(others))} too; add types for them.")
    if abs(net_e) > 1e-3 * len(framework):
        sys.exit(f"the charges of {arguments.framework} add up to {net_e:.3g} e; correct them.")
    write_text(Path("co2.txt"), TEMPLATE)
    axes = Prism(framework.cell.array)
    *lengths, xy, xz, yz = axes.get_lammps_prism()
    positions_A = axes.vector_to_lammps(framework.positions, wrap=True)
    charges_e = framework.get_initial_charges() - net_e / len(framework)  # rounding
    lines = ["a framework and a gas", "", f"{len(framework)} atoms", f"{len(TYPES)} atom types"]
    lines += ["1 bond types", "1 angle types", "2 extra bond per atom", "1 extra angle per atom"]
    lines += ["2 extra special per atom", ""]
    lines += [f"0 {edge:.12g} {name}lo {name}hi" for edge, name in zip(lengths, "xyz", strict=True)]
    lines += [f"{xy:.12g} {xz:.12g} {yz:.12g} xy xz yz", "", "Masses", ""]
    for number, symbol in enumerate(TYPES, start=1):
        lines.append(f"{number} {atomic_masses[atomic_numbers[symbol]]:.6g}")
    lines += ["", "Atoms # full", ""]
    numbered = zip(framework.get_chemical_symbols(), charges_e, positions_A, strict=True)
    for atom, (symbol, charge_e, place) in enumerate(numbered, start=1):
        x, y, z = np.round(place, 10)
        number = FRAMEWORK.index(symbol) + 1
        lines.append(f"{atom} 1 {number} {charge_e:.8f} {x:.10g} {y:.10g} {z:.10g}")
    write_text(Path("framework.data"), "\n".join([*lines, ""]))
    print(f"framework.data: {len(framework)} atoms; co2.txt")


if __name__ == "__main__":
    main()
