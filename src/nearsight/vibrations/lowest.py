"""The lowest modes of a structure, from few products with its Hessian."""

import hashlib
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import numpy as np
from ase import Atoms
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, lobpcg, splu

from nearsight import units
from nearsight.announcing import announces
from nearsight.arrays import BoolArray, FloatArray
from nearsight.errors import MethodError
from nearsight.hessian.matrix import Hessian
from nearsight.hessian.products.operator import HessianOperator
from nearsight.locking import hold
from nearsight.memory import require_room
from nearsight.notebooks import ShownInNotebooks
from nearsight.progress import Progress, as_progress
from nearsight.provenance import Provenance, Setting, record
from nearsight.relaxation.springs import unfitted_springs
from nearsight.remarks import Remark
from nearsight.structures.naming import count_warnings, name_structure, paragraph
from nearsight.vibrations.kept_products import KeptProducts
from nearsight.vibrations.mass_weighted import MassWeightedOperator
from nearsight.vibrations.modes import vibrations
from nearsight.vibrations.wording import name_wavenumbers

_GUARD = 1
"""Vectors beside those that are wanted: for a single mode one saves a sixth of the products, and
more of them cost some."""
_BLOCKS_AT_ONCE = 10
"""Vectors, residuals and directions, the product of each, and what is made of them."""
_SMALL = 6
"""All modes of a structure with fewer than that many for each vector are computed at once."""
_DEPENDENT = 1e-8
"""Singular values of vectors that small, over the largest, say that one depends on the others."""

# With a model of springs the lowest modes of a MOF took a fifth of the products in which they did
# not converge without it.
_SOFTEST_eV_per_A2_amu = 1e-3


@dataclass(frozen=True)
class LowestModes(ShownInNotebooks):
    """A few lowest normal modes; rigid-body motions are no modes."""

    atoms: Atoms
    eigenvalues_eV_per_A2_amu: FloatArray
    """λ, ascending, shape ``(n_modes,)``; negative for imaginary modes."""
    modes: FloatArray
    """Orthonormal mass-weighted modes, shape ``(n_modes, n_atoms, 3)``, without unit."""
    residuals_eV_per_A2_amu: FloatArray
    """``|D e - λ e|`` of each: an eigenvalue is no farther than this from λ."""
    tolerance_eV_per_A2_amu: float
    """The residual that was asked for."""
    n_products: int
    """Products with the Hessian that it took."""
    provenance: Provenance

    def __repr__(self) -> str:
        of = f"{name_structure(self.atoms)} by {self.provenance.model.name}"
        named = name_wavenumbers(self.wavenumbers_per_cm)
        n_modes = f"{len(self.modes)} lowest mode{'' if len(self.modes) == 1 else 's'}: {named}"
        return paragraph(self, of, n_modes, count_warnings(self.warnings))

    @property
    def wavenumbers_per_cm(self) -> FloatArray:
        """Wavenumbers in cm⁻¹, imaginary ones negative."""
        return units.wavenumbers_per_cm(self.eigenvalues_eV_per_A2_amu)

    @property
    def imaginary(self) -> BoolArray:
        """Which modes are imaginary whatever their residual."""
        certain: BoolArray = self.eigenvalues_eV_per_A2_amu < -self.residuals_eV_per_A2_amu
        return certain

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What makes these modes doubtful, in plain words; empty if nothing does."""
        found = []
        unconverged = np.count_nonzero(self.residuals_eV_per_A2_amu > self.tolerance_eV_per_A2_amu)
        if unconverged:
            said = (
                f"{unconverged} of the {len(self.modes)} lowest modes did not converge to "
                f"{self.tolerance_eV_per_A2_amu:g} eV/(Å² amu); start again from them (guess=)."
            )
            found.append(Remark("modes-not-converged", said))
        if self.imaginary.any():
            named = name_wavenumbers(self.wavenumbers_per_cm[self.imaginary])
            said = f"imaginary modes ({named}): the structure is not at a minimum of this model."
            found.append(Remark("imaginary-modes", said))
        return tuple(found)


@announces
def lowest_modes(
    hessian: HessianOperator,
    n_modes: int = 1,
    *,
    guess: LowestModes | None = None,
    tolerance_eV_per_A2_amu: float = 1e-4,
    max_iterations: int = 300,
    seed: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: Progress | bool | None = None,
) -> LowestModes:
    """Find the lowest normal modes without the matrix.

    LOBPCG (A. V. Knyazev, SIAM J. Sci. Comput. 2001, 23, 517, DOI 10.1137/S1064827500366124) with
    the rigid-body motions kept out, preconditioned by a model of springs between near atoms. Up to
    some 1,000 atoms: the spectrum of a large solid is too dense at its lower end.

    Parameters
    ----------
    hessian
        Of the structure.
    n_modes
        How many.
    guess
        Modes of a structure nearby, such as the last step of a search for a saddle point, from
        which few products lead to those of this one.
    tolerance_eV_per_A2_amu
        Residual at which a mode is converged. The eigenvalue is far more precise than that.
    max_iterations
        After so many the modes are taken as they are, and those that did not converge are said.
    seed
        Of the random vectors to start from.
    checkpoint
        File that keeps every finished product. If it exists the run goes on from there. While
        another process works on it, this one waits.
    progress
        How far it has come: see `nearsight.progress.Progress`.

    Raises
    ------
    MethodError
        The structure does not have so many modes, or `guess` belongs to another number of atoms.
    MemoryBudgetError
        Memory ran out; finished products are kept.
    CheckpointError
        The checkpoint belongs to another calculation, or another model of the same name or version.
    StorageError
        The disk is full; finished products are kept.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.hessian import HessianOperator
    >>> from nearsight.models import load_model
    >>> from nearsight.vibrations import lowest_modes
    >>> operator = HessianOperator(bulk("Cu", cubic=True), load_model("ase:emt"))
    >>> lowest = lowest_modes(operator, n_modes=2)
    >>> print(lowest.wavenumbers_per_cm.round(0), "cm⁻¹")
    [178. 178.] cm⁻¹
    """
    operator = MassWeightedOperator(hessian)
    size, n_rigid = operator.rigid_body.shape
    if not 1 <= n_modes <= size - n_rigid:
        raise MethodError(
            f"{hessian.atoms.get_chemical_formula()} has {size - n_rigid} modes beside the motions "
            f"of a rigid body; {n_modes} cannot be found."
        )
    if guess is not None and guess.modes[0].size != size:
        raise MethodError(f"the guess is for {len(guess.atoms)} atoms, not {size // 3}.")
    all_at_once = size < _SMALL * (n_modes + _GUARD) + n_rigid
    require_room(
        8 * _BLOCKS_AT_ONCE * size * (size if all_at_once else n_modes + _GUARD),
        f"The vectors for {n_modes} modes of {size // 3} atoms",
        "Ask for fewer modes.",
    )
    block = np.eye(size) if all_at_once else _start(size, n_modes, guess, seed)
    with hold(checkpoint), as_progress(progress).task("Hessian product", None) as advance:
        settings: dict[str, Setting] = {
            "tolerance_eV_per_A2_amu": tolerance_eV_per_A2_amu,
            "start": hashlib.sha256(block.tobytes()).hexdigest(),
        }
        products = KeptProducts(operator, checkpoint, settings, advance)
        step = count()

        def multiply(vectors: FloatArray) -> FloatArray:
            columns = vectors.reshape(size, -1).T
            now = next(step)
            return products([(column, now) for column in range(len(columns))], columns).T

        if not all_at_once:
            multiplied = LinearOperator((size, size), multiply, matmat=multiply)
            block = _lobpcg(multiplied, operator, block, tolerance_eV_per_A2_amu, max_iterations)
        values, vectors, residuals = _ritz(operator, block, multiply, n_modes)
    return LowestModes(
        atoms=hessian.atoms,
        eigenvalues_eV_per_A2_amu=values,
        modes=vectors.T.reshape(n_modes, -1, 3),
        residuals_eV_per_A2_amu=residuals,
        tolerance_eV_per_A2_amu=tolerance_eV_per_A2_amu,
        n_products=products.n_used,
        provenance=record(hessian.model.identity, **hessian.method.settings()),
    )


@announces
def lowest_of(hessian: Hessian, n_modes: int = 1) -> LowestModes:
    """Return the lowest normal modes of a whole Hessian, which takes no product.

    Their residuals are what the asymmetry of the matrix leaves, and the tolerance is the largest.

    Raises
    ------
    ModelError, StructureError
        See `nearsight.vibrations.vibrations`.
    """
    modes = vibrations(hessian)
    values, vectors = modes.eigenvalues_eV_per_A2_amu[:n_modes], modes.modes[:n_modes]
    weights = np.repeat(hessian.atoms.get_masses() ** -0.5, 3)
    matrix = hessian.matrix_eV_per_A2.reshape(len(weights), len(weights))
    skew = weights[:, np.newaxis] * (matrix - matrix.T) / 2 * weights
    residuals = np.linalg.norm(vectors.reshape(len(values), -1) @ skew, axis=1)
    return LowestModes(
        atoms=hessian.atoms,
        eigenvalues_eV_per_A2_amu=values,
        modes=vectors,
        residuals_eV_per_A2_amu=residuals,
        tolerance_eV_per_A2_amu=float(residuals.max(initial=0.0)),
        n_products=0,
        provenance=hessian.provenance,
    )


def _start(size: int, n_modes: int, guess: LowestModes | None, seed: int) -> FloatArray:
    random = np.random.default_rng(seed).normal(size=(size, n_modes + _GUARD))
    if guess is None:
        return random
    known: FloatArray = guess.modes.reshape(len(guess.modes), -1)[:n_modes].T
    return np.hstack([known, random[:, known.shape[1] : n_modes]])


def _lobpcg(
    multiply: LinearOperator,
    operator: MassWeightedOperator,
    block: FloatArray,
    tolerance: float,
    max_iterations: int,
) -> FloatArray:
    springs = splu(_springs(operator.hessian.atoms))
    preconditioner = LinearOperator(multiply.shape, springs.solve, matmat=springs.solve)
    with warnings.catch_warnings():
        # Residuals are computed afterwards, and say what did not converge.
        warnings.simplefilter("ignore", UserWarning)
        _, vectors = lobpcg(
            multiply,
            block,
            M=preconditioner,
            Y=operator.rigid_body,
            largest=False,
            tol=tolerance,
            maxiter=max_iterations,
        )
    found: FloatArray = vectors
    return found


def _ritz(
    operator: MassWeightedOperator,
    block: FloatArray,
    multiply: Callable[[FloatArray], FloatArray],
    n_modes: int,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the lowest eigenvalues within the space of `block`, their vectors, and residuals."""
    rigid = operator.rigid_body
    left, sizes, _ = np.linalg.svd(block - rigid @ (rigid.T @ block), full_matrices=False)
    basis = left[:, sizes > _DEPENDENT * sizes[0]]
    products = multiply(basis)
    within = basis.T @ products
    values, coefficients = np.linalg.eigh((within + within.T) / 2)
    values, coefficients = values[:n_modes], coefficients[:, :n_modes]
    vectors = basis @ coefficients
    residuals = np.linalg.norm(products @ coefficients - vectors * values, axis=0)
    return values, vectors, residuals


def _springs(atoms: Atoms) -> sparse.csc_matrix:
    """Return the mass-weighted Hessian of springs between near atoms, in eV/(Å² amu)."""
    weights = sparse.diags(np.repeat(1 / np.sqrt(atoms.get_masses()), 3))
    springs = weights @ unfitted_springs(atoms) @ weights
    return (springs + _SOFTEST_eV_per_A2_amu * sparse.identity(3 * len(atoms))).tocsc()
