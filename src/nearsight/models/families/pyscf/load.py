"""Density functionals and Hartree-Fock for molecules, through PySCF with density fitting.

Install with ``nearsight models install pyscf``. What must be known:

- Molecules only: a periodic structure is refused.
- Forces leave out, by default, that the grid of a functional moves with the atoms; they differ from
  the gradient of the energy by up to some 10⁻⁴ eV/Å, and do not sum to zero by as much. With
  ``grid_response=true`` they are the gradient. PySCF's second derivatives never have that part, so
  that rows are differences of forces then.
- The grid does not turn with the molecule, so that symmetry holds as well as the grid is fine;
  Hartree-Fock has none.
- Rows of a singlet are analytic, for the atoms that are asked for (`pyscf_rows`). Those of open
  shells are differences of forces: where levels lie close, PySCF's solver of the coupled perturbed
  equations stops too early, and nothing says so (CO2⁺: 0.05 eV/Å² off).
- What all rows share, the response left out, is most of their time: for C16H18 with RPBE/def2-SVP
  it was not done after 22 minutes of a processor, and a gradient took 4. So few rows are
  differences, unless analytic ones are asked for.
- Basis functions are spherical, also in sets that were published with Cartesian ones (6-31G*: the
  stretching modes of water are 14 cm⁻¹ lower for it).
- A singlet has one set of orbitals for both spins, any other multiplicity has two.

Sun et al., J. Chem. Phys. 2020, 153, 024109, doi 10.1063/5.0006074.
"""

import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from ase.units import Bohr, Hartree
from numpy.typing import NDArray
from pyscf import dft, gto
from pyscf.lib.exceptions import BasisNotFoundError

from nearsight.derivatives.differences import SCHEMES, difference_products, difference_rows
from nearsight.errors import MethodError, MissingPropertyError, ModelError
from nearsight.models.contract import Capabilities, Evaluation, Products, Seed, forces_of
from nearsight.models.electrons import charge_and_multiplicity
from nearsight.models.evaluable import (
    of_batch,
    require_all_atoms,
    require_batch,
    require_calculable,
)
from nearsight.models.facts import Facts
from nearsight.models.families.pyscf.rows import Response
from nearsight.models.families.pyscf.scf import (
    GRID_LEVEL,
    GRID_LEVELS,
    Densities,
    Method,
    same_geometry,
)
from nearsight.models.loading import LoadRequest
from nearsight.models.soundness import require_sound
from nearsight.provenance import ModelIdentity
from nearsight.structures.charge import multiplicity_of
from nearsight.structures.pairs import Pairs

STEP_A = 1e-3
"""Displacement in Å for differences of forces that are converged as these are."""

_HEAVIEST = 86
_CITATION = "doi 10.1063/5.0006074, and the functional's"


class PyscfModel:
    """A method of PySCF behind the contract of a model.

    Parameters
    ----------
    method
        Functional, basis, charge and so on.
    elements
        Atomic numbers for which the basis has functions.
    """

    def __init__(self, method: Method, elements: frozenset[int]) -> None:
        self._method = method
        self._densities = Densities(method)
        self._response: tuple[Atoms, Response] | None = None
        self._last: tuple[Atoms, NDArray[np.float64]] | None = None
        hartree_fock = method.functional == "hf"
        options: dict[str, str | int | bool | None] = {
            "functional": method.functional,
            "basis": method.basis,
            "charge": method.charge,
            "spin": method.multiplicity,
            "dispersion": method.dispersion,
            "grid_response": method.grid_response,
            "grid_level": method.grid_level,
            "density_fitting": True,
        }
        self.identity = ModelIdentity(method.name, "pyscf", None, "unknown", "cpu", options)
        with_dispersion = f"-{method.dispersion.upper()}" if method.dispersion else ""
        self.capabilities = Capabilities(
            cutoff_A=None,
            receptive_field_A=None,
            elements=elements,
            # Without the response of the grid forces are the gradient nearly, not exactly.
            conservative=True if hartree_fock or method.grid_response else None,
            equivariant=hartree_fock,
            mirror_equivariant=hartree_fock,
            atomic_energies=False,
            size_consistent=False,
            differentiable=method.multiplicity == 1 and not method.grid_response,
            curvature_smooth=None,
            difference_step_A=STEP_A,
            rows_share_work=True,
            periodic=False,
            of_electrons=True,
            takes_charge="charge" not in method.named,
            takes_spin="spin" not in method.named,
        )
        self.facts = Facts(
            level_of_theory=f"{method.functional.upper()}{with_dispersion} ({method.basis})",
            licence="Apache-2.0",
            citation=_CITATION,
            energy_scale="total energies of PySCF",
        )

    def evaluate(
        self,
        structures: Sequence[Atoms],
        *,
        forces: bool = True,
        stress: bool = False,
        pairs: Sequence[Pairs] | None = None,  # noqa: ARG002
    ) -> list[Evaluation]:
        """Return energies and forces; see `Model.evaluate`. There is no use for `pairs`."""
        require_batch(structures)
        for index, atoms in enumerate(structures):
            with of_batch(structures, index):
                self._require(atoms)
        if stress:
            raise MissingPropertyError(
                f"{self.identity.name} computes molecules, which have no stress; ask for energy "
                f"and forces only."
            )
        evaluations = []
        for index, atoms in enumerate(structures):
            with of_batch(structures, index):
                evaluations.append(self._evaluate(atoms, forces=forces))
        return evaluations

    def rows(
        self, atoms: Atoms, seeds: Sequence[Seed], *, batch_size: int = 1
    ) -> Iterator[NDArray[np.float64]]:
        """Yield analytic rows, or differences where there are none; see `Model.rows`."""
        self._require(atoms)
        if not self.capabilities.differentiable:
            if batch_size != 1:
                raise MethodError(f"{self.identity.name} has no batched rows; use batch_size=1.")
            scheme = SCHEMES["central-difference"]
            yield from difference_rows(self._forces, atoms, seeds, scheme, STEP_A)
            return
        response = self._response_of(atoms)
        for atom, direction in seeds:
            yield np.einsum("x,xay->ay", direction, response.row(atom))

    def linearize(
        self,
        atoms: Atoms,
        *,
        strain: bool = False,
        centres: NDArray[np.int64] | None = None,
    ) -> Products:
        """Return products with the rows of the atoms that a vector moves; see `Model.linearize`."""
        require_all_atoms(centres, self)
        self._require(atoms)
        if strain:
            raise MethodError(f"{self.identity.name} computes molecules, which have no strain.")
        if not self.capabilities.differentiable:
            return partial(difference_products, self._forces, atoms.copy(), step_A=STEP_A)
        response = self._response_of(atoms)

        def products(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
            found = np.zeros(np.shape(vectors))
            for index, vector in enumerate(vectors):
                for atom in np.flatnonzero(vector.any(axis=1)).tolist():
                    found[index] += np.einsum("x,xay->ay", vector[atom], response.row(atom))
            return found

        return products

    def _require(self, atoms: Atoms) -> None:
        require_calculable(atoms, self)
        if atoms.pbc.any():
            raise ModelError(
                f"{self.identity.name} computes molecules, and {atoms.get_chemical_formula()} is "
                f"periodic; cut a fragment out of it, switch its periodicity off "
                f"(atoms.pbc = False) if it is a molecule in a box, or use gfn2-xtb."
            )

    def _evaluate(self, atoms: Atoms, *, forces: bool) -> Evaluation:
        density = self._densities.of(atoms)
        evaluation = Evaluation(
            energy_eV=float(density.e_tot) * Hartree,
            forces_eV_per_A=self._forces_of(atoms, density) if forces else None,
            stress_eV_per_A3=None,
            atomic_energies_eV=None,
        )
        require_sound(evaluation, atoms, self.identity.name)
        return evaluation

    def _forces_of(self, atoms: Atoms, density: Any) -> NDArray[np.float64]:
        if self._last is not None and same_geometry(self._last[0], atoms):
            return self._last[1]  # a gradient takes as long as the density
        gradient = density.nuc_grad_method()
        if self._method.grid_response:
            gradient.grid_response = True
        forces = -np.asarray(gradient.kernel(), dtype=np.float64) * Hartree / Bohr
        self._last = (atoms.copy(), forces)
        return forces

    def _forces(self, structures: Sequence[Atoms]) -> list[NDArray[np.float64]]:
        return [forces_of(evaluation) for evaluation in self.evaluate(structures)]

    def _response_of(self, atoms: Atoms) -> Response:
        if self._method.of(atoms).multiplicity != 1:
            raise MethodError(
                f"analytic second derivatives of {self.identity.name} are those of closed shells, "
                f"and {atoms.get_chemical_formula()} has the multiplicity "
                f"{multiplicity_of(atoms)}: say it in the model's name, as ?spin="
                f"{multiplicity_of(atoms)}, and they are differences of forces."
            )
        if self._response is None or not same_geometry(self._response[0], atoms):
            self._response = None  # its memory is free before the next one needs it
            self._response = (atoms.copy(), Response(self._densities.of(atoms)))
        return self._response[1]


def load(request: LoadRequest) -> PyscfModel:
    """Load a method as ``pyscf:FUNCTIONAL/BASIS``, such as ``pyscf:rpbe/def2-svp``.

    Options are ``charge``, in elementary charges, and ``spin``, the multiplicity 2S + 1, of which
    each structure has its own where the name does not say it; ``dispersion``, such as ``d3bj`` or
    ``d4``, by default none; ``grid_response``, ``true`` or ``false``, the default; and
    ``grid_level``, PySCF's from 0 to 9, by default 4.

    Raises
    ------
    ModelError
        PySCF does not know the functional, the basis or the dispersion, or an option is none.
    """
    functional, separator, basis = request.target.lower().partition("/")
    if not (functional and separator and basis):
        raise ModelError(
            f"pyscf:{request.target} is not understood; write a functional and a basis, as in "
            f"pyscf:rpbe/def2-svp."
        )
    charge, multiplicity = charge_and_multiplicity(request.name, request.options)
    _require_functional(functional)
    response = request.options.get("grid_response", "false")
    if response not in {"true", "false"}:
        raise ModelError(f"grid_response={response} is neither true nor false.")
    method = Method(
        request.name,
        functional,
        basis,
        charge,
        multiplicity,
        _dispersion(request, functional),
        response == "true" and functional != "hf",
        _grid_level(request),
        named=frozenset(request.options) & {"charge", "spin"},
    )
    return PyscfModel(method, _elements(basis))


def _grid_level(request: LoadRequest) -> int:
    asked = request.options.get("grid_level", str(GRID_LEVEL))
    levels = {str(level): level for level in GRID_LEVELS}
    if asked not in levels:
        raise ModelError(
            f"grid_level={asked} is none of PySCF's; choose {GRID_LEVELS[0]} to {GRID_LEVELS[-1]}."
        )
    return levels[asked]


def _require_functional(functional: str) -> None:
    if functional == "hf":
        return
    try:
        dft.libxc.parse_xc(functional)
    except (KeyError, ValueError) as error:
        raise ModelError(
            f"PySCF has no functional {functional!r} ({error.args[0]}); choose such as pbe, rpbe, "
            f"pbe0, b3lyp or hf."
        ) from error


def _elements(basis: str) -> frozenset[int]:
    """Return the elements that have functions in a basis set."""
    known = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # says that another package has more basis sets
        for number in range(1, _HEAVIEST + 1):
            try:
                if gto.basis.load(basis, chemical_symbols[number]):
                    known.add(number)
            except (BasisNotFoundError, KeyError, ValueError):
                continue
    if not known:
        raise ModelError(
            f"PySCF has no basis {basis!r}; choose such as def2-svp, def2-tzvp or 6-31g*."
        )
    return frozenset(known)


def _dispersion(request: LoadRequest, functional: str) -> str | None:
    """Return the asked dispersion after seeing that it has parameters for the functional."""
    asked = request.options.get("dispersion", "none").lower()
    if asked == "none":
        return None
    try:
        from pyscf.dispersion import dftd3, dftd4
    except ImportError as error:
        raise ModelError(
            f"dispersion={asked} of {request.name} needs the package pyscf-dispersion: "
            f"pip install pyscf-dispersion."
        ) from error
    helium = gto.M(atom="He", basis="sto-3g", verbose=0)
    try:
        if asked == "d4":
            dftd4.DFTD4Dispersion(helium, xc=functional)
        else:
            dftd3.DFTD3Dispersion(helium, xc=functional, version=asked)
    except (RuntimeError, KeyError, AssertionError, ValueError) as error:
        raise ModelError(
            f"dispersion={asked} of {request.name} is not known for {functional} ({error}); choose "
            f"d3bj, d3zero or d4, and a functional with its parameters, such as pbe or rpbe."
        ) from error
    return asked
