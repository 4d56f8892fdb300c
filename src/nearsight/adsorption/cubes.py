"""Cube files of what is known on the voxels of a cell."""

import os
import tempfile

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray, IntArray
from nearsight.storage import write_text


def voxels_of(
    places_A: FloatArray, cell_A: FloatArray, spacing_A: float
) -> tuple[tuple[int, int, int], IntArray]:
    """Return how many voxels a cell has along its vectors, and in which one each place is.

    Parameters
    ----------
    places_A
        In Å, shape ``(n_places, 3)``; images in other cells count as those in this one.
    cell_A
        Cell vectors in Å, shape ``(3, 3)``.
    spacing_A
        About how wide voxels are.

    Returns
    -------
    tuple
        Three numbers, and the index of the voxel of each place, the last direction running fastest.
    """
    shape = np.maximum(1, np.round(np.linalg.norm(cell_A, axis=1) / spacing_A)).astype(int)
    fractions = places_A @ np.linalg.inv(cell_A) % 1.0
    at = np.minimum((fractions * shape).astype(int), shape - 1)
    n_a, n_b, n_c = shape.tolist()
    voxels: IntArray = np.ravel_multi_index(tuple(at.T), (n_a, n_b, n_c))
    return (n_a, n_b, n_c), voxels


def write_cube_file(
    path: str | os.PathLike[str], host: Atoms, values: FloatArray, comment: str
) -> None:
    """Write values of voxels, which stand for their middles, with the framework as a cube file.

    Parameters
    ----------
    path
        The file.
    host
        The framework in its cell.
    values
        Shape ``(n_a, n_b, n_c)``.
    comment
        What values are, with their unit.

    Raises
    ------
    StorageError
        It cannot be written.
    """
    from ase.io.cube import write_cube  # takes its time

    origin_A = (0.5 / np.array(values.shape)) @ host.cell.array
    # ASE writes numbers past the layer of text, which a file of the system has only.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as text:
        write_cube(text, host, values, origin=origin_A, comment=comment)
        text.seek(0)
        write_text(path, text.read())
