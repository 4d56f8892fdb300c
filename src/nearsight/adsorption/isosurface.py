"""Surfaces of equal value in a cell, and those of the free energy of a gas.

Each brick between eight points of a grid is cut into six tetrahedra, in which a function that is
linear has a flat surface (A. Doi, A. Koide, IEICE Trans. 1991, E74, 214): no case is ambiguous, and
the surface has no holes.
"""

from dataclasses import dataclass
from itertools import permutations
from typing import Final

import numpy as np
from scipy.ndimage import map_coordinates

from nearsight.adsorption.maps import free_energy_grid
from nearsight.adsorption.result import Adsorption
from nearsight.arrays import FloatArray, IntArray
from nearsight.units import BOLTZMANN_EV_PER_K

_VOXEL_A: Final = 0.5
_TRIALS_PER_VOXEL: Final = 2.0
"""At least, so that noise does not look like a surface; a point is the mean of eight voxels."""
_MOST_VOXELS: Final = 30_000
_HIGHEST_KT: Final = 6.0
"""Above the level: the free energy is cut there, since walls have no end to interpolate to."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """A surface of triangles."""

    vertices: FloatArray
    """Shape ``(n_vertices, 3)``."""
    faces: IntArray
    """Indices of vertices, counterclockwise as seen from where values are larger,
    shape ``(n_faces, 3)``."""


@dataclass(frozen=True, eq=False)
class FreeEnergySurface:
    """Where the free energy of a molecule has one value."""

    level_eV: float
    share: float
    """Of the molecules, which are within."""
    mesh: Mesh
    """In fractional coordinates of the cell, which it ends at."""


def isosurface(values: FloatArray, level: float) -> Mesh:
    """Return where a function that is known on a grid has one value, in units of the grid.

    Parameters
    ----------
    values
        Finite, at points ``(i, j, k)``, shape ``(n_i, n_j, n_k)`` of two or more each.
    level
        The value; what equals it counts as above.
    """
    corners = _tetrahedra(values.shape)
    inside = values.ravel()[corners] < level
    order = np.argsort(~inside, axis=1, kind="stable")  # those below the level first
    sorted_corners = np.take_along_axis(corners, order, axis=1)
    n_inside = inside.sum(axis=1)
    edges = []
    for number, triangles in _CASES.items():
        some = sorted_corners[n_inside == number]
        edges += [some[:, np.array(each)] for each in triangles]
    ends = np.sort(np.concatenate(edges).reshape(-1, 2), axis=1)
    ends, faces = np.unique(ends, axis=0, return_inverse=True)
    shape = np.array(values.shape)
    low, high = (np.stack(np.unravel_index(each, shape), axis=1) for each in ends.T)
    of_low, of_high = values.ravel()[ends.T]
    along = ((level - of_low) / (of_high - of_low))[:, np.newaxis]
    vertices: FloatArray = low + along * (high - low)
    return Mesh(vertices, _turned(vertices, faces.reshape(-1, 3), values))


# Pairs of corners of a tetrahedron, those below the level first, whose edges a triangle cuts.
_CASES: Final = {
    1: ([(0, 1), (0, 2), (0, 3)],),
    2: ([(0, 2), (0, 3), (1, 3)], [(0, 2), (1, 3), (1, 2)]),
    3: ([(0, 3), (1, 3), (2, 3)],),
}


def _tetrahedra(shape: tuple[int, ...]) -> IntArray:
    """Return the corners of all tetrahedra: six a brick, one for each way along three edges."""
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    starts = numbers[:-1, :-1, :-1].ravel()
    steps = np.array([shape[1] * shape[2], shape[2], 1])
    ways = [np.cumsum([0, *steps[list(way)]]) for way in permutations(range(3))]
    corners: IntArray = np.concatenate([starts[:, np.newaxis] + way for way in ways])
    return corners


def _turned(vertices: FloatArray, faces: IntArray, values: FloatArray) -> IntArray:
    """Return faces that all look to where values are larger, without those of no area."""
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    normals = np.cross(b - a, c - a)
    middles = (a + b + c) / 3
    slopes = np.stack(
        [map_coordinates(each, middles.T, order=1, mode="nearest") for each in np.gradient(values)],
        axis=1,
    )
    backwards = np.einsum("ij,ij->i", normals, slopes) < 0
    turned: IntArray = np.where(backwards[:, np.newaxis], faces[:, ::-1], faces)
    has_area = np.linalg.norm(normals, axis=1) > 0
    return np.asarray(turned[has_area], dtype=np.int64)


def free_energy_surfaces(
    adsorption: Adsorption, above_kT: tuple[float, ...] = (0.0, 1.0)
) -> tuple[FreeEnergySurface, ...]:
    """Return surfaces of the free energy of a gas in the cell of the first snapshot.

    The first is that within which half of the molecules are, at low pressure; the others are higher
    by so many k_B T. There are none where nothing has weight, or fills the whole cell evenly.

    Parameters
    ----------
    adsorption
        Trials at its first temperature.
    above_kT
        How far each is above the first.
    """
    sampling = adsorption.samplings[0]
    cell = sampling.interaction.framework.cell.cell
    n_voxels = min(_MOST_VOXELS, len(sampling.trials) / _TRIALS_PER_VOXEL)
    spacing_A = max(_VOXEL_A, float(cell.volume / n_voxels) ** (1 / 3))
    temperature_K = adsorption.henry[0].temperature_K
    thermal_eV = BOLTZMANN_EV_PER_K * temperature_K
    grid_eV = free_energy_grid(sampling.trials, cell.array, temperature_K, spacing_A)
    if not np.isfinite(grid_eV).any():
        return ()
    lowest_eV = float(grid_eV.min())
    density = _at_points(np.exp((lowest_eV - grid_eV) / thermal_eV))
    shares = np.sort(density[:-1, :-1, :-1].ravel())[::-1]
    within = np.cumsum(shares) / shares.sum()
    half = float(shares[np.searchsorted(within, 0.5)])
    with np.errstate(divide="ignore"):
        in_kT = np.minimum(-np.log(density / half), _HIGHEST_KT)  # above the first level
    surfaces = []
    for level in above_kT:
        if in_kT.min() < level < in_kT.max():
            mesh = isosurface(in_kT, level)
            n_within = int((shares > half * np.exp(-level)).sum())
            surfaces.append(
                FreeEnergySurface(
                    level_eV=lowest_eV + thermal_eV * (level - np.log(half)),
                    share=float(within[n_within - 1]) if n_within else 0.0,
                    mesh=Mesh(mesh.vertices / (np.array(in_kT.shape) - 1), mesh.faces),
                )
            )
    return tuple(surfaces)


def _at_points(voxels: FloatArray) -> FloatArray:
    """Return means over the voxels around each corner of them, both faces of the cell included."""
    around = voxels
    for axis in range(3):
        around = (around + np.roll(around, 1, axis)) / 2
    wrapped: FloatArray = np.pad(around, [(0, 1)] * 3, mode="wrap")
    return wrapped
