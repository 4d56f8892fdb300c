"""What the viewer draws: atoms, bonds, the cell, and the modes within a budget of bytes."""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from numpy.typing import NDArray

from nearsight.charts.palette import element_colors, scale_colors
from nearsight.errors import MemoryBudgetError, StructureError
from nearsight.structures.bonds import find_bonds
from nearsight.vibrations.modes import Vibrations
from nearsight.vibrations.probed_heat_capacity import ATOMIC_KEY, ProbedHeatCapacity

if TYPE_CHECKING:
    from nearsight.adsorption.isosurface import Mesh

_SMALLEST_RADIUS_A = 0.22
_RADIUS_FACTOR = 0.42


@dataclass(frozen=True)
class DrawnBonds:
    """Bonds of the cell, those to atoms of neighbouring cells included."""

    pairs: list[list[int]]
    """Indices of bonded atoms; from n_atoms on they are those of `images`."""
    images: list[list[float]]
    """Periodic images at the ends of bonds that leave the cell: atom, then its shift in Å."""
    note: str | None = None
    """Why there are none, where the structure has none that could be told."""


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
    bonds = drawn_bonds(atoms)
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
        "note": bonds.note,
        "cell": np.round(atoms.cell.array[atoms.pbc], 3).tolist(),
        "extxyz": text.getvalue(),
    }


def surface_data(
    mesh: "Mesh", cell_A: NDArray[np.float64], color: str, opacity: float
) -> dict[str, Any]:
    """Return what the viewer needs of a surface, places in hundredths of Å.

    Parameters
    ----------
    mesh
        Vertices in fractional coordinates.
    cell_A
        Cell vectors in Å, shape ``(3, 3)``, below 300 Å.
    color
        ``#rrggbb``.
    opacity
        From 0 to 1.
    """
    places = np.rint(100 * mesh.vertices @ cell_A).astype("<i2")
    return {
        "vertices": base64.b64encode(places.tobytes()).decode("ascii"),
        "faces": base64.b64encode(mesh.faces.astype("<u4").tobytes()).decode("ascii"),
        "color": color,
        "opacity": opacity,
    }


def modes_within(vibrations: Vibrations, budget_bytes: int) -> int:
    """Return how many modes, from the lowest on, fit into `budget_bytes` of the page."""
    return min(vibrations.n_modes, budget_bytes // (4 * vibrations.n_atoms))


def drawn_bonds(atoms: Atoms) -> DrawnBonds:
    """Return the bonds by which fragments are cut, too, as the viewer draws them.

    One that leaves the cell is drawn from both of its atoms, each to an image of the other. Images
    are left out where they would outnumber the atoms of a large cell, as in a metal.
    """
    try:
        bonds = find_bonds(atoms)
    except (StructureError, MemoryBudgetError) as error:
        return DrawnBonds([], [], f"The structure is drawn without bonds: {error}")
    first, second = bonds.first, bonds.second
    leaving = bonds.images.any(axis=1)
    inside = np.stack([first[~leaving], second[~leaving]], axis=1).tolist()
    starts = np.concatenate([first[leaving], second[leaving]]).tolist()
    others = np.concatenate([second[leaving], first[leaving]]).tolist()
    images = np.concatenate([bonds.images[leaving], -bonds.images[leaving]])
    shifts_A = np.round(images @ atoms.cell.array, 3) + 0.0
    ends = [(atom, *shift) for atom, shift in zip(others, shifts_A.tolist(), strict=True)]
    different = sorted(set(ends))
    if len(different) > max(80, 2 * len(atoms)):
        return DrawnBonds(inside, [])
    numbered = {end: len(atoms) + index for index, end in enumerate(different)}
    outside = [[start, numbered[end]] for start, end in zip(starts, ends, strict=True)]
    return DrawnBonds([*inside, *outside], [[float(atom), *shift] for atom, *shift in different])


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
