"""Carbon dioxide that LAMMPS exchanges in a rigid framework: commands, and chains of moves."""

from pathlib import Path

from lennard_jones import lennard_jones, pair_commands
from nearsight.lammps.library import Lammps
from nearsight.lammps.unit_styles import UNIT_STYLES
from nearsight.models.engines.ase_model import AseModel

ELEMENTS = ("Mg", "C", "O")
PARAMETERS = {"Mg": (0.0048, 2.7), "C": (0.0023, 2.8), "O": (0.0068, 3.05)}
CUTOFF_A = 6.0
BOND_A = 1.16
BOXES = {"orthogonal": "block 0 15 0 15 0 15", "triclinic": "prism 1 16 0 15 -2 13 1.5 -1.0 2.0"}
BAR = {"metal": 1.0, "real": 1 / 1.01325}

_TEMPLATE = f"""# carbon dioxide
3 atoms
2 bonds
1 angles

Coords

1 0 0 0
2 {BOND_A} 0 0
3 {-BOND_A} 0 0

Types

1 2
2 3
3 3

Bonds

1 1 1 2
2 1 1 3

Angles

1 1 2 1 3
"""


def framework_commands(units: str, box: str, folder: Path) -> str:
    """Return what makes a framework of 27 atoms, and the template of the molecule.

    Atoms are not sorted: which molecule is moved depends on their order, and that on the cutoff.
    """
    template = folder / "co2.txt"
    template.write_text(_TEMPLATE, encoding="utf-8")
    return f"""
units {units}
atom_style molecular
atom_modify map yes sort 0 0.0
region box {BOXES[box]}
create_box 3 box bond/types 1 angle/types 1 extra/bond/per/atom 2 extra/angle/per/atom 1 &
  extra/special/per/atom 2
lattice sc 5.0
create_atoms 1 box
mass 1 24.305
mass 2 12.011
mass 3 15.999
displace_atoms all random 0.3 0.3 0.3 11 units box
bond_style zero
bond_coeff 1
angle_style zero
angle_coeff 1
special_bonds lj 0 0 0
group gas type 2 3
molecule co2 {template}
timestep {0.001 if units == "metal" else 1.0}
thermo_style custom step pe atoms
thermo_modify norm no lost ignore
"""


def native_commands(units: str) -> str:
    """Return LAMMPS' own pair style with the parameters of `model`."""
    return pair_commands(ELEMENTS, PARAMETERS, CUTOFF_A, UNIT_STYLES[units].energy_eV)


def model() -> AseModel:
    """Return the same as a model, which counts pairs within a molecule."""
    return lennard_jones(PARAMETERS, CUTOFF_A)


def exchange_command(units: str, rest: str = "", n_moves: int = 10, bar: float = 60.0) -> str:
    """Return `fix gcmc`, at 300 K, with ten exchanges at a step and so many other moves."""
    return (
        f"fix mc gas gcmc 1 10 {n_moves} 0 4711 300 0 0.6 mol co2 "
        f"pressure {bar * BAR[units]:.12g} full_energy {rest}"
    )


def counters(lammps: Lammps) -> tuple[float, ...]:
    """Return attempts and successes of translation, insertion, deletion and rotation, and N."""
    counts = [lammps.extract_fix("mc", 0, 1, index) for index in range(8)]
    return (*counts, lammps.get_natoms())
