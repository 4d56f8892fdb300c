"""Rows of the Hessian of a density functional: the response to the asked atoms only.

H[A, B] is a sum over what needs no response of the orbitals (`partial`), and the first-order
Hamiltonian of B on the response to A. Both first parts are computed once for all atoms; the coupled
perturbed equations, which PySCF would solve for every atom, only for those whose rows are asked
for: Pople, Krishnan, Schlegel, Binkley, Int. J. Quantum Chem. 1979, 16 (S13), 225,
doi 10.1002/qua.560160825.
"""

from typing import Any

import numpy as np
from ase.units import Bohr, Hartree
from numpy.typing import NDArray


class Response:
    """Second derivatives of one converged calculation of PySCF, row by row.

    Parameters
    ----------
    found
        A converged restricted or unrestricted calculation with density fitting.
    """

    def __init__(self, found: Any) -> None:
        self._hessian = hessian = found.Hessian()
        self._molecule = molecule = found.mol
        self._energies, self._occupations = found.mo_energy, found.mo_occ
        self._orbitals = found.mo_coeff
        arguments = (found.mo_energy, found.mo_coeff, found.mo_occ)
        self._partial = hessian.partial_hess_elec(*arguments) + hessian.hess_nuc()
        if found.do_disp():
            self._partial = self._partial + hessian.get_dispersion()
        self._first_order = hessian.make_h1(found.mo_coeff, found.mo_occ)
        self._overlap = -molecule.intor("int1e_ipovlp", comp=3)
        self._rows: dict[int, NDArray[np.float64]] = {}

    def row(self, atom: int) -> NDArray[np.float64]:
        """Return H[atom], shape ``(3, n_atoms, 3)`` in eV/Å²."""
        if atom not in self._rows:
            self._rows[atom] = self._computed(atom) * Hartree / Bohr**2
        return self._rows[atom]

    def _computed(self, atom: int) -> NDArray[np.float64]:
        changed, changed_energies = self._hessian.solve_mo1(
            self._energies, self._orbitals, self._occupations, self._first_order, atmlst=[atom]
        )
        row: NDArray[np.float64] = self._partial[atom].transpose(1, 0, 2).copy()
        if self._orbitals[0].ndim == 1:
            return row + 2 * self._of_spin(
                self._orbitals,
                self._energies,
                self._occupations,
                self._first_order,
                changed[atom],
                changed_energies[atom],
            )
        for spin in range(2):
            row += self._of_spin(
                self._orbitals[spin],
                self._energies[spin],
                self._occupations[spin],
                self._first_order[spin],
                changed[spin][atom],
                changed_energies[spin][atom],
            )
        return row

    def _of_spin(
        self,
        orbitals: NDArray[np.float64],
        energies: NDArray[np.float64],
        occupations: NDArray[np.float64],
        first_order: Any,
        changed: NDArray[np.float64],
        changed_energies: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return the part of one spin: density against Hamiltonian, and against overlap."""
        occupied = orbitals[:, occupations > 0]
        weighted = occupied * energies[occupations > 0]
        density = np.einsum("xpi,qi->xpq", changed, occupied)
        energy_density = np.einsum("xpi,qi->xpq", changed, weighted)
        energy_density = energy_density + energy_density.transpose(0, 2, 1)
        energy_density += np.einsum("pi,xji,qj->xpq", occupied, changed_energies, occupied)
        slices = self._molecule.aoslice_by_atom()
        part = np.empty((3, len(slices), 3))
        for other, (_, _, start, stop) in enumerate(slices):
            of_overlap = np.einsum(
                "ypq,xpq->xy", self._overlap[:, start:stop], energy_density[:, start:stop]
            ) + np.einsum(
                "ypq,xqp->xy", self._overlap[:, start:stop], energy_density[:, :, start:stop]
            )
            of_hamiltonian = np.einsum("ypq,xpq->xy", first_order[other], density)
            part[:, other] = 2 * of_hamiltonian - of_overlap
        return part
