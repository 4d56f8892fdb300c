"""Phonons over the Brillouin zone: what the infinite crystal has in place of modes at Γ."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from ase import Atoms

from nearsight import units
from nearsight.announcing import announces
from nearsight.arrays import FloatArray, IntArray
from nearsight.hessian.force_constants import ForceConstants
from nearsight.hessian.reach import pieces_of
from nearsight.notebooks import ShownInNotebooks
from nearsight.printable import percent
from nearsight.provenance import Provenance
from nearsight.remarks import Remark, Severity
from nearsight.structures.naming import count_warnings, name_structure, paragraph
from nearsight.structures.pieces import Pieces
from nearsight.vibrations import oscillator
from nearsight.vibrations.modes import Vibrations, vibrations
from nearsight.vibrations.qpoints import (
    commensurate_points,
    irreducible_mesh,
    mesh_numbers,
    require_room_for_mesh,
)
from nearsight.vibrations.settings import DEFAULT_MESH_LENGTH_A, Acoustic
from nearsight.vibrations.spectrum import Oscillators
from nearsight.vibrations.waves import Waves, waves_at
from nearsight.vibrations.wording import NOTABLE_INTERPOLATION, cause_of_imaginary

_TEMPERATURE_K = 300.0

_WITH_SETTINGS = "(`length_A`, `converge_supercell`)"

_EIGENVALUES_AT_ONCE = 100_000  # whose heat needs some MiB, however fine the mesh
_FEW_MODES = 1e-3  # so many change no heat capacity in a digit that is quoted

_NEGLIGIBLE_PER_CM = 0.5
"""Interpolation and rounding make acoustic modes next to Γ this imaginary at most."""


@dataclass(frozen=True)
class PhononMesh(ShownInNotebooks):
    """Eigenvalues λ = ω² of the dynamical matrix on a Γ-centred mesh, in eV/(Å² amu)."""

    atoms: Atoms
    """The unit cell to which quantities per cell refer; a multiple of the primitive cell."""
    mesh: tuple[int, int, int]
    """Points along each reciprocal vector of the primitive cell."""
    qpoints: FloatArray
    """Irreducible q-points in units of the reciprocal vectors, Γ first, shape ``(n_q, 3)``."""
    weights: FloatArray
    """Their shares of the Brillouin zone, which sum to 1, shape ``(n_q,)``."""
    eigenvalues_eV_per_A2_amu: FloatArray
    """λ, ascending, shape ``(n_q, 3 n_primitive)``; negative for imaginary modes."""
    unprojected_eigenvalues_eV_per_A2_amu: FloatArray
    """λ as computed, of the same shape: not zero where molecules, chains or layers move rigidly."""
    rigid_body_modes: IntArray
    """How many modes of each q-point are rigid-body motions, shape ``(n_q,)``.

    Beyond Γ there are some only of what lies in a box without being held there."""
    gamma: Vibrations
    """Normal modes of the primitive cell at Γ, where three modes are translations."""
    supercell: tuple[tuple[int, ...], ...]
    """Vectors (rows) of the supercell of the force constants in units of those of `atoms`."""
    interpolation_effect: float
    """By which share interpolation changes c_v at 300 K.

    From the mean over the q-points of the supercell itself, at which nothing is interpolated."""
    share_imaginary_uninterpolated: float
    """Share of the modes at the q-points of the supercell itself that are imaginary."""
    boundary_eV_per_A2: float | None
    """Largest force constants left at the boundary of that supercell; None if that is not known."""
    provenance: Provenance
    """Where the force constants come from."""

    def __repr__(self) -> str:
        of = f"{name_structure(self.atoms)} by {self.provenance.model.name}"
        mesh = f"mesh {'×'.join(map(str, self.mesh))}, {len(self.weights)} irreducible q-points"
        low, high = float(self.wavenumbers_per_cm.min()), float(self.wavenumbers_per_cm.max())
        imaginary = f"{percent(self.share_imaginary)} imaginary"
        span = f"{low:.1f} to {high:.1f} cm⁻¹, {imaginary}"
        return paragraph(self, of, mesh, span, count_warnings(self.warnings))

    @cached_property
    def pieces(self) -> Pieces:
        """What pairs hold together in the unit cell: a crystal, or what lies in a box."""
        return pieces_of(self.atoms, self.gamma.reach_A)

    @property
    def n_atoms(self) -> int:
        """Number of atoms in the unit cell."""
        return len(self.atoms)

    @property
    def cells(self) -> float:
        """Primitive cells in the unit cell."""
        return self.n_atoms / self.gamma.n_atoms

    @property
    def wavenumbers_per_cm(self) -> FloatArray:
        """Wavenumbers in cm⁻¹, imaginary ones negative, shape ``(n_q, 3 n_primitive)``."""
        return units.wavenumbers_per_cm(self.eigenvalues_eV_per_A2_amu)

    @property
    def share_imaginary(self) -> float:
        """Share of all modes of the Brillouin zone that are imaginary by more than 0.5 cm⁻¹."""
        return _share_imaginary(self.gamma, self.eigenvalues_eV_per_A2_amu, self.weights)

    @property
    def few_imaginary(self) -> bool:
        """Whether imaginary modes are so few, and come from interpolation, that little is lost."""
        return self.share_imaginary <= _FEW_MODES and self.share_imaginary_uninterpolated == 0

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What makes these phonons doubtful, in plain words; empty if nothing does."""
        found = []
        if self.share_imaginary > 0:
            lowest = float(self.wavenumbers_per_cm.min())
            said = (
                f"{percent(self.share_imaginary)} of the modes of the Brillouin zone are "
                f"imaginary, down to {lowest:.1f} cm⁻¹, and contribute nothing: {self._cause()}."
            )
            severity = Severity.CAUTION if self.few_imaginary else None
            found.append(Remark("imaginary-modes", said, severity))
        if abs(self.interpolation_effect) > NOTABLE_INTERPOLATION:
            said = (
                f"interpolation between the q-points of the supercell changes the heat capacity at "
                f"300 K by {100 * self.interpolation_effect:+.1f} %: the supercell of the force "
                f"constants is small; {self._larger_supercell(_WITH_SETTINGS)}."
            )
            found.append(Remark("coarse-interpolation", said))
        return tuple(found)

    @property
    def default_acoustic(self) -> Acoustic:
        """The convention for rigid-body modes that is used unless one is asked for.

        In a crystal Γ is one point of many, at which the heat capacity of an acoustic mode tends to
        k_B. Molecules in a box are what they are without it: `Vibrations.default_acoustic`.
        """
        return self.gamma.default_acoustic if self.gamma.pieces.molecular else "classical"

    def oscillators(self, acoustic: Acoustic) -> Oscillators:
        """Return the oscillators of one unit cell; see `Spectrum.oscillators`.

        Modes that are exactly zero are among them, and count as nothing unless ``as-computed``.
        """
        at_gamma = self.gamma.oscillators(acoustic)
        elsewhere = self.eigenvalues_eV_per_A2_amu[1:]
        n_rigid_body = float(self.weights @ self.rigid_body_modes)
        if acoustic == "as-computed":
            elsewhere, n_rigid_body = self.unprojected_eigenvalues_eV_per_A2_amu[1:], 0.0
        shares = np.repeat(self.weights[1:], elsewhere.shape[1])
        return Oscillators(
            np.concatenate([at_gamma.eigenvalues_eV_per_A2_amu, elsewhere.ravel()]),
            self.cells * np.concatenate([float(self.weights[0]) * at_gamma.weights, shares]),
            self.cells * n_rigid_body,
        )

    def _cause(self) -> str:
        """Return what imaginary modes come from, in words."""
        only_read = self.provenance.only_read
        if self.gamma.n_imaginary > 0:
            imaginary = self.gamma.wavenumbers_per_cm[: self.gamma.n_imaginary]
            return cause_of_imaginary(imaginary, only_read=only_read, molecule=False)
        if self.share_imaginary_uninterpolated > 0 and only_read:
            return (
                "the structure in the file is not at a minimum of the method that had its force "
                "constants: it gains energy by a wave that does not fit into its cell"
            )
        if self.share_imaginary_uninterpolated > 0:
            return (
                "the structure is not at a minimum of this model: it gains energy by a wave that "
                "does not fit into its cell; relax a supercell that holds the wave with "
                "`follow_imaginary`"
            )
        return (
            "at the q-points of the supercell of the force constants, where nothing is "
            "interpolated, there is none, so that they come from the interpolation or from a wave "
            f"that does not fit into this supercell; {self._larger_supercell()}"
        )

    def _larger_supercell(self, settings: str = "") -> str:
        """Return the advice to take a larger supercell, to whom it may be given."""
        if self.provenance.only_read:
            return "a larger one would have to be computed where this one was"
        return f"take a larger one {settings}".rstrip()

    def remarks(self, acoustic: Acoustic) -> tuple[Remark, ...]:
        """Return what `acoustic` leaves out or makes doubtful, in plain words."""
        if self.gamma.pieces.molecular:
            return self.gamma.remarks(acoustic)
        share = self.weights @ self.rigid_body_modes / (3 * self.gamma.n_atoms)
        if acoustic == "exclude" and share > 0.01:
            where = " at Γ" if self.gamma.pieces.connected else ""
            said = (
                f"the acoustic modes{where} are {100 * share:.1f} % of all modes of this mesh and "
                f"left out; use a finer `mesh`, or `acoustic` classical."
            )
            return (Remark("modes-left-out", said),)
        return ()

    def spectrum_summary(self) -> dict[str, Any]:
        """Return the ``spectrum`` object of the JSON output."""
        return {
            "method": "mesh",
            "mesh": list(self.mesh),
            "n_qpoints": len(self.weights),
            "lowest_wavenumber_per_cm": float(self.wavenumbers_per_cm.min()),
            "highest_wavenumber_per_cm": float(self.wavenumbers_per_cm.max()),
            "share_imaginary": self.share_imaginary,
            "share_imaginary_uninterpolated": self.share_imaginary_uninterpolated,
            "interpolation_effect": self.interpolation_effect,
            "boundary_eV_per_A2": self.boundary_eV_per_A2,
        }


@announces
def phonon_mesh(
    force_constants: ForceConstants,
    mesh: Sequence[int] | float = DEFAULT_MESH_LENGTH_A,
    *,
    nac: str | os.PathLike[str] | None = None,
) -> PhononMesh:
    """Return phonons on a Γ-centred mesh of q-points, interpolated by phonopy.

    Points that are equivalent by time reversal, and by the rotations by which the force constants
    were made, are computed once.

    Parameters
    ----------
    force_constants
        Of a crystal.
    mesh
        Three numbers of points along the reciprocal vectors of the primitive cell, or a length L
        in Å for ``max(1, round(L |b|))`` points along each b (without 2π).
    nac
        A BORN file of phonopy for the non-analytical term correction.

    Raises
    ------
    MethodError
        The mesh is neither three positive integers nor a positive length, or has more points than
        can be numbered.
    MemoryBudgetError
        So many points do not fit into the memory.
    StructureError
        The structure is not periodic in three directions, or the BORN file is for another cell.
    CheckpointError
        The BORN file cannot be read.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.hessian import force_constants
    >>> from nearsight.models import load_model
    >>> from nearsight.vibrations import phonon_mesh
    >>> constants = force_constants(bulk("Cu"), load_model("ase:emt"), (3, 3, 3))
    >>> mesh = phonon_mesh(constants, (6, 6, 6))
    >>> print(f"{len(mesh.weights)} q-points, up to {mesh.wavenumbers_per_cm.max():.0f} cm⁻¹")
    112 q-points, up to 261 cm⁻¹
    """
    numbers = mesh_numbers(force_constants.primitive_cell, mesh)
    require_room_for_mesh(numbers, force_constants)
    phonon = force_constants.to_phonopy(nac)
    qpoints, weights = irreducible_mesh(numbers, force_constants.rotations)
    # Γ is the first point of a mesh that is centred on it, and of those of a supercell.
    assert not np.any(qpoints[0])
    shares = weights / weights.sum()
    waves = waves_at(force_constants, phonon, qpoints)
    own_points = commensurate_points(force_constants)
    gamma = vibrations(force_constants.at_gamma())
    interpolated = _heat_capacity(gamma, waves, shares)
    own_shares = np.full(len(own_points), 1 / len(own_points))
    own_waves = waves_at(force_constants, phonon, own_points)
    uninterpolated = _heat_capacity(gamma, own_waves, own_shares)
    return PhononMesh(
        atoms=force_constants.unit_cell,
        mesh=numbers,
        qpoints=np.array(qpoints),
        weights=shares,
        eigenvalues_eV_per_A2_amu=waves.eigenvalues_eV_per_A2_amu,
        unprojected_eigenvalues_eV_per_A2_amu=waves.unprojected_eigenvalues_eV_per_A2_amu,
        rigid_body_modes=np.array([gamma.n_rigid_body, *waves.n_rigid_body[1:]], dtype=np.int64),
        gamma=gamma,
        supercell=tuple(map(tuple, force_constants.supercell_matrix.tolist())),
        interpolation_effect=interpolated / uninterpolated - 1,
        share_imaginary_uninterpolated=_share_imaginary(
            gamma, own_waves.eigenvalues_eV_per_A2_amu, own_shares
        ),
        boundary_eV_per_A2=force_constants.boundary_eV_per_A2,
        provenance=force_constants.provenance,
    )


def _share_imaginary(gamma: Vibrations, eigenvalues: FloatArray, shares: FloatArray) -> float:
    """Return the share of imaginary modes, from points of which the first is Γ."""
    imaginary = (units.wavenumbers_per_cm(eigenvalues[1:]) < -_NEGLIGIBLE_PER_CM).sum(axis=1)
    at_gamma = np.count_nonzero(gamma.wavenumbers_per_cm < -_NEGLIGIBLE_PER_CM)
    return float(shares @ np.array([at_gamma, *imaginary]) / eigenvalues.shape[1])


def _heat_capacity(gamma: Vibrations, waves: Waves, shares: FloatArray) -> float:
    """Return c_v of a primitive cell at 300 K in k_B, from points of which the first is Γ."""
    elsewhere = waves.eigenvalues_eV_per_A2_amu[1:]
    heat = [_heat_of_points(gamma.eigenvalues_eV_per_A2_amu[np.newaxis]) + gamma.n_rigid_body]
    at_once = max(_EIGENVALUES_AT_ONCE // elsewhere.shape[1], 1)
    for start in range(0, len(elsewhere), at_once):
        block = slice(start, start + at_once)
        heat.append(_heat_of_points(elsewhere[block]) + waves.n_rigid_body[1:][block])
    return float(shares @ np.concatenate(heat))


def _heat_of_points(eigenvalues: FloatArray) -> FloatArray:
    """Return c_v at 300 K in k_B of the real modes of each q-point (row)."""
    thermal = units.BOLTZMANN_EV_PER_K * _TEMPERATURE_K
    quanta = units.mode_energies(np.maximum(eigenvalues, 0.0))
    heat = oscillator.heat_capacity(quanta / thermal)
    summed: FloatArray = np.where(quanta > 0, heat, 0.0).sum(axis=1)
    return summed
