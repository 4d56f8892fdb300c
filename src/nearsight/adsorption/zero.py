"""Where a model has its zero: a molecule alone, in an empty box, and where the pore is widest."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from ase import Atoms
from scipy.spatial import cKDTree

from nearsight.adsorption.interaction import Interaction
from nearsight.adsorption.orientations import uniform_quaternions
from nearsight.adsorption.placements import Placements
from nearsight.arrays import FloatArray
from nearsight.structures.reduced_cell import reduced_basis

EMPTY_CELL_A: Final = 25.0
_SPACING_A = 0.5
_MOST_POINTS = 50_000
_ROTATIONS = 12
_REFINEMENTS = 5


@dataclass(frozen=True)
class Zero:
    """Energies of a molecule that has nothing near it, as far as there is such a place."""

    alone_eV: float
    """Without a box: the zero of interaction energies."""
    in_box_eV: float | None
    """In an empty cell of 25 Å; None for a model that computes no crystal."""
    place_A: tuple[float, float, float]
    """The place in the pore that is farthest from all atoms."""
    distance_A: float
    """How far the nearest atom is from there."""
    widest_eV: float
    """Mean interaction energy of the molecule there, over rotations."""
    widest_spread_eV: float
    """Standard deviation of it over rotations."""

    @property
    def box_eV(self) -> float | None:
        """What the empty box does to the molecule, in eV."""
        return None if self.in_box_eV is None else self.in_box_eV - self.alone_eV


def zero_of(interaction: Interaction) -> Zero:
    """Return where a model has its zero.

    Raises
    ------
    ModelError
        The model has no number for the molecule.
    """
    model, gas = interaction.model, interaction.gas
    boxed = gas.atoms.copy()
    boxed.set_cell([EMPTY_CELL_A] * 3)
    boxed.pbc = True
    in_box_eV = None
    if model.capabilities.periodic:
        [evaluation] = model.evaluate([boxed], forces=False)
        in_box_eV = evaluation.energy_eV
    place_A, distance_A = widest_place(interaction.framework.cell)
    n = _ROTATIONS if len(gas.atoms) > 1 else 1
    placements = Placements(
        np.tile(place_A, (n, 1)), uniform_quaternions(n, np.random.default_rng(0)), np.ones(n)
    )
    n_calls = interaction.n_calls
    energies_eV = interaction.energies_eV(placements.sites_A(gas.sites_A))
    interaction.n_calls = n_calls  # these are no trials
    return Zero(
        alone_eV=interaction.molecule_eV,
        in_box_eV=in_box_eV,
        place_A=(float(place_A[0]), float(place_A[1]), float(place_A[2])),
        distance_A=distance_A,
        widest_eV=float(energies_eV.mean()),
        widest_spread_eV=float(energies_eV.std()),
    )


def widest_place(atoms: Atoms) -> tuple[FloatArray, float]:
    """Return the place in a crystal that is farthest from all atoms, and that distance in Å.

    The best of a grid whose points are about 0.5 Å apart is refined.
    """
    cell_A: FloatArray = reduced_basis(atoms) @ atoms.cell.array
    fractions = atoms.positions @ np.linalg.inv(cell_A) % 1.0
    images = np.array(list(np.ndindex(5, 5, 5))) - 2  # a place may leave the cell while refined
    around = (fractions[:, np.newaxis] + images).reshape(-1, 3)
    lengths_A = np.linalg.norm(cell_A, axis=1)
    spacing_A = max(_SPACING_A, float((atoms.get_volume() / _MOST_POINTS) ** (1 / 3)))
    shape = np.maximum(1, np.round(lengths_A / spacing_A)).astype(int)
    points = np.array(list(np.ndindex(*shape))) / shape
    tree = cKDTree(around @ cell_A)
    best_A, distance_A = _farthest(tree, points @ cell_A)
    steps = np.array(list(np.ndindex(5, 5, 5))) - 2
    for _ in range(_REFINEMENTS):
        spacing_A /= 2
        best_A, distance_A = _farthest(tree, best_A + spacing_A / 2 * steps)
    return best_A, distance_A


def _farthest(tree: cKDTree, points_A: FloatArray) -> tuple[FloatArray, float]:
    distances_A, _ = tree.query(points_A)
    place = int(np.argmax(distances_A))
    return points_A[place], float(distances_A[place])
