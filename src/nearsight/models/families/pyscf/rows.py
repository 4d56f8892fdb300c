"""Rows of the Hessian of a closed shell: the response to the asked atoms only.

H[A, B] is what needs no response of the orbitals, and the first-order Hamiltonian of B with the
response to A. The first part and the Hamiltonians are computed once for all atoms; the coupled
perturbed equations, which PySCF's own Hessian solves for every atom, only for those asked for.

Pople, Krishnan, Schlegel, Binkley, Int. J. Quantum Chem. 1979, 16 (S13), 225,
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
        A converged calculation of a singlet, restricted, with density fitting.
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
        occupied = self._orbitals[:, self._occupations > 0]
        weighted = occupied * self._energies[self._occupations > 0]
        density = np.einsum("xpi,qi->xpq", changed[atom], occupied)
        energy_density = np.einsum("xpi,qi->xpq", changed[atom], weighted)
        energy_density = energy_density + energy_density.transpose(0, 2, 1)
        energy_density += np.einsum("pi,xji,qj->xpq", occupied, changed_energies[atom], occupied)
        for other, (_, _, start, stop) in enumerate(self._molecule.aoslice_by_atom()):
            overlap = self._overlap[:, start:stop]
            row[:, other] += 4 * np.einsum("ypq,xpq->xy", self._first_order[other], density)
            row[:, other] -= 2 * np.einsum("ypq,xpq->xy", overlap, energy_density[:, start:stop])
            row[:, other] -= 2 * np.einsum("ypq,xqp->xy", overlap, energy_density[:, :, start:stop])
        return row
