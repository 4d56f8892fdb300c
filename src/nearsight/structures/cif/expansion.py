"""From an asymmetric unit to all atoms of the cell, each once."""

from dataclasses import dataclass

import numpy as np
from ase.cell import Cell
from numpy.typing import NDArray

from nearsight.errors import StructureError
from nearsight.remarks import Remark
from nearsight.structures.checking import CLOSEST_DISTANCE_A
from nearsight.structures.cif.operations import Operations
from nearsight.structures.cif.sites import Sites

# An atom closer than this to its own image is on the special position between them: what separates
# the two are the digits of the file (0.33 for 1/3). Two atoms are never so close.
_MERGED_A = 0.25

# Moving an atom onto its special position by more than this is worth a word.
_WORTH_A_WORD_A = 0.05

_SAME_PLACE_A = 1e-5
_MOST_ITERATIONS = 20


@dataclass(frozen=True)
class Expansion:
    """All atoms of a cell."""

    fractional: NDArray[np.float64]
    """From 0 to 1, shape ``(n_atoms, 3)``; the images of a site are together."""
    sites: NDArray[np.int64]
    """The site of each atom, shape ``(n_atoms,)``."""
    multiplicities: tuple[int, ...]
    """Number of atoms of each site."""
    notes: tuple[Remark, ...]


def expand(sites: Sites, operations: Operations, cell: Cell) -> Expansion:
    """Return the images of all sites, special positions exactly on their place.

    Raises
    ------
    StructureError
        A site is so close to its own image that both cannot be atoms, but too far for rounding.
    """
    placed, fixing, moved_A = _on_special_positions(sites, operations, cell)
    images = _images(placed, operations)
    fractional, owners, multiplicities, notes = [], [], [], []
    for site in range(len(placed)):
        own = images[site]
        if fixing[site] > 1:
            own = own[_first_of_each(own, cell)]
            if len(own) * fixing[site] != len(operations):
                raise StructureError(_too_close(sites, site, "an image of its own"))
        if moved_A[site] > _WORTH_A_WORD_A:
            said = (
                f"Site {sites.labels[site]} was moved by {moved_A[site]:.2f} Å onto the special "
                f"position that it is next to."
            )
            notes.append(Remark("moved-to-special-position", said))
        fractional.append(own)
        owners.append(np.full(len(own), site))
        multiplicities.append(len(own))
    wrapped = np.concatenate(fractional) % 1.0
    wrapped[wrapped > 1.0 - 1e-12] = 0.0
    return Expansion(wrapped, np.concatenate(owners), tuple(multiplicities), tuple(notes))


def _images(fractional: NDArray[np.float64], operations: Operations) -> NDArray[np.float64]:
    """Return W x + w of every site, shape ``(n_sites, n_operations, 3)``."""
    turned = np.einsum("gij,sj->sgi", operations.rotations, fractional)
    return np.asarray(turned + operations.translations)


def _on_special_positions(
    sites: Sites, operations: Operations, cell: Cell
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Return places, how many operations fix each, and by how many Å each was moved."""
    placed = sites.fractional.copy()
    merged = np.zeros((len(placed), len(operations)), dtype=bool)
    for _ in range(_MOST_ITERATIONS):
        to_image = _images(placed, operations) - placed[:, np.newaxis]
        to_image -= np.round(to_image)
        near = np.linalg.norm(to_image @ cell.array, axis=2) < _MERGED_A
        if np.array_equal(near, merged):
            break
        merged = near
        shares = merged / merged.sum(axis=1, keepdims=True)
        placed = placed + np.einsum("sg,sgi->si", shares, to_image)
    distances = np.linalg.norm(to_image @ cell.array, axis=2)
    between = (distances > _SAME_PLACE_A) & (distances < CLOSEST_DISTANCE_A)
    if between.any():
        site, operation = np.argwhere(between)[0]
        image = f"its own image at {distances[site, operation]:.2f} Å"
        raise StructureError(_too_close(sites, int(site), image))
    moved_A = np.linalg.norm((placed - sites.fractional) @ cell.array, axis=1)
    return placed, merged.sum(axis=1), moved_A


def _first_of_each(images: NDArray[np.float64], cell: Cell) -> NDArray[np.int64]:
    """Return the indices of images, leaving out those in a place that was before."""
    apart = images[:, np.newaxis] - images[np.newaxis]
    apart -= np.round(apart)
    same = np.linalg.norm(apart @ cell.array, axis=2) < 2 * _SAME_PLACE_A
    return np.flatnonzero(same.argmax(axis=1) == np.arange(len(images)))


def _too_close(sites: Sites, site: int, image: str) -> str:
    return (
        f"Site {sites.labels[site]} cannot be placed: the symmetry puts {image}, too near for an "
        f"atom and too far for a special position. Correct its coordinates, or its disorder."
    )
