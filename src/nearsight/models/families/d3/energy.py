"""The D3(BJ) energy of one structure with its first derivatives, as algebra of pair sums."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from nearsight.models.families.d3.interpolation import Coefficients, interpolate
from nearsight.models.families.d3.kernels import Array, BeckeJohnson, Counting, Kernel
from nearsight.models.families.d3.lattice import Pairs, PairSums, pair_sums, pair_values, pairs_of
from nearsight.models.families.d3.parameters import (
    COUNTING_CUTOFF_A,
    ENERGY_CUTOFF_A,
    Damping,
    Reference,
)


@dataclass(frozen=True)
class Dispersion:
    """E = -½ Σ_AB C6_AB(n_A, n_B) G_AB, with G and the coordination numbers n as lattice sums."""

    pairs: Pairs
    kernels: tuple[Kernel, Kernel]
    """The functions that G and n sum up."""
    g: PairSums
    """Lattice sums G of the damped powers of the distance."""
    n: PairSums
    """Lattice sums of how much the second atom counts as a neighbour of the first."""
    c6: Coefficients
    slopes_eV: Array
    """∂E/∂n_A, shape ``(n_atoms,)``."""

    @property
    def weights(self) -> tuple[Array, Array]:
        """What each pair's G and n count in the energy's derivatives, shape ``(n_pairs,)`` each.

        At every point dE = Σ_pairs (w_G dG + w_n dn): w_G = -C6, and w_n collects the slopes of
        both atoms.
        """
        pairs = self.pairs
        both = self.slopes_eV[pairs.first] + self.slopes_eV[pairs.second]
        return -pairs.weights * self.c6.value, pairs.weights * both

    def atomic_energies_eV(self) -> Array:
        """Return half of each pair's energy for each of its atoms, shape ``(n_atoms,)``."""
        return _atomic_energies(self.pairs, self.c6, self.g.value)

    def gradient_eV_per_A(self) -> Array:
        """Return ∂E/∂r, shape ``(n_atoms, 3)``."""
        w_g, w_n = self.weights
        of_pair = w_g[:, None] * self.g.gradient + w_n[:, None] * self.n.gradient
        return self.pairs.to_atoms(-of_pair, of_pair)

    def virial_eV(self) -> Array:
        """Return ∂E/∂ε, shape ``(3, 3)``, symmetric."""
        w_g, w_n = self.weights
        return np.tensordot(w_g, self.g.virial, 1) + np.tensordot(w_n, self.n.virial, 1)


def dispersion_energies(atoms: Atoms, damping: Damping, reference: Reference) -> Array:
    """Return the atomic energies in eV alone, shape ``(n_atoms,)``; see `dispersion`."""
    pairs = pairs_of(atoms, ENERGY_CUTOFF_A)
    damped, counting = _kernels(atoms, pairs, damping, reference)
    c6 = _coefficients(reference, atoms, pairs, pair_values(pairs, counting))
    return _atomic_energies(pairs, c6, pair_values(pairs, damped))


def dispersion(
    atoms: Atoms, damping: Damping, reference: Reference, *, order: int = 1
) -> Dispersion:
    """Accumulate what the derivatives of the energy up to `order` (1 or 2) are made of.

    Grimme, Antony, Ehrlich, Krieg, J. Chem. Phys. 2010, 132, 154104, doi 10.1063/1.3382344,
    equations 3, 15 and 16; the damping of Grimme, Ehrlich, Goerigk, J. Comput. Chem. 2011, 32,
    1456, doi 10.1002/jcc.21759, equations 2 and 6; no three-body term.
    """
    pairs = pairs_of(atoms, ENERGY_CUTOFF_A)
    damped, counting = _kernels(atoms, pairs, damping, reference)
    n = pair_sums(pairs, counting, order=order)
    c6 = _coefficients(reference, atoms, pairs, n.value)
    g = pair_sums(pairs, damped, order=order)
    weighted = pairs.weights * g.value
    slopes = -pairs.to_atoms(c6.a * weighted, c6.b * weighted)
    return Dispersion(pairs, (damped, counting), g, n, c6, slopes)


def _kernels(
    atoms: Atoms, pairs: Pairs, damping: Damping, reference: Reference
) -> tuple[BeckeJohnson, Counting]:
    first, second = atoms.numbers[pairs.first], atoms.numbers[pairs.second]
    damped = BeckeJohnson.of(damping, reference, first, second, ENERGY_CUTOFF_A)
    return damped, Counting.of(reference, first, second, COUNTING_CUTOFF_A)


def _coefficients(
    reference: Reference, atoms: Atoms, pairs: Pairs, neighbours: Array
) -> Coefficients:
    """Return C6 of each pair; `neighbours` says how much its atoms count for each other."""
    counts = pairs.to_atoms(pairs.weights * neighbours, pairs.weights * neighbours)
    return interpolate(reference, atoms.numbers, pairs, counts)


def _atomic_energies(pairs: Pairs, c6: Coefficients, damped: Array) -> Array:
    half = -0.5 * pairs.weights * c6.value * damped
    return pairs.to_atoms(half, half)
