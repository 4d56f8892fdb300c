"""Where a model has its zero: a molecule alone, in an empty box, and where the pore is widest."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from ase import Atoms
from scipy.spatial import cKDTree

from nearsight.adsorption.interaction import Interaction
from nearsight.adsorption.orientations import uniform_quaternions
from nearsight.adsorption.placements import Placements
from nearsight.adsorption.trials import Trials
from nearsight.arrays import FloatArray
from nearsight.errors import ModelError
from nearsight.models.contract import HostingModel
from nearsight.models.registry import load_model
from nearsight.structures.host_pairs import HostPairs
from nearsight.structures.molecules import SITE_TYPE, as_framework
from nearsight.structures.reduced_cell import reduced_basis

EMPTY_CELL_A: Final = 25.0
_SPACING_A = 0.5
_MOST_POINTS = 50_000
_ROTATIONS = 12
_WEAK_A: Final = (3.2, 4.5)
"""Distances of the nearest atom at which molecules are attracted weakly."""
WEAK_EV: Final = 0.2
"""Where UFF has no more than that a difference says something of the zero. In a narrow pore it has,
at the widest place too, and is itself wrong by a share of it."""
_FEWEST_COMPARED, _MOST_COMPARED = 20, 300
_COMPARED_WITH: Final = "forcefield:uff?coulomb=no"
_OF_MEDIAN: Final = 1.2533 * 1.4826
"""Standard error of a median over the median deviation from it and the root of their number."""
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
    """Mean interaction energy of the molecule there, over rotations, in which charges of a neutral
    molecule have no part; NaN if the model has none."""
    widest_spread_eV: float
    """Standard deviation of it over rotations."""
    widest_uff_eV: float | None
    """What UFF without charges has there; None if it cannot be computed."""

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
    sites_A = placements.sites_A(gas.sites_A)
    energies_eV = interaction.energies_eV(sites_A)
    interaction.n_calls = n_calls  # these are no trials
    by_uff_eV = _by_uff(interaction, sites_A)
    return Zero(
        alone_eV=interaction.molecule_eV,
        in_box_eV=in_box_eV,
        place_A=(float(place_A[0]), float(place_A[1]), float(place_A[2])),
        distance_A=distance_A,
        widest_eV=float(energies_eV.mean()),
        widest_spread_eV=float(energies_eV.std()),
        widest_uff_eV=None if by_uff_eV is None else float(by_uff_eV.mean()),
    )


@dataclass(frozen=True)
class BesideForceField:
    """How interaction energies differ from those of UFF where attraction is weak."""

    n_places: int
    median_eV: float
    """Model minus UFF without charges, whose own error is below 0.1 eV there."""
    error_eV: float
    """Standard error of the median."""


def beside_force_field(interaction: Interaction, trials: Trials) -> BesideForceField | None:
    """Return how a model differs from a force field where the molecule touches nothing.

    A model whose zero is wrong is off everywhere in the pore by the same; where it sees no atom at
    all it is right by definition. Where a narrow pore attracts or repels a molecule everywhere,
    nothing tells an error of the zero from one of the attraction.

    Parameters
    ----------
    interaction
        The model of the gas in the framework.
    trials
        Those of a sampling, of which at most 300 are compared.

    Returns
    -------
    BesideForceField or None
        None where UFF cannot be computed, or too few trials are weakly attracted.
    """
    usable = np.flatnonzero(~trials.overlapping & ~trials.rejected)
    sites_A = trials.placements.sites_A(interaction.gas.sites_A)[usable]
    nearest_A = _nearest(interaction.framework.atoms, sites_A)
    apart = np.flatnonzero((nearest_A > _WEAK_A[0]) & (nearest_A < _WEAK_A[1]))
    if len(apart) < _FEWEST_COMPARED:
        return None
    apart = apart[: 2 * _MOST_COMPARED]
    theirs_eV = _by_uff(interaction, sites_A[apart])
    if theirs_eV is None:
        return None
    weak = np.flatnonzero(np.abs(theirs_eV) <= WEAK_EV)[:_MOST_COMPARED]
    if len(weak) < _FEWEST_COMPARED:
        return None
    differences = trials.energies_eV[usable[apart[weak]]] - theirs_eV[weak]
    median = float(np.median(differences))
    deviation = float(np.median(np.abs(differences - median)))
    return BesideForceField(len(weak), median, _OF_MEDIAN * deviation / float(np.sqrt(len(weak))))


def _by_uff(interaction: Interaction, sites_A: FloatArray) -> FloatArray | None:
    """Return the energies of some places by UFF without charges; None if it has none."""
    try:
        model = load_model(_COMPARED_WITH, device="cpu")
        assert isinstance(model, HostingModel)
        guest = interaction.gas.atoms.copy()
        guest.set_array(SITE_TYPE, np.array(guest.get_chemical_symbols()))
        host = model.in_host(as_framework(interaction.framework.cell))
        energies_eV: FloatArray = host.energies_eV(guest, sites_A)
    except ModelError:
        return None
    return energies_eV


def _nearest(host: Atoms, sites_A: FloatArray) -> FloatArray:
    """Return how far the nearest atom of the host is from each molecule, inf beyond 5 Å."""
    n_atoms = sites_A.shape[1]
    site, _, distances_A = HostPairs(host, 5.0).neighbours(sites_A.reshape(-1, 3))
    nearest: FloatArray = np.full(len(sites_A), np.inf)
    np.minimum.at(nearest, site // n_atoms, distances_A)
    return nearest


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
