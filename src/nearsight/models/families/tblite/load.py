"""Extended tight binding, GFN1-xTB and GFN2-xTB, through the `tblite` library.

Install with ``nearsight models install tblite``. A semi-empirical quantum-chemical method with
parameters for the elements up to radon: nothing is downloaded, and nothing was trained on
structures like the user's. What must be known:

- It is not differentiable; rows are central differences of forces. The self-consistent charges are
  converged to `ACCURACY`, ten thousand times tighter than by default: for an atom of
  hexadecaoctaene (C16H18) differences over `STEP_A` are then right to 3·10⁻⁵ eV/Å², with the
  default to 5·10⁻².
- Charges respond to each other at all distances, and levels are filled at 300 K up to one common
  Fermi level: there is no receptive field, and fragments far apart need not have the sum of their
  energies. The energy is the free energy of these electrons, whose gradient the forces are.
- Crystals are computed at the Γ point. A cell must be large enough for that; one of two atoms is
  not. Moved as a whole through the faces of its cell, dry ice (12 atoms) changes its forces by
  2·10⁻⁵ eV/Å, by the library's sums over images. There are no slabs and chains: the library takes
  every periodic structure as one in three directions.
- The library's threads wait for each other where processors are shared: 0.06 s for C16H18 with one
  thread took 2 s with two on a busy machine. So it computes with one, unless the
  environment variable OMP_NUM_THREADS asks for more.

GFN1-xTB: Grimme, Bannwarth, Shushkov, J. Chem. Theory Comput. 2017, 13, 1989,
doi 10.1021/acs.jctc.7b00118. GFN2-xTB: Bannwarth, Ehlert, Grimme, J. Chem. Theory Comput. 2019,
15, 1652, doi 10.1021/acs.jctc.8b01176.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

import tblite._libtblite
from ase import Atoms
from ase.calculators.calculator import CalculationFailed, InputError, all_changes
from tblite.ase import TBLite

from nearsight.errors import ModelError
from nearsight.models.contract import Capabilities
from nearsight.models.electrons import charge_and_multiplicity, require_electrons
from nearsight.models.engines.ase_model import AseModel
from nearsight.models.families import stated
from nearsight.models.loading import LoadRequest
from nearsight.structures.charge import charge_of, multiplicity_of

ACCURACY = 1e-4
"""Factor on the library's thresholds of self-consistency."""
STEP_A = 1e-3
"""Displacement in Å for differences of forces that are converged so."""

_METHODS = {"gfn1-xtb": "GFN1-xTB", "gfn2-xtb": "GFN2-xTB"}
_HEAVIEST = 86

# With the mixer's whole history, as by default, MgO with GFN1-xTB does not converge.
_MIXER_MEMORY = 20

_4F_IN_CORE = range(57, 72)
"""Lanthanides have three valence electrons here, whatever their number."""


class _Xtb(TBLite):
    """The library's own calculator, with our errors, one thread and the structure's electrons."""

    named: frozenset[str] = frozenset()
    """Which of ``charge`` and ``spin`` the name of the model says, for every structure."""
    _computed: tuple[int, int] | None = None

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        """Compute `atoms`; what the library refuses is a `ModelError`."""
        name = self.parameters["method"]
        charge, multiplicity = self._electrons(atoms)
        if atoms is not None:
            _require_three_directions(atoms, name)
            electrons = sum(3 if one in _4F_IN_CORE else one for one in atoms.numbers.tolist())
            require_electrons(atoms, electrons, charge, multiplicity, name)
        try:
            self._res = None  # no number depends on what was computed before it
            with _few_threads(), self._having(charge, multiplicity):
                super().calculate(atoms, properties, system_changes)
            self._computed = charge, multiplicity
        except (CalculationFailed, InputError) as error:
            formula = "?" if atoms is None else atoms.get_chemical_formula()
            raise ModelError(
                f"{name} failed on {formula} with charge {charge} and multiplicity {multiplicity}: "
                f"{error}. Check the structure for atoms that are too close and for a wrong charge "
                f"or spin (?charge=0&spin=1); a crystal needs a cell that is large enough for the "
                f"Γ point."
            ) from error

    def check_state(self, atoms: Atoms, tol: float = 1e-15) -> list[str]:
        """Return what has changed since the last calculation: everything, if electrons have."""
        if self._electrons(atoms) != self._computed:
            return list(all_changes)
        changes: list[str] = super().check_state(atoms, tol)
        return changes

    def _electrons(self, atoms: Atoms | None) -> tuple[int, int]:
        """Return charge and multiplicity: what the structure says where the name says nothing."""
        charge, multiplicity = self.parameters["charge"], self.parameters["multiplicity"]
        if atoms is not None and "charge" not in self.named:
            charge = charge_of(atoms)
        if atoms is not None and "spin" not in self.named:
            multiplicity = multiplicity_of(atoms)
        return charge, multiplicity

    @contextmanager
    def _having(self, charge: int, multiplicity: int) -> Iterator[None]:
        """Compute with these; the parameters, which are the identity, stay those of the name."""
        before = dict(self.parameters)
        self.parameters.update(charge=charge, multiplicity=multiplicity)
        try:
            yield
        finally:
            self.parameters.update(before)


def load(request: LoadRequest) -> AseModel:
    """Load ``gfn1-xtb`` or ``gfn2-xtb``, also as ``tblite:GFN2-xTB``.

    Options are ``charge``, in elementary charges, and ``spin``, the multiplicity 2S + 1:
    ``gfn2-xtb?charge=1&spin=2``. Where the name does not say one, each structure has its own
    (`nearsight.structures.charge`), which is 0 and 1 unless it says otherwise.

    Raises
    ------
    ModelError
        There is no such method, or charge and spin are none.
    """
    method = _METHODS.get(request.target.lower())
    if method is None:
        raise ModelError(
            f"tblite:{request.target} is not known; choose {' or '.join(_METHODS.values())}."
        )
    charge, multiplicity = charge_and_multiplicity(request.name, request.options)
    calculator = _Xtb(
        method=method,
        charge=charge,
        multiplicity=multiplicity,
        accuracy=ACCURACY,
        mixer_memory=_MIXER_MEMORY,
        verbosity=0,
    )
    calculator.named = frozenset(request.options)
    capabilities = Capabilities(
        cutoff_A=None,
        receptive_field_A=None,
        elements=frozenset(range(1, _HEAVIEST + 1)),
        conservative=True,
        equivariant=True,
        mirror_equivariant=True,
        atomic_energies=False,
        size_consistent=False,
        differentiable=False,
        curvature_smooth=None,
        difference_step_A=STEP_A,
        gamma_only=True,
        of_electrons=True,
        takes_charge="charge" not in request.options,
        takes_spin="spin" not in request.options,
    )
    return AseModel(
        calculator,
        request.name,
        capabilities,
        stated(method.lower()),
        family="tblite",
        arguments={"spin": multiplicity},
    )


def _require_three_directions(atoms: Atoms, name: str) -> None:
    if atoms.pbc.any() and not atoms.pbc.all():
        raise ModelError(
            f"{atoms.get_chemical_formula()} is periodic in some directions only, which {name} "
            f"cannot be; make it periodic in all three, with empty space where it ends."
        )


@contextmanager
def _few_threads() -> Iterator[None]:
    """Let this thread's OpenMP start one thread, or as many as are asked for, and then as before.

    Each thread of a process has a number of its own, so that what was asked for after the library
    was loaded holds in no other one. Sums of several threads are in no fixed order.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    n_threads = int(asked) if asked.isdecimal() and int(asked) > 0 else 1
    openmp = ctypes.CDLL(tblite._libtblite.__file__)  # and all that it is linked to
    before = openmp.omp_get_max_threads()
    openmp.omp_set_num_threads(n_threads)
    try:
        yield
    finally:
        openmp.omp_set_num_threads(before)
