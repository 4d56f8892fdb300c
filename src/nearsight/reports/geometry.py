"""What the viewer draws: atoms, bonds, the cell, and the modes within a budget of bytes."""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from numpy.typing import NDArray

from nearsight.charts.palette import element_colors, scale_colors
from nearsight.structures.neighbours import neighbour_pairs
from nearsight.vibrations.modes import Vibrations
from nearsight.vibrations.probed_heat_capacity import ATOMIC_KEY, ProbedHeatCapacity

_BOND_FACTOR = 1.1
_SMALLEST_RADIUS_A = 0.22
_RADIUS_FACTOR = 0.42


@dataclass(frozen=True)
class Bonds:
    """Bonds of the cell, those to atoms of neighbouring cells included."""

    pairs: list[list[int]]
    """Indices of bonded atoms; from n_atoms on they are those of `images`."""
    images: list[list[float]]
    """Periodic images at the ends of bonds that leave the cell: atom, then its shift in Å."""


def viewer_data(vibrations: Vibrations, n_modes: int) -> dict[str, Any]:
    """Return what the viewer needs of the structure and its lowest `n_modes` modes.

    Displacements are given in 127ths of the largest one of their mode, one signed byte each: the
    eye cannot tell, and a mode takes 4 bytes per atom of the page.
    """
    return {
        **_structure_data(_bare(vibrations.atoms)),
        "modes": base64.b64encode(_quantized(vibrations, n_modes).tobytes()).decode("ascii"),
        "n_modes": n_modes,
    }


def heat_viewer_data(heat: ProbedHeatCapacity) -> dict[str, Any]:
    """Return what the viewer needs of a structure whose atoms have the colours of their heat.

    It is that at the first temperature, and goes into the extended XYZ too.
    """
    shares = heat.atomic_heat_capacities_J_per_molatom_K[0]
    about = {"temperature_K": float(heat.temperatures_K[0])}
    return colored_viewer_data(heat.atoms, shares, {ATOMIC_KEY: shares}, about)


def colored_viewer_data(
    atoms: Atoms,
    scale: NDArray[np.float64],
    arrays: Mapping[str, NDArray[np.float64]],
    info: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Return what the viewer needs of a structure whose atoms have the colours of their values.

    Parameters
    ----------
    atoms
        The structure.
    scale
        What the colours tell, shape ``(n_atoms,)``.
    arrays, info
        What goes into the extended XYZ for each atom, and for the structure, by name.
    """
    shown = _bare(atoms)
    shown.info.update(info or {})
    for name, values in arrays.items():
        shown.set_array(name, values)
    return {**_structure_data(shown), "atom_colors": scale_colors(scale)}


def structure_data(atoms: Atoms) -> dict[str, Any]:
    """Return what the viewer needs of a structure that does not move."""
    return _structure_data(_bare(atoms))


def _bare(atoms: Atoms) -> Atoms:
    """Return elements, positions and cell; what else a structure carries may not be writable."""
    return Atoms(atoms.numbers, positions=atoms.positions, cell=atoms.cell, pbc=atoms.pbc)


def _structure_data(atoms: Atoms) -> dict[str, Any]:
    from ase.io import write

    symbols = list(element_colors(atoms.get_chemical_symbols()))
    bonds = find_bonds(atoms)
    text = io.StringIO()
    write(text, atoms, format="extxyz")
    return {
        "elements": symbols,
        "colors": list(element_colors(symbols).values()),
        "radii": [_radius(symbol) for symbol in symbols],
        "atoms": [symbols.index(symbol) for symbol in atoms.get_chemical_symbols()],
        "positions": np.round(atoms.positions, 3).ravel().tolist(),
        "bonds": bonds.pairs,
        "images": bonds.images,
        "cell": np.round(atoms.cell.array[atoms.pbc], 3).tolist(),
        "extxyz": text.getvalue(),
    }


def modes_within(vibrations: Vibrations, budget_bytes: int) -> int:
    """Return how many modes, from the lowest on, fit into `budget_bytes` of the page."""
    return min(vibrations.n_modes, budget_bytes // (4 * vibrations.n_atoms))


def find_bonds(atoms: Atoms) -> Bonds:
    """Return bonds by covalent radii.

    Images are left out where they would outnumber the atoms of a large cell, as in a metal.
    """
    radii = _BOND_FACTOR * covalent_radii[atoms.numbers]
    first, second, shifts_A = neighbour_pairs(atoms, 2 * float(radii.max()))
    apart = atoms.positions[second] - atoms.positions[first] + shifts_A
    bonded = np.linalg.norm(apart, axis=1) < radii[first] + radii[second]
    first, second, shifts_A = first[bonded], second[bonded], np.round(shifts_A[bonded], 3) + 0.0
    within = ~shifts_A.any(axis=1)
    pairs = np.stack([first, second], axis=1)
    inside = pairs[within & (first < second)].tolist()
    ends = [
        (atom, *shift)
        for atom, shift in zip(second[~within].tolist(), shifts_A[~within].tolist(), strict=True)
    ]
    images = sorted(set(ends))
    if len(images) > max(80, 2 * len(atoms)):
        return Bonds(inside, [])
    numbered = {image: len(atoms) + index for index, image in enumerate(images)}
    outside = [[one, numbered[end]] for one, end in zip(first[~within].tolist(), ends, strict=True)]
    return Bonds([*inside, *outside], [[float(atom), *shift] for atom, *shift in images])


def _quantized(vibrations: Vibrations, n_modes: int) -> NDArray[np.int8]:
    displacements = vibrations.cartesian_modes()[:n_modes]
    lengths = np.linalg.norm(displacements, axis=2)
    largest = lengths.max(axis=1, initial=0.0)[:, np.newaxis, np.newaxis]
    quantized: NDArray[np.int8] = np.rint(127 * displacements / largest).astype(np.int8)
    return quantized


def _radius(symbol: str) -> float:
    from ase.data import atomic_numbers

    radius = _RADIUS_FACTOR * float(covalent_radii[atomic_numbers[symbol]])
    return round(max(_SMALLEST_RADIUS_A, radius), 3)
