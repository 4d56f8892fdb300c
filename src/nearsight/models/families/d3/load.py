"""D3 dispersion with Becke-Johnson damping, differentiated by hand to the second order.

Install with ``nearsight models install d3``. The parameters are those of the package `torch-dftd`,
and so is the convention: no three-body term, pairs up to 95 bohr, coordination numbers from
neighbours up to 40 bohr, nothing smoothed at either. Derivatives are those at constant pairs. The
energy itself jumps where a pair crosses 95 bohr, by 1e-9 to 1e-8 eV: in a crystal, differences of
energies over 1e-3 Å differ from the forces by some 1e-6 eV/Å for that reason.

Grimme, Antony, Ehrlich, Krieg, J. Chem. Phys. 2010, 132, 154104, doi 10.1063/1.3382344;
Grimme, Ehrlich, Goerigk, J. Comput. Chem. 2011, 32, 1456, doi 10.1002/jcc.21759.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from ase import Atoms
from ase.stress import full_3x3_to_voigt_6_stress
from numpy.typing import NDArray

from nearsight.fingerprint import file_sha256
from nearsight.models.contract import Capabilities, Evaluation, Products, Seed
from nearsight.models.evaluable import require_all_atoms, require_calculable, require_evaluable
from nearsight.models.facts import Facts
from nearsight.models.families.d3.curvature import Curvature
from nearsight.models.families.d3.energy import dispersion, dispersion_energies
from nearsight.models.families.d3.parameters import (
    COUNTING_CUTOFF_A,
    ENERGY_CUTOFF_A,
    REFERENCE_FILE,
    Damping,
    read_damping,
    read_reference,
)
from nearsight.models.loading import LoadRequest
from nearsight.models.soundness import require_all_sound
from nearsight.provenance import ModelIdentity
from nearsight.structures.pairs import Pairs


class D3Model:
    """D3(BJ) behind the contract of a model. It is computed in double precision on the CPU.

    Parameters
    ----------
    damping
        The parameters of a functional.
    dtype
        ``float64``, or ``float32`` to round what was computed in double precision, so that it can
        be a part of a sum in single precision.
    """

    def __init__(self, damping: Damping, dtype: str = "float64") -> None:
        self._damping = damping
        self._reference = read_reference()
        self._dtype = np.dtype(dtype)
        self.identity = ModelIdentity(
            name=f"d3:{damping.functional}",
            family="d3",
            checkpoint_sha256=file_sha256(REFERENCE_FILE),
            dtype=dtype,
            device="cpu",
            options={
                "functional": damping.functional,
                "damping": "bj",
                "s6": damping.s6,
                "s8": damping.s8,
                "a1": damping.a1,
                "a2_A": damping.a2_A,
                "cutoff_A": ENERGY_CUTOFF_A,
                "coordination_cutoff_A": COUNTING_CUTOFF_A,
                "three_body": False,
            },
        )
        self.capabilities = Capabilities(
            cutoff_A=ENERGY_CUTOFF_A,
            # The sum is cut for convenience: no distance ends what it stands for.
            receptive_field_A=None,
            elements=self._reference.elements,
            conservative=True,
            equivariant=True,
            mirror_equivariant=True,
            atomic_energies=True,
            size_consistent=True,
            differentiable=True,
            curvature_smooth=True,
            takes_charge=True,  # on neither of which it depends
            takes_spin=True,
        )
        self.facts = Facts(
            level_of_theory=f"D3(BJ) for {damping.functional}",
            licence="MIT",
            citation="doi 10.1063/1.3382344 and 10.1002/jcc.21759",
            energy_scale="zero for isolated atoms",
        )

    def evaluate(
        self,
        structures: Sequence[Atoms],
        *,
        forces: bool = True,
        stress: bool = False,
        pairs: Sequence[Pairs] | None = None,  # noqa: ARG002
    ) -> list[Evaluation]:
        """Return energies, forces and stresses; see `Model.evaluate`.

        Sums over the lattice need no list of pairs: `pairs` are not used.
        """
        require_evaluable(structures, self, stress=stress)
        evaluations = [self._evaluate(atoms, forces=forces, stress=stress) for atoms in structures]
        require_all_sound(evaluations, structures, self.identity.name)
        return evaluations

    def rows(
        self, atoms: Atoms, seeds: Sequence[Seed], *, batch_size: int = 1
    ) -> Iterator[NDArray[np.float64]]:
        """Yield analytic rows; see `Model.rows`.

        All sums over the lattice are done before the first row; a row is then a product with small
        matrices.
        """
        require_calculable(atoms, self)
        curvature = Curvature(dispersion(atoms, self._damping, self._reference, order=2))
        for start in range(0, len(seeds), batch_size):
            batch = seeds[start : start + batch_size]
            vectors = np.zeros((len(batch), len(atoms), 3))
            for vector, (atom, direction) in zip(vectors, batch, strict=True):
                vector[atom] = direction
            rows = curvature.products(vectors.reshape(len(batch), -1))
            yield from self._rounded(rows.reshape(vectors.shape))

    def linearize(
        self,
        atoms: Atoms,
        *,
        strain: bool = False,
        centres: NDArray[np.int64] | None = None,
    ) -> Products:
        """Return analytic products; see `Model.linearize`."""
        require_all_atoms(centres, self)
        require_calculable(atoms, self)
        sums = dispersion(atoms, self._damping, self._reference, order=2)
        curvature = Curvature(sums, strain=strain)
        size = 3 * len(atoms) + 6 * strain

        def products(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
            found = curvature.products(np.reshape(vectors, (len(vectors), size)))
            return self._rounded(found.reshape(np.shape(vectors)))

        return products

    def _evaluate(self, atoms: Atoms, *, forces: bool, stress: bool) -> Evaluation:
        if not (forces or stress):
            atomic = dispersion_energies(atoms, self._damping, self._reference)
            return Evaluation(float(atomic.sum()), None, None, self._rounded(atomic))
        energy = dispersion(atoms, self._damping, self._reference)
        atomic = energy.atomic_energies_eV()
        return Evaluation(
            energy_eV=float(atomic.sum()),
            forces_eV_per_A=self._rounded(-energy.gradient_eV_per_A()) if forces else None,
            stress_eV_per_A3=(
                self._rounded(full_3x3_to_voigt_6_stress(energy.virial_eV()) / atoms.get_volume())
                if stress
                else None
            ),
            atomic_energies_eV=self._rounded(atomic),
        )

    def _rounded(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values.astype(self._dtype).astype(np.float64)


def load(request: LoadRequest) -> D3Model:
    """Load D3(BJ) for the functional that the request names.

    Raises
    ------
    ModelError
        There are no parameters for the functional.
    """
    return D3Model(read_damping(request.target), request.dtype)
