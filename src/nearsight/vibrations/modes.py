"""Normal modes: the mass-weighted Hessian diagonalised beside the rigid-body motions."""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight import units
from nearsight.announcing import announces
from nearsight.errors import ModelError
from nearsight.hessian.matrix import Hessian
from nearsight.hessian.reach import ASSUMED_REACH_A, pieces_of
from nearsight.memory import require_room
from nearsight.notebooks import ShownInNotebooks
from nearsight.provenance import Provenance
from nearsight.remarks import Remark
from nearsight.result_archives import (
    atoms_from_arrays,
    atoms_to_arrays,
    load_archive,
    rebuilds,
    save_archive,
)
from nearsight.structures.naming import count_warnings, name_structure, paragraph
from nearsight.structures.pieces import Pieces
from nearsight.structures.rigid_body import rigid_body_basis
from nearsight.vibrations.settings import Acoustic
from nearsight.vibrations.spectrum import Oscillators
from nearsight.vibrations.wording import imaginary_warning, name_wavenumbers, remarks_at_gamma

if TYPE_CHECKING:
    from ase.vibrations import VibrationsData

_RIGID_LIMIT_PERIODIC_PER_CM = 5.0
# A residual force of 0.01 eV/Å turns a small molecule at some 20 cm⁻¹.
_RIGID_LIMIT_MOLECULE_PER_CM = 30.0

# Beside the Hessian itself, measured: 8.2 and 7.3 for 256 and 500 atoms.
_MATRICES_AT_ONCE = 8


@dataclass(frozen=True)
class Vibrations(ShownInNotebooks):
    """Normal modes of a structure at Γ, rigid-body motions separated from vibrations.

    Eigenvalues λ = ω² are those of the mass-weighted Hessian, in eV/(Å² amu).
    """

    atoms: Atoms
    """The structure that vibrates, with the masses used."""
    eigenvalues_eV_per_A2_amu: NDArray[np.float64]
    """λ of the vibrations, ascending, shape ``(n_modes,)``; negative for imaginary modes."""
    modes: NDArray[np.float64]
    """Orthonormal mass-weighted modes, shape ``(n_modes, n_atoms, 3)``, without unit."""
    rigid_body_eigenvalues_eV_per_A2_amu: NDArray[np.float64]
    """λ within the rigid-body subspace, ascending; zero for exact forces at a minimum."""
    unprojected_eigenvalues_eV_per_A2_amu: NDArray[np.float64]
    """All 3 n_atoms λ of the mass-weighted Hessian without any projection, ascending."""
    provenance: Provenance
    """Where the Hessian comes from."""
    reach_A: float | None = ASSUMED_REACH_A
    """Distance beyond which no pair holds a part of the structure."""

    def __repr__(self) -> str:
        of = f"{name_structure(self.atoms)} by {self.provenance.model.name}"
        modes = f"{self.n_modes} mode{'' if self.n_modes == 1 else 's'}"
        span = ""
        if self.n_modes:
            low, high = self.wavenumbers_per_cm[[0, -1]]
            span = f" from {low:.1f} to {high:.1f} cm⁻¹"
        beside = f"{self.n_imaginary} imaginary, {self.n_rigid_body} rigid-body modes beside them"
        return paragraph(self, of, f"{modes}{span}", beside, count_warnings(self.warnings))

    @cached_property
    def pieces(self) -> Pieces:
        """What pairs hold together: a crystal, or what lies in a box."""
        return pieces_of(self.atoms, self.reach_A)

    @property
    def default_acoustic(self) -> Acoustic:
        """The convention for rigid-body modes unless one is asked for: they are no vibrations."""
        return "exclude"

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return len(self.atoms)

    @property
    def n_modes(self) -> int:
        """Number of vibrations, 3 n_atoms - n_rigid_body."""
        return len(self.eigenvalues_eV_per_A2_amu)

    @property
    def n_rigid_body(self) -> int:
        """Number of rigid-body modes.

        6 for a molecule, also in a box, 5 if it is linear, 3 for an atom; 4 for a chain, 3 if it is
        straight; 3 for a layer or crystal. Those of several add up.
        """
        return len(self.rigid_body_eigenvalues_eV_per_A2_amu)

    @property
    def n_imaginary(self) -> int:
        """Number of vibrations with a negative eigenvalue, however small."""
        return int(np.count_nonzero(self.eigenvalues_eV_per_A2_amu < 0))

    @property
    def wavenumbers_per_cm(self) -> NDArray[np.float64]:
        """Wavenumbers of the vibrations in cm⁻¹, ascending, imaginary ones negative."""
        return units.wavenumbers_per_cm(self.eigenvalues_eV_per_A2_amu)

    @property
    def rigid_body_wavenumbers_per_cm(self) -> NDArray[np.float64]:
        """Wavenumbers of the rigid-body modes in cm⁻¹, ascending, imaginary ones negative."""
        return units.wavenumbers_per_cm(self.rigid_body_eigenvalues_eV_per_A2_amu)

    @property
    def all_wavenumbers_per_cm(self) -> NDArray[np.float64]:
        """Wavenumbers of vibrations and rigid-body modes in cm⁻¹, 3 n_atoms, ascending."""
        together = np.concatenate([self.wavenumbers_per_cm, self.rigid_body_wavenumbers_per_cm])
        return np.sort(together)

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What makes these modes doubtful, in plain words; empty if nothing does."""
        found = []
        if self.n_imaginary:
            found.append(
                imaginary_warning(
                    self.wavenumbers_per_cm[: self.n_imaginary],
                    only_read=self.provenance.only_read,
                    molecule=not self.atoms.pbc.any(),
                )
            )
        # A chain that can turn about its axis is turned by residual forces as a molecule is.
        translations_only = bool(self.atoms.pbc.any()) and self.n_rigid_body == 3 * len(
            self.pieces.lattices
        )
        limit = _RIGID_LIMIT_PERIODIC_PER_CM if translations_only else _RIGID_LIMIT_MOLECULE_PER_CM
        rigid = self.rigid_body_wavenumbers_per_cm
        if np.any(np.abs(rigid) > limit):
            found.append(
                _rigid_body_warning(rigid[np.abs(rigid) > limit], limit, translations_only)
            )
        return tuple(found)

    def oscillators(self, acoustic: Acoustic) -> Oscillators:
        """Return the oscillators of the cell; see `Spectrum.oscillators`."""
        if acoustic == "as-computed":
            values, left_out = self.unprojected_eigenvalues_eV_per_A2_amu, 0
        else:
            values, left_out = self.eigenvalues_eV_per_A2_amu, self.n_rigid_body
        return Oscillators(values, np.ones(len(values)), left_out)

    def spectrum_summary(self) -> dict[str, Any]:
        """Return the ``spectrum`` object of the JSON output."""
        return {"method": "dense", "n_modes": self.n_modes, "n_imaginary": self.n_imaginary}

    def remarks(self, acoustic: Acoustic) -> tuple[Remark, ...]:
        """Return what `acoustic` leaves out or makes doubtful, in plain words."""
        return remarks_at_gamma(
            acoustic,
            self.n_atoms,
            self.n_rigid_body,
            molecular=self.pieces.molecular,
            has_mesh=bool(self.atoms.pbc.all()),
        )

    def cartesian_modes(self) -> NDArray[np.float64]:
        """Return displacements per unit of each normal coordinate.

        Returns
        -------
        NDArray[np.float64]
            e_A/√m_A in amu^(-1/2), shape ``(n_modes, n_atoms, 3)``; ASE normalises alike.
        """
        cartesian: NDArray[np.float64] = self.modes / np.sqrt(self.atoms.get_masses())[:, None]
        return cartesian

    def summary(self) -> dict[str, Any]:
        """Return the ``modes`` object of the JSON output."""
        return {
            "wavenumbers_per_cm": self.all_wavenumbers_per_cm.tolist(),
            "frequencies_THz": (self.all_wavenumbers_per_cm * units.PER_CM_IN_THZ).tolist(),
            "n_rigid_body": self.n_rigid_body,
            "n_imaginary": self.n_imaginary,
        }

    def to_ase(self) -> "VibrationsData":
        """Return ASE's `ase.vibrations.VibrationsData` with the rigid-body motions projected out.

        Its 3 n_atoms modes are these vibrations and n_rigid_body modes of zero energy.
        """
        from ase.vibrations import VibrationsData

        weighted = self.modes.reshape(self.n_modes, -1) * np.repeat(
            np.sqrt(self.atoms.get_masses()), 3
        )
        projected = (weighted.T * self.eigenvalues_eV_per_A2_amu) @ weighted
        shape = (self.n_atoms, 3, self.n_atoms, 3)
        return VibrationsData(self.atoms.copy(), projected.reshape(shape))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save to `path`; an older file there stays intact if that fails.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        arrays = {
            **atoms_to_arrays(self.atoms),
            "eigenvalues": self.eigenvalues_eV_per_A2_amu,
            "modes": self.modes,
            "rigid_body_eigenvalues": self.rigid_body_eigenvalues_eV_per_A2_amu,
            "unprojected_eigenvalues": self.unprojected_eigenvalues_eV_per_A2_amu,
        }
        header = {"provenance": self.provenance.to_json(), "reach_A": self.reach_A}
        save_archive(path, "vibrations", header, arrays)

    @classmethod
    @rebuilds("vibrations")
    def load(cls, path: str | os.PathLike[str]) -> "Vibrations":
        """Load what `save` wrote.

        Raises
        ------
        CheckpointError
            The file is missing, damaged, or something else.
        """
        header, arrays = load_archive(path, "vibrations")
        return cls(
            atoms=atoms_from_arrays(arrays),
            eigenvalues_eV_per_A2_amu=arrays["eigenvalues"],
            modes=arrays["modes"],
            rigid_body_eigenvalues_eV_per_A2_amu=arrays["rigid_body_eigenvalues"],
            unprojected_eigenvalues_eV_per_A2_amu=arrays["unprojected_eigenvalues"],
            provenance=Provenance.from_json(header["provenance"]),
            reach_A=header["reach_A"],
        )


@announces
def vibrations(hessian: Hessian) -> Vibrations:
    """Return the normal modes of the symmetric part of `hessian`.

    Rigid-body modes are identified by projection, never by their wavenumbers: the mass-weighted
    Hessian is diagonalised inside the orthogonal complement of the rigid-body directions, so
    exactly 3 n_atoms - n_rigid_body vibrations remain, imaginary ones among them. See
    `nearsight.structures.rigid_body.rigid_body_basis` for how many there are.

    Parameters
    ----------
    hessian
        Second derivatives with their structure and masses.

    Raises
    ------
    ModelError
        The Hessian holds something that is not a finite number.
    StructureError
        There are no atoms, or a mass is not positive.
    MemoryBudgetError
        The matrices that this takes do not fit into the memory.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.hessian import hessian
    >>> from nearsight.models import load_model
    >>> from nearsight.relaxation import relax
    >>> from nearsight.vibrations import vibrations
    >>> model = load_model("ase:emt")
    >>> modes = vibrations(hessian(relax(molecule("N2"), model).atoms, model))
    >>> print(f"{modes.n_rigid_body} rigid-body modes, {modes.wavenumbers_per_cm[0]:.0f} cm⁻¹")
    5 rigid-body modes, 1231 cm⁻¹
    """
    require_room_for_modes(hessian.n_atoms)
    _require_finite(hessian)
    rigid = rigid_body_basis(hessian.atoms, hessian.pieces)
    weights = np.repeat(hessian.atoms.get_masses() ** -0.5, 3)
    dynamical = weights[:, np.newaxis] * hessian.symmetric() * weights

    orthogonal, _ = np.linalg.qr(rigid, mode="complete")
    complement = orthogonal[:, rigid.shape[1] :]
    eigenvalues, vectors = np.linalg.eigh(complement.T @ dynamical @ complement)
    modes = (complement @ vectors).T.reshape(-1, hessian.n_atoms, 3)
    return Vibrations(
        atoms=hessian.atoms,
        eigenvalues_eV_per_A2_amu=eigenvalues,
        modes=modes,
        rigid_body_eigenvalues_eV_per_A2_amu=_eigenvalues(rigid.T @ dynamical @ rigid),
        unprojected_eigenvalues_eV_per_A2_amu=_eigenvalues(dynamical),
        provenance=hessian.provenance,
        reach_A=hessian.reach_A,
    )


def require_room_for_modes(n_atoms: int) -> None:
    """Check that the normal modes of so many atoms can be computed from a Hessian.

    Raises
    ------
    MemoryBudgetError
        They cannot.
    """
    require_room(
        _MATRICES_AT_ONCE * 8 * (3 * n_atoms) ** 2,
        f"Diagonalising the Hessian of {n_atoms} atoms",
        "Take a smaller cell, or what needs no modes (`spectrum` probing).",
    )


def _eigenvalues(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.eigvalsh(matrix), dtype=np.float64)


def _require_finite(hessian: Hessian) -> None:
    bad = np.argwhere(~np.isfinite(hessian.matrix_eV_per_A2))
    if len(bad):
        atom, direction, other, along = bad[0]
        value = hessian.matrix_eV_per_A2[atom, direction, other, along]
        raise ModelError(
            f"the Hessian is not finite in {len(bad)} of {hessian.rows_total**2} elements, the "
            f"first one H[{atom}, {'xyz'[direction]}, {other}, {'xyz'[along]}] = {value}; check "
            f"the structure for atoms that (almost) coincide, or use another model or method."
        )


def _rigid_body_warning(
    wavenumbers: NDArray[np.float64], limit: float, translations_only: bool
) -> Remark:
    cause = (
        "the Hessian does not obey the translational sum rule"
        if translations_only
        else "forces remain, or the Hessian is not invariant to translation and rotation"
    )
    said = (
        f"rigid-body modes lie at {name_wavenumbers(wavenumbers)}, more than {limit:g} cm⁻¹ "
        f"from zero: {cause}. They are projected out of the vibrations."
    )
    return Remark("rigid-body-modes", said)
