"""The density of phonon states of the infinite crystal, by atom and by element."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms

from nearsight import units
from nearsight.arrays import FloatArray, IntArray
from nearsight.hessian.force_constants import ForceConstants
from nearsight.memory import require_room
from nearsight.provenance import Provenance
from nearsight.vibrations.mesh_density_of_states import frequency_bins
from nearsight.vibrations.phonon_mesh import PhononMesh
from nearsight.vibrations.qpoints import rotations_of_mesh
from nearsight.vibrations.waves import shares_of_atoms

_BYTES_AT_ONCE = 2**25
_BYTES_PER_ELEMENT = 64  # of a dynamical matrix: itself, its waves and their squares


@dataclass(frozen=True)
class ProjectedDensityOfStates:
    """States per frequency and unit cell, divided among atoms and elements.

    The part of an atom in a mode is ``|e_A|²`` of the normalised mass-weighted mode e. Imaginary
    modes lie at negative frequencies.
    """

    frequencies_THz: FloatArray
    """Where the density is given, shape ``(n_grid,)``."""
    total_per_THz: FloatArray
    """States of one unit cell per THz, shape ``(n_grid,)``."""
    by_atom_per_THz: FloatArray
    """The part of each atom of the primitive cell, shape ``(n_primitive, n_grid)``.

    Together, times the primitive cells in the unit cell, they are the total."""
    atoms: Atoms
    """The primitive cell."""
    cells: float
    """Primitive cells in the unit cell."""
    width_THz: float
    """Standard deviation of the Gaussian that stands for each mode."""
    provenance: Provenance
    """Where the force constants come from."""

    @property
    def by_element_per_THz(self) -> Mapping[str, FloatArray]:
        """The part of each element in one unit cell; together they are the total."""
        symbols = np.array(self.atoms.get_chemical_symbols())
        return {
            str(symbol): self.cells * self.by_atom_per_THz[symbols == symbol].sum(axis=0)
            for symbol in np.unique(symbols)
        }

    def summary(self) -> dict[str, Any]:
        """Return the ``density_of_states`` object of the JSON output."""
        to_wavenumber = units.EV_IN_PER_CM / units.EV_IN_THZ
        elements = self.by_element_per_THz
        return {
            "frequencies_THz": self.frequencies_THz.tolist(),
            "wavenumbers_per_cm": (self.frequencies_THz * to_wavenumber).tolist(),
            "width_THz": self.width_THz,
            "total_states_per_THz": self.total_per_THz.tolist(),
            "by_element_states_per_THz": {name: elements[name].tolist() for name in elements},
            "elements_of_atoms": self.atoms.get_chemical_symbols(),
            "positions_of_atoms_A": self.atoms.positions.tolist(),
            "by_atom_states_per_THz": self.by_atom_per_THz.tolist(),
        }


def projected_density_of_states(
    force_constants: ForceConstants,
    phonons: PhononMesh,
    width_THz: float | None = None,
    *,
    nac: str | os.PathLike[str] | None = None,
) -> ProjectedDensityOfStates:
    """Return the density of states of a mesh, divided among atoms and elements.

    Parameters
    ----------
    force_constants
        Those of `phonons`.
    phonons
        Phonons over the Brillouin zone, which say at which q-points.
    width_THz
        As for `nearsight.vibrations.mesh_density_of_states.mesh_density_of_states`.
    nac
        The BORN file with which `phonons` were made, where there was one.

    Raises
    ------
    MethodError
        The width is not positive.
    MemoryBudgetError
        A dynamical matrix does not fit into the memory.

    Examples
    --------
    >>> from ase import Atoms
    >>> from nearsight.hessian import force_constants
    >>> from nearsight.models import load_model
    >>> from nearsight.relaxation import relax
    >>> from nearsight.vibrations import phonon_mesh, projected_density_of_states
    >>> model, places = load_model("ase:emt"), [[0, 0, 0], [0.5, 0.5, 0.5]]
    >>> alloy = Atoms("CuAu", scaled_positions=places, cell=[2.8, 2.8, 3.7], pbc=True)
    >>> constants = force_constants(relax(alloy, model).atoms, model, (2, 2, 2))
    >>> states = projected_density_of_states(constants, phonon_mesh(constants, (4, 4, 4)))
    >>> sorted(states.by_element_per_THz)
    ['Au', 'Cu']
    """
    bins = frequency_bins(phonons, width_THz)
    primitive = force_constants.primitive_cell
    n_branches = 3 * len(primitive)
    require_room(
        _BYTES_PER_ELEMENT * n_branches**2,
        f"The waves of {len(primitive)} atoms",
        "Take a smaller cell.",
    )
    counts = _counted(force_constants, phonons, nac, bins.edges_THz)
    by_atom = bins.broadened(_shared_among_images(counts, force_constants, phonons))
    return ProjectedDensityOfStates(
        bins.grid_THz,
        phonons.cells * by_atom.sum(axis=0),
        by_atom,
        primitive,
        phonons.cells,
        bins.width_THz,
        phonons.provenance,
    )


def _counted(
    force_constants: ForceConstants,
    phonons: PhononMesh,
    nac: str | os.PathLike[str] | None,
    edges_THz: FloatArray,
) -> FloatArray:
    """Return the modes of each atom in every bin, shape ``(n_primitive, n_bins)``."""
    phonon = force_constants.to_phonopy(nac)
    n_atoms = len(force_constants.primitive_atoms)
    counts = np.zeros((n_atoms, len(edges_THz) - 1))
    at_once = max(_BYTES_AT_ONCE // (_BYTES_PER_ELEMENT * (3 * n_atoms) ** 2), 1)
    scale = (len(edges_THz) - 1) / (edges_THz[-1] - edges_THz[0])
    for start in range(0, len(phonons.qpoints), at_once):
        block = slice(start, start + at_once)
        eigenvalues, shares = shares_of_atoms(force_constants, phonon, phonons.qpoints[block])
        frequencies = units.mode_energies(eigenvalues) * units.EV_IN_THZ
        bins = ((frequencies - edges_THz[0]) * scale).astype(np.int64)
        weighted = shares * phonons.weights[block, np.newaxis, np.newaxis]
        for atom in range(n_atoms):
            counts[atom] += np.bincount(
                bins.ravel(), weighted[:, :, atom].ravel(), minlength=counts.shape[1]
            )
    return counts


def _shared_among_images(
    counts: FloatArray, force_constants: ForceConstants, phonons: PhononMesh
) -> FloatArray:
    """Return the counts of a whole mesh, from those of its irreducible points.

    At a point that stands for others an atom has what its images have at those: over all of them
    images have the same.
    """
    rotations = rotations_of_mesh(phonons.mesh, force_constants.rotations)
    images = _images(force_constants.primitive_cell, rotations)
    shared: FloatArray = np.mean([counts[image] for image in images], axis=0)
    return shared


def _images(primitive: Atoms, rotations: IntArray) -> list[IntArray]:
    """Return to which atom each one goes, for the operations that have these rotations."""
    scaled = primitive.get_scaled_positions()
    masses = np.round(primitive.get_masses(), 3)
    kinds = np.unique(np.stack([primitive.numbers, masses]), axis=1, return_inverse=True)[1]
    return [_image(scaled @ rotation.T, scaled, kinds.reshape(-1)) for rotation in rotations]


def _image(moved: FloatArray, scaled: FloatArray, kinds: IntArray) -> IntArray:
    """Return the atoms on which rotated ones fall, with the translation that suits them best."""
    rare = int(np.argmin(np.bincount(kinds)[kinds]))
    other_kind = kinds[:, np.newaxis] != kinds
    best, least = np.arange(len(kinds)), np.inf
    for target in np.flatnonzero(kinds == kinds[rare]):
        apart = (moved + scaled[target] - moved[rare])[:, np.newaxis] - scaled
        distances = np.linalg.norm(apart - np.round(apart), axis=2)
        distances[other_kind] = np.inf
        nearest = distances.argmin(axis=1)
        worst = float(distances.min(axis=1).max())
        if worst < least and len(np.unique(nearest)) == len(nearest):
            best, least = nearest, worst
    return best
