"""Self-consistent densities of molecules by PySCF, each converged from the one before it."""

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ase import Atoms
from ase.units import Bohr
from numpy.typing import NDArray
from pyscf import dft, gto, scf

from nearsight.errors import ModelError
from nearsight.models.electrons import require_electrons
from nearsight.structures.charge import charge_of, multiplicity_of

_NEAR_A = 0.3
"""A density of atoms that moved no farther is a better guess than a sum of atoms."""

_ENERGY_TOLERANCE_HARTREE = 1e-10
_GRADIENT_TOLERANCE_HARTREE = 3e-8
"""The orbitals' gradient decides the noise of forces, which PySCF's own tolerance leaves at
10⁻⁵ eV/Å. The energy's is above the rounding of a large molecule."""

GRID_LEVEL = 4
"""One finer than PySCF's own: second derivatives of CO2 that leave the grid's motion out are then
right to 0.015 eV/Å², with its own to 0.06."""
GRID_LEVELS = range(10)
"""Those that PySCF knows."""


_KRYPTON = 36


@dataclass(frozen=True)
class Method:
    """What is computed, apart from the atoms."""

    name: str
    """The model, for messages."""
    functional: str
    """As PySCF knows it; ``hf`` for Hartree-Fock."""
    basis: str
    charge: int = 0
    """In elementary charges."""
    multiplicity: int = 1
    dispersion: str | None = None
    """Such as ``d3bj``; None for none beside what the functional has."""
    grid_response: bool = False
    """Whether forces follow the grid, which moves with the atoms."""
    grid_level: int = GRID_LEVEL
    """How fine the grid of a functional is, one of `GRID_LEVELS`."""
    max_cycles: int = 100
    named: frozenset[str] = frozenset({"charge", "spin"})
    """Which of ``charge`` and ``spin`` are those of every structure; else it says its own."""

    def of(self, atoms: Atoms) -> "Method":
        """Return the method with the charge and the multiplicity of a structure."""
        charge = self.charge if "charge" in self.named else charge_of(atoms)
        multiplicity = self.multiplicity if "spin" in self.named else multiplicity_of(atoms)
        return replace(self, charge=charge, multiplicity=multiplicity)


class Densities:
    """Converged densities of one method; the last one is kept.

    Parameters
    ----------
    method
        What to compute.
    """

    def __init__(self, method: Method) -> None:
        self._method = method
        self._last: tuple[Atoms, Any] | None = None

    def of(self, atoms: Atoms) -> Any:
        """Return PySCF's converged calculation of a molecule.

        Raises
        ------
        ModelError
            Charge and multiplicity do not fit the electrons, an element has no basis functions, or
            the density did not converge.
        """
        if self._last is not None and same_geometry(self._last[0], atoms):
            return self._last[1]
        method = self._method.of(atoms)
        found = _set_up(atoms, method)
        _converge(found, self._guess(atoms), atoms, method)
        self._last = (atoms.copy(), found)
        return found

    def _guess(self, atoms: Atoms) -> NDArray[np.float64] | None:
        if self._last is None or not np.array_equal(self._last[0].numbers, atoms.numbers):
            return None
        if not same_electrons(self._last[0], atoms):
            return None
        moved = np.linalg.norm(self._last[0].positions - atoms.positions, axis=1).max()
        density: NDArray[np.float64] | None = None
        if moved <= _NEAR_A:
            density = self._last[1].make_rdm1()
        return density


def same_geometry(one: Atoms, other: Atoms) -> bool:
    """Tell whether two molecules have the same atoms at the same places, and the same electrons."""
    return (
        np.array_equal(one.numbers, other.numbers)
        and np.array_equal(one.positions, other.positions)
        and same_electrons(one, other)
    )


def same_electrons(one: Atoms, other: Atoms) -> bool:
    """Tell whether two structures have the same charge and multiplicity."""
    return charge_of(one) == charge_of(other) and multiplicity_of(one) == multiplicity_of(other)


def _set_up(atoms: Atoms, method: Method) -> Any:
    molecule = gto.Mole(
        atom=list(zip(atoms.get_chemical_symbols(), atoms.positions / Bohr, strict=True)),
        unit="Bohr",  # converted with the same constant as the forces
        basis=method.basis,
        ecp=_core_potentials(atoms, method.basis),
        charge=method.charge,
        spin=None,
        verbose=0,
    )
    require_electrons(
        atoms, int(atoms.numbers.sum()), method.charge, method.multiplicity, method.name
    )
    molecule.spin = method.multiplicity - 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # says that another package has more basis sets
        molecule.build()
    restricted = method.multiplicity == 1
    if method.functional == "hf":
        found = scf.RHF(molecule) if restricted else scf.UHF(molecule)
    else:
        found = (dft.RKS if restricted else dft.UKS)(molecule, xc=method.functional)
        found.grids.level = method.grid_level
    found._chkfile.close()  # a file that nothing here reads, left open for the garbage collector
    found.chkfile = None
    found = found.density_fit()
    found.conv_tol = _ENERGY_TOLERANCE_HARTREE
    found.conv_tol_grad = _GRADIENT_TOLERANCE_HARTREE
    found.max_cycle = method.max_cycles
    if method.dispersion is not None:
        found.disp = method.dispersion
    return found


def _core_potentials(atoms: Atoms, basis: str) -> dict[str, str]:
    """Return the effective core potentials that the def2 sets have behind krypton."""
    if not basis.startswith("def2"):
        return {}
    return {atom.symbol: basis for atom in atoms if atom.number > _KRYPTON}


def _converge(found: Any, guess: NDArray[np.float64] | None, atoms: Atoms, method: Method) -> None:
    found.kernel(dm0=guess)
    if not found.converged and guess is not None:
        found.kernel()
    if not found.converged:
        raise ModelError(
            f"{method.name} did not converge on {atoms.get_chemical_formula()} with charge "
            f"{method.charge} and multiplicity {method.multiplicity} in {method.max_cycles} "
            f"cycles. Check the structure for atoms that are too close and for stretched bonds, "
            f"and whether charge and spin are right (?charge=0&spin=1); a hybrid functional such "
            f"as pbe0 converges where levels lie close."
        )
