"""Space-group operations of a crystal as they act on its atoms.

spglib lists operations in the basis of the given cell, and leaves out those that a supercell of
lower symmetry cannot express. Here they are taken from its database in the standard setting and
carried over to a primitive cell, so that a 2x1x1 supercell of a cubic crystal stays cubic.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import StructureError

if TYPE_CHECKING:
    from spglib import SpglibDataset

OperationKind = Literal["all", "proper", "translations"]
"""All operations, those without mirror images, or translations only: what a model leaves as it is.
"""

# Lattice points of every setting lie at multiples of 1/2 or 1/3 of the standard cell.
_LATTICE_DENOMINATOR = 6
_ROUNDING = 0.1


@dataclass(frozen=True)
class Operations:
    """The operations of a space group modulo lattice translations, in a primitive cell.

    Coordinates q in the primitive cell: r = q · cell, rows; an operation takes q to W q + w.
    """

    rotations: IntArray
    """W, shape ``(n_operations, 3, 3)``."""
    translations: FloatArray
    """w for the origin found, shape ``(n_operations, 3)``, dimensionless."""
    cell_in_lattice: FloatArray
    """Primitive vectors (rows) in units of the structure's cell vectors, shape ``(3, 3)``."""
    classes: IntArray
    """Which atom of the primitive cell each atom is a copy of, shape ``(n_atoms,)``."""
    images: IntArray
    """Where an operation takes an atom of the primitive cell, ``(n_operations, n_primitive)``."""

    def of_kind(self, kind: OperationKind) -> NDArray[np.bool_]:
        """Tell which operations are of a kind, shape ``(n_operations,)``; they are a group."""
        if kind == "all":
            return np.ones(len(self.rotations), dtype=bool)
        if kind == "proper":
            proper: NDArray[np.bool_] = np.linalg.det(self.rotations) > 0
            return proper
        identity: NDArray[np.bool_] = (self.rotations == np.eye(3)).all(axis=(1, 2))
        return identity

    def only(self, kind: OperationKind) -> "Operations":
        """Return the operations of a kind alone."""
        chosen = self.of_kind(kind)
        return replace(
            self,
            rotations=self.rotations[chosen],
            translations=self.translations[chosen],
            images=self.images[chosen],
        )

    def cartesian_rotations(self, cell_A: FloatArray) -> FloatArray:
        """Return the rotations as orthogonal matrices, ``(n_operations, 3, 3)``, r → R r."""
        primitive = self.cell_in_lattice @ cell_A
        rotations: FloatArray = primitive.T @ self.rotations @ np.linalg.inv(primitive.T)
        return rotations

    def average_vectors(self, vectors: FloatArray, cell_A: FloatArray) -> FloatArray:
        """Return the invariant part of one vector per atom, such as forces: ``(n_atoms, 3)``."""
        means = _class_means(vectors, self.classes)
        rotations = self.cartesian_rotations(cell_A)
        # Each atom collects what its images feel, turned back: R⁻¹ v = v R for rows.
        turned = np.einsum("gka,gab->gkb", means[self.images], rotations)
        average: FloatArray = turned.mean(axis=0)[self.classes]
        return average

    def average_tensor(self, tensor: FloatArray, cell_A: FloatArray) -> FloatArray:
        """Return the invariant part of a tensor such as the stress: shape ``(3, 3)``."""
        rotations = self.cartesian_rotations(cell_A)
        average: FloatArray = np.einsum("gca,cd,gdb->ab", rotations, tensor, rotations) / len(
            rotations
        )
        return average

    def average_strain(self, cell_A: FloatArray) -> FloatArray:
        """Return the symmetric stretch S for which ``cell_A @ S`` has the invariant metric."""
        primitive = self.cell_in_lattice @ cell_A
        metric = primitive @ primitive.T
        turned = np.swapaxes(self.rotations, 1, 2) @ metric @ self.rotations
        inverse = np.linalg.inv(primitive)
        values, vectors = np.linalg.eigh(inverse @ turned.mean(axis=0) @ inverse.T)
        stretch: FloatArray = (vectors * np.sqrt(values)) @ vectors.T
        return stretch

    def average_coordinates(self, coordinates: FloatArray) -> FloatArray:
        """Return scaled coordinates in the structure's cell that obey every operation.

        Parameters
        ----------
        coordinates
            Scaled coordinates of all atoms, not wrapped, shape ``(n_atoms, 3)``.
        """
        q = coordinates @ np.linalg.inv(self.cell_in_lattice)
        copies = _copies(q, self.classes)
        means = _class_means(q - copies, self.classes)
        moved = means @ np.swapaxes(self.rotations, 1, 2) + self.translations[:, np.newaxis]
        shifts = np.round(moved - means[self.images])
        targets = means[self.images] + shifts - self.translations[:, np.newaxis]
        back = targets @ np.linalg.inv(np.swapaxes(self.rotations, 1, 2).astype(float))
        average: FloatArray = (back.mean(axis=0)[self.classes] + copies) @ self.cell_in_lattice
        return average


def find_operations(atoms: Atoms, tolerance_A: float) -> Operations:
    """Find the space group within `tolerance_A` and how it permutes the atoms.

    Raises
    ------
    StructureError
        The structure is not a crystal, or no consistent group is found at this tolerance.
    """
    dataset = find_dataset(atoms, tolerance_A)
    to_standard = np.round(dataset.transformation_matrix * _LATTICE_DENOMINATOR)
    to_standard /= _LATTICE_DENOMINATOR
    if np.abs(to_standard - dataset.transformation_matrix).max() > _ROUNDING:
        raise _inconsistent(tolerance_A)
    rotations, translations, primitive = _standard_operations(dataset.hall_number)

    # Standard coordinates are s = to_standard x + shift for scaled x, and s = q primitive.
    inverse = np.linalg.inv(primitive.T)
    turned = inverse @ rotations @ primitive.T
    origin = inverse @ dataset.origin_shift
    moved = translations @ inverse.T + turned @ origin - origin
    classes = np.unique(dataset.mapping_to_primitive, return_inverse=True)[1]
    cell_in_lattice = primitive @ np.linalg.inv(to_standard).T
    q = atoms.cell.scaled_positions(atoms.positions) @ np.linalg.inv(cell_in_lattice)
    means = _class_means(q - _copies(q, classes), classes)
    numbers = _class_means(atoms.numbers[:, np.newaxis], classes)[:, 0]
    images = _find_images(means, numbers, turned, moved)
    if images is None:
        raise _inconsistent(tolerance_A)
    operations = Operations(
        rotations=np.round(turned).astype(np.int64),
        translations=moved,
        cell_in_lattice=cell_in_lattice,
        classes=classes,
        images=images,
    )
    return replace(operations, translations=_fit_origin(operations, means))


def find_dataset(atoms: Atoms, tolerance_A: float) -> "SpglibDataset":
    """Return spglib's data set for a crystal; magnetic moments are ignored.

    Raises
    ------
    StructureError
        The structure is not periodic in three directions, the tolerance is not positive, or spglib
        finds no group.
    """
    import spglib
    from spglib.error import SpglibError

    if not atoms.pbc.all():
        raise StructureError(
            "A space group needs a structure that is periodic in three directions; "
            "this one is a molecule, a chain or a layer: go on without symmetry."
        )
    if not 0.0 < tolerance_A < np.inf:
        raise StructureError(f"A symmetry tolerance is a positive length in Å, not {tolerance_A}.")
    cell = (
        atoms.cell.array.tolist(),
        atoms.cell.scaled_positions(atoms.positions).tolist(),
        atoms.numbers.tolist(),
    )
    try:
        with exceptions_from_spglib():
            dataset = spglib.get_symmetry_dataset(cell, symprec=tolerance_A)
    except SpglibError as error:
        raise _no_group(tolerance_A, str(error)) from error
    if dataset is None:
        raise _no_group(tolerance_A, "no reason given")
    return dataset


@contextmanager
def exceptions_from_spglib() -> Iterator[None]:
    """Let spglib raise: otherwise it warns at every call that it will do so one day."""
    import spglib.error

    before = spglib.error.OLD_ERROR_HANDLING
    spglib.error.OLD_ERROR_HANDLING = False
    try:
        yield
    finally:
        spglib.error.OLD_ERROR_HANDLING = before


def _standard_operations(hall_number: int) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return one operation per rotation, and primitive vectors (rows), in the standard cell."""
    import spglib

    with exceptions_from_spglib():
        found = spglib.get_symmetry_from_database(hall_number)
    if found is None:
        raise StructureError(f"spglib has no operations for Hall number {hall_number}.")
    rotations, translations = found["rotations"], found["translations"]
    pure = (rotations == np.eye(3, dtype=int)).all(axis=(1, 2))
    # The lattice is generated by the centring vectors and the edges; three of them span its cell.
    generators = np.concatenate([translations[pure], np.eye(3), translations[pure] - 1.0])
    volume = 1.0 / pure.sum()
    primitive = next(
        generators[list(chosen)]
        for chosen in combinations(range(len(generators)), 3)
        if abs(np.linalg.det(generators[list(chosen)]) - volume) < 1e-6
    )
    first = np.unique(rotations.reshape(-1, 9), axis=0, return_index=True)[1]
    return rotations[first].astype(np.int64), translations[first], np.asarray(primitive)


def _find_images(
    means: FloatArray, numbers: FloatArray, rotations: FloatArray, translations: FloatArray
) -> IntArray | None:
    """Return which atom lies nearest to each image, or None if that is no permutation."""
    from scipy.spatial import cKDTree

    # The species is a fourth coordinate without period: unlike atoms are never near.
    wrapped = np.column_stack([_wrap(means), numbers])
    tree = cKDTree(wrapped, boxsize=[1.0, 1.0, 1.0, 0.0])
    images = np.empty((len(rotations), len(means)), dtype=np.int64)
    for image, rotation, translation in zip(images, rotations, translations, strict=True):
        moved = np.column_stack([_wrap(means @ rotation.T + translation), numbers])
        image[:] = tree.query(moved)[1]
        if len(np.unique(image)) != len(image) or (numbers[image] != numbers).any():
            return None
    return images


def _fit_origin(operations: Operations, means: FloatArray) -> FloatArray:
    """Return the translations for the origin that moves the atoms least.

    An origin off by δ shows as (1 - W) δ in the mean misfit of every operation; along a polar axis
    nothing shows, and the shortest δ leaves it alone.
    """
    moved = means @ np.swapaxes(operations.rotations, 1, 2) + operations.translations[:, np.newaxis]
    misfits = moved - means[operations.images]
    misfit = (misfits - np.round(misfits)).mean(axis=1)
    unmoved = np.eye(3) - operations.rotations
    origin = np.linalg.lstsq(unmoved.reshape(-1, 3), misfit.reshape(-1), rcond=None)[0]
    corrected: FloatArray = operations.translations - unmoved @ origin
    return corrected


def _wrap(coordinates: FloatArray) -> FloatArray:
    wrapped = coordinates % 1.0
    # -1e-17 % 1.0 is 1.0, which lies outside the half-open box.
    wrapped[wrapped >= 1.0] = 0.0
    return wrapped


def _copies(q: FloatArray, classes: IntArray) -> FloatArray:
    """Return the lattice vectors between each atom and the first one of its class."""
    first = np.unique(classes, return_index=True)[1]
    copies: FloatArray = np.round(q - q[first][classes])
    return copies


def _class_means(values: NDArray[np.number], classes: IntArray) -> FloatArray:
    sums = np.zeros((classes.max() + 1, values.shape[1]))
    np.add.at(sums, classes, values)
    means: FloatArray = sums / np.bincount(classes)[:, np.newaxis]
    return means


def _no_group(tolerance_A: float, reason: str) -> StructureError:
    return StructureError(
        f"spglib finds no space group within {tolerance_A} Å ({reason}); "
        f"look for overlapping atoms, or use a smaller tolerance."
    )


def _inconsistent(tolerance_A: float) -> StructureError:
    return StructureError(
        f"The space group found within {tolerance_A} Å does not map the atoms onto each other; "
        f"use a smaller tolerance."
    )
